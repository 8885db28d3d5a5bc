"""The inputs of lab 11's checks: three keys and two queries in the worked example, other sizes at every draw."""

import functools

import numpy as np

from rnncore.reference.attention import masked_softmax_forward, weighted_sum_forward
from rnncore.reference.attention_scores import additive_scores_forward, dot_scores_forward, init_additive_scores

__all__ = []


@functools.wraps(dot_scores_forward)
def dot_scores(queries, keys, scaled=False):
    """The reference, with `scaled` at its place in the row as well."""
    return dot_scores_forward(queries, keys, scaled=scaled)


def ones_axis(*rows):
    """Rows with a batch of one sequence: (rows, 1, numbers)."""
    return np.array(rows)[:, None]


QUERIES = np.log(3) * ones_axis([1.0, 0.0], [0.0, 1.0])  # (2, 1, 2)
KEYS = ones_axis([1.0, 0.0], [0.0, 1.0], [0.0, 0.0])  # (3, 1, 2)
VALUES = ones_axis([10.0, 0.0], [0.0, 10.0], [5.0, 5.0])
SCORES = dot_scores_forward(QUERIES, KEYS)[0]
WEIGHTS, SOFTMAX_CACHE = masked_softmax_forward(SCORES)
MASK = np.array([[True, True, False]])  # (B, S)
DCONTEXTS = ones_axis([1.0, 0.0], [0.0, 1.0])
DWEIGHTS = ones_axis([10.0, 0.0, 5.0], [0.0, 10.0, 5.0])
DSCORES = ones_axis([1.8, -1.4, -0.4], [-1.4, 1.8, -0.4])
ADDITIVE = {  # two hidden units, queries of one number, keys of two
    "weight_query": np.array([[1.0], [-1.0]]),
    "weight_key": np.array([[0.5, 0.0], [0.0, 1.0]]),
    "v": np.array([1.0, 2.0]),
}
ADDITIVE_QUERIES, ADDITIVE_KEYS = ones_axis([0.5]), ones_axis([1.0, 0.0], [0.0, 1.0])
ADDITIVE_DSCORES = ones_axis([1.0, -0.5])


def normal(rng, dtype, *shape):
    return rng.standard_normal(shape).astype(dtype)


def padding(rng, B, S):
    """A mask (B, S) as of sequences of other lengths; one of them has length 1."""
    lengths = rng.integers(1, S + 1, B)
    lengths[rng.integers(B)] = 1
    return np.arange(S) < lengths[:, None]


def draw_dot(rng, dtype, T, B, S, K):
    queries, keys = normal(rng, dtype, T, B, K), normal(rng, dtype, S, B, K)
    yield queries, keys
    yield queries, keys, True
    yield queries[:1], keys[:1], True


def draw_softmax(rng, dtype, T, B, S):
    scores, mask = normal(rng, dtype, T, B, S), padding(rng, B, S)
    yield (scores,)
    yield scores, mask
    yield scores, np.tri(T, S, dtype=bool)[:, None]
    rows = rng.choice([-1000, 0, 1000], (T, B, 1))
    rows[0, 0], rows[-1, -1] = 1000, -1000
    yield (scores + rows).astype(dtype), mask
    yield (scores + np.where(mask, 0, 1000)).astype(dtype), mask
    yield scores[:1, :, :1], np.ones((B, 1), bool)


def draw_sum(rng, dtype, T, B, S, E):
    values = normal(rng, dtype, S, B, E)
    for scores in draw_softmax(rng, dtype, T, B, S):
        weights = masked_softmax_forward(*scores)[0]
        yield weights, values[: weights.shape[-1]]


def draw_sum_gradient(rng, dtype, T, B, S, E):
    for weights, values in draw_sum(rng, dtype, T, B, S, E):
        yield weighted_sum_forward(weights, values)[-1], normal(rng, dtype, len(weights), B, E)


def draw_softmax_gradient(rng, dtype, T, B, S):
    for args in draw_softmax(rng, dtype, T, B, S):
        yield masked_softmax_forward(*args)[-1], normal(rng, dtype, *args[0].shape)


def draw_dot_gradient(rng, dtype, T, B, S, K):
    for args in draw_dot(rng, dtype, T, B, S, K):
        scores, cache = dot_scores(*args)
        yield cache, normal(rng, dtype, *scores.shape)


def draw_additive(rng, dtype, T, B, S, Q, K, A):
    params = init_additive_scores(rng, Q, K, A, dtype=dtype)
    queries, keys = normal(rng, dtype, T, B, Q), normal(rng, dtype, S, B, K)
    yield params, queries, keys
    yield params, queries[:1], keys[:1]


def draw_additive_gradient(rng, dtype, T, B, S, Q, K, A):
    for args in draw_additive(rng, dtype, T, B, S, Q, K, A):
        scores, cache = additive_scores_forward(*args)
        yield cache, normal(rng, dtype, *scores.shape)
