"""Lab 7, part 7: unpacking.

Contents
    unpack    the check of `unpack_forward`
"""

import functools

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab07.inputs import NAMES, NAMES_LENGTHS, draw_packed, draw_padded, is_real
from rnncore.checks.labs.lab07.without_padding import in_given_order, longest_first, ties_turned
from rnncore.reference import packing
from rnncore.reference.packing import UnpackCache, pack_forward

__all__ = ["unpack"]


@functools.wraps(packing.unpack_forward)
def unpack_forward(data, lengths):
    return packing.unpack_forward(data, lengths)


del unpack_forward.__wrapped__  # its own arguments are two; the reference can also be told the number of steps


def step_by_step(data, lengths, order=longest_first, running=lambda t, n: t < n, filler=0, steps=None):
    """Give the rows of data back, step by step, to the columns that `order(lengths)` names."""
    steps = lengths.max() if steps is None else steps
    xs = np.full((steps, len(lengths), data.shape[1]), filler, data.dtype)
    rows, start = order(lengths), 0
    for t in range(steps):
        columns = rows[running(t, lengths[rows])]
        xs[t, columns] = data[start : start + len(columns)]
        start += len(columns)
    return xs


def with_xs(change):
    """The right function but for the xs that `change(data, lengths)` unpacks."""

    def wrong(data, lengths):
        xs = change(data, lengths)
        return xs, UnpackCache(xs, data, lengths)

    return wrong


def with_cache(change):
    def wrong(data, lengths):
        xs, _ = packing.unpack_forward(data, lengths)
        return xs, UnpackCache(*change(xs, data, lengths))

    return wrong


def one_after_the_other(data, lengths, order):
    xs, start = np.zeros((lengths.max(), len(lengths), data.shape[1]), data.dtype), 0
    for b in order:
        xs[: lengths[b], b] = data[start : start + lengths[b]]
        start += lengths[b]
    return xs


def first_columns(data, lengths):
    """Step by step into the first columns, which leaves the batch sorted."""
    xs, start = np.zeros((lengths.max(), len(lengths), data.shape[1]), data.dtype), 0
    for t in range(lengths.max()):
        size = (lengths > t).sum()
        xs[t, :size] = data[start : start + size]
        start += size
    return xs


def filled(data, lengths):
    xs = np.zeros(lengths.max() * len(lengths) * data.shape[1], data.dtype)
    xs[: data.size] = data.ravel()
    return xs.reshape(lengths.max(), len(lengths), data.shape[1])


def start_not_moved(data, lengths):
    xs, rows = np.zeros((lengths.max(), len(lengths), data.shape[1]), data.dtype), longest_first(lengths)
    for t in range(lengths.max()):
        size = (lengths > t).sum()
        xs[t, rows[:size]] = data[:size]
    return xs


def start_is_the_step(data, lengths):
    xs, rows = np.zeros((lengths.max(), len(lengths), data.shape[1]), data.dtype), longest_first(lengths)
    for t in range(lengths.max()):
        size = (lengths > t).sum()
        xs[t, rows[:size]] = data[t : t + size]
    return xs


def shortest_run(data, lengths):
    """The first rows of an order that has the shortest first are taken for those that run."""
    xs, rows, start = np.zeros((lengths.max(), len(lengths), data.shape[1]), data.dtype), np.argsort(lengths, kind="stable"), 0
    for t in range(lengths.max()):
        size = (lengths > t).sum()
        xs[t, rows[:size]] = data[start : start + size]
        start += size
    return xs


def last_step_zero(data, lengths):
    xs = step_by_step(data, lengths)
    xs[-1] = 0
    return xs


def packing_comes_back(function, rng):
    """What was packed comes back, with zeros in the padding; and every row of data has one place."""
    for xs, lengths in draw_padded(rng, np.float64, T=5, B=4, D=2):
        data, _ = pack_forward(xs, lengths)
        back, _ = function(data, lengths)
        right = np.where(is_real(lengths, 5)[..., None], xs, 0)[: lengths.max()]
        compare("what was packed and unpacked", back, right)
        compare("the sum of squares", (back**2).sum(), (data**2).sum())


unpack = Exercise(
    unpack_forward,
    outputs=("xs", "cache"),
    letters="TBD",
    example=lambda: (pack_forward(NAMES, NAMES_LENGTHS)[0], NAMES_LENGTHS),
    draw=draw_packed,
    properties=(packing_comes_back,),
    mistakes={
        "the columns stay longest first; each sequence goes back to its own column": with_xs(first_columns),
        "the rows of a step are given to the running sequences in the given order; they come longest first": with_xs(
            lambda data, n: step_by_step(data, n, in_given_order)
        ),
        "data is read one sequence after the other; it goes time step by time step": with_xs(
            lambda data, n: one_after_the_other(data, n, range(len(n)))
        ),
        "data is read one sequence after the other, the longest first; it goes time step by time step": with_xs(
            lambda data, n: one_after_the_other(data, n, longest_first(n))
        ),
        "the shortest sequence is taken to come first; the longest does": with_xs(
            lambda data, n: step_by_step(data, n, lambda n: np.argsort(n, kind="stable"))
        ),
        "equal lengths are taken in the opposite order; they keep the given one": with_xs(
            lambda data, n: step_by_step(data, n, ties_turned)
        ),
        "the order is undone the wrong way round: column order[k] gets row k": with_xs(
            lambda data, n: first_columns(data, n)[:, longest_first(n)]
        ),
        "data is poured in without leaving room for the padding": with_xs(filled),
        "data is reshaped as if there had been no padding": with_xs(lambda data, n: data.reshape(n.max(), len(n), data.shape[1])),
        "every step reads the first rows of data; go on where the last step ended": with_xs(start_not_moved),
        "the rows of step t are taken from place t on; go on where the last step ended": with_xs(start_is_the_step),
        "the order has the shortest first, so that its first entries are not the sequences that still run": with_xs(shortest_run),
        "the last step of the longest sequences is missing: zeros stand there": with_xs(last_step_zero),
        "the last step is missing: there are as many steps as the longest sequence has": with_xs(
            lambda data, n: step_by_step(data, n, steps=n.max() - 1)
        ),
        "there are as many steps as data has rows; the longest sequence says how many": with_xs(
            lambda data, n: step_by_step(data, n, steps=len(data))
        ),
        "there is one step too many": with_xs(lambda data, n: step_by_step(data, n, steps=n.max() + 1)),
        "the padding is filled with ones; zeros belong there": with_xs(lambda data, n: step_by_step(data, n, filler=1)),
        "the steps come last first": with_xs(lambda data, n: step_by_step(data, n)[::-1]),
        "the batch is the first axis; time comes first": with_xs(lambda data, n: step_by_step(data, n).swapaxes(0, 1)),
        "the last row of each sequence is kept in its padding": with_xs(
            lambda data, n: np.take_along_axis(step_by_step(data, n), np.minimum(np.arange(n.max())[:, None], n - 1)[..., None], axis=0)
        ),
        "the lengths in the cache are sorted; they stay in the given order": with_cache(
            lambda xs, data, n: (xs, data, n[longest_first(n)])
        ),
        "xs and data are exchanged in the cache": with_cache(lambda xs, data, n: (data, xs, n)),
    },
)
