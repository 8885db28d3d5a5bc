"""The way back, as far as LSTM variants share it: the slopes of their gates and what multiplies them.

Contents
    gate_slopes       the memory of all gates' slopes, in the forms that a step back needs
    lstm_walk_back    the way back where the cell state reaches the next one entry by entry

The cells run by the template of `custom_cell.py`.
Source: the chain rule, applied to the LSTM of Gers, Schmidhuber and Cummins (2000).
"""

import torch

__all__ = []


def gate_slopes(memory, gates):
    """Give the memory of an LSTM's slopes in the three forms that its step back needs.

    Args:
        memory: contiguous (T, B, gates * H), of any content.
        gates: how many; the last one is o.
    Returns:
        slope_a: memory itself, of all pre-activations.
        of_c: (T, gates - 1, B, H), the slopes of c_next at all but the last.
        of_h: (T, B, H), the slope of h_next at the last.
    """
    by_gate = memory.view(*memory.shape[:2], gates, -1)
    return memory, by_gate[:, :, :-1].transpose(1, 2), by_gate[:, :, -1]


def lstm_walk_back(weights, steps, dh_next, dc):
    """The way back of LSTMs whose cell state reaches the next one entry by entry.

    Args:
        weights: the first one is weight_hh.
        steps: for each step, from the last on, a tuple of dh (B, H), to which the gradient is added; the three of `gate_slopes`, the
            first of which becomes da; the slope of h_next with respect to c_next (B, H), and that of c_next with respect to c (B, H).
        dh_next, dc: (B, H), the gradients after the last step.
    Returns:
        dh, dc: (B, H), the gradients before the first step.
    """
    W_hh = weights[0]
    for dh, da, of_c, of_h, slope_h, slope_c in steps:
        dc = torch.addcmul(dc, dh_next, slope_h)
        of_c.mul_(dc)
        of_h.mul_(dh_next)
        dh_next = dh.addmm_(da, W_hh)
        dc.mul_(slope_c)
    return dh_next, dc
