"""The inputs of lab 6's checks: the numbers of the book's two steps by hand, and other sizes at every draw."""

import numpy as np

from rnncore.reference.activations import sigmoid
from rnncore.reference.gru import gru_forward, gru_step_forward, init_gru

__all__ = []

PARAMS = {  # rows r, z, n; those of book/gru.md
    "weight_ih": np.array([[1.0], [0.5], [1.0]]),
    "weight_hh": np.array([[0.5], [-1.0], [0.8]]),
    "bias_ih": np.array([0.0, 0.0, 0.0]),
    "bias_hh": np.array([0.0, 1.0, 0.5]),
}
X, H_0 = np.array([[1.0]]), np.array([[0.4]])
XS = np.array([[[1.0]], [[-0.5]]])
DH_2 = np.array([[1.0]])


def second_step():
    """The cache of the second of the two steps."""
    return gru_forward(PARAMS, XS, H_0)[-1].steps[1]


def normal(rng, dtype, *shape):
    return rng.standard_normal(shape).astype(dtype)


def draw_step(rng, dtype, B, D, H):
    yield init_gru(rng, D, H, dtype=dtype), normal(rng, dtype, B, D), np.tanh(normal(rng, dtype, B, H))


def draw_sequence(rng, dtype, T, B, D, H):
    yield init_gru(rng, D, H, dtype=dtype), normal(rng, dtype, T, B, D), np.tanh(normal(rng, dtype, B, H))


def draw_step_gradient(rng, dtype, B, D, H):
    for args in draw_step(rng, dtype, B, D, H):
        yield gru_step_forward(*args)[-1], normal(rng, dtype, B, H)


def draw_sequence_gradient(rng, dtype, T, B, D, H):
    for args in draw_sequence(rng, dtype, T, B, D, H):
        cache = gru_forward(*args)[-1]
        yield cache, normal(rng, dtype, T, B, H), normal(rng, dtype, B, H)
        yield cache, normal(rng, dtype, T, B, H)


def draw_params(rng, dtype, D, H):
    yield (init_gru(rng, D, H, dtype=dtype),)


def forced(params, H, **rows):
    """The same parameters with a bias that opens (1) or shuts (0) a gate: forced(params, H, z=1)."""
    bias = params["bias_ih"].copy()
    for name, value in rows.items():
        k = "rz".index(name)
        bias[k * H : (k + 1) * H] = 60 if value else -60
    return {**params, "bias_ih": bias}


def of_x(params, x):
    """The input's part of the three pre-activations: (B, H) each, in the order r, z, n."""
    return np.split(x @ params["weight_ih"].T + params["bias_ih"], 3, axis=1)


def of_h(params, h):
    """The state's part of them."""
    return np.split(h @ params["weight_hh"].T + params["bias_hh"], 3, axis=1)


def gates(params, x, h):
    """The reset and the update gate."""
    (x_r, x_z, _), (h_r, h_z, _) = of_x(params, x), of_h(params, h)
    return sigmoid(x_r + h_r), sigmoid(x_z + h_z)
