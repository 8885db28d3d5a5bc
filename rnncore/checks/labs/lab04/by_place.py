"""Lab 4, part 8: the loss at each place of a chunk, with a carried state and with a reset.

Contents
    places    the check of `losses_by_place`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab04.inputs import MODEL, TOKENS, draw_model, draw_reading
from rnncore.reference.activations import softmax
from rnncore.reference.layers import linear_forward
from rnncore.reference.rnn import rnn_forward

__all__ = ["places"]


def losses_by_place(params, batches, carry):
    """Read chunk after chunk; return the mean loss, in nats, of the predictions made at each place of a chunk."""
    zeros = np.zeros((batches[0][0].shape[1], len(params["rnn"]["weight_hh"])), dtype=params["rnn"]["weight_hh"].dtype)
    state, losses = zeros, []
    for inputs, targets in batches:
        xs = params["embedding"]["weight"][inputs]  # (T, B, D)
        hs, state, _ = rnn_forward(params["rnn"], xs, state if carry else zeros)
        logits, _ = linear_forward(params["output"], hs)  # (T, B, V)
        p = np.take_along_axis(softmax(logits), targets[..., None], axis=-1)[..., 0]  # (T, B)
        losses.append(-np.log(p))
    return np.mean(losses, axis=(0, 2))


def read(params, batches, carry, start=0.0, carried=lambda state, hs: state):
    """The probabilities (chunks, T, B, V); `carried(last state, all states)` is what the next chunk starts from."""
    B, like = batches[0][0].shape[1], params["rnn"]["weight_hh"]
    first = np.full((B, len(like)), start, dtype=like.dtype)
    state, found = first, []
    for inputs, _ in batches:
        hs, state_T, _ = rnn_forward(params["rnn"], params["embedding"]["weight"][inputs], state if carry else first)
        state = carried(state_T, hs)
        found.append(softmax(linear_forward(params["output"], hs)[0]))
    return np.array(found)


def chosen(params, batches, carry, at=1, **options):
    """The probability of each target (chunks, T, B); of each input with at=0."""
    p = read(params, batches, carry, **options)
    return np.take_along_axis(p, np.array([pair[at] for pair in batches])[..., None], axis=-1)[..., 0]


def of(change, **options):
    """The right function but for what `change(probabilities of the targets)` makes of them."""
    return lambda params, batches, carry: change(chosen(params, batches, carry, **options))


def mean(p):
    return -np.log(p).mean(axis=(0, 2))


def sum_of(p):
    return -np.log(p).sum(axis=0).mean(axis=1)


def a_carried_state_does_not_see_the_borders(function, rng):
    """Carried, short chunks give the losses of a long one, place by place; reset, each chunk counts as if it were alone."""
    params = draw_model(rng, np.float64, D=3, H=4, V=5)
    inputs, targets = rng.integers(0, 5, (2, 6, 2))
    short = [(inputs[start : start + 2], targets[start : start + 2]) for start in range(0, 6, 2)]
    long = function(params, [(inputs, targets)], True)
    compare("with a carried state, 3 chunks of 2 steps against one of 6,", function(params, short, True), long.reshape(3, 2).mean(axis=0))
    alone = np.mean([function(params, [pair], False) for pair in short], axis=0)
    compare("with a reset, 3 chunks together against each of them alone,", function(params, short, False), alone)
    uniform = {**params, "output": {"weight": np.zeros((5, 4)), "bias": np.zeros(5)}}
    compare("for a network that finds all 5 characters equally likely,", function(uniform, short, True), np.full(2, np.log(5)))


places = Exercise(
    losses_by_place,
    outputs=("losses",),
    letters="TBDHV",
    example=lambda: (MODEL, [(TOKENS[:2, None], TOKENS[1:3, None]), (TOKENS[2:4, None], TOKENS[3:5, None])], True),
    draw=draw_reading,
    properties=(a_carried_state_does_not_see_the_borders,),
    mistakes={
        "carry is ignored: the state is reset before every chunk": lambda params, batches, carry: losses_by_place(params, batches, False),
        "carry is ignored: the state is never reset": lambda params, batches, carry: losses_by_place(params, batches, True),
        "carry is taken the wrong way round": lambda params, batches, carry: losses_by_place(params, batches, not carry),
        "the state after the first step of a chunk is carried; the one after the last is": of(mean, carried=lambda state, hs: hs[0]),
        "the rows of the carried state are moved, so that each sequence goes on from another one's past": of(
            mean, carried=lambda state, hs: np.roll(state, 1, axis=0)
        ),
        "the state before the first chunk is one; it is zero": of(mean, start=1.0),
        "the probability of the input is scored; the target is the next character": of(mean, at=0),
        "the losses are in bits; they are nats, with the natural logarithm": of(lambda p: -np.log2(p).mean(axis=(0, 2))),
        "the sign is missing: the logarithm of a probability is not positive": of(lambda p: np.log(p).mean(axis=(0, 2))),
        "the probabilities are averaged before the logarithm; average the losses": of(lambda p: -np.log(p.mean(axis=(0, 2)))),
        "the mean probability stands in the place of the loss": of(lambda p: p.mean(axis=(0, 2))),
        "1 minus the probability stands in the place of its logarithm": of(lambda p: (1 - p).mean(axis=(0, 2))),
        "the perplexity stands in the place of the loss": of(lambda p: np.exp(-np.log(p).mean(axis=(0, 2)))),
        "the losses of the chunks are added; average over them": of(sum_of),
        "the losses of the sequences are added; average over them": of(lambda p: -np.log(p).mean(axis=0).sum(axis=1)),
        "the losses are added over chunks and sequences; average over both": of(lambda p: -np.log(p).sum(axis=(0, 2))),
        "the mean runs over the places, too; keep one number for each": of(lambda p: -np.log(p).mean()),
        "there is a number for each chunk; there is one for each place in a chunk": of(lambda p: -np.log(p).mean(axis=(1, 2))),
        "there is a number for each sequence; there is one for each place in a chunk": of(lambda p: -np.log(p).mean(axis=(0, 1))),
        "there is a number for each step of the text; average over the chunks": of(lambda p: -np.log(p).mean(axis=2).ravel()),
        "there is a row for each chunk; average over the chunks": of(lambda p: -np.log(p).mean(axis=2)),
        "there is a column for each sequence; average over the batch": of(lambda p: -np.log(p).mean(axis=0)),
        "only the last chunk is counted": of(lambda p: mean(p[-1:])),
        "only the first chunk is counted": of(lambda p: mean(p[:1])),
        "the entropy of the prediction stands in the place of the loss; the target's probability alone counts": (
            lambda params, batches, carry: -(read(params, batches, carry) * np.log(read(params, batches, carry))).sum(-1).mean(axis=(0, 2))
        ),
        "the softmax is left out: the logit of the target is no probability": lambda params, batches, carry: without_softmax(
            params, batches, carry
        ),
    },
)


def without_softmax(params, batches, carry):
    """Minus the target's logit."""
    zeros = np.zeros((batches[0][0].shape[1], len(params["rnn"]["weight_hh"])), dtype=params["rnn"]["weight_hh"].dtype)
    state, found = zeros, []
    for inputs, targets in batches:
        hs, state, _ = rnn_forward(params["rnn"], params["embedding"]["weight"][inputs], state if carry else zeros)
        logits, _ = linear_forward(params["output"], hs)
        found.append(-np.take_along_axis(logits, targets[..., None], axis=-1)[..., 0])
    return np.mean(found, axis=(0, 2))
