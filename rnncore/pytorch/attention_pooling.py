"""Attention pooling: the functions of `rnncore.reference.attention_pooling`, on any device.

Contents
    init_attention_pooling, attention_pooling_forward

Source: Yang et al. (2016), "Hierarchical Attention Networks for Document Classification".
"""

import torch

from rnncore.pytorch.arguments import tensors
from rnncore.pytorch.attention import attention_forward
from rnncore.pytorch.device import to_torch
from rnncore.reference.attention_pooling import init_attention_pooling as reference_init

__all__ = ["attention_pooling_forward", "init_attention_pooling"]


def init_attention_pooling(rng, input_size, *, device="auto", dtype=torch.float32):
    """Draw the query uniformly from (-1/sqrt(D), 1/sqrt(D)); the same numbers as the reference for the same `rng`.

    Args:
        rng: a `numpy.random.Generator`.
        input_size: D.
        device: "auto" or a device's name.
        dtype: PyTorch dtype.
    Returns:
        A dict: query (D,).
    Raises:
        TypeError, ValueError: rng is no generator, or input_size is not a whole number from 1 up.
    """
    return to_torch(reference_init(rng, input_size), device=device, dtype=dtype)


@tensors(params={"query": "D"}, xs="T B D", mask="bool T B")
def attention_pooling_forward(params, xs, *, mask=None):
    """Sum up a sequence in one vector: attention with one learned query, the same for every sequence, and the dot score.

    Args:
        params: dict of query (D,).
        xs: (T, B, D), keys and values at once.
        mask: (T, B), True where the sequence has an entry, False in padding; None hides nothing.
    Returns:
        pooled: (B, D).
        weights: (T, B), summing to 1 over T.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values, or the mask hides all of a sequence.
    """
    queries = params["query"].expand(1, *xs.shape[1:])  # (1, B, D)
    contexts, weights = attention_forward({}, queries, xs, xs, score="dot", mask=mask)
    return contexts[0], weights[0].T
