"""Dropout with explicit masks: the functions of `rnncore.reference.dropout`, on any device.

    y = mask * x          mask is 0 with probability rate, else 1 / (1 - rate)

Contents
    dropout_mask         draw a mask
    dropout_forward      y

A mask (T, B, D) drops other entries at every time step, a mask (B, D) the same entries of a sequence at all steps (variational).
Source: Srivastava et al. (2014); the same mask at all steps: Gal and Ghahramani (2016).
"""

import torch

from rnncore.pytorch.arguments import tensors
from rnncore.pytorch.device import to_torch
from rnncore.reference.dropout import dropout_mask as reference_dropout_mask

__all__ = ["dropout_forward", "dropout_mask"]


def dropout_mask(rng, shape, rate, *, device="auto", dtype=torch.float32):
    """Draw a mask; the same one as the reference for the same `rng`.

    Args:
        rng: a `numpy.random.Generator`.
        shape: tuple of sizes, such as (T, B, D), or (B, D) for the same mask at all steps.
        rate: the probability of zero, at least 0 and below 1.
        device: "auto" or a device's name.
        dtype: PyTorch dtype; take that of what it will multiply.
    Returns:
        A tensor of shape `shape`: 0 with probability rate, else 1 / (1 - rate).
    Raises:
        TypeError, ValueError: rng is no generator, shape is no tuple of sizes, or rate is out of range.
    """
    return to_torch(reference_dropout_mask(rng, shape, rate), device=device, dtype=dtype)


@tensors(x="...", mask="...")
def dropout_forward(x, mask):
    """Multiply by a mask.

    Args:
        x: (...).
        mask: (...), the shape of x, or of its last axes: (B, D) serves all time steps of (T, B, D).
    Returns:
        y: the shape of x.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    if mask.ndim == 0 or x.shape[-mask.ndim :] != mask.shape:
        got = tuple(x.shape), tuple(mask.shape)
        raise ValueError(f"dropout_forward: mask must have the shape of x, {got[0]}, or of its last axes, got {got[1]}.")
    return x * mask
