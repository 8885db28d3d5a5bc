"""Any cell over padded sequences: the function of `rnncore.reference.masked`, on any device.

Contents
    masked_forward     all time steps; a sequence that has ended keeps its state and gives zeros

The padding is left out by packing, so no step is spent on it, and it cannot influence any result.
Source: this course.
"""

from rnncore.pytorch.arguments import tensors
from rnncore.pytorch.cells import find_tensor_cell, params_of, state_of
from rnncore.pytorch.masking import check_lengths
from rnncore.pytorch.packing import pack_forward, packed_forward, unpack_forward

__all__ = ["masked_forward"]


@tensors(params=params_of, xs="T B D", state0=state_of, lengths="int B")
def masked_forward(params, xs, state0, lengths, *, cell="lstm", **options):
    """Run a cell over padded sequences.

    Args:
        params: dict of the cell's parameters.
        xs: (T, B, D); what stands after the end of a sequence is not looked at, but must be finite.
        state0: the cell's state before the first step: (B, H), or LSTMState of (B, H).
        lengths: (B,), whole numbers from 1 to T.
        cell: a name in `TENSOR_CELLS`, or a `TensorCell`.
        **options: further arguments of the cell, such as nonlinearity or reset.
    Returns:
        hs: (T, B, H), zero after the end of a sequence.
        state_T: the state after the last step of each sequence, as state0.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    check_lengths("masked_forward", lengths, len(xs))
    hs, state_T = packed_forward(params, pack_forward(xs, lengths), state0, lengths, cell=cell, **options)
    return unpack_forward(hs, lengths, steps=len(xs)), state_T


def layer_forward(cell, params, xs, state0, lengths, options):
    """A cell over full sequences, or over padded ones if lengths are given."""
    if lengths is None:
        return find_tensor_cell(cell).forward(params, xs, state0, **options)
    return masked_forward(params, xs, state0, lengths, cell=cell, **options)
