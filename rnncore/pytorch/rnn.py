"""The vanilla recurrent network on tensors: the functions of `rnncore.reference.rnn`, on any device.

Contents
    init_rnn            parameters, drawn as `torch.nn.RNN` draws them
    rnn_step_forward    one time step
    rnn_forward         all time steps, by PyTorch's fused kernel (cuDNN on an NVIDIA GPU)

Names, parameters, shapes and results are those of the reference, without the cache: PyTorch's autograd is the backward pass.
Source: Elman (1990), "Finding Structure in Time".
"""

import torch
from torch import _VF

from rnncore.pytorch.arguments import tensors
from rnncore.pytorch.device import to_torch
from rnncore.pytorch.fused import NAMES, fused_forward, rnn_kernel
from rnncore.reference.rnn import PARAMS
from rnncore.reference.rnn import init_rnn as reference_init_rnn

__all__ = ["init_rnn", "rnn_forward", "rnn_step_forward"]


def init_rnn(rng, input_size, hidden_size, *, device="auto", dtype=torch.float32):
    """Draw parameters uniformly from (-1/sqrt(H), 1/sqrt(H)); the same numbers as the reference for the same `rng`.

    Args:
        rng: a `numpy.random.Generator`.
        input_size: D.
        hidden_size: H.
        device: "auto" or a device's name.
        dtype: PyTorch dtype.
    Returns:
        A dict: weight_ih (H, D), weight_hh (H, H), bias_ih (H,), bias_hh (H,).
    Raises:
        TypeError, ValueError: rng is no generator, or a size is not a whole number from 1 up.
    """
    return to_torch(reference_init_rnn(rng, input_size, hidden_size), device=device, dtype=dtype)


@tensors(params=PARAMS, x="B D", h="B H")
def rnn_step_forward(params, x, h, *, nonlinearity="tanh"):
    """Take one time step.

    Args:
        params: dict of weight_ih (H, D), weight_hh (H, H), bias_ih (H,), bias_hh (H,).
        x: (B, D), the input at this step.
        h: (B, H), the state before it.
        nonlinearity: "tanh" or "relu".
    Returns:
        h_next: (B, H), the state after the step.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    rnn_kernel(nonlinearity=nonlinearity)  # refuses other names
    step = {"tanh": _VF.rnn_tanh_cell, "relu": _VF.rnn_relu_cell}[nonlinearity]
    return step(x, h, *(params[name] for name in NAMES))


@tensors(params=PARAMS, xs="T B D", state0="B H")
def rnn_forward(params, xs, state0, *, nonlinearity="tanh"):
    """Run the cell over a sequence.

    Args:
        params: dict of weight_ih (H, D), weight_hh (H, H), bias_ih (H,), bias_hh (H,).
        xs: (T, B, D), the inputs; T is at least 1.
        state0: (B, H), the state before the first step.
        nonlinearity: "tanh" or "relu".
    Returns:
        hs: (T, B, H), the state after each step.
        state_T: (B, H), the state after the last step.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    hs, state_T = fused_forward(rnn_kernel(nonlinearity=nonlinearity), [params], xs, state0[None])
    return hs, state_T[0]
