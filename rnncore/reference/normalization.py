r"""Layer normalisation: each vector is brought to mean 0 and variance 1 by its own numbers, then scaled and shifted.

    mean = sum(x) / D      var = sum((x - mean)^2) / D          over the last axis, for every vector by itself
    n = (x - mean) / sqrt(var + eps)
    y = weight * n + bias

Contents
    init_layer_norm        weight 1, bias 0
    layer_norm_forward     y
    layer_norm_backward    its gradient

Nothing depends on the other vectors of the batch or on other time steps: training and use are the same, and padding cannot leak in.
Batch normalisation takes mean and variance over the batch instead, so at each time step it would need statistics of its own.
Source: Ba, Kiros and Hinton (2016), "Layer Normalization".
"""

from typing import NamedTuple

import numpy as np

from rnncore.reference.ranges import check_axes
from rnncore.reference.shapes import shapes

__all__ = ["LayerNormCache", "init_layer_norm", "layer_norm_backward", "layer_norm_forward"]


class LayerNormCache(NamedTuple):
    """What the layer keeps for its backward pass."""

    weight: np.ndarray  # (D,)
    n: np.ndarray  # (..., D), the normalised vectors
    inv_std: np.ndarray  # (..., 1), 1 / sqrt(var + eps)


@shapes(size="size")
def init_layer_norm(size, *, dtype=np.float64):
    """Start with weight 1 and bias 0, as `torch.nn.LayerNorm` does.

    Args:
        size: D, at least 1.
        dtype: floating-point type of the arrays.
    Returns:
        A dict: weight (D,), bias (D,).
    Raises:
        TypeError, ValueError: size is not a whole number from 1 up.
    """
    return {"weight": np.ones(size, dtype), "bias": np.zeros(size, dtype)}


@shapes(params={"weight": "D", "bias": "D"}, x="... D")
def layer_norm_forward(params, x, *, eps=1e-5):
    """Normalise along the last axis.

    Args:
        params: dict of weight (D,) and bias (D,).
        x: (..., D).
        eps: a positive number added to the variance, so that a vector of equal entries does not divide by zero.
    Returns:
        y: (..., D).
        cache: for `layer_norm_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Ba, Kiros and Hinton (2016).

    >>> y, cache = layer_norm_forward(init_layer_norm(3), np.array([1.0, 2.0, 3.0]))
    >>> y.round(4).tolist()  # mean 2, variance 2/3
    [-1.2247, 0.0, 1.2247]
    """
    if not eps > 0:
        raise ValueError(f"eps must be positive, got {eps}.")
    centred = x - x.mean(axis=-1, keepdims=True)
    var = (centred**2).mean(axis=-1, keepdims=True)  # (..., 1)
    inv_std = 1 / np.sqrt(var + float(eps))
    n = centred * inv_std
    return params["weight"] * n + params["bias"], LayerNormCache(params["weight"], n, inv_std)


@shapes(cache=(LayerNormCache, {"weight": "D"}), dy="... D")
def layer_norm_backward(cache, dy):
    """Carry the gradient back; what would only shift or only stretch x has no effect on y and is taken out.

    Args:
        cache: what `layer_norm_forward` returned.
        dy: (..., D).
    Returns:
        dparams: dict of weight (D,) and bias (D,).
        dx: (..., D).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: the chain rule, applied to the equations above.
    """
    weight, n, inv_std = cache
    check_axes("layer_norm_backward: dy", dy, n.shape)
    leading = tuple(range(dy.ndim - 1))
    dparams = {"weight": (dy * n).sum(axis=leading), "bias": dy.sum(axis=leading)}
    dn = dy * weight
    dx = inv_std * (dn - dn.mean(axis=-1, keepdims=True) - n * (dn * n).mean(axis=-1, keepdims=True))
    return dparams, dx
