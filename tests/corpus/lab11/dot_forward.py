"""Lab 11, part 1: dot scores."""

import math

import numpy as np

from rnncore.reference import DotScoresCache, dot_scores_forward
from tests.corpus.answers import right, wrong


@right
def with_matmul(queries, keys, scaled=False):
    """Batch first for the product, and back."""
    scores = (queries.swapaxes(0, 1) @ keys.transpose(1, 2, 0)).swapaxes(0, 1)
    scale = 1 / math.sqrt(queries.shape[-1]) if scaled else 1
    return scores * scale, DotScoresCache(queries, keys, scale)


@right
def loops(queries, keys, scaled=False):
    T, B, K = queries.shape
    S = len(keys)
    scores = np.zeros((T, B, S), dtype=queries.dtype)
    for t in range(T):
        for b in range(B):
            for s in range(S):
                scores[t, b, s] = np.dot(queries[t, b], keys[s, b])
    scale = 1.0
    if scaled:
        scale = K**-0.5
        scores *= scale
    return scores, DotScoresCache(queries, keys, scale)


@right
def broadcast(queries, keys, scaled=False):
    pairs = queries[:, None] * keys[None]  # (T, S, B, K)
    scores = pairs.sum(axis=-1).transpose(0, 2, 1)
    if not scaled:
        return scores, DotScoresCache(queries, keys, 1.0)
    root = queries.shape[2] ** 0.5
    return scores / root, DotScoresCache(queries, keys, 1 / root)


@right
def numpy_number_kept(queries, keys, scaled=False):
    """The scale is a number of NumPy, in the dtype of the inputs."""
    scale = (1 / np.sqrt(keys.shape[-1])).astype(keys.dtype) if scaled else keys.dtype.type(1)
    return np.einsum("tbk,sbk->tbs", queries * scale, keys), DotScoresCache(queries, keys, scale)


@right
def one_query_at_a_time(queries, keys, scaled=False):
    factor = 1 / np.sqrt(queries.shape[-1]) if scaled else 1.0
    rows = [np.sum(q * keys, axis=-1).T for q in queries]  # (B, S) each
    return np.stack(rows) * float(factor), DotScoresCache(queries=queries, keys=keys, scale=factor)


@right
def half_of_the_scale_on_each_side(queries, keys, scaled=False):
    quarter = queries.shape[-1] ** -0.25 if scaled else 1.0
    scores = np.einsum("...k,s...k->...s", queries * quarter, keys * quarter)
    print(scores.shape)
    return scores, DotScoresCache(queries, keys, quarter**2)


@wrong("scaled is not looked at")
def flag_forgotten(queries, keys, scaled=False):
    return np.einsum("tbk,sbk->tbs", queries, keys), DotScoresCache(queries, keys, 1.0)


@wrong("the scores are always divided by sqrt(K)")
def always_scaled(queries, keys, scaled=False):
    scale = queries.shape[-1] ** -0.5
    return scale * np.einsum("tbk,sbk->tbs", queries, keys), DotScoresCache(queries, keys, scale)


@wrong("the scores are divided by K; it is its square root")
def no_root(queries, keys, scaled=False):
    scale = 1 / queries.shape[-1] if scaled else 1.0
    return scale * np.einsum("tbk,sbk->tbs", queries, keys), DotScoresCache(queries, keys, scale)


@wrong("the square root of S")
def root_of_the_number_of_keys(queries, keys, scaled=False):
    scale = len(keys) ** -0.5 if scaled else 1.0
    return scale * np.einsum("tbk,sbk->tbs", queries, keys), DotScoresCache(queries, keys, scale)


@wrong("the square root of B")
def root_of_the_batch(queries, keys, scaled=False):
    scale = 1 / queries.shape[1] ** 0.5 if scaled else 1.0
    return scale * np.einsum("tbk,sbk->tbs", queries, keys), DotScoresCache(queries, keys, scale)


@wrong("the scores are multiplied by sqrt(K)")
def times_root(queries, keys, scaled=False):
    scale = queries.shape[-1] ** 0.5 if scaled else 1.0
    return scale * np.einsum("tbk,sbk->tbs", queries, keys), DotScoresCache(queries, keys, scale)


@wrong("the cache keeps sqrt(K) as the scale")
def root_in_the_cache(queries, keys, scaled=False):
    scale = queries.shape[-1] ** 0.5 if scaled else 1.0
    return np.einsum("tbk,sbk->tbs", queries, keys) / scale, DotScoresCache(queries, keys, scale)


@wrong("the cache keeps 1 as the scale although the scores were scaled")
def scale_not_kept(queries, keys, scaled=False):
    scores = np.einsum("tbk,sbk->tbs", queries, keys)
    if scaled:
        scores = scores / math.sqrt(keys.shape[-1])
    return scores, DotScoresCache(queries, keys, 1.0)


@wrong("the cache keeps scaled queries")
def queries_scaled_first(queries, keys, scaled=False):
    scale = queries.shape[-1] ** -0.5 if scaled else 1.0
    queries = scale * queries
    return np.einsum("tbk,sbk->tbs", queries, keys), DotScoresCache(queries, keys, scale)


@wrong("the scores are (T, S, B); they are (T, B, S)")
def letters_in_the_order_of_the_loops(queries, keys, scaled=False):
    scale = queries.shape[-1] ** -0.5 if scaled else 1.0
    return scale * (queries[:, None] * keys[None]).sum(axis=-1), DotScoresCache(queries, keys, scale)


@wrong("the scores are (B, T, S); they are (T, B, S)")
def batch_first(queries, keys, scaled=False):
    scale = queries.shape[-1] ** -0.5 if scaled else 1.0
    scores = queries.transpose(1, 0, 2) @ keys.transpose(1, 2, 0)
    return scale * scores, DotScoresCache(queries, keys, scale)


@wrong("keys.T turns all three axes round")
def as_with_matrices(queries, keys, scaled=False):
    scores = queries @ keys.T
    return scores / (queries.shape[-1] ** 0.5 if scaled else 1.0), DotScoresCache(queries, keys, 1.0)


@wrong("each query meets only the key at its own step")
def side_by_side(queries, keys, scaled=False):
    scale = queries.shape[-1] ** -0.5 if scaled else 1.0
    return scale * np.sum(queries * keys, axis=-1), DotScoresCache(queries, keys, scale)


@wrong("the scores of all sequences are added up")
def batch_lost(queries, keys, scaled=False):
    scale = queries.shape[-1] ** -0.5 if scaled else 1.0
    return scale * np.einsum("tbk,sbk->ts", queries, keys), DotScoresCache(queries, keys, scale)


@wrong("every sequence asks the keys of all sequences")
def all_with_all(queries, keys, scaled=False):
    scale = queries.shape[-1] ** -0.5 if scaled else 1.0
    return scale * np.tensordot(queries, keys, axes=(2, 2)), DotScoresCache(queries, keys, scale)


@wrong("must have the dtype of the inputs, float32, got float64.")
def root_of_numpy(queries, keys, scaled=False):
    scale = 1 / np.sqrt(queries.shape[-1]) if scaled else 1.0
    return scale * np.einsum("tbk,sbk->tbs", queries, keys), DotScoresCache(queries, keys, scale)


@wrong("it must return 2 values (scores, cache), got an array")
def no_cache(queries, keys, scaled=False):
    return dot_scores_forward(queries, keys, scaled=scaled)[0]


@wrong("cache must be DotScoresCache(queries, keys, scale), got a tuple of 3.")
def bare_cache(queries, keys, scaled=False):
    scores, cache = dot_scores_forward(queries, keys, scaled=scaled)
    return scores, tuple(cache)


@wrong("must be a number, got bool")
def flag_kept(queries, keys, scaled=False):
    return dot_scores_forward(queries, keys, scaled=scaled)[0], DotScoresCache(queries, keys, not scaled)


@wrong(None)
def scaled_by_the_length_of_the_keys(queries, keys, scaled=False):
    scores = np.einsum("tbk,sbk->tbs", queries, keys)
    if scaled:
        scores = scores / np.linalg.norm(keys, axis=-1).T
    return scores, dot_scores_forward(queries, keys, scaled=scaled)[1]
