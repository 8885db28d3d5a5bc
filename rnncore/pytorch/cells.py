"""The mirror's cells by name: the functions of `rnncore.reference.cells`, on tensors.

Contents
    TensorCell         the functions and sizes of one kind of cell
    TENSOR_CELLS       name -> TensorCell, with the names of the reference's `CELLS`
    find_tensor_cell   a TensorCell from its name
Source: this course; each cell names its own.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch

from rnncore.pytorch import fused, gru, lstm, lstm_coupled, lstm_layer_norm, lstm_peephole, rnn, rnn_residual
from rnncore.pytorch.device import pick_device
from rnncore.reference.cells import CELLS
from rnncore.reference.tree import tree_map

__all__ = ["TENSOR_CELLS", "TensorCell", "find_tensor_cell"]


class TensorCell(NamedTuple):
    """One kind of cell: its functions, and the shapes of what they take."""

    init: Callable  # init(rng, input_size, hidden_size, *, device, dtype) -> params
    forward: Callable  # forward(params, xs, state0, **options) -> hs, state_T
    step_forward: Callable  # step_forward(params, x, state, **options) -> state_next
    gates: int  # blocks of H rows in weight_ih and weight_hh
    params: dict  # name of each parameter -> its axes, as in `rnncore.reference.shapes`
    state: Any  # axes of the state: one string, or a named tuple of them
    carries_h: bool = False  # whether h reaches the next state by another way than the product with weight_hh
    kernel: Callable = fused.no_kernel  # kernel(**options) -> PyTorch's fused kernel, or None

    def zero_state(self, batch, hidden, *, device="auto", dtype=torch.float32):
        """A state of zeros for `batch` sequences: (B, H), or a named tuple of such tensors."""
        return tree_map(lambda _: torch.zeros(batch, hidden, device=pick_device(device), dtype=dtype), self.state)


def _cell(module, name, init, **fields):
    """Collect the functions of one file by their names; sizes are those of the reference."""
    same = CELLS[name]
    functions = getattr(module, f"{name}_forward"), getattr(module, f"{name}_step_forward")
    return TensorCell(init, *functions, same.gates, same.params, same.state, same.carries_h, **fields)


TENSOR_CELLS = {
    "rnn": _cell(rnn, "rnn", rnn.init_rnn, kernel=fused.rnn_kernel),
    "rnn_residual": _cell(rnn_residual, "rnn_residual", rnn.init_rnn),
    "lstm": _cell(lstm, "lstm", lstm.init_lstm, kernel=fused.lstm_kernel),
    "lstm_peephole": _cell(lstm_peephole, "lstm_peephole", lstm_peephole.init_lstm_peephole),
    "lstm_layer_norm": _cell(lstm_layer_norm, "lstm_layer_norm", lstm_layer_norm.init_lstm_layer_norm),
    "lstm_coupled": _cell(lstm_coupled, "lstm_coupled", lstm_coupled.init_lstm_coupled),
    "gru": _cell(gru, "gru", gru.init_gru, kernel=fused.gru_kernel),
}


def find_tensor_cell(cell):
    """Find a cell by its name.

    Args:
        cell: a name in `TENSOR_CELLS`, or a `TensorCell`, which is returned as it is.
    Returns:
        A `TensorCell`.
    Raises:
        TypeError, ValueError: there is no such cell.

    >>> find_tensor_cell("gru").gates
    3
    """
    if isinstance(cell, TensorCell):
        return cell
    if not isinstance(cell, str):
        raise TypeError(f"cell must be a name or a TensorCell, got a value of type {type(cell).__name__}.")
    if cell not in TENSOR_CELLS:
        raise ValueError(f"cell must be a TensorCell or one of {', '.join(TENSOR_CELLS)}, got {cell!r}.")
    return TENSOR_CELLS[cell]


def params_of(arguments):
    """The specification of the parameters, for `tensors`, from the argument `cell`."""
    return find_tensor_cell(arguments["cell"]).params


def state_of(arguments):
    """The specification of the state, for `tensors`, from the argument `cell`."""
    return find_tensor_cell(arguments["cell"]).state
