r"""Attention pooling: a sequence summed up in one vector, by a learned question asked of every step.

    w_t    = exp(q . x_t) / sum_t' exp(q . x_t')
    pooled = sum_t w_t x_t

Contents
    init_attention_pooling, attention_pooling_forward, attention_pooling_backward

With q = 0 every step has the same weight, and pooling is the mean over time.
Source: Yang et al. (2016), "Hierarchical Attention Networks for Document Classification".
"""

from typing import NamedTuple

import numpy as np

from rnncore.reference.attention import AttentionCache, attention_backward, attention_forward
from rnncore.reference.shapes import shapes

__all__ = ["AttentionPoolingCache", "attention_pooling_backward", "attention_pooling_forward", "init_attention_pooling"]


class AttentionPoolingCache(NamedTuple):
    """What pooling keeps for its backward pass."""

    attention: AttentionCache
    pooled: np.ndarray  # (B, D)
    weights: np.ndarray  # (T, B)


@shapes(rng="rng", input_size="size")
def init_attention_pooling(rng, input_size, *, dtype=np.float64):
    """Draw the query uniformly from (-1/sqrt(D), 1/sqrt(D)).

    Args:
        rng: a `numpy.random.Generator`.
        input_size: D.
        dtype: floating-point type of the array.
    Returns:
        A dict: query (D,).
    Raises:
        TypeError, ValueError: rng is no generator, or input_size is not a whole number from 1 up.
    """
    bound = 1 / np.sqrt(input_size)
    return {"query": rng.uniform(-bound, bound, input_size).astype(dtype)}


@shapes(params={"query": "D"}, xs="T B D", mask="bool T B")
def attention_pooling_forward(params, xs, *, mask=None):
    """Sum up a sequence in one vector: attention with one learned query, the same for every sequence, and the dot score.

    Args:
        params: dict of query (D,).
        xs: (T, B, D), keys and values at once.
        mask: (T, B), True where the sequence has an entry, False in padding; None hides nothing.
    Returns:
        pooled: (B, D).
        weights: (T, B), summing to 1 over T.
        cache: for `attention_pooling_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values, or the mask hides all of a sequence.
    Source: Yang et al. (2016), section 2.2, equations 6 and 7; their keys go through one more layer first.

    >>> xs = np.array([[[1.0, 0.0]], [[0.0, 1.0]], [[5.0, 5.0]]])
    >>> pooled, weights, cache = attention_pooling_forward({"query": np.zeros(2)}, xs, mask=np.array([[True], [True], [False]]))
    >>> pooled.tolist(), weights[:, 0].tolist()  # a query of zeros asks for nothing in particular: the plain mean, without the padding
    ([[0.5, 0.5]], [0.5, 0.5, 0.0])
    """
    queries = np.broadcast_to(params["query"], (1, *xs.shape[1:]))  # (1, B, D)
    contexts, weights, cache = attention_forward({}, queries, xs, xs, score="dot", mask=mask)
    pooled, weights = contexts[0], weights[0].T
    return pooled, weights, AttentionPoolingCache(cache, pooled, weights)


@shapes(cache=(AttentionPoolingCache, {"pooled": "B D", "weights": "T B"}), dpooled="B D", dweights="T B")
def attention_pooling_backward(cache, dpooled, dweights=None):
    """Carry the gradient back through the pooling.

    Args:
        cache: what `attention_pooling_forward` returned.
        dpooled: (B, D).
        dweights: (T, B), gradient that reaches the weights from outside; None means zero.
    Returns:
        dparams: dict of query (D,).
        dxs: (T, B, D).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    dweights = None if dweights is None else dweights.T[None]
    _, dqueries, dkeys, dvalues = attention_backward(cache.attention, dpooled[None], dweights)
    return {"query": dqueries.sum(axis=(0, 1))}, dkeys + dvalues  # xs served as both
