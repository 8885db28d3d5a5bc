r"""A recurrent network with a shortcut: every step adds to the state instead of replacing it.

    a_t = x_t W_ih^T + b_ih + h_{t-1} W_hh^T + b_hh
    h_t = h_{t-1} + s * tanh(a_t)                     s, the scale, is a number

    dh_{t-1} = dh_t + s * (dh_t * (1 - tanh(a_t)^2)) W_hh       the first term reaches every earlier step unchanged

Contents
    rnn_residual_step_forward     one time step
    rnn_residual_step_backward    its gradient
    rnn_residual_forward          all time steps
    rnn_residual_backward         its gradient (BPTT)

Parameters are those of the vanilla network: `init_rnn` draws them. The state is no longer bounded: it can grow by s at every step.
Source: the shortcut: He et al. (2016); in a recurrent network, as a step of length s along a differential equation: Chang et al. (2019).
"""

from typing import NamedTuple

import numpy as np

from rnncore.reference.rnn import PARAMS
from rnncore.reference.sequence import SequenceCache, products_backward, sequence_backward, sequence_forward
from rnncore.reference.shapes import shapes

__all__ = [
    "RNNResidualCache",
    "RNNResidualStepCache",
    "rnn_residual_backward",
    "rnn_residual_forward",
    "rnn_residual_step_backward",
    "rnn_residual_step_forward",
]


class RNNResidualStepCache(NamedTuple):
    """What one step keeps for its backward pass."""

    params: dict  # the parameters used
    x: np.ndarray  # (B, D)
    h: np.ndarray  # (B, H), state before the step
    tanh_a: np.ndarray  # (B, H)
    scale: float


class RNNResidualCache(SequenceCache):
    """What a sequence keeps for its backward pass: the cache of every step."""


@shapes(params=PARAMS, x="B D", h="B H")
def rnn_residual_step_forward(params, x, h, *, scale=1.0):
    """Take one time step.

    Args:
        params: dict of weight_ih (H, D), weight_hh (H, H), bias_ih (H,), bias_hh (H,).
        x: (B, D), the input at this step.
        h: (B, H), the state before it.
        scale: a positive number, how much of the update is added.
    Returns:
        h_next: (B, H), the state after the step.
        cache: for `rnn_residual_step_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Chang, Chen, Haber and Chi (2019), the Euler step.

    >>> params = {"weight_ih": np.zeros((1, 1)), "weight_hh": np.zeros((1, 1)), "bias_ih": np.ones(1), "bias_hh": np.zeros(1)}
    >>> h_next, cache = rnn_residual_step_forward(params, np.zeros((1, 1)), np.array([[2.0]]), scale=0.5)
    >>> h_next.round(3).tolist()  # 2 + 0.5 tanh(1)
    [[2.381]]
    """
    scale = check_scale(scale)
    a = x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"]  # (B, H)
    tanh_a = np.tanh(a)
    h_next = h + scale * tanh_a
    return h_next, RNNResidualStepCache(params, x, h, tanh_a, scale)


@shapes(cache=(RNNResidualStepCache, {"x": "B D", "h": "B H"}), dh_next="B H")
def rnn_residual_step_backward(cache, dh_next):
    """Carry the gradient of the loss back through one time step.

    Args:
        cache: what `rnn_residual_step_forward` returned.
        dh_next: (B, H), gradient with respect to the state after the step.
    Returns:
        dparams: dict with the gradient of every parameter, shaped as the parameter.
        dx: (B, D).
        dh: (B, H), gradient with respect to the state before the step.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: the chain rule, applied to the equations above.
    """
    (x, h, da), dh = _gates_backward(cache, dh_next)
    dparams, dx = products_backward(cache.params, x, h, da)
    return dparams, dx, dh


def _gates_backward(cache, dh_next):
    """Carry the gradient back to the pre-activations and to the state before; x, h and da give those of the parameters."""
    params, x, h, tanh_a, scale = cache
    da = dh_next * scale * (1 - tanh_a**2)  # (B, H)
    return (x, h, da), dh_next + da @ params["weight_hh"]


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
        cache: for `rnn_residual_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Chang, Chen, Haber and Chi (2019), the Euler step.
    """
    hs, state_T, cache = sequence_forward(rnn_residual_step_forward, params, xs, state0, scale=scale)
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
    return sequence_backward(_gates_backward, products_backward, cache, dhs, dstate_T)


def check_scale(scale):
    """Refuse a scale that is not positive; give it as Python's own number."""
    if not scale > 0:
        raise ValueError(f"scale must be positive, got {scale}.")
    return float(scale)  # a NumPy number would turn float32 into float64
