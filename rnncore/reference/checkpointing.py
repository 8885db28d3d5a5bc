r"""Gradient checkpointing: keep the state at every S-th step only, and compute the rest a second time on the way back.

    forward    run all segments of S steps but the last one; keep the state before each, forget everything else
    backward   from the last segment to the first: run it with its cache, go back through it, forget it

With T / S states and the cache of S steps in memory, S in proportion to sqrt(T) lets memory grow as sqrt(T) instead of T, for nearly one
more forward pass. Here S = 2 sqrt(T): half of it needs less memory, but twice the calls, whose fixed costs a short sequence feels.

Contents
    checkpointed_bptt    full BPTT in a + b sqrt(T) memory, the same gradients as `full_bptt`

Nothing here is approximate, unlike truncation (bptt.py).
Source: Chen, Xu, Zhang and Guestrin (2016), "Training Deep Nets with Sublinear Memory Cost".
"""

import math

import numpy as np

from rnncore.reference.bptt import BPTTResult, check_sequence, check_steps
from rnncore.reference.tree import tree_map

__all__ = ["checkpointed_bptt"]


def checkpointed_bptt(forward, backward, params, xs, state0, loss_gradient, *, segment=None, **options):
    """Run full backpropagation through time while keeping the cache of one segment at a time.

    Args:
        forward: `hs, state_T, cache = forward(params, xs, state0, **options)`, such as `lstm_forward`. It must give the same
            result when it is called again, so random masks have to be arguments.
        backward: `dparams, dxs, dstate0 = backward(cache, dhs, dstate_T)`, such as `lstm_backward`.
        params: what `forward` takes, a tree of arrays.
        xs: (T, B, D), or whatever `forward` takes with time first.
        state0: (B, H) array or named tuple of them, the state before the first step.
        loss_gradient: `loss, dhs = loss_gradient(start, hs)`: the summed loss of the steps start, start + 1, ... whose states
            are hs (K, B, H), and its gradient (K, B, H). It is called once for each segment, the last segment first.
        segment: S, steps in a segment; None takes 2 sqrt(T), rounded up.
        **options: further arguments of `forward`.
    Returns:
        A `BPTTResult`, equal to that of `full_bptt` up to rounding.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Chen, Xu, Zhang and Guestrin (2016).
    """
    check_sequence("checkpointed_bptt", xs, forward, backward, loss_gradient)
    segment = math.isqrt(4 * len(xs) - 1) + 1 if segment is None else segment
    check_steps("checkpointed_bptt: segment", segment)
    starts = range(0, len(xs), segment)
    states = [state0]  # the state before each segment
    for start in starts[:-1]:
        states.append(forward(params, xs[start : start + segment], states[-1], **options)[1])
    loss, dparams, dstate, state_T = 0.0, None, None, None
    for start in reversed(starts):
        hs, state, cache = forward(params, xs[start : start + segment], states.pop(), **options)
        state_T = state if state_T is None else state_T
        segment_loss, dhs = loss_gradient(start, hs)
        segment_dparams, *_, dstate = backward(cache, dhs, dstate)
        loss += segment_loss
        dparams = segment_dparams if dparams is None else tree_map(np.add, dparams, segment_dparams)
    return BPTTResult(loss, dparams, dstate, state_T)
