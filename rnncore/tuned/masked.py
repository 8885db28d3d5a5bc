"""Any cell over padded sequences, tuned; the results are those of `rnncore.reference.masked`.

    h_t = m_t * hidden(s_t),  with s_t as the cell gives it over zeros in the place of the padding
    ds_t = m_t * ds_t,        with the gradient of state_T where each sequence ends

Contents
    masked_forward     all time steps; a sequence that has ended keeps its state and gives zeros
    masked_backward    its gradient (BPTT)
    layer_forward      the same for sequences that may be full: what stacked and bidirectional layers and encoders call
    layer_backward     its gradient

The cells of `CELLS` run on through the padding, over zeros, and what they give there is forgotten: with many different lengths that is
faster than the many short runs of packed sequences. A cell of your own may not bear it, and runs over packed sequences.
The last two functions check nothing: their arguments were checked where they came in.
Source: this course; the results are those of `torch.nn` on packed sequences.
"""

from typing import Any, NamedTuple

import numpy as np

from rnncore import tuned
from rnncore.reference.cells import Cell, cached_state_of, find_cell, params_of, state_of
from rnncore.reference.masking import check_lengths
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
from rnncore.reference.shapes import shapes

__all__ = ["MaskedCache", "masked_backward", "masked_forward"]

# The tuned backward passes that can bear padding, by the one they stand for: with c in the state, a gradient may reach it after any step.
PADDED_BACKWARD = {backward: backward for backward in (tuned.rnn_backward, tuned.rnn_residual_backward, tuned.gru_backward)}
PADDED_BACKWARD |= {
    getattr(tuned, f"{name}_backward"): getattr(tuned, name).backward_with_dcs
    for name in ("lstm", "lstm_peephole", "lstm_layer_norm", "lstm_coupled")
}


class MaskedCache(NamedTuple):
    """What a masked sequence keeps for its backward pass."""

    cell: Cell
    layer: Any  # what `layer_forward` keeps
    hs: np.ndarray  # (T, B, H)


class PaddedLayerCache(NamedTuple):
    """What `layer_forward` keeps where there is padding."""

    cell: Any  # the cell's cache, over all T steps
    lengths: np.ndarray  # (B,)
    padding: np.ndarray  # which rows of an array (T B, ...) are padding


class PackedLayerCache(NamedTuple):
    """The same for a cell of your own."""

    pack: PackCache
    packed: PackedCache
    unpack: UnpackCache


@shapes(params=params_of, xs="T B D", state0=state_of, lengths="int B")
def masked_forward(params, xs, state0, lengths, *, cell="lstm", **options):
    """Run a cell over padded sequences.

    Args:
        params: dict of the cell's parameters.
        xs: (T, B, D); what stands after the end of a sequence is not looked at, but must be finite.
        state0: the cell's state before the first step: (B, H), or LSTMState of (B, H).
        lengths: (B,), whole numbers from 1 to T.
        cell: a name in `CELLS`, or a `Cell`.
        **options: further arguments of the cell, such as nonlinearity or reset.
    Returns:
        hs: (T, B, H), zero after the end of a sequence.
        state_T: the state after the last step of each sequence, as state0.
        cache: for `masked_backward`; it holds hs itself.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    check_lengths("masked_forward", lengths, len(xs))
    cell = find_cell(cell)
    hs, state_T, cache = layer_forward(cell, params, xs, state0, lengths, options)
    return hs, state_T, MaskedCache(cell, cache, hs)


@shapes(cache=(MaskedCache, {"hs": "T B H"}), dhs="T B H", dstate_T=cached_state_of)
def masked_backward(cache, dhs, dstate_T=None):
    """Carry the gradient of the loss back; that of state_T enters where each sequence ends.

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
    return layer_backward(cache.cell, cache.layer, dhs, dstate_T)


def layer_forward(cell, params, xs, state0, lengths, options):
    """A cell over full sequences, or over padded ones if lengths are given."""
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
    """The backward pass that belongs to `layer_forward`."""
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
