r"""Gated recurrent unit, in the two conventions that are in use.

    r_t = sigmoid(x_t W_ir^T + b_ir + h_{t-1} W_hr^T + b_hr)              reset gate
    z_t = sigmoid(x_t W_iz^T + b_iz + h_{t-1} W_hz^T + b_hz)              update gate
    n_t =    tanh(x_t W_in^T + b_in + r_t * (h_{t-1} W_hn^T + b_hn))      candidate, reset="after" the product (PyTorch, cuDNN)
    n_t =    tanh(x_t W_in^T + b_in + (r_t * h_{t-1}) W_hn^T + b_hn)      candidate, reset="before" the product (the paper)
    h_t = (1 - z_t) * n_t + z_t * h_{t-1}

Contents
    init_gru             parameters
    gru_step_forward     one time step
    gru_step_backward    its gradient
    gru_forward          all time steps
    gru_backward         its gradient (BPTT)

The three blocks are rows of one matrix, in the order r, z, n. Names and shapes are those of `torch.nn.GRU` (layer suffix left out).
Parameters of other conventions: `gru_conventions.py`.
Source: Cho et al. (2014), reset before the product, and so Chung et al. (2014); reset after it: cuDNN and PyTorch, as in the first
version of the former paper (arXiv:1406.1078v1).
"""

from typing import NamedTuple

import numpy as np

from rnncore.reference.activations import sigmoid
from rnncore.reference.shapes import shapes

__all__ = [
    "GRUCache",
    "GRUStepCache",
    "gru_backward",
    "gru_forward",
    "gru_step_backward",
    "gru_step_forward",
    "init_gru",
]

PARAMS = {"weight_ih": "3H D", "weight_hh": "3H H", "bias_ih": "3H", "bias_hh": "3H"}


class GRUStepCache(NamedTuple):
    """What one step keeps for its backward pass."""

    params: dict  # the parameters used
    x: np.ndarray  # (B, D)
    h: np.ndarray  # (B, H), before the step
    r: np.ndarray  # (B, H)
    z: np.ndarray  # (B, H)
    n: np.ndarray  # (B, H)
    a_hn: np.ndarray  # (B, H), the recurrent part of the candidate before a reset that comes after the product
    reset: str


class GRUCache(NamedTuple):
    """What a sequence keeps for its backward pass: the cache of every step."""

    steps: list  # T entries
    hs: np.ndarray  # (T, B, H)


@shapes(rng="rng", input_size="size", hidden_size="size")
def init_gru(rng, input_size, hidden_size, *, dtype=np.float64):
    """Draw parameters uniformly from (-1/sqrt(H), 1/sqrt(H)), as `torch.nn.GRU` does.

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


@shapes(params=PARAMS, x="B D", h="B H")
def gru_step_forward(params, x, h, *, reset="after"):
    """Take one time step.

    Args:
        params: dict of weight_ih (3H, D), weight_hh (3H, H), bias_ih (3H,), bias_hh (3H,); rows in the order r, z, n.
        x: (B, D), the input at this step.
        h: (B, H), the state before it.
        reset: "after" applies the reset gate to the recurrent product, as PyTorch does; "before" applies it to the state.
    Returns:
        h_next: (B, H), the state after the step.
        cache: for `gru_step_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Cho et al. (2014).

    >>> params = {name: np.zeros_like(value) for name, value in init_gru(np.random.default_rng(0), 1, 1).items()}
    >>> params["bias_ih"][:] = [0, 9, 0]  # r, z, n
    >>> h_next, cache = gru_step_forward(params, np.array([[5.0]]), np.array([[0.7]]))
    >>> h_next.round(3).tolist()  # the update gate z is open for the old state
    [[0.7]]
    """
    _check_reset(reset)
    H = h.shape[1]
    W_hn, b_hn = params["weight_hh"][2 * H :], params["bias_hh"][2 * H :]
    a_x = x @ params["weight_ih"].T + params["bias_ih"]  # (B, 3H)
    a_rz = a_x[:, : 2 * H] + h @ params["weight_hh"][: 2 * H].T + params["bias_hh"][: 2 * H]
    r, z = sigmoid(a_rz[:, :H]), sigmoid(a_rz[:, H:])
    if reset == "after":
        a_hn = h @ W_hn.T + b_hn
        n = np.tanh(a_x[:, 2 * H :] + r * a_hn)
    else:
        a_hn = (r * h) @ W_hn.T + b_hn
        n = np.tanh(a_x[:, 2 * H :] + a_hn)
    h_next = (1 - z) * n + z * h
    return h_next, GRUStepCache(params, x, h, r, z, n, a_hn, reset)


@shapes(cache=(GRUStepCache, {"x": "B D", "h": "B H"}), dh_next="B H")
def gru_step_backward(cache, dh_next):
    """Carry the gradient of the loss back through one time step.

    Args:
        cache: what `gru_step_forward` returned.
        dh_next: (B, H), gradient with respect to the state after the step.
    Returns:
        dparams: dict with the gradient of every parameter, shaped as the parameter.
        dx: (B, D).
        dh: (B, H), gradient with respect to the state before the step.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: the chain rule, applied to the equations above.
    """
    factors, dh = _gates_backward(cache, dh_next)
    dparams, dx = _products_backward(cache.params, *factors)
    return dparams, dx, dh


def _gates_backward(cache, dh_next):
    """Carry the gradient back to the pre-activations and to the state before."""
    params, x, h, r, z, n, a_hn, reset = cache
    H = h.shape[1]
    W_hrz, W_hn = params["weight_hh"][: 2 * H], params["weight_hh"][2 * H :]
    da_z = dh_next * (h - n) * z * (1 - z)
    da_n = dh_next * (1 - z) * (1 - n**2)
    dh = dh_next * z
    if reset == "after":
        da_hn = da_n * r  # gradient at h W_hn^T + b_hn
        dr = da_n * a_hn
        dh = dh + da_hn @ W_hn
        h_n = h  # what W_hn multiplied
    else:
        da_hn = da_n
        drh = da_n @ W_hn  # gradient at r * h
        dr = drh * h
        dh = dh + drh * r
        h_n = r * h
    da_x = np.concatenate([dr * r * (1 - r), da_z, da_n], axis=1)  # (B, 3H)
    return (x, h, h_n, da_x, da_hn), dh + da_x[:, : 2 * H] @ W_hrz


def _products_backward(params, x, h, h_n, da_x, da_hn):
    """Carry the gradient back from the pre-activations to the parameters and to x, for one step or for all of them as one batch."""
    da_rz = da_x[:, : 2 * h.shape[1]]
    db_x, db_hn = da_x.sum(axis=0), da_hn.sum(axis=0)
    dparams = {
        "weight_ih": da_x.T @ x,
        "weight_hh": np.concatenate([da_rz.T @ h, da_hn.T @ h_n]),
        "bias_ih": db_x,
        "bias_hh": np.concatenate([db_x[: -len(db_hn)], db_hn]),
    }
    return dparams, da_x @ params["weight_ih"]


@shapes(params=PARAMS, xs="T B D", state0="B H")
def gru_forward(params, xs, state0, *, reset="after"):
    """Run the cell over a sequence, each step starting from the state the last one left.

    Args:
        params: dict of weight_ih (3H, D), weight_hh (3H, H), bias_ih (3H,), bias_hh (3H,); rows in the order r, z, n.
        xs: (T, B, D), the inputs; T is at least 1.
        state0: (B, H), the state before the first step.
        reset: "after" or "before" the recurrent product, as in `gru_step_forward`.
    Returns:
        hs: (T, B, H), the state after each step.
        state_T: (B, H), the state after the last step, equal to hs[-1].
        cache: for `gru_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Cho et al. (2014).
    """
    h = state0
    hs, steps = [], []
    for x in xs:
        h, step = gru_step_forward(params, x, h, reset=reset)
        hs.append(h)
        steps.append(step)
    hs = np.stack(hs)  # (T, B, H)
    return hs, h, GRUCache(steps, hs)


@shapes(cache=(GRUCache, {"hs": "T B H"}), dhs="T B H", dstate_T="B H")
def gru_backward(cache, dhs, dstate_T=None):
    """Carry the gradient of the loss back through the whole sequence (BPTT).

    Args:
        cache: what `gru_forward` returned.
        dhs: (T, B, H), the part of the gradient that reaches each state from outside the recurrence.
        dstate_T: (B, H), the same for state_T; None means zero.
    Returns:
        dparams: dict with the gradient of every parameter, summed over time.
        dxs: (T, B, D).
        dstate0: (B, H).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Werbos (1990), applied to the GRU.
    """
    dh = np.zeros_like(dhs[0]) if dstate_T is None else dstate_T
    factors = []  # what the products need from each step
    for step, dh_t in zip(reversed(cache.steps), dhs[::-1], strict=True):
        step_factors, dh = _gates_backward(step, dh_t + dh)  # from above, and from the future
        factors.append(step_factors)
    factors = (np.concatenate(steps) for steps in zip(*factors[::-1], strict=True))  # (T B, ...) each: all steps as one batch
    dparams, dxs = _products_backward(cache.steps[0].params, *factors)
    return dparams, dxs.reshape(*dhs.shape[:2], -1), dh


def _check_reset(reset):
    if reset not in ("after", "before"):
        raise ValueError(f"reset must be 'after' or 'before', got {reset!r}.")
