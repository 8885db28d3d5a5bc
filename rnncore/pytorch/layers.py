"""What stands around the recurrence: the functions of `rnncore.reference.layers`, on any device.

Contents
    init_embedding, embedding_forward     whole numbers -> vectors
    init_linear, linear_forward           y = x W^T + b

The leading axes are free: (T, B, D) and (B, D) work alike.
Source: the embedding: Bengio, Ducharme, Vincent and Jauvin (2003), "A Neural Probabilistic Language Model".
"""

import torch
from torch.nn import functional as F

from rnncore.pytorch.arguments import tensors
from rnncore.pytorch.device import to_torch
from rnncore.pytorch.ranges import check_range
from rnncore.reference import layers as reference

__all__ = ["embedding_forward", "init_embedding", "init_linear", "linear_forward"]


def init_embedding(rng, num_embeddings, embedding_dim, *, device="auto", dtype=torch.float32):
    """Draw an embedding table from the standard normal distribution; the same numbers as the reference for the same `rng`.

    Args:
        rng: a `numpy.random.Generator`.
        num_embeddings: V, how many tokens there are.
        embedding_dim: D, the length of each vector.
        device: "auto" or a device's name.
        dtype: PyTorch dtype.
    Returns:
        A dict: weight (V, D).
    Raises:
        TypeError, ValueError: rng is no generator, or a size is not a whole number from 1 up.
    """
    return to_torch(reference.init_embedding(rng, num_embeddings, embedding_dim), device=device, dtype=dtype)


@tensors(params={"weight": "V D"}, tokens="int ...")
def embedding_forward(params, tokens):
    """Look up a vector for each token.

    Args:
        params: dict of weight (V, D).
        tokens: (...), whole numbers from 0 to V - 1.
    Returns:
        x: (..., D).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    check_range("embedding_forward: tokens", tokens, 0, len(params["weight"]) - 1)
    return F.embedding(tokens.long(), params["weight"])


def init_linear(rng, in_features, out_features, *, device="auto", dtype=torch.float32):
    """Draw weights and biases uniformly from (-1/sqrt(D), 1/sqrt(D)); the same numbers as the reference for the same `rng`.

    Args:
        rng: a `numpy.random.Generator`.
        in_features: D.
        out_features: O.
        device: "auto" or a device's name.
        dtype: PyTorch dtype.
    Returns:
        A dict: weight (O, D), bias (O,).
    Raises:
        TypeError, ValueError: rng is no generator, or a size is not a whole number from 1 up.
    """
    return to_torch(reference.init_linear(rng, in_features, out_features), device=device, dtype=dtype)


@tensors(params={"weight": "O D", "bias": "O"}, x="... D")
def linear_forward(params, x):
    """Compute y = x W^T + b.

    Args:
        params: dict of weight (O, D) and bias (O,).
        x: (..., D).
    Returns:
        y: (..., O).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    return F.linear(x, params["weight"], params["bias"])
