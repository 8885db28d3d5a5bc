"""Lab 7, part 6: packing.

Contents
    pack    the check of `pack_forward`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab07.inputs import NAMES, NAMES_LENGTHS, PARAMS, draw_padded, normal
from rnncore.reference.packing import PackCache, pack_forward, packed_forward, unpack_forward
from rnncore.reference.rnn import rnn_forward

__all__ = ["pack"]


def longest_first(lengths):
    return np.argsort(-lengths, kind="stable")


def ties_turned(lengths):
    """Longest first, and of equal lengths the last one first."""
    return np.argsort(lengths, kind="stable")[::-1]


def in_given_order(lengths):
    return np.arange(len(lengths))


def step_by_step(xs, lengths, order=longest_first, running=lambda t, n: t < n, steps=None):
    """The rows of each step that `running(t, lengths)` has, in the order that `order(lengths)` gives."""
    rows = order(lengths)
    picked = [xs[t, rows[running(t, lengths[rows])]] for t in (range(lengths.max()) if steps is None else steps)]
    return np.concatenate(picked)


def with_data(change):
    """The right function but for the data that `change(xs, lengths)` packs."""

    def wrong(xs, lengths):
        data = change(xs, lengths)
        return data, PackCache(xs, data, lengths)

    return wrong


def with_cache(change):
    def wrong(xs, lengths):
        data, _ = pack_forward(xs, lengths)
        return data, PackCache(*change(xs, data, lengths))

    return wrong


def one_after_the_other(xs, lengths, order):
    return np.concatenate([xs[: lengths[b], b] for b in order])


def first_rows(xs, lengths):
    """As many rows as are still running, but of a batch that is not sorted."""
    return np.concatenate([xs[t, : (lengths > t).sum()] for t in range(lengths.max())])


def packed_is_each_sequence_alone(function, rng):
    """A cell that runs over the packed data gives what each sequence gives alone, and no row of padding is left."""
    for xs, lengths in draw_padded(rng, np.float64, T=5, B=4, D=1):
        state0 = normal(rng, np.float64, 4, 1)
        data, _ = function(xs, lengths)
        compare("the number of rows of data", len(data), lengths.sum())
        hs, state_T, _ = packed_forward(PARAMS, data, state0, lengths, cell="rnn")
        padded, _ = unpack_forward(hs, lengths)
        for b, L in enumerate(lengths):
            alone, last, _ = rnn_forward(PARAMS, xs[:L, b : b + 1], state0[b : b + 1])
            compare(f"the states of a cell that runs over data, sequence {b} against the same alone", padded[:L, b], alone[:, 0])
            compare(f"the last state of a cell that runs over data, sequence {b} against the same alone", state_T[b], last[0])


pack = Exercise(
    pack_forward,
    outputs=("data", "cache"),
    letters="TBD",
    example=lambda: (NAMES, NAMES_LENGTHS),
    draw=draw_padded,
    properties=(packed_is_each_sequence_alone,),
    mistakes={
        "the running sequences come in the given order at each step; the longest comes first": with_data(
            lambda xs, n: step_by_step(xs, n, in_given_order)
        ),
        "the batch is not sorted, so that the first rows are not those that still run": with_data(first_rows),
        "the sequences are written one after the other; packed data goes time step by time step": with_data(
            lambda xs, n: one_after_the_other(xs, n, range(len(n)))
        ),
        "the sequences are sorted but written one after the other; packed data goes time step by time step": with_data(
            lambda xs, n: one_after_the_other(xs, n, longest_first(n))
        ),
        "the shortest sequence comes first; the longest does": with_data(
            lambda xs, n: step_by_step(xs, n, lambda n: np.argsort(n, kind="stable"))
        ),
        "the batch is sorted shortest first, so that the first rows are not those that still run": with_data(
            lambda xs, n: first_rows(xs[:, np.argsort(n, kind="stable")], n)
        ),
        "equal lengths come in the opposite order; they keep the given one": with_data(lambda xs, n: step_by_step(xs, n, ties_turned)),
        "one row of padding is kept behind each sequence: step t, counted from 0, is real if t < length": with_data(
            lambda xs, n: step_by_step(xs, n, running=lambda t, n: t <= n, steps=range(len(xs)))
        ),
        "one row of padding is kept behind each sequence but the longest": with_data(
            lambda xs, n: step_by_step(xs, n, running=lambda t, n: t <= n)
        ),
        "the last step of each sequence is lost: step t, counted from 0, is real if t < length": with_data(
            lambda xs, n: step_by_step(xs, n, running=lambda t, n: t < n - 1)
        ),
        "the first step is lost: t counts from 0": with_data(lambda xs, n: step_by_step(xs, n, steps=range(1, n.max()))),
        "the last step is lost: there are as many steps as the longest sequence has": with_data(
            lambda xs, n: step_by_step(xs, n, steps=range(n.max() - 1))
        ),
        "the padding is kept: all places are in data": with_data(lambda xs, n: xs.reshape(-1, xs.shape[2])),
        "the padding is kept: the batch is sorted, and all of it is in data": with_data(
            lambda xs, n: xs[:, longest_first(n)].reshape(-1, xs.shape[2])
        ),
        "the padding is kept up to the end of the longest sequence": with_data(
            lambda xs, n: xs[: n.max(), longest_first(n)].reshape(-1, xs.shape[2])
        ),
        "the padding is set to zero and kept; leave it out": with_data(
            lambda xs, n: np.where(np.arange(len(xs))[:, None, None] < n[:, None], xs, 0).astype(xs.dtype).reshape(-1, xs.shape[2])
        ),
        "the padding is packed and the sequences are left out": with_data(
            lambda xs, n: step_by_step(xs, n, running=lambda t, n: t >= n, steps=range(len(xs)))
        ),
        "the steps come last first; the first one comes first": with_data(
            lambda xs, n: step_by_step(xs, n, steps=range(n.max() - 1, -1, -1))
        ),
        "all are cut to the shortest sequence": with_data(lambda xs, n: step_by_step(xs, n, steps=range(n.min()))),
        "the place of each sequence in the order is used as the order; it is the other way round": with_data(
            lambda xs, n: first_rows(xs[:, np.argsort(longest_first(n))], n)
        ),
        "data is a list of steps that were not put together": with_data(
            lambda xs, n: [xs[t, longest_first(n)[: (n > t).sum()]] for t in range(n.max())]
        ),
        "the cache holds how many run at each step; it holds the lengths": with_cache(
            lambda xs, data, n: (xs, data, np.array([(n > t).sum() for t in range(n.max())]))
        ),
        "xs and data are exchanged in the cache": with_cache(lambda xs, data, n: (data, xs, n)),
        "the lengths in the cache are sorted; they stay in the given order": with_cache(
            lambda xs, data, n: (xs, data, n[longest_first(n)])
        ),
        "the columns of xs in the cache are sorted; they stay in the given order": with_cache(
            lambda xs, data, n: (xs[:, longest_first(n)], data, n)
        ),
        "the columns of xs and the lengths in the cache are sorted; they stay in the given order": with_cache(
            lambda xs, data, n: (xs[:, longest_first(n)], data, n[longest_first(n)])
        ),
    },
)
