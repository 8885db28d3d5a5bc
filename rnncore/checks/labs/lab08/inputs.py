"""The inputs of lab 8's checks: the numbers by hand of the book's chapters, and padded batches of other sizes at every draw."""

import numpy as np

from rnncore.reference.bidirectional import BidirectionalState, init_bidirectional
from rnncore.reference.crf import init_crf

__all__ = []


def one_unit(weight_ih, weight_hh, bias_ih):
    """A cell of one unit; weight_ih is a list, one number for each input."""
    return {
        "weight_ih": np.array([weight_ih]),
        "weight_hh": np.array([[weight_hh]]),
        "bias_ih": np.array([bias_ih]),
        "bias_hh": np.zeros(1),
    }


def zeros(B, H):
    return BidirectionalState(np.zeros((B, H)), np.zeros((B, H)))


# Two sequences, 1 2 3 4 and 5 6; the 8 and the 9 are padding.
COLUMNS, COLUMN_LENGTHS = np.array([[1.0, 5.0], [2.0, 6.0], [3.0, 8.0], [4.0, 9.0]])[..., None], np.array([4, 2])
# The layer by hand of bidirectional.md, with one step of padding.
LAYER = {"forward": one_unit([0.5], 0.8, 0.0), "reverse": one_unit([1.0], 0.5, 0.1)}
XS, LENGTHS = np.array([1.0, 0.0, -1.0, 0.0]).reshape(4, 1, 1), np.array([3])
DYS = np.array([[0.0, 0.0], [1.0, 1.0], [0.0, 0.0], [1.0, 1.0]]).reshape(4, 1, 2)  # at step 2, and in the padding
STATE = zeros(1, 1)
UPPER = {"forward": one_unit([1.0, -1.0], 0.5, 0.0), "reverse": one_unit([0.5, 0.5], 0.3, 0.0)}
# The trellis by hand of tagging.md: tags O and N.
CRF = {"start": np.log([1.0, 1.0]), "transitions": np.log([[1.0, 1.0], [4.0, 1.0]]), "end": np.log([1.0, 2.0])}
EMISSIONS, STEPS = np.log([[1.0, 2.0], [1.0, 3.0], [1.0, 2.0]])[:, None], np.array([3])


def normal(rng, dtype, *shape):
    return rng.standard_normal(shape).astype(dtype)


def draw_lengths(rng, T, B):
    """At least one sequence fills the array, and at least one does not."""
    lengths = rng.integers(1, T, B)
    lengths[rng.integers(B)] = T
    return lengths


def draw_padded(rng, dtype, T, B, D):
    for _ in range(2):
        yield normal(rng, dtype, T, B, D), draw_lengths(rng, T, B)


def draw_layer(rng, dtype, D, H):
    return init_bidirectional(rng, D, H, cell="rnn", dtype=dtype)


def draw_state(rng, dtype, B, H):
    return BidirectionalState(np.tanh(normal(rng, dtype, B, H)), np.tanh(normal(rng, dtype, B, H)))


def draw_both(rng, dtype, T, B, D, H):
    for merge in ("concat", "sum"):
        yield draw_layer(rng, dtype, D, H), normal(rng, dtype, T, B, D), draw_state(rng, dtype, B, H), draw_lengths(rng, T, B), merge


def draw_stack(rng, dtype, T, B, D, H):
    for layers, residual in ((2, False), (3, True)):
        params = [draw_layer(rng, dtype, 2 * H if k else D, H) for k in range(layers)]
        state0 = [draw_state(rng, dtype, B, H) for _ in params]
        yield params, normal(rng, dtype, T, B, D), state0, draw_lengths(rng, T, B), residual


def draw_crf(rng, dtype, V):
    return {name: normal(rng, dtype, *scores.shape) for name, scores in init_crf(rng, V).items()}


def draw_scores(rng, dtype, T, B, V):
    """Ordinary scores, and such whose exponential is too large or too small for a number, another for each sequence."""
    yield draw_crf(rng, dtype, V), normal(rng, dtype, T, B, V), draw_lengths(rng, T, B)
    far = (1000 * (-1.0) ** rng.permutation(B)).astype(dtype)[:, None]
    yield draw_crf(rng, dtype, V), normal(rng, dtype, T, B, V) + far, draw_lengths(rng, T, B)


def draw_trellis(rng, dtype, T, B, V):
    """Six, as two ways to choose tags may agree by chance."""
    for _ in range(6):
        yield draw_crf(rng, dtype, V), normal(rng, dtype, T, B, V), draw_lengths(rng, T, B)
