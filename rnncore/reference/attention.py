r"""Attention: for every query, a mean of the values, weighted by how well their keys answer it.

    e_ts = score(q_t, k_s)                            scores: see `attention_scores.py`
    w_ts = exp(e_ts) / sum_s' exp(e_ts')              weights: a softmax over the keys that the mask lets through
    c_t  = sum_s w_ts v_s                             context

Contents
    masked_softmax_forward, masked_softmax_backward           scores -> weights
    weighted_sum_forward, weighted_sum_backward               weights, values -> contexts
    init_attention, attention_forward, attention_backward     all three

Axes are time-major: queries (T, B, Q), keys (S, B, K), values (S, B, E), weights (T, B, S), contexts (T, B, E). One query alone is
T = 1, so a decoder at one step passes `h[None]`. A mask is True where a key may be looked at.
Source: Bahdanau, Cho and Bengio (2015); Luong, Pham and Manning (2015).
"""

from typing import Any, NamedTuple

import numpy as np

from rnncore.reference.attention_scores import (
    ADDITIVE,
    MULTIPLICATIVE,
    additive_scores_backward,
    additive_scores_forward,
    dot_scores_backward,
    dot_scores_forward,
    init_additive_scores,
    init_multiplicative_scores,
    multiplicative_scores_backward,
    multiplicative_scores_forward,
)
from rnncore.reference.shapes import shapes

__all__ = [
    "AttentionCache",
    "MaskedSoftmaxCache",
    "WeightedSumCache",
    "attention_backward",
    "attention_forward",
    "init_attention",
    "masked_softmax_backward",
    "masked_softmax_forward",
    "weighted_sum_backward",
    "weighted_sum_forward",
]

PARAMS = {"dot": {}, "scaled_dot": {}, "multiplicative": MULTIPLICATIVE, "additive": ADDITIVE}  # by score


class MaskedSoftmaxCache(NamedTuple):
    """What the softmax keeps for its backward pass."""

    weights: np.ndarray  # (..., S)


class WeightedSumCache(NamedTuple):
    """What the weighted sum keeps for its backward pass."""

    weights: np.ndarray  # (T, B, S)
    values: np.ndarray  # (S, B, E)


class AttentionCache(NamedTuple):
    """What attention keeps for its backward pass: the cache of each part."""

    score: str
    scores: Any  # cache of the score function
    softmax: MaskedSoftmaxCache
    sum: WeightedSumCache
    weights: np.ndarray  # (T, B, S)
    contexts: np.ndarray  # (T, B, E)


@shapes(scores="... S", mask="bool ... S")
def masked_softmax_forward(scores, mask=None):
    """Turn scores into weights along the last axis; what the mask hides gets weight 0.

    Args:
        scores: (..., S).
        mask: (..., S), True where a key may be looked at; leading axes may be missing or 1, as NumPy stretches them; None hides nothing.
    Returns:
        weights: (..., S), from 0 up, summing to 1 along the last axis.
        cache: for `masked_softmax_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values, or the mask hides every key of a query.

    >>> weights, cache = masked_softmax_forward(np.array([1.0, 1.0, 5.0]), np.array([True, True, False]))
    >>> weights.tolist()
    [0.5, 0.5, 0.0]
    """
    if mask is not None:
        _check_mask(mask, scores.shape)
        scores = np.where(mask, scores, -np.inf)
    exp = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = exp / exp.sum(axis=-1, keepdims=True)
    return weights, MaskedSoftmaxCache(weights)


@shapes(cache=(MaskedSoftmaxCache, {"weights": "... S"}), dweights="... S")
def masked_softmax_backward(cache, dweights):
    """Carry the gradient back through the softmax: w_s (dw_s - sum_s' w_s' dw_s'); hidden scores get zero.

    Args:
        cache: what `masked_softmax_forward` returned.
        dweights: (..., S).
    Returns:
        dscores: (..., S).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    w = cache.weights
    return w * (dweights - (w * dweights).sum(axis=-1, keepdims=True))


@shapes(weights="T B S", values="S B E")
def weighted_sum_forward(weights, values):
    """Add up the values, each times its weight.

    Args:
        weights: (T, B, S).
        values: (S, B, E).
    Returns:
        contexts: (T, B, E).
        cache: for `weighted_sum_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    return np.einsum("tbs,sbe->tbe", weights, values), WeightedSumCache(weights, values)


@shapes(cache=(WeightedSumCache, {"weights": "T B S", "values": "S B E"}), dcontexts="T B E")
def weighted_sum_backward(cache, dcontexts):
    """Carry the gradient back through the weighted sum.

    Args:
        cache: what `weighted_sum_forward` returned.
        dcontexts: (T, B, E).
    Returns:
        dweights: (T, B, S).
        dvalues: (S, B, E).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    weights, values = cache
    return np.einsum("tbe,sbe->tbs", dcontexts, values), np.einsum("tbs,tbe->sbe", weights, dcontexts)


@shapes(rng="rng", query_size="size", key_size="size", attention_size="size")
def init_attention(rng, query_size, key_size, attention_size=None, *, score="additive", dtype=np.float64):
    """Draw the parameters of a score.

    Args:
        rng: a `numpy.random.Generator`.
        query_size: Q.
        key_size: K; the dot scores need K = Q.
        attention_size: A, units of the additive score; None means K.
        score: "dot", "scaled_dot", "multiplicative" or "additive".
        dtype: floating-point type of the arrays.
    Returns:
        A dict: weight_query (A, Q), weight_key (A, K), v (A,) for "additive"; weight (Q, K) for "multiplicative"; empty for "dot" and
        "scaled_dot", which have no parameters.
    Raises:
        TypeError, ValueError: an argument has the wrong type or value; the sentence says which.
    """
    if not params_of_score(score) and query_size != key_size:
        raise ValueError(f"init_attention: query_size must equal key_size for {score!r}, got {query_size} and {key_size}.")
    if score == "additive":
        return init_additive_scores(rng, query_size, key_size, attention_size or key_size, dtype=dtype)
    return init_multiplicative_scores(rng, query_size, key_size, dtype=dtype) if score == "multiplicative" else {}


@shapes(
    params=lambda given: params_of_score(given["score"]),
    queries=lambda given: "T B Q" if params_of_score(given["score"]) else "T B K",  # a dot product needs Q = K
    keys="S B K",
    values="S B E",
    mask="bool S B",
)
def attention_forward(params, queries, keys, values, *, score="additive", mask=None):
    """Give every query the mean of the values, weighted by how well their keys answer it.

    Args:
        params: dict of the score's parameters; {} for "dot" and "scaled_dot".
        queries: (T, B, Q).
        keys: (S, B, K), with K = Q for "dot" and "scaled_dot".
        values: (S, B, E); often the keys themselves.
        score: "dot", "scaled_dot", "multiplicative" or "additive".
        mask: (S, B), True where there is a key to look at, False in padding; None hides nothing.
    Returns:
        contexts: (T, B, E).
        weights: (T, B, S), summing to 1 over S; weights[:, b] is the attention map of sequence b.
        cache: for `attention_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values, or the mask hides every key of a sequence.
    Source: Bahdanau, Cho and Bengio (2015), equations 5 and 6; Luong, Pham and Manning (2015), equation 7.

    >>> keys, values = np.array([[[9.0, 0.0]], [[0.0, 9.0]]]), np.array([[[10.0]], [[20.0]]])  # two keys, each with its value
    >>> contexts, weights, cache = attention_forward({}, np.array([[[0.0, 9.0]]]), keys, values, score="dot")
    >>> float(contexts[0, 0, 0])  # the query asked for the second
    20.0
    """
    if score == "additive":
        scores, scores_cache = additive_scores_forward(params, queries, keys)
    elif score == "multiplicative":
        scores, scores_cache = multiplicative_scores_forward(params, queries, keys)
    else:
        scores, scores_cache = dot_scores_forward(queries, keys, scaled=score == "scaled_dot")
    weights, softmax_cache = masked_softmax_forward(scores, None if mask is None else mask.T)
    contexts, sum_cache = weighted_sum_forward(weights, values)
    return contexts, weights, AttentionCache(score, scores_cache, softmax_cache, sum_cache, weights, contexts)


@shapes(cache=(AttentionCache, {"weights": "T B S", "contexts": "T B E"}), dcontexts="T B E", dweights="T B S")
def attention_backward(cache, dcontexts, dweights=None):
    """Carry the gradient back through the sum, the softmax and the scores.

    Args:
        cache: what `attention_forward` returned.
        dcontexts: (T, B, E).
        dweights: (T, B, S), gradient that reaches the weights from outside; None means zero.
    Returns:
        dparams: dict with the gradient of every parameter of the score.
        dqueries: (T, B, Q).
        dkeys: (S, B, K).
        dvalues: (S, B, E).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    from_sum, dvalues = weighted_sum_backward(cache.sum, dcontexts)
    dscores = masked_softmax_backward(cache.softmax, from_sum if dweights is None else from_sum + dweights)
    if cache.score == "additive":
        return *additive_scores_backward(cache.scores, dscores), dvalues
    if cache.score == "multiplicative":
        return *multiplicative_scores_backward(cache.scores, dscores), dvalues
    return {}, *dot_scores_backward(cache.scores, dscores), dvalues


def params_of_score(score):
    """The specification of a score's parameters, for `shapes`."""
    if not isinstance(score, str) or score not in PARAMS:
        raise ValueError(f"score must be one of {', '.join(PARAMS)}, got {score!r}.")
    return PARAMS[score]


def _check_mask(mask, axes):
    try:
        stretched = np.broadcast_to(mask, axes)
    except ValueError:
        raise ValueError(f"mask must have shape {axes} or one that NumPy stretches to it, got {mask.shape}.") from None
    seen = stretched.any(axis=-1)
    if not seen.all():
        place = np.argwhere(~seen)[0].tolist()
        raise ValueError(f"mask must let every query look at one key or more, but it hides all keys from the query at index {place}.")
