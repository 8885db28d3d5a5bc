"""Lab 11, part 7: additive scores.

Contents
    additive_forward    the check of `additive_scores_forward`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab11.inputs import ADDITIVE, ADDITIVE_KEYS, ADDITIVE_QUERIES, draw_additive
from rnncore.reference.activations import sigmoid
from rnncore.reference.attention_scores import AdditiveScoresCache, additive_scores_forward

__all__ = ["additive_forward"]


def parts(params, queries, keys):
    """What comes from the queries (T, B, 1, A) and from the keys (1, B, S, A)."""
    return (queries @ params["weight_query"].T)[:, :, None], (keys @ params["weight_key"].T).swapaxes(0, 1)[None]


def with_u(change):
    """The right function but for the hidden layer, which `change(from_query, from_key)` gives; the cache holds it."""

    def wrong(params, queries, keys):
        u = change(*parts(params, queries, keys))
        return u @ params["v"], AdditiveScoresCache(params, queries, keys, u)

    return wrong


def with_scores(change):
    """The right hidden layer, and the scores that `change(u, v)` makes of it."""

    def wrong(params, queries, keys):
        cache = additive_scores_forward(params, queries, keys)[1]
        return change(cache.u, params["v"]), cache

    return wrong


def with_cache(change):
    """The right scores, and the cache with the fields that `change(cache, a)` gives."""

    def wrong(params, queries, keys):
        scores, cache = additive_scores_forward(params, queries, keys)
        return scores, cache._replace(**change(cache, sum(parts(params, queries, keys))))

    return wrong


def with_parts(change):
    """The right function but for the two parts, which `change(params, queries, keys)` gives."""

    def wrong(params, queries, keys):
        from_query, from_key = change(params, queries, keys)
        u = np.tanh(from_query + from_key)
        return u @ params["v"], AdditiveScoresCache(params, queries, keys, u)

    return wrong


def softmax(e):
    exp = np.exp(e - e.max(axis=-1, keepdims=True))
    return exp / exp.sum(axis=-1, keepdims=True)


def the_score_of_a_pair_needs_nothing_else(function, rng):
    """Each number comes from one query and one key of the same sequence; v scales the scores; a zero weight shuts its side out."""
    ((params, queries, keys), *_) = draw_additive(rng, np.float64, T=3, B=2, S=5, Q=4, K=2, A=6)
    scores = function(params, queries, keys)[0]
    t, b, s = (int(rng.integers(n)) for n in (3, 2, 5))
    pair = 0.0
    for a in range(6):
        pair += params["v"][a] * np.tanh(params["weight_query"][a] @ queries[t, b] + params["weight_key"][a] @ keys[s, b])
    compare(f"the score of query {t} and key {s} of sequence {b}", scores[t, b, s], pair)
    compare("with v twice as large, scores", function({**params, "v": 2 * params["v"]}, queries, keys)[0], 2 * scores)
    blind = function({**params, "weight_query": 0 * params["weight_query"]}, queries, keys)[0]
    compare("with weight_query zero, scores", blind, np.stack([blind[0]] * 3))
    order = rng.permutation(5)
    compare("with the keys in another order, scores", function(params, queries, keys[order])[0], scores[..., order])


additive_forward = Exercise(
    additive_scores_forward,
    outputs=("scores", "cache"),
    letters="TBSQKA",
    example=lambda: (ADDITIVE, ADDITIVE_QUERIES, ADDITIVE_KEYS),
    draw=draw_additive,
    properties=(the_score_of_a_pair_needs_nothing_else,),
    mistakes={
        "tanh is left out: then the query adds the same to all scores of its row, and a softmax does not see it": with_u(
            lambda q, k: q + k
        ),
        "tanh is applied to the query's part and the key's part one by one; it belongs around the sum": with_u(
            lambda q, k: np.tanh(q) + np.tanh(k)
        ),
        "tanh is applied to the score; it belongs to the hidden layer, before v": lambda params, queries, keys: (
            np.tanh(sum(parts(params, queries, keys)) @ params["v"]),
            additive_scores_forward(params, queries, keys)[1],
        ),
        "tanh is applied once more, to the score": with_scores(lambda u, v: np.tanh(u @ v)),
        "the query is not used: every step asks the same": with_u(lambda q, k: np.tanh(0 * q + k)),
        "the key is not used": with_u(lambda q, k: np.tanh(q + 0 * k)),
        "the two parts are multiplied; they are added": with_u(lambda q, k: np.tanh(q * k)),
        "the key's part is subtracted; it is added": with_u(lambda q, k: np.tanh(q - k)),
        "a sigmoid stands in the place of tanh": with_u(lambda q, k: sigmoid(q + k)),
        "relu stands in the place of tanh": with_u(lambda q, k: np.maximum(q + k, 0)),
        "v is not used: the hidden units are added up": with_scores(lambda u, v: u.sum(axis=-1)),
        "v is not used, and the mean of the hidden units is taken": with_scores(lambda u, v: u.mean(axis=-1)),
        "the scores are means over the A hidden units; they are sums": with_scores(lambda u, v: u @ v / v.size),
        "the hidden units are not added up": with_scores(lambda u, v: u * v),
        "the scores are divided by sqrt(A); only the scaled dot product has a scale": with_scores(lambda u, v: u @ v / float(v.size**0.5)),
        "the softmax has been taken already; scores are meant": with_scores(lambda u, v: softmax(u @ v)),
        "the scores are (T, S, B); they are (T, B, S)": with_scores(lambda u, v: (u @ v).swapaxes(1, 2)),
        "the scores are (B, T, S); they are (T, B, S)": with_scores(lambda u, v: (u @ v).swapaxes(0, 1)),
        "the scores are (S, B, T); they are (T, B, S)": with_scores(lambda u, v: (u @ v).swapaxes(0, 2)),
        "the scores and the hidden layer have the axes T, S, B; B comes before S": lambda params, queries, keys: (
            additive_scores_forward(params, queries, keys)[0].swapaxes(1, 2),
            additive_scores_forward(params, queries, keys)[1]._replace(
                u=additive_scores_forward(params, queries, keys)[1].u.swapaxes(1, 2)
            ),
        ),
        "weight_query is not transposed; it has the shape (A, Q), so it is used as queries @ weight_query.T": with_parts(
            lambda p, q, k: ((q @ p["weight_query"])[:, :, None], (k @ p["weight_key"].T).swapaxes(0, 1))
        ),
        "weight_key is not transposed; it has the shape (A, K), so it is used as keys @ weight_key.T": with_parts(
            lambda p, q, k: ((q @ p["weight_query"].T)[:, :, None], (k @ p["weight_key"]).swapaxes(0, 1))
        ),
        "weight_query and weight_key are exchanged": with_parts(
            lambda p, q, k: ((q @ p["weight_key"].T)[:, :, None], (k @ p["weight_query"].T).swapaxes(0, 1))
        ),
        "the key's part keeps its axes S, B; next to the query's T, B, 1 it must have B, S": with_parts(
            lambda p, q, k: ((q @ p["weight_query"].T)[:, :, None], k @ p["weight_key"].T)
        ),
        "each query meets only the key at its own step; every query meets every key": with_parts(
            lambda p, q, k: (q @ p["weight_query"].T, k @ p["weight_key"].T)
        ),
        "the cache keeps the pre-activations as u; u is their tanh": with_cache(lambda cache, a: {"u": a}),
        "the cache keeps the hidden layer times v as u; u is the tanh alone": with_cache(
            lambda cache, a: {"u": cache.u * cache.params["v"]}
        ),
        "u in the cache is (T, S, B, A); it is (T, B, S, A)": with_cache(lambda cache, a: {"u": cache.u.swapaxes(1, 2)}),
        "the cache keeps the scores as u; u is the hidden layer": with_cache(lambda cache, a: {"u": cache.u @ cache.params["v"]}),
        "queries and keys are exchanged in the cache": with_cache(lambda cache, a: {"queries": cache.keys, "keys": cache.queries}),
        "the cache keeps the mapped queries and keys; keep them as they came": lambda params, queries, keys: (
            additive_scores_forward(params, queries, keys)[0],
            additive_scores_forward(params, queries, keys)[1]._replace(
                queries=queries @ params["weight_query"].T, keys=keys @ params["weight_key"].T
            ),
        ),
    },
)
