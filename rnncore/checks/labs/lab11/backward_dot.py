"""Lab 11, part 6: dot scores backward.

Contents
    dot_backward    the check of `dot_scores_backward`
"""

import numpy as np

from rnncore.checks.gradients import check_gradient
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab11.inputs import DSCORES, KEYS, QUERIES, dot_scores, draw_dot, draw_dot_gradient
from rnncore.reference.attention_scores import dot_scores_backward

__all__ = ["dot_backward"]


def with_dqueries(change):
    """The right dkeys, and the dqueries that `change(queries, keys, scale, dscores)` gives."""
    return lambda cache, dscores: (change(*cache, dscores), dot_scores_backward(cache, dscores)[1])


def with_dkeys(change):
    """The right dqueries, and the dkeys that `change(queries, keys, scale, dscores)` gives."""
    return lambda cache, dscores: (dot_scores_backward(cache, dscores)[0], change(*cache, dscores))


def with_scales(of_queries, of_keys):
    """The right function but for the factors, which are functions of the scale."""

    def wrong(cache, dscores):
        dqueries, dkeys = dot_scores_backward(cache._replace(scale=1.0), dscores)
        return of_queries(cache.scale) * dqueries, of_keys(cache.scale) * dkeys

    return wrong


def one(scale):
    return 1.0


def as_it_is(scale):
    return scale


def of_queries(axes, dscores=lambda dscores: dscores):
    return with_dqueries(lambda queries, keys, scale, d: scale * np.einsum(axes, dscores(d), keys))


def of_keys(axes):
    return with_dkeys(lambda queries, keys, scale, d: scale * np.einsum(axes, d, queries))


def measured_gradients_agree(function, rng):
    """Finite differences, for the plain and the scaled score."""
    ((queries, keys), *_) = draw_dot(rng, np.float64, T=3, B=2, S=4, K=5)
    for scaled in (False, True):
        check_gradient(dot_scores, function, queries, keys, rng=rng, scaled=scaled)


dot_backward = Exercise(
    dot_scores_backward,
    outputs=("dqueries", "dkeys"),
    letters="TBSK",
    example=lambda: (dot_scores(QUERIES, KEYS)[-1], DSCORES),
    draw=draw_dot_gradient,
    properties=(measured_gradients_agree,),
    mistakes={
        "the scale is left out: what multiplied the scores multiplies their gradients": with_scales(one, one),
        "the scale is left out of dkeys": with_scales(as_it_is, one),
        "the scale is left out of dqueries": with_scales(one, as_it_is),
        "the gradients are divided by the scale; they are multiplied by it": with_scales(lambda s: 1 / s, lambda s: 1 / s),
        "the scale is there twice": with_scales(lambda s: s * s, lambda s: s * s),
        "the gradients are always divided by sqrt(K); the cache has the scale that was used": lambda cache, dscores: (
            dot_scores_backward(cache._replace(scale=float(cache.keys.shape[-1] ** -0.5)), dscores)
        ),
        "dqueries multiplies with the queries; the partner of a query in the product is the key": with_dqueries(
            lambda queries, keys, scale, d: scale * np.einsum("tbs,tbk->tbk", d, queries)
        ),
        "dkeys multiplies with the keys; the partner of a key in the product is the query": with_dkeys(
            lambda queries, keys, scale, d: scale * np.einsum("tbs,sbk->sbk", d, keys)
        ),
        "queries and keys are exchanged in both gradients; the partner in the product is meant": lambda cache, dscores: (
            cache.scale * np.einsum("tbs,tbk->tbk", dscores, cache.queries),
            cache.scale * np.einsum("tbs,sbk->sbk", dscores, cache.keys),
        ),
        "dscores is left out of dqueries": with_dqueries(
            lambda queries, keys, scale, d: scale * np.repeat(keys.sum(axis=0)[None], len(queries), axis=0)
        ),
        "dscores is left out of dkeys": with_dkeys(
            lambda queries, keys, scale, d: scale * np.repeat(queries.sum(axis=0)[None], len(keys), axis=0)
        ),
        "dkeys is that of the last query alone; each key met all queries, so add over T": with_dkeys(
            lambda queries, keys, scale, d: scale * np.einsum("tbs,tbk->sbk", d[-1:], queries[-1:])
        ),
        "dkeys is that of the first query alone; each key met all queries, so add over T": with_dkeys(
            lambda queries, keys, scale, d: scale * np.einsum("tbs,tbk->sbk", d[:1], queries[:1])
        ),
        "dkeys is a mean over the queries; it is a sum": with_dkeys(
            lambda queries, keys, scale, d: scale * np.einsum("tbs,tbk->sbk", d, queries) / len(queries)
        ),
        "dqueries is a mean over the keys; it is a sum": with_dqueries(
            lambda queries, keys, scale, d: scale * np.einsum("tbs,sbk->tbk", d, keys) / len(keys)
        ),
        "dkeys is not added up over the queries": of_keys("tbs,tbk->tsbk"),
        "dkeys is not added up over the queries, and its axes are (T, B, S, K)": of_keys("tbs,tbk->tbsk"),
        "dqueries is not added up over the keys": of_queries("tbs,sbk->tbsk"),
        "dkeys is (B, S, K); it is (S, B, K), as the keys": of_keys("tbs,tbk->bsk"),
        "dqueries is (B, T, K); it is (T, B, K), as the queries": of_queries("tbs,sbk->btk"),
        "dkeys is added up over the batch; each sequence has its own keys": of_keys("tbs,tbk->sk"),
        "the keys of all sequences are added up in dqueries; a query met those of its own": of_queries("tbs,sck->tbk"),
        "the gradients of all sequences are added up in dqueries": of_queries("tcs,sbk->tbk"),
        "the two gradients are exchanged; they come in the order of the arguments, queries and keys": lambda cache, dscores: (
            dot_scores_backward(cache, dscores)[::-1]
        ),
        "@ is used with the axes as they come": with_dqueries(lambda queries, keys, scale, d: scale * (d @ keys)),
    },
)
