r"""LSTM with coupled gates: what is added makes room for itself, and one gate decides both.

    i_t = sigmoid(x_t W_ii^T + b_ii + h_{t-1} W_hi^T + b_hi)
    g_t =    tanh(x_t W_ig^T + b_ig + h_{t-1} W_hg^T + b_hg)
    o_t = sigmoid(x_t W_io^T + b_io + h_{t-1} W_ho^T + b_ho)
    c_t = (1 - i_t) * c_{t-1} + i_t * g_t              f_t = 1 - i_t
    h_t = o_t * tanh(c_t)

Contents
    init_lstm_coupled             parameters
    lstm_coupled_step_forward     one time step
    lstm_coupled_step_backward    its gradient
    lstm_coupled_forward          all time steps
    lstm_coupled_backward         its gradient (BPTT)

The three blocks are rows of one matrix, in the order i, g, o. The state is that of `lstm.py`. As 1 - sigmoid(a) = sigmoid(-a), this is
the LSTM whose forget rows are the input rows with the sign changed. From |c| at most 1 the cell state stays there: it is an average.
Source: Greff, Srivastava, Koutnik, Steunebrink and Schmidhuber (2017), "LSTM: A Search Space Odyssey", variant CIFG.
"""

from typing import NamedTuple

import numpy as np

from rnncore.reference.activations import sigmoid
from rnncore.reference.lstm import STATE, LSTMState
from rnncore.reference.sequence import SequenceCache, products_backward, sequence_backward, sequence_forward
from rnncore.reference.shapes import shapes

__all__ = [
    "LSTMCoupledCache",
    "LSTMCoupledStepCache",
    "init_lstm_coupled",
    "lstm_coupled_backward",
    "lstm_coupled_forward",
    "lstm_coupled_step_backward",
    "lstm_coupled_step_forward",
]

PARAMS = {"weight_ih": "3H D", "weight_hh": "3H H", "bias_ih": "3H", "bias_hh": "3H"}


class LSTMCoupledStepCache(NamedTuple):
    """What one step keeps for its backward pass."""

    params: dict  # the parameters used
    x: np.ndarray  # (B, D)
    h: np.ndarray  # (B, H), before the step
    c: np.ndarray  # (B, H), before the step
    i: np.ndarray  # (B, H)
    g: np.ndarray  # (B, H)
    o: np.ndarray  # (B, H)
    tanh_c: np.ndarray  # (B, H), of the cell state after the step


class LSTMCoupledCache(SequenceCache):
    """What a sequence keeps for its backward pass: the cache of every step."""


@shapes(rng="rng", input_size="size", hidden_size="size")
def init_lstm_coupled(rng, input_size, hidden_size, *, dtype=np.float64):
    """Draw parameters uniformly from (-1/sqrt(H), 1/sqrt(H)).

    Args:
        rng: a `numpy.random.Generator`.
        input_size: D, at least 1.
        hidden_size: H, at least 1.
        dtype: floating-point type of the arrays.
    Returns:
        A dict: weight_ih (3H, D), weight_hh (3H, H), bias_ih (3H,), bias_hh (3H,).
    Raises:
        TypeError, ValueError: rng is no generator, or a size is not a whole number from 1 up.
    """
    D, H = input_size, hidden_size
    bound = 1 / np.sqrt(H)
    sizes = {"weight_ih": (3 * H, D), "weight_hh": (3 * H, H), "bias_ih": (3 * H,), "bias_hh": (3 * H,)}
    return {name: rng.uniform(-bound, bound, size).astype(dtype) for name, size in sizes.items()}


@shapes(params=PARAMS, x="B D", state=STATE)
def lstm_coupled_step_forward(params, x, state):
    """Take one time step.

    Args:
        params: dict of weight_ih (3H, D), weight_hh (3H, H), bias_ih (3H,), bias_hh (3H,); rows in the order i, g, o.
        x: (B, D), the input at this step.
        state: LSTMState of h (B, H) and c (B, H), before the step.
    Returns:
        state_next: LSTMState, after the step.
        cache: for `lstm_coupled_step_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Greff et al. (2017), variant CIFG.

    >>> params = {name: np.zeros_like(value) for name, value in init_lstm_coupled(np.random.default_rng(0), 1, 1).items()}
    >>> zero, one = np.zeros((1, 1)), np.ones((1, 1))
    >>> lstm_coupled_step_forward(params, zero, LSTMState(h=zero, c=one))[0].c.tolist()  # half of the old is kept, half of the new comes in
    [[0.5]]
    """
    h, c = state
    a = x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"]  # (B, 3H)
    a_i, a_g, a_o = a.reshape(len(a), 3, -1).swapaxes(0, 1)  # (B, H) each
    i, g, o = sigmoid(a_i), np.tanh(a_g), sigmoid(a_o)
    c_next = (1 - i) * c + i * g
    tanh_c = np.tanh(c_next)
    h_next = o * tanh_c
    return LSTMState(h_next, c_next), LSTMCoupledStepCache(params, x, h, c, i, g, o, tanh_c)


@shapes(cache=(LSTMCoupledStepCache, {"x": "B D", "h": "B H"}), dstate_next=STATE)
def lstm_coupled_step_backward(cache, dstate_next):
    """Carry the gradient of the loss back through one time step.

    Args:
        cache: what `lstm_coupled_step_forward` returned.
        dstate_next: LSTMState of (B, H) gradients with respect to h and c after the step.
    Returns:
        dparams: dict with the gradient of every parameter, shaped as the parameter.
        dx: (B, D).
        dstate: LSTMState of (B, H) gradients with respect to h and c before the step.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: the chain rule, applied to the equations above.
    """
    (x, h, da), dstate = _gates_backward(cache, dstate_next)
    dparams, dx = products_backward(cache.params, x, h, da)
    return dparams, dx, dstate


def _gates_backward(cache, dstate_next):
    """Carry the gradient back to the pre-activations and to the state before; x, h and da give those of the parameters."""
    params, x, h, c, i, g, o, tanh_c = cache
    dh_next, dc_next = dstate_next
    dc_next = dc_next + dh_next * o * (1 - tanh_c**2)  # c_next also shows through h_next
    da_i = dc_next * (g - c) * i * (1 - i)
    da_g = dc_next * i * (1 - g**2)
    da_o = dh_next * tanh_c * o * (1 - o)
    da = np.concatenate([da_i, da_g, da_o], axis=1)  # (B, 3H)
    return (x, h, da), LSTMState(da @ params["weight_hh"], dc_next * (1 - i))


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
        cache: for `lstm_coupled_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Greff et al. (2017), variant CIFG.
    """
    hs, state_T, cache = sequence_forward(lstm_coupled_step_forward, params, xs, state0)
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
    return sequence_backward(_gates_backward, products_backward, cache, dhs, dstate_T)
