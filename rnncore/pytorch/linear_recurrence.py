"""The linear recurrence in two forms: the functions of `rnncore.reference.linear_recurrence`, on any device.

    h_t = a_t * h_{t-1} + b_t

Contents
    linear_recurrence_forward         the loop over time
    linear_recurrence_scan_forward    the same result by an associative scan, with its hand-derived gradient: a scan backwards

A round of the scan over all T steps is a few wide operations, as a step of the loop is a narrow one, and log2(T) rounds are enough. What
autograd would keep of every round is not needed: the gradient reads a and the states alone.
Source: Hillis and Steele (1986); Blelloch (1990); for recurrent networks Martin and Cundy (2018).
"""

import torch

from rnncore.pytorch.arguments import tensors

__all__ = ["linear_recurrence_forward", "linear_recurrence_scan_forward"]


@tensors(a="T B H", b="T B H", state0="B H")
def linear_recurrence_forward(a, b, state0):
    """Run h_t = a_t * h_{t-1} + b_t as a loop.

    Args:
        a: (T, B, H), what is kept of the state at each step; any finite numbers, in gated networks between 0 and 1.
        b: (T, B, H), what is added.
        state0: (B, H), the state before the first step.
    Returns:
        hs: (T, B, H), the state after each step.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    h, hs = state0, []
    for a_t, b_t in zip(a.unbind(), b.unbind(), strict=True):
        h = torch.addcmul(b_t, a_t, h)
        hs.append(h)
    return torch.stack(hs)


@tensors(a="T B H", b="T B H", state0="B H")
def linear_recurrence_scan_forward(a, b, state0):
    """Run h_t = a_t * h_{t-1} + b_t as a parallel scan.

    Args:
        a, b: (T, B, H), the factor and what is added at each step.
        state0: (B, H), before the first step.
    Returns:
        hs: (T, B, H), as from the loop up to rounding.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Hillis and Steele (1986), "Data Parallel Algorithms"; the rule for pairs: Blelloch (1990), section 1.4.
    """
    return _Scan.apply(a, b, state0)


class _Scan(torch.autograd.Function):
    """The scan, and its gradient by a scan over the reversed sequence: g_t = dh_t + a_{t+1} * g_{t+1}."""

    @staticmethod
    def forward(ctx, a, b, state0):
        hs = _scan(a, b, state0)
        ctx.save_for_backward(a, state0, hs)
        return hs

    @staticmethod
    def backward(ctx, dhs):
        a, state0, hs = ctx.saved_tensors
        a_next = torch.cat([a[1:], torch.zeros_like(a[:1])])  # nothing follows the last step
        db = _Scan.apply(a_next.flip(0), dhs.flip(0), torch.zeros_like(state0)).flip(0)  # which has a gradient, too
        before = torch.cat([state0[None], hs[:-1]])  # h_{t-1}
        return db * before, db, a[0] * db[0]


def _scan(a, b, state0):
    a, b = a.clone(), b.clone()  # position t will hold the map of all steps up to t
    b[0] += a[0] * state0
    distance = 1
    while distance < len(a):
        b[distance:] += a[distance:] * b[:-distance]
        a[distance:] = a[distance:] * a[:-distance]
        distance *= 2
    return b
