"""The way back through one step, as far as LSTM variants share it: the slopes of their gates and what multiplies them.

Contents
    gate_slopes           room for the slopes of all gates, in the forms that a step back needs
    gates_backward        the gradient at the pre-activations, from these forms
    lstm_step_backward    the step back where the cell state reaches the next one entry by entry

The cells run by the template of `custom_cell.py`.
Source: the chain rule, applied to the LSTM of Gers, Schmidhuber and Cummins (2000).
"""

import torch

__all__ = []


def gate_slopes(room, gates):
    """Make room for the slopes of an LSTM's gates: the same memory in the three forms that its step back needs.

    Args:
        room: (T, B, gates * H), of any content.
        gates: how many; the last one is o.
    Returns:
        slope_a: room itself, of all pre-activations.
        of_c: (T, gates - 1, B, H), the slopes of c_next at all but the last.
        of_h: (T, B, H), the slope of h_next at the last.
    """
    by_gate = room.unflatten(2, (gates, -1))
    return room, by_gate[:, :, :-1].transpose(1, 2), by_gate[:, :, -1]


def lstm_step_backward(weights, slopes, dh, dh_next, dc_next):
    """The step back of LSTMs whose cell state reaches the next one entry by entry.

    Args:
        weights: the first one is weight_hh.
        slopes: the three of `gate_slopes`; of h_next with respect to c_next (B, H); of c_next with respect to c (B, H).
        dh: (B, H), to which the gradient is added.
        dh_next, dc_next: (B, H).
    Returns:
        (dc,).
    """
    *gates, slope_h, slope_c = slopes
    dc_next = torch.addcmul(dc_next, dh_next, slope_h)
    dh.addmm_(gates_backward(gates, dh_next, dc_next), weights[0])
    return (dc_next.mul_(slope_c),)


def gates_backward(slopes, dh_next, dc_next):
    """Write da (B, gates * H) over the slopes, the three of `gate_slopes`, and return it."""
    da, of_c, of_h = slopes
    of_c.mul_(dc_next)
    of_h.mul_(dh_next)
    return da
