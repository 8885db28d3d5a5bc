"""LSTM with coupled gates on tensors: the functions of `rnncore.reference.lstm_coupled`, on any device.

Contents
    init_lstm_coupled             parameters
    lstm_coupled_step_forward     one time step
    lstm_coupled_forward          all time steps, by the template of `custom_cell.py`

Source: Greff et al. (2017), "LSTM: A Search Space Odyssey", variant CIFG; the equations stand in the reference.
"""

import torch

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
from rnncore.pytorch.lstm_slopes import gate_slopes, lstm_walk_back
from rnncore.reference.lstm import STATE, LSTMState
from rnncore.reference.lstm_coupled import PARAMS
from rnncore.reference.lstm_coupled import init_lstm_coupled as reference_init

__all__ = ["init_lstm_coupled", "lstm_coupled_forward", "lstm_coupled_step_forward"]


def init_lstm_coupled(rng, input_size, hidden_size, *, device="auto", dtype=torch.float32):
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
    return to_torch(reference_init(rng, input_size, hidden_size), device=device, dtype=dtype)


@tensors(params=PARAMS, x="B D", state=STATE)
def lstm_coupled_step_forward(params, x, state):
    """Take one time step.

    Args:
        params: dict of weight_ih (3H, D), weight_hh (3H, H), bias_ih (3H,), bias_hh (3H,); rows in the order i, g, o.
        x: (B, D), the input at this step.
        state: LSTMState of h (B, H) and c (B, H), before the step.
    Returns:
        state_next: LSTMState, after the step.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    return LSTMState(*custom_step(CELL, params, x, *state))


@tensors(params=PARAMS, xs="T B D", state0=STATE)
def lstm_coupled_forward(params, xs, state0):
    """Run the cell over a sequence.

    Args:
        params: dict of weight_ih (3H, D), weight_hh (3H, H), bias_ih (3H,), bias_hh (3H,); rows in the order i, g, o.
        xs: (T, B, D), the inputs; T is at least 1.
        state0: LSTMState of h (B, H) and c (B, H), before the first step.
    Returns:
        hs: (T, B, H), the hidden state after each step.
        state_T: LSTMState after the last step.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    hs, state_T = custom_forward(CELL, params, xs, *state0)
    return hs, LSTMState(*state_T)


def _walk(ops, weights, steps, h, c):
    (W_hh_T,) = weights
    for a_x, *columns, out_h, out_c in steps:
        a_i, a_g, a_o = ops.split(ops.addmm(a_x, h, W_hh_T), columns)
        i, g, o = ops.sigmoid(a_i), ops.tanh(a_g), ops.sigmoid(a_o)
        c = torch.lerp(c, g, i, out=out_c)  # (1 - i) * c + i * g
        h = torch.mul(o, torch.tanh(c), out=out_h)
    return h, c


def _slopes(weights, states, saved):
    (c, c_next), (i, g, o) = (states[1][:-1], states[1][1:]), saved[0].chunk(3, dim=2)
    tanh_c = torch.tanh(c_next)
    slope_a, of_c, of_h = gate_slopes(torch.empty_like(saved[0]), 3)
    sigmoid_slope(g - c, i, out=of_c[:, 0])
    tanh_slope(i, g, out=of_c[:, 1])
    sigmoid_slope(tanh_c, o, out=of_h)
    return slope_a, of_c, of_h, tanh_slope(o, tanh_c), 1 - i


def _weight_gradients(weights, states, saved, slopes):
    return (product(slopes[0], states[0][:-1]),)


CELL = CustomCell(
    input=LINEAR,
    weights=("weight_hh",),
    columns=((0, 1), (1, 2), (2, 3)),  # i, g, o
    saved=(),
    walk=_walk,
    slopes=_slopes,
    walk_back=lstm_walk_back,
    weight_gradients=_weight_gradients,
)
