"""Lab 10, part 5: back through the writing.

Contents
    writing_backward    the check of `write_backward`
"""

import numpy as np

from rnncore.checks.gradients import check_gradient
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab10.inputs import DECODER, END_YES, YES_END, V, draw_target, normal
from rnncore.checks.labs.lab10.target import state_of_plus_minus, write
from rnncore.reference.activations import softmax
from rnncore.reference.rnn import rnn_backward

__all__ = ["writing_backward"]


def write_backward(params, fed, cache, dlogits):
    """Carry the gradient back through the writing, to the decoder's parameters and its first state."""
    V, H = params["output"]["weight"].shape
    doutput = {
        "weight": dlogits.reshape(-1, V).T @ cache.hs.reshape(-1, H),
        "bias": dlogits.sum(axis=(0, 1)),
    }
    dhs = dlogits @ params["output"]["weight"]  # (T, B, H)
    drnn, dxs, dstate = rnn_backward(cache, dhs)
    dweight = np.zeros_like(params["embedding"]["weight"])
    np.add.at(dweight, fed, dxs)
    return {"embedding": {"weight": dweight}, "rnn": drnn, "output": doutput}, dstate


def example():
    """The chapter's two steps, with the gradient of the sum of their losses."""
    logits, _, cache = write(DECODER, END_YES, state_of_plus_minus())
    return DECODER, END_YES, cache, softmax(logits) - np.eye(2)[YES_END]


def draw_writing_backward(rng, dtype, T, B, H):
    for params, fed, state in draw_target(rng, dtype, T, B, H):
        yield params, fed, write(params, fed, state)[2], normal(rng, dtype, len(fed), B, V)


def but(change):
    """The right results, some replaced by what `change(params, fed, cache, dlogits, dxs)` gives: embedding, rnn, weight, bias, dstate."""

    def wrong(params, fed, cache, dlogits):
        right, dstate = write_backward(params, fed, cache, dlogits)
        new = change(params, fed, cache, dlogits, rnn_backward(cache, dlogits @ params["output"]["weight"])[1])
        dstate = new.pop("dstate", dstate)
        output = {name: new.pop(name, array) for name, array in right["output"].items()}
        return {
            "embedding": {"weight": new.pop("embedding", right["embedding"]["weight"])},
            "rnn": new.pop("rnn", right["rnn"]),
            "output": output,
        }, dstate

    return wrong


def through(change, dstate_T=None):
    """All that comes through the cell from other gradients of its states, `change(dhs, cache)`."""

    def wrong(params, fed, cache, dlogits):
        dhs = dlogits @ params["output"]["weight"]
        drnn, dxs, dstate = rnn_backward(cache, change(dhs, cache), None if dstate_T is None else dstate_T(dhs))
        right, _ = write_backward(params, fed, cache, dlogits)
        return {**right, "embedding": {"weight": added(params, fed, dxs)}, "rnn": drnn}, dstate

    return wrong


def added(params, tokens, dxs):
    dweight = np.zeros_like(params["embedding"]["weight"])
    np.add.at(dweight, tokens, dxs)
    return dweight


def set_once(params, tokens, dxs):
    """What is left where `+=`, or `=`, writes to the rows of the tokens."""
    dweight = np.zeros_like(params["embedding"]["weight"])
    dweight[tokens] += dxs
    return dweight


def set_once_a_step(params, tokens, dxs):
    """What is left where `+=` writes to the rows of the tokens of each step."""
    dweight = np.zeros_like(params["embedding"]["weight"])
    for now, dx in zip(tokens, dxs, strict=True):
        dweight[now] += dx
    return dweight


def mean_of_uses(params, tokens, dxs):
    uses = np.bincount(tokens.ravel(), minlength=len(params["embedding"]["weight"]))
    return added(params, tokens, dxs) / np.maximum(uses, 1)[:, None].astype(dxs.dtype)


def flat(array):
    return array.reshape(-1, array.shape[-1])


def before(cache):
    return np.stack([step.h for step in cache.steps])


def measured_gradients_agree(function, rng):
    """Finite differences along random directions, for every parameter and for the first state; a token is fed twice."""
    ((params, fed, state), _) = draw_target(rng, np.dtype("float64"), T=3, B=2, H=4)

    def write_backward(cache, dlogits):
        dparams, dstate = function(params, fed, cache, dlogits)
        return dparams, dstate

    def forward(params, state):
        logits, _, cache = write(params, fed, state)
        return logits, cache

    check_gradient(forward, write_backward, params, state, rng=rng, directions=2)


writing_backward = Exercise(
    write_backward,
    outputs=("dparams", "dstate"),
    letters="TBH",
    example=example,
    draw=draw_writing_backward,
    properties=(measured_gradients_agree,),
    mistakes={
        "dweight[fed] += dxs counts a token that is fed more than once only once; np.add.at adds each time": but(
            lambda params, fed, cache, dlogits, dxs: {"embedding": set_once(params, fed, dxs)}
        ),
        "the loop over the steps counts a token that two sequences are fed at one step only once; np.add.at adds each time": but(
            lambda params, fed, cache, dlogits, dxs: {"embedding": set_once_a_step(params, fed, dxs)}
        ),
        "dxs is added to the embedding itself; its gradient begins with zeros": but(
            lambda params, fed, cache, dlogits, dxs: {"embedding": params["embedding"]["weight"] + added(params, fed, dxs)}
        ),
        "the gradient of the embedding is dxs itself; each token's part is added to its row of the table": but(
            lambda params, fed, cache, dlogits, dxs: {"embedding": dxs}
        ),
        "the gradient of the embedding is zero: dxs is not added to it": but(
            lambda params, fed, cache, dlogits, dxs: {"embedding": 0 * params["embedding"]["weight"]}
        ),
        "the gradient of the embedding is averaged over its uses; they are added": but(
            lambda params, fed, cache, dlogits, dxs: {"embedding": mean_of_uses(params, fed, dxs)}
        ),
        "the rows of the embedding's gradient are one step off: dxs[t] belongs to the token fed at step t": but(
            lambda params, fed, cache, dlogits, dxs: {"embedding": added(params, np.roll(fed, 1, axis=0), dxs)}
        ),
        "the gradient of the output weight is transposed; it is shaped as the weight, (V, H)": but(
            lambda params, fed, cache, dlogits, dxs: {"weight": flat(cache.hs).T @ flat(dlogits)}
        ),
        "the gradient of the output weight is kept for each step; add the steps": but(
            lambda params, fed, cache, dlogits, dxs: {"weight": dlogits.swapaxes(1, 2) @ cache.hs}
        ),
        "the gradient of the output weight is that of the last step alone; add those of all steps": but(
            lambda params, fed, cache, dlogits, dxs: {"weight": dlogits[-1].T @ cache.hs[-1]}
        ),
        "the gradient of the output weight uses the states before the steps; the layer read those after": but(
            lambda params, fed, cache, dlogits, dxs: {"weight": flat(dlogits).T @ flat(before(cache))}
        ),
        "the gradient of the output weight is averaged over the steps; dlogits holds the share of each already": but(
            lambda params, fed, cache, dlogits, dxs: {"weight": flat(dlogits).T @ flat(cache.hs) / len(fed)}
        ),
        "the gradients of the output layer are averaged over the sequences; dlogits holds the share of each already": but(
            lambda params, fed, cache, dlogits, dxs: {
                "weight": flat(dlogits).T @ flat(cache.hs) / fed.shape[1],
                "bias": dlogits.sum(axis=(0, 1)) / fed.shape[1],
            }
        ),
        "the gradient of the output bias is kept for each step; add the steps": but(
            lambda params, fed, cache, dlogits, dxs: {"bias": dlogits.sum(axis=1)}
        ),
        "the gradient of the output bias is kept for each sequence; add the sequences": but(
            lambda params, fed, cache, dlogits, dxs: {"bias": dlogits.sum(axis=0)}
        ),
        "the gradient of the output bias is a mean; add over steps and sequences": but(
            lambda params, fed, cache, dlogits, dxs: {"bias": dlogits.mean(axis=(0, 1))}
        ),
        "all of dlogits is added into one number for the bias; each token keeps its own": but(
            lambda params, fed, cache, dlogits, dxs: {"bias": dlogits.sum()}
        ),
        "the gradients of the output layer are averaged over steps and sequences; dlogits holds the share of each already": but(
            lambda params, fed, cache, dlogits, dxs: {
                "weight": flat(dlogits).T @ flat(cache.hs) / fed.size,
                "bias": dlogits.mean(axis=(0, 1)),
            }
        ),
        "the output weight is transposed on the way back; forward was hs @ weight.T, so backward has no transpose": lambda params,
        fed,
        cache,
        dlogits: (rnn_backward(cache, dlogits @ params["output"]["weight"].T)),
        "dlogits enters the cell; on the way it goes through the output layer": lambda params, fed, cache, dlogits: (
            rnn_backward(cache, dlogits)
        ),
        "dhs goes through the slope of tanh before it enters the cell; the cell's backward pass does that": through(
            lambda dhs, cache: dhs * (1 - cache.hs**2)
        ),
        "only the last step's dhs enters the cell; each step has a loss": through(lambda dhs, cache: np.stack([*(0 * dhs[:-1]), dhs[-1]])),
        "the last dhs enters twice, as dhs[-1] and as dstate_T; after the last step nothing follows": through(
            lambda dhs, cache: dhs, lambda dhs: dhs[-1]
        ),
        "dhs is turned round in time; rnn_backward walks from the last step to the first itself": through(lambda dhs, cache: dhs[::-1]),
        "dstate is zero: nothing crosses to the encoder": but(lambda params, fed, cache, dlogits, dxs: {"dstate": 0 * cache.hs[0]}),
        "dstate is dhs[0], what the first step's own loss sends to h_1; it goes on through the cell, to the state before": but(
            lambda params, fed, cache, dlogits, dxs: {"dstate": dlogits[0] @ params["output"]["weight"]}
        ),
        "dstate is the last of dhs; it is what reaches the state before the first step": but(
            lambda params, fed, cache, dlogits, dxs: {"dstate": dlogits[-1] @ params["output"]["weight"]}
        ),
        "dstate is the sum of dhs over time; it is what the cell's backward pass hands over at the end": but(
            lambda params, fed, cache, dlogits, dxs: {"dstate": (dlogits @ params["output"]["weight"]).sum(axis=0)}
        ),
        "dstate is summed over the batch; each sequence keeps its own": but(
            lambda params, fed, cache, dlogits, dxs: {"dstate": write_backward(params, fed, cache, dlogits)[1].sum(axis=0)}
        ),
        "dstate is dxs[0], the gradient of the first input": but(lambda params, fed, cache, dlogits, dxs: {"dstate": dxs[0]}),
    },
)
