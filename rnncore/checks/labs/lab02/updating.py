"""Lab 2, part 6: the update step.

Contents
    update    the check of `take_step`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab02.forward_pass import sentence_forward
from rnncore.checks.labs.lab02.inputs import HATE, LOVE, ONE, PARAMS, ZERO, draw_params
from rnncore.checks.labs.lab02.output_layer import output_backward
from rnncore.checks.labs.lab02.summing import sum_over_time
from rnncore.checks.labs.lab02.walking import walk_back
from rnncore.reference.optim import sgd_step

__all__ = ["update"]


def take_step(params, gradients, lr):
    """Take one step of gradient descent with every parameter."""
    return {name: params[name] - lr * gradients[name] for name in params}


def all_gradients(params, xs, targets):
    """The gradients of the mean loss with respect to all parameters, from parts 2 to 5."""
    hs, p, _ = sentence_forward(params, xs, targets)
    _, dout, dh_T = output_backward(params, hs, p, targets)
    das, _, _ = walk_back(params, hs, dh_T)
    return {**sum_over_time(xs, hs, das), **dout}


def example():
    of_love, of_hate = all_gradients(PARAMS, LOVE, ONE), all_gradients(PARAMS, HATE, ZERO)
    return PARAMS, {name: (of_love[name] + of_hate[name]) / 2 for name in PARAMS}, 0.5


def draw_update(rng, dtype, D, H):
    params, gradients = draw_params(rng, dtype, D, H), draw_params(rng, dtype, D, H)
    yield params, gradients, float(rng.uniform(0.2, 0.8))
    yield params, dict(reversed(gradients.items())), float(rng.uniform(1.2, 2))


def each(change):
    """`change(p, g, lr)` for each parameter."""
    return lambda params, gradients, lr: {name: change(params[name], gradients[name], lr) for name in params}


def only(*names):
    """The other parameters stay as they are."""
    return lambda params, gradients, lr: {**params, **{name: params[name] - lr * gradients[name] for name in names}}


def left_out(*names):
    """Nothing but the other parameters comes back."""
    return lambda params, gradients, lr: {n: p for n, p in take_step(params, gradients, lr).items() if n not in names}


def by_position(params, gradients, lr):
    """The gradients are taken in the order of their dict."""
    return {name: p - lr * g for (name, p), g in zip(params.items(), gradients.values(), strict=True)}


def by_length(params, gradients, lr):
    length = np.sqrt(sum(np.sum(g**2) for g in gradients.values()))
    return {name: params[name] - lr * gradients[name] / length for name in params}


def it_is_the_step_of_rnncore(function, rng):
    """`sgd_step`; and a step against the gradients with the other sign leads back."""
    for params, gradients, lr in draw_update(rng, np.float64, D=3, H=4):
        new = function(params, gradients, lr)
        compare("against sgd_step, new_params", new, sgd_step(params, {name: gradients[name] for name in params}, lr=lr))
        compare("there and back, new_params", function(new, {name: -gradient for name, gradient in gradients.items()}, lr), params)


update = Exercise(
    take_step,
    outputs=("new_params",),
    letters="DH",
    example=example,
    draw=draw_update,
    properties=(it_is_the_step_of_rnncore,),
    mistakes={
        "the step goes along the gradient, uphill; it goes against it": each(lambda p, g, lr: p + lr * g),
        "the learning rate is left out": each(lambda p, g, lr: p - g),
        "the learning rate is 0.5, as in the example, and the argument lr is not used": each(lambda p, g, lr: p - 0.5 * g),
        "the step goes uphill, and the learning rate is left out": each(lambda p, g, lr: p + g),
        "the gradient is divided by the learning rate; it is multiplied": each(lambda p, g, lr: p - g / lr),
        "the learning rate is squared": each(lambda p, g, lr: p - lr**2 * g),
        "the step alone is returned; it is subtracted from the parameter": each(lambda p, g, lr: lr * g),
        "the step alone is returned, with its sign; it is added to the parameter": each(lambda p, g, lr: -lr * g),
        "the sign is turned: it is the parameter minus the step": each(lambda p, g, lr: lr * g - p),
        "the parameters come back as they were": each(lambda p, g, lr: p),
        "the gradient is multiplied by the parameter; the step is the learning rate times the gradient": each(
            lambda p, g, lr: p - lr * g * p
        ),
        "the parameter is multiplied by the learning rate too; only the gradient is": each(lambda p, g, lr: lr * (p - g)),
        "the parameter is multiplied by 1 - lr; it stays as it is, and the step is subtracted": each(
            lambda p, g, lr: (1 - lr) * p - lr * g
        ),
        "only the sign of each gradient is used": each(lambda p, g, lr: p - lr * np.sign(g)),
        "each gradient is averaged over its array; every entry makes its own step": each(lambda p, g, lr: p - lr * g.mean()),
        "each gradient is divided by its length": each(lambda p, g, lr: p - lr * g / np.linalg.norm(g)),
        "all gradients together are divided by their length": by_length,
        "the gradients are divided by the number of parameters in each array": each(lambda p, g, lr: p - lr * g / g.size),
        "the gradients are halved once more; they are the mean over the sentences already": each(lambda p, g, lr: p - lr * g / 2),
        "only the output layer makes a step": only("weight_ho", "bias_ho"),
        "only the cell makes a step; the output layer has two parameters as well": only("weight_ih", "weight_hh", "bias_ih", "bias_hh"),
        "only the weights make a step; the biases do as well": only("weight_ih", "weight_hh", "weight_ho"),
        "only weight_ih makes a step": only("weight_ih"),
        "only weight_hh makes a step": only("weight_hh"),
        "bias_hh makes no step; both biases do": only("weight_ih", "weight_hh", "bias_ih", "weight_ho", "bias_ho"),
        "only the last parameter makes a step, because the loop ends before it is used": only("bias_ho"),
        "the output layer is missing in the new parameters": left_out("weight_ho", "bias_ho"),
        "the biases are missing in the new parameters": left_out("bias_ih", "bias_hh", "bias_ho"),
        "a parameter takes the gradient at the same place in the dict; take the one with the same name": by_position,
    },
)
