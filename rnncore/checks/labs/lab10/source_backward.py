"""Lab 10, part 6: across the bridge, and back through the reading.

Contents
    reading_backward    the check of `read_backward`
"""

import numpy as np

from rnncore.checks.gradients import check_gradient
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab10.inputs import ENCODER, PLUS_MINUS, draw_source, draw_target, normal
from rnncore.checks.labs.lab10.source import read
from rnncore.checks.labs.lab10.target import write
from rnncore.checks.labs.lab10.target_backward import added, mean_of_uses, set_once, set_once_a_step, write_backward
from rnncore.checks.labs.lab10.target_backward import example as example_of_writing
from rnncore.reference.rnn import rnn_backward

__all__ = ["reading_backward"]


def read_backward(params, source, lengths, cache, dstate):
    """Carry the gradient of the state that was handed over back through the reading."""
    dkeys = np.zeros_like(cache.hs)  # (S, B, H)
    dkeys[lengths - 1, np.arange(len(lengths))] = dstate
    drnn, dxs, _ = rnn_backward(cache, dkeys)
    dweight = np.zeros_like(params["embedding"]["weight"])
    np.add.at(dweight, source, dxs)
    return {"embedding": {"weight": dweight}, "rnn": drnn}


def example():
    """The chapter's source, and the gradient that its decoder sends across."""
    lengths = np.array([2])
    return ENCODER, PLUS_MINUS, lengths, read(ENCODER, PLUS_MINUS, lengths)[1], write_backward(*example_of_writing())[1]


def draw_reading_backward(rng, dtype, S, B, H):
    for params, source, lengths in draw_source(rng, dtype, S, B, H):
        yield params, source, lengths, read(params, source, lengths)[1], normal(rng, dtype, B, H)


def entering(change, dstate_T=None):
    """The right function but for where the gradient enters, from `change(dkeys, lengths, dstate)`; dkeys begins as zeros."""

    def wrong(params, source, lengths, cache, dstate):
        dkeys = change(np.zeros_like(cache.hs), lengths, dstate)
        drnn, dxs, _ = rnn_backward(cache, dkeys, None if dstate_T is None else dstate_T(dstate))
        return {"embedding": {"weight": added(params, source, dxs)}, "rnn": drnn}

    return wrong


def at_the_ends(dkeys, lengths, dstate):
    dkeys[lengths - 1, np.arange(len(lengths))] = dstate
    return dkeys


def put(index):
    """Zeros but for dstate at `index(lengths)`."""

    def change(dkeys, lengths, dstate):
        dkeys[index(lengths)] = dstate
        return dkeys

    return entering(change)


def scaled(change):
    """The right function, given `change(dstate, source, lengths, cache)` in the place of dstate."""
    return lambda params, source, lengths, cache, dstate: (
        read_backward(params, source, lengths, cache, change(dstate, source, lengths, cache).astype(dstate.dtype))
    )


def with_embedding(change):
    """The right function but for the embedding's gradient, from `change(params, source, dxs)`."""

    def wrong(params, source, lengths, cache, dstate):
        drnn, dxs, _ = rnn_backward(cache, at_the_ends(np.zeros_like(cache.hs), lengths, dstate))
        return {"embedding": {"weight": change(params, source, dxs)}, "rnn": drnn}

    return wrong


def ends(lengths, cache):
    return cache.hs[lengths - 1, np.arange(len(lengths))]


def measured_gradients_agree_across_the_bridge(function, rng):
    """Finite differences of the decoder's logits with respect to the encoder's parameters; a token is read twice."""
    ((params, source, lengths), _) = draw_source(rng, np.dtype("float64"), S=4, B=3, H=2)
    ((decoder, fed, _), _) = draw_target(rng, np.dtype("float64"), T=2, B=3, H=2)

    def read_backward(caches, dlogits):
        _, dstate = write_backward(decoder, fed, caches[1], dlogits)
        return function(params, source, lengths, caches[0], dstate)

    def forward(params):
        state, cache = read(params, source, lengths)
        logits, _, wrote = write(decoder, fed, state)
        return logits, (cache, wrote)

    check_gradient(forward, read_backward, params, rng=rng, directions=3)


reading_backward = Exercise(
    read_backward,
    outputs=("dparams",),
    letters="SBH",
    example=example,
    draw=draw_reading_backward,
    properties=(measured_gradients_agree_across_the_bridge,),
    mistakes={
        "the gradient enters behind the last step of the array for all sources; it enters where each source ends": entering(
            lambda dkeys, lengths, dstate: dkeys, lambda dstate: dstate
        ),
        "the gradient enters at every state of the encoder; the decoder saw only the last one of each source": entering(
            lambda dkeys, lengths, dstate: dkeys + dstate
        ),
        "the gradient enters at every state up to the end of each source; the decoder saw only the last one": entering(
            lambda dkeys, lengths, dstate: np.where(np.arange(len(dkeys))[:, None, None] < lengths[:, None], dstate, dkeys)
        ),
        "the gradient enters twice: where each source ends and as dstate_T behind the array": entering(at_the_ends, lambda dstate: dstate),
        "lengths is used as an index as it is; the last token of a source of n tokens has the index n - 1": put(
            lambda lengths: (lengths, np.arange(len(lengths)))
        ),
        "the gradient enters one step too early": put(lambda lengths: (lengths - 2, np.arange(len(lengths)))),
        "the gradient enters at the first state; it enters at the last": put(lambda lengths: 0),
        "dkeys[lengths - 1] = dstate writes to all sequences at each of these times; each time belongs to one sequence": put(
            lambda lengths: lengths - 1
        ),
        "all sources are taken to be as long as the shortest": put(lambda lengths: lengths.min() - 1),
        "all sources are taken to be as long as the first one": put(lambda lengths: lengths[0] - 1),
        "the sequences and their lengths change places in the index; time is the first axis": put(
            lambda lengths: (np.arange(len(lengths)), lengths - 1)
        ),
        "dstate is handed over as it is; the cell's backward pass wants a gradient for each step": lambda params,
        source,
        lengths,
        cache,
        dstate: (rnn_backward(cache, dstate)),
        "no gradient enters: the encoder's gradients are zero": entering(lambda dkeys, lengths, dstate: dkeys),
        "dstate goes through the slope of tanh before it enters the cell; the cell's backward pass does that": scaled(
            lambda dstate, source, lengths, cache: dstate * (1 - ends(lengths, cache) ** 2)
        ),
        "dstate is divided by the length of each source": scaled(lambda dstate, source, lengths, cache: dstate / lengths[:, None]),
        "dstate is divided by the number of sequences; the mean of the loss has done that": scaled(
            lambda dstate, source, lengths, cache: dstate / len(lengths)
        ),
        "dstate is averaged over the batch; each sequence keeps its own": scaled(
            lambda dstate, source, lengths, cache: 0 * dstate + dstate.mean(axis=0)
        ),
        "dstate is summed over the batch; each sequence keeps its own": scaled(
            lambda dstate, source, lengths, cache: 0 * dstate + dstate.sum(axis=0)
        ),
        "the sign of dstate is turned": scaled(lambda dstate, source, lengths, cache: -dstate),
        "the state is sent back in the place of its gradient": scaled(lambda dstate, source, lengths, cache: ends(lengths, cache)),
        "dweight[source] += dxs counts a token that is read more than once only once; np.add.at adds each time": with_embedding(set_once),
        "the loop over the steps counts a token that two sequences have at one step only once; np.add.at adds each time": with_embedding(
            set_once_a_step
        ),
        "dxs is added to the embedding itself; its gradient begins with zeros": with_embedding(
            lambda params, source, dxs: params["embedding"]["weight"] + added(params, source, dxs)
        ),
        "the gradient of the embedding is dxs itself; each token's part is added to its row of the table": with_embedding(
            lambda params, source, dxs: dxs
        ),
        "the gradient of the embedding is zero: dxs is not added to it": with_embedding(
            lambda params, source, dxs: 0 * params["embedding"]["weight"]
        ),
        "the gradient of the embedding is averaged over its uses; they are added": with_embedding(mean_of_uses),
        "the gradient of the embedding is turned round in time: dxs[s] belongs to the token read at step s": with_embedding(
            lambda params, source, dxs: added(params, source[::-1], dxs)
        ),
        "only the last step's dxs is added to the embedding's gradient": with_embedding(
            lambda params, source, dxs: added(params, source[-1:], dxs[-1:])
        ),
    },
)
