r"""minGRU: a GRU whose gate and candidate do not look at the state, so that all steps can be computed at once.

    z_t = sigmoid(x_t W_iz^T + b_iz)         update gate
    n_t =         x_t W_in^T + b_in          candidate
    h_t = (1 - z_t) * h_{t-1} + z_t * n_t    a linear recurrence with a = 1 - z and b = z * n

Contents
    init_min_gru             parameters
    min_gru_step_forward     one time step
    min_gru_step_backward    its gradient
    min_gru_forward          all time steps, as a loop or as a parallel scan
    min_gru_backward         its gradient, in the same form

The two blocks are rows of one matrix, in the order z, n. There is no weight_hh. As in the paper, z is the share of the candidate; in
`gru.py`, as in PyTorch, it is the share of the old state.
Source: Feng, Tung, Ahmed, Bengio and Hajimirsadeghi (2024), "Were RNNs All We Needed?", section 3.1.
"""

from typing import NamedTuple

import numpy as np

from rnncore.reference.activations import sigmoid
from rnncore.reference.linear_recurrence import (
    linear_recurrence_backward,
    linear_recurrence_forward,
    linear_recurrence_scan_backward,
    linear_recurrence_scan_forward,
)
from rnncore.reference.shapes import shapes

__all__ = [
    "MinGRUCache",
    "MinGRUStepCache",
    "init_min_gru",
    "min_gru_backward",
    "min_gru_forward",
    "min_gru_step_backward",
    "min_gru_step_forward",
]

PARAMS = {"weight_ih": "2H D", "bias_ih": "2H"}
FORMS = {
    "loop": (linear_recurrence_forward, linear_recurrence_backward),
    "scan": (linear_recurrence_scan_forward, linear_recurrence_scan_backward),
}


class MinGRUStepCache(NamedTuple):
    """What one step keeps for its backward pass."""

    params: dict  # the parameters used
    x: np.ndarray  # (B, D)
    h: np.ndarray  # (B, H), before the step
    z: np.ndarray  # (B, H)
    n: np.ndarray  # (B, H)


class MinGRUCache(NamedTuple):
    """What a sequence keeps for its backward pass."""

    params: dict  # the parameters used
    xs: np.ndarray  # (T, B, D)
    zs: np.ndarray  # (T, B, H)
    ns: np.ndarray  # (T, B, H)
    recurrence: NamedTuple  # cache of the linear recurrence
    form: str


@shapes(rng="rng", input_size="size", hidden_size="size")
def init_min_gru(rng, input_size, hidden_size, *, dtype=np.float64):
    """Draw parameters uniformly from (-1/sqrt(D), 1/sqrt(D)), as `torch.nn.Linear` does.

    Args:
        rng: a `numpy.random.Generator`.
        input_size: D, at least 1.
        hidden_size: H, at least 1.
        dtype: floating-point type of the arrays.
    Returns:
        A dict: weight_ih (2H, D), bias_ih (2H,).
    Raises:
        TypeError, ValueError: rng is no generator, or a size is not a whole number from 1 up.
    """
    D, H = input_size, hidden_size
    bound = 1 / np.sqrt(D)
    sizes = {"weight_ih": (2 * H, D), "bias_ih": (2 * H,)}
    return {name: rng.uniform(-bound, bound, size).astype(dtype) for name, size in sizes.items()}


@shapes(params=PARAMS, x="B D", h="B H")
def min_gru_step_forward(params, x, h):
    """Take one time step.

    Args:
        params: dict of weight_ih (2H, D), bias_ih (2H,); rows in the order z, n.
        x: (B, D), the input at this step.
        h: (B, H), the state before it.
    Returns:
        h_next: (B, H), the state after the step.
        cache: for `min_gru_step_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Feng et al. (2024).

    >>> params = {name: np.zeros_like(value) for name, value in init_min_gru(np.random.default_rng(0), 1, 1).items()}
    >>> params["bias_ih"][:] = [-9, 1]  # z, n
    >>> h_next, cache = min_gru_step_forward(params, np.array([[5.0]]), np.array([[0.7]]))
    >>> h_next.round(3).tolist()  # z near 0 keeps the state
    [[0.7]]
    """
    z, n = _gate_and_candidate(params, x)
    h_next = (1 - z) * h + z * n
    return h_next, MinGRUStepCache(params, x, h, z, n)


@shapes(cache=(MinGRUStepCache, {"x": "B D", "h": "B H"}), dh_next="B H")
def min_gru_step_backward(cache, dh_next):
    """Carry the gradient of the loss back through one time step.

    Args:
        cache: what `min_gru_step_forward` returned.
        dh_next: (B, H), gradient with respect to the state after the step.
    Returns:
        dparams: dict with the gradient of every parameter, shaped as the parameter.
        dx: (B, D).
        dh: (B, H), gradient with respect to the state before the step.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: the chain rule, applied to the equations above.
    """
    params, x, h, z, n = cache
    dz = dh_next * (n - h)
    dn = dh_next * z
    dparams, dx = _input_gradients(params, x, z, dz, dn)
    return dparams, dx, dh_next * (1 - z)


@shapes(params=PARAMS, xs="T B D", state0="B H")
def min_gru_forward(params, xs, state0, *, form="loop"):
    """Run the cell over a sequence; gates and candidates of all steps come first, as they need no state.

    Args:
        params: dict of weight_ih (2H, D), bias_ih (2H,); rows in the order z, n.
        xs: (T, B, D), the inputs; T is at least 1.
        state0: (B, H), the state before the first step.
        form: "loop", one step after the other, or "scan", log2(T) rounds over all steps; the results agree up to rounding.
    Returns:
        hs: (T, B, H), the state after each step.
        state_T: (B, H), the state after the last step, equal to hs[-1].
        cache: for `min_gru_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Feng et al. (2024).
    """
    check_form(form)
    zs, ns = _gate_and_candidate(params, xs)  # (T, B, H) each
    hs, recurrence = FORMS[form][0](1 - zs, zs * ns, state0)
    return hs, hs[-1].copy(), MinGRUCache(params, xs, zs, ns, recurrence, form)


@shapes(cache=(MinGRUCache, {"zs": "T B H"}), dhs="T B H", dstate_T="B H")
def min_gru_backward(cache, dhs, dstate_T=None):
    """Carry the gradient of the loss back through the whole sequence (BPTT).

    Args:
        cache: what `min_gru_forward` returned.
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
    params, xs, zs, ns, recurrence, form = cache
    da, db, dstate0 = FORMS[form][1](recurrence, add_last(dhs, dstate_T))
    dzs = db * ns - da  # a = 1 - z, b = z n
    dns = db * zs
    dparams, dxs = _input_gradients(params, xs, zs, dzs, dns)
    return dparams, dxs, dstate0


def _gate_and_candidate(params, x):
    a = x @ params["weight_ih"].T + params["bias_ih"]  # (..., 2H)
    a_z, n = np.split(a, 2, axis=-1)
    return sigmoid(a_z), n


def _input_gradients(params, x, z, dz, dn):
    da = np.concatenate([dz * z * (1 - z), dn], axis=-1)  # (..., 2H)
    flat_da, flat_x = da.reshape(-1, da.shape[-1]), x.reshape(-1, x.shape[-1])
    return {"weight_ih": flat_da.T @ flat_x, "bias_ih": flat_da.sum(axis=0)}, da @ params["weight_ih"]


def check_form(form):
    if form not in FORMS:
        raise ValueError(f"form must be 'loop' or 'scan', got {form!r}.")


def add_last(dhs, dstate_T):
    """The gradients of all states, with that of state_T added to the last one."""
    if dstate_T is None:
        return dhs
    dhs = dhs.copy()
    dhs[-1] += dstate_T
    return dhs
