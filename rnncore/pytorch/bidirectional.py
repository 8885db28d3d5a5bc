"""Two cells, one reading forwards and one backwards: the functions of `rnncore.reference.bidirectional`, on any device.

Contents
    BidirectionalState        the states of the two directions; the reference's named tuple, here of tensors
    init_bidirectional        parameters of both
    bidirectional_forward     both directions over a sequence

Where the cell has a fused kernel, both directions run in one call.
Source: Schuster and Paliwal (1997), "Bidirectional Recurrent Neural Networks".
"""

import torch

from rnncore.pytorch.arguments import tensors
from rnncore.pytorch.cells import find_tensor_cell, params_of, state_of
from rnncore.pytorch.fused import stack_states, unstack_states
from rnncore.pytorch.masked import layer_forward
from rnncore.pytorch.masking import check_lengths, reverse_padded_forward
from rnncore.pytorch.packing import fused_padded
from rnncore.reference.bidirectional import BidirectionalState

__all__ = ["BidirectionalState", "bidirectional_forward", "init_bidirectional"]


def init_bidirectional(rng, input_size, hidden_size, *, cell="lstm", device="auto", dtype=torch.float32):
    """Draw the parameters of both directions; the same numbers as the reference for the same `rng`.

    Args:
        rng: a `numpy.random.Generator`.
        input_size: D.
        hidden_size: H of each direction.
        cell: a name in `TENSOR_CELLS`, or a `TensorCell`.
        device: "auto" or a device's name.
        dtype: PyTorch dtype.
    Returns:
        A dict: forward and reverse, each a dict of the cell's parameters.
    Raises:
        TypeError, ValueError: rng is no generator, a size is not a whole number from 1 up, or there is no such cell.
    """
    init = find_tensor_cell(cell).init
    return {direction: init(rng, input_size, hidden_size, device=device, dtype=dtype) for direction in ("forward", "reverse")}


def _both_params(arguments):
    return dict.fromkeys(("forward", "reverse"), params_of(arguments))


def _both_states(arguments):
    return BidirectionalState(state_of(arguments), state_of(arguments))


@tensors(params=_both_params, xs="T B D", state0=_both_states, lengths="int B")
def bidirectional_forward(params, xs, state0, lengths=None, *, cell="lstm", merge="concat", **options):
    """Run one cell forwards and another backwards over a sequence.

    Args:
        params: dict of forward and reverse, each a dict of the cell's parameters.
        xs: (T, B, D).
        state0: BidirectionalState of two states of the cell, each (B, H) or LSTMState of (B, H).
        lengths: (B,), whole numbers from 1 to T; None means that every sequence has T steps.
        cell: a name in `TENSOR_CELLS`, or a `TensorCell`.
        merge: "concat" puts the two hidden states side by side, "sum" adds them.
        **options: further arguments of the cell, such as nonlinearity or reset.
    Returns:
        ys: (T, B, 2H), or (T, B, H) with merge="sum"; zero after the end of a sequence.
        state_T: BidirectionalState as state0, each after its own last step: the reverse one has then read position 0.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    if merge not in ("concat", "sum"):
        raise ValueError(f"bidirectional_forward: merge must be 'concat' or 'sum', got {merge!r}.")
    if lengths is not None:
        check_lengths("bidirectional_forward", lengths, len(xs))
    cell = find_tensor_cell(cell)
    kernel = cell.kernel(**options)
    if kernel is not None:
        layers = [params["forward"], params["reverse"]]
        ys, hidden_T = fused_padded(kernel, layers, xs, stack_states(*state0), lengths, bidirectional=True)
        h, r = ys.chunk(2, dim=2)
        return (ys if merge == "concat" else h + r), BidirectionalState(*unstack_states(hidden_T, 2))
    h, h_state = layer_forward(cell, params["forward"], xs, state0.forward, lengths, options)
    r, r_state = layer_forward(cell, params["reverse"], _reversed(xs, lengths), state0.reverse, lengths, options)
    r = _reversed(r, lengths)
    return (torch.cat([h, r], dim=2) if merge == "concat" else h + r), BidirectionalState(h_state, r_state)


def _reversed(xs, lengths):
    """Back to front, each sequence within its length."""
    return xs.flip(0) if lengths is None else reverse_padded_forward(xs, lengths)
