"""Lab 2, part 6: the update step."""

import numpy as np

from rnncore.reference import sgd_step
from rnncore.reference.tree import tree_map
from tests.corpus.answers import right, wrong


@right
def a_loop(params, gradients, lr):
    new = {}
    for name in params:
        new[name] = params[name] - lr * gradients[name]
    return new


@right
def copies_first(params, gradients, lr):
    new_params = {name: value.copy() for name, value in params.items()}
    for name, gradient in gradients.items():
        new_params[name] -= lr * gradient
    return new_params


@right
def by_rnncore(params, gradients, lr):
    return sgd_step(params, {name: gradients[name] for name in params}, lr=lr)


@right
def name_by_name(params, gradients, lr):
    return dict(
        weight_ih=params["weight_ih"] - lr * gradients["weight_ih"],
        weight_hh=params["weight_hh"] - lr * gradients["weight_hh"],
        bias_ih=params["bias_ih"] - lr * gradients["bias_ih"],
        bias_hh=params["bias_hh"] - lr * gradients["bias_hh"],
        weight_ho=params["weight_ho"] - lr * gradients["weight_ho"],
        bias_ho=params["bias_ho"] - lr * gradients["bias_ho"],
    )


@right
def mapped(params, gradients, lr):
    return tree_map(lambda p, g: np.subtract(p, np.multiply(g, lr)), params, gradients)


@right
def plus_minus(params, gradients, lr):
    return {k: v + (-lr) * gradients[k] for k, v in sorted(params.items())}


@right
def entry_by_entry(params, gradients, lr):
    new = {name: np.empty_like(p) for name, p in params.items()}
    for name, p in params.items():
        for index in np.ndindex(p.shape):
            new[name][index] = p[index] - lr * gradients[name][index]
    return new


@wrong("the step goes along the gradient, uphill")
def uphill(params, gradients, lr):
    return {name: params[name] + lr * gradients[name] for name in params}


@wrong("the learning rate is left out")
def no_rate(params, gradients, lr):
    return {name: params[name] - gradients[name] for name in params}


@wrong("the gradient is divided by the learning rate")
def divided(params, gradients, lr):
    return {name: params[name] - gradients[name] / lr for name in params}


@wrong("the parameter is multiplied by the learning rate too")
def brackets(params, gradients, lr):
    return {name: lr * (params[name] - gradients[name]) for name in params}


@wrong("the step alone is returned, with its sign")
def only_the_step(params, gradients, lr):
    return {name: -lr * gradients[name] for name in params}


@wrong("the gradients are halved once more")
def mean_of_two_sentences(params, gradients, lr):
    return {name: params[name] - lr * gradients[name] / 2 for name in params}


@wrong("it changed its argument params in place; work on a copy.")
def minus_equals(params, gradients, lr):
    for name in params:
        params[name] -= lr * gradients[name]
    return params


@wrong("it changed its argument params in place; work on a copy.")
def a_new_dict_of_the_old_arrays(params, gradients, lr):
    new = dict(params)
    for name in new:
        new[name] -= lr * gradients[name]
    return new


@wrong("only the weights make a step")
def weights_only(params, gradients, lr):
    return {name: p - lr * gradients[name] if name.startswith("weight") else p for name, p in params.items()}


@wrong("only the cell makes a step")
def output_forgotten(params, gradients, lr):
    new = dict(params)
    for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        new[name] = params[name] - lr * gradients[name]
    return new


@wrong("the output layer is missing in the new parameters")
def four_of_six(params, gradients, lr):
    return {name: params[name] - lr * gradients[name] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}


@wrong("a parameter takes the gradient at the same place in the dict")
def zipped_together(params, gradients, lr):
    return {name: p - lr * g for (name, p), g in zip(params.items(), gradients.values(), strict=True)}


@wrong("the parameters come back as they were")
def new_name_in_the_loop(params, gradients, lr):
    new = dict(params)
    for name, value in new.items():
        value = value - lr * gradients[name]
    return new


@wrong("it returned None")
def nothing_returned(params, gradients, lr):
    for name in params:
        params[name] = params[name] - lr * gradients[name]


@wrong("TypeError: unsupported operand type(s) for *: 'float' and 'dict'")
def dicts_subtracted(params, gradients, lr):
    return params - lr * gradients


@wrong("only the last parameter makes a step")
def outside_the_loop(params, gradients, lr):
    new = {name: value.copy() for name, value in params.items()}
    for name in params:
        step = lr * gradients[name]
    new[name] = params[name] - step
    return new


@wrong("the parameter is multiplied by 1 - lr")
def shrunk(params, gradients, lr):
    return {name: (1 - lr) * params[name] - lr * gradients[name] for name in params}


@wrong("only the sign of each gradient is used")
def sign_only(params, gradients, lr):
    return {name: params[name] - lr * np.sign(gradients[name]) for name in params}


@wrong(None)
def averaged_with_the_gradient(params, gradients, lr):
    return {name: (1 - lr) * params[name] + lr * gradients[name] for name in params}


@wrong("the learning rate is 0.5, as in the example")
def rate_of_the_example(params, gradients, lr):
    return {n: params[n] - 0.5 * gradients[n] for n in params}


@wrong("it changed its argument params in place; work on a copy.")
def rebinds_in_the_callers_dict(params, gradients, lr):
    for n in params:
        params[n] = params[n] - lr * gradients[n]
    return params


@wrong("got a dict with the keys weight_ih.")
def returns_inside_the_loop(params, gradients, lr):
    new = {}
    for n in params:
        new[n] = params[n] - lr * gradients[n]
        return new
