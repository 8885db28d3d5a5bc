"""Lab 11, part 6: dot scores backward."""

import numpy as np

from rnncore.reference import dot_scores_backward
from tests.corpus.answers import right, wrong


@right
def with_matmul(cache, dscores):
    d = cache.scale * dscores.swapaxes(0, 1)  # (B, T, S)
    dqueries = d @ cache.keys.swapaxes(0, 1)
    dkeys = d.swapaxes(1, 2) @ cache.queries.swapaxes(0, 1)
    return dqueries.swapaxes(0, 1), dkeys.swapaxes(0, 1)


@right
def query_by_query(cache, dscores):
    queries, keys, scale = cache
    dqueries, dkeys = np.zeros_like(queries), np.zeros_like(keys)
    for t in range(len(queries)):
        for s in range(len(keys)):
            d = scale * dscores[t, :, s, None]  # (B, 1)
            dqueries[t] += d * keys[s]
            dkeys[s] += d * queries[t]
    return dqueries, dkeys


@right
def broadcast(cache, dscores):
    d = (dscores * cache.scale)[..., None]  # (T, B, S, 1)
    dqueries = (d * cache.keys.swapaxes(0, 1)).sum(axis=2)
    dkeys = (d * cache.queries[:, :, None]).sum(axis=0).swapaxes(0, 1)
    return dqueries, dkeys


@right
def per_sequence(cache, dscores):
    dqueries = np.empty(cache.queries.shape, cache.queries.dtype)
    dkeys = np.empty(cache.keys.shape, cache.keys.dtype)
    for b in range(dscores.shape[1]):
        dqueries[:, b] = dscores[:, b] @ cache.keys[:, b] * cache.scale
        dkeys[:, b] = dscores[:, b].T @ cache.queries[:, b] * cache.scale
    return dqueries, dkeys


@right
def scaled_partners(cache, dscores):
    queries, keys, scale = cache
    dqueries = np.einsum("tbs,sbk->tbk", dscores, keys * scale)
    dkeys = np.einsum("tbs,tbk->sbk", dscores, queries * scale)
    print(scale)
    return [dqueries, dkeys]


@right
def as_a_weighted_sum(cache, dscores):
    """dqueries is a sum of keys, weighted with dscores."""

    def weighted(w, values):
        return np.sum(w[..., None] * np.moveaxis(values, 0, 1), axis=-2)

    turned = np.moveaxis(dscores, 2, 0).swapaxes(1, 2)  # (S, B, T)
    return cache.scale * weighted(dscores, cache.keys), cache.scale * weighted(turned, cache.queries)


@wrong("the scale is left out: what multiplied the scores")
def no_scale(cache, dscores):
    return np.einsum("tbs,sbk->tbk", dscores, cache.keys), np.einsum("tbs,tbk->sbk", dscores, cache.queries)


@wrong("the scale is left out of dkeys")
def scale_on_one_side(cache, dscores):
    queries, keys, scale = cache
    return scale * np.einsum("tbs,sbk->tbk", dscores, keys), np.einsum("tbs,tbk->sbk", dscores, queries)


@wrong("the gradients are divided by the scale")
def divided(cache, dscores):
    dscores = dscores / cache.scale
    return np.einsum("tbs,sbk->tbk", dscores, cache.keys), np.einsum("tbs,tbk->sbk", dscores, cache.queries)


@wrong("the gradients are always divided by sqrt(K)")
def scale_worked_out_again(cache, dscores):
    dscores = dscores / cache.keys.shape[-1] ** 0.5
    return np.einsum("tbs,sbk->tbk", dscores, cache.keys), np.einsum("tbs,tbk->sbk", dscores, cache.queries)


@wrong("the two gradients are exchanged")
def keys_first(cache, dscores):
    dqueries, dkeys = dot_scores_backward(cache, dscores)
    return dkeys, dqueries


@wrong("queries and keys are exchanged in both gradients")
def own_vectors(cache, dscores):
    queries, keys, scale = cache
    return scale * dscores.sum(axis=2)[..., None] * queries, scale * dscores.sum(axis=0).T[..., None] * keys


@wrong("dkeys multiplies with the keys")
def keys_of_keys(cache, dscores):
    _, keys, scale = cache
    return scale * np.einsum("tbs,sbk->tbk", dscores, keys), scale * np.einsum("tbs,sbk->sbk", dscores, keys)


@wrong("dkeys is that of the last query alone")
def overwritten(cache, dscores):
    queries, keys, scale = cache
    dqueries, dkeys = np.zeros_like(queries), np.zeros_like(keys)
    for t in range(len(queries)):
        dqueries[t] = scale * np.einsum("bs,sbk->bk", dscores[t], keys)
        dkeys = scale * np.einsum("bs,bk->sbk", dscores[t], queries[t])
    return dqueries, dkeys


@wrong("dkeys is a mean over the queries")
def mean_over_queries(cache, dscores):
    queries, keys, scale = cache
    dkeys = scale * (dscores[..., None] * queries[:, :, None]).mean(axis=0).swapaxes(0, 1)
    return scale * np.einsum("tbs,sbk->tbk", dscores, keys), dkeys


@wrong("dqueries is a mean over the keys")
def mean_over_keys(cache, dscores):
    queries, keys, scale = cache
    dqueries = scale * (dscores[..., None] * keys.swapaxes(0, 1)).mean(axis=2)
    return dqueries, scale * np.einsum("tbs,tbk->sbk", dscores, queries)


@wrong("dkeys is (B, S, K)")
def dkeys_batch_first(cache, dscores):
    queries, keys, scale = cache
    dkeys = scale * dscores.transpose(1, 2, 0) @ queries.swapaxes(0, 1)
    return scale * np.einsum("tbs,sbk->tbk", dscores, keys), dkeys


@wrong("dkeys is not added up over the queries, and its axes are (T, B, S, K)")
def queries_left(cache, dscores):
    queries, keys, scale = cache
    return scale * np.einsum("tbs,sbk->tbk", dscores, keys), scale * dscores[..., None] * queries[:, :, None]


@wrong("dqueries is not added up over the keys")
def keys_left(cache, dscores):
    queries, keys, scale = cache
    return scale * dscores[..., None] * keys.swapaxes(0, 1), scale * np.einsum("tbs,tbk->sbk", dscores, queries)


@wrong("dkeys is added up over the batch")
def batch_lost(cache, dscores):
    queries, keys, scale = cache
    return scale * np.einsum("tbs,sbk->tbk", dscores, keys), scale * np.einsum("tbs,tbk->sk", dscores, queries)


@wrong("dscores is left out of dkeys")
def no_dscores(cache, dscores):
    queries, keys, scale = cache
    dkeys = np.zeros_like(keys) + scale * queries.sum(axis=0)
    return scale * np.einsum("tbs,sbk->tbk", dscores, keys), dkeys


@wrong("@ is used with the axes as they come")
def bare_matmul(cache, dscores):
    queries, keys, scale = cache
    dqueries = scale * (dscores @ keys)
    dkeys = scale * (dscores.T @ queries)
    return dqueries, dkeys


@wrong("must have shape")
def axes_of_the_scores(cache, dscores):
    queries, keys, scale = cache
    dkeys = scale * np.einsum("tbs,tbk->bks", dscores, queries)
    return scale * np.einsum("tbs,sbk->tbk", dscores, keys), dkeys


@wrong("must have the dtype of the inputs, float32, got float64.")
def scale_of_numpy(cache, dscores):
    queries, keys, scale = cache
    scale = np.float64(scale)
    return scale * np.einsum("tbs,sbk->tbk", dscores, keys), scale * np.einsum("tbs,tbk->sbk", dscores, queries)


@wrong("it changed its argument dscores in place")
def scaled_in_place(cache, dscores):
    dscores *= cache.scale
    return np.einsum("tbs,sbk->tbk", dscores, cache.keys), np.einsum("tbs,tbk->sbk", dscores, cache.queries)


@wrong(None)
def queries_reversed(cache, dscores):
    queries, keys, scale = cache
    return scale * np.einsum("tbs,sbk->tbk", dscores, keys), scale * np.einsum("tbs,tbk->sbk", dscores[::-1], queries)
