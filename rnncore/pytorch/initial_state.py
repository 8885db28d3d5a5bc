"""The state before the first step: the functions of `rnncore.reference.initial_state`, on any device.

Contents
    zero_state                zeros
    learned_state_forward     one vector, a parameter, for every sequence of the batch
    carried_state             the last state as a first one, cut from its history by `detach`

Source: learned first states: Forcada and Carrasco (1995); carried states: Williams and Peng (1990), for truncated BPTT.
"""

import torch

from rnncore.pytorch.arguments import tensors
from rnncore.pytorch.cells import find_tensor_cell
from rnncore.reference.initial_state import rows_of, vectors_of
from rnncore.reference.shapes import shapes
from rnncore.reference.tree import tree_map

__all__ = ["carried_state", "learned_state_forward", "zero_state"]


@shapes(batch_size="size", hidden_size="size")
def zero_state(batch_size, hidden_size, *, cell="lstm", device="auto", dtype=torch.float32):
    """A state of zeros.

    Args:
        batch_size: B, at least 1.
        hidden_size: H, at least 1.
        cell: a name in `TENSOR_CELLS`, or a `TensorCell`.
        device: "auto" or a device's name.
        dtype: PyTorch dtype.
    Returns:
        state0: (B, H), or LSTMState of (B, H), as the cell wants it.
    Raises:
        TypeError, ValueError: a size is not a whole number from 1 up, or there is no such cell.

    >>> zero_state(2, 3, cell="gru", device="cpu").shape
    torch.Size([2, 3])
    """
    return find_tensor_cell(cell).zero_state(batch_size, hidden_size, device=device, dtype=dtype)


@tensors(params=vectors_of, batch_size="size")
def learned_state_forward(params, batch_size):
    """Give every sequence of a batch the same first state, which is a parameter.

    Args:
        params: (H,), or LSTMState of (H,); start it from zeros.
        batch_size: B, at least 1.
    Returns:
        state0: (B, H), or LSTMState of (B, H).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    return tree_map(lambda v: v.repeat(batch_size, 1), params)


@tensors(state_T=rows_of, ended="bool B")
def carried_state(state_T, ended=None):
    """Turn the last state of one piece of sequence into the first state of the next.

    Args:
        state_T: (B, H), or LSTMState of (B, H).
        ended: (B,) of bool, true where the sequence is over and another begins, from zeros; None means nowhere.
    Returns:
        state0: a copy of state_T, with zeros in the rows that ended, without history: no gradient goes back through it.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.

    >>> carried_state(torch.ones(2, 3), torch.tensor([True, False])).tolist()
    [[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]
    """
    if ended is None:
        return tree_map(lambda s: s.detach().clone(), state_T)
    return tree_map(lambda s: torch.where(ended[:, None], 0, s.detach()), state_T)
