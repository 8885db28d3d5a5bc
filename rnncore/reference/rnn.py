r"""The vanilla recurrent network: one cell, applied at every time step with the same weights.

    a_t = x_t W_ih^T + b_ih + h_{t-1} W_hh^T + b_hh
    h_t = tanh(a_t)            or max(0, a_t) with nonlinearity="relu"

Contents
    init_rnn             parameters
    rnn_step_forward     one time step
    rnn_step_backward    its gradient
    rnn_forward          all time steps
    rnn_backward         its gradient: backpropagation through time (BPTT)

Axes: T steps, B batch, D input, H hidden. Parameters have the names and shapes of `torch.nn.RNN` (layer suffix left out).
Source: Elman (1990), "Finding Structure in Time"; BPTT: Werbos (1990).
"""

from typing import NamedTuple

import numpy as np

from rnncore.reference.shapes import shapes

__all__ = ["RNNCache", "RNNStepCache", "init_rnn", "rnn_backward", "rnn_forward", "rnn_step_backward", "rnn_step_forward"]

PARAMS = {"weight_ih": "H D", "weight_hh": "H H", "bias_ih": "H", "bias_hh": "H"}


class RNNStepCache(NamedTuple):
    """What one step keeps for its backward pass."""

    params: dict  # the parameters used
    x: np.ndarray  # (B, D)
    h: np.ndarray  # (B, H), state before the step
    h_next: np.ndarray  # (B, H), state after the step
    nonlinearity: str


class RNNCache(NamedTuple):
    """What a sequence keeps for its backward pass: the cache of every step."""

    steps: list  # T entries
    hs: np.ndarray  # (T, B, H)


@shapes(rng="rng", input_size="size", hidden_size="size")
def init_rnn(rng, input_size, hidden_size, *, dtype=np.float64):
    """Draw parameters uniformly from (-1/sqrt(H), 1/sqrt(H)), as `torch.nn.RNN` does.

    Args:
        rng: a `numpy.random.Generator`.
        input_size: D, at least 1.
        hidden_size: H, at least 1.
        dtype: floating-point type of the arrays.
    Returns:
        A dict: weight_ih (H, D), weight_hh (H, H), bias_ih (H,), bias_hh (H,).
    Raises:
        TypeError, ValueError: rng is no generator, or a size is not a whole number from 1 up.
    """
    D, H = input_size, hidden_size
    bound = 1 / np.sqrt(H)
    sizes = {"weight_ih": (H, D), "weight_hh": (H, H), "bias_ih": (H,), "bias_hh": (H,)}
    return {name: rng.uniform(-bound, bound, size).astype(dtype) for name, size in sizes.items()}


@shapes(params=PARAMS, x="B D", h="B H")
def rnn_step_forward(params, x, h, *, nonlinearity="tanh"):
    """Take one time step.

    Args:
        params: dict of weight_ih (H, D), weight_hh (H, H), bias_ih (H,), bias_hh (H,).
        x: (B, D), the input at this step.
        h: (B, H), the state before it.
        nonlinearity: "tanh" or "relu".
    Returns:
        h_next: (B, H), the state after the step.
        cache: for `rnn_step_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Elman (1990).

    >>> params = {"weight_ih": np.array([[2.0]]), "weight_hh": np.array([[0.5]]), "bias_ih": np.zeros(1), "bias_hh": np.zeros(1)}
    >>> h_next, cache = rnn_step_forward(params, np.array([[0.1]]), np.array([[0.4]]))
    >>> round(float(h_next[0, 0]), 6), round(float(np.tanh(2.0 * 0.1 + 0.5 * 0.4)), 6)
    (0.379949, 0.379949)
    """
    a = x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"]  # (B, H)
    h_next = _activation(a, nonlinearity)
    return h_next, RNNStepCache(params, x, h, h_next, nonlinearity)


@shapes(cache=(RNNStepCache, {"x": "B D", "h": "B H"}), dh_next="B H")
def rnn_step_backward(cache, dh_next):
    """Carry the gradient of the loss back through one time step.

    Args:
        cache: what `rnn_step_forward` returned.
        dh_next: (B, H), gradient with respect to the state after the step.
    Returns:
        dparams: dict with the gradient of every parameter, shaped as the parameter.
        dx: (B, D).
        dh: (B, H), gradient with respect to the state before the step.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: the chain rule; Werbos (1990).
    """
    params, x, h, h_next, nonlinearity = cache
    da = dh_next * _slope(h_next, nonlinearity)  # (B, H)
    dparams = {"weight_ih": da.T @ x, "weight_hh": da.T @ h, "bias_ih": da.sum(axis=0), "bias_hh": da.sum(axis=0)}
    dx = da @ params["weight_ih"]
    dh = da @ params["weight_hh"]
    return dparams, dx, dh


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
        cache: for `rnn_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Elman (1990).

    >>> hs, h_T, cache = rnn_forward(init_rnn(np.random.default_rng(0), 3, 4), np.ones((5, 2, 3)), np.zeros((2, 4)))
    >>> hs.shape, bool((hs[-1] == h_T).all())
    ((5, 2, 4), True)
    """
    h = state0
    hs, steps = [], []
    for x in xs:
        h, step = rnn_step_forward(params, x, h, nonlinearity=nonlinearity)
        hs.append(h)
        steps.append(step)
    hs = np.stack(hs)  # (T, B, H)
    return hs, h, RNNCache(steps, hs)


@shapes(cache=(RNNCache, {"hs": "T B H"}), dhs="T B H", dstate_T="B H")
def rnn_backward(cache, dhs, dstate_T=None):
    """Carry the gradient of the loss back through the whole sequence (BPTT).

    Args:
        cache: what `rnn_forward` returned.
        dhs: (T, B, H), the part of the gradient that reaches each state from outside the recurrence.
        dstate_T: (B, H), the same for state_T; None means zero.
    Returns:
        dparams: dict with the gradient of every parameter, summed over time.
        dxs: (T, B, D).
        dstate0: (B, H).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Werbos (1990), "Backpropagation Through Time: What It Does and How to Do It".
    """
    params, _, h0, _, nonlinearity = cache.steps[0]
    dh = np.zeros_like(h0) if dstate_T is None else dstate_T
    das = np.empty_like(cache.hs)  # (T, B, H)
    for step, dh_t, da in zip(reversed(cache.steps), dhs[::-1], das[::-1], strict=True):
        np.multiply(dh_t + dh, _slope(step.h_next, nonlinearity), out=da)  # from above, and from the future
        dh = da @ params["weight_hh"]
    (T, B, H), x = das.shape, np.concatenate([step.x for step in cache.steps])  # from here on all steps are one batch of T B rows
    da, h_next = das.reshape(T * B, H), cache.hs.reshape(T * B, H)
    dparams = {
        "weight_ih": da.T @ x,
        "weight_hh": da[:B].T @ h0 + da[B:].T @ h_next[:-B],  # each step but the first started from the state the last one left
        "bias_ih": da.sum(axis=0),
        "bias_hh": da.sum(axis=0),
    }
    dxs = (da @ params["weight_ih"]).reshape(T, B, -1)
    return dparams, dxs, dh


def _activation(a, nonlinearity):
    if nonlinearity == "tanh":
        return np.tanh(a)
    if nonlinearity == "relu":
        return np.maximum(a, 0)
    raise ValueError(f"nonlinearity must be 'tanh' or 'relu', got {nonlinearity!r}.")


def _slope(h_next, nonlinearity):
    """The derivative at the pre-activation, written with the state it produced."""
    return 1 - h_next**2 if nonlinearity == "tanh" else (h_next > 0).astype(h_next.dtype)
