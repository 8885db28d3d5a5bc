"""Sequences of unequal length in one padded array: a mask, the reversal of each sequence, and its last state.

    lengths = [3, 1, 2]        mask = [[1, 1, 1],        time runs downwards, one column for each sequence
                                       [1, 0, 1],
                                       [1, 0, 0]]

Contents
    length_mask                                         lengths -> mask (T, B)
    reverse_padded_forward, reverse_padded_backward     each sequence back to front, its padding left at the end
    last_state_forward, last_state_backward             the state at the last step of each sequence

Lengths are whole numbers (B,), each from 1 to T. An empty sequence has no last state and is refused.
How to run a cell over such an array stands in `masked.py`; the array without its padding in `packing.py`.
Source: this course.
"""

from typing import NamedTuple

import numpy as np

from rnncore.reference.shapes import shapes

__all__ = [
    "LastStateCache",
    "ReversePaddedCache",
    "last_state_backward",
    "last_state_forward",
    "length_mask",
    "reverse_padded_backward",
    "reverse_padded_forward",
]


class ReversePaddedCache(NamedTuple):
    """What the reversal keeps for its backward pass."""

    index: np.ndarray  # (T, B), where each entry of the result comes from
    xs: np.ndarray  # (T, B, D)


class LastStateCache(NamedTuple):
    """What picking the last states keeps for its backward pass."""

    hs: np.ndarray  # (T, B, H)
    lengths: np.ndarray  # (B,)


@shapes(lengths="int B", steps="size")
def length_mask(lengths, steps):
    """Tell which entries of a padded array belong to a sequence.

    Args:
        lengths: (B,), whole numbers from 1 to T.
        steps: T.
    Returns:
        mask: (T, B) of bool, true for t < lengths[b].
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.

    >>> length_mask(np.array([3, 1, 2]), 3).astype(int).tolist()
    [[1, 1, 1], [1, 0, 1], [1, 0, 0]]
    """
    check_lengths("length_mask", lengths, steps)
    return np.arange(steps)[:, None] < lengths


@shapes(xs="T B D", lengths="int B")
def reverse_padded_forward(xs, lengths):
    """Turn each sequence back to front within its own length; padding stays where it is.

    Args:
        xs: (T, B, D).
        lengths: (B,), whole numbers from 1 to T.
    Returns:
        ys: (T, B, D), with ys[t, b] = xs[lengths[b] - 1 - t, b] for t < lengths[b]. Twice gives xs again.
        cache: for `reverse_padded_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.

    >>> ys, cache = reverse_padded_forward(np.array([[[1.0]], [[2.0]], [[0.0]]]), np.array([2]))
    >>> ys[:, 0, 0].tolist()
    [2.0, 1.0, 0.0]
    """
    check_lengths("reverse_padded_forward", lengths, len(xs))
    t = np.arange(len(xs))[:, None]
    index = np.where(t < lengths, lengths - 1 - t, t)  # (T, B)
    return np.take_along_axis(xs, index[..., None], axis=0), ReversePaddedCache(index, xs)


@shapes(cache=(ReversePaddedCache, {"xs": "T B D"}), dys="T B D")
def reverse_padded_backward(cache, dys):
    """Carry the gradient back: the same reversal, as an entry that went from s to t gets the gradient at t.

    Args:
        cache: what `reverse_padded_forward` returned.
        dys: (T, B, D).
    Returns:
        dxs: (T, B, D).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    return np.take_along_axis(dys, cache.index[..., None], axis=0)


@shapes(hs="T B H", lengths="int B")
def last_state_forward(hs, lengths):
    """Pick the state at the last step of each sequence; hs[-1] would be padding for the shorter ones.

    Args:
        hs: (T, B, H).
        lengths: (B,), whole numbers from 1 to T.
    Returns:
        h: (B, H), with h[b] = hs[lengths[b] - 1, b].
        cache: for `last_state_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    check_lengths("last_state_forward", lengths, len(hs))
    return hs[lengths - 1, np.arange(len(lengths))], LastStateCache(hs, lengths)


@shapes(cache=(LastStateCache, {"hs": "T B H"}), dh="B H")
def last_state_backward(cache, dh):
    """Carry the gradient back to the steps that were picked; every other step gets zero.

    Args:
        cache: what `last_state_forward` returned.
        dh: (B, H).
    Returns:
        dhs: (T, B, H).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    hs, lengths = cache
    dhs = np.zeros_like(hs)
    dhs[lengths - 1, np.arange(len(lengths))] = dh
    return dhs


def check_lengths(where, lengths, steps):
    """Refuse lengths that do not lie between 1 and T."""
    wrong = lengths[(lengths < 1) | (lengths > steps)]
    if wrong.size:
        why = ", as an empty sequence has no state" if wrong[0] == 0 else ""
        raise ValueError(f"{where}: lengths must lie between 1 and {steps} (T), got {wrong[0]}{why}.")
