"""The vanilla recurrent network on tensors: the functions of `rnncore.reference.rnn`, on any device.

Contents
    init_rnn            parameters, drawn as `torch.nn.RNN` draws them
    rnn_step_forward    one time step
    rnn_forward         all time steps, by PyTorch's fused kernel (cuDNN on an NVIDIA GPU)

Names, parameters, shapes and results are those of the reference, without the cache: PyTorch's autograd is the backward pass.
"""

import torch
from torch import _VF

from rnncore.pytorch.device import pick_device, to_torch
from rnncore.reference.rnn import init_rnn as reference_init_rnn

__all__ = ["init_rnn", "rnn_forward", "rnn_step_forward"]

_STEP = {"tanh": _VF.rnn_tanh_cell, "relu": _VF.rnn_relu_cell}
_SEQUENCE = {"tanh": _VF.rnn_tanh, "relu": _VF.rnn_relu}


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
    """
    return to_torch(reference_init_rnn(rng, input_size, hidden_size), device=pick_device(device), dtype=dtype)


def rnn_step_forward(params, x, h, *, nonlinearity="tanh"):
    """Take one time step.

    Args:
        params: dict of weight_ih (H, D), weight_hh (H, H), bias_ih (H,), bias_hh (H,).
        x: (B, D).
        h: (B, H).
        nonlinearity: "tanh" or "relu".
    Returns:
        h_next: (B, H).
    Raises:
        ValueError: nonlinearity is not known, or an argument has the wrong shape.
    """
    _check(params, nonlinearity, x=(x, 2), h=(h, 2))
    return _STEP[nonlinearity](x, h, *_weights(params))


def rnn_forward(params, xs, state0, *, nonlinearity="tanh"):
    """Run the cell over a sequence.

    Args:
        params: dict of weight_ih (H, D), weight_hh (H, H), bias_ih (H,), bias_hh (H,).
        xs: (T, B, D).
        state0: (B, H).
        nonlinearity: "tanh" or "relu".
    Returns:
        hs: (T, B, H).
        state_T: (B, H).
    Raises:
        ValueError: nonlinearity is not known, or an argument has the wrong shape.
    """
    _check(params, nonlinearity, xs=(xs, 3), state0=(state0, 2))
    # has_biases, layers, dropout, training, bidirectional, batch_first
    hs, state_T = _SEQUENCE[nonlinearity](xs, state0[None], _weights(params), True, 1, 0.0, torch.is_grad_enabled(), False, False)
    return hs, state_T[0]


def _weights(params):
    return [params[name] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]


def _check(params, nonlinearity, **tensors):
    if nonlinearity not in _STEP:
        raise ValueError(f"nonlinearity must be 'tanh' or 'relu', got {nonlinearity!r}.")
    H, D = params["weight_ih"].shape
    (x_name, (x, axes)), (h_name, (h, _)) = tensors.items()
    if x.ndim != axes or x.shape[-1] != D or 0 in x.shape:
        letters = "T, B, D"[-3 * axes + 2 :]
        raise ValueError(f"{x_name} must have shape ({letters}) with D = {D}, got {tuple(x.shape)}.")
    if tuple(h.shape) != (x.shape[-2], H):
        raise ValueError(f"{h_name} must have shape (B, H) = ({x.shape[-2]}, {H}), got {tuple(h.shape)}.")
    for name, tensor in ((x_name, x), (h_name, h)):
        if not torch.isfinite(tensor).all():
            raise ValueError(f"{name} must hold finite numbers, got NaN or infinity.")
        if tensor.dtype != params["weight_ih"].dtype:
            raise TypeError(f"{name} is {tensor.dtype} but params are {params['weight_ih'].dtype}: use one dtype in a call.")
