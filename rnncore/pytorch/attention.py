"""Attention: the functions of `rnncore.reference.attention`, on any device.

Contents
    masked_softmax_forward               scores -> weights
    weighted_sum_forward                 weights, values -> contexts
    init_attention, attention_forward    scores, weights and contexts

Queries (T, B, Q), keys (S, B, K), values (S, B, E), weights (T, B, S), contexts (T, B, E). A mask is True where a key may be looked at.
That it hides all keys from no query is checked on the CPU alone, as all values are; on a GPU such a query gets NaN.
Source: Bahdanau, Cho and Bengio (2015); Luong, Pham and Manning (2015).
"""

import torch

from rnncore.pytorch.arguments import tensors
from rnncore.pytorch.attention_scores import additive_scores_forward, dot_scores_forward, multiplicative_scores_forward
from rnncore.pytorch.device import to_torch
from rnncore.reference.attention import init_attention as reference_init_attention
from rnncore.reference.attention import params_of_score

__all__ = ["attention_forward", "init_attention", "masked_softmax_forward", "weighted_sum_forward"]


@tensors(scores="... S", mask="bool ... S")
def masked_softmax_forward(scores, mask=None):
    """Turn scores into weights along the last axis; what the mask hides gets weight 0.

    Args:
        scores: (..., S).
        mask: (..., S), True where a key may be looked at; leading axes may be missing or 1, as PyTorch stretches them; None hides nothing.
    Returns:
        weights: (..., S), from 0 up, summing to 1 along the last axis.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values, or the mask hides every key of a query.

    >>> masked_softmax_forward(torch.tensor([1.0, 1.0, 5.0]), torch.tensor([True, True, False])).tolist()
    [0.5, 0.5, 0.0]
    """
    if mask is not None:
        _check_mask(mask, scores.shape)
        scores = torch.where(mask, scores, -torch.inf)
    return torch.softmax(scores, dim=-1)


@tensors(weights="T B S", values="S B E")
def weighted_sum_forward(weights, values):
    """Add up the values, each times its weight.

    Args:
        weights: (T, B, S).
        values: (S, B, E).
    Returns:
        contexts: (T, B, E).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    return torch.einsum("tbs,sbe->tbe", weights, values)


def init_attention(rng, query_size, key_size, attention_size=None, *, score="additive", device="auto", dtype=torch.float32):
    """Draw the parameters of a score; the same numbers as the reference for the same `rng`.

    Args:
        rng: a `numpy.random.Generator`.
        query_size: Q.
        key_size: K; the dot scores need K = Q.
        attention_size: A, units of the additive score; None means K.
        score: "dot", "scaled_dot", "multiplicative" or "additive".
        device: "auto" or a device's name.
        dtype: PyTorch dtype.
    Returns:
        A dict: weight_query (A, Q), weight_key (A, K), v (A,) for "additive"; weight (Q, K) for "multiplicative"; empty for "dot" and
        "scaled_dot", which have no parameters.
    Raises:
        TypeError, ValueError: an argument has the wrong type or value; the sentence says which.
    """
    return to_torch(reference_init_attention(rng, query_size, key_size, attention_size, score=score), device=device, dtype=dtype)


@tensors(
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
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values, or the mask hides every key of a sequence.
    """
    if score == "additive":
        scores = additive_scores_forward(params, queries, keys)
    elif score == "multiplicative":
        scores = multiplicative_scores_forward(params, queries, keys)
    else:
        scores = dot_scores_forward(queries, keys, scaled=score == "scaled_dot")
    weights = masked_softmax_forward(scores, None if mask is None else mask.T)
    return weighted_sum_forward(weights, values), weights


def _check_mask(mask, axes):
    try:
        stretched = torch.broadcast_to(mask, axes)
    except RuntimeError:
        shapes = tuple(axes), tuple(mask.shape)
        raise ValueError(f"mask must have shape {shapes[0]} or one that PyTorch stretches to it, got {shapes[1]}.") from None
    if mask.device.type == "cpu" and not (seen := stretched.any(dim=-1)).all():
        place = torch.argwhere(~seen)[0].tolist()
        raise ValueError(f"mask must let every query look at one key or more, but it hides all keys from the query at index {place}.")
