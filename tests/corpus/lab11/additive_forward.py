"""Lab 11, part 7: additive scores."""

import numpy as np

from rnncore.reference import AdditiveScoresCache, additive_scores_forward
from tests.corpus.answers import right, wrong


@right
def pair_by_pair(params, queries, keys):
    (T, B, _), S, A = queries.shape, len(keys), len(params["v"])
    u = np.zeros((T, B, S, A), queries.dtype)
    for t in range(T):
        for s in range(S):
            u[t, :, s] = np.tanh(queries[t] @ params["weight_query"].T + keys[s] @ params["weight_key"].T)
    return np.sum(u * params["v"], axis=-1), AdditiveScoresCache(params, queries, keys, u)


@right
def with_einsum(params, queries, keys):
    q = np.einsum("aq,tbq->tba", params["weight_query"], queries)
    k = np.einsum("ak,sbk->bsa", params["weight_key"], keys)
    u = np.tanh(q[:, :, np.newaxis, :] + k[np.newaxis])
    return np.einsum("tbsa,a->tbs", u, params["v"]), AdditiveScoresCache(params, queries, keys, u)


@right
def joined(params, queries, keys):
    """Query and key behind one another, one matrix."""
    T, B, Q = queries.shape
    S, _, K = keys.shape
    both = np.empty((T, B, S, Q + K), queries.dtype)
    both[..., :Q] = queries[:, :, None]
    both[..., Q:] = keys.swapaxes(0, 1)
    weight = np.concatenate([params["weight_query"], params["weight_key"]], axis=1)
    u = np.tanh(both @ weight.T)
    return u @ params["v"], AdditiveScoresCache(params, queries, keys, u)


@right
def turned_at_the_end(params, queries, keys):
    u = np.tanh((queries @ params["weight_query"].T)[:, None] + (keys @ params["weight_key"].T)[None])  # (T, S, B, A)
    scores = np.dot(u, params["v"])
    return scores.transpose(0, 2, 1), AdditiveScoresCache(params, queries, keys, u.transpose(0, 2, 1, 3))


@right
def one_query_at_a_time(params, queries, keys):
    from_key = np.swapaxes(keys, 0, 1) @ params["weight_key"].T  # (B, S, A)
    rows = [np.tanh(from_key + (q @ params["weight_query"].T)[:, None, :]) for q in queries]
    scores = [row @ params["v"] for row in rows]
    print(len(scores), "rows of scores")
    return np.stack(scores), AdditiveScoresCache(params=params, queries=queries, keys=keys, u=np.array(rows))


@right
def own_tanh(params, queries, keys):
    q = queries @ params["weight_query"].T
    k = (keys @ params["weight_key"].T).transpose(1, 0, 2)
    a = np.repeat(q[:, :, None], len(keys), axis=2) + k
    u = 1 - 2 / (np.exp(2 * a) + 1)
    return np.matmul(u, params["v"]), AdditiveScoresCache(params, queries, keys, u)


def parts(params, queries, keys):
    return (queries @ params["weight_query"].T)[:, :, None], (keys @ params["weight_key"].T).swapaxes(0, 1)


@wrong("tanh is left out")
def linear(params, queries, keys):
    q, k = parts(params, queries, keys)
    u = q + k
    return u @ params["v"], AdditiveScoresCache(params, queries, keys, u)


@wrong("tanh is applied to the query's part and the key's part one by one")
def two_tanhs(params, queries, keys):
    q, k = parts(params, queries, keys)
    u = np.tanh(q) + np.tanh(k)
    return u @ params["v"], AdditiveScoresCache(params, queries, keys, u)


@wrong("the query is not used")
def snippet(params, queries, keys):
    _, k = parts(params, queries, keys)
    u = np.broadcast_to(np.tanh(k), (len(queries), *k.shape)).copy()
    return u @ params["v"], AdditiveScoresCache(params, queries, keys, u)


@wrong("v is not used: the hidden units are added up")
def summed_up(params, queries, keys):
    q, k = parts(params, queries, keys)
    u = np.tanh(q + k)
    return u.sum(axis=-1), AdditiveScoresCache(params, queries, keys, u)


@wrong("v is not used, and the mean")
def mean_of_units(params, queries, keys):
    q, k = parts(params, queries, keys)
    u = np.tanh(q + k)
    return u.mean(axis=-1), AdditiveScoresCache(params, queries, keys, u)


@wrong("the hidden units are not added up")
def times_v(params, queries, keys):
    q, k = parts(params, queries, keys)
    u = np.tanh(q + k)
    return u * params["v"], AdditiveScoresCache(params, queries, keys, u)


@wrong("the two parts are multiplied")
def product(params, queries, keys):
    q, k = parts(params, queries, keys)
    u = np.tanh(q * k)
    return u @ params["v"], AdditiveScoresCache(params, queries, keys, u)


@wrong("tanh is applied once more, to the score")
def tanh_outside_too(params, queries, keys):
    q, k = parts(params, queries, keys)
    u = np.tanh(q + k)
    return np.tanh(u @ params["v"]), AdditiveScoresCache(params, queries, keys, u)


@wrong("the cache keeps the pre-activations as u")
def tanh_only_for_the_score(params, queries, keys):
    q, k = parts(params, queries, keys)
    u = q + k
    return np.tanh(u) @ params["v"], AdditiveScoresCache(params, queries, keys, u)


@wrong("the key's part keeps its axes S, B")
def keys_not_turned(params, queries, keys):
    u = np.tanh((queries @ params["weight_query"].T)[:, :, None] + keys @ params["weight_key"].T)
    return u @ params["v"], AdditiveScoresCache(params, queries, keys, u)


@wrong("each query meets only the key at its own step")
def no_new_axis(params, queries, keys):
    u = np.tanh(queries @ params["weight_query"].T + keys @ params["weight_key"].T)
    return u @ params["v"], AdditiveScoresCache(params, queries, keys, u)


@wrong("the scores and the hidden layer have the axes T, S, B")
def not_turned_back(params, queries, keys):
    u = np.tanh((queries @ params["weight_query"].T)[:, None] + (keys @ params["weight_key"].T)[None])
    return u @ params["v"], AdditiveScoresCache(params, queries, keys, u)


@wrong("weight_query is not transposed")
def no_transpose(params, queries, keys):
    q = queries @ params["weight_query"]
    k = (keys @ params["weight_key"].T).swapaxes(0, 1)
    u = np.tanh(q[:, :, None] + k)
    return u @ params["v"], AdditiveScoresCache(params, queries, keys, u)


@wrong("a sigmoid stands in the place of tanh")
def squashed(params, queries, keys):
    q, k = parts(params, queries, keys)
    u = 1 / (1 + np.exp(-(q + k)))
    return u @ params["v"], AdditiveScoresCache(params, queries, keys, u)


@wrong("the scores are divided by sqrt(A)")
def scaled_like_the_dot_product(params, queries, keys):
    q, k = parts(params, queries, keys)
    u = np.tanh(q + k)
    return u @ params["v"] / len(params["v"]) ** 0.5, AdditiveScoresCache(params, queries, keys, u)


@wrong("the softmax has been taken already")
def weights_returned(params, queries, keys):
    scores, cache = additive_scores_forward(params, queries, keys)
    exp = np.exp(scores)
    return exp / exp.sum(axis=-1, keepdims=True), cache


@wrong("the key's part is subtracted")
def difference(params, queries, keys):
    q, k = parts(params, queries, keys)
    u = np.tanh(q - k)
    return u @ params["v"], AdditiveScoresCache(params, queries, keys, u)


@wrong("it stopped in line")
def wrong_key_of_the_dict(params, queries, keys):
    q, k = parts(params, queries, keys)
    u = np.tanh(q + k)
    return u @ params["weight_v"], AdditiveScoresCache(params, queries, keys, u)


@wrong("cache must be AdditiveScoresCache(params, queries, keys, u), got an array")
def only_u_kept(params, queries, keys):
    scores, cache = additive_scores_forward(params, queries, keys)
    return scores, cache.u


@wrong(None)
def two_mistakes(params, queries, keys):  # no tanh, and no v
    q, k = parts(params, queries, keys)
    u = q + k
    return u.sum(axis=-1), AdditiveScoresCache(params, queries, keys, u)
