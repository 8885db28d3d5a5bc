r"""minLSTM: an LSTM whose gates and candidate do not look at the state, so that all steps can be computed at once.

    i_t = sigmoid(x_t W_ii^T + b_ii)               input gate
    f_t = sigmoid(x_t W_if^T + b_if)               forget gate
    g_t =         x_t W_ig^T + b_ig                candidate
    k_t = f_t / (f_t + i_t)                        share that is kept, so that the shares add up to 1
    h_t = k_t * h_{t-1} + (1 - k_t) * g_t          a linear recurrence with a = k and b = (1 - k) * g

Contents
    init_min_lstm             parameters
    min_lstm_step_forward     one time step
    min_lstm_step_backward    its gradient
    min_lstm_forward          all time steps, as a loop or as a parallel scan
    min_lstm_backward         its gradient, in the same form

The three blocks are rows of one matrix, in the order i, f, g. There is no weight_hh, no output gate and no cell state: the state is h.
k is computed as sigmoid(log f - log i), which holds where both gates have rounded to 0.
Source: Feng, Tung, Ahmed, Bengio and Hajimirsadeghi (2024), "Were RNNs All We Needed?", section 3.2.
"""

from typing import NamedTuple

import numpy as np

from rnncore.reference.activations import sigmoid
from rnncore.reference.min_gru import FORMS, add_last, check_form
from rnncore.reference.shapes import shapes

__all__ = [
    "MinLSTMCache",
    "MinLSTMStepCache",
    "init_min_lstm",
    "min_lstm_backward",
    "min_lstm_forward",
    "min_lstm_step_backward",
    "min_lstm_step_forward",
]

PARAMS = {"weight_ih": "3H D", "bias_ih": "3H"}


class MinLSTMStepCache(NamedTuple):
    """What one step keeps for its backward pass."""

    params: dict  # the parameters used
    x: np.ndarray  # (B, D)
    h: np.ndarray  # (B, H), before the step
    i: np.ndarray  # (B, H)
    f: np.ndarray  # (B, H)
    g: np.ndarray  # (B, H)
    k: np.ndarray  # (B, H), share that is kept


class MinLSTMCache(NamedTuple):
    """What a sequence keeps for its backward pass."""

    params: dict  # the parameters used
    xs: np.ndarray  # (T, B, D)
    i: np.ndarray  # (T, B, H)
    f: np.ndarray  # (T, B, H)
    g: np.ndarray  # (T, B, H)
    k: np.ndarray  # (T, B, H)
    recurrence: NamedTuple  # cache of the linear recurrence
    form: str


@shapes(rng="rng", input_size="size", hidden_size="size")
def init_min_lstm(rng, input_size, hidden_size, *, dtype=np.float64):
    """Draw parameters uniformly from (-1/sqrt(D), 1/sqrt(D)), as `torch.nn.Linear` does.

    Args:
        rng: a `numpy.random.Generator`.
        input_size: D, at least 1.
        hidden_size: H, at least 1.
        dtype: floating-point type of the arrays.
    Returns:
        A dict: weight_ih (3H, D), bias_ih (3H,).
    Raises:
        TypeError, ValueError: rng is no generator, or a size is not a whole number from 1 up.
    """
    D, H = input_size, hidden_size
    bound = 1 / np.sqrt(D)
    sizes = {"weight_ih": (3 * H, D), "bias_ih": (3 * H,)}
    return {name: rng.uniform(-bound, bound, size).astype(dtype) for name, size in sizes.items()}


@shapes(params=PARAMS, x="B D", h="B H")
def min_lstm_step_forward(params, x, h):
    """Take one time step.

    Args:
        params: dict of weight_ih (3H, D), bias_ih (3H,); rows in the order i, f, g.
        x: (B, D), the input at this step.
        h: (B, H), the state before it.
    Returns:
        h_next: (B, H), the state after the step.
        cache: for `min_lstm_step_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Feng et al. (2024).

    >>> params = {name: np.zeros_like(value) for name, value in init_min_lstm(np.random.default_rng(0), 1, 1).items()}
    >>> params["bias_ih"][:] = [-9, 9, 1]  # i, f, g
    >>> h_next, cache = min_lstm_step_forward(params, np.array([[5.0]]), np.array([[0.7]]))
    >>> h_next.round(3).tolist()  # f / (f + i) is near 1
    [[0.7]]
    """
    i, f, g, k = _gates(params, x)
    h_next = k * h + (1 - k) * g
    return h_next, MinLSTMStepCache(params, x, h, i, f, g, k)


@shapes(cache=(MinLSTMStepCache, {"x": "B D", "h": "B H"}), dh_next="B H")
def min_lstm_step_backward(cache, dh_next):
    """Carry the gradient of the loss back through one time step.

    Args:
        cache: what `min_lstm_step_forward` returned.
        dh_next: (B, H), gradient with respect to the state after the step.
    Returns:
        dparams: dict with the gradient of every parameter, shaped as the parameter.
        dx: (B, D).
        dh: (B, H), gradient with respect to the state before the step.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: the chain rule, applied to the equations above.
    """
    params, x, h, i, f, g, k = cache
    dk = dh_next * (h - g)
    dg = dh_next * (1 - k)
    dparams, dx = _input_gradients(params, x, i, f, k, dk, dg)
    return dparams, dx, dh_next * k


@shapes(params=PARAMS, xs="T B D", state0="B H")
def min_lstm_forward(params, xs, state0, *, form="loop"):
    """Run the cell over a sequence; gates and candidates of all steps come first, as they need no state.

    Args:
        params: dict of weight_ih (3H, D), bias_ih (3H,); rows in the order i, f, g.
        xs: (T, B, D), the inputs; T is at least 1.
        state0: (B, H), the state before the first step.
        form: "loop", one step after the other, or "scan", log2(T) rounds over all steps; the results agree up to rounding.
    Returns:
        hs: (T, B, H), the state after each step.
        state_T: (B, H), the state after the last step, equal to hs[-1].
        cache: for `min_lstm_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Feng et al. (2024).
    """
    check_form(form)
    i, f, g, k = _gates(params, xs)  # (T, B, H) each
    hs, recurrence = FORMS[form][0](k, (1 - k) * g, state0)
    return hs, hs[-1].copy(), MinLSTMCache(params, xs, i, f, g, k, recurrence, form)


@shapes(cache=(MinLSTMCache, {"k": "T B H"}), dhs="T B H", dstate_T="B H")
def min_lstm_backward(cache, dhs, dstate_T=None):
    """Carry the gradient of the loss back through the whole sequence (BPTT).

    Args:
        cache: what `min_lstm_forward` returned.
        dhs: (T, B, H), the part of the gradient that reaches each state from outside the recurrence.
        dstate_T: (B, H), the same for state_T; None means zero.
    Returns:
        dparams: dict with the gradient of every parameter, summed over time.
        dxs: (T, B, D).
        dstate0: (B, H).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: the chain rule; Martin and Cundy (2018) for the scan.
    """
    params, xs, i, f, g, k, recurrence, form = cache
    da, db, dstate0 = FORMS[form][1](recurrence, add_last(dhs, dstate_T))
    dk = da - db * g  # a = k, b = (1 - k) g
    dg = db * (1 - k)
    dparams, dxs = _input_gradients(params, xs, i, f, k, dk, dg)
    return dparams, dxs, dstate0


def _gates(params, x):
    a_i, a_f, g = np.split(x @ params["weight_ih"].T + params["bias_ih"], 3, axis=-1)
    log_i, log_f = -np.logaddexp(0, -a_i), -np.logaddexp(0, -a_f)
    return np.exp(log_i), np.exp(log_f), g, sigmoid(log_f - log_i)


def _input_gradients(params, x, i, f, k, dk, dg):
    dlog = dk * k * (1 - k)  # gradient at log f - log i, and d log sigmoid(a) / da = 1 - sigmoid(a)
    da = np.concatenate([-dlog * (1 - i), dlog * (1 - f), dg], axis=-1)  # (..., 3H)
    flat_da, flat_x = da.reshape(-1, da.shape[-1]), x.reshape(-1, x.shape[-1])
    return {"weight_ih": flat_da.T @ flat_x, "bias_ih": flat_da.sum(axis=0)}, da @ params["weight_ih"]
