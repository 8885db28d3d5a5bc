"""Initialisers: the functions of `rnncore.reference.init`, as tensors on any device.

Contents
    xavier_uniform, xavier_normal, he_uniform, he_normal, orthogonal
    identity
    set_forget_bias

They draw the numbers of the reference for the same `rng`; the equations stand there. `torch.nn.init` has the same distributions.
Source: Glorot and Bengio (2010); He et al. (2015); Saxe, McClelland and Ganguli (2014); Le, Jaitly and Hinton (2015).
"""

import math

import torch

from rnncore.pytorch.arguments import tensors
from rnncore.pytorch.device import to_torch
from rnncore.reference import init as reference

__all__ = ["he_normal", "he_uniform", "identity", "orthogonal", "set_forget_bias", "xavier_normal", "xavier_uniform"]


def xavier_uniform(rng, out_features, in_features, *, gain=1.0, gates=1, device="auto", dtype=torch.float32):
    """Draw from the uniform distribution with variance gain^2 * 2 / (fan_in + fan_out).

    Args:
        rng: a `numpy.random.Generator`.
        out_features, in_features: sizes of one block, at least 1.
        gain: factor on the standard deviation, a positive number.
        gates: how many blocks are stacked.
        device: "auto" or a device's name.
        dtype: PyTorch dtype.
    Returns:
        (gates * out_features, in_features).
    Raises:
        TypeError, ValueError: an argument is out of range; the sentence says which.
    """
    return to_torch(reference.xavier_uniform(rng, out_features, in_features, gain=gain, gates=gates), device=device, dtype=dtype)


def xavier_normal(rng, out_features, in_features, *, gain=1.0, gates=1, device="auto", dtype=torch.float32):
    """Draw from the normal distribution with variance gain^2 * 2 / (fan_in + fan_out).

    Args:
        rng, out_features, in_features, gain, gates, device, dtype: as in `xavier_uniform`.
    Returns:
        (gates * out_features, in_features).
    Raises:
        TypeError, ValueError: an argument is out of range; the sentence says which.
    """
    return to_torch(reference.xavier_normal(rng, out_features, in_features, gain=gain, gates=gates), device=device, dtype=dtype)


def he_uniform(rng, out_features, in_features, *, gain=1.0, gates=1, device="auto", dtype=torch.float32):
    """Draw from the uniform distribution with variance gain^2 * 2 / fan_in.

    Args:
        rng, out_features, in_features, gain, gates, device, dtype: as in `xavier_uniform`.
    Returns:
        (gates * out_features, in_features).
    Raises:
        TypeError, ValueError: an argument is out of range; the sentence says which.
    """
    return to_torch(reference.he_uniform(rng, out_features, in_features, gain=gain, gates=gates), device=device, dtype=dtype)


def he_normal(rng, out_features, in_features, *, gain=1.0, gates=1, device="auto", dtype=torch.float32):
    """Draw from the normal distribution with variance gain^2 * 2 / fan_in.

    Args:
        rng, out_features, in_features, gain, gates, device, dtype: as in `xavier_uniform`.
    Returns:
        (gates * out_features, in_features).
    Raises:
        TypeError, ValueError: an argument is out of range; the sentence says which.
    """
    return to_torch(reference.he_normal(rng, out_features, in_features, gain=gain, gates=gates), device=device, dtype=dtype)


def orthogonal(rng, out_features, in_features, *, gain=1.0, gates=1, device="auto", dtype=torch.float32):
    """Draw a matrix with orthonormal rows or columns, whichever are fewer.

    Args:
        rng, out_features, in_features, gates, device, dtype: as in `xavier_uniform`.
        gain: every singular value of a block, a positive number.
    Returns:
        (gates * out_features, in_features).
    Raises:
        TypeError, ValueError: an argument is out of range; the sentence says which.
    """
    return to_torch(reference.orthogonal(rng, out_features, in_features, gain=gain, gates=gates), device=device, dtype=dtype)


def identity(size, *, scale=1.0, gates=1, device="auto", dtype=torch.float32):
    """Build scale * I, for the recurrent matrix of a ReLU network.

    Args:
        size: H, at least 1.
        scale: a finite number; below 1 the network forgets.
        gates: how many blocks are stacked.
        device: "auto" or a device's name.
        dtype: PyTorch dtype.
    Returns:
        (gates * H, H).
    Raises:
        TypeError, ValueError: an argument is out of range; the sentence says which.
    """
    return to_torch(reference.identity(size, scale=scale, gates=gates), device=device, dtype=dtype)


@tensors(params={"weight_ih": "4H D", "weight_hh": "4H H", "bias_ih": "4H", "bias_hh": "4H"})
def set_forget_bias(params, value):
    """Give the forget gate of an LSTM a bias of `value` in all: bias_ih takes it, bias_hh becomes 0, as PyTorch adds the two.

    Args:
        params: dict of weight_ih (4H, D), weight_hh (4H, H), bias_ih (4H,), bias_hh (4H,); rows in the order i, f, g, o.
        value: a finite number.
    Returns:
        A new dict, shaped as params; params stays as it is, no tensor is shared with it, and none carries a gradient.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    if not math.isfinite(value):
        raise ValueError(f"set_forget_bias: value must be a finite number, got {value}.")
    H = params["weight_hh"].shape[1]
    changed = {name: tensor.detach().clone() for name, tensor in params.items()}
    changed["bias_ih"][H : 2 * H] = value
    changed["bias_hh"][H : 2 * H] = 0
    return changed
