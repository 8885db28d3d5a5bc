"""LSTM with peepholes on tensors: the functions of `rnncore.reference.lstm_peephole`, on any device.

Contents
    init_lstm_peephole             parameters
    lstm_peephole_step_forward     one time step
    lstm_peephole_forward          all time steps, by the template of `custom_cell.py`

Source: Gers and Schmidhuber (2000), "Recurrent Nets that Time and Count"; the equations stand in the reference.
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
    total,
)
from rnncore.pytorch.device import to_torch
from rnncore.pytorch.lstm_slopes import gate_slopes, lstm_walk_back
from rnncore.reference.lstm import STATE, LSTMState
from rnncore.reference.lstm_peephole import PARAMS
from rnncore.reference.lstm_peephole import init_lstm_peephole as reference_init

__all__ = ["init_lstm_peephole", "lstm_peephole_forward", "lstm_peephole_step_forward"]


def init_lstm_peephole(rng, input_size, hidden_size, *, forget_bias=None, device="auto", dtype=torch.float32):
    """Draw parameters uniformly from (-1/sqrt(H), 1/sqrt(H)); the same numbers as the reference for the same `rng`.

    Args:
        rng: a `numpy.random.Generator`.
        input_size: D.
        hidden_size: H.
        forget_bias: a number sets the two biases of the forget gate so that they add up to it; None leaves them as drawn.
        device: "auto" or a device's name.
        dtype: PyTorch dtype.
    Returns:
        A dict: weight_ih (4H, D), weight_hh (4H, H), bias_ih (4H,), bias_hh (4H,), weight_ci (H,), weight_cf (H,), weight_co (H,).
    Raises:
        TypeError, ValueError: rng is no generator, or a size is not a whole number from 1 up.
    """
    return to_torch(reference_init(rng, input_size, hidden_size, forget_bias=forget_bias), device=device, dtype=dtype)


@tensors(params=PARAMS, x="B D", state=STATE)
def lstm_peephole_step_forward(params, x, state):
    """Take one time step.

    Args:
        params: dict of weight_ih (4H, D), weight_hh (4H, H), bias_ih (4H,), bias_hh (4H,), weight_ci (H,), weight_cf (H,), weight_co (H,);
            rows in the order i, f, g, o.
        x: (B, D), the input at this step.
        state: LSTMState of h (B, H) and c (B, H), before the step.
    Returns:
        state_next: LSTMState, after the step.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    return LSTMState(*custom_step(CELL, params, x, *state))


@tensors(params=PARAMS, xs="T B D", state0=STATE)
def lstm_peephole_forward(params, xs, state0):
    """Run the cell over a sequence.

    Args:
        params: dict of weight_ih (4H, D), weight_hh (4H, H), bias_ih (4H,), bias_hh (4H,), weight_ci (H,), weight_cf (H,), weight_co (H,);
            rows in the order i, f, g, o.
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
    W_hh_T, w_ci, w_cf, w_co = weights
    for a_x, *columns, out_h, out_c in steps:
        a_i, a_f, a_g, a_o = ops.split(ops.addmm(a_x, h, W_hh_T), columns)
        i, f, g = ops.sigmoid(ops.addcmul(a_i, w_ci, c)), ops.sigmoid(ops.addcmul(a_f, w_cf, c)), ops.tanh(a_g)
        c = torch.addcmul(f * c, i, g, out=out_c)
        o = ops.sigmoid(ops.addcmul(a_o, w_co, c))
        h = torch.mul(o, torch.tanh(c), out=out_h)
    return h, c


def _slopes(weights, states, saved):
    _, w_ci, w_cf, w_co = weights
    (c, c_next), (i, f, g, o) = (states[1][:-1], states[1][1:]), saved[0].chunk(4, dim=2)
    tanh_c = torch.tanh(c_next)
    slope_a, of_c, of_h = gate_slopes(torch.empty_like(saved[0]), 4)
    slope_i, slope_f = sigmoid_slope(g, i, out=of_c[:, 0]), sigmoid_slope(c, f, out=of_c[:, 1])
    tanh_slope(i, g, out=of_c[:, 2])
    slope_o = sigmoid_slope(tanh_c, o, out=of_h)
    slope_h = torch.addcmul(tanh_slope(o, tanh_c), slope_o, w_co)  # c_next shows through tanh, and through o
    slope_c = torch.addcmul(torch.addcmul(f, slope_i, w_ci), slope_f, w_cf)  # c is kept by f, and seen by i and f
    return slope_a, of_c, of_h, slope_h, slope_c


def _weight_gradients(weights, states, saved, slopes):
    (hs, cs), da = states, slopes[0]  # (T + 1, B, H) and (T, B, 4H)
    da_i, da_f, _, da_o = da.chunk(4, dim=2)
    return product(da, hs[:-1]), total(da_i * cs[:-1]), total(da_f * cs[:-1]), total(da_o * cs[1:])


CELL = CustomCell(
    input=LINEAR,
    weights=("weight_hh", "weight_ci", "weight_cf", "weight_co"),
    columns=((0, 1), (1, 2), (2, 3), (3, 4)),  # i, f, g, o
    saved=(),
    walk=_walk,
    slopes=_slopes,
    walk_back=lstm_walk_back,
    weight_gradients=_weight_gradients,
)
