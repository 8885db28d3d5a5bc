"""Lab 11, part 8: additive scores backward."""

import numpy as np

from rnncore.reference import additive_scores_backward
from tests.corpus.answers import right, wrong


@right
def chapters_way(cache, dscores):
    params, queries, keys, u = cache
    da = dscores[..., None] * params["v"] * (1 - u**2)
    dparams = {
        "weight_query": np.einsum("tbsa,tbq->aq", da, queries),
        "weight_key": np.einsum("tbsa,sbk->ak", da, keys),
        "v": np.einsum("tbs,tbsa->a", dscores, u),
    }
    return dparams, np.einsum("tbsa,aq->tbq", da, params["weight_query"]), np.einsum("tbsa,ak->sbk", da, params["weight_key"])


@right
def pair_by_pair(cache, dscores):
    params, queries, keys, u = cache
    dparams = {name: np.zeros_like(array) for name, array in params.items()}
    dqueries, dkeys = np.zeros_like(queries), np.zeros_like(keys)
    for t in range(len(queries)):
        for s in range(len(keys)):
            d = dscores[t, :, s, None]  # (B, 1)
            da = d * params["v"] * (1 - u[t, :, s] ** 2)  # (B, A)
            dparams["v"] += (d * u[t, :, s]).sum(axis=0)
            dparams["weight_query"] += da.T @ queries[t]
            dparams["weight_key"] += da.T @ keys[s]
            dqueries[t] += da @ params["weight_query"]
            dkeys[s] += da @ params["weight_key"]
    return dparams, dqueries, dkeys


@right
def flattened(cache, dscores):
    params, queries, keys, u = cache
    A = len(params["v"])
    da = np.multiply.outer(dscores, params["v"]) * (1 - u * u)
    for_queries, for_keys = da.sum(2), da.sum(0).swapaxes(0, 1)
    dparams = {
        "v": u.reshape(-1, A).T @ dscores.ravel(),
        "weight_key": for_keys.reshape(-1, A).T @ keys.reshape(-1, keys.shape[-1]),
        "weight_query": for_queries.reshape(-1, A).T @ queries.reshape(-1, queries.shape[-1]),
    }
    return dparams, for_queries @ params["weight_query"], for_keys @ params["weight_key"]


@right
def factored(cache, dscores):
    params, queries, keys, u = cache
    slope = (1 + u) * (1 - u)
    da = np.einsum("tbs,a,tbsa->tbsa", dscores, params["v"], slope)
    dq, dk = np.einsum("tbsa->tba", da), np.einsum("tbsa->sba", da)
    dparams = dict(
        weight_query=np.tensordot(dq, queries, axes=((0, 1), (0, 1))),
        weight_key=np.tensordot(dk, keys, axes=((0, 1), (0, 1))),
        v=np.tensordot(dscores, u, axes=3),
    )
    return [dparams, dq @ params["weight_query"], dk @ params["weight_key"]]


@right
def key_by_key(cache, dscores):
    params = cache.params
    dv, dW_q, dW_k, dqueries, dkeys = 0, 0, 0, 0, []
    for s in range(len(cache.keys)):
        u, d = cache.u[:, :, s], dscores[:, :, s, None]
        da = (1 - u**2) * d * params["v"]  # (T, B, A)
        dv = dv + (d * u).sum(axis=(0, 1))
        dW_q = dW_q + np.einsum("tba,tbq->aq", da, cache.queries)
        dW_k = dW_k + np.einsum("tba,bk->ak", da, cache.keys[s])
        dqueries = dqueries + da @ params["weight_query"]
        dkeys.append(da.sum(axis=0) @ params["weight_key"])
    return {"weight_query": dW_q, "weight_key": dW_k, "v": dv}, dqueries, np.stack(dkeys)


@right
def one_matrix(cache, dscores):
    """As if query and key stood behind one another."""
    params, queries, keys, u = cache
    (T, _, Q), S = queries.shape, len(keys)
    both = np.concatenate([np.repeat(queries[:, :, None], S, axis=2), np.repeat(keys.swapaxes(0, 1)[None], T, axis=0)], axis=-1)
    weight = np.hstack([params["weight_query"], params["weight_key"]])
    da = dscores[:, :, :, None] * params["v"] * (1 - u**2)
    dweight, dboth = np.einsum("tbsa,tbsx->ax", da, both), da @ weight
    print(dweight.shape)
    dparams = {"weight_query": dweight[:, :Q], "weight_key": dweight[:, Q:], "v": (dscores[..., None] * u).sum(axis=(0, 1, 2))}
    return dparams, dboth[..., :Q].sum(axis=2), dboth[..., Q:].sum(axis=0).swapaxes(0, 1)


def finished(cache, da, dv):
    params, queries, keys, _ = cache
    dq, dk = da.sum(axis=2), da.sum(axis=0).swapaxes(0, 1)
    dparams = {"weight_query": np.einsum("tba,tbq->aq", dq, queries), "weight_key": np.einsum("sba,sbk->ak", dk, keys), "v": dv}
    return dparams, dq @ params["weight_query"], dk @ params["weight_key"]


def v_gradient(cache, dscores):
    return np.einsum("tbs,tbsa->a", dscores, cache.u)


@wrong("the slope of tanh is missing in da")
def no_slope(cache, dscores):
    return finished(cache, np.multiply.outer(dscores, cache.params["v"]), v_gradient(cache, dscores))


@wrong("v is missing in da")
def no_v(cache, dscores):
    return finished(cache, dscores[..., None] * (1 - cache.u**2), v_gradient(cache, dscores))


@wrong("tanh is applied to u once more")
def tanh_of_tanh(cache, dscores):
    da = dscores[..., None] * cache.params["v"] * (1 - np.tanh(cache.u) ** 2)
    return finished(cache, da, v_gradient(cache, dscores))


@wrong("the square is missing in the slope of tanh")
def no_square(cache, dscores):
    return finished(cache, dscores[..., None] * cache.params["v"] * (1 - cache.u), v_gradient(cache, dscores))


@wrong("the slope is that of a sigmoid")
def sigmoid_slope(cache, dscores):
    u = cache.u
    return finished(cache, dscores[..., None] * cache.params["v"] * u * (1 - u), v_gradient(cache, dscores))


@wrong("the gradient of v sums da")
def v_from_da(cache, dscores):
    da = dscores[..., None] * cache.params["v"] * (1 - cache.u**2)
    return finished(cache, da, da.sum(axis=(0, 1, 2)))


@wrong("dscores is left out of the gradient of v")
def v_without_dscores(cache, dscores):
    da = dscores[..., None] * cache.params["v"] * (1 - cache.u**2)
    return finished(cache, da, cache.u.sum(axis=(0, 1, 2)))


@wrong("the gradient of v is a mean")
def v_as_a_mean(cache, dscores):
    da = dscores[..., None] * cache.params["v"] * (1 - cache.u**2)
    return finished(cache, da, np.mean(dscores[..., None] * cache.u, axis=(0, 1, 2)))


@wrong("the gradient of v is not added up over queries, batch and keys")
def v_not_summed(cache, dscores):
    da = dscores[..., None] * cache.params["v"] * (1 - cache.u**2)
    return finished(cache, da, dscores[..., None] * cache.u)


@wrong("the gradients of both weights are transposed")
def transposed(cache, dscores):
    dparams, dqueries, dkeys = additive_scores_backward(cache, dscores)
    return {name: d.T for name, d in dparams.items()}, dqueries, dkeys


@wrong("dkeys takes the last query alone")
def dkeys_overwritten(cache, dscores):
    da = dscores[..., None] * cache.params["v"] * (1 - cache.u**2)
    dparams, dqueries, _ = finished(cache, da, v_gradient(cache, dscores))
    for t in range(len(da)):
        dkeys = da[t].swapaxes(0, 1) @ cache.params["weight_key"]
    return dparams, dqueries, dkeys


@wrong("dqueries is not added up over the keys")
def dqueries_not_summed(cache, dscores):
    da = dscores[..., None] * cache.params["v"] * (1 - cache.u**2)
    dparams, _, dkeys = finished(cache, da, v_gradient(cache, dscores))
    return dparams, da @ cache.params["weight_query"], dkeys


@wrong("dkeys is (B, S, K)")
def dkeys_batch_first(cache, dscores):
    da = dscores[..., None] * cache.params["v"] * (1 - cache.u**2)
    dparams, dqueries, _ = finished(cache, da, v_gradient(cache, dscores))
    return dparams, dqueries, da.sum(axis=0) @ cache.params["weight_key"]


@wrong("dqueries is a mean over the keys")
def dqueries_as_a_mean(cache, dscores):
    da = dscores[..., None] * cache.params["v"] * (1 - cache.u**2)
    dparams, _, dkeys = finished(cache, da, v_gradient(cache, dscores))
    return dparams, da.mean(axis=2) @ cache.params["weight_query"], dkeys


@wrong("weight_query is transposed on the way back")
def transposed_on_the_way_back(cache, dscores):
    da = dscores[..., None] * cache.params["v"] * (1 - cache.u**2)
    dparams, _, dkeys = finished(cache, da, v_gradient(cache, dscores))
    return dparams, da.sum(axis=2) @ cache.params["weight_query"].T, dkeys


@wrong("dqueries and dkeys are exchanged")
def keys_first(cache, dscores):
    dparams, dqueries, dkeys = additive_scores_backward(cache, dscores)
    return dparams, dkeys, dqueries


@wrong("dparams must be a dict with the keys weight_query, weight_key, v, got a dict with the keys weight_query, weight_key.")
def v_forgotten(cache, dscores):
    dparams, dqueries, dkeys = additive_scores_backward(cache, dscores)
    del dparams["v"]
    return dparams, dqueries, dkeys


@wrong("it must return 3 values (dparams, dqueries, dkeys), got a tuple of 2.")
def no_params(cache, dscores):
    return additive_scores_backward(cache, dscores)[1:]


@wrong("dscores has no axis for A")
def axis_forgotten(cache, dscores):
    return finished(cache, dscores * cache.params["v"] * (1 - cache.u**2), v_gradient(cache, dscores))


@wrong("it changed its argument cache in place")
def u_reused(cache, dscores):
    dv = v_gradient(cache, dscores)
    u = cache.u
    u *= -u
    u += 1
    return finished(cache, dscores[..., None] * cache.params["v"] * u, dv)


@wrong(None)
def two_mistakes(cache, dscores):  # no slope, and v's gradient without dscores
    return finished(cache, np.multiply.outer(dscores, cache.params["v"]), cache.u.sum(axis=(0, 1, 2)))
