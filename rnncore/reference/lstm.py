r"""Long short-term memory: a cell state that is added to, and three gates that decide what is added, kept and shown.

    i_t = sigmoid(x_t W_ii^T + b_ii + h_{t-1} W_hi^T + b_hi)      input gate
    f_t = sigmoid(x_t W_if^T + b_if + h_{t-1} W_hf^T + b_hf)      forget gate
    g_t =    tanh(x_t W_ig^T + b_ig + h_{t-1} W_hg^T + b_hg)      candidate
    o_t = sigmoid(x_t W_io^T + b_io + h_{t-1} W_ho^T + b_ho)      output gate
    c_t = f_t * c_{t-1} + i_t * g_t
    h_t = o_t * tanh(c_t)

Contents
    LSTMState            hidden state h and cell state c
    init_lstm            parameters
    lstm_step_forward    one time step
    lstm_step_backward   its gradient
    lstm_forward         all time steps
    lstm_backward        its gradient (BPTT)

The four blocks are rows of one matrix, in the order i, f, g, o. Names and shapes are those of `torch.nn.LSTM` (layer suffix left out).
Source: Hochreiter and Schmidhuber (1997); the forget gate: Gers, Schmidhuber and Cummins (2000).
"""

from typing import NamedTuple

import numpy as np

from rnncore.reference.activations import sigmoid
from rnncore.reference.sequence import products_backward
from rnncore.reference.shapes import shapes

__all__ = [
    "LSTMCache",
    "LSTMState",
    "LSTMStepCache",
    "init_lstm",
    "lstm_backward",
    "lstm_forward",
    "lstm_step_backward",
    "lstm_step_forward",
]

PARAMS = {"weight_ih": "4H D", "weight_hh": "4H H", "bias_ih": "4H", "bias_hh": "4H"}


class LSTMState(NamedTuple):
    """What the cell carries from step to step."""

    h: np.ndarray  # (B, H), hidden state: what the cell shows
    c: np.ndarray  # (B, H), cell state: what it keeps


class LSTMStepCache(NamedTuple):
    """What one step keeps for its backward pass."""

    params: dict  # the parameters used
    x: np.ndarray  # (B, D)
    h: np.ndarray  # (B, H), before the step
    c: np.ndarray  # (B, H), before the step
    i: np.ndarray  # (B, H)
    f: np.ndarray  # (B, H)
    g: np.ndarray  # (B, H)
    o: np.ndarray  # (B, H)
    tanh_c: np.ndarray  # (B, H), of the cell state after the step


class LSTMCache(NamedTuple):
    """What a sequence keeps for its backward pass: the cache of every step."""

    steps: list  # T entries
    hs: np.ndarray  # (T, B, H)


STATE = LSTMState("B H", "B H")


@shapes(rng="rng", input_size="size", hidden_size="size")
def init_lstm(rng, input_size, hidden_size, *, forget_bias=None, dtype=np.float64):
    """Draw parameters uniformly from (-1/sqrt(H), 1/sqrt(H)), as `torch.nn.LSTM` does.

    Args:
        rng: a `numpy.random.Generator`.
        input_size: D, at least 1.
        hidden_size: H, at least 1.
        forget_bias: a number sets the two biases of the forget gate so that they add up to it; None leaves them as drawn.
        dtype: floating-point type of the arrays.
    Returns:
        A dict: weight_ih (4H, D), weight_hh (4H, H), bias_ih (4H,), bias_hh (4H,).
    Raises:
        TypeError, ValueError: rng is no generator, or a size is not a whole number from 1 up.
    Source: forget bias: Gers, Schmidhuber and Cummins (2000); Jozefowicz, Zaremba and Sutskever (2015).
    """
    D, H = input_size, hidden_size
    bound = 1 / np.sqrt(H)
    sizes = {"weight_ih": (4 * H, D), "weight_hh": (4 * H, H), "bias_ih": (4 * H,), "bias_hh": (4 * H,)}
    params = {name: rng.uniform(-bound, bound, size).astype(dtype) for name, size in sizes.items()}
    if forget_bias is not None:
        params["bias_ih"][H : 2 * H] = forget_bias
        params["bias_hh"][H : 2 * H] = 0
    return params


@shapes(params=PARAMS, x="B D", state=STATE)
def lstm_step_forward(params, x, state):
    """Take one time step.

    Args:
        params: dict of weight_ih (4H, D), weight_hh (4H, H), bias_ih (4H,), bias_hh (4H,); rows in the order i, f, g, o.
        x: (B, D), the input at this step.
        state: LSTMState of h (B, H) and c (B, H), before the step.
    Returns:
        state_next: LSTMState, after the step.
        cache: for `lstm_step_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Gers, Schmidhuber and Cummins (2000).

    >>> params = {name: np.zeros_like(value) for name, value in init_lstm(np.random.default_rng(0), 1, 1).items()}
    >>> params["bias_ih"][:] = [-9, 9, 0, 9]  # i, f, g, o
    >>> state_next, cache = lstm_step_forward(params, np.array([[5.0]]), LSTMState(h=np.array([[0.0]]), c=np.array([[0.5]])))
    >>> state_next.c.round(3).tolist()  # the input gate is shut and the forget gate open: the cell keeps its 0.5
    [[0.5]]
    """
    h, c = state
    a = x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"]  # (B, 4H)
    a_i, a_f, a_g, a_o = a.reshape(len(a), 4, -1).swapaxes(0, 1)  # (B, H) each
    i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
    c_next = f * c + i * g
    tanh_c = np.tanh(c_next)
    h_next = o * tanh_c
    return LSTMState(h_next, c_next), LSTMStepCache(params, x, h, c, i, f, g, o, tanh_c)


@shapes(cache=(LSTMStepCache, {"x": "B D", "h": "B H"}), dstate_next=STATE)
def lstm_step_backward(cache, dstate_next):
    """Carry the gradient of the loss back through one time step.

    Args:
        cache: what `lstm_step_forward` returned.
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
    params, x, h, c, i, f, g, o, tanh_c = cache
    dh_next, dc_next = dstate_next
    dc_next = dc_next + dh_next * o * (1 - tanh_c**2)  # c_next also shows through h_next
    da_i = dc_next * g * i * (1 - i)
    da_f = dc_next * c * f * (1 - f)
    da_g = dc_next * i * (1 - g**2)
    da_o = dh_next * tanh_c * o * (1 - o)
    da = np.concatenate([da_i, da_f, da_g, da_o], axis=1)  # (B, 4H)
    return (x, h, da), LSTMState(da @ params["weight_hh"], dc_next * f)


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
        cache: for `lstm_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Gers, Schmidhuber and Cummins (2000).

    >>> hs, state_T, cache = lstm_forward(init_lstm(np.random.default_rng(0), 3, 4), np.ones((5, 2, 3)), LSTMState(*np.zeros((2, 2, 4))))
    >>> hs.shape, state_T.c.shape, bool((hs[-1] == state_T.h).all())
    ((5, 2, 4), (2, 4), True)
    """
    state = state0
    hs, steps = [], []
    for x in xs:
        state, step = lstm_step_forward(params, x, state)
        hs.append(state.h)
        steps.append(step)
    hs = np.stack(hs)  # (T, B, H)
    return hs, state, LSTMCache(steps, hs)


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
    dstate = LSTMState(np.zeros_like(dhs[0]), np.zeros_like(dhs[0])) if dstate_T is None else dstate_T
    factors = []  # x, h, da of each step
    for step, dh_t in zip(reversed(cache.steps), dhs[::-1], strict=True):
        step_factors, dstate = _gates_backward(step, LSTMState(dh_t + dstate.h, dstate.c))  # from above, and from the future
        factors.append(step_factors)
    x, h, da = (np.concatenate(steps) for steps in zip(*factors[::-1], strict=True))  # (T B, ...) each: all steps as one batch
    dparams, dxs = products_backward(cache.steps[0].params, x, h, da)
    return dparams, dxs.reshape(*dhs.shape[:2], -1), dstate
