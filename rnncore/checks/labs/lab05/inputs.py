"""The inputs of lab 5's checks: one number everywhere in the worked example, other sizes at every draw."""

import numpy as np

from rnncore.reference.lstm import LSTMState, init_lstm, lstm_forward, lstm_step_forward

__all__ = []


def ones_axes(*values):
    """Numbers with two axes of length 1 after the first: ones_axes(1.0, -1.0) has the shape (2, 1, 1)."""
    return np.array(values).reshape(-1, 1, 1)


PARAMS = {  # rows i, f, g, o
    "weight_ih": np.array([[0.5], [-0.2], [0.8], [0.2]]),
    "weight_hh": np.array([[0.4], [0.6], [-0.5], [0.9]]),
    "bias_ih": np.array([0.1, 0.9, 0.2, -0.1]),
    "bias_hh": np.array([0.2, 0.1, -0.1, 0.3]),
}
X, XS = np.array([[1.0]]), ones_axes(1.0, -1.0)
STATE = LSTMState(h=np.array([[0.5]]), c=np.array([[0.9]]))
DSTATE = LSTMState(h=np.array([[1.0]]), c=np.array([[0.5]]))


def normal(rng, dtype, *shape):
    return rng.standard_normal(shape).astype(dtype)


def draw_state(rng, dtype, B, H):
    return LSTMState(np.tanh(normal(rng, dtype, B, H)), normal(rng, dtype, B, H))


def draw_gates(rng, dtype, B, D, H):
    yield init_lstm(rng, D, H, dtype=dtype), normal(rng, dtype, B, D), np.tanh(normal(rng, dtype, B, H))


def draw_step(rng, dtype, B, D, H):
    yield init_lstm(rng, D, H, dtype=dtype), normal(rng, dtype, B, D), draw_state(rng, dtype, B, H)


def draw_sequence(rng, dtype, T, B, D, H):
    yield init_lstm(rng, D, H, dtype=dtype), normal(rng, dtype, T, B, D), draw_state(rng, dtype, B, H)


def draw_step_gradient(rng, dtype, B, D, H):
    for args in draw_step(rng, dtype, B, D, H):
        yield lstm_step_forward(*args)[-1], LSTMState(*normal(rng, dtype, 2, B, H))


def draw_sequence_gradient(rng, dtype, T, B, D, H):
    for args in draw_sequence(rng, dtype, T, B, D, H):
        cache = lstm_forward(*args)[-1]
        yield cache, normal(rng, dtype, T, B, H), LSTMState(*normal(rng, dtype, 2, B, H))
        yield cache, normal(rng, dtype, T, B, H)


def draw_bias(rng, dtype, D, H):
    yield init_lstm(rng, D, H, dtype=dtype), float(rng.uniform(1.5, 5))
