r"""How well a key answers a query: four scores.

    dot              q . k
    scaled_dot       q . k / sqrt(K)                     the scores keep the size of one entry however long the vectors are
    multiplicative   q W k^T                             a learned dot product; q and k may differ in size
    additive         tanh(q W_query^T + k W_key^T) v^T       a network with one hidden layer of A units

Contents
    dot_scores_forward, dot_scores_backward                           also the scaled one, with scaled=True
    init_multiplicative_scores, multiplicative_scores_forward, multiplicative_scores_backward
    init_additive_scores, additive_scores_forward, additive_scores_backward

Queries are (T, B, Q), one for each step of the side that asks. Keys are (S, B, K), one for each step of the side that is asked.
Scores are (T, B, S): for query t of sequence b, one number for each key, side by side, ready for a softmax.
Source: additive: Bahdanau, Cho and Bengio (2015); multiplicative, there called general, and dot: Luong, Pham and Manning (2015);
scaled dot: Vaswani et al. (2017).
"""

from typing import NamedTuple

import numpy as np

from rnncore.reference.shapes import shapes

__all__ = [
    "AdditiveScoresCache",
    "DotScoresCache",
    "MultiplicativeScoresCache",
    "additive_scores_backward",
    "additive_scores_forward",
    "dot_scores_backward",
    "dot_scores_forward",
    "init_additive_scores",
    "init_multiplicative_scores",
    "multiplicative_scores_backward",
    "multiplicative_scores_forward",
]

MULTIPLICATIVE = {"weight": "Q K"}
ADDITIVE = {"weight_query": "A Q", "weight_key": "A K", "v": "A"}


class DotScoresCache(NamedTuple):
    """What the dot score keeps for its backward pass."""

    queries: np.ndarray  # (T, B, K)
    keys: np.ndarray  # (S, B, K)
    scale: float


class MultiplicativeScoresCache(NamedTuple):
    """What the multiplicative score keeps for its backward pass."""

    params: dict
    queries: np.ndarray  # (T, B, Q)
    keys: np.ndarray  # (S, B, K)


class AdditiveScoresCache(NamedTuple):
    """What the additive score keeps for its backward pass."""

    params: dict
    queries: np.ndarray  # (T, B, Q)
    keys: np.ndarray  # (S, B, K)
    u: np.ndarray  # (T, B, S, A), the hidden layer for each pair of a query and a key


@shapes(queries="T B K", keys="S B K")
def dot_scores_forward(queries, keys, *, scaled=False):
    """Score every query against every key by their dot product.

    Args:
        queries: (T, B, K).
        keys: (S, B, K), of the same size K.
        scaled: divide by sqrt(K).
    Returns:
        scores: (T, B, S).
        cache: for `dot_scores_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Luong, Pham and Manning (2015), equation 8; scaled: Vaswani et al. (2017), equation 1.

    >>> scores, cache = dot_scores_forward(np.array([[[3.0, 4.0]]]), np.array([[[1.0, 0.0]], [[0.0, 1.0]]]))  # one query, two keys
    >>> scores.tolist()
    [[[3.0, 4.0]]]
    """
    scale = float(1 / np.sqrt(keys.shape[-1])) if scaled else 1.0
    return scale * np.einsum("tbk,sbk->tbs", queries, keys), DotScoresCache(queries, keys, scale)


@shapes(cache=(DotScoresCache, {"queries": "T B K", "keys": "S B K"}), dscores="T B S")
def dot_scores_backward(cache, dscores):
    """Carry the gradient back through the dot product.

    Args:
        cache: what `dot_scores_forward` returned.
        dscores: (T, B, S).
    Returns:
        dqueries: (T, B, K).
        dkeys: (S, B, K).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    queries, keys, scale = cache
    dqueries = scale * np.einsum("tbs,sbk->tbk", dscores, keys)
    dkeys = scale * np.einsum("tbs,tbk->sbk", dscores, queries)
    return dqueries, dkeys


@shapes(rng="rng", query_size="size", key_size="size")
def init_multiplicative_scores(rng, query_size, key_size, *, dtype=np.float64):
    """Draw the weights uniformly from (-1/sqrt(K), 1/sqrt(K)).

    Args:
        rng: a `numpy.random.Generator`.
        query_size: Q.
        key_size: K.
        dtype: floating-point type of the array.
    Returns:
        A dict: weight (Q, K).
    Raises:
        TypeError, ValueError: rng is no generator, or a size is not a whole number from 1 up.
    """
    return {"weight": _uniform(rng, (query_size, key_size), dtype)}


@shapes(params=MULTIPLICATIVE, queries="T B Q", keys="S B K")
def multiplicative_scores_forward(params, queries, keys):
    """Score every query against every key by q W k^T.

    Args:
        params: dict of weight (Q, K).
        queries: (T, B, Q).
        keys: (S, B, K).
    Returns:
        scores: (T, B, S).
        cache: for `multiplicative_scores_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Luong, Pham and Manning (2015), equation 8, "general".
    """
    scores = np.einsum("tbk,sbk->tbs", queries @ params["weight"], keys)
    return scores, MultiplicativeScoresCache(params, queries, keys)


@shapes(cache=(MultiplicativeScoresCache, {"queries": "T B Q", "keys": "S B K"}), dscores="T B S")
def multiplicative_scores_backward(cache, dscores):
    """Carry the gradient back through q W k^T.

    Args:
        cache: what `multiplicative_scores_forward` returned.
        dscores: (T, B, S).
    Returns:
        dparams: dict of weight (Q, K).
        dqueries: (T, B, Q).
        dkeys: (S, B, K).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    params, queries, keys = cache
    W = params["weight"]
    dqW = np.einsum("tbs,sbk->tbk", dscores, keys)  # gradient at q W
    dkeys = np.einsum("tbs,tbk->sbk", dscores, queries @ W)
    return {"weight": np.einsum("tbq,tbk->qk", queries, dqW)}, dqW @ W.T, dkeys


@shapes(rng="rng", query_size="size", key_size="size", attention_size="size")
def init_additive_scores(rng, query_size, key_size, attention_size, *, dtype=np.float64):
    """Draw each array uniformly from (-1/sqrt(n), 1/sqrt(n)), n being the length of its rows.

    Args:
        rng: a `numpy.random.Generator`.
        query_size: Q.
        key_size: K.
        attention_size: A, units of the hidden layer.
        dtype: floating-point type of the arrays.
    Returns:
        A dict: weight_query (A, Q), weight_key (A, K), v (A,).
    Raises:
        TypeError, ValueError: rng is no generator, or a size is not a whole number from 1 up.
    """
    Q, K, A = query_size, key_size, attention_size
    return {name: _uniform(rng, size, dtype) for name, size in {"weight_query": (A, Q), "weight_key": (A, K), "v": (A,)}.items()}


@shapes(params=ADDITIVE, queries="T B Q", keys="S B K")
def additive_scores_forward(params, queries, keys):
    """Score every query against every key by a network with one hidden layer.

    Args:
        params: dict of weight_query (A, Q), weight_key (A, K), v (A,).
        queries: (T, B, Q).
        keys: (S, B, K).
    Returns:
        scores: (T, B, S).
        cache: for `additive_scores_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Bahdanau, Cho and Bengio (2015), section A.1.2.

    >>> params = {"weight_query": np.array([[1.0]]), "weight_key": np.array([[-1.0]]), "v": np.array([2.0])}
    >>> scores, cache = additive_scores_forward(params, np.array([[[0.5]]]), np.array([[[0.5]], [[-0.5]]]))
    >>> scores.round(3).tolist()  # 2 tanh(0) and 2 tanh(1)
    [[[0.0, 1.523]]]
    """
    from_query = queries @ params["weight_query"].T  # (T, B, A)
    from_key = (keys @ params["weight_key"].T).swapaxes(0, 1)  # (B, S, A)
    u = np.tanh(from_query[:, :, None] + from_key)  # (T, B, S, A)
    return u @ params["v"], AdditiveScoresCache(params, queries, keys, u)


@shapes(cache=(AdditiveScoresCache, {"queries": "T B Q", "keys": "S B K"}), dscores="T B S")
def additive_scores_backward(cache, dscores):
    """Carry the gradient back through the network.

    Args:
        cache: what `additive_scores_forward` returned.
        dscores: (T, B, S).
    Returns:
        dparams: dict of weight_query (A, Q), weight_key (A, K), v (A,).
        dqueries: (T, B, Q).
        dkeys: (S, B, K).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    params, queries, keys, u = cache
    da = dscores[..., None] * params["v"] * (1 - u**2)  # (T, B, S, A)
    dfrom_query = da.sum(axis=2)  # (T, B, A), over the keys that the query met
    dfrom_key = da.sum(axis=0).swapaxes(0, 1)  # (S, B, A), over the queries that the key met
    dparams = {
        "weight_query": np.einsum("tba,tbq->aq", dfrom_query, queries),
        "weight_key": np.einsum("sba,sbk->ak", dfrom_key, keys),
        "v": np.einsum("tbs,tbsa->a", dscores, u),
    }
    return dparams, dfrom_query @ params["weight_query"], dfrom_key @ params["weight_key"]


def _uniform(rng, size, dtype):
    bound = 1 / np.sqrt(size[-1])
    return rng.uniform(-bound, bound, size).astype(dtype)
