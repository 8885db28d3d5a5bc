"""The cells by name, so that what goes around a cell (layers, directions, masks) can be written once for all of them.

    CELLS["lstm"].forward is rnncore.tuned.lstm_forward, CELLS["lstm"].gates is 4

Contents
    Cell         the functions and sizes of one kind of cell
    CELLS        name -> Cell
    find_cell    a Cell from its name

The sequence functions are those of the tuned tier, `rnncore.tuned`; the step functions, and everything that looks at a step, are those
of this folder. Where a function takes `cell`, it may be a name or a `Cell` of your own: any functions that keep the mirror rule will do.
Source: this course; each cell names its own.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from rnncore import tuned
from rnncore.reference import gru, lstm, lstm_coupled, lstm_layer_norm, lstm_peephole, rnn, rnn_residual
from rnncore.reference.tree import tree_map

__all__ = ["CELLS", "Cell", "find_cell"]


class Cell(NamedTuple):
    """One kind of cell: its functions, and the shapes of what they take."""

    init: Callable  # init(rng, input_size, hidden_size, *, dtype) -> params
    forward: Callable  # forward(params, xs, state0, **options) -> hs, state_T, cache
    backward: Callable  # backward(cache, dhs, dstate_T) -> dparams, dxs, dstate0
    step_forward: Callable  # step_forward(params, x, state, **options) -> state_next, cache
    step_backward: Callable  # step_backward(cache, dstate_next) -> dparams, dx, dstate
    gates: int  # blocks of H rows in weight_ih and weight_hh
    params: dict  # name of each parameter -> its axes, as in `shapes.py`
    state: Any = "B H"  # axes of the state: one string, or a named tuple of them
    carries_h: bool = False  # whether h reaches the next state by another way than the product with weight_hh

    def zero_state(self, batch, hidden, dtype=np.float64):
        """A state of zeros for `batch` sequences: (B, H), or a named tuple of such arrays."""
        return tree_map(lambda _: np.zeros((batch, hidden), dtype), self.state)


def _cell(module, name, init, gates, **fields):
    """Collect the functions of one cell by their names: over a sequence those of the tuned tier, for a step those of its file."""
    forward, backward = (getattr(tuned, name + suffix) for suffix in ("_forward", "_backward"))
    step = (getattr(module, name + suffix) for suffix in ("_step_forward", "_step_backward"))
    return Cell(init, forward, backward, *step, gates, module.PARAMS, **fields)


CELLS = {
    "rnn": _cell(rnn, "rnn", rnn.init_rnn, 1),
    "rnn_residual": _cell(rnn_residual, "rnn_residual", rnn.init_rnn, 1, carries_h=True),
    "lstm": _cell(lstm, "lstm", lstm.init_lstm, 4, state=lstm.STATE),
    "lstm_peephole": _cell(lstm_peephole, "lstm_peephole", lstm_peephole.init_lstm_peephole, 4, state=lstm.STATE),
    "lstm_layer_norm": _cell(lstm_layer_norm, "lstm_layer_norm", lstm_layer_norm.init_lstm_layer_norm, 4, state=lstm.STATE),
    "lstm_coupled": _cell(lstm_coupled, "lstm_coupled", lstm_coupled.init_lstm_coupled, 3, state=lstm.STATE),
    "gru": _cell(gru, "gru", gru.init_gru, 3, carries_h=True),
}


def find_cell(cell):
    """Find a cell by its name.

    Args:
        cell: a name in `CELLS`, or a `Cell`, which is returned as it is.
    Returns:
        A `Cell`.
    Raises:
        TypeError, ValueError: there is no such cell.

    >>> find_cell("gru").gates
    3
    """
    if isinstance(cell, Cell):
        return cell
    if not isinstance(cell, str):
        raise TypeError(f"cell must be a name or a Cell, got a value of type {type(cell).__name__}.")
    if cell not in CELLS:
        raise ValueError(f"cell must be a Cell or one of {', '.join(CELLS)}, got {cell!r}.")
    return CELLS[cell]


def params_of(arguments):
    """The specification of the parameters, for `shapes`, from the argument `cell`."""
    return find_cell(arguments["cell"]).params


def state_of(arguments):
    """The specification of the state, for `shapes`, from the argument `cell`."""
    return find_cell(arguments["cell"]).state


def cached_state_of(arguments):
    """The specification of the state's gradient, for `shapes`, from the cell that the argument `cache` names."""
    return arguments["cache"].cell.state
