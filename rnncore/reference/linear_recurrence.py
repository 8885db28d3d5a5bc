r"""The linear recurrence, entry by entry, in two forms: one step after the other, and all steps at once in log2(T) rounds.

    h_t = a_t * h_{t-1} + b_t

The step from t-1 to t is the map (a_t, b_t): h -> a_t h + b_t. Two maps in a row are again such a map,

    (a_2, b_2) after (a_1, b_1) = (a_2 a_1, a_2 b_1 + b_2),

and this rule is associative, so the maps of all first t steps can be composed in any grouping. The scan here is that of Hillis and Steele:
in round k each position takes in what stands 2^k positions before it. It takes log2(T) rounds of T products each, so more arithmetic
than the loop (T log2 T against T) but few, wide operations; the work-efficient scan of Blelloch (1990) needs twice the rounds.

Products of a in (0, 1) may underflow to 0, which is what they mean: nothing is divided by them and no logarithm is taken, so the
scan is as accurate as the loop.

Contents
    linear_recurrence_forward         the loop over time
    linear_recurrence_backward        its gradient: the same recurrence, run backwards
    linear_recurrence_scan_forward    the same result by a parallel scan
    linear_recurrence_scan_backward   its gradient, also by a scan

Source: Hillis and Steele (1986); Blelloch (1990); for recurrent networks Martin and Cundy (2018).
"""

from typing import NamedTuple

import numpy as np

from rnncore.reference.shapes import shapes

__all__ = [
    "LinearRecurrenceCache",
    "linear_recurrence_backward",
    "linear_recurrence_forward",
    "linear_recurrence_scan_backward",
    "linear_recurrence_scan_forward",
]


class LinearRecurrenceCache(NamedTuple):
    """What both forms keep for the backward pass."""

    a: np.ndarray  # (T, B, H)
    state0: np.ndarray  # (B, H)
    hs: np.ndarray  # (T, B, H)


@shapes(a="T B H", b="T B H", state0="B H")
def linear_recurrence_forward(a, b, state0):
    """Run h_t = a_t * h_{t-1} + b_t as a loop.

    Args:
        a: (T, B, H), what is kept of the state at each step; any finite numbers, in gated networks between 0 and 1.
        b: (T, B, H), what is added.
        state0: (B, H), the state before the first step.
    Returns:
        hs: (T, B, H), the state after each step.
        cache: for `linear_recurrence_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.

    >>> a, b = np.full((3, 1, 1), 0.5), np.ones((3, 1, 1))
    >>> linear_recurrence_forward(a, b, np.zeros((1, 1)))[0].ravel().tolist()
    [1.0, 1.5, 1.75]
    """
    h, hs = state0, []
    for a_t, b_t in zip(a, b, strict=True):
        h = a_t * h + b_t
        hs.append(h)
    hs = np.stack(hs)
    return hs, LinearRecurrenceCache(a, state0, hs)


@shapes(cache=(LinearRecurrenceCache, {"a": "T B H"}), dhs="T B H")
def linear_recurrence_backward(cache, dhs):
    """Carry the gradient back: g_t = dh_t + a_{t+1} * g_{t+1} is again a linear recurrence, from the last step to the first.

    Args:
        cache: what `linear_recurrence_forward` or `linear_recurrence_scan_forward` returned.
        dhs: (T, B, H), the gradient that reaches each state from outside.
    Returns:
        da: (T, B, H).
        db: (T, B, H), equal to the whole gradient g_t at each state.
        dstate0: (B, H).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    g, db = np.zeros_like(cache.state0), []
    for a_t, dh_t in zip(cache.a[::-1], dhs[::-1], strict=True):
        db.append(dh_t + g)
        g = a_t * db[-1]
    return _gradients(cache, np.stack(db[::-1]))


@shapes(a="T B H", b="T B H", state0="B H")
def linear_recurrence_scan_forward(a, b, state0):
    """Run h_t = a_t * h_{t-1} + b_t as a parallel scan.

    Args:
        a, b: (T, B, H), the factor and what is added at each step.
        state0: (B, H), before the first step.
    Returns:
        hs: (T, B, H), as from the loop up to rounding.
        cache: for `linear_recurrence_scan_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Hillis and Steele (1986), "Data Parallel Algorithms"; the rule for pairs: Blelloch (1990), section 1.4.
    """
    hs = _scan(a, b, state0)
    return hs, LinearRecurrenceCache(a, state0, hs)


@shapes(cache=(LinearRecurrenceCache, {"a": "T B H"}), dhs="T B H")
def linear_recurrence_scan_backward(cache, dhs):
    """Carry the gradient back by a scan over the reversed sequence.

    Args:
        cache: what `linear_recurrence_forward` or `linear_recurrence_scan_forward` returned.
        dhs: (T, B, H), the gradient that reaches each state from outside.
    Returns:
        da: (T, B, H).
        db: (T, B, H).
        dstate0: (B, H).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    Source: Martin and Cundy (2018).
    """
    a_next = np.concatenate([cache.a[1:], np.zeros_like(cache.a[:1])])  # a_{t+1}; nothing follows the last step
    g = _scan(a_next[::-1], dhs[::-1], np.zeros_like(cache.state0))[::-1]
    return _gradients(cache, g.copy())


def _scan(a, b, state0):
    a, b = a.copy(), b.copy()  # position t will hold the map of all steps up to t
    b[0] += a[0] * state0
    distance = 1
    while distance < len(a):
        b[distance:] += a[distance:] * b[:-distance]
        a[distance:] = a[distance:] * a[:-distance]
        distance *= 2
    return b


def _gradients(cache, db):
    a, state0, hs = cache
    before = np.concatenate([state0[None], hs[:-1]])  # h_{t-1}
    return db * before, db, a[0] * db[0]
