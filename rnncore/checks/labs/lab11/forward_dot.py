"""Lab 11, part 1: dot scores.

Contents
    dot_forward    the check of `dot_scores_forward`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab11.inputs import KEYS, QUERIES, dot_scores, draw_dot
from rnncore.reference.attention_scores import DotScoresCache

__all__ = ["dot_forward"]


def root(scaled, n):
    """A plain number, so that float32 stays float32."""
    return float(n**-0.5) if scaled else 1.0


def with_scale(change):
    """The right function but for the scale, which is `change(scaled, T, B, S, K)`; the cache holds it too."""

    def wrong(queries, keys, scaled=False):
        scale = float(change(scaled, *queries.shape[:2], *keys.shape[::2]))
        return scale * dot_scores(queries, keys)[0], DotScoresCache(queries, keys, scale)

    return wrong


def with_scores(change):
    """The right cache, and the scores that `change(queries, keys)` gives, scaled."""

    def wrong(queries, keys, scaled=False):
        return root(scaled, keys.shape[-1]) * change(queries, keys), dot_scores(queries, keys, scaled)[1]

    return wrong


def with_cache(change):
    """The right scores, and the cache with the fields that `change(cache)` gives."""

    def wrong(queries, keys, scaled=False):
        scores, cache = dot_scores(queries, keys, scaled)
        return scores, cache._replace(**change(cache))

    return wrong


def einsum(axes):
    return with_scores(lambda queries, keys: np.einsum(axes, queries, keys))


def cosines(queries, keys):
    return np.einsum(
        "tbk,sbk->tbs", queries / np.linalg.norm(queries, axis=-1, keepdims=True), keys / np.linalg.norm(keys, axis=-1, keepdims=True)
    )


def the_score_of_a_pair_needs_nothing_else(function, rng):
    """Each number is the product of one query and one key of the same sequence, whatever else there is; orthogonal pairs have zero."""
    ((queries, keys), *_) = draw_dot(rng, np.float64, T=3, B=2, S=5, K=4)
    scores, scaled = function(queries, keys, False)[0], function(queries, keys, True)[0]
    t, b, s = (int(rng.integers(n)) for n in (3, 2, 5))
    pair = sum(float(queries[t, b, k]) * float(keys[s, b, k]) for k in range(4))
    compare(f"the score of query {t} and key {s} of sequence {b}", scores[t, b, s], pair)
    compare("twice the scaled scores of vectors of 4 numbers", 2 * scaled, scores)
    order = rng.permutation(5)
    compare("with the keys in another order, scores", function(queries, keys[order], False)[0], scores[..., order])


dot_forward = Exercise(
    dot_scores,
    outputs=("scores", "cache"),
    letters="TBSK",
    example=lambda: (QUERIES, KEYS),
    draw=draw_dot,
    properties=(the_score_of_a_pair_needs_nothing_else,),
    mistakes={
        "the scores are always divided by sqrt(K); without scaled=True they are not": with_scale(lambda scaled, T, B, S, K: root(True, K)),
        "scaled is not looked at; with scaled=True the scores are divided by sqrt(K)": with_scale(lambda scaled, T, B, S, K: 1),
        "scaled is taken the wrong way round": with_scale(lambda scaled, T, B, S, K: root(not scaled, K)),
        "the scores are divided by K; it is its square root": with_scale(lambda scaled, T, B, S, K: 1 / K if scaled else 1),
        "the scores are multiplied by sqrt(K); they are divided": with_scale(lambda scaled, T, B, S, K: K**0.5 if scaled else 1),
        "the scores are divided by the square root of S, the number of keys; it is that of K, the size of a key": with_scale(
            lambda scaled, T, B, S, K: root(scaled, S)
        ),
        "the scores are divided by the square root of T, the number of queries; it is that of K": with_scale(
            lambda scaled, T, B, S, K: root(scaled, T)
        ),
        "the scores are divided by the square root of B, the size of the batch; it is that of K": with_scale(
            lambda scaled, T, B, S, K: root(scaled, B)
        ),
        "a mean is taken over the K products; a dot product is their sum": with_scores(
            lambda queries, keys: np.einsum("tbk,sbk->tbs", queries, keys) / keys.shape[-1]
        ),
        "queries and keys are divided by their lengths: that is the cosine, not the dot product": with_scores(cosines),
        "the sign is wrong: the better the key answers, the larger the score": with_scores(
            lambda queries, keys: -np.einsum("tbk,sbk->tbs", queries, keys)
        ),
        "the scores are (B, T, S); they are (T, B, S)": einsum("tbk,sbk->bts"),
        "the scores are (T, S, B); they are (T, B, S)": einsum("tbk,sbk->tsb"),
        "the scores are (S, B, T); they are (T, B, S), with the keys side by side": einsum("tbk,sbk->sbt"),
        "the scores are (S, T, B); they are (T, B, S)": einsum("tbk,sbk->stb"),
        "the products are not added up over K": einsum("tbk,sbk->tbsk"),
        "the scores of all sequences are added up; each sequence of the batch has its own": einsum("tbk,sbk->ts"),
        "every sequence asks the keys of all sequences; it asks its own": einsum("tbk,sck->tbsc"),
        "the keys of all sequences are added up; a query asks those of its own sequence": einsum("tbk,sck->tbs"),
        "each query meets only the key at its own step; every query meets every key": with_scores(
            lambda queries, keys: (queries * keys).sum(axis=-1)
        ),
        "keys.T turns all three axes round; only the product over K is meant": with_scores(lambda queries, keys: queries @ keys.T),
        "@ is used with the axes as they come: it pairs up steps, and its matrices are (batch, size)": with_scores(
            lambda queries, keys: queries @ keys.swapaxes(1, 2)
        ),
        "the cache keeps 1 as the scale although the scores were scaled": with_cache(lambda cache: {"scale": 1.0}),
        "the cache keeps sqrt(K) as the scale; keep the factor, 1 / sqrt(K)": with_cache(lambda cache: {"scale": 1 / cache.scale}),
        "the cache keeps scaled queries; keep them as they came, the scale stands beside them": with_cache(
            lambda cache: {"queries": cache.queries * cache.scale}
        ),
        "the cache keeps scaled keys; keep them as they came, the scale stands beside them": with_cache(
            lambda cache: {"keys": cache.keys * cache.scale}
        ),
        "queries and keys are exchanged in the cache": with_cache(lambda cache: {"queries": cache.keys, "keys": cache.queries}),
    },
)
