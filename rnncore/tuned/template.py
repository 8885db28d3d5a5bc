r"""One template for the cells beside RNN, LSTM and GRU: what is fast about a loop over time, written once.

    a_t for all t                                     products with the inputs, before the loop ("hoisted")
    state_t from a_t and state_{t-1}                  the loop, written into arrays that exist already
    slopes of a block of steps                        the derivatives that need no gradient, from the last block to the first
    da_t, dstate_{t-1} from slopes_t, dh_t, dstate_t  the loop back
    dparams, dxs                                      one product each, after the loop ("deferred")

Contents
    TunedCell            what a cell gives to the template
    TunedCache           what a sequence keeps for its backward pass
    recurrence_forward   all time steps
    recurrence_backward  its gradient (BPTT)
    gates_of, gates_apart, halved, transposed, finish_sigmoid, total     for the cells' own functions

The arrays of a step lie side by side: a_t is (B, G H), and `gates_of` sees it as G arrays (B, H). A state is a tuple of arrays here,
with what the cell shows first. These are parts of the tuned layers and check nothing: their arguments were checked where they came in.
Source: Werbos (1990); hoisting and deferring: Appleyard, Kocisky and Blunsom (2016), "Optimizing Performance of RNNs on GPUs".
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from rnncore.tuned.products import before, blocks

__all__ = []


class TunedCell(NamedTuple):
    """One kind of cell, as the template wants it. Widths are functions of H, the size of the last axis of an array (T, B, width)."""

    prepare: Callable  # prepare(params, xs, **options) -> a (T, B, G H), more arrays (T, B, ...), weights of the loop
    step: Callable  # step(weights, a, state, state_next, kept): turns a into gates and fills state_next and kept
    kept_widths: Callable  # widths of what a step keeps beside gates and states
    slopes: Callable  # slopes(gates, states_before, states, kept, **options), all (steps, B, ...) -> arrays (steps, B, ...)
    step_backward: Callable  # step_backward(params, slopes, dstate, das): fills das and changes dstate to that of the step before
    da_widths: Callable  # widths of what a step back gives to the gradients of the parameters
    params_backward: Callable  # params_backward(cache, states_before, das), all (T, B, ...) -> dparams, dxs


class TunedCache(NamedTuple):
    """What a sequence keeps for its backward pass."""

    params: dict  # the parameters used
    xs: np.ndarray  # (T, B, D)
    state0: Any  # (B, H), or a named tuple of such arrays
    gates: np.ndarray  # (T, B, W); W is the number of gates times H
    hs: np.ndarray  # (T, B, H)
    states: tuple  # of (T, B, H); the first one is hs
    kept: tuple  # of (T, B, ...)
    inputs: tuple  # of (T, B, ...), what `prepare` kept
    options: dict  # further arguments of the cell

    @property
    def cs(self):
        """The memory of an LSTM after each step, (T, B, H)."""
        return self.states[1]


def recurrence_forward(cell, params, xs, state0, **options):
    """Run a cell over a sequence.

    Args:
        cell: a `TunedCell`.
        params: dict of arrays.
        xs: (T, B, D).
        state0: (B, H), or a named tuple of such arrays with what the cell shows first.
        **options: further arguments of the cell.
    Returns:
        hs: (T, B, H).
        state_T: of the type of state0.
        cache: a `TunedCache`; it holds hs itself.
    """
    state = _parts(state0)
    steps, H = xs.shape[:2], state[0].shape[1]
    gates, inputs, weights = cell.prepare(params, xs, **options)  # a_t until the gates take its place
    states = tuple(np.empty((*steps, H), xs.dtype) for _ in state)
    kept = tuple(np.empty((*steps, width), xs.dtype) for width in cell.kept_widths(H))
    for a, *made in zip(gates, *states, *kept, strict=True):
        state_next = made[: len(states)]
        cell.step(weights, a, state, state_next, made[len(states) :])
        state = state_next
    state_T = _like(state0, [part.copy() for part in state])
    return states[0], state_T, TunedCache(params, xs, state0, gates, states[0], states, kept, inputs, options)


def recurrence_backward(cell, cache, dhs, dstate_T=None, dcs=None):
    """Carry the gradient of the loss back through a sequence.

    Args:
        cell: a `TunedCell`.
        cache: what `recurrence_forward` returned.
        dhs: (T, B, H).
        dstate_T: of the type of state0; None means zero.
        dcs: for each step an array (B, H) that is added to the gradient of c after it, or None; None means None at every step.
    Returns:
        dparams: dict with the gradient of every parameter, summed over time.
        dxs: (T, B, D).
        dstate0: of the type of state0.
    """
    state0, H = _parts(cache.state0), dhs.shape[2]
    dstate = [np.zeros_like(part) for part in state0] if dstate_T is None else [part.copy() for part in _parts(dstate_T)]
    states_before = tuple(before(*pair) for pair in zip(state0, cache.states, strict=True))
    dcs = [None] * len(dhs) if dcs is None else dcs
    das = tuple(np.empty((*dhs.shape[:2], width), dhs.dtype) for width in cell.da_widths(H))
    for t in blocks(dhs.shape):
        known = (cache.gates[t], *([array[t] for array in arrays] for arrays in (states_before, cache.states, cache.kept)))
        slopes = cell.slopes(*known, **cache.options)
        steps = (dhs[t], dcs[t], *(da[t] for da in das), *slopes)
        for dh, dc, *arrays in zip(*(array[::-1] for array in steps), strict=True):
            dstate[0] += dh
            if dc is not None:
                dstate[1] += dc
            cell.step_backward(cache.params, arrays[len(das) :], dstate, arrays[: len(das)])
    dparams, dxs = cell.params_backward(cache, states_before, das)
    return dparams, dxs, _like(cache.state0, dstate)


def gates_of(a, gates):
    """See (..., G H) as G arrays (..., H); the same numbers, not copies."""
    H = a.shape[-1] // gates
    return [a[..., k * H : (k + 1) * H] for k in range(gates)]


def gates_apart(a, gates):
    """See (steps, B, G H) as one array (G, steps, B, H); the same numbers, not a copy."""
    return np.moveaxis(a.reshape(*a.shape[:2], gates, -1), 2, 0)


def halved(gates, whole, H, dtype):
    """The factors 0.5 for the sigmoids among G gates and 1 for the tanh, number `whole`: (G H,)."""
    return np.repeat(np.where(np.arange(gates) == whole, 1, 0.5), H).astype(dtype)


def transposed(weight, scale=1):
    """The transpose without gaps, its columns multiplied by scale: (G H, D) gives a new array (D, G H)."""
    return np.multiply(weight.T, scale, order="C")


def finish_sigmoid(half_a):
    """Turn tanh(0.5 a) into sigmoid(a), in place."""
    half_a *= 0.5
    half_a += 0.5


def total(d):
    """The sum over steps and sequences: (T, B, N) gives a new array (N,)."""
    return d.sum(axis=(0, 1))


def _parts(state):
    return state if isinstance(state, tuple) else (state,)


def _like(state, parts):
    return type(state)(*parts) if isinstance(state, tuple) else parts[0]
