"""How well a key answers a query: the functions of `rnncore.reference.attention_scores`, on any device.

    dot              q . k
    scaled_dot       q . k / sqrt(K)
    multiplicative   q W k^T
    additive         tanh(q W_query^T + k W_key^T) v^T

Contents
    dot_scores_forward                                             also the scaled one, with scaled=True
    init_multiplicative_scores, multiplicative_scores_forward
    init_additive_scores, additive_scores_forward

Queries are (T, B, Q), keys (S, B, K), scores (T, B, S).
Source: Bahdanau, Cho and Bengio (2015); Luong, Pham and Manning (2015); Vaswani et al. (2017).
"""

import math

import torch
from torch.nn import functional as F

from rnncore.pytorch.arguments import tensors
from rnncore.pytorch.device import to_torch
from rnncore.reference import attention_scores as reference
from rnncore.reference.attention_scores import ADDITIVE, MULTIPLICATIVE

__all__ = [
    "additive_scores_forward",
    "dot_scores_forward",
    "init_additive_scores",
    "init_multiplicative_scores",
    "multiplicative_scores_forward",
]


@tensors(queries="T B K", keys="S B K")
def dot_scores_forward(queries, keys, *, scaled=False):
    """Score every query against every key by their dot product.

    Args:
        queries: (T, B, K).
        keys: (S, B, K), of the same size K.
        scaled: divide by sqrt(K).
    Returns:
        scores: (T, B, S).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    scores = torch.einsum("tbk,sbk->tbs", queries, keys)
    return scores / math.sqrt(keys.shape[-1]) if scaled else scores


def init_multiplicative_scores(rng, query_size, key_size, *, device="auto", dtype=torch.float32):
    """Draw the weights uniformly from (-1/sqrt(K), 1/sqrt(K)); the same numbers as the reference for the same `rng`.

    Args:
        rng: a `numpy.random.Generator`.
        query_size: Q.
        key_size: K.
        device: "auto" or a device's name.
        dtype: PyTorch dtype.
    Returns:
        A dict: weight (Q, K).
    Raises:
        TypeError, ValueError: rng is no generator, or a size is not a whole number from 1 up.
    """
    return to_torch(reference.init_multiplicative_scores(rng, query_size, key_size), device=device, dtype=dtype)


@tensors(params=MULTIPLICATIVE, queries="T B Q", keys="S B K")
def multiplicative_scores_forward(params, queries, keys):
    """Score every query against every key by q W k^T.

    Args:
        params: dict of weight (Q, K).
        queries: (T, B, Q).
        keys: (S, B, K).
    Returns:
        scores: (T, B, S).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    return torch.einsum("tbk,sbk->tbs", queries @ params["weight"], keys)


def init_additive_scores(rng, query_size, key_size, attention_size, *, device="auto", dtype=torch.float32):
    """Draw each tensor uniformly from (-1/sqrt(n), 1/sqrt(n)), n being the length of its rows; the reference's numbers.

    Args:
        rng: a `numpy.random.Generator`.
        query_size: Q.
        key_size: K.
        attention_size: A, units of the hidden layer.
        device: "auto" or a device's name.
        dtype: PyTorch dtype.
    Returns:
        A dict: weight_query (A, Q), weight_key (A, K), v (A,).
    Raises:
        TypeError, ValueError: rng is no generator, or a size is not a whole number from 1 up.
    """
    return to_torch(reference.init_additive_scores(rng, query_size, key_size, attention_size), device=device, dtype=dtype)


@tensors(params=ADDITIVE, queries="T B Q", keys="S B K")
def additive_scores_forward(params, queries, keys):
    """Score every query against every key by a network with one hidden layer.

    Args:
        params: dict of weight_query (A, Q), weight_key (A, K), v (A,).
        queries: (T, B, Q).
        keys: (S, B, K).
    Returns:
        scores: (T, B, S).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    from_query = F.linear(queries, params["weight_query"])  # (T, B, A)
    from_key = F.linear(keys, params["weight_key"]).transpose(0, 1)  # (B, S, A)
    return torch.tanh(from_query[:, :, None] + from_key) @ params["v"]
