"""Layer normalisation: the functions of `rnncore.reference.normalization`, on any device, by PyTorch's fused kernel.

Contents
    init_layer_norm        weight 1, bias 0
    layer_norm_forward     each vector to mean 0 and variance 1, then scaled and shifted

Source: Ba, Kiros and Hinton (2016), "Layer Normalization".
"""

import torch
from torch.nn import functional as F

from rnncore.pytorch.arguments import tensors
from rnncore.pytorch.device import to_torch
from rnncore.reference.normalization import init_layer_norm as reference_init

__all__ = ["init_layer_norm", "layer_norm_forward"]


def init_layer_norm(size, *, device="auto", dtype=torch.float32):
    """Start with weight 1 and bias 0.

    Args:
        size: D, at least 1.
        device: "auto" or a device's name.
        dtype: PyTorch dtype.
    Returns:
        A dict: weight (D,), bias (D,).
    Raises:
        TypeError, ValueError: size is not a whole number from 1 up.
    """
    return to_torch(reference_init(size), device=device, dtype=dtype)


@tensors(params={"weight": "D", "bias": "D"}, x="... D")
def layer_norm_forward(params, x, *, eps=1e-5):
    """Normalise along the last axis.

    Args:
        params: dict of weight (D,) and bias (D,).
        x: (..., D).
        eps: a positive number added to the variance, so that a vector of equal entries does not divide by zero.
    Returns:
        y: (..., D).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    if not eps > 0:
        raise ValueError(f"eps must be positive, got {eps}.")
    return F.layer_norm(x, x.shape[-1:], params["weight"], params["bias"], float(eps))
