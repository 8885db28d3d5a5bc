"""Lab 7, part 2: which places of a padded batch are real.

Contents
    mask    the check of `length_mask`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab07.inputs import LENGTHS, draw_lengths, draw_mask
from rnncore.reference.masking import length_mask

__all__ = ["mask"]


def where(rule):
    """A mask that is True where `rule(t, lengths, steps)` says so; t is (T, 1)."""
    return lambda lengths, steps: np.broadcast_to(rule(np.arange(steps)[:, None], lengths, steps), (steps, len(lengths)))


def true_counts_are_the_lengths(function, rng):
    """Each column starts with as many True as its length says, and has none after them, however much padding there is."""
    lengths = draw_lengths(rng, 5, 4)
    for steps in (5, 9):
        mask = function(lengths, steps)
        compare("the number of True in each column", mask.sum(axis=0), lengths)
        compare("the first row", mask[0], np.ones(4))
        compare("the number of True after a False", (mask[1:] & ~mask[:-1]).sum(), 0)


mask = Exercise(
    length_mask,
    outputs=("mask",),
    letters="TB",
    example=lambda: (LENGTHS, 3),
    draw=draw_mask,
    properties=(true_counts_are_the_lengths,),
    mistakes={
        "one step too many is real: t counts from 0, so a sequence of length L ends at t = L - 1": where(lambda t, n, T: t <= n),
        "one step too few is real: t counts from 0, so the last real step is t = L - 1": where(lambda t, n, T: t < n - 1),
        "the first step is left out; t counts from 0": where(lambda t, n, T: (t > 0) & (t < n)),
        "the first step is left out, and one step too many is real at the end": where(lambda t, n, T: (t > 0) & (t <= n)),
        "the mask is turned round: it is True in the padding": where(lambda t, n, T: t >= n),
        "the mask is turned round and one step off": where(lambda t, n, T: t > n),
        "only the last real step is True; all real steps are": where(lambda t, n, T: t == n - 1),
        "the first step of the padding alone is True": where(lambda t, n, T: t == n),
        "the padding is taken to stand before the sequences; it stands behind them": where(lambda t, n, T: t >= T - n),
        "everything is taken to be real": where(lambda t, n, T: t < T),
        "one length is used for all sequences; each has its own": where(lambda t, n, T: t + 0 * n < n[0]),
        "the shortest length is used for all sequences": where(lambda t, n, T: t + 0 * n < n.min()),
        "the longest length is used for all sequences": where(lambda t, n, T: t + 0 * n < n.max()),
        "the mean length is used for all sequences": where(lambda t, n, T: t + 0 * n < n.mean()),
        "the axes are exchanged: time comes first, then the batch": lambda lengths, steps: length_mask(lengths, steps).T,
        "reshape exchanges the axes, which mixes the sequences": lambda lengths, steps: (
            length_mask(lengths, steps).T.reshape(steps, len(lengths))
        ),
        "the mask ends with the longest sequence; there may be padding behind all of them": lambda lengths, steps: (
            length_mask(lengths, int(lengths.max()))
        ),
        "the lengths are sorted first; each column belongs to its own sequence": lambda lengths, steps: (
            length_mask(np.sort(lengths)[::-1].copy(), steps)
        ),
        "each sequence is compared with its number in the batch; the steps are compared with the lengths": where(
            lambda t, n, T: np.arange(len(n)) < n
        ),
        "steps and lengths stand along the same axis; put one of them upright": lambda lengths, steps: np.arange(steps) < lengths,
    },
)
