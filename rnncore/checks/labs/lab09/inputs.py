"""The inputs of lab 9's checks: the four characters of the book's hand calculation, and other sizes at every draw."""

import numpy as np

__all__ = []

PROBABILITIES = np.array([[1 / 4, 1 / 8, 1 / 2, 1 / 8]])  # (1, 4): the best is the third, and the second and fourth are equally good
LOGITS = np.log(PROBABILITIES)
LOG_NEXT = np.log([[0.2, 0.5, 0.3], [0.4, 0.1, 0.5], [0.45, 0.35, 0.2]])  # the small language of the book: a, b and the full stop
MARGIN = 1e-3  # no sum comes as near as this to the number that it is compared with, so that rounding decides nothing


def normal(rng, dtype, *shape):
    return rng.standard_normal(shape).astype(dtype)


def sums(probabilities):
    """(B, V), what the best 1, 2, 3, ... tokens of each row have together."""
    return np.cumsum(-np.sort(-probabilities.astype(float)), axis=-1)


def log_probabilities(rng, dtype, *shape):
    """The last axis is a distribution."""
    y = 1.5 * rng.standard_normal(shape)
    return (y - np.log(np.exp(y).sum(axis=-1, keepdims=True))).astype(dtype)


def draw_streams(rng, dtype, K, T, B):
    """K chunks that fit exactly; some characters over in every stream and at the end; one step; one stream."""
    over = B * int(rng.integers(1, T)) + int(rng.integers(1, B))
    for more, steps, streams in ((0, T, B), (over, T, B), (1, 1, B), (T - 1, T, 1), (1, 1, 1)):
        yield rng.permutation(K * steps * streams + 1 + more), steps, streams


def but_the_last(B, offset, dtype):
    """(B, 1), the offset in each row but the last, which is far below the others."""
    return np.where(np.arange(B)[:, None] < B - 1, offset, 0).astype(dtype)


def draw_scores(rng, dtype, T, B, V):
    """In float64, as losses are added up; some logits are so large that their exponentials overflow, in all streams but the last."""
    for steps, offset in ((T, 0), (1, 0), (T, 900)):
        yield 2 * normal(rng, np.float64, steps, B, V) + but_the_last(B, offset, np.float64), rng.integers(0, V, (steps, B))


def draw_logits(rng, dtype, B, V):
    """Plain ones, ties, and logits whose exponentials overflow, in all rows but the last."""
    yield 1.5 * normal(rng, dtype, B, V)
    yield np.round(2 * normal(rng, dtype, B, V)) / 2
    yield normal(rng, dtype, B, V) + but_the_last(B, 900 if dtype == np.float64 else 120, dtype)


def draw_temperature(rng, dtype, B, V):
    for logits in draw_logits(rng, dtype, B, V):
        yield logits, float(rng.uniform(0.4, 0.8))
        yield logits, float(rng.uniform(1.3, 3))
    yield logits, 1.0


def draw_top_k(rng, dtype, B, V):
    for logits in draw_logits(rng, dtype, B, V + 3):
        yield logits, int(rng.integers(2, V + 2))
    yield logits, 1
    yield np.zeros((B, V), dtype), V - 1
    yield logits, logits.shape[1]


def draw_top_p(rng, dtype, B, V):
    """No running sum comes near p; ties at the edge of the nucleus occur; in the last row one token may have more than p."""
    for logits in draw_logits(rng, dtype, B + 2, V + 3):
        logits[-1, rng.integers(V)] += np.asarray(4, dtype)
        yield logits, share_away_from(rng, logits, 0.35, 0.95)
    yield np.zeros((B, V), dtype), (V - 1.5) / V
    for p in (0.5, 1.0):  # four quarters: their running sum is exact
        yield np.zeros((B, 4), dtype), p


def share_away_from(rng, logits, low, high):
    exps = np.exp((logits - logits.max(axis=-1, keepdims=True)).astype(float))
    reached = sums(exps / exps.sum(axis=-1, keepdims=True))
    while True:
        p = float(rng.uniform(low, high))
        if np.abs(reached - p).min() > MARGIN:
            return p


def draw_uniform(rng, dtype, B, V):
    """Distributions with zeros at both ends and inside; u lies well inside an interval, or is 0."""
    for zeros in ((), (0,), (V + 1,), (0, 1, V), (2,)):
        q = rng.uniform(0.1, 1, (B, V + 2))
        q[:, list(zeros)] = 0
        q /= q.sum(axis=-1, keepdims=True)
        inside = np.array([rng.choice(np.flatnonzero(row)) for row in q])
        u = (np.cumsum(q, axis=-1) - q)[np.arange(B), inside] + q[np.arange(B), inside] * rng.uniform(0.1, 0.9, B)
        u[0] *= zeros != (0,)
        yield q.astype(dtype), u.astype(dtype)


def draw_extension(rng, dtype, W, V, K):
    """W beginnings, only the start, and more places than continuations."""
    for beginnings, width in ((W, K), (1, K), (V, W), (W, W * V + 1), (W, 1)):
        log_p = -np.sort(rng.uniform(0.1, 4, beginnings)).astype(dtype)
        yield log_p, log_probabilities(rng, dtype, beginnings, V), width


def draw_table(rng, dtype, V, L, W):
    """A table of V + 1 tokens (in float64), the end anywhere; sequences of one token; room for everything; several exponents.

    Sequences of more than three tokens can hold the same pairs in another order and be equally probable: these only with a width of 1.
    """
    V += 1
    for width, length, a in ((W, 3, 0.0), (W, 3, 1.0), (1, L + 2, 0.7), (W + V, 3, 0.6), (W, 2, 1.2), (W, 1, 1.0), (V**3, 3, 0.5)):
        yield log_probabilities(rng, np.float64, V, V), int(rng.integers(V)), width, length, a
