r"""LSTM with layer normalisation, tuned by the template; the equations are those of `rnncore.reference.lstm_layer_norm`.

    n(x_t W_ih^T) for all t before the loop; n(h_{t-1} W_hh^T) and n(c_t) inside it
    norm'(dn) = (dn - mean(dn) - n mean(dn n)) / sqrt(var + eps)          the way back through n = norm(v)
    dc_t += norm'_c(dh_t o_t (1 - tanh^2) gain_c)
    da_t = [dc_t i'_t, dc_t f'_t, dc_t g'_t, dh_t o'_t]                   slopes as in `lstm.py`
    dh_{t-1} += norm'_hh(da_t gain_hh) W_hh,  dc_{t-1} = dc_t f_t

Contents
    lstm_layer_norm_forward     all time steps
    lstm_layer_norm_backward    its gradient (BPTT)

The cache keeps about 16 T B H numbers beside the arguments: four gates, c, h, tanh, and the normalised vectors, 4 + 4 + 1.
Source: Ba, Kiros and Hinton (2016).
"""

from functools import partial

import numpy as np

from rnncore.reference.lstm_layer_norm import PARAMS, STATE
from rnncore.reference.shapes import shapes
from rnncore.tuned.lstm import lstm_slopes
from rnncore.tuned.products import deferred, input_product, weight_product
from rnncore.tuned.template import (
    TunedCache,
    TunedCell,
    finish_sigmoid,
    gates_apart,
    gates_of,
    halved,
    recurrence_backward,
    recurrence_forward,
    total,
    transposed,
)

__all__ = ["LSTMLayerNormCache", "lstm_layer_norm_backward", "lstm_layer_norm_forward"]


class LSTMLayerNormCache(TunedCache):
    """What a sequence keeps for its backward pass."""


@shapes(params=PARAMS, xs="T B D", state0=STATE)
def lstm_layer_norm_forward(params, xs, state0, *, eps=1e-5):
    """Run the cell over a sequence, each step starting from the state the last one left.

    Args:
        params: dict of weight_ih (4H, D), weight_hh (4H, H), bias_ih, bias_hh, gain_ih, gain_hh, each (4H,), rows in the
            order i, f, g, o, and gain_c (H,), bias_c (H,).
        xs: (T, B, D), the inputs; T is at least 1.
        state0: LSTMState of h (B, H) and c (B, H), before the first step.
        eps: a positive number added to each variance.
    Returns:
        hs: (T, B, H), the hidden state after each step.
        state_T: LSTMState after the last step; its h equals hs[-1].
        cache: for `lstm_layer_norm_backward`; it holds hs itself.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Ba, Kiros and Hinton (2016).
    """
    if not eps > 0:
        raise ValueError(f"eps must be positive, got {eps}.")
    hs, state_T, cache = recurrence_forward(CELL, params, xs, state0, eps=eps)
    return hs, state_T, LSTMLayerNormCache(*cache)


@shapes(cache=(LSTMLayerNormCache, {"hs": "T B H"}), dhs="T B H", dstate_T=STATE)
def lstm_layer_norm_backward(cache, dhs, dstate_T=None):
    """Carry the gradient of the loss back through the whole sequence (BPTT).

    Args:
        cache: what `lstm_layer_norm_forward` returned.
        dhs: (T, B, H), the part of the gradient that reaches each hidden state from outside the recurrence.
        dstate_T: LSTMState of (B, H), the same for state_T; None means zero.
    Returns:
        dparams: dict with the gradient of every parameter, summed over time.
        dxs: (T, B, D).
        dstate0: LSTMState of (B, H).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Werbos (1990), applied to the LSTM with layer normalisation.
    """
    return backward_with_dcs(cache, dhs, dstate_T)


def _prepare(params, xs, *, eps):
    scale = halved(4, 2, len(params["gain_c"]), xs.dtype)  # g is a plain tanh
    n_ih = input_product(xs, transposed(params["weight_ih"]), 0)  # normalised in place
    std_ih = _normalise(n_ih, eps)
    a = n_ih * (params["gain_ih"] * scale)
    a += (params["bias_ih"] + params["bias_hh"]) * scale
    weights = (transposed(params["weight_hh"]), params["gain_hh"] * scale, params["gain_c"], params["bias_c"], eps)
    return a, (n_ih, std_ih), weights


def _step(weights, a, state, state_next, kept):
    W_hh_T, gain_hh, gain_c, bias_c, eps = weights
    (h, c), (h_next, c_next), (n_hh, std_hh, n_c, std_c, tanh_c) = state, state_next, kept
    np.matmul(h, W_hh_T, out=n_hh)
    std_hh[:] = _normalise(n_hh, eps)
    a += gain_hh * n_hh
    np.tanh(a, out=a)
    i, f, g, o = gates_of(a, 4)
    for gate in (i, f, o):
        finish_sigmoid(gate)
    np.multiply(f, c, out=c_next)
    c_next += i * g
    n_c[:] = c_next
    std_c[:] = _normalise(n_c, eps)
    np.tanh(gain_c * n_c + bias_c, out=tanh_c)
    np.multiply(o, tanh_c, out=h_next)


def _slopes(gates, states_before, states, kept, *, eps):
    gates, (_, c), (n_hh, std_hh, n_c, std_c, tanh_c) = gates_apart(gates, 4), states_before, kept
    slopes, slope_h = lstm_slopes(gates, c, tanh_c)
    return np.moveaxis(slopes, 0, 2), slope_h, gates[1], n_hh, std_hh, n_c, std_c


def _step_backward(params, slopes, dstate, das):
    slope_a, slope_h, slope_c, n_hh, std_hh, n_c, std_c = slopes
    (dh, dc), (da, dhw, dshown) = dstate, das
    np.multiply(dh, slope_h, out=dshown)
    dc += _norm_backward(dshown * params["gain_c"], n_c, std_c)
    da_by_gate = da.reshape(slope_a.shape)  # (B, 4, H), the same numbers
    np.multiply(slope_a[:, :3], dc[:, None], out=da_by_gate[:, :3])
    np.multiply(slope_a[:, 3], dh, out=da_by_gate[:, 3])
    dhw[:] = _norm_backward(da * params["gain_hh"], n_hh, std_hh)
    np.matmul(dhw, params["weight_hh"], out=dh)
    dc *= slope_c


def _params_backward(cache, states_before, das):
    params, (n_ih, std_ih), (n_hh, _, n_c, *_) = cache.params, cache.inputs, cache.kept
    (da, dhw, dshown), (hs_before, _) = das, states_before
    dxw = _norm_backward(da * params["gain_ih"], n_ih, std_ih)
    dW_ih, _, dxs = deferred(dxw, cache.xs, params["weight_ih"])
    db = total(da)
    dparams = {"weight_ih": dW_ih, "weight_hh": weight_product(dhw, hs_before), "bias_ih": db, "bias_hh": db.copy()}
    dgains = {"gain_ih": total(da * n_ih), "gain_hh": total(da * n_hh), "gain_c": total(dshown * n_c), "bias_c": total(dshown)}
    return dparams | dgains, dxs


def _normalise(v, eps):
    """Bring the vectors (..., D) to mean 0 and variance 1, in place; return what they were divided by, (..., 1)."""
    D = v.shape[-1]
    v -= np.add.reduce(v, axis=-1, keepdims=True) / D
    std = np.sqrt(np.vecdot(v, v)[..., None] / D + float(eps))
    v /= std
    return std


def _norm_backward(dn, n, std):
    """Carry the gradient back through `_normalise`; dn is overwritten."""
    D = n.shape[-1]
    slope = np.vecdot(dn, n)[..., None] / D
    dn -= np.add.reduce(dn, axis=-1, keepdims=True) / D
    dn -= n * slope
    dn /= std
    return dn


CELL = TunedCell(_prepare, _step, lambda H: (4 * H, 1, H, 1, H), _slopes, _step_backward, lambda H: (4 * H, 4 * H, H), _params_backward)
backward_with_dcs = partial(recurrence_backward, CELL)
