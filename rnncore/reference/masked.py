"""Any cell over padded sequences, with the result that each sequence would have by itself.

    s_t = m_t * step(x_t, s_{t-1}) + (1 - m_t) * s_{t-1}       m_t is 1 while the sequence lasts, then 0
    h_t = m_t * hidden(s_t)

Contents
    masked_forward     all time steps; a sequence that has ended keeps its state and gives zeros
    masked_backward    its gradient (BPTT)

What stands in the padding has no influence on any result, and gets the gradient zero. These functions read like the equation, step by
step; `rnncore.masked_forward` is the one of `rnncore.tuned.masked`, which gives the same with the tuned cells.
Source: this course; the results are those of `torch.nn` on packed sequences.
"""

from typing import Any, NamedTuple

import numpy as np

from rnncore.reference.cells import Cell, cached_state_of, find_cell, params_of, state_of
from rnncore.reference.masking import check_lengths, length_mask
from rnncore.reference.sequence import add_to_hidden, hidden
from rnncore.reference.shapes import shapes
from rnncore.reference.tree import tree_map

__all__ = ["MaskedCache", "masked_backward", "masked_forward"]


class MaskedCache(NamedTuple):
    """What a masked sequence keeps for its backward pass."""

    cell: Cell
    steps: list  # T caches of the cell's step
    mask: np.ndarray  # (T, B) of bool
    hs: np.ndarray  # (T, B, H)
    state_T: Any  # (B, H), or a named tuple of such arrays


@shapes(params=params_of, xs="T B D", state0=state_of, lengths="int B")
def masked_forward(params, xs, state0, lengths, *, cell="lstm", **options):
    """Run a cell over padded sequences.

    Args:
        params: dict of the cell's parameters.
        xs: (T, B, D); what stands after the end of a sequence is not looked at, but must be finite.
        state0: the cell's state before the first step: (B, H), or LSTMState of (B, H).
        lengths: (B,), whole numbers from 1 to T.
        cell: a name in `CELLS`, or a `Cell`.
        **options: further arguments of the cell's step, such as nonlinearity or reset.
    Returns:
        hs: (T, B, H), zero after the end of a sequence.
        state_T: the state after the last step of each sequence, as state0.
        cache: for `masked_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.

    >>> cell = find_cell("rnn")
    >>> hs, state_T, cache = masked_forward(
    ...     cell.init(np.random.default_rng(0), 1, 2), np.ones((3, 2, 1)), cell.zero_state(2, 2), np.array([3, 1]), cell=cell
    ... )
    >>> hs[1:, 1].tolist(), bool((state_T[1] == hs[0, 1]).all())  # the second sequence has ended, and keeps its state
    ([[0.0, 0.0], [0.0, 0.0]], True)
    """
    check_lengths("masked_forward", lengths, len(xs))
    cell, mask, state = find_cell(cell), length_mask(lengths, len(xs)), state0
    hs, steps = [], []
    for x, m in zip(xs, mask[:, :, None], strict=True):  # m: (B, 1)
        state_next, step = cell.step_forward(params, np.where(m, x, 0), state, **options)
        state = _choose(m, state_next, state)
        hs.append(np.where(m, hidden(state), 0))
        steps.append(step)
    hs = np.stack(hs)  # (T, B, H)
    return hs, state, MaskedCache(cell, steps, mask, hs, state)


@shapes(cache=(MaskedCache, {"hs": "T B H"}), dhs="T B H", dstate_T=cached_state_of)
def masked_backward(cache, dhs, dstate_T=None):
    """Carry the gradient of the loss back: past the end of a sequence it goes around the cell.

    Args:
        cache: what `masked_forward` returned.
        dhs: (T, B, H); what stands after the end of a sequence is not used.
        dstate_T: gradient with respect to state_T, of its type; None means zero.
    Returns:
        dparams: dict with the gradient of every parameter, summed over the time steps that belong to a sequence.
        dxs: (T, B, D), zero after the end of a sequence.
        dstate0: of the type of state0.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    cell, steps, mask, _, state_T = cache
    zero = tree_map(np.zeros_like, state_T)
    dparams = tree_map(np.zeros_like, steps[0].params)
    dstate = zero if dstate_T is None else dstate_T
    dxs = []
    for step, dh, m in zip(reversed(steps), dhs[::-1], mask[::-1, :, None], strict=True):
        through = _choose(m, add_to_hidden(dstate, dh), zero)
        around = _choose(m, zero, dstate)
        step_dparams, dx, dstate = cell.step_backward(step, through)
        dstate = tree_map(np.add, dstate, around)
        dparams = tree_map(np.add, dparams, step_dparams)
        dxs.append(dx)
    return dparams, np.stack(dxs[::-1]), dstate


def _choose(m, yes, no):
    """Row by row from one state or the other."""
    return tree_map(lambda a, b: np.where(m, a, b), yes, no)
