"""The inputs of lab 13's checks: few numbers in the worked examples, other sizes at every draw."""

import numpy as np

__all__ = []

SERIES = np.array([[1.0, 10.0], [2.0, 30.0], [4.0, 20.0], [7.0, 60.0], [11.0, 50.0]])  # 5 steps of 2 series
XS = SERIES[:4, None]  # one window of 4 steps, (4, 1, 2)
EARLIER = np.array([[1.0, 10.0], [3.0, 40.0], [2.0, 30.0], [6.0, 60.0], [4.0, 90.0]])
TARGETS, PREDICTIONS = np.array([[[5.0, 70.0]], [[8.0, 100.0]]]), np.array([[[4.0, 90.0]], [[6.0, 60.0]]])
FEATURES, ASKED = np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 5.0]]), np.array([[2.0, 1.0], [1.0, 4.0]])


def walk(rng, dtype, N, D):
    """D series of N steps that wander, each with a size of its own."""
    return (np.cumsum(rng.standard_normal((N, D)), axis=0) * rng.uniform(0.5, 5, D)).astype(dtype)


def draw_windows(rng, dtype, T, K, B, D):
    yield walk(rng, dtype, B + T + K - 1, D), T, K
    yield walk(rng, dtype, B + T, D), T, 1
    yield walk(rng, dtype, T + K + 1, 1), T, K  # two windows of one series


def draw_split(rng, dtype, T, K, A, V, W):
    """A, V and W windows belong to the parts; K - 1 between two parts belong to none."""
    first_validation = T + K - 1 + A
    first_test = first_validation + K - 1 + V
    yield first_test + K - 1 + W - T - K + 1, T, K, first_validation, first_test
    yield A + V + W, T, 1, T + A, T + A + V
    yield A + 1 + W, 1, 1, 1 + A, 2 + A  # one step for validation


def draw_naive(rng, dtype, T, S, B, D):
    xs = walk(rng, dtype, S + T, B * D).reshape(S + T, B, D)  # a season is shorter than the window
    yield xs, S, S + T // 2 + 1
    yield xs, S, S - 1
    yield xs, 1, 2
    yield xs[:S], S, 2 * S + 1  # the window is one season


def draw_error(rng, dtype, K, B, D, N, S):
    earlier = walk(rng, dtype, N + S, D)
    targets, predictions = (np.stack([walk(rng, dtype, K, D) for _ in range(B)], axis=1) for _ in range(2))
    yield targets, predictions, earlier, S
    yield targets, predictions, earlier, 1
    yield targets[:1], predictions[:1], earlier[: S + 1], S  # one difference


def draw_nearest(rng, dtype, N, M, F):
    """Rows of different lengths, around a point that is not zero."""
    features, asked = (rng.standard_normal((n, F)) * rng.uniform(0.3, 3, (n, 1)) + 1 for n in (N, M))
    yield features.astype(dtype), asked.astype(dtype)
    yield features.astype(dtype), asked[:1].astype(dtype)
