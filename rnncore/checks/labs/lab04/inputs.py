"""The inputs of lab 4's checks: a few numbers in the worked examples, other sizes at every draw."""

import numpy as np

from rnncore.reference.layers import init_embedding, init_linear
from rnncore.reference.rnn import init_rnn

__all__ = []


def ones_axes(*values):
    """Numbers with two axes of length 1 after the first: ones_axes(1.0, -1.0) has the shape (2, 1, 1)."""
    return np.array(values).reshape(-1, 1, 1)


PARAMS = {"weight_ih": np.array([[0.8]]), "weight_hh": np.array([[0.4]]), "bias_ih": np.array([0.1]), "bias_hh": np.array([-0.2])}
XS, STATE, DHS = ones_axes(1.0, -1.0, 0.5), np.array([[0.5]]), ones_axes(1.0, 1.0, 1.0)
MODEL = {  # two characters
    "embedding": {"weight": np.array([[1.0], [-1.0]])},
    "rnn": PARAMS,
    "output": {"weight": np.array([[2.0], [-1.0]]), "bias": np.array([0.5, 0.0])},
}
TOKENS = np.array([0, 1, 1, 0, 0])  # the text that the model of the worked examples reads


def normal(rng, dtype, *shape):
    return rng.standard_normal(shape).astype(dtype)


def draw_state(rng, dtype, B, H):
    state = np.tanh(normal(rng, dtype, B, H))
    some = rng.permutation(B) < rng.integers(1, B)  # at least one, not all
    yield state, some
    yield state, ~np.zeros(B, dtype=bool)
    yield (state,)


def draw_sequence(rng, dtype, T, B, D, H):
    """Parameters, inputs, state0 and a gradient at every state."""
    return init_rnn(rng, D, H, dtype=dtype), normal(rng, dtype, T, B, D), np.tanh(normal(rng, dtype, B, H)), normal(rng, dtype, T, B, H)


def draw_chunks(rng, dtype, T, B, D, H):
    what = draw_sequence(rng, dtype, T, B, D, H)
    for k in (1, 2, 3, T - 1, T, T + 1):  # one more than there are steps, too
        yield *what, k


def draw_windows(rng, dtype, T, B, D, H):
    what = draw_sequence(rng, dtype, T, B, D, H)
    for k1, k2 in ((1, 2), (2, 3), (4, 4), (4, 2), (T, T), (2, T + 1), (T + 1, 2)):
        yield *what, k1, k2


def draw_gradients(rng, dtype, K, D, H):
    yield normal(rng, dtype, K, H, D), normal(rng, dtype, H, D)
    yield normal(rng, dtype, K, H), normal(rng, dtype, H)


def draw_text(rng, dtype, T, B):
    """Tokens that fill the chunks, and up to one token short of one chunk more; a dtype has no part in it."""
    for more in (0, 1, B, T * B - 1):
        yield rng.integers(0, 50, T * B * int(rng.integers(1, 4)) + 1 + more), T, B


def draw_model(rng, dtype, D, H, V):
    return {
        "embedding": init_embedding(rng, V, D, dtype=dtype),
        "rnn": init_rnn(rng, D, H, dtype=dtype),
        "output": init_linear(rng, H, V, dtype=dtype),
    }


def draw_chunk(rng, dtype, T, B, D, H, V):
    inputs, targets = rng.integers(0, V, (2, T, B))
    yield draw_model(rng, dtype, D, H, V), inputs, targets, np.tanh(normal(rng, dtype, B, H))


def draw_reading(rng, dtype, T, B, D, H, V):
    """A model and three chunks, with the state carried and reset, and one chunk alone."""
    params, chunks = draw_model(rng, dtype, D, H, V), [tuple(rng.integers(0, V, (2, T, B))) for _ in range(3)]
    yield params, chunks, True
    yield params, chunks, False
    yield params, chunks[:1], True
