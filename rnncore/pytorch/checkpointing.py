"""Gradient checkpointing: the function of `rnncore.reference.checkpointing`, by automatic gradients.

Contents
    checkpointed_bptt    full BPTT that keeps the graph of one segment at a time, the same gradients as `full_bptt`

Inside a model of `torch.nn`, `torch.utils.checkpoint` does the same.
Source: Chen, Xu, Zhang and Guestrin (2016), "Training Deep Nets with Sublinear Memory Cost".
"""

import math

import torch

from rnncore.pytorch.bptt import BPTTResult, check_sequence, chunk
from rnncore.reference.bptt import check_steps
from rnncore.reference.tree import tree_map

__all__ = ["checkpointed_bptt"]


def checkpointed_bptt(forward, params, xs, state0, loss, *, segment=None, **options):
    """Run full backpropagation through time while keeping the graph of one segment at a time.

    Args:
        forward: `hs, state_T = forward(params, xs, state0, **options)`, such as `lstm_forward`. It must give the same result when it is
            called again, so random masks have to be arguments.
        params: what `forward` takes, a tree of tensors.
        xs: (T, B, D), or whatever `forward` takes with time first.
        state0: (B, H) tensor or named tuple of them, the state before the first step.
        loss: `value = loss(start, hs)`, as in `full_bptt`; it is called once for each segment, the last segment first.
        segment: S, steps in a segment; None takes sqrt(T), rounded up.
        **options: further arguments of `forward`.
    Returns:
        A `BPTTResult` of tensors: loss (), dparams as params, dstate0 and state_T as state0; equal to those of `full_bptt` up to
        rounding.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    check_sequence("checkpointed_bptt", xs, forward, loss)
    segment = math.isqrt(len(xs) - 1) + 1 if segment is None else segment
    check_steps("checkpointed_bptt: segment", segment)
    starts = range(0, len(xs), segment)
    states = [state0]  # the state before each segment, and the last one
    with torch.no_grad():
        for start in starts:
            states.append(forward(params, xs[start : start + segment], states[-1], **options)[1])
    state_T, total, dparams, dstate = states.pop(), 0.0, None, None
    for start in reversed(starts):
        part = chunk(forward, params, xs[start : start + segment], states.pop(), loss, start, options, dstate)
        total, dstate = total + part.loss, part.dstate0
        dparams = part.dparams if dparams is None else tree_map(torch.add, dparams, part.dparams)
    return BPTTResult(total, dparams, dstate, state_T)
