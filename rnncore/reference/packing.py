"""Sequences of unequal length without their padding: packing, and a cell that runs over what is packed.

    lengths = [1, 3, 2]    a, b0 b1 b2, c0 c1

    longest first:   b0 b1 b2        data = [b0, c0, a,  b1, c1,  b2]       time step after time step
                     c0 c1           batch_sizes = [3, 2, 1]                how many sequences are still running
                     a               order = [1, 2, 0]                      which sequence is in which row

Contents
    packed_layout                       lengths -> batch_sizes, order
    pack_forward, pack_backward         (T, B, D) -> (N, D), N the sum of the lengths
    unpack_forward, unpack_backward     (N, D) -> (T, B, D), with zeros for padding
    packed_forward, packed_backward     any cell over packed sequences: no step is spent on padding

The layout is that of `torch.nn.utils.rnn.pack_padded_sequence(xs, lengths, enforce_sorted=False)`, and for lengths that
are sorted already of `enforce_sorted=True`. Packing and unpacking are each other's backward pass.
Source: the layout is that of `torch.nn.utils.rnn`, the functions are this course's own.
"""

from itertools import groupby
from typing import NamedTuple

import numpy as np

from rnncore.reference.cells import Cell, cached_state_of, find_cell, params_of, state_of
from rnncore.reference.masking import check_lengths
from rnncore.reference.shapes import shapes
from rnncore.reference.tree import tree_map

__all__ = [
    "PackCache",
    "PackedCache",
    "UnpackCache",
    "pack_backward",
    "pack_forward",
    "packed_backward",
    "packed_forward",
    "packed_layout",
    "unpack_backward",
    "unpack_forward",
]


class _BothLayouts(NamedTuple):
    xs: np.ndarray  # (T, B, D)
    data: np.ndarray  # (N, D)
    lengths: np.ndarray  # (B,)


class PackCache(_BothLayouts):
    """What packing keeps for its backward pass."""


class UnpackCache(_BothLayouts):
    """What unpacking keeps for its backward pass."""


class PackedCache(NamedTuple):
    """What a packed sequence keeps for its backward pass."""

    cell: Cell
    runs: list  # the cell's cache for each stretch of time in which no sequence ends
    lengths: np.ndarray  # (B,)
    hs: np.ndarray  # (N, H)


@shapes(lengths="int B")
def packed_layout(lengths):
    """Tell where everything stands in packed data.

    Args:
        lengths: (B,), whole numbers from 1 up.
    Returns:
        batch_sizes: (T,) with T the largest length: how many sequences have more than t steps.
        order: (B,): row b of the packed batch is sequence order[b]; longest first, equal lengths in the given order.
    Raises:
        TypeError, ValueError: lengths has the wrong type, shape or values; the sentence says which.

    >>> [a.tolist() for a in packed_layout(np.array([1, 3, 2]))]
    [[3, 2, 1], [1, 2, 0]]
    """
    check_lengths("packed_layout", lengths, lengths.max())
    batch_sizes = (np.arange(lengths.max())[:, None] < lengths).sum(axis=1)
    return batch_sizes, np.argsort(-lengths, kind="stable")


@shapes(xs="T B D", lengths="int B")
def pack_forward(xs, lengths):
    """Leave the padding out.

    Args:
        xs: (T, B, D).
        lengths: (B,), whole numbers from 1 to T.
    Returns:
        data: (N, D), N the sum of the lengths.
        cache: for `pack_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.

    >>> xs, lengths = np.array([[1.0, 4.0], [2.0, 0.0], [3.0, 0.0]])[:, :, None], np.array([3, 1])  # sequences 1 2 3 and 4
    >>> data, cache = pack_forward(xs, lengths)
    >>> data[:, 0].tolist()
    [1.0, 4.0, 2.0, 3.0]
    """
    check_lengths("pack_forward", lengths, len(xs))
    data = xs[_places(lengths)]
    return data, PackCache(xs, data, lengths)


@shapes(cache=(PackCache, {"data": "N D"}), ddata="N D")
def pack_backward(cache, ddata):
    """Carry the gradient back to where each entry came from; padding gets zero.

    Args:
        cache: what `pack_forward` returned.
        ddata: (N, D).
    Returns:
        dxs: (T, B, D).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    dxs = np.zeros_like(cache.xs)
    dxs[_places(cache.lengths)] = ddata
    return dxs


@shapes(data="N D", lengths="int B", steps="size")
def unpack_forward(data, lengths, *, steps=None):
    """Put the padding back, as zeros.

    Args:
        data: (N, D).
        lengths: (B,), whole numbers from 1 up, whose sum is N.
        steps: T, at least the largest length; None means the largest length.
    Returns:
        xs: (T, B, D); T is steps, or the largest length.
        cache: for `unpack_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.

    >>> xs, cache = unpack_forward(np.array([[1.0], [4.0], [2.0], [3.0]]), np.array([3, 1]))
    >>> xs[:, :, 0].tolist()
    [[1.0, 4.0], [2.0, 0.0], [3.0, 0.0]]
    """
    steps = int(lengths.max()) if steps is None else steps
    check_lengths("unpack_forward", lengths, steps)
    _check_sum("unpack_forward", data, lengths)
    xs = np.zeros((steps, len(lengths), data.shape[1]), data.dtype)
    xs[_places(lengths)] = data
    return xs, UnpackCache(xs, data, lengths)


@shapes(cache=(UnpackCache, {"xs": "T B D"}), dxs="T B D")
def unpack_backward(cache, dxs):
    """Carry the gradient back; that of the padding is dropped.

    Args:
        cache: what `unpack_forward` returned.
        dxs: (T, B, D).
    Returns:
        ddata: (N, D).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    return dxs[_places(cache.lengths)]


@shapes(params=params_of, data="N D", state0=state_of, lengths="int B")
def packed_forward(params, data, state0, lengths, *, cell="lstm", **options):
    """Run a cell over packed sequences: when one ends, the batch becomes smaller.

    Args:
        params: dict of the cell's parameters.
        data: (N, D), as `pack_forward` gives it.
        state0: the cell's state before the first step, rows in the order of lengths: (B, H), or LSTMState of (B, H).
        lengths: (B,), whole numbers from 1 up, whose sum is N.
        cell: a name in `CELLS`, or a `Cell`.
        **options: further arguments of the cell, such as nonlinearity or reset.
    Returns:
        hs: (N, H), packed.
        state_T: the state after the last step of each sequence, as state0, rows in the order of lengths.
        cache: for `packed_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.

    >>> cell, lengths = find_cell("gru"), np.array([3, 1])
    >>> params = cell.init(np.random.default_rng(0), 1, 2)
    >>> hs, state_T, cache = packed_forward(params, np.ones((4, 1)), cell.zero_state(2, 2), lengths, cell="gru")
    >>> hs.shape, bool((state_T[0] == hs[3]).all()), bool((state_T[1] == hs[1]).all())  # each sequence ends at its own last step
    ((4, 2), True, True)
    """
    _check_sum("packed_forward", data, lengths)
    cell, (batch_sizes, order) = find_cell(cell), packed_layout(lengths)
    state = _take(state0, order)
    hs, runs, ended = [], [], []
    for rows, size in _runs(batch_sizes):
        ended.append(_take(state, slice(size, None)))
        run_xs = data[rows].reshape(-1, size, data.shape[1])  # (steps, size, D)
        run_hs, state, cache = cell.forward(params, run_xs, _take(state, slice(size)), **options)
        hs.append(run_hs.reshape(-1, run_hs.shape[2]))
        runs.append(cache)
    state = _join(state, *reversed(ended))  # the longest sequences come first
    hs = np.concatenate(hs)
    return hs, _take(state, np.argsort(order)), PackedCache(cell, runs, lengths, hs)


@shapes(cache=(PackedCache, {"hs": "N H", "lengths": "B"}), dhs="N H", dstate_T=cached_state_of)
def packed_backward(cache, dhs, dstate_T=None):
    """Carry the gradient of the loss back: where a sequence ended, the batch becomes larger again.

    Args:
        cache: what `packed_forward` returned.
        dhs: (N, H), packed.
        dstate_T: gradient with respect to state_T, of its type; None means zero.
    Returns:
        dparams: dict with the gradient of every parameter.
        ddata: (N, D), packed.
        dstate0: of the type of state0.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    cell, runs, lengths, _ = cache
    batch_sizes, order = packed_layout(lengths)
    if dstate_T is None:
        dstate_T = cell.zero_state(len(lengths), dhs.shape[1], dhs.dtype)
    last = _take(dstate_T, order)
    dstate, running, ddata, dparams = _take(last, slice(0)), 0, [], None
    for (rows, size), run in zip(reversed(_runs(batch_sizes)), reversed(runs), strict=True):
        dstate = _join(dstate, _take(last, slice(running, size)))
        run_dparams, dxs, dstate = cell.backward(run, dhs[rows].reshape(-1, size, dhs.shape[1]), dstate)
        dparams = run_dparams if dparams is None else tree_map(np.add, dparams, run_dparams)
        ddata.append(dxs.reshape(-1, dxs.shape[2]))
        running = size
    return dparams, np.concatenate(ddata[::-1]), _take(dstate, np.argsort(order))


def _places(lengths):
    """Time step and sequence of each row of packed data."""
    batch_sizes, order = packed_layout(lengths)
    return np.repeat(np.arange(len(batch_sizes)), batch_sizes), np.concatenate([order[:size] for size in batch_sizes])


def _runs(batch_sizes):
    """Stretches of time in which no sequence ends: the rows of packed data, and how many sequences there are."""
    runs, start = [], 0
    for size, group in groupby(batch_sizes.tolist()):
        stop = start + size * len(list(group))
        runs.append((slice(start, stop), size))
        start = stop
    return runs


def _take(state, rows):
    return tree_map(lambda s: s[rows], state)


def _join(*states):
    return tree_map(lambda *parts: np.concatenate(parts), *states)


def _check_sum(where, data, lengths):
    if lengths.min() < 1 or lengths.sum() != len(data):
        raise ValueError(f"{where}: lengths must be at least 1 and add up to the {len(data)} rows of data, got {lengths.tolist()}.")
