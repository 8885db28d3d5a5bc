r"""LSTM with peepholes: the gates also see the cell state, each unit its own.

    i_t = sigmoid(x_t W_ii^T + b_ii + h_{t-1} W_hi^T + b_hi + w_ci * c_{t-1})
    f_t = sigmoid(x_t W_if^T + b_if + h_{t-1} W_hf^T + b_hf + w_cf * c_{t-1})
    g_t =    tanh(x_t W_ig^T + b_ig + h_{t-1} W_hg^T + b_hg)
    c_t = f_t * c_{t-1} + i_t * g_t
    o_t = sigmoid(x_t W_io^T + b_io + h_{t-1} W_ho^T + b_ho + w_co * c_t)      the new cell state
    h_t = o_t * tanh(c_t)

Contents
    init_lstm_peephole             parameters
    lstm_peephole_step_forward     one time step
    lstm_peephole_step_backward    its gradient
    lstm_peephole_forward          all time steps
    lstm_peephole_backward         its gradient (BPTT)

Parameters and state are those of `lstm.py`, with three vectors more; with these at zero it is that LSTM.
Source: Gers and Schmidhuber (2000), "Recurrent Nets that Time and Count". The paper cuts the gradient off at the gates;
here it is complete, as in Graves and Schmidhuber (2005).
"""

from typing import NamedTuple

import numpy as np

from rnncore.reference.activations import sigmoid
from rnncore.reference.lstm import PARAMS as LSTM_PARAMS
from rnncore.reference.lstm import STATE, LSTMState, init_lstm
from rnncore.reference.sequence import SequenceCache, products_backward, sequence_backward, sequence_forward
from rnncore.reference.shapes import shapes

__all__ = [
    "LSTMPeepholeCache",
    "LSTMPeepholeStepCache",
    "init_lstm_peephole",
    "lstm_peephole_backward",
    "lstm_peephole_forward",
    "lstm_peephole_step_backward",
    "lstm_peephole_step_forward",
]

PARAMS = LSTM_PARAMS | {"weight_ci": "H", "weight_cf": "H", "weight_co": "H"}


class LSTMPeepholeStepCache(NamedTuple):
    """What one step keeps for its backward pass."""

    params: dict  # the parameters used
    x: np.ndarray  # (B, D)
    h: np.ndarray  # (B, H), before the step
    c: np.ndarray  # (B, H), before the step
    i: np.ndarray  # (B, H)
    f: np.ndarray  # (B, H)
    g: np.ndarray  # (B, H)
    o: np.ndarray  # (B, H)
    c_next: np.ndarray  # (B, H), after the step
    tanh_c: np.ndarray  # (B, H), of the cell state after the step


class LSTMPeepholeCache(SequenceCache):
    """What a sequence keeps for its backward pass: the cache of every step."""


@shapes(rng="rng", input_size="size", hidden_size="size")
def init_lstm_peephole(rng, input_size, hidden_size, *, forget_bias=None, dtype=np.float64):
    """Draw parameters uniformly from (-1/sqrt(H), 1/sqrt(H)), the peepholes too.

    Args:
        rng: a `numpy.random.Generator`.
        input_size: D, at least 1.
        hidden_size: H, at least 1.
        forget_bias: a number sets the two biases of the forget gate so that they add up to it; None leaves them as drawn.
        dtype: floating-point type of the arrays.
    Returns:
        A dict: weight_ih (4H, D), weight_hh (4H, H), bias_ih (4H,), bias_hh (4H,), weight_ci (H,), weight_cf (H,), weight_co (H,).
    Raises:
        TypeError, ValueError: rng is no generator, or a size is not a whole number from 1 up.
    """
    params = init_lstm(rng, input_size, hidden_size, forget_bias=forget_bias, dtype=dtype)
    bound = 1 / np.sqrt(hidden_size)
    return params | {name: rng.uniform(-bound, bound, hidden_size).astype(dtype) for name in ("weight_ci", "weight_cf", "weight_co")}


@shapes(params=PARAMS, x="B D", state=STATE)
def lstm_peephole_step_forward(params, x, state):
    """Take one time step.

    Args:
        params: dict of weight_ih (4H, D), weight_hh (4H, H), bias_ih (4H,), bias_hh (4H,), rows in the order i, f, g, o,
            and weight_ci (H,), weight_cf (H,), weight_co (H,).
        x: (B, D), the input at this step.
        state: LSTMState of h (B, H) and c (B, H), before the step.
    Returns:
        state_next: LSTMState, after the step.
        cache: for `lstm_peephole_step_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Gers and Schmidhuber (2000).

    >>> params = init_lstm_peephole(np.random.default_rng(0), 1, 1)
    >>> params = {name: np.zeros_like(value) for name, value in params.items()} | {"weight_cf": np.array([9.0])}
    >>> state_next, cache = lstm_peephole_step_forward(params, np.zeros((1, 1)), LSTMState(h=np.zeros((1, 1)), c=np.ones((1, 1))))
    >>> state_next.c.round(3).tolist()  # the forget gate sees that the cell holds 1, and keeps it
    [[1.0]]
    """
    h, c = state
    a = x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"]  # (B, 4H)
    a_i, a_f, a_g, a_o = a.reshape(len(a), 4, -1).swapaxes(0, 1)  # (B, H) each
    i = sigmoid(a_i + params["weight_ci"] * c)
    f = sigmoid(a_f + params["weight_cf"] * c)
    g = np.tanh(a_g)
    c_next = f * c + i * g
    o = sigmoid(a_o + params["weight_co"] * c_next)
    tanh_c = np.tanh(c_next)
    h_next = o * tanh_c
    return LSTMState(h_next, c_next), LSTMPeepholeStepCache(params, x, h, c, i, f, g, o, c_next, tanh_c)


@shapes(cache=(LSTMPeepholeStepCache, {"x": "B D", "h": "B H"}), dstate_next=STATE)
def lstm_peephole_step_backward(cache, dstate_next):
    """Carry the gradient of the loss back through one time step.

    Args:
        cache: what `lstm_peephole_step_forward` returned.
        dstate_next: LSTMState of (B, H) gradients with respect to h and c after the step.
    Returns:
        dparams: dict with the gradient of every parameter, shaped as the parameter.
        dx: (B, D).
        dstate: LSTMState of (B, H) gradients with respect to h and c before the step.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: the chain rule, applied to the equations above.
    """
    factors, dstate = _gates_backward(cache, dstate_next)
    dparams, dx = _products_backward(cache.params, *factors)
    return dparams, dx, dstate


def _gates_backward(cache, dstate_next):
    """Carry the gradient back to the pre-activations and to the state before."""
    params, x, h, c, i, f, g, o, c_next, tanh_c = cache
    dh_next, dc_next = dstate_next
    da_o = dh_next * tanh_c * o * (1 - o)
    dc_next = dc_next + dh_next * o * (1 - tanh_c**2) + da_o * params["weight_co"]  # c_next shows through h_next and through o
    da_i = dc_next * g * i * (1 - i)
    da_f = dc_next * c * f * (1 - f)
    da_g = dc_next * i * (1 - g**2)
    da = np.concatenate([da_i, da_f, da_g, da_o], axis=1)  # (B, 4H)
    dc = dc_next * f + da_i * params["weight_ci"] + da_f * params["weight_cf"]
    return (x, h, c, c_next, da), LSTMState(da @ params["weight_hh"], dc)


def _products_backward(params, x, h, c, c_next, da):
    """Carry the gradient back from the pre-activations to the parameters and to x, for one step or for all of them as one batch."""
    dparams, dx = products_backward(params, x, h, da)
    da_i, da_f, _, da_o = da.reshape(len(da), 4, -1).swapaxes(0, 1)
    dparams |= {"weight_ci": (da_i * c).sum(axis=0), "weight_cf": (da_f * c).sum(axis=0), "weight_co": (da_o * c_next).sum(axis=0)}
    return dparams, dx


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
        cache: for `lstm_peephole_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Gers and Schmidhuber (2000).
    """
    hs, state_T, cache = sequence_forward(lstm_peephole_step_forward, params, xs, state0)
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
    return sequence_backward(_gates_backward, _products_backward, cache, dhs, dstate_T)
