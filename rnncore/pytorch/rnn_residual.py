"""The recurrent network with a shortcut on tensors: the functions of `rnncore.reference.rnn_residual`, on any device.

Contents
    rnn_residual_step_forward     one time step
    rnn_residual_forward          all time steps, by the template of `custom_cell.py`

Parameters are those of the vanilla network: `init_rnn` draws them.
Source: He et al. (2016); Chang, Chen, Haber and Chi (2019); the equations stand in the reference.
"""

import torch

from rnncore.pytorch.arguments import tensors
from rnncore.pytorch.custom_cell import LINEAR, CustomCell, custom_forward, custom_step, product, tanh_slope
from rnncore.reference.rnn import PARAMS

__all__ = ["rnn_residual_forward", "rnn_residual_step_forward"]


@tensors(params=PARAMS, x="B D", h="B H")
def rnn_residual_step_forward(params, x, h, *, scale=1.0):
    """Take one time step.

    Args:
        params: dict of weight_ih (H, D), weight_hh (H, H), bias_ih (H,), bias_hh (H,).
        x: (B, D), the input at this step.
        h: (B, H), the state before it.
        scale: a positive number, how much of the update is added.
    Returns:
        h_next: (B, H), the state after the step.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    return custom_step(CELL, params, x, h, scale=_checked(scale))[0]


@tensors(params=PARAMS, xs="T B D", state0="B H")
def rnn_residual_forward(params, xs, state0, *, scale=1.0):
    """Run the cell over a sequence.

    Args:
        params: dict of weight_ih (H, D), weight_hh (H, H), bias_ih (H,), bias_hh (H,).
        xs: (T, B, D), the inputs; T is at least 1.
        state0: (B, H), the state before the first step.
        scale: a positive number, how much of each update is added.
    Returns:
        hs: (T, B, H), the state after each step.
        state_T: (B, H), the state after the last step.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    hs, (h_T,) = custom_forward(CELL, params, xs, state0, scale=_checked(scale))
    return hs, h_T


def _walk(ops, weights, steps, h, *, scale):
    (W_hh_T,) = weights
    for a_x, out in steps:
        h = torch.add(h, ops.tanh(ops.addmm(a_x, h, W_hh_T)), alpha=scale, out=out)
    return (h,)


def _slopes(weights, states, saved, *, scale):
    (tanh_a,) = saved
    return (tanh_slope(torch.full_like(tanh_a, scale), tanh_a),)


def _walk_back(weights, steps, dh_next):
    (W_hh,) = weights
    for dh, da in steps:
        dh_next = dh.add_(dh_next).addmm_(da.mul_(dh_next), W_hh)
    return (dh_next,)


def _weight_gradients(weights, states, saved, slopes):
    return (product(slopes[0], states[0][:-1]),)


def _checked(scale):
    if not scale > 0:
        raise ValueError(f"scale must be positive, got {scale}.")
    return float(scale)


CELL = CustomCell(
    input=LINEAR,
    weights=("weight_hh",),
    columns=(),
    saved=(),
    walk=_walk,
    slopes=_slopes,
    walk_back=_walk_back,
    weight_gradients=_weight_gradients,
)
