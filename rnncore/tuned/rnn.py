r"""The vanilla recurrent network, tuned; the equations are those of `rnncore.reference.rnn`.

    forward     a_t = (x_t W_ih^T + b_ih + b_hh) + h_{t-1} W_hh^T       the bracket for all t before the loop
                h_t = tanh(a_t)                                         written over a_t
    backward    slope_t = 1 - h_t^2                                     for all t before the loop
                da_t = dh_t * slope_t                                   written over slope_t
                dh_{t-1} += da_t W_hh
                dW_ih = sum_t da_t^T x_t,  dW_hh = sum_t da_t^T h_{t-1}    one product each after the loop

Contents
    rnn_forward     all time steps
    rnn_backward    its gradient (BPTT)

The cache keeps one array of T B H numbers, the states, beside the arguments.
Source: Elman (1990); Werbos (1990); products over all steps at once: Appleyard, Kocisky and Blunsom (2016).
"""

from typing import NamedTuple

import numpy as np

from rnncore.reference.rnn import PARAMS
from rnncore.reference.shapes import shapes
from rnncore.tuned.products import before, deferred, input_product, weight_product

__all__ = ["RNNCache", "rnn_backward", "rnn_forward"]


class RNNCache(NamedTuple):
    """What a sequence keeps for its backward pass."""

    params: dict  # the parameters used
    xs: np.ndarray  # (T, B, D)
    state0: np.ndarray  # (B, H)
    hs: np.ndarray  # (T, B, H)
    nonlinearity: str


@shapes(params=PARAMS, xs="T B D", state0="B H")
def rnn_forward(params, xs, state0, *, nonlinearity="tanh"):
    """Run the cell over a sequence, each step starting from the state the last one left.

    Args:
        params: dict of weight_ih (H, D), weight_hh (H, H), bias_ih (H,), bias_hh (H,).
        xs: (T, B, D), the inputs; T is at least 1.
        state0: (B, H), the state before the first step.
        nonlinearity: "tanh" or "relu".
    Returns:
        hs: (T, B, H), the state after each step.
        state_T: (B, H), the state after the last step, equal to hs[-1].
        cache: for `rnn_backward`; it holds hs itself.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Elman (1990).
    """
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(f"nonlinearity must be 'tanh' or 'relu', got {nonlinearity!r}.")
    hs = input_product(xs, params["weight_ih"].T, params["bias_ih"] + params["bias_hh"])  # a_t until h_t takes its place
    W_hh_T = np.ascontiguousarray(params["weight_hh"].T)
    recurrent = np.empty_like(hs[0])
    h = state0
    for a in hs:
        np.matmul(h, W_hh_T, out=recurrent)
        a += recurrent
        h = np.tanh(a, out=a) if nonlinearity == "tanh" else np.maximum(a, 0, out=a)
    return hs, h.copy(), RNNCache(params, xs, state0, hs, nonlinearity)


@shapes(cache=(RNNCache, {"hs": "T B H"}), dhs="T B H", dstate_T="B H")
def rnn_backward(cache, dhs, dstate_T=None):
    """Carry the gradient of the loss back through the whole sequence (BPTT).

    Args:
        cache: what `rnn_forward` returned.
        dhs: (T, B, H), the part of the gradient that reaches each hidden state from outside the recurrence.
        dstate_T: (B, H), the same for state_T; None means zero.
    Returns:
        dparams: dict with the gradient of every parameter, summed over time.
        dxs: (T, B, D).
        dstate0: (B, H).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Werbos (1990).
    """
    params, xs, state0, hs, nonlinearity = cache
    W_hh = params["weight_hh"]
    dh = np.zeros_like(state0) if dstate_T is None else dstate_T.copy()
    das = _slopes(hs, nonlinearity)  # da_t takes the slope's place
    for da, dh_t in zip(das[::-1], dhs[::-1], strict=True):
        dh += dh_t
        da *= dh
        np.matmul(da, W_hh, out=dh)
    dW_ih, db, dxs = deferred(das, xs, params["weight_ih"])
    dW_hh = weight_product(das, before(state0, hs))
    return {"weight_ih": dW_ih, "weight_hh": dW_hh, "bias_ih": db, "bias_hh": db.copy()}, dxs, dh


def _slopes(hs, nonlinearity):
    """The derivatives at the pre-activations, (T, B, H), written with the states they produced."""
    if nonlinearity == "relu":
        return (hs > 0).astype(hs.dtype)
    slopes = hs * hs
    return np.subtract(1, slopes, out=slopes)
