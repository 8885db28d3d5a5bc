r"""LSTM with peepholes, tuned by the template; the equations are those of `rnncore.reference.lstm_peephole`.

    i'_t = g_t i_t (1 - i_t)         f'_t = c_{t-1} f_t (1 - f_t)         g'_t = i_t (1 - g_t^2)
    o'_t = tanh(c_t) o_t (1 - o_t)   c'_t = o_t (1 - tanh(c_t)^2)
    da^o_t = dh_t o'_t
    dc_t += dh_t c'_t + da^o_t w_co
    [da^i, da^f, da^g]_t = dc_t [i', f', g']_t
    dh_{t-1} += da_t W_hh,  dc_{t-1} = dc_t f_t + da^i_t w_ci + da^f_t w_cf

Contents
    lstm_peephole_forward     all time steps
    lstm_peephole_backward    its gradient (BPTT)

The cache keeps 6 T B H numbers beside the arguments: four gates, c and h.
Source: Gers and Schmidhuber (2000); Graves and Schmidhuber (2005).
"""

from functools import partial

import numpy as np

from rnncore.reference.lstm_peephole import PARAMS, STATE
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

__all__ = ["LSTMPeepholeCache", "lstm_peephole_backward", "lstm_peephole_forward"]


class LSTMPeepholeCache(TunedCache):
    """What a sequence keeps for its backward pass."""


@shapes(params=PARAMS, xs="T B D", state0=STATE)
def lstm_peephole_forward(params, xs, state0):
    """Run the cell over a sequence, each step starting from the state the last one left.

    Args:
        params: dict of weight_ih (4H, D), weight_hh (4H, H), bias_ih (4H,), bias_hh (4H,), rows in the order i, f, g, o,
            and weight_ci (H,), weight_cf (H,), weight_co (H,).
        xs: (T, B, D), the inputs; T is at least 1.
        state0: LSTMState of h (B, H) and c (B, H), before the first step.
    Returns:
        hs: (T, B, H), the hidden state after each step.
        state_T: LSTMState after the last step; its h equals hs[-1].
        cache: for `lstm_peephole_backward`; it holds hs itself.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Gers and Schmidhuber (2000).
    """
    hs, state_T, cache = recurrence_forward(CELL, params, xs, state0)
    return hs, state_T, LSTMPeepholeCache(*cache)


@shapes(cache=(LSTMPeepholeCache, {"hs": "T B H"}), dhs="T B H", dstate_T=STATE)
def lstm_peephole_backward(cache, dhs, dstate_T=None):
    """Carry the gradient of the loss back through the whole sequence (BPTT).

    Args:
        cache: what `lstm_peephole_forward` returned.
        dhs: (T, B, H), the part of the gradient that reaches each hidden state from outside the recurrence.
        dstate_T: LSTMState of (B, H), the same for state_T; None means zero.
    Returns:
        dparams: dict with the gradient of every parameter, summed over time.
        dxs: (T, B, D).
        dstate0: LSTMState of (B, H).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Graves and Schmidhuber (2005), full gradient.
    """
    return backward_with_dcs(cache, dhs, dstate_T)


def _prepare(params, xs):
    scale = halved(4, 2, len(params["weight_co"]), xs.dtype)  # g is a plain tanh
    a = input_product(xs, transposed(params["weight_ih"], scale), (params["bias_ih"] + params["bias_hh"]) * scale)
    w_cif = 0.5 * np.stack([params["weight_ci"], params["weight_cf"]])  # (2, H)
    return a, (), (transposed(params["weight_hh"], scale), w_cif, 0.5 * params["weight_co"])


def _step(weights, a, state, state_next, kept):
    (W_hh_T, w_cif, w_co), (h, c), (h_next, c_next) = weights, state, state_next
    a += h @ W_hh_T
    H = h.shape[1]
    (i, f, g, o), a_if, a_ifg = gates_of(a, 4), a[:, : 2 * H], a[:, : 3 * H]
    a_if += (w_cif * c[:, None]).reshape(a_if.shape)
    np.tanh(a_ifg, out=a_ifg)
    finish_sigmoid(a_if)
    np.multiply(f, c, out=c_next)
    c_next += i * g
    o += w_co * c_next
    np.tanh(o, out=o)
    finish_sigmoid(o)
    np.multiply(o, np.tanh(c_next), out=h_next)


def _slopes(gates, states_before, states, kept):
    gates, (_, c), (_, c_next) = gates_apart(gates, 4), states_before, states
    slopes, slope_h = lstm_slopes(gates, c, np.tanh(c_next))
    return np.moveaxis(slopes, 0, 2), slope_h, gates[1]


def _step_backward(params, slopes, dstate, das):
    (slope_a, slope_h, slope_c), (dh, dc), (da,) = slopes, dstate, das
    da_by_gate = da.reshape(slope_a.shape)  # (B, 4, H), the same numbers
    da_i, da_f, _, da_o = da_by_gate.swapaxes(0, 1)
    np.multiply(slope_a[:, 3], dh, out=da_o)
    dc += dh * slope_h
    dc += da_o * params["weight_co"]
    np.multiply(slope_a[:, :3], dc[:, None], out=da_by_gate[:, :3])
    np.matmul(da, params["weight_hh"], out=dh)
    dc *= slope_c
    dc += da_i * params["weight_ci"]
    dc += da_f * params["weight_cf"]


def _params_backward(cache, states_before, das):
    (da,), (hs_before, cs_before), (_, cs) = das, states_before, cache.states
    dW_ih, db, dxs = deferred(da, cache.xs, cache.params["weight_ih"])
    dparams = {"weight_ih": dW_ih, "weight_hh": weight_product(da, hs_before), "bias_ih": db, "bias_hh": db.copy()}
    da_i, da_f, _, da_o = gates_of(da, 4)
    return dparams | {"weight_ci": total(da_i * cs_before), "weight_cf": total(da_f * cs_before), "weight_co": total(da_o * cs)}, dxs


CELL = TunedCell(_prepare, _step, lambda H: (), _slopes, _step_backward, lambda H: (4 * H,), _params_backward)
backward_with_dcs = partial(recurrence_backward, CELL)
