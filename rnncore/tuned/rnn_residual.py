r"""The recurrent network with a shortcut, tuned by the template; the equations are those of `rnncore.reference.rnn_residual`.

    slope_t = s (1 - tanh(a_t)^2)                  for a block of steps at once
    da_t = dh_t * slope_t
    dh_{t-1} += dh_t + da_t W_hh

Contents
    rnn_residual_forward     all time steps
    rnn_residual_backward    its gradient (BPTT)

The cache keeps 2 T B H numbers beside the arguments: tanh(a) and h.
Source: He et al. (2016); Chang, Chen, Haber and Chi (2019).
"""

import numpy as np

from rnncore.reference.rnn_residual import PARAMS, check_scale
from rnncore.reference.shapes import shapes
from rnncore.tuned.products import deferred, input_product, weight_product
from rnncore.tuned.template import TunedCache, TunedCell, recurrence_backward, recurrence_forward, transposed

__all__ = ["RNNResidualCache", "rnn_residual_backward", "rnn_residual_forward"]


class RNNResidualCache(TunedCache):
    """What a sequence keeps for its backward pass."""


@shapes(params=PARAMS, xs="T B D", state0="B H")
def rnn_residual_forward(params, xs, state0, *, scale=1.0):
    """Run the cell over a sequence, each step starting from the state the last one left.

    Args:
        params: dict of weight_ih (H, D), weight_hh (H, H), bias_ih (H,), bias_hh (H,).
        xs: (T, B, D), the inputs; T is at least 1.
        state0: (B, H), the state before the first step.
        scale: a positive number, how much of each update is added.
    Returns:
        hs: (T, B, H), the state after each step.
        state_T: (B, H), the state after the last step, equal to hs[-1].
        cache: for `rnn_residual_backward`; it holds hs itself.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Chang, Chen, Haber and Chi (2019), the Euler step.
    """
    scale = check_scale(scale)
    hs, state_T, cache = recurrence_forward(CELL, params, xs, state0, scale=scale)
    return hs, state_T, RNNResidualCache(*cache)


@shapes(cache=(RNNResidualCache, {"hs": "T B H"}), dhs="T B H", dstate_T="B H")
def rnn_residual_backward(cache, dhs, dstate_T=None):
    """Carry the gradient of the loss back through the whole sequence (BPTT).

    Args:
        cache: what `rnn_residual_forward` returned.
        dhs: (T, B, H), the part of the gradient that reaches each state from outside the recurrence.
        dstate_T: (B, H), the same for state_T; None means zero.
    Returns:
        dparams: dict with the gradient of every parameter, summed over time.
        dxs: (T, B, D).
        dstate0: (B, H).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Werbos (1990), applied to the residual network.
    """
    return recurrence_backward(CELL, cache, dhs, dstate_T)


def _prepare(params, xs, *, scale):
    a = input_product(xs, params["weight_ih"].T, params["bias_ih"] + params["bias_hh"])
    return a, (), (transposed(params["weight_hh"]), scale)


def _step(weights, a, state, state_next, kept):
    (W_hh_T, scale), (h,), (h_next,) = weights, state, state_next
    a += h @ W_hh_T
    np.tanh(a, out=a)
    np.multiply(a, scale, out=h_next)
    h_next += h


def _slopes(tanh_a, states_before, states, kept, *, scale):
    return (scale * (1 - tanh_a * tanh_a),)


def _step_backward(params, slopes, dstate, das):
    (slope,), (dh,), (da,) = slopes, dstate, das
    np.multiply(dh, slope, out=da)
    dh += da @ params["weight_hh"]


def _params_backward(cache, states_before, das):
    (da,), (hs_before,) = das, states_before
    dW_ih, db, dxs = deferred(da, cache.xs, cache.params["weight_ih"])
    dW_hh = weight_product(da, hs_before)
    return {"weight_ih": dW_ih, "weight_hh": dW_hh, "bias_ih": db, "bias_hh": db.copy()}, dxs


CELL = TunedCell(_prepare, _step, lambda H: (), _slopes, _step_backward, lambda H: (H,), _params_backward)
