"""A cell over full or over padded sequences, by the shortest way: what stacked and bidirectional layers and encoders call.

    h_t = m_t * hidden(s_t),  with s_t as the cell gives it over zeros in the place of the padding
    ds_t = m_t * ds_t,        with the gradient of state_T where each sequence ends

Contents
    layer_forward      all time steps, with or without lengths
    layer_backward     its gradient (BPTT)

The results are those of `masked.py`; the arguments were checked where they came in.
"""

from typing import Any, NamedTuple

import numpy as np

from rnncore import tuned
from rnncore.reference.packing import (
    PackCache,
    PackedCache,
    UnpackCache,
    pack_backward,
    pack_forward,
    packed_backward,
    packed_forward,
    unpack_backward,
    unpack_forward,
)
from rnncore.reference.sequence import hidden

__all__ = []

# The tuned backward passes that can bear padding, by the one they stand for: with c in the state, a gradient may reach it after any step.
PADDED_BACKWARD = {backward: backward for backward in (tuned.rnn_backward, tuned.rnn_residual_backward, tuned.gru_backward)}
PADDED_BACKWARD |= {
    getattr(tuned, f"{name}_backward"): getattr(tuned, name).backward_with_dcs
    for name in ("lstm", "lstm_peephole", "lstm_layer_norm", "lstm_coupled")
}


class PaddedLayerCache(NamedTuple):
    """What `layer_forward` keeps where lengths are given."""

    cell: Any  # the cell's cache, over all T steps
    lengths: np.ndarray  # (B,)
    padding: np.ndarray  # which rows of an array (T B, ...) are padding


class PackedLayerCache(NamedTuple):
    """The same for a cell of your own."""

    pack: PackCache
    packed: PackedCache
    unpack: UnpackCache


def layer_forward(cell, params, xs, state0, lengths, options):
    """A cell over full sequences, or over padded ones if lengths are given.

    The cells of `CELLS` run on through the padding, over zeros, and what they give there is forgotten: with many different lengths that
    is faster than the many short runs of packed sequences. A cell of your own may not bear it, and runs over packed sequences.
    """
    if lengths is None or min(lengths.tolist()) == len(xs):
        return cell.forward(params, xs, state0, **options)
    if cell.backward not in PADDED_BACKWARD:
        return _packed_layer_forward(cell, params, xs, state0, lengths, options)
    padding = (np.arange(len(xs))[:, None] >= lengths).ravel().nonzero()[0]
    with np.errstate(over="ignore", invalid="ignore"):  # a ReLU may grow without bound in the padding
        hs, state_T, cache = cell.forward(params, _without_padding(xs.copy(), padding), state0, **options)
    _without_padding(hs, padding)  # in the cache, too, which holds hs itself
    state_T = hs[_ends(lengths)]
    if hasattr(state0, "c"):
        state_T = state0._replace(h=state_T, c=cache.cs[_ends(lengths)])
    return hs, state_T, PaddedLayerCache(cache, lengths, padding)


def layer_backward(cell, cache, dhs, dstate_T):
    """The backward pass that belongs to `layer_forward`; the gradient of state_T enters where each sequence ends."""
    if isinstance(cache, PackedLayerCache):
        return _packed_layer_backward(cache, dhs, dstate_T)
    if not isinstance(cache, PaddedLayerCache):
        return cell.backward(cache, dhs, dstate_T)
    dhs, dcs = _without_padding(dhs.copy(), cache.padding), {}
    if dstate_T is not None:
        dhs[_ends(cache.lengths)] += hidden(dstate_T)
    if hasattr(dstate_T, "c"):
        ending = np.arange(1, len(dhs) + 1)[:, None] == cache.lengths  # (T, B)
        dcs = {"dcs": [np.where(rows[:, None], dstate_T.c, 0) if rows.any() else None for rows in ending]}
    return PADDED_BACKWARD[cell.backward](cache.cell, dhs, **dcs)


def _without_padding(arrays, padding):
    """Set the padding of a new array (T, B, ...) to zero, in place; rows by their numbers are much faster here than a mask."""
    arrays.reshape(-1, arrays.shape[-1])[padding] = 0
    return arrays


def _ends(lengths):
    """Where each sequence has its last step."""
    return lengths - 1, np.arange(len(lengths))


def _packed_layer_forward(cell, params, xs, state0, lengths, options):
    data, pack_cache = pack_forward(xs, lengths)
    hs, state_T, packed_cache = packed_forward(params, data, state0, lengths, cell=cell, **options)
    hs, unpack_cache = unpack_forward(hs, lengths, steps=len(xs))
    return hs, state_T, PackedLayerCache(pack_cache, packed_cache, unpack_cache)


def _packed_layer_backward(cache, dhs, dstate_T):
    dhs = unpack_backward(cache.unpack, dhs)
    dparams, ddata, dstate0 = packed_backward(cache.packed, dhs, dstate_T)
    return dparams, pack_backward(cache.pack, ddata), dstate0
