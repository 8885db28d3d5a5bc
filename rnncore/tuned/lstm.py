r"""Long short-term memory, tuned; the equations are those of `rnncore.reference.lstm`.

    forward     [i f g o]_t from one tanh over (x_t W_ih^T + b_ih + b_hh) + h_{t-1} W_hh^T, the bracket for all t before the loop;
                the rows of i, f and o are halved beforehand, and s = tanh becomes 0.5 s + 0.5 for them
    backward    with the slopes, for a block of steps at once,
                    i'_t = g_t i_t (1 - i_t)         f'_t = c_{t-1} f_t (1 - f_t)         g'_t = i_t (1 - g_t^2)
                    o'_t = tanh(c_t) o_t (1 - o_t)   c'_t = o_t (1 - tanh(c_t)^2)
                a step is
                    dc_t += dh_t c'_t
                    da_t = [dc_t i'_t, dc_t f'_t, dc_t g'_t, dh_t o'_t]
                    dh_{t-1} += da_t W_hh,  dc_{t-1} = dc_t f_t
                and the gradients of the weights and of the inputs are one product each after the loop

Contents
    lstm_forward         all time steps
    lstm_backward        its gradient (BPTT)
    backward_with_dcs    the same, with a gradient that reaches c after any step, for sequences that end before the last one

The cache keeps 6 T B H numbers beside the arguments: four gates, c and h. tanh(c) is cheaper to compute again than to keep.
Source: Hochreiter and Schmidhuber (1997); Gers, Schmidhuber and Cummins (2000); products over all steps at once: Appleyard,
Kocisky and Blunsom (2016).
"""

from typing import NamedTuple

import numpy as np

from rnncore.reference.lstm import PARAMS, STATE, LSTMState
from rnncore.reference.shapes import shapes
from rnncore.tuned.products import before, blocks, by_gate, deferred, input_product, weight_product

__all__ = ["LSTMCache", "lstm_backward", "lstm_forward"]


class LSTMCache(NamedTuple):
    """What a sequence keeps for its backward pass."""

    params: dict  # the parameters used
    xs: np.ndarray  # (T, B, D)
    state0: LSTMState
    gates: np.ndarray  # (4, T, B, H): i, f, g, o
    cs: np.ndarray  # (T, B, H)
    hs: np.ndarray  # (T, B, H)


@shapes(params=PARAMS, xs="T B D", state0=STATE)
def lstm_forward(params, xs, state0):
    """Run the cell over a sequence, each step starting from the state the last one left.

    Args:
        params: dict of weight_ih (4H, D), weight_hh (4H, H), bias_ih (4H,), bias_hh (4H,); rows in the order i, f, g, o.
        xs: (T, B, D), the inputs; T is at least 1.
        state0: LSTMState of h (B, H) and c (B, H), before the first step.
    Returns:
        hs: (T, B, H), the hidden state after each step.
        state_T: LSTMState after the last step; its h equals hs[-1].
        cache: for `lstm_backward`; it holds hs itself.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Gers, Schmidhuber and Cummins (2000).
    """
    h, c = state0
    scale = np.array([0.5, 0.5, 1, 0.5], xs.dtype).reshape(4, 1, 1)  # g is a plain tanh
    W_ih_T, W_hh_T = by_gate(params["weight_ih"], scale), by_gate(params["weight_hh"], scale)  # (4, D, H), (4, H, H)
    bias = (params["bias_ih"] + params["bias_hh"]).reshape(4, 1, -1) * scale
    gates = input_product(xs, W_ih_T, bias)  # (4, T, B, H), a_t until the gates take its place
    hs, cs = np.empty_like(gates[0]), np.empty_like(gates[0])
    activated, scratch = np.empty_like(gates[:, 0]), np.empty_like(h)
    scales = np.zeros_like(activated) + scale  # (4, B, H) without gaps, which is faster than to repeat (4, 1, 1) at every step
    shifts = 1 - scales
    for a, i, f, g, o, c_next, h_next in zip(gates.swapaxes(0, 1), *gates, cs, hs, strict=True):
        np.matmul(h, W_hh_T, out=activated)  # (4, B, H)
        activated += a
        np.tanh(activated, out=activated)
        activated *= scales
        np.add(activated, shifts, out=a)
        np.multiply(f, c, out=c_next)
        c_next += np.multiply(i, g, out=scratch)
        np.multiply(o, np.tanh(c_next, out=scratch), out=h_next)
        h, c = h_next, c_next
    return hs, LSTMState(h.copy(), c.copy()), LSTMCache(params, xs, state0, gates, cs, hs)


@shapes(cache=(LSTMCache, {"hs": "T B H"}), dhs="T B H", dstate_T=STATE)
def lstm_backward(cache, dhs, dstate_T=None):
    """Carry the gradient of the loss back through the whole sequence (BPTT).

    Args:
        cache: what `lstm_forward` returned.
        dhs: (T, B, H), the part of the gradient that reaches each hidden state from outside the recurrence.
        dstate_T: LSTMState of (B, H), the same for state_T; None means zero.
    Returns:
        dparams: dict with the gradient of every parameter, summed over time.
        dxs: (T, B, D).
        dstate0: LSTMState of (B, H).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Werbos (1990), applied to the LSTM.
    """
    return backward_with_dcs(cache, dhs, dstate_T)


def backward_with_dcs(cache, dhs, dstate_T=None, dcs=None):
    """`lstm_backward`, with dcs: for each step an array (B, H) that is added to the gradient of c after it, or None."""
    params, xs, state0, gates, cs, hs = cache
    T, B, H = hs.shape
    dcs = [None] * T if dcs is None else dcs
    dh, dc = (np.zeros_like(s) for s in state0) if dstate_T is None else (ds.copy() for ds in dstate_T)
    das = np.empty((T, B, 4 * H), hs.dtype)
    das_by_gate = das.reshape(T, B, 4, H).swapaxes(1, 2)  # the same numbers, seen as (T, 4, B, H)
    das_ifg, das_o = das_by_gate[:, :3], das_by_gate[:, 3]
    cs_before, scratch = before(state0.c, cs), np.empty_like(dh)
    for t in blocks(hs.shape):
        slopes, slopes_c = lstm_slopes(gates[:, t], cs_before[t], np.tanh(cs[t]))
        steps = (das[t], das_ifg[t], das_o[t], slopes[:3].swapaxes(0, 1), slopes[3], slopes_c, gates[1, t], dhs[t], dcs[t])
        for da, da_ifg, da_o, slope_ifg, slope_o, slope_c, f, dh_t, dc_t in zip(*(v[::-1] for v in steps), strict=True):
            dh += dh_t
            if dc_t is not None:
                dc += dc_t
            dc += np.multiply(dh, slope_c, out=scratch)
            np.multiply(slope_ifg, dc, out=da_ifg)
            np.multiply(slope_o, dh, out=da_o)
            np.matmul(da, params["weight_hh"], out=dh)
            dc *= f
    dW_ih, db, dxs = deferred(das, xs, params["weight_ih"])
    dW_hh = weight_product(das, before(state0.h, hs))
    return {"weight_ih": dW_ih, "weight_hh": dW_hh, "bias_ih": db, "bias_hh": db.copy()}, dxs, LSTMState(dh, dc)


def lstm_slopes(gates, cs_before, tanh_c):
    """The slopes of a block of steps: i', f', g', o' (4, steps, B, H), in memory as the gates, and c' (steps, B, H)."""
    i, f, g, o = gates
    slopes = gates * gates
    slope_i, slope_f, slope_g, slope_o = slopes
    for slope, gate, factor in ((slope_i, i, g), (slope_f, f, cs_before), (slope_o, o, tanh_c)):
        np.subtract(gate, slope, out=slope)  # s - s^2
        slope *= factor
    np.subtract(1, slope_g, out=slope_g)
    slope_g *= i
    slopes_c = tanh_c * tanh_c
    np.subtract(1, slopes_c, out=slopes_c)
    slopes_c *= o
    return slopes, slopes_c
