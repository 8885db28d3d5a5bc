"""The state before the first step: zeros, learned, or carried over from the piece of sequence before.

    zero        h_0 = 0                      nothing is known yet
    learned     h_0 = v, for every sequence  v is a parameter (H,); dv is the sum of dh_0 over the batch
    carried     h_0 = h_T of the last call   its value, without its history

Contents
    zero_state                                      zeros
    learned_state_forward, learned_state_backward   one vector for every sequence of the batch
    carried_state                                   the last state as a first one

Carrying a state and training through it are two things. The gradient dstate0 of one call is dstate_T of the call before: who hands it
over has BPTT through both pieces, who drops it has truncated BPTT. PyTorch keeps the history inside the tensor, so that there `detach`
must cut it; here the history is the cache, and an array carries none.
Source: learned first states: Forcada and Carrasco (1995); carried states: Williams and Peng (1990), for truncated BPTT.
"""

from typing import Any, NamedTuple

import numpy as np

from rnncore.reference.cells import find_cell
from rnncore.reference.ranges import check_axes
from rnncore.reference.shapes import shapes
from rnncore.reference.tree import leaves, tree_map

__all__ = ["LearnedStateCache", "carried_state", "learned_state_backward", "learned_state_forward", "zero_state"]


class LearnedStateCache(NamedTuple):
    """What a learned state keeps for its backward pass."""

    state0: Any  # (B, H), or a named tuple of such arrays


def vectors_of(arguments):
    """The specification of a state's vectors (H,), for `shapes`, from the argument `params`."""
    return _axes(arguments["params"], "H")


def rows_of(arguments):
    """The specification of a state (B, H), for `shapes`, from the argument `state_T`."""
    return _axes(arguments["state_T"], "B H")


def _dstate0(arguments):
    return _axes(arguments["cache"].state0, "B H")


def _axes(state, axes):
    return tree_map(lambda _: axes, state) if hasattr(state, "_fields") else axes


@shapes(batch_size="size", hidden_size="size")
def zero_state(batch_size, hidden_size, *, cell="lstm", dtype=np.float64):
    """A state of zeros.

    Args:
        batch_size: B, at least 1.
        hidden_size: H, at least 1.
        cell: a name in `CELLS`, or a `Cell`.
        dtype: floating-point type of the arrays.
    Returns:
        state0: (B, H), or LSTMState of (B, H), as the cell wants it.
    Raises:
        TypeError, ValueError: a size is not a whole number from 1 up, or there is no such cell.

    >>> zero_state(2, 3, cell="gru").shape
    (2, 3)
    """
    return find_cell(cell).zero_state(batch_size, hidden_size, dtype)


@shapes(params=vectors_of, batch_size="size")
def learned_state_forward(params, batch_size):
    """Give every sequence of a batch the same first state, which is a parameter.

    Args:
        params: (H,), or LSTMState of (H,); start it from zeros.
        batch_size: B, at least 1.
    Returns:
        state0: (B, H), or LSTMState of (B, H).
        cache: for `learned_state_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Forcada and Carrasco (1995).
    """
    state0 = tree_map(lambda v: np.tile(v, (batch_size, 1)), params)
    return state0, LearnedStateCache(state0)


@shapes(cache=(LearnedStateCache, {}), dstate0=_dstate0)
def learned_state_backward(cache, dstate0):
    """Carry the gradient back to the parameter: it was used once for each sequence, so the gradients add up.

    Args:
        cache: what `learned_state_forward` returned.
        dstate0: (B, H), or LSTMState of (B, H).
    Returns:
        dparams: (H,), or LSTMState of (H,).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    for (path, gradient), (_, state) in zip(leaves(dstate0), leaves(cache.state0), strict=True):
        check_axes(f"learned_state_backward: dstate0{path}", gradient, state.shape)
    return tree_map(lambda dv: dv.sum(axis=0), dstate0)


@shapes(state_T=rows_of, ended="bool B")
def carried_state(state_T, ended=None):
    """Turn the last state of one piece of sequence into the first state of the next.

    Args:
        state_T: (B, H), or LSTMState of (B, H).
        ended: (B,) of bool, true where the sequence is over and another begins, from zeros; None means nowhere.
    Returns:
        state0: a copy of state_T, with zeros in the rows that ended. There is no gradient to it: this is `detach`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.

    >>> carried_state(np.ones((2, 3)), np.array([True, False])).tolist()
    [[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]
    """
    if ended is None:
        return tree_map(np.copy, state_T)
    return tree_map(lambda s: np.where(ended[:, None], 0, s), state_T)
