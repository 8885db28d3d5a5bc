"""Sequences of unequal length without their padding: the functions of `rnncore.reference.packing`, on any device.

Contents
    packed_layout      lengths -> batch_sizes, order
    pack_forward       (T, B, D) -> (N, D), N the sum of the lengths
    unpack_forward     (N, D) -> (T, B, D), with zeros for padding
    packed_forward     any cell over packed sequences: no step is spent on padding

Packing and unpacking are PyTorch's own, with sequences of equal length left in their order. Cells that have a fused kernel take packed data
as it is; the others run over each stretch of time in which no sequence ends.
Source: `torch.nn.utils.rnn`; the loop over stretches is this course's own.
"""

from itertools import groupby

import torch
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from rnncore.pytorch.arguments import tensors
from rnncore.pytorch.cells import find_tensor_cell, params_of, state_of
from rnncore.pytorch.fused import fused_forward, stack_states, unstack_states
from rnncore.pytorch.masking import check_lengths
from rnncore.reference.tree import tree_map

__all__ = ["pack_forward", "packed_forward", "packed_layout", "unpack_forward"]


@tensors(lengths="int B")
def packed_layout(lengths):
    """Tell where everything stands in packed data.

    Args:
        lengths: (B,), whole numbers from 1 up.
    Returns:
        batch_sizes: (T,) on the CPU, how many sequences are running at each step; T is the largest length.
        order: (B,), which sequence is in which row, the longest first, equal lengths in their order.
    Raises:
        TypeError, ValueError: lengths has the wrong type, shape or values; the sentence says which.

    >>> batch_sizes, order = packed_layout(torch.tensor([1, 3, 2]))
    >>> batch_sizes.tolist(), order.tolist()
    ([3, 2, 1], [1, 2, 0])
    """
    steps = int(lengths.max())
    check_lengths("packed_layout", lengths, max(1, steps))
    batch_sizes = (torch.arange(steps)[:, None] < lengths.cpu()).sum(dim=1)
    return batch_sizes, torch.argsort(lengths, descending=True, stable=True)


@tensors(xs="T B D", lengths="int B")
def pack_forward(xs, lengths):
    """Leave the padding out.

    Args:
        xs: (T, B, D).
        lengths: (B,), whole numbers from 1 to T.
    Returns:
        data: (N, D), N the sum of the lengths.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    check_lengths("pack_forward", lengths, len(xs))
    _, order = packed_layout(lengths)
    return pack_padded_sequence(xs[:, order.to(xs.device)], lengths[order].cpu()).data


@tensors(data="N D", lengths="int B", steps="size")
def unpack_forward(data, lengths, *, steps=None):
    """Put the padding back, as zeros.

    Args:
        data: (N, D).
        lengths: (B,), whole numbers from 1 up, whose sum is N.
        steps: T, at least the largest length; None means the largest length.
    Returns:
        xs: (T, B, D); T is steps, or the largest length.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    steps = int(lengths.max()) if steps is None else steps
    check_lengths("unpack_forward", lengths, steps)
    _check_sum("unpack_forward", data, lengths)
    batch_sizes, order = packed_layout(lengths)
    xs, _ = pad_packed_sequence(PackedSequence(data, batch_sizes), total_length=steps)
    return xs[:, torch.argsort(order).to(xs.device)]


@tensors(params=params_of, data="N D", state0=state_of, lengths="int B")
def packed_forward(params, data, state0, lengths, *, cell="lstm", **options):
    """Run a cell over packed sequences.

    Args:
        params: dict of the cell's parameters.
        data: (N, D), as `pack_forward` gives it.
        state0: the cell's state before the first step, rows in the order of lengths: (B, H), or LSTMState of (B, H).
        lengths: (B,), whole numbers from 1 up, whose sum is N.
        cell: a name in `TENSOR_CELLS`, or a `TensorCell`.
        **options: further arguments of the cell, such as nonlinearity or reset.
    Returns:
        hs: (N, H), packed.
        state_T: the state after the last step of each sequence, as state0, rows in the order of lengths.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    _check_sum("packed_forward", data, lengths)
    cell = find_tensor_cell(cell)
    kernel = cell.kernel(**options)
    if kernel is not None:
        hs, hidden_T = fused_packed(kernel, [params], data, stack_states(state0), lengths)
        return hs, unstack_states(hidden_T, 1)[0]
    batch_sizes, order = packed_layout(lengths)
    state, start = _take(state0, order), 0
    hs, ended = [], []
    for size, group in groupby(batch_sizes.tolist()):
        stop = start + size * len(list(group))
        ended.append(_take(state, slice(size, None)))
        run_hs, state = cell.forward(params, data[start:stop].view(-1, size, data.shape[1]), _take(state, slice(size)), **options)
        hs.append(run_hs.flatten(0, 1))
        start = stop
    state = tree_map(lambda *parts: torch.cat(parts), state, *reversed(ended))  # the longest sequences come first
    return torch.cat(hs), _take(state, torch.argsort(order))


def fused_packed(kernel, layers, data, hidden, lengths, *, bidirectional=False):
    """A fused kernel over packed data; rows of hidden, (L, B, H), are in the order of lengths."""
    batch_sizes, order = packed_layout(lengths)
    order = order.to(data.device)
    sorted_hidden = tree_map(lambda part: part[:, order], hidden)
    hs, hidden_T = fused_forward(kernel, layers, data, sorted_hidden, bidirectional=bidirectional, batch_sizes=batch_sizes)
    return hs, tree_map(lambda part: part[:, torch.argsort(order)], hidden_T)


def fused_padded(kernel, layers, xs, hidden, lengths, *, bidirectional=False):
    """A fused kernel over padded sequences, or over full ones if lengths is None."""
    if lengths is None:
        return fused_forward(kernel, layers, xs, hidden, bidirectional=bidirectional)
    hs, hidden_T = fused_packed(kernel, layers, pack_forward(xs, lengths), hidden, lengths, bidirectional=bidirectional)
    return unpack_forward(hs, lengths, steps=len(xs)), hidden_T


def _take(state, rows):
    return tree_map(lambda part: part[rows], state)


def _check_sum(where, data, lengths):
    if int(lengths.min()) < 1 or int(lengths.sum()) != len(data):
        raise ValueError(f"{where}: lengths must be at least 1 and add up to the {len(data)} rows of data, got {lengths.tolist()}.")
