"""Two cells, one reading forwards and one backwards: each position sees what comes before and what comes after.

    h_t  = cell(x_t, h_{t-1})            t = 1 .. T
    r_t  = cell'(x_t, r_{t+1})           t = T .. 1, from the end of each sequence, not of the padding
    y_t  = [h_t ; r_t]                   merge="concat"
    y_t  = h_t + r_t                     merge="sum"

Contents
    BidirectionalState        the states of the two directions
    init_bidirectional        parameters of both
    bidirectional_forward     both directions over a sequence
    bidirectional_backward    its gradient

With merge="concat" this is `torch.nn.LSTM(bidirectional=True)` and its relatives; "reverse" holds what PyTorch calls `_l0_reverse`.
Source: Schuster and Paliwal (1997), "Bidirectional Recurrent Neural Networks".
"""

from typing import Any, NamedTuple

import numpy as np

from rnncore.reference.cells import Cell, find_cell, params_of, state_of
from rnncore.reference.masking import check_lengths, reverse_padded_forward
from rnncore.reference.shapes import shapes
from rnncore.tuned.masked import layer_backward, layer_forward

__all__ = ["BidirectionalCache", "BidirectionalState", "bidirectional_backward", "bidirectional_forward", "init_bidirectional"]


class BidirectionalState(NamedTuple):
    """The state of each direction, as the cell defines it."""

    forward: Any  # state0: before the first step; state_T: after the last step
    reverse: Any  # state0: before the last step is read; state_T: after the first step was read


class BidirectionalCache(NamedTuple):
    """What a sequence keeps for its backward pass."""

    cell: Cell
    forward: Any  # the cell's cache
    reverse: Any
    lengths: np.ndarray  # (B,), or None
    merge: str
    h: np.ndarray  # (T, B, H), of the forward direction


def _both_params(arguments):
    return dict.fromkeys(("forward", "reverse"), params_of(arguments))


def _both_states(arguments):
    return BidirectionalState(state_of(arguments), state_of(arguments))


def _both_dstates(arguments):
    return BidirectionalState(arguments["cache"].cell.state, arguments["cache"].cell.state)


def _merged(arguments):
    return "T B 2H" if arguments["cache"].merge == "concat" else "T B H"


@shapes(rng="rng", input_size="size", hidden_size="size")
def init_bidirectional(rng, input_size, hidden_size, *, cell="lstm", dtype=np.float64):
    """Draw the parameters of both directions.

    Args:
        rng: a `numpy.random.Generator`.
        input_size: D, at least 1.
        hidden_size: H of each direction, at least 1.
        cell: a name in `CELLS`, or a `Cell`.
        dtype: floating-point type of the arrays.
    Returns:
        A dict: forward and reverse, each a dict of the cell's parameters.
    Raises:
        TypeError, ValueError: rng is no generator, a size is not a whole number from 1 up, or there is no such cell.
    """
    init = find_cell(cell).init
    return {direction: init(rng, input_size, hidden_size, dtype=dtype) for direction in ("forward", "reverse")}


@shapes(params=_both_params, xs="T B D", state0=_both_states, lengths="int B")
def bidirectional_forward(params, xs, state0, lengths=None, *, cell="lstm", merge="concat", **options):
    """Run one cell forwards and another backwards over a sequence.

    Args:
        params: dict of forward and reverse, each a dict of the cell's parameters.
        xs: (T, B, D).
        state0: BidirectionalState of two states of the cell, each (B, H) or LSTMState of (B, H).
        lengths: (B,), whole numbers from 1 to T; None means that every sequence has T steps.
        cell: a name in `CELLS`, or a `Cell`.
        merge: "concat" puts the two hidden states side by side, "sum" adds them.
        **options: further arguments of the cell, such as nonlinearity or reset.
    Returns:
        ys: (T, B, 2H), or (T, B, H) with merge="sum"; zero after the end of a sequence.
        state_T: BidirectionalState as state0, each after its own last step: the reverse one has then read position 0.
        cache: for `bidirectional_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Schuster and Paliwal (1997).

    >>> params, zero = init_bidirectional(np.random.default_rng(0), 3, 4, cell="gru"), np.zeros((2, 4))
    >>> ys, state_T, cache = bidirectional_forward(params, np.ones((5, 2, 3)), BidirectionalState(zero, zero), cell="gru")
    >>> ys.shape, bool((ys[0, :, 4:] == state_T.reverse).all())  # the reverse direction ends where the sequence begins
    ((5, 2, 8), True)
    """
    if merge not in ("concat", "sum"):
        raise ValueError(f"bidirectional_forward: merge must be 'concat' or 'sum', got {merge!r}.")
    if lengths is not None:
        check_lengths("bidirectional_forward", lengths, len(xs))
    cell = find_cell(cell)
    h, h_state, h_cache = layer_forward(cell, params["forward"], xs, state0.forward, lengths, options)
    r, r_state, r_cache = layer_forward(cell, params["reverse"], _reversed(xs, lengths), state0.reverse, lengths, options)
    r = _reversed(r, lengths)
    ys = np.concatenate([h, r], axis=2) if merge == "concat" else h + r
    return ys, BidirectionalState(h_state, r_state), BidirectionalCache(cell, h_cache, r_cache, lengths, merge, h)


@shapes(cache=(BidirectionalCache, {"h": "T B H"}), dys=_merged, dstate_T=_both_dstates)
def bidirectional_backward(cache, dys, dstate_T=None):
    """Carry the gradient of the loss back through both directions.

    Args:
        cache: what `bidirectional_forward` returned.
        dys: (T, B, 2H), or (T, B, H) with merge="sum".
        dstate_T: BidirectionalState of gradients with respect to state_T; None means zero.
    Returns:
        dparams: dict of forward and reverse, each with the gradient of every parameter.
        dxs: (T, B, D), the sum of both directions.
        dstate0: BidirectionalState as state0.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Schuster and Paliwal (1997).
    """
    cell, lengths = cache.cell, cache.lengths
    dh, dr = np.split(dys, 2, axis=2) if cache.merge == "concat" else (dys, dys)
    dstate_T = BidirectionalState(None, None) if dstate_T is None else dstate_T
    h_dparams, h_dxs, h_dstate = layer_backward(cell, cache.forward, dh, dstate_T.forward)
    r_dparams, r_dxs, r_dstate = layer_backward(cell, cache.reverse, _reversed(dr, lengths), dstate_T.reverse)
    dxs = h_dxs + _reversed(r_dxs, lengths)
    return {"forward": h_dparams, "reverse": r_dparams}, dxs, BidirectionalState(h_dstate, r_dstate)


def _reversed(xs, lengths):
    """Back to front, each sequence within its length; its own inverse, and its own backward pass."""
    return xs[::-1] if lengths is None else reverse_padded_forward(xs, lengths)[0]
