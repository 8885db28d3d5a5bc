"""Gated recurrent unit on tensors: the functions of `rnncore.reference.gru`, on any device.

Contents
    init_gru             parameters, drawn as `torch.nn.GRU` draws them
    gru_step_forward     one time step
    gru_forward          all time steps

With reset="after" a sequence runs by PyTorch's fused kernel (cuDNN on an NVIDIA GPU). With reset="before", which no kernel computes, it
runs by the template of `custom_cell.py`. Rows are in the order r, z, n. Parameters of other conventions: `gru_conventions.py`.
Source: Cho et al. (2014), reset before the product, and so Chung et al. (2014); reset after it: cuDNN and PyTorch, as in the first
version of the former paper (arXiv:1406.1078v1).
"""

import torch
from torch import _VF

from rnncore.pytorch.arguments import tensors
from rnncore.pytorch.custom_cell import (
    LINEAR,
    CustomCell,
    custom_forward,
    custom_step,
    product,
    sigmoid_slope,
    tanh_slope,
)
from rnncore.pytorch.device import to_torch
from rnncore.pytorch.fused import NAMES, fused_forward, gru_kernel
from rnncore.reference.gru import PARAMS
from rnncore.reference.gru import init_gru as reference_init_gru

__all__ = ["gru_forward", "gru_step_forward", "init_gru"]


def init_gru(rng, input_size, hidden_size, *, device="auto", dtype=torch.float32):
    """Draw parameters uniformly from (-1/sqrt(H), 1/sqrt(H)); the same numbers as the reference for the same `rng`.

    Args:
        rng: a `numpy.random.Generator`.
        input_size: D.
        hidden_size: H.
        device: "auto" or a device's name.
        dtype: PyTorch dtype.
    Returns:
        A dict: weight_ih (3H, D), weight_hh (3H, H), bias_ih (3H,), bias_hh (3H,).
    Raises:
        TypeError, ValueError: rng is no generator, or a size is not a whole number from 1 up.
    """
    return to_torch(reference_init_gru(rng, input_size, hidden_size), device=device, dtype=dtype)


@tensors(params=PARAMS, x="B D", h="B H")
def gru_step_forward(params, x, h, *, reset="after"):
    """Take one time step.

    Args:
        params: dict of weight_ih (3H, D), weight_hh (3H, H), bias_ih (3H,), bias_hh (3H,); rows in the order r, z, n.
        x: (B, D), the input at this step.
        h: (B, H), the state before it.
        reset: "after" applies the reset gate to the recurrent product, as PyTorch does; "before" applies it to the state.
    Returns:
        h_next: (B, H), the state after the step.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    if gru_kernel(reset=reset) is None:
        return custom_step(RESET_BEFORE, _by_gates(params), x, h)[0]
    return _VF.gru_cell(x, h, *(params[name] for name in NAMES))


@tensors(params=PARAMS, xs="T B D", state0="B H")
def gru_forward(params, xs, state0, *, reset="after"):
    """Run the cell over a sequence.

    Args:
        params: dict of weight_ih (3H, D), weight_hh (3H, H), bias_ih (3H,), bias_hh (3H,); rows in the order r, z, n.
        xs: (T, B, D), the inputs; T is at least 1.
        state0: (B, H), the state before the first step.
        reset: "after" or "before" the recurrent product, as in `gru_step_forward`.
    Returns:
        hs: (T, B, H), the state after each step.
        state_T: (B, H), the state after the last step.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    kernel = gru_kernel(reset=reset)
    if kernel is None:
        hs, (h_T,) = custom_forward(RESET_BEFORE, _by_gates(params), xs, state0)
        return hs, h_T
    hs, state_T = fused_forward(kernel, [params], xs, state0[None])
    return hs, state_T[0]


def _by_gates(params):
    """The parameters with the recurrent weights of r and z, and those of n, which a reset before the product uses one after the other."""
    W_hh = params["weight_hh"]
    H = W_hh.shape[1]
    return params | dict(zip(RESET_BEFORE.weights, W_hh.split((2 * H, H)), strict=True))


def _walk(ops, weights, steps, h):
    W_rz_T, W_n_T = weights
    for a_x, rz, n, r, z, out in steps:
        a_rz, a_n = ops.split(a_x, (rz, n))
        r, z = ops.split(ops.sigmoid(ops.addmm(a_rz, h, W_rz_T)), (r, z))
        n = ops.tanh(ops.addmm(a_n, r * h, W_n_T))
        h = torch.lerp(n, h, z, out=out)  # (1 - z) * n + z * h
    return (h,)


def _slopes(weights, states, saved):
    h, (gates,) = states[0][:-1], saved
    r, z, n = gates.chunk(3, dim=2)
    slope_a = torch.empty_like(gates)
    slope_r, slope_z, slope_n = slope_a.chunk(3, dim=2)
    sigmoid_slope(h, r, out=slope_r)
    sigmoid_slope(h - n, z, out=slope_z)
    tanh_slope(1 - z, n, out=slope_n)
    return slope_a, slope_a[:, :, : 2 * h.shape[2]], slope_r, slope_z, slope_n, r, z


def _walk_back(weights, steps, dh_next):
    W_rz, W_n = weights
    for dh, _, da_rz, da_r, da_z, da_n, r, z in steps:
        drh = da_n.mul_(dh_next) @ W_n  # gradient at r * h
        da_r.mul_(drh)
        da_z.mul_(dh_next)
        dh_next = dh.addcmul_(dh_next, z).addcmul_(drh, r).addmm_(da_rz, W_rz)
    return (dh_next,)


def _weight_gradients(weights, states, saved, slopes):
    h, (_, da_rz, _, _, da_n, r, _) = states[0][:-1], slopes
    return product(da_rz, h), product(da_n, r * h)


RESET_BEFORE = CustomCell(
    input=LINEAR,
    weights=("weight_rz", "weight_n"),
    columns=((0, 2), (2, 3), (0, 1), (1, 2)),  # r and z, n; r, z
    saved=(),
    walk=_walk,
    slopes=_slopes,
    walk_back=_walk_back,
    weight_gradients=_weight_gradients,
)
