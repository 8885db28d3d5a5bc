"""The loop over time, once for every cell: what differs between cells is the step.

    state_t = step(x_t, state_{t-1})                  for t = 1 .. T
    da_t, dstate_{t-1} = gates'(dh_t + dstate_t)      for t = T .. 1
    dparams, dxs = products'(da)                      once, for all steps at once

Only the first line back has to go step by step: it carries the gradient to the pre-activations a_t and to the state before. The way
from there to the weights and to the inputs ends there, and is the same for every step; so the steps are laid end to end, as one
batch of T B rows, and the sum over time becomes part of one matrix product.

Contents
    sequence_forward     all time steps of any step function
    sequence_backward    its gradient (BPTT)
    products_backward    from x W_ih^T + b_ih + h W_hh^T + b_hh to the weights, the biases and x
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


def sequence_backward(gates_backward, products_backward, cache, dhs, dstate_T=None):
    """Carry the gradient of the loss back through a sequence.

    Args:
        gates_backward: `factors, dstate = gates_backward(step_cache, dstate_next)`, where factors are the arrays (B, ...) that
            gradients of parameters are made of, such as x, h and da.
        products_backward: `dparams, dx = products_backward(params, *factors)`.
        cache: what `sequence_forward` returned.
        dhs: (T, B, H), the part of the gradient that reaches each hidden state from outside the recurrence.
        dstate_T: the same for state_T, of its type; None means zero.
    Returns:
        dparams: dict with the gradient of every parameter, summed over time.
        dxs: (T, B, D).
        dstate0: of the type of state0.
    """
    dstate = tree_map(np.zeros_like, cache.state_T) if dstate_T is None else dstate_T
    factors = []
    for step, dh in zip(reversed(cache.steps), dhs[::-1], strict=True):
        step_factors, dstate = gates_backward(step, add_to_hidden(dstate, dh))  # from above, and from the future
        factors.append(step_factors)
    factors = (np.concatenate(steps) for steps in zip(*factors[::-1], strict=True))  # (T B, ...) each: all steps as one batch
    dparams, dxs = products_backward(cache.steps[0].params, *factors)
    return dparams, dxs.reshape(*dhs.shape[:2], -1), dstate


def products_backward(params, x, h, da):
    """Carry the gradient back through a = x W_ih^T + b_ih + h W_hh^T + b_hh, except to h.

    Args:
        params: dict of weight_ih (N, D), weight_hh (N, H), bias_ih (N,), bias_hh (N,).
        x: (B, D), or (T B, D) for all steps of a sequence.
        h: (B, H), or (T B, H).
        da: (B, N), or (T B, N).
    Returns:
        dparams: dict with the gradient of these four, summed over the rows.
        dx: as x.
    """
    dparams = {"weight_ih": da.T @ x, "weight_hh": da.T @ h, "bias_ih": da.sum(axis=0), "bias_hh": da.sum(axis=0)}
    return dparams, da @ params["weight_ih"]


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
