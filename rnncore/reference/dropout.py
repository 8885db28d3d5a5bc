"""Dropout: some entries are set to zero at random while training, the others scaled up so that the mean stays.

    y = mask * x          mask is 0 with probability rate, else 1 / (1 - rate)

Contents
    dropout_mask         draw a mask
    dropout_forward      y
    dropout_backward     its gradient

On inputs and outputs of a recurrent layer there are two ways, told apart by the mask alone:
    a mask (T, B, D) drops other entries at every time step;
    a mask (B, D) drops the same entries of a sequence at all steps: variational dropout.
When the model is used, nothing is dropped: leave the function out. Dropout of the state from step to step: `recurrent_dropout.py`.
Source: Srivastava et al. (2014); only between layers: Zaremba, Sutskever and Vinyals (2014); the same mask at all steps: Gal and
Ghahramani (2016), "A Theoretically Grounded Application of Dropout in Recurrent Neural Networks".
"""

from typing import NamedTuple

import numpy as np

from rnncore.reference.ranges import check_axes
from rnncore.reference.shapes import shapes

__all__ = ["DropoutCache", "dropout_backward", "dropout_forward", "dropout_mask"]


class DropoutCache(NamedTuple):
    """What dropout keeps for its backward pass."""

    x: np.ndarray  # (...)
    mask: np.ndarray  # as x, or without some of its first axes


@shapes(rng="rng")
def dropout_mask(rng, shape, rate, dtype=np.float64):
    """Draw a mask.

    Args:
        rng: a `numpy.random.Generator`.
        shape: tuple of sizes, such as (T, B, D), or (B, D) for the same mask at all steps.
        rate: the probability of zero, at least 0 and below 1.
        dtype: floating-point type of the mask; take that of what it will multiply.
    Returns:
        An array of shape `shape`: 0 with probability rate, else 1 / (1 - rate).
    Raises:
        TypeError, ValueError: rng is no generator, shape is no tuple of sizes, or rate is out of range.

    >>> dropout_mask(np.random.default_rng(0), (6,), 0.5).tolist()
    [2.0, 0.0, 0.0, 0.0, 2.0, 2.0]
    """
    if not isinstance(shape, tuple) or not shape or not all(isinstance(n, int | np.integer) and n > 0 for n in shape):
        raise TypeError(f"dropout_mask: shape must be a tuple of whole numbers from 1 up, got {shape!r}.")
    if not 0 <= rate < 1:
        raise ValueError(f"dropout_mask: rate must be at least 0 and below 1, got {rate}.")
    return ((rng.random(shape) >= rate) / (1 - rate)).astype(dtype)


@shapes(x="...", mask="...")
def dropout_forward(x, mask):
    """Multiply by a mask.

    Args:
        x: (...), any shape.
        mask: (...), the shape of x, or of its last axes: (B, D) serves all time steps of (T, B, D). It is data and has no gradient.
    Returns:
        y: the shape of x.
        cache: for `dropout_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Srivastava et al. (2014); Gal and Ghahramani (2016) for a mask without the time axis.
    """
    if mask.ndim == 0 or x.shape[-mask.ndim :] != mask.shape:
        raise ValueError(f"dropout_forward: mask must have the shape of x, {x.shape}, or of its last axes, got {mask.shape}.")
    return x * mask, DropoutCache(x, mask)


@shapes(cache=(DropoutCache, {}), dy="...")
def dropout_backward(cache, dy):
    """Carry the gradient back through the entries that were kept.

    Args:
        cache: what `dropout_forward` returned.
        dy: (...), the shape of x.
    Returns:
        dx: the shape of x.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    check_axes("dropout_backward: dy", dy, cache.x.shape)
    return dy * cache.mask
