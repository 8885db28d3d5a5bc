"""LSTM with layer normalisation on tensors: the functions of `rnncore.reference.lstm_layer_norm`, on any device.

Contents
    init_lstm_layer_norm             parameters
    lstm_layer_norm_step_forward     one time step
    lstm_layer_norm_forward          all time steps, by the template of `custom_cell.py`

The product with the input is normalised before the loop, for all steps at once. Inside it PyTorch's fused kernel normalises.
Source: Ba, Kiros and Hinton (2016), "Layer Normalization"; the equations stand in the reference.
"""

import torch
from torch.nn import functional as F
from torch.ops import aten

from rnncore.pytorch.arguments import tensors
from rnncore.pytorch.custom_cell import CustomCell, custom_forward, custom_step, gates_backward, product, sigmoid_slope, tanh_slope
from rnncore.pytorch.device import to_torch
from rnncore.reference.lstm import STATE, LSTMState
from rnncore.reference.lstm_layer_norm import PARAMS
from rnncore.reference.lstm_layer_norm import init_lstm_layer_norm as reference_init

__all__ = ["init_lstm_layer_norm", "lstm_layer_norm_forward", "lstm_layer_norm_step_forward"]


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
    return LSTMState(*custom_step(CELL, params, _normalised_input(params, x, eps), *state, eps=eps))


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
    hs, state_T = custom_forward(CELL, params, _normalised_input(params, xs, eps), *state0, eps=eps)
    return hs, LSTMState(*state_T)


def _normalised_input(params, xs, eps):
    if not eps > 0:
        raise ValueError(f"eps must be positive, got {eps}.")
    xw = F.linear(xs, params["weight_ih"])  # (..., 4H)
    return F.layer_norm(xw, xw.shape[-1:], params["gain_ih"], params["bias_ih"] + params["bias_hh"], eps)


def _step(weights, a_x, h, c, *, eps):
    W_hh, gain_hh, gain_c, bias_c = weights
    hw = h @ W_hh.T  # (B, 4H)
    a_h, mean_hh, rstd_hh = torch.native_layer_norm(hw, hw.shape[1:], gain_hh, None, eps)
    a, H = a_x + a_h, h.shape[1]
    gates, g = torch.sigmoid(a), torch.tanh(a[:, 2 * H : 3 * H])  # one sigmoid of all: what it makes of g's rows is not used
    i, f, _, o = gates.chunk(4, dim=1)
    c_next = torch.addcmul(f * c, i, g)
    shown, mean_c, rstd_c = torch.native_layer_norm(c_next, c.shape[1:], gain_c, bias_c, eps)
    tanh_c = torch.tanh(shown)
    return (o * tanh_c, c_next), (gates, g, tanh_c, hw, mean_hh, rstd_hh, mean_c, rstd_c)


def _slopes(weights, states, saved, *, eps):
    c, (gates, g, tanh_c, *norms) = states[1], saved
    i, f, _, o = gates.chunk(4, dim=2)
    slope_i, slope_f, slope_g = sigmoid_slope(g, i), sigmoid_slope(c[:-1], f), tanh_slope(i, g)  # of c_next
    slope_o, slope_shown = sigmoid_slope(tanh_c, o), tanh_slope(o, tanh_c)  # of h_next
    return torch.stack([slope_i, slope_f, slope_g, slope_o], dim=2), slope_shown, f, c[1:], *norms


def _step_backward(weights, slopes, dh_next, dc_next):
    W_hh, gain_hh, gain_c, bias_c = weights
    slope_a, slope_shown, f, c_next, hw, mean_hh, rstd_hh, mean_c, rstd_c = slopes
    dshown = slope_shown.mul_(dh_next)
    dc_next = dc_next + _norm_backward(dshown, c_next, mean_c, rstd_c, gain_c, bias_c, "x")[0]
    da = gates_backward(slope_a, dh_next, dc_next)  # (B, 4H)
    (dhw, _, _) = _norm_backward(da, hw, mean_hh, rstd_hh, gain_hh, None, "x")
    return dhw @ W_hh, dc_next * f


def _weight_gradients(weights, states, saved, da, slopes):
    (_, gain_hh, gain_c, bias_c), (h, c) = weights, states
    *_, hw, mean_hh, rstd_hh, mean_c, rstd_c = saved
    dshown = slopes[1]  # what it has become
    dhw, dgain_hh, _ = _norm_backward(da, hw, mean_hh, rstd_hh, gain_hh, None, "x gain")  # dhw once more: cheaper than to keep it
    _, dgain_c, dbias_c = _norm_backward(dshown, c[1:], mean_c, rstd_c, gain_c, bias_c, "gain bias")
    return product(dhw, h[:-1]), dgain_hh, dgain_c, dbias_c


def _norm_backward(dy, x, mean, rstd, gain, bias, wanted):
    """The gradients with respect to x, gain and bias, as far as they are wanted; those of gain and bias are deferred."""
    wanted = [name in wanted.split() for name in ("x", "gain", "bias")]
    return aten.native_layer_norm_backward(dy, x, gain.shape, mean, rstd, gain, bias, wanted)


CELL = CustomCell(("weight_hh", "gain_hh", "gain_c", "bias_c"), _step, _slopes, _step_backward, _weight_gradients)
