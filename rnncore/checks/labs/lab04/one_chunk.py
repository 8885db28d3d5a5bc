"""Lab 4, part 7: the gradient of a language model on one chunk.

Contents
    gradient    the check of `chunk_gradient`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.gradients import numerical_gradient
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab04.inputs import MODEL, STATE, TOKENS, draw_chunk
from rnncore.reference.activations import softmax
from rnncore.reference.layers import embedding_backward, embedding_forward, linear_backward, linear_forward
from rnncore.reference.losses import softmax_cross_entropy_backward, softmax_cross_entropy_forward
from rnncore.reference.rnn import rnn_backward, rnn_forward
from rnncore.reference.tree import leaves, tree_map

__all__ = ["gradient"]


def chunk_gradient(params, inputs, targets, state0):
    """Read one chunk from a carried state; return the gradient of its mean loss, and the state to carry on."""
    xs, embedding_cache = embedding_forward(params["embedding"], inputs)  # (T, B, D)
    hs, state_T, rnn_cache = rnn_forward(params["rnn"], xs, state0)  # (T, B, H)
    logits, output_cache = linear_forward(params["output"], hs)  # (T, B, V)
    _, loss_cache = softmax_cross_entropy_forward(logits, targets)
    doutput, dhs = linear_backward(output_cache, softmax_cross_entropy_backward(loss_cache))
    drnn, dxs, _ = rnn_backward(rnn_cache, dhs)  # the gradient of state0 is dropped
    dembedding = embedding_backward(embedding_cache, dxs)
    return {"embedding": dembedding, "rnn": drnn, "output": doutput}, state_T


def reading(
    params,
    inputs,
    targets,
    state0,
    *,
    scores=lambda logits: logits,
    dlogits=lambda d, targets: d,
    dhs_of=lambda dhs: dhs,
    dxs_of=lambda dxs: dxs,
    dstate_T=lambda d: None,
    dloss=lambda loss: 1.0,
):
    """The right function but for what each gradient becomes on its way back."""
    xs, embedding_cache = embedding_forward(params["embedding"], inputs)
    hs, state_T, rnn_cache = rnn_forward(params["rnn"], xs, state0)
    logits, output_cache = linear_forward(params["output"], hs)
    loss, loss_cache = softmax_cross_entropy_forward(scores(logits), targets)
    d = dlogits(softmax_cross_entropy_backward(loss_cache, dloss(loss)), targets)
    doutput, dhs = linear_backward(output_cache, d)
    dhs = dhs_of(dhs)
    drnn, dxs, _ = rnn_backward(rnn_cache, dhs, dstate_T(dhs))
    return {"embedding": embedding_backward(embedding_cache, dxs_of(dxs)), "rnn": drnn, "output": doutput}, state_T


def on_the_way(**changes):
    return lambda *args: reading(*args, **changes)


def given(change):
    """The right function, given other arguments."""
    return lambda params, inputs, targets, state0: chunk_gradient(*change(params, inputs, targets, state0))


def but(change):
    """The right results, changed by `change(dparams, state_T, params, inputs, targets, state0)`."""
    return lambda *args: change(*chunk_gradient(*args), *args)


def table(params, inputs, targets, state0, add):
    """The right function but for the table's gradient: `add(table of zeros, tokens, dxs)`."""
    kept = []
    dparams, state_T = reading(params, inputs, targets, state0, dxs_of=lambda dxs: kept.append(dxs) or dxs)
    dweight = np.zeros_like(params["embedding"]["weight"])
    add(dweight, inputs, kept[0])
    return {**dparams, "embedding": {"weight": dweight}}, state_T


def overwrite(dweight, tokens, dxs):
    dweight[tokens] += dxs


def one_step(params, inputs, targets, state0):
    """No gradient goes from step to step."""
    steps, state = [], state0
    for t in range(len(inputs)):
        dparams, state = chunk_gradient(params, inputs[t : t + 1], targets[t : t + 1], state)
        steps.append(dparams)
    return tree_map(lambda *d: sum(d) / len(steps), *steps), state


def last(dlogits, targets):
    return np.concatenate([0 * dlogits[:-1], dlogits[-1:] * len(dlogits)])


def one_hot(targets, like):
    return np.eye(like.shape[-1], dtype=like.dtype)[targets]


def measured_gradients_agree(function, rng):
    """Move each parameter along a random direction and measure how the mean loss moves, from a state that is given."""
    ((params, inputs, targets, state0),) = draw_chunk(rng, np.float64, T=4, B=2, D=3, H=2, V=5)
    dparams, _ = function(params, inputs, targets, state0)
    for (path, array), (_, got) in zip(leaves(params), leaves(dparams), strict=True):
        direction, kept, length = rng.standard_normal(array.shape), array.copy(), np.zeros(1)

        def loss(array=array, direction=direction, kept=kept, length=length):
            array[...] = kept + length * direction
            xs, _ = embedding_forward(params["embedding"], inputs)
            hs, _, _ = rnn_forward(params["rnn"], xs, state0)
            return softmax_cross_entropy_forward(linear_forward(params["output"], hs)[0], targets)[0]

        measured = numerical_gradient(loss, length)
        array[...] = kept
        compare(f"along a random direction, dparams{path}", np.array([(got * direction).sum()]), measured, atol=1e-8, what="measured")


gradient = Exercise(
    chunk_gradient,
    outputs=("dparams", "state_T"),
    letters="TBDHV",
    example=lambda: (MODEL, TOKENS[:2, None], TOKENS[1:3, None], STATE),
    draw=draw_chunk,
    properties=(measured_gradients_agree,),
    mistakes={
        "the loss is summed over the chunk; it is the mean over all steps and sequences": on_the_way(
            dlogits=lambda d, targets: d * np.asarray(targets.size, d.dtype)
        ),
        "the loss is summed over time and averaged over the batch; it is the mean over both": on_the_way(
            dlogits=lambda d, targets: d * np.asarray(len(targets), d.dtype)
        ),
        "the mean over steps and sequences is taken once more; it is in the loss already": on_the_way(
            dlogits=lambda d, targets: d / np.asarray(targets.size, d.dtype)
        ),
        "the gradients are multiplied by the loss, which was given as its own gradient; that is 1": on_the_way(dloss=lambda loss: loss),
        "the softmax is taken twice; the loss function takes the logits": on_the_way(scores=softmax),
        "the state is given to the backward pass in the place of a gradient; nothing behind the chunk sends one": lambda *args: reading(
            *args, dstate_T=lambda dhs: chunk_gradient(*args)[1]
        ),
        "the loss is that of the last step only; every step predicts": on_the_way(dlogits=last),
        "the sign is wrong: this gradient would make the loss larger": on_the_way(dlogits=lambda d, targets: -d),
        "1 is not subtracted at the targets: the gradient of the logits is p minus one": on_the_way(
            dlogits=lambda d, targets: d + one_hot(targets, d) / np.asarray(targets.size, d.dtype)
        ),
        "the inputs are predicted; the targets are": given(lambda params, inputs, targets, state0: (params, inputs, inputs, state0)),
        "inputs and targets are exchanged": given(lambda params, inputs, targets, state0: (params, targets, inputs, state0)),
        "the state is reset: the chunk is read from zeros and not from state0": given(
            lambda params, inputs, targets, state0: (params, inputs, targets, 0 * state0)
        ),
        "the gradient goes back over one step only; inside the chunk it goes from step to step": one_step,
        "only the last state gets a gradient from its logits; all T states do": on_the_way(
            dhs_of=lambda dhs: np.concatenate([0 * dhs[:-1], dhs[-1:]])
        ),
        "dhs[-1] enters twice, as dstate_T as well; nothing behind the chunk sends a gradient": on_the_way(dstate_T=lambda dhs: dhs[-1]),
        "the gradient of the embedding is zero; dxs goes on into the table": on_the_way(dxs_of=lambda dxs: 0 * dxs),
        "a token that is read twice counts once, as += with an index does": lambda *args: table(*args, overwrite),
        "the rows of the table's gradient are those of the targets; the inputs were looked up": lambda *args: table(
            *args, lambda dweight, tokens, dxs: np.add.at(dweight, args[2], dxs)
        ),
        "the recurrent weights are left without a gradient": but(
            lambda dparams, state_T, *args: ({**dparams, "rnn": tree_map(lambda d: 0 * d, dparams["rnn"])}, state_T)
        ),
        "the output layer is left without a gradient": but(
            lambda dparams, state_T, *args: ({**dparams, "output": tree_map(lambda d: 0 * d, dparams["output"])}, state_T)
        ),
        "state_T is the state before the chunk; it is the one after it": but(lambda dparams, state_T, *args: (dparams, args[-1])),
        "state_T is zero; the next chunk goes on from the last state": but(lambda dparams, state_T, *args: (dparams, 0 * state_T)),
        "all states are returned; the last one is carried": but(
            lambda dparams, state_T, params, inputs, targets, state0: (
                dparams,
                rnn_forward(params["rnn"], params["embedding"]["weight"][inputs], state0)[0],
            )
        ),
        "the state after the first step is returned; the last one is carried": but(
            lambda dparams, state_T, params, inputs, targets, state0: (
                dparams,
                rnn_forward(params["rnn"], params["embedding"]["weight"][inputs[:1]], state0)[1],
            )
        ),
        "the dstate0 that is dropped is returned as the state to carry": lambda params, inputs, targets, state0: dropped(
            params, inputs, targets, state0
        ),
    },
)


def dropped(params, inputs, targets, state0):
    xs, _ = embedding_forward(params["embedding"], inputs)
    hs, _, cache = rnn_forward(params["rnn"], xs, state0)
    logits, output_cache = linear_forward(params["output"], hs)
    _, loss_cache = softmax_cross_entropy_forward(logits, targets)
    _, dhs = linear_backward(output_cache, softmax_cross_entropy_backward(loss_cache))
    return chunk_gradient(params, inputs, targets, state0)[0], rnn_backward(cache, dhs)[2]
