r"""LSTM with coupled gates, tuned by the template; the equations are those of `rnncore.reference.lstm_coupled`.

    i'_t = (g_t - c_{t-1}) i_t (1 - i_t)   g'_t = i_t (1 - g_t^2)   o'_t = tanh(c_t) o_t (1 - o_t)   c'_t = o_t (1 - tanh(c_t)^2)
    dc_t += dh_t c'_t
    da_t = [dc_t i'_t, dc_t g'_t, dh_t o'_t]
    dh_{t-1} += da_t W_hh,  dc_{t-1} = dc_t (1 - i_t)

Contents
    lstm_coupled_forward     all time steps
    lstm_coupled_backward    its gradient (BPTT)

The cache keeps 5 T B H numbers beside the arguments: three gates, c and h.
Source: Greff et al. (2017), variant CIFG.
"""

from functools import partial

import numpy as np

from rnncore.reference.lstm_coupled import PARAMS, STATE
from rnncore.reference.shapes import shapes
from rnncore.tuned.products import deferred, input_product, weight_product
from rnncore.tuned.template import (
    TunedCache,
    TunedCell,
    finish_sigmoid,
    gates_of,
    halved,
    recurrence_backward,
    recurrence_forward,
    transposed,
)

__all__ = ["LSTMCoupledCache", "lstm_coupled_backward", "lstm_coupled_forward"]


class LSTMCoupledCache(TunedCache):
    """What a sequence keeps for its backward pass."""


@shapes(params=PARAMS, xs="T B D", state0=STATE)
def lstm_coupled_forward(params, xs, state0):
    """Run the cell over a sequence, each step starting from the state the last one left.

    Args:
        params: dict of weight_ih (3H, D), weight_hh (3H, H), bias_ih (3H,), bias_hh (3H,); rows in the order i, g, o.
        xs: (T, B, D), the inputs; T is at least 1.
        state0: LSTMState of h (B, H) and c (B, H), before the first step.
    Returns:
        hs: (T, B, H), the hidden state after each step.
        state_T: LSTMState after the last step; its h equals hs[-1].
        cache: for `lstm_coupled_backward`; it holds hs itself.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Greff et al. (2017), variant CIFG.
    """
    hs, state_T, cache = recurrence_forward(CELL, params, xs, state0)
    return hs, state_T, LSTMCoupledCache(*cache)


@shapes(cache=(LSTMCoupledCache, {"hs": "T B H"}), dhs="T B H", dstate_T=STATE)
def lstm_coupled_backward(cache, dhs, dstate_T=None):
    """Carry the gradient of the loss back through the whole sequence (BPTT).

    Args:
        cache: what `lstm_coupled_forward` returned.
        dhs: (T, B, H), the part of the gradient that reaches each hidden state from outside the recurrence.
        dstate_T: LSTMState of (B, H), the same for state_T; None means zero.
    Returns:
        dparams: dict with the gradient of every parameter, summed over time.
        dxs: (T, B, D).
        dstate0: LSTMState of (B, H).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Werbos (1990), applied to the coupled LSTM.
    """
    return backward_with_dcs(cache, dhs, dstate_T)


def _prepare(params, xs):
    scale = halved(3, 1, len(params["bias_ih"]) // 3, xs.dtype)  # g is a plain tanh
    a = input_product(xs, transposed(params["weight_ih"], scale), (params["bias_ih"] + params["bias_hh"]) * scale)
    return a, (), (transposed(params["weight_hh"], scale),)


def _step(weights, a, state, state_next, kept):
    (W_hh_T,), (h, c), (h_next, c_next) = weights, state, state_next
    a += h @ W_hh_T
    np.tanh(a, out=a)
    i, g, o = gates_of(a, 3)
    finish_sigmoid(i)
    finish_sigmoid(o)
    np.subtract(g, c, out=c_next)  # c + i (g - c) is (1 - i) c + i g
    c_next *= i
    c_next += c
    np.multiply(o, np.tanh(c_next), out=h_next)


def _slopes(gates, states_before, states, kept):
    (i, g, o), (_, c), (_, c_next) = gates_of(gates, 3), states_before, states
    tanh_c = np.tanh(c_next)
    slope_a = np.stack([(g - c) * i * (1 - i), i * (1 - g * g), tanh_c * o * (1 - o)], axis=2)  # (steps, B, 3, H)
    return slope_a, o * (1 - tanh_c * tanh_c), 1 - i


def _step_backward(params, slopes, dstate, das):
    (slope_a, slope_h, slope_c), (dh, dc), (da,) = slopes, dstate, das
    da_by_gate = da.reshape(slope_a.shape)  # (B, 3, H), the same numbers
    dc += dh * slope_h
    np.multiply(slope_a[:, :2], dc[:, None], out=da_by_gate[:, :2])
    np.multiply(slope_a[:, 2], dh, out=da_by_gate[:, 2])
    np.matmul(da, params["weight_hh"], out=dh)
    dc *= slope_c


def _params_backward(cache, states_before, das):
    (da,), (hs_before, _) = das, states_before
    dW_ih, db, dxs = deferred(da, cache.xs, cache.params["weight_ih"])
    dW_hh = weight_product(da, hs_before)
    return {"weight_ih": dW_ih, "weight_hh": dW_hh, "bias_ih": db, "bias_hh": db.copy()}, dxs


CELL = TunedCell(_prepare, _step, lambda H: (), _slopes, _step_backward, lambda H: (3 * H,), _params_backward)
backward_with_dcs = partial(recurrence_backward, CELL)
