r"""LSTM with layer normalisation: three places in every step where vectors are brought to mean 0 and variance 1.

    norm(v) = (v - mean(v)) / sqrt(var(v) + eps)          over the entries of each vector, as in `normalization.py`

    a_t = gain_ih * norm(x_t W_ih^T) + bias_ih            the product with the input, all 4H entries together
        + gain_hh * norm(h_{t-1} W_hh^T) + bias_hh        the product with the state, all 4H entries together
    i_t, f_t, g_t, o_t = sigmoid, sigmoid, tanh, sigmoid of the four blocks of a_t
    c_t = f_t * c_{t-1} + i_t * g_t                       not normalised: the sum runs on untouched
    h_t = o_t * tanh(gain_c * norm(c_t) + bias_c)         only what is shown

Contents
    init_lstm_layer_norm             parameters
    lstm_layer_norm_step_forward     one time step
    lstm_layer_norm_step_backward    its gradient
    lstm_layer_norm_forward          all time steps
    lstm_layer_norm_backward         its gradient (BPTT)

The rows are in the order i, f, g, o; the state is that of `lstm.py`. The paper's bias b is part of bias_ih here: the two only add up.
Source: Ba, Kiros and Hinton (2016), "Layer Normalization", the LSTM of its supplement.
"""

from typing import NamedTuple

import numpy as np

from rnncore.reference.activations import sigmoid
from rnncore.reference.lstm import PARAMS as LSTM_PARAMS
from rnncore.reference.lstm import STATE, LSTMState, init_lstm
from rnncore.reference.normalization import LayerNormCache, layer_norm_backward, layer_norm_forward
from rnncore.reference.sequence import SequenceCache, sequence_backward, sequence_forward
from rnncore.reference.shapes import shapes

__all__ = [
    "LSTMLayerNormCache",
    "LSTMLayerNormStepCache",
    "init_lstm_layer_norm",
    "lstm_layer_norm_backward",
    "lstm_layer_norm_forward",
    "lstm_layer_norm_step_backward",
    "lstm_layer_norm_step_forward",
]

PARAMS = LSTM_PARAMS | {"gain_ih": "4H", "gain_hh": "4H", "gain_c": "H", "bias_c": "H"}


class LSTMLayerNormStepCache(NamedTuple):
    """What one step keeps for its backward pass."""

    params: dict  # the parameters used
    x: np.ndarray  # (B, D)
    h: np.ndarray  # (B, H), before the step
    c: np.ndarray  # (B, H), before the step
    i: np.ndarray  # (B, H)
    f: np.ndarray  # (B, H)
    g: np.ndarray  # (B, H)
    o: np.ndarray  # (B, H)
    tanh_c: np.ndarray  # (B, H), of the normalised cell state after the step
    norm_ih: LayerNormCache
    norm_hh: LayerNormCache
    norm_c: LayerNormCache


class LSTMLayerNormCache(SequenceCache):
    """What a sequence keeps for its backward pass: the cache of every step."""


@shapes(rng="rng", input_size="size", hidden_size="size")
def init_lstm_layer_norm(rng, input_size, hidden_size, *, forget_bias=None, dtype=np.float64):
    """Draw weights uniformly from (-1/sqrt(H), 1/sqrt(H)); gains are 1 and biases 0.

    Args:
        rng: a `numpy.random.Generator`.
        input_size: D, at least 1.
        hidden_size: H, at least 1.
        forget_bias: a number for the forget gate's rows of bias_ih; None leaves them 0.
        dtype: floating-point type of the arrays.
    Returns:
        A dict: weight_ih (4H, D), weight_hh (4H, H), bias_ih, bias_hh, gain_ih, gain_hh, each (4H,), gain_c (H,), bias_c (H,).
    Raises:
        TypeError, ValueError: rng is no generator, or a size is not a whole number from 1 up.
    """
    H = hidden_size
    params = init_lstm(rng, input_size, H, dtype=dtype)
    params |= {"bias_ih": np.zeros(4 * H, dtype), "bias_hh": np.zeros(4 * H, dtype)}
    if forget_bias is not None:
        params["bias_ih"][H : 2 * H] = forget_bias
    gains = {"gain_ih": np.ones(4 * H, dtype), "gain_hh": np.ones(4 * H, dtype), "gain_c": np.ones(H, dtype)}
    return params | gains | {"bias_c": np.zeros(H, dtype)}


@shapes(params=PARAMS, x="B D", state=STATE)
def lstm_layer_norm_step_forward(params, x, state, *, eps=1e-5):
    """Take one time step.

    Args:
        params: dict of weight_ih (4H, D), weight_hh (4H, H), bias_ih, bias_hh, gain_ih, gain_hh, each (4H,), rows in the
            order i, f, g, o, and gain_c (H,), bias_c (H,).
        x: (B, D), the input at this step.
        state: LSTMState of h (B, H) and c (B, H), before the step.
        eps: a positive number added to each variance.
    Returns:
        state_next: LSTMState, after the step.
        cache: for `lstm_layer_norm_step_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Ba, Kiros and Hinton (2016).

    >>> params, state = init_lstm_layer_norm(np.random.default_rng(0), 2, 4), LSTMState(*np.zeros((2, 1, 4)))
    >>> x = np.array([[3.0, -1.0]])
    >>> once, thousand_times = (lstm_layer_norm_step_forward(params, size * x, state)[0].h for size in (1, 1000))
    >>> bool(np.allclose(once, thousand_times, atol=1e-4))  # how large the input is makes no difference
    True
    """
    h, c = state
    a_x, norm_ih = layer_norm_forward({"weight": params["gain_ih"], "bias": params["bias_ih"]}, x @ params["weight_ih"].T, eps=eps)
    a_h, norm_hh = layer_norm_forward({"weight": params["gain_hh"], "bias": params["bias_hh"]}, h @ params["weight_hh"].T, eps=eps)
    a_i, a_f, a_g, a_o = (a_x + a_h).reshape(len(x), 4, -1).swapaxes(0, 1)  # (B, H) each
    i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
    c_next = f * c + i * g
    shown, norm_c = layer_norm_forward({"weight": params["gain_c"], "bias": params["bias_c"]}, c_next, eps=eps)
    tanh_c = np.tanh(shown)
    h_next = o * tanh_c
    return LSTMState(h_next, c_next), LSTMLayerNormStepCache(params, x, h, c, i, f, g, o, tanh_c, norm_ih, norm_hh, norm_c)


@shapes(cache=(LSTMLayerNormStepCache, {"x": "B D", "h": "B H"}), dstate_next=STATE)
def lstm_layer_norm_step_backward(cache, dstate_next):
    """Carry the gradient of the loss back through one time step.

    Args:
        cache: what `lstm_layer_norm_step_forward` returned.
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
    params, x, h, c, i, f, g, o, tanh_c, norm_ih, norm_hh, norm_c = cache
    dh_next, dc_next = dstate_next
    dshown = dh_next * o * (1 - tanh_c**2)
    _, dc_shown = layer_norm_backward(norm_c, dshown)
    dc_next = dc_next + dc_shown  # c_next also shows through h_next
    da_i = dc_next * g * i * (1 - i)
    da_f = dc_next * c * f * (1 - f)
    da_g = dc_next * i * (1 - g**2)
    da_o = dh_next * tanh_c * o * (1 - o)
    da = np.concatenate([da_i, da_f, da_g, da_o], axis=1)  # (B, 4H)
    _, dxw = layer_norm_backward(norm_ih, da)  # dxw: gradient at x W_ih^T
    _, dhw = layer_norm_backward(norm_hh, da)
    factors = (x, h, norm_ih.n, norm_hh.n, norm_c.n, da, dxw, dhw, dshown)
    return factors, LSTMState(dhw @ params["weight_hh"], dc_next * f)


def _products_backward(params, x, h, n_ih, n_hh, n_c, da, dxw, dhw, dshown):
    """Carry the gradient back from the pre-activations to the parameters and to x, for one step or for all of them as one batch."""
    dparams = {"weight_ih": dxw.T @ x, "weight_hh": dhw.T @ h, "bias_ih": da.sum(axis=0), "bias_hh": da.sum(axis=0)}
    dparams |= {"gain_ih": (da * n_ih).sum(axis=0), "gain_hh": (da * n_hh).sum(axis=0)}
    dparams |= {"gain_c": (dshown * n_c).sum(axis=0), "bias_c": dshown.sum(axis=0)}
    return dparams, dxw @ params["weight_ih"]


@shapes(params=PARAMS, xs="T B D", state0=STATE)
def lstm_layer_norm_forward(params, xs, state0, *, eps=1e-5):
    """Run the cell over a sequence, each step starting from the state the last one left.

    Args:
        params: dict of weight_ih (4H, D), weight_hh (4H, H), bias_ih, bias_hh, gain_ih, gain_hh, each (4H,), rows in the
            order i, f, g, o, and gain_c (H,), bias_c (H,).
        xs: (T, B, D), the inputs; T is at least 1.
        state0: LSTMState of h (B, H) and c (B, H), before the first step.
        eps: a positive number added to each variance.
    Returns:
        hs: (T, B, H), the hidden state after each step.
        state_T: LSTMState after the last step; its h equals hs[-1].
        cache: for `lstm_layer_norm_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Ba, Kiros and Hinton (2016).
    """
    hs, state_T, cache = sequence_forward(lstm_layer_norm_step_forward, params, xs, state0, eps=eps)
    return hs, state_T, LSTMLayerNormCache(*cache)


@shapes(cache=(LSTMLayerNormCache, {"hs": "T B H"}), dhs="T B H", dstate_T=STATE)
def lstm_layer_norm_backward(cache, dhs, dstate_T=None):
    """Carry the gradient of the loss back through the whole sequence (BPTT).

    Args:
        cache: what `lstm_layer_norm_forward` returned.
        dhs: (T, B, H), the part of the gradient that reaches each hidden state from outside the recurrence.
        dstate_T: LSTMState of (B, H), the same for state_T; None means zero.
    Returns:
        dparams: dict with the gradient of every parameter, summed over time.
        dxs: (T, B, D).
        dstate0: LSTMState of (B, H).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Werbos (1990), applied to the LSTM with layer normalisation.
    """
    return sequence_backward(_gates_backward, _products_backward, cache, dhs, dstate_T)
