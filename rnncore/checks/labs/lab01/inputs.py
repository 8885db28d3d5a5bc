"""The inputs of lab 1's checks: one number everywhere in the worked example, other sizes at every draw."""

import numpy as np

from rnncore.reference.layers import init_linear
from rnncore.reference.rnn import init_rnn, rnn_forward, rnn_step_forward

__all__ = []


def ones_axes(*values):
    """Numbers with two axes of length 1 after the first: ones_axes(1.0, -1.0) has the shape (2, 1, 1)."""
    return np.array(values).reshape(-1, 1, 1)


PARAMS = {"weight_ih": np.array([[0.8]]), "weight_hh": np.array([[0.4]]), "bias_ih": np.array([0.1]), "bias_hh": np.array([-0.2])}
LINEAR = {"weight": np.array([[2.0]]), "bias": np.array([0.5])}
X, STATE, XS = np.array([[1.0]]), np.array([[0.5]]), ones_axes(1.0, -1.0)


def normal(rng, dtype, *shape):
    return rng.standard_normal(shape).astype(dtype)


def draw_step(rng, dtype, B, D, H):
    yield init_rnn(rng, D, H, dtype=dtype), normal(rng, dtype, B, D), np.tanh(normal(rng, dtype, B, H))


def draw_sequence(rng, dtype, T, B, D, H):
    yield init_rnn(rng, D, H, dtype=dtype), normal(rng, dtype, T, B, D), np.tanh(normal(rng, dtype, B, H))


def draw_step_gradient(rng, dtype, B, D, H):
    for args in draw_step(rng, dtype, B, D, H):
        yield rnn_step_forward(*args)[-1], normal(rng, dtype, B, H)


def draw_sequence_gradient(rng, dtype, T, B, D, H):
    for args in draw_sequence(rng, dtype, T, B, D, H):
        cache = rnn_forward(*args)[-1]
        yield cache, normal(rng, dtype, T, B, H), normal(rng, dtype, B, H)
        yield cache, normal(rng, dtype, T, B, H)


def draw_prediction(rng, dtype, T, B, D, H):
    yield {"rnn": init_rnn(rng, D, H, dtype=dtype), "linear": init_linear(rng, H, 1, dtype=dtype)}, normal(rng, dtype, T, B, D)
