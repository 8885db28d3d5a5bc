"""Parameters of a GRU for another convention, on tensors: the functions of `rnncore.reference.gru_conventions`.

Contents
    swap_update_gate     h = (1 - z) n + z h_prev to h = (1 - z) h_prev + z n and back
    move_reset_gate      reset="after" to reset="before" and back, where it is possible

A conversion is made once, before training or after, so the arrays of the reference do the work.
Source: Cho et al. (2014), reset before the product, and so Chung et al. (2014); reset after it: cuDNN and PyTorch.
"""

import torch

from rnncore.pytorch.arguments import tensors
from rnncore.pytorch.device import to_numpy, to_torch
from rnncore.reference.gru import PARAMS
from rnncore.reference.gru_conventions import move_reset_gate as reference_move_reset_gate
from rnncore.reference.gru_conventions import swap_update_gate as reference_swap_update_gate

__all__ = ["move_reset_gate", "swap_update_gate"]


@tensors(params=PARAMS)
def swap_update_gate(params):
    """Convert between h = (1 - z) n + z h_prev, used here and by PyTorch, and h = (1 - z) h_prev + z n, used by some texts.

    Args:
        params: dict of weight_ih (3H, D), weight_hh (3H, H), bias_ih (3H,), bias_hh (3H,).
    Returns:
        The dict for the other convention, shaped as params, of new tensors without gradient; converting twice gives the first one back.
    Raises:
        TypeError, ValueError: params has the wrong keys, shapes or values; the sentence says which.
    """
    return _by_arrays(reference_swap_update_gate, params)


@tensors(params=PARAMS)
def move_reset_gate(params, *, to):
    """Convert between reset="after" and reset="before", where parameters of the other form compute the same candidates.

    The reference says when that is so.

    Args:
        params: dict of weight_ih (3H, D), weight_hh (3H, H), bias_ih (3H,), bias_hh (3H,); rows in the order r, z, n.
        to: "after" or "before", the convention of the result; params are of the other one.
    Returns:
        The dict, shaped as params, with which `gru_forward` gives the same states with reset=to, up to rounding; of new tensors without
        gradient.
    Raises:
        TypeError, ValueError: params has the wrong keys, shapes or values; the sentence says which.
        ValueError: the reset gate cannot be moved; the sentence says what stands in the way.
    """
    return _by_arrays(reference_move_reset_gate, params, to=to)


def _by_arrays(convert, params, **options):
    """Convert copies of the tensors as arrays; the result has their device and dtype."""
    like = params["weight_ih"]
    if like.dtype == torch.bfloat16:  # NumPy has no such numbers; float32 holds them all
        params = {name: value.float() for name, value in params.items()}
    return to_torch(convert(to_numpy(params), **options), device=like.device, dtype=like.dtype)
