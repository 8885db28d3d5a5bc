"""Long short-term memory on tensors: the functions of `rnncore.reference.lstm`, on any device.

Contents
    LSTMState            hidden state h and cell state c; the reference's named tuple, here of tensors
    init_lstm            parameters, drawn as `torch.nn.LSTM` draws them
    lstm_step_forward    one time step
    lstm_forward         all time steps, by PyTorch's fused kernel (cuDNN on an NVIDIA GPU)

Rows are in the order i, f, g, o. Names, parameters, shapes and results are those of the reference, without the cache.
Source: Hochreiter and Schmidhuber (1997); the forget gate: Gers, Schmidhuber and Cummins (2000).
"""

import torch
from torch import _VF

from rnncore.pytorch.arguments import tensors
from rnncore.pytorch.device import to_torch
from rnncore.pytorch.fused import NAMES, fused_forward, lstm_kernel
from rnncore.reference.lstm import PARAMS, STATE, LSTMState
from rnncore.reference.lstm import init_lstm as reference_init_lstm

__all__ = ["LSTMState", "init_lstm", "lstm_forward", "lstm_step_forward"]


def init_lstm(rng, input_size, hidden_size, *, forget_bias=None, device="auto", dtype=torch.float32):
    """Draw parameters uniformly from (-1/sqrt(H), 1/sqrt(H)); the same numbers as the reference for the same `rng`.

    Args:
        rng: a `numpy.random.Generator`.
        input_size: D.
        hidden_size: H.
        forget_bias: a number sets the two biases of the forget gate so that they add up to it; None leaves them as drawn.
        device: "auto" or a device's name.
        dtype: PyTorch dtype.
    Returns:
        A dict: weight_ih (4H, D), weight_hh (4H, H), bias_ih (4H,), bias_hh (4H,).
    Raises:
        TypeError, ValueError: rng is no generator, or a size is not a whole number from 1 up.
    """
    return to_torch(reference_init_lstm(rng, input_size, hidden_size, forget_bias=forget_bias), device=device, dtype=dtype)


@tensors(params=PARAMS, x="B D", state=STATE)
def lstm_step_forward(params, x, state):
    """Take one time step.

    Args:
        params: dict of weight_ih (4H, D), weight_hh (4H, H), bias_ih (4H,), bias_hh (4H,); rows in the order i, f, g, o.
        x: (B, D), the input at this step.
        state: LSTMState of h (B, H) and c (B, H), before the step.
    Returns:
        state_next: LSTMState, after the step.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    return LSTMState(*_VF.lstm_cell(x, tuple(state), *(params[name] for name in NAMES)))


@tensors(params=PARAMS, xs="T B D", state0=STATE)
def lstm_forward(params, xs, state0):
    """Run the cell over a sequence.

    Args:
        params: dict of weight_ih (4H, D), weight_hh (4H, H), bias_ih (4H,), bias_hh (4H,); rows in the order i, f, g, o.
        xs: (T, B, D), the inputs; T is at least 1.
        state0: LSTMState of h (B, H) and c (B, H), before the first step.
    Returns:
        hs: (T, B, H), the hidden state after each step.
        state_T: LSTMState after the last step.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    hs, (h_T, c_T) = fused_forward(lstm_kernel(), [params], xs, LSTMState(state0.h[None], state0.c[None]))
    return hs, LSTMState(h_T[0], c_T[0])
