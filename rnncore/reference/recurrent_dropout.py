"""Variational dropout inside the recurrence: one mask on the state, the same at every step.

    s_t = step(x_t, mask * h_{t-1})          what the products with W_hh see; the cell state c is left alone

Contents
    recurrent_dropout_forward     all time steps with a masked state
    recurrent_dropout_backward    its gradient (BPTT)

A fresh mask at every step would wipe the memory out: after t steps a unit has survived with probability (1 - rate)^t. With one mask
the dropped units are missing as a source during the whole sequence, as if the network were a smaller one.
The cells served are those whose hidden state enters the next step through the products only. In a GRU and in a residual network h is
also the memory, which the mask would multiply again and again; these are refused.
The mask on the inputs that goes with it is that of `dropout.py`, of shape (B, D).
Source: Gal and Ghahramani (2016), "A Theoretically Grounded Application of Dropout in Recurrent Neural Networks".
"""

from typing import NamedTuple

import numpy as np

from rnncore.reference.cells import Cell, cached_state_of, find_cell, params_of, state_of
from rnncore.reference.sequence import SequenceCache, add_to_hidden, hidden, sequence_forward
from rnncore.reference.shapes import shapes
from rnncore.reference.tree import tree_map

__all__ = ["RecurrentDropoutCache", "recurrent_dropout_backward", "recurrent_dropout_forward"]


class RecurrentDropoutCache(NamedTuple):
    """What a sequence keeps for its backward pass."""

    cell: Cell
    sequence: SequenceCache
    mask: np.ndarray  # (B, H)
    hs: np.ndarray  # (T, B, H)


@shapes(params=params_of, xs="T B D", state0=state_of, mask="B H")
def recurrent_dropout_forward(params, xs, state0, mask, *, cell="lstm", **options):
    """Run a cell over a sequence, the hidden state multiplied by the same mask before every step.

    Args:
        params: dict of the cell's parameters.
        xs: (T, B, D).
        state0: the cell's state before the first step: (B, H), or LSTMState of (B, H).
        mask: (B, H), as `dropout_mask` draws it. It is data and has no gradient.
        cell: a name in `CELLS`, or a `Cell`, whose hidden state enters the step through the products only.
        **options: further arguments of the cell's step, such as nonlinearity.
    Returns:
        hs: (T, B, H), the hidden state after each step, not masked.
        state_T: the state after the last step, as state0.
        cache: for `recurrent_dropout_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values, or the cell carries h past the products.
    Source: Gal and Ghahramani (2016).
    """
    cell = find_cell(cell)
    if cell.carries_h:
        name = cell.forward.__name__
        raise ValueError(
            f"recurrent_dropout_forward: cell must not carry h past the products, as the mask would erase it, but {name} does."
        )

    def step_forward(params, x, state):
        return cell.step_forward(params, x, _times(mask, state), **options)

    hs, state_T, cache = sequence_forward(step_forward, params, xs, state0)
    return hs, state_T, RecurrentDropoutCache(cell, cache, mask, hs)


@shapes(cache=(RecurrentDropoutCache, {"hs": "T B H"}), dhs="T B H", dstate_T=cached_state_of)
def recurrent_dropout_backward(cache, dhs, dstate_T=None):
    """Carry the gradient of the loss back: the mask stops it where it stopped the state.

    Args:
        cache: what `recurrent_dropout_forward` returned.
        dhs: (T, B, H), the part of the gradient that reaches each hidden state from outside the recurrence.
        dstate_T: gradient with respect to state_T, of its type; None means zero.
    Returns:
        dparams: dict with the gradient of every parameter, summed over time.
        dxs: (T, B, D).
        dstate0: of the type of state0.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Gal and Ghahramani (2016).
    """
    cell, (steps, _, state_T), mask, _ = cache
    dparams = tree_map(np.zeros_like, steps[0].params)
    dstate = tree_map(np.zeros_like, state_T) if dstate_T is None else dstate_T
    dxs = []
    for step, dh in zip(reversed(steps), dhs[::-1], strict=True):
        step_dparams, dx, dmasked = cell.step_backward(step, add_to_hidden(dstate, dh))
        dstate = _times(mask, dmasked)
        dparams = tree_map(np.add, dparams, step_dparams)
        dxs.append(dx)
    return dparams, np.stack(dxs[::-1]), dstate


def _times(mask, state):
    h = mask * hidden(state)
    return state._replace(h=h) if hasattr(state, "h") else h
