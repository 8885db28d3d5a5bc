r"""Looking inside a recurrence: how gradients travel through it, and what its states do.

    dL/ds_t = J_t^T dL/ds_{t+1} + what enters at t,     J_t = ds_{t+1} / ds_t
    ds_T / ds_t = J_{T-1} ... J_{t+1} J_t

Contents
    gradient_norms           ||dL/ds_t|| at every step, for any cell
    step_jacobian            J of one step by its backward pass, for any cell
    rnn_step_jacobian        diag(1 - h_t^2) W_hh, the closed form for the vanilla RNN
    step_jacobians           J of every step of a sequence
    product_jacobians        ds_T / ds_t for every t
    singular_values          of each Jacobian: by how much it can stretch or shrink
    spectral_radius          of each Jacobian: growth in the long run if it were the same at every step
    StateStatistics, state_statistics, saturation_fraction, dead_fraction

A state s is h, or for an LSTM h and c side by side, so S is H or 2H. States are counted s_0 (before the first step) to s_T.
If the largest singular value of every J_t stays below one bound smaller than 1, gradients vanish; a spectral radius below 1 promises that
only in the long run and only for one and the same J: a product can grow for many steps first.
Source: Bengio, Simard and Frasconi (1994); Pascanu, Mikolov and Bengio (2013).
"""

from typing import NamedTuple

import numpy as np

from rnncore.reference.bptt import check_sequence
from rnncore.reference.rnn import RNNStepCache
from rnncore.reference.sequence import add_to_hidden
from rnncore.reference.shapes import shapes
from rnncore.reference.tree import leaves, tree_map

__all__ = [
    "StateStatistics",
    "dead_fraction",
    "gradient_norms",
    "product_jacobians",
    "rnn_step_jacobian",
    "saturation_fraction",
    "singular_values",
    "spectral_radius",
    "state_statistics",
    "step_jacobian",
    "step_jacobians",
]


class StateStatistics(NamedTuple):
    """Statistics of the hidden states at each step, over the batch and the units."""

    norm: np.ndarray  # (T,), mean over the batch of the Euclidean norm of h_t
    mean: np.ndarray  # (T,)
    std: np.ndarray  # (T,)
    saturated: np.ndarray  # (T,), fraction of entries with |h| at or above the threshold


def gradient_norms(step_forward, step_backward, params, xs, state0, dstate_T, dhs=None, **options):
    """Measure the norm of the gradient at every state, from the last to the first.

    Args:
        step_forward, step_backward: step pair of any cell, such as `gru_step_forward`, `gru_step_backward`.
        params: what `step_forward` takes.
        xs: (T, B, D), T at least 1.
        state0: (B, H) array or named tuple of them, the state before the first step.
        dstate_T: as the state, the gradient that enters at the last state.
        dhs: (T, B, H), gradients that enter at h after each step; None means none.
        **options: further arguments of `step_forward`.
    Returns:
        (T + 1, B): entry t is ||dL/ds_t|| for each sequence of the batch; entry T is the gradient at the last state.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    check_sequence("gradient_norms", xs, step_forward, step_backward)
    _check_state("gradient_norms: dstate_T", dstate_T)
    if dhs is not None and np.shape(dhs) != (len(xs), *leaves(dstate_T)[0][1].shape):
        raise ValueError(f"gradient_norms: dhs must have shape {(len(xs), *leaves(dstate_T)[0][1].shape)}, got {np.shape(dhs)}.")
    state, caches = state0, []
    for x in xs:
        state, cache = step_forward(params, x, state, **options)
        caches.append(cache)
    dstate, norms = dstate_T, []
    for t in reversed(range(len(caches))):
        if dhs is not None:
            dstate = add_to_hidden(dstate, dhs[t])
        norms.append(np.linalg.norm(_flat(dstate), axis=1))
        dstate = step_backward(caches[t], dstate)[-1]
    norms.append(np.linalg.norm(_flat(dstate), axis=1))
    return np.stack(norms[::-1])


def step_jacobian(step_backward, cache, state_next):
    """Compute ds_{t+1} / ds_t of one step, row by row: the backward pass of the i-th unit vector is the i-th row.

    Args:
        step_backward: `*_, dstate = step_backward(cache, dstate_next)`.
        cache: what `step_forward` returned.
        state_next: the state after the step; only its type and shape are used.
    Returns:
        (B, S, S): entry [b, i, j] is the derivative of s_{t+1, i} with respect to s_{t, j} for sequence b; S is the size of the state, H,
        or 2H for h and c.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    _check_state("step_jacobian: state_next", state_next)
    S = _flat(state_next).shape[1]
    rows = []
    for i in range(S):
        unit = np.zeros_like(_flat(state_next))
        unit[:, i] = 1
        rows.append(_flat(step_backward(cache, _unflat(unit, state_next))[-1]))  # (B, S)
    return np.stack(rows, axis=1)


@shapes(cache=(RNNStepCache, {"x": "B D", "h": "B H"}))
def rnn_step_jacobian(cache):
    """Compute dh_t / dh_{t-1} of the vanilla RNN in closed form: diag(f'(a_t)) W_hh, where tanh'(a_t) = 1 - h_t^2.

    Args:
        cache: what `rnn_step_forward` returned.
    Returns:
        (B, H, H).
    Raises:
        TypeError: cache is not what `rnn_step_forward` returned.
    Source: Pascanu, Mikolov and Bengio (2013), equation 5, with the slope at the step that produced h_t.
    """
    h = cache.h_next
    slope = 1 - h**2 if cache.nonlinearity == "tanh" else (h > 0).astype(h.dtype)  # (B, H)
    return slope[:, :, None] * cache.params["weight_hh"]


def step_jacobians(step_forward, step_backward, params, xs, state0, **options):
    """Compute the Jacobian of every step of a sequence.

    Args:
        step_forward, step_backward, params: as in `gradient_norms`.
        xs: (T, B, D), T at least 1.
        state0, **options: as in `gradient_norms`.
    Returns:
        (T, B, S, S): entry t is ds_{t+1} / ds_t; S is the size of the state, as in `step_jacobian`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    check_sequence("step_jacobians", xs, step_forward, step_backward)
    state, jacobians = state0, []
    for x in xs:
        state, cache = step_forward(params, x, state, **options)
        jacobians.append(step_jacobian(step_backward, cache, state))
    return np.stack(jacobians)


@shapes(jacobians="T B S S")
def product_jacobians(jacobians):
    """Multiply the Jacobians of all steps from t to the end.

    Args:
        jacobians: (T, B, S, S), entry t is ds_{t+1} / ds_t.
    Returns:
        (T, B, S, S): entry t is ds_T / ds_t, a product of T - t matrices.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    products = [jacobians[-1].copy()]
    for J in jacobians[-2::-1]:
        products.append(products[-1] @ J)
    return np.stack(products[::-1])


@shapes(jacobians="... S S")
def singular_values(jacobians):
    """Compute the singular values of each matrix, the largest (its spectral norm) first.

    Args:
        jacobians: (..., S, S).
    Returns:
        (..., S).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    return np.linalg.svd(jacobians, compute_uv=False)


@shapes(jacobians="... S S")
def spectral_radius(jacobians):
    """Compute the largest absolute value of an eigenvalue of each matrix.

    Args:
        jacobians: (..., S, S).
    Returns:
        (...).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.

    >>> float(spectral_radius(np.array([[0.5, 100.0], [0.0, 0.5]])))  # singular values reach 100
    0.5
    """
    return np.abs(np.linalg.eigvals(jacobians)).max(axis=-1)


@shapes(hs="T B H")
def state_statistics(hs, *, threshold=0.95):
    """Summarise the hidden states of each step.

    Args:
        hs: (T, B, H).
        threshold: from which absolute value on an entry counts as saturated, a positive number.
    Returns:
        A `StateStatistics`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    _check_threshold("state_statistics", threshold)
    norm = np.linalg.norm(hs, axis=2).mean(axis=1)
    return StateStatistics(norm, hs.mean(axis=(1, 2)), hs.std(axis=(1, 2)), (np.abs(hs) >= threshold).mean(axis=(1, 2), dtype=hs.dtype))


@shapes(values="...")
def saturation_fraction(values, *, low=-0.95, high=0.95):
    """Compute the fraction of entries at or beyond a bound: states of tanh with the bounds given, gates with low=0.05.

    Args:
        values: (...), states or gates.
        low, high: an entry counts if it is at most `low` or at least `high`.
    Returns:
        A number from 0 to 1.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    if not low < high:
        raise ValueError(f"saturation_fraction: low must be below high, got {low} and {high}.")
    return float(((values <= low) | (values >= high)).mean())


@shapes(hs="T B H")
def dead_fraction(hs):
    """Compute the fraction of units of a ReLU network that are 0 at every step of every sequence: they pass no gradient.

    Args:
        hs: (T, B, H), states of a network with nonlinearity="relu".
    Returns:
        A number from 0 to 1.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    return float((hs == 0).all(axis=(0, 1)).mean())


def _flat(state):
    """(B, S): the arrays of a state side by side."""
    return np.concatenate([part for _, part in leaves(state)], axis=1)


def _unflat(flat, like):
    parts = iter(np.split(flat, np.cumsum([part.shape[1] for _, part in leaves(like)])[:-1], axis=1))
    return tree_map(lambda _: next(parts), like)


def _check_state(name, state):
    for path, part in leaves(state):
        if not isinstance(part, np.ndarray) or part.ndim != 2:
            got = f"shape {part.shape}" if isinstance(part, np.ndarray) else f"a value of type {type(part).__name__}"
            raise TypeError(f"{name}{path} must be a NumPy array of shape (B, H), got {got}.")


def _check_threshold(where, threshold):
    if not threshold > 0:
        raise ValueError(f"{where}: threshold must be positive, got {threshold}.")
