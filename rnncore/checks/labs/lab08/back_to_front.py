"""Lab 8, part 1: each sequence back to front.

Contents
    reversal    the check of `reverse_padded_forward`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab08.inputs import COLUMN_LENGTHS, COLUMNS, draw_padded
from rnncore.reference.masking import ReversePaddedCache, reverse_padded_forward

__all__ = ["reversal"]


def by_index(index):
    """The right function but for the index (T, B) that `index(t, lengths, T)` gives; t is (T, 1)."""

    def wrong(xs, lengths):
        t = np.arange(len(xs))[:, None]
        at = np.broadcast_to(index(t, lengths, len(xs)), xs.shape[:2])
        return np.take_along_axis(xs, at[..., None], axis=0), ReversePaddedCache(at, xs)

    return wrong


def inside(index):
    """The same, with the padding where it is."""
    return by_index(lambda t, lengths, T: np.where(t < lengths, index(t, lengths), t))


def right_index(xs, lengths):
    return reverse_padded_forward(xs, lengths)[1].index


def with_ys(change):
    """The right cache, but `change(xs, lengths, ys)` in the place of ys."""

    def wrong(xs, lengths):
        ys, cache = reverse_padded_forward(xs, lengths)
        return change(xs, lengths, ys), cache

    return wrong


def with_cache(change):
    """The right ys, but a cache of `change(index, xs, ys)`."""

    def wrong(xs, lengths):
        ys, cache = reverse_padded_forward(xs, lengths)
        return ys, ReversePaddedCache(*change(cache.index, xs, ys))

    return wrong


def overwritten(xs, lengths):
    """A copy of xs is turned in a loop that reads what it has written."""
    ys, cache = xs.copy(), reverse_padded_forward(xs, lengths)[1]
    for t in range(len(xs)):
        ys[t] = ys[cache.index[t], np.arange(len(lengths))]
    return ys, cache


def padding(xs, lengths):
    return (np.arange(len(xs))[:, None] >= lengths)[..., None]


def draw(rng, T=6, B=4, D=3):
    return next(draw_padded(rng, np.float64, T, B, D))


def twice_is_nothing(function, rng):
    """Turned and turned again, every sequence is as it was."""
    xs, lengths = draw(rng)
    compare("ys turned once more", function(function(xs, lengths)[0], lengths)[0], xs)


def a_sequence_alone_is_just_turned(function, rng):
    """A sequence gives the same alone, where turning is all there is to do, and in a batch; the padding is not touched."""
    xs, lengths = draw(rng)
    ys, _ = function(xs, lengths)
    for b, L in enumerate(lengths):
        compare(f"ys of sequence {b}", ys[:L, b], xs[:L, b][::-1])
        compare(f"the padding of sequence {b}", ys[L:, b], xs[L:, b])


reversal = Exercise(
    reverse_padded_forward,
    outputs=("ys", "cache"),
    letters="TBD",
    example=lambda: (COLUMNS, COLUMN_LENGTHS),
    draw=draw_padded,
    properties=(twice_is_nothing, a_sequence_alone_is_just_turned),
    mistakes={
        "lengths are ignored: the whole array is turned, and the padding comes first": by_index(lambda t, lengths, T: T - 1 - t),
        "the padding is turned as well, at its place; it stays as it is": by_index(
            lambda t, lengths, T: np.where(t < lengths, lengths - 1 - t, T - 1 + lengths - t)
        ),
        "the padding is set to zero; it stays as it is": with_ys(lambda xs, lengths, ys: np.where(padding(xs, lengths), 0, ys)),
        "the padding is filled with the first step of its sequence; it stays as it is": by_index(
            lambda t, lengths, T: np.maximum(lengths - 1 - t, 0)
        ),
        "the padding is filled with the last step of its sequence; it stays as it is": by_index(
            lambda t, lengths, T: np.where(t < lengths, lengths - 1 - t, lengths - 1)
        ),
        "the index falls below 0 in the padding, which NumPy counts from the end": by_index(lambda t, lengths, T: lengths - 1 - t),
        "one step too many is turned: a sequence has the steps t < lengths": by_index(
            lambda t, lengths, T: np.where(t <= lengths, lengths - 1 - t, t)
        ),
        "the index is one too large: the last step of a sequence is lengths - 1": inside(lambda t, lengths: lengths - t),
        "the index is one too small: the last step of a sequence is lengths - 1": inside(lambda t, lengths: lengths - 2 - t),
        "the last step of each sequence stays where it is: a slice ends before its end": inside(
            lambda t, lengths: np.where(t < lengths - 1, lengths - 2 - t, t)
        ),
        "the first step of each sequence stays where it is: the slice starts one too late": inside(
            lambda t, lengths: np.where(t > 0, lengths - t, t)
        ),
        "the last entry of each sequence is the one that stood there before: a sequence has the steps t < lengths": inside(
            lambda t, lengths: np.where(t < lengths - 1, lengths - 1 - t, t)
        ),
        "entries are read after they have been overwritten": overwritten,
        "every sequence is turned within the length of the first one": by_index(
            lambda t, lengths, T: np.where(t < lengths[0], lengths[0] - 1 - t, t)
        ),
        "every sequence is turned within the length of the shortest one": by_index(
            lambda t, lengths, T: np.where(t < lengths.min(), lengths.min() - 1 - t, t)
        ),
        "nothing is turned": by_index(lambda t, lengths, T: t),
        "the order of the batch is turned; time is the first axis": with_ys(lambda xs, lengths, ys: xs[:, ::-1]),
        "the numbers of each input are turned; time is the first axis": with_ys(lambda xs, lengths, ys: xs[..., ::-1]),
        "time and the numbers of each input are turned both": with_ys(lambda xs, lengths, ys: ys[..., ::-1]),
        "each sequence is moved to the end of the array and the padding to its front": by_index(
            lambda t, lengths, T: (t - T + lengths) % T
        ),
        "whole steps of the batch are picked: an entry of xs has a step and a sequence": with_ys(
            lambda xs, lengths, ys: xs[right_index(xs, lengths)]
        ),
        "only the index is returned": lambda xs, lengths: (right_index(xs, lengths), ReversePaddedCache(right_index(xs, lengths), xs)),
        "the cache holds the turned array, because xs was turned in place; it holds xs as it came": with_cache(
            lambda index, xs, ys: (index, ys)
        ),
        "index has batch and time exchanged; it is (T, B)": with_cache(lambda index, xs, ys: (index.T, xs)),
        "xs and index are exchanged in the cache; it is (index, xs)": with_cache(lambda index, xs, ys: (xs, index)),
        "the index of the cache does not turn: it counts the steps as they came": with_cache(
            lambda index, xs, ys: (np.arange(len(xs))[:, None] + 0 * index, xs)
        ),
        "the index of the cache is 0 in the padding; an entry there comes from its own place": with_cache(
            lambda index, xs, ys: (np.where(index > index[0], 0, index), xs)
        ),
    },
)
