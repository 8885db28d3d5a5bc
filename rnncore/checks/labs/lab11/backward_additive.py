"""Lab 11, part 8: additive scores backward.

Contents
    additive_backward    the check of `additive_scores_backward`
"""

import numpy as np

from rnncore.checks.gradients import check_gradient
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab11.inputs import (
    ADDITIVE,
    ADDITIVE_DSCORES,
    ADDITIVE_KEYS,
    ADDITIVE_QUERIES,
    draw_additive,
    draw_additive_gradient,
)
from rnncore.reference.attention_scores import additive_scores_backward, additive_scores_forward

__all__ = ["additive_backward"]


def from_da(cache, da, dv):
    """The right results for a given da (T, B, S, A) and gradient of v."""
    params, queries, keys, _ = cache
    dparams = {"weight_query": np.einsum("tbsa,tbq->aq", da, queries), "weight_key": np.einsum("tbsa,sbk->ak", da, keys), "v": dv}
    return dparams, np.einsum("tbsa,aq->tbq", da, params["weight_query"]), np.einsum("tbsa,ak->sbk", da, params["weight_key"])


def right_da(cache, dscores):
    return dscores[..., None] * cache.params["v"] * (1 - cache.u**2)


def with_da(change):
    """The right function but for da, which `change(u, v, dscores with an axis for A)` gives."""

    def wrong(cache, dscores):
        da = change(cache.u, cache.params["v"], dscores[..., None])
        return from_da(cache, da, np.einsum("tbs,tbsa->a", dscores, cache.u))

    return wrong


def but(change):
    """The right results, some of them replaced by what `change(cache, dscores, da)` gives: a gradient of params, dqueries or dkeys."""

    def wrong(cache, dscores):
        dparams, dqueries, dkeys = additive_scores_backward(cache, dscores)
        new = change(cache, dscores, right_da(cache, dscores))
        return dict(dparams, **{k: v for k, v in new.items() if k in dparams}), new.get("dqueries", dqueries), new.get("dkeys", dkeys)

    return wrong


def measured_gradients_agree(function, rng):
    """Finite differences."""
    ((params, queries, keys), *_) = draw_additive(rng, np.float64, T=3, B=2, S=4, Q=2, K=3, A=2)
    check_gradient(additive_scores_forward, function, params, queries, keys, rng=rng)


additive_backward = Exercise(
    additive_scores_backward,
    outputs=("dparams", "dqueries", "dkeys"),
    letters="TBSQKA",
    example=lambda: (additive_scores_forward(ADDITIVE, ADDITIVE_QUERIES, ADDITIVE_KEYS)[-1], ADDITIVE_DSCORES),
    draw=draw_additive_gradient,
    properties=(measured_gradients_agree,),
    mistakes={
        "the slope of tanh is missing in da": with_da(lambda u, v, d: d * v + 0 * u),
        "v is missing in da: the score is the hidden layer times v": with_da(lambda u, v, d: d * (1 - u**2)),
        "dscores has no axis for A, so that keys are paired with hidden units": with_da(lambda u, v, d: d[..., 0] * v * (1 - u**2)),
        "dscores is missing in da": with_da(lambda u, v, d: v * (1 - u**2) + 0 * d),
        "tanh is applied to u once more; u already is a tanh": with_da(lambda u, v, d: d * v * (1 - np.tanh(u) ** 2)),
        "the square is missing in the slope of tanh": with_da(lambda u, v, d: d * v * (1 - u)),
        "u is multiplied in the place of the slope of tanh": with_da(lambda u, v, d: d * v * u),
        "the slope is that of a sigmoid, u (1 - u); u is a tanh": with_da(lambda u, v, d: d * v * u * (1 - u)),
        "the sign of the slope is wrong: it is 1 - u**2": with_da(lambda u, v, d: d * v * (u**2 - 1)),
        "the gradient of v sums da; v multiplied u, so it is dscores times u": but(lambda k, d, da: {"v": da.sum(axis=(0, 1, 2))}),
        "the gradient of v has the slope of tanh in it; no tanh lies between the score and v": but(
            lambda k, d, da: {"v": np.einsum("tbs,tbsa->a", d, k.u * (1 - k.u**2))}
        ),
        "the gradient of v uses the pre-activations; v multiplied u, their tanh": but(
            lambda k, d, da: {"v": np.einsum("tbs,tbsa->a", d, np.arctanh(k.u))}
        ),
        "dscores is left out of the gradient of v": but(lambda k, d, da: {"v": k.u.sum(axis=(0, 1, 2))}),
        "the gradient of v is multiplied by v": but(lambda k, d, da: {"v": np.einsum("tbs,tbsa->a", d, k.u) * k.params["v"]}),
        "the gradient of v is a mean over queries, batch and keys; it is a sum": but(
            lambda k, d, da: {"v": np.einsum("tbs,tbsa->a", d, k.u) / d.size}
        ),
        "the gradient of v is not added up over the batch": but(lambda k, d, da: {"v": np.einsum("tbs,tbsa->ba", d, k.u)}),
        "the gradient of v is not added up over queries, batch and keys": but(lambda k, d, da: {"v": d[..., None] * k.u}),
        "the gradient of weight_query is transposed; it has the shape of the weight, (A, Q)": but(
            lambda k, d, da: {"weight_query": np.einsum("tbsa,tbq->qa", da, k.queries)}
        ),
        "the gradient of weight_key is transposed; it has the shape of the weight, (A, K)": but(
            lambda k, d, da: {"weight_key": np.einsum("tbsa,sbk->ka", da, k.keys)}
        ),
        "the gradients of both weights are transposed; they have the shapes of the weights": but(
            lambda k, d, da: {
                "weight_query": np.einsum("tbsa,tbq->qa", da, k.queries),
                "weight_key": np.einsum("tbsa,sbk->ka", da, k.keys),
            }
        ),
        "the gradients of the two weights are exchanged": but(
            lambda k, d, da: {
                "weight_query": np.einsum("tbsa,sbk->ak", da, k.keys),
                "weight_key": np.einsum("tbsa,tbq->aq", da, k.queries),
            }
        ),
        "the gradient of weight_query uses mapped queries; weight_query multiplied the queries as they came": but(
            lambda k, d, da: {"weight_query": np.einsum("tbsa,tbq->aq", da, k.queries @ k.params["weight_query"].T)}
        ),
        "the gradients of the weights are divided by the size of the batch; they are sums": but(
            lambda k, d, da: {
                "weight_query": np.einsum("tbsa,tbq->aq", da, k.queries) / d.shape[1],
                "weight_key": np.einsum("tbsa,sbk->ak", da, k.keys) / d.shape[1],
            }
        ),
        "the gradient of weight_query takes one key of each query; a query met all keys, so add over S": but(
            lambda k, d, da: {"weight_query": np.einsum("tba,tbq->aq", da[:, :, -1], k.queries)}
        ),
        "dqueries takes one key of each query; a query met all keys, so add over S": but(
            lambda k, d, da: {"dqueries": da[:, :, -1] @ k.params["weight_query"]}
        ),
        "dkeys takes the last query alone; a key met all queries, so add over T": but(
            lambda k, d, da: {"dkeys": da[-1].swapaxes(0, 1) @ k.params["weight_key"]}
        ),
        "dkeys is (B, S, K); it is (S, B, K), as the keys": but(
            lambda k, d, da: {"dkeys": np.einsum("tbsa,ak->bsk", da, k.params["weight_key"])}
        ),
        "dqueries is a mean over the keys; it is a sum": but(
            lambda k, d, da: {"dqueries": np.einsum("tbsa,aq->tbq", da, k.params["weight_query"]) / d.shape[2]}
        ),
        "dkeys is a mean over the queries; it is a sum": but(
            lambda k, d, da: {"dkeys": np.einsum("tbsa,ak->sbk", da, k.params["weight_key"]) / d.shape[0]}
        ),
        "dqueries is not added up over the keys": but(lambda k, d, da: {"dqueries": da @ k.params["weight_query"]}),
        "dkeys is not added up over the queries": but(lambda k, d, da: {"dkeys": (da @ k.params["weight_key"]).swapaxes(1, 2)}),
        "dkeys is not added up over the queries, and its axes are (T, B, S, K)": but(
            lambda k, d, da: {"dkeys": da @ k.params["weight_key"]}
        ),
        "dqueries goes back through weight_key, and dkeys through weight_query": but(
            lambda k, d, da: {
                "dqueries": np.einsum("tbsa,ak->tbk", da, k.params["weight_key"]),
                "dkeys": np.einsum("tbsa,aq->sbq", da, k.params["weight_query"]),
            }
        ),
        "weight_query is transposed on the way back; forwards it is used as queries @ weight_query.T, backwards without the .T": but(
            lambda k, d, da: {"dqueries": da.sum(axis=2) @ k.params["weight_query"].T}
        ),
        "weight_key is transposed on the way back; forwards it is used as keys @ weight_key.T, backwards without the .T": but(
            lambda k, d, da: {"dkeys": da.sum(axis=0).swapaxes(0, 1) @ k.params["weight_key"].T}
        ),
        "dqueries and dkeys are exchanged; gradients come in the order params, queries, keys": lambda cache, dscores: (
            additive_scores_backward(cache, dscores)[0],
            *additive_scores_backward(cache, dscores)[:0:-1],
        ),
    },
)
