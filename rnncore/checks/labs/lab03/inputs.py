"""The inputs of lab 3's checks: two units in the worked examples, other sizes at every draw."""

import numpy as np

from rnncore.reference.rnn import init_rnn, rnn_forward, rnn_step_forward

__all__ = []

W = np.array([[0.5, 2.0], [0.0, 0.5]])
NO_BIAS = {"bias_ih": np.zeros(2), "bias_hh": np.zeros(2)}
H_NEXT = np.array([[0.6, 0.8]])


def example_cache():
    """The cache of a step from the state (0.5, 0.25) to the state (0.6, 0.8)."""
    params, h = {"weight_ih": np.eye(2), "weight_hh": W, **NO_BIAS}, np.array([[0.5, 0.25]])
    return rnn_step_forward(params, np.arctanh(H_NEXT) - h @ W.T, h)[1]


JACOBIANS = np.array([[[0.5, 2.0], [0.0, 0.5]], [[0.0, 1.0], [1.0, 0.0]], [[1.0, 0.0], [0.5, 2.0]]])[:, None]  # (3, 1, 2, 2)
HS = np.array([[[0.6, 0.8]], [[0.0, 0.0]]])  # (2, 1, 2)
DH_T = np.array([[1.0, 0.0]])
PAIR = np.array([[[2.0, -3.0], [1.5, -2.0]]])  # (1, 2, 2)
NORMAL = np.array([[3.0, 1.0], [4.0, 2.0]])
GRADS = {"weight_hh": np.array([[10.0]]), "bias_hh": np.array([1.0])}


def normal(rng, dtype, *shape):
    return rng.standard_normal(shape).astype(dtype)


def draw_step(rng, dtype, B, D, H):
    yield (rnn_step_forward(init_rnn(rng, D, H, dtype=dtype), normal(rng, dtype, B, D), np.tanh(normal(rng, dtype, B, H)))[1],)


def draw_jacobians(rng, dtype, T, B, H):
    jacobians = normal(rng, dtype, T, B, H, H)
    yield (jacobians,)
    yield (jacobians[:1],)


def draw_states(rng, dtype, T, B, H):
    params = init_rnn(rng, 1, H, dtype=dtype)
    hs, _, _ = rnn_forward(params, normal(rng, dtype, T, B, 1), np.tanh(normal(rng, dtype, B, H)))
    dh_T = normal(rng, dtype, B, H)
    yield params, hs, dh_T
    yield params, hs[:1], dh_T


def steady(draw, size):
    """The first matrix of a row of draws that no rounding error changes much: neither its inverse nor its eigenvectors are extreme."""
    while True:
        matrix = draw()
        vectors = np.linalg.eig(matrix)[1] if matrix.shape[0] == matrix.shape[1] else matrix
        if max(np.linalg.cond(matrix), np.linalg.cond(vectors)) < size:
            return matrix


def draw_matrices(rng, dtype, N, H):
    matrices = np.stack([steady(lambda: normal(rng, float, H, H), 10) for _ in range(N)]).astype(dtype)
    yield (matrices,)
    yield (matrices[:1],)
    yield (np.stack([steady(lambda: normal(rng, float, H + 3, H + 3), 30)]).astype(dtype),)


def draw_normal(rng, dtype, D, H):
    for shape in ((H, H), (H, D), (D, H)):
        yield steady(lambda shape=shape: normal(rng, float, *shape), 10).astype(dtype), float(rng.uniform(1.2, 3))
    yield np.array([[-0.5]], dtype), 2.0


def draw_grads(rng, dtype, D, H):
    """Gradients that are longer than the bound, gradients that are shorter, and gradients that are zero."""
    shapes = {"weight_ih": (H, D), "weight_hh": (H, H), "bias_ih": (H,)}
    grads = {name: (rng.uniform(0.2, 5) * rng.standard_normal(shape)).astype(dtype) for name, shape in shapes.items()}
    norm = float(np.sqrt(sum(np.sum(g.astype(float) ** 2) for g in grads.values())))
    yield grads, norm * float(rng.uniform(0.2, 0.8))
    yield grads, norm * float(rng.uniform(1.5, 3))
    yield {name: 0 * g for name, g in grads.items()}, float(rng.uniform(0.5, 2))


def draw_grads_and_value(rng, dtype, D, H):
    for grads, _ in draw_grads(rng, dtype, D, H):
        yield grads, float(rng.uniform(0.3, 0.9))
