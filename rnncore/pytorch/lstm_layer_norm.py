"""LSTM with layer normalisation on tensors: the functions of `rnncore.reference.lstm_layer_norm`, on any device.

Contents
    init_lstm_layer_norm             parameters
    lstm_layer_norm_step_forward     one time step
    lstm_layer_norm_forward          all time steps, by the template of `custom_cell.py`

The product with the input is normalised before the loop, for all steps at once. Inside it PyTorch's fused kernel normalises, and there is
no tanh: tanh(a) = 1 - 2 sigmoid(-2 a), where a sigmoid takes a third to a sixth of the time, and one call serves all four gates. So the
loop works with s = sigmoid(-2 a_g) in the place of g, and the factor -2 enters before it, through gains, biases and the part of the input.
The difference has the rounding of numbers near 1: g, and what shows of c, are right to 1e-7 in float32, however small they are.
Source: Ba, Kiros and Hinton (2016), "Layer Normalization"; the equations stand in the reference.
"""

import torch
from torch.ops import aten

from rnncore.pytorch.arguments import tensors
from rnncore.pytorch.custom_cell import (
    CustomCell,
    Input,
    custom_forward,
    custom_step,
    product,
)
from rnncore.pytorch.device import to_torch
from rnncore.pytorch.lstm_slopes import gate_slopes
from rnncore.reference.lstm import STATE, LSTMState
from rnncore.reference.lstm_layer_norm import PARAMS
from rnncore.reference.lstm_layer_norm import init_lstm_layer_norm as reference_init

__all__ = ["init_lstm_layer_norm", "lstm_layer_norm_forward", "lstm_layer_norm_step_forward"]

_norm_backward = aten.native_layer_norm_backward.default  # of (dy, x, shape, mean, rstd, gain, bias, which gradients are wanted)
X, X_GAIN, GAIN_BIAS, ALL = [True, False, False], [True, True, False], [False, True, True], [True, True, True]


def init_lstm_layer_norm(rng, input_size, hidden_size, *, forget_bias=None, device="auto", dtype=torch.float32):
    """Draw weights uniformly from (-1/sqrt(H), 1/sqrt(H)), the reference's numbers for the same `rng`; gains are 1 and biases 0.

    Args:
        rng: a `numpy.random.Generator`.
        input_size: D.
        hidden_size: H.
        forget_bias: a number for the forget gate's rows of bias_ih; None leaves them 0.
        device: "auto" or a device's name.
        dtype: PyTorch dtype.
    Returns:
        A dict: weight_ih (4H, D), weight_hh (4H, H), bias_ih, bias_hh, gain_ih, gain_hh, each (4H,), gain_c (H,), bias_c (H,).
    Raises:
        TypeError, ValueError: rng is no generator, or a size is not a whole number from 1 up.
    """
    return to_torch(reference_init(rng, input_size, hidden_size, forget_bias=forget_bias), device=device, dtype=dtype)


@tensors(params=PARAMS, x="B D", state=STATE)
def lstm_layer_norm_step_forward(params, x, state, *, eps=1e-5):
    """Take one time step.

    Args:
        params: dict of weight_ih (4H, D), weight_hh (4H, H), bias_ih, bias_hh, gain_ih, gain_hh, each (4H,), rows in the
            order i, f, g, o, and gain_c (H,), bias_c (H,).
        x: (B, D), the input at this step.
        state: LSTMState of h (B, H) and c (B, H), before the step.
        eps: a positive number added to each variance.
    Returns:
        state_next: LSTMState, after the step.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    return LSTMState(*custom_step(CELL, params, x, *state, eps=eps))


@tensors(params=PARAMS, xs="T B D", state0=STATE)
def lstm_layer_norm_forward(params, xs, state0, *, eps=1e-5):
    """Run the cell over a sequence.

    Args:
        params: dict of weight_ih (4H, D), weight_hh (4H, H), bias_ih, bias_hh, gain_ih, gain_hh, each (4H,), rows in the
            order i, f, g, o, and gain_c (H,), bias_c (H,).
        xs: (T, B, D), the inputs; T is at least 1.
        state0: LSTMState of h (B, H) and c (B, H), before the first step.
        eps: a positive number added to each variance.
    Returns:
        hs: (T, B, H), the hidden state after each step.
        state_T: LSTMState after the last step.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    hs, state_T = custom_forward(CELL, params, xs, *state0, eps=eps)
    return hs, LSTMState(*state_T)


def _input(weights, xs, *, eps):
    if not eps > 0:
        raise ValueError(f"eps must be positive, got {eps}.")
    W_ih, gain_ih, b_ih, b_hh = weights
    xw = xs @ W_ih.T  # (..., 4H)
    a_x, mean, rstd = _norm(xw, gain_ih, b_ih + b_hh, eps)
    return _for_sigmoid(a_x), xw, mean, rstd


def _input_backward(weights, xs, kept, da_x):
    (_, gain_ih, b_ih, _), (xw, mean, rstd) = weights, kept
    dxw, dgain, db = _norm_backward(da_x, xw, gain_ih.shape, mean, rstd, gain_ih, b_ih, ALL)
    return dxw, product(dxw, xs), dgain, db, db


def _walk(ops, weights, steps, h, c, *, eps):
    (W_hh_T, gain_hh, gain_c, bias_c), H = weights, h.shape[1]
    rows, cells, add, sigmoid, split = [4 * H], [H], ops.add, ops.sigmoid, ops.split
    for a_x, i, f, s, o, out_h, out_c, out_hw in steps:
        hw = torch.mm(h, W_hh_T, out=out_hw)  # (B, 4H)
        a = add(a_x, torch.layer_norm(hw, rows, gain_hh, None, eps))
        i, f, s, o = split(sigmoid(a), (i, f, s, o))  # g = 1 - 2 s
        c = torch.addcmul(i, f, c, out=out_c).addcmul_(i, s, value=-2)
        s_c = torch.layer_norm(c, cells, gain_c, bias_c, eps).sigmoid_()
        h = torch.addcmul(o, o, s_c, value=-2, out=out_h)
    return h, c


def _slopes(weights, states, saved, *, eps):
    (_, gain_hh, gain_c, bias_c), (hs, cs), (gates, hw) = weights, states, saved
    c, c_next = cs[:-1], cs[1:]
    i, f, s, o = gates.view(*gates.shape[:2], 4, -1).unbind(2)
    shown, mean_c, rstd_c = _norm(c_next, gain_c * -2, bias_c * -2, eps)
    tanh_c = shown.sigmoid_().mul_(-2).add_(1)
    memory, mean_hh, rstd_hh = _norm(hw, gain_hh, None, eps)  # as in the loop: cheaper than to keep mean and rstd step by step
    slope_a, of_c, of_h = gate_slopes(torch.addcmul(gates, gates, gates, value=-1, out=memory), 4)  # the derivative of each sigmoid
    of_i, of_f, of_g = of_c.unbind(1)
    of_i.addcmul_(of_i, s, value=-2)  # times g
    of_f.mul_(c)
    of_g.mul_(i).mul_(4)  # the derivative of g is 4 times that of s
    of_h.mul_(tanh_c)
    slope_shown = torch.addcmul(o, hs[1:], tanh_c, value=-1)  # o (1 - tanh_c^2), where h = o tanh_c
    return slope_a, of_c, of_h, slope_shown, f, c_next, mean_c, rstd_c, hw, mean_hh, rstd_hh


def _walk_back(weights, steps, dh_next, dc):
    (W_hh, gain_hh, gain_c, bias_c), H = weights, dh_next.shape[1]
    rows, cells, f_next = [4 * H], [H], torch.ones_like(dc)  # dc is multiplied by the f of its step one step later: a call less
    for dh, da, of_c, of_h, slope_shown, f, c, mean_c, rstd_c, hw, mean_hh, rstd_hh in steps:
        dshown = slope_shown.mul_(dh_next)
        dc = _norm_backward(dshown, c, cells, mean_c, rstd_c, gain_c, bias_c, X)[0].addcmul_(dc, f_next)
        of_c.mul_(dc)
        of_h.mul_(dh_next)
        dh_next = dh.addmm_(_norm_backward(da, hw, rows, mean_hh, rstd_hh, gain_hh, None, X)[0], W_hh)
        f_next = f
    return dh_next, dc * f_next


def _weight_gradients(weights, states, saved, slopes):
    _, gain_hh, gain_c, bias_c = weights
    *_, dshown, _, c_next, mean_c, rstd_c, hw, mean_hh, rstd_hh = slopes  # dshown: what slope_shown has become
    # dhw once more: cheaper than to keep it
    dhw, dgain_hh, _ = _norm_backward(slopes[0], hw, gain_hh.shape, mean_hh, rstd_hh, gain_hh, None, X_GAIN)
    _, dgain_c, dbias_c = _norm_backward(dshown, c_next, gain_c.shape, mean_c, rstd_c, gain_c, bias_c, GAIN_BIAS)
    return product(dhw, states[0][:-1]), dgain_hh, dgain_c, dbias_c


def _inside(weights):
    """What the loop uses of the weights: shown and a_g are wanted times -2."""
    W_hh, gain_hh, gain_c, bias_c = weights
    return W_hh.T, _for_sigmoid(gain_hh.clone()), gain_c * -2, bias_c * -2


def _for_sigmoid(x):
    """Multiply the part of g by -2, in place."""
    H = x.shape[-1] // 4
    x.narrow(-1, 2 * H, H).mul_(-2)
    return x


def _norm(x, gain, bias, eps):
    """Normalise the rows of x: what comes out, their means, and one over their standard deviations."""
    return torch.native_layer_norm(x, gain.shape, gain, bias, eps)


CELL = CustomCell(
    input=Input(("weight_ih", "gain_ih", "bias_ih", "bias_hh"), _input, _input_backward),
    weights=("weight_hh", "gain_hh", "gain_c", "bias_c"),
    columns=((0, 1), (1, 2), (2, 3), (3, 4)),  # i, f, s, o
    saved=(4,),  # the product with h
    walk=_walk,
    slopes=_slopes,
    walk_back=_walk_back,
    weight_gradients=_weight_gradients,
    inside=_inside,
)
