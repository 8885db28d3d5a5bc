"""Lab 7, part 1: sequences of unequal length in one array.

Contents
    pad    the check of `pad_sequences`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab07.inputs import column, draw_lengths, draw_sequences, normal

__all__ = ["pad"]


def pad_sequences(sequences, value):
    """Put sequences side by side, one column each, and fill up behind the shorter ones: (T, B, ...) and the lengths (B,)."""
    lengths = np.array([len(sequence) for sequence in sequences])
    padded = np.full((lengths.max(), len(sequences), *sequences[0].shape[1:]), value, sequences[0].dtype)
    for b, sequence in enumerate(sequences):
        padded[: len(sequence), b] = sequence
    return padded, lengths


def filled(place, steps=lambda lengths: lengths.max()):
    """The right function but for where `place(padded, b, sequence)` writes a sequence, and for the number of steps."""

    def wrong(sequences, value):
        lengths = np.array([len(sequence) for sequence in sequences])
        padded = np.full((steps(lengths), len(sequences), *sequences[0].shape[1:]), value, sequences[0].dtype)
        for b, sequence in enumerate(sequences):
            place(padded, b, sequence)
        return padded, lengths

    return wrong


def to_the_top(padded, b, sequence):
    padded[: len(sequence), b] = sequence


def to_the_end(padded, b, sequence):
    padded[len(padded) - len(sequence) :, b] = sequence


def cut(padded, b, sequence):
    padded[: len(sequence), b] = sequence[: len(padded)]


def backwards(padded, b, sequence):
    padded[: len(sequence), b] = sequence[::-1]


def but_the_last(padded, b, sequence):
    padded[: len(sequence) - 1, b] = sequence[:-1]


def last_repeated(padded, b, sequence):
    padded[:, b] = sequence[-1]
    padded[: len(sequence), b] = sequence


def begun_anew(padded, b, sequence):
    padded[:, b] = sequence[np.arange(len(padded)) % len(sequence)]


def with_padded(change):
    """The right function but for what `change(padded)` makes of the array."""

    def wrong(sequences, value):
        padded, lengths = pad_sequences(sequences, value)
        return change(padded), lengths

    return wrong


def with_lengths(change):
    """The right function but for what `change(lengths, padded, value)` makes of the lengths."""

    def wrong(sequences, value):
        padded, lengths = pad_sequences(sequences, value)
        return padded, change(lengths, padded, value)

    return wrong


def found_by_the_filler(lengths, padded, value):
    real = padded != value
    return (real if padded.ndim == 2 else real.any(axis=2)).sum(axis=0)


def one_axis_more(sequences, value):
    """The last axis is asked for where there is none."""
    lengths = np.array([len(sequence) for sequence in sequences])
    padded = np.full((lengths.max(), len(sequences), sequences[0].shape[1]), value, sequences[0].dtype)
    for b, sequence in enumerate(sequences):
        padded[: len(sequence), b] = sequence
    return padded, lengths


def sizes_for_lengths(sequences, value):
    """The number of numbers is taken for the number of steps."""
    sizes = np.array([sequence.size for sequence in sequences])
    padded = np.full((sizes.max(), len(sequences), *sequences[0].shape[1:]), value, sequences[0].dtype)
    for b, sequence in enumerate(sequences):
        padded[: len(sequence), b] = sequence
    return padded, sizes


def every_sequence_comes_back(function, rng):
    """Cut at its length, each column is its sequence, and what is behind it is the filler, whatever that is."""
    lengths = draw_lengths(rng, 6, 4)
    sequences = [normal(rng, np.float64, L, 2) for L in lengths]
    for value in (0.0, 7.5):
        padded, said = function(sequences, value)
        compare("the lengths", said, lengths)
        for b, sequence in enumerate(sequences):
            compare(f"column {b} up to its length", padded[: len(sequence), b], sequence)
            compare(f"column {b} behind its length", padded[len(sequence) :, b], np.full((6 - len(sequence), 2), value))


pad = Exercise(
    pad_sequences,
    outputs=("padded", "lengths"),
    letters="TBD",
    example=lambda: ([column(2.0, 6.0), column(8.0, 0.0, 4.0), column(4.0)], 0.0),
    draw=draw_sequences,
    properties=(every_sequence_comes_back,),
    mistakes={
        "the filler stands before the sequence; it stands behind it": filled(to_the_end),
        "the filler is 0; it is the value that was given": lambda sequences, value: pad_sequences(sequences, 0),
        "all are cut to the shortest sequence; the longest one says how many steps there are": filled(cut, lambda lengths: lengths.min()),
        "the first sequence says how many steps there are; the longest one does": filled(to_the_top, lambda lengths: lengths[0]),
        "the first sequence says how many steps there are, and longer ones are cut": filled(cut, lambda lengths: lengths[0]),
        "the last sequence says how many steps there are; the longest one does": filled(to_the_top, lambda lengths: lengths[-1]),
        "there is one step too many": filled(to_the_top, lambda lengths: lengths.max() + 1),
        "there are as many steps as the sequences have together; the longest one says how many": filled(
            to_the_top, lambda lengths: lengths.sum()
        ),
        "the last step is repeated in the padding; put the filler there": filled(last_repeated),
        "the sequence begins anew in the padding; put the filler there": filled(begun_anew),
        "the last step of each sequence is left out": filled(but_the_last),
        "each sequence is turned back to front": filled(backwards),
        "the batch is the first axis; time comes first, then the batch": with_padded(lambda padded: padded.swapaxes(0, 1)),
        "reshape exchanges time and batch, which mixes the sequences; write each one into its column": with_padded(
            lambda padded: padded.swapaxes(0, 1).reshape(padded.shape)
        ),
        "the sequences come longest first; they stay in the given order": lambda sequences, value: (
            pad_sequences(sorted(sequences, key=len, reverse=True), value)
        ),
        "the sequences come shortest first; they stay in the given order": lambda sequences, value: (
            pad_sequences(sorted(sequences, key=len), value)
        ),
        "a last axis is taken for granted; a step may also be a single number": one_axis_more,
        "the lengths are found by looking for the filler, which a sequence may hold, too": with_lengths(found_by_the_filler),
        "every length is that of the longest sequence; each has its own": with_lengths(lambda n, padded, value: 0 * n + n.max()),
        "each length is one too small: it is the number of steps, not the index of the last": with_lengths(lambda n, padded, value: n - 1),
        "the length is the number of numbers; it is the number of steps": with_lengths(lambda n, padded, value: n * padded[0, 0].size),
        "the number of steps is the size of a sequence, which counts every number of every step": sizes_for_lengths,
        "the lengths say how much padding there is; they say how many steps are real": with_lengths(
            lambda n, padded, value: len(padded) - n
        ),
        "the lengths are sorted and no longer belong to the columns": with_lengths(lambda n, padded, value: np.sort(n)[::-1]),
    },
)
