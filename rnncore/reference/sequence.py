"""The loop over time, once for every cell: what differs between cells is the step.

    state_t = step(x_t, state_{t-1})                  for t = 1 .. T
    dx_t, dstate_{t-1} = step'(dh_t + dstate_t)       for t = T .. 1, and dparams summed over t

Contents
    sequence_forward     all time steps of any step function
    sequence_backward    its gradient (BPTT)
    hidden               the part of a state that the cell shows
    add_to_hidden        a gradient from outside, added to that part

`rnn.py`, `lstm.py` and `gru.py` write this loop out; the other cells call it. A state is an array (B, H), or a named tuple of
such arrays with a field h. These functions serve cells whose own functions have checked the arguments.
Source: Werbos (1990), "Backpropagation Through Time: What It Does and How to Do It".
"""

from typing import Any, NamedTuple

import numpy as np

from rnncore.reference.tree import tree_map

__all__ = []


class SequenceCache(NamedTuple):
    """What a sequence keeps for its backward pass: the cache of every step."""

    steps: list  # T entries
    hs: np.ndarray  # (T, B, H)
    state_T: Any  # (B, H), or a named tuple of such arrays


def sequence_forward(step_forward, params, xs, state0, **options):
    """Run a step function over a sequence.

    Args:
        step_forward: `state_next, cache = step_forward(params, x, state, **options)`.
        params: dict of arrays.
        xs: (T, B, D).
        state0: the state before the first step.
        **options: further arguments of the step.
    Returns:
        hs: (T, B, H), the hidden state after each step.
        state_T: the state after the last step.
        cache: for `sequence_backward`.
    """
    state = state0
    hs, steps = [], []
    for x in xs:
        state, step = step_forward(params, x, state, **options)
        hs.append(hidden(state))
        steps.append(step)
    hs = np.stack(hs)  # (T, B, H)
    return hs, state, SequenceCache(steps, hs, state)


def sequence_backward(step_backward, cache, dhs, dstate_T=None):
    """Carry the gradient of the loss back through a sequence.

    Args:
        step_backward: `dparams, dx, dstate = step_backward(cache, dstate_next)`.
        cache: what `sequence_forward` returned.
        dhs: (T, B, H), the part of the gradient that reaches each hidden state from outside the recurrence.
        dstate_T: the same for state_T, of its type; None means zero.
    Returns:
        dparams: dict with the gradient of every parameter, summed over time.
        dxs: (T, B, D).
        dstate0: of the type of state0.
    """
    dparams = tree_map(np.zeros_like, cache.steps[0].params)
    dstate = tree_map(np.zeros_like, cache.state_T) if dstate_T is None else dstate_T
    dxs = []
    for step, dh in zip(reversed(cache.steps), dhs[::-1], strict=True):
        step_dparams, dx, dstate = step_backward(step, add_to_hidden(dstate, dh))  # from above, and from the future
        dparams = tree_map(np.add, dparams, step_dparams)
        dxs.append(dx)
    return dparams, np.stack(dxs[::-1]), dstate


def hidden(state):
    """The part of a state that the cell shows: its field h, or all of it.

    Args:
        state: (B, H), or a named tuple of such arrays with a field h.
    Returns:
        h: (B, H).
    """
    return state.h if hasattr(state, "h") else state


def add_to_hidden(dstate, dh):
    """Add a gradient that reaches the hidden state from outside the recurrence.

    Args:
        dstate: the gradient with respect to a state.
        dh: (B, H).
    Returns:
        A new tree like dstate.
    """
    return dstate._replace(h=dstate.h + dh) if hasattr(dstate, "h") else dstate + dh
