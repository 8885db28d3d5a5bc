"""Variational dropout inside the recurrence: the function of `rnncore.reference.recurrent_dropout`, on any device.

    s_t = step(x_t, mask * h_{t-1})          what the products with W_hh see; the cell state c is left alone

Contents
    recurrent_dropout_forward     all time steps with a masked state

No fused kernel takes a mask on the state, so this is a loop over the cell's step, with automatic gradients.
Source: Gal and Ghahramani (2016), "A Theoretically Grounded Application of Dropout in Recurrent Neural Networks".
"""

import torch

from rnncore.pytorch.arguments import tensors
from rnncore.pytorch.cells import find_tensor_cell, params_of, state_of

__all__ = ["recurrent_dropout_forward"]


@tensors(params=params_of, xs="T B D", state0=state_of, mask="B H")
def recurrent_dropout_forward(params, xs, state0, mask, *, cell="lstm", **options):
    """Run a cell over a sequence, the hidden state multiplied by the same mask before every step.

    Args:
        params: dict of the cell's parameters.
        xs: (T, B, D).
        state0: the cell's state before the first step: (B, H), or LSTMState of (B, H).
        mask: (B, H), as `dropout_mask` draws it.
        cell: a name in `TENSOR_CELLS`, or a `TensorCell`, whose hidden state enters the step through the products only.
        **options: further arguments of the cell's step, such as nonlinearity.
    Returns:
        hs: (T, B, H), the hidden state after each step, not masked.
        state_T: the state after the last step, as state0.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values, or the cell carries h past the products.
    """
    cell = find_tensor_cell(cell)
    if cell.carries_h:
        name = cell.forward.__name__
        raise ValueError(
            f"recurrent_dropout_forward: cell must not carry h past the products, as the mask would erase it, but {name} does."
        )
    state, hs = state0, []
    for x in xs.unbind():
        state = cell.step_forward(params, x, _times(mask, state), **options)
        hs.append(state.h if hasattr(state, "h") else state)
    return torch.stack(hs), state


def _times(mask, state):
    return state._replace(h=mask * state.h) if hasattr(state, "h") else mask * state
