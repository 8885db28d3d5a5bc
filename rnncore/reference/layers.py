"""What stands around the recurrence: an embedding before it, a linear layer after it.

Contents
    init_embedding, embedding_forward, embedding_backward               whole numbers -> vectors
    init_linear, linear_forward, linear_backward                        y = x W^T + b

The leading axes are free: (T, B, D) and (B, D) work alike. Tokens are data and have no gradient.
Source: the embedding: Bengio, Ducharme, Vincent and Jauvin (2003), "A Neural Probabilistic Language Model".
"""

from typing import NamedTuple

import numpy as np

from rnncore.reference.ranges import check_leading_axes, check_range
from rnncore.reference.shapes import shapes

__all__ = [
    "embedding_backward",
    "embedding_forward",
    "init_embedding",
    "init_linear",
    "linear_backward",
    "linear_forward",
]


class EmbeddingCache(NamedTuple):
    weight: np.ndarray  # (V, D)
    tokens: np.ndarray  # (...)


class LinearCache(NamedTuple):
    weight: np.ndarray  # (O, D)
    x: np.ndarray  # (..., D)


@shapes(rng="rng", num_embeddings="size", embedding_dim="size")
def init_embedding(rng, num_embeddings, embedding_dim, *, dtype=np.float64):
    """Draw an embedding table from the standard normal distribution, as `torch.nn.Embedding` does.

    Args:
        rng: a `numpy.random.Generator`.
        num_embeddings: V, how many tokens there are.
        embedding_dim: D, the length of each vector.
        dtype: floating-point type of the array.
    Returns:
        A dict: weight (V, D).
    Raises:
        TypeError, ValueError: rng is no generator, or a size is not a whole number from 1 up.
    """
    return {"weight": rng.standard_normal((num_embeddings, embedding_dim)).astype(dtype)}


@shapes(params={"weight": "V D"}, tokens="int ...")
def embedding_forward(params, tokens):
    """Look up a vector for each token.

    Args:
        params: dict of weight (V, D).
        tokens: (...), whole numbers from 0 to V - 1.
    Returns:
        x: (..., D).
        cache: for `embedding_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.

    >>> vectors, cache = embedding_forward({"weight": np.array([[1.0, 2.0], [3.0, 4.0]])}, np.array([1, 1, 0]))
    >>> vectors.tolist()
    [[3.0, 4.0], [3.0, 4.0], [1.0, 2.0]]
    """
    weight = params["weight"]
    check_range("embedding_forward: tokens", tokens, 0, len(weight) - 1)
    return weight[tokens], EmbeddingCache(weight, tokens)


@shapes(cache=(EmbeddingCache, {"weight": "V D"}), dx="... D")
def embedding_backward(cache, dx):
    """Give each row of the table the sum of the gradients of the places where it was used.

    Args:
        cache: what `embedding_forward` returned.
        dx: (..., D).
    Returns:
        dparams: dict of weight (V, D); rows of unused tokens are zero.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    weight, tokens = cache
    check_leading_axes("embedding_backward: dx", dx, tokens.shape)
    dweight = np.zeros_like(weight)
    np.add.at(dweight, tokens, dx)  # += would count a repeated token once
    return {"weight": dweight}


@shapes(rng="rng", in_features="size", out_features="size")
def init_linear(rng, in_features, out_features, *, dtype=np.float64):
    """Draw weights and biases uniformly from (-1/sqrt(D), 1/sqrt(D)), as `torch.nn.Linear` does.

    Args:
        rng: a `numpy.random.Generator`.
        in_features: D.
        out_features: O.
        dtype: floating-point type of the arrays.
    Returns:
        A dict: weight (O, D), bias (O,).
    Raises:
        TypeError, ValueError: rng is no generator, or a size is not a whole number from 1 up.
    """
    bound = 1 / np.sqrt(in_features)
    weight = rng.uniform(-bound, bound, (out_features, in_features)).astype(dtype)
    bias = rng.uniform(-bound, bound, out_features).astype(dtype)
    return {"weight": weight, "bias": bias}


@shapes(params={"weight": "O D", "bias": "O"}, x="... D")
def linear_forward(params, x):
    """Compute y = x W^T + b.

    Args:
        params: dict of weight (O, D) and bias (O,).
        x: (..., D).
    Returns:
        y: (..., O).
        cache: for `linear_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.

    >>> y, cache = linear_forward({"weight": np.array([[1.0, 2.0]]), "bias": np.array([0.5])}, np.array([[10.0, 1.0]]))
    >>> y.tolist()
    [[12.5]]
    """
    y = x @ params["weight"].T + params["bias"]
    return y, LinearCache(params["weight"], x)


@shapes(cache=(LinearCache, {"weight": "O D"}), dy="... O")
def linear_backward(cache, dy):
    """Carry the gradient back through y = x W^T + b.

    Args:
        cache: what `linear_forward` returned.
        dy: (..., O).
    Returns:
        dparams: dict of weight (O, D) and bias (O,).
        dx: (..., D).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    weight, x = cache
    check_leading_axes("linear_backward: dy", dy, x.shape[:-1])
    flat_x, flat_dy = x.reshape(-1, x.shape[-1]), dy.reshape(-1, dy.shape[-1])
    dparams = {"weight": flat_dy.T @ flat_x, "bias": flat_dy.sum(axis=0)}
    return dparams, dy @ weight
