"""Lab 7, part 8: bucketing.

Contents
    bucket    the check of `bucketed`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab07.inputs import draw_pools

__all__ = ["bucket"]


def bucketed(lengths, B, pool):
    """Cut sequences into pools of so many batches, sort each by length and cut it into batches; say which share is padding."""
    starts = range(0, len(lengths), B * pool)
    order = np.concatenate([start + np.argsort(lengths[start : start + B * pool]) for start in starts])
    batches = order.reshape(-1, B)
    waste = 1 - lengths.sum() / (lengths[batches].max(axis=1) * B).sum()
    return batches, waste


def cut(lengths, B, pool, sort=lambda n: np.argsort(n, kind="stable")):
    """(N / B, B): batches of pools that `sort(lengths of the pool)` has put in order."""
    starts = range(0, len(lengths), B * pool)
    order = [start + sort(lengths[start : start + B * pool]) for start in starts]
    return np.concatenate(order).reshape(-1, B)


def wasted(lengths, batches):
    return 1 - lengths.sum() / (lengths[batches].max(axis=1).sum() * batches.shape[1])


def with_batches(change):
    """The right function but for the batches that `change(lengths, B, pool)` makes; the share is that of these batches."""

    def wrong(lengths, B, pool):
        batches = change(lengths, B, pool)
        return batches, wasted(lengths, batches)

    return wrong


def with_waste(change):
    """The right function but for what `change(lengths in batches, lengths)` says is padding."""

    def wrong(lengths, B, pool):
        batches = cut(lengths, B, pool)
        return batches, change(lengths[batches], lengths)

    return wrong


def within_the_pool(lengths, B, pool):
    """Places within a pool, taken for places among all."""
    starts = range(0, len(lengths), B * pool)
    return np.concatenate([np.argsort(lengths[s : s + B * pool], kind="stable") for s in starts]).reshape(-1, B)


def whole_pools(lengths, B, pool):
    whole = len(lengths) - len(lengths) % (B * pool)
    batches = cut(lengths[:whole], B, pool)
    return batches, wasted(lengths[:whole], batches)


def the_lengths_themselves(lengths, B, pool):
    batches = cut(lengths, B, pool)
    return lengths[batches], wasted(lengths, batches)


def strided(lengths, B, pool):
    """Neighbours in length go to different batches."""
    starts = range(0, len(lengths), B * pool)
    sorted_pools = [s + np.argsort(lengths[s : s + B * pool], kind="stable") for s in starts]
    return np.concatenate([some.reshape(B, -1).T for some in sorted_pools])


def every_sequence_once_and_little_waste(function, rng):
    """Every sequence is in one batch of its own pool; no two batches of a pool overlap in length; counting places gives the share."""
    ((lengths, B, pool),) = draw_pools(rng, np.float64, B=3, P=4, K=3)
    batches, waste = function(lengths, B, pool)
    compare("all numbers of sequences, sorted", np.sort(batches.ravel()), np.arange(len(lengths)))
    for k, batch in enumerate(batches):
        compare(f"the pools of batch {k}", batch // (B * pool), np.full(B, k // pool))
    for k in range(len(batches) - 1):
        if (k + 1) % pool:
            overlap = max(0, lengths[batches[k]].max() - lengths[batches[k + 1]].min())
            compare(f"what batches {k} and {k + 1} overlap in length", overlap, 0)
    places = sum(int(lengths[batch].max()) for batch in batches for _ in batch)
    compare("waste", waste, (places - lengths.sum()) / places, rtol=1e-4, atol=1e-6)


bucket = Exercise(
    bucketed,
    outputs=("batches", "waste"),
    letters="BPK",
    example=lambda: (np.array([3, 9, 5, 1, 7, 2, 8, 4]), 2, 2),
    draw=draw_pools,
    properties=(every_sequence_once_and_little_waste,),
    mistakes={
        "nothing is sorted: the batches come as the sequences do": with_batches(lambda n, B, P: np.arange(len(n)).reshape(-1, B)),
        "everything is sorted at once; sort within each pool only": with_batches(lambda n, B, P: cut(n, B, len(n))),
        "a pool has `pool` sequences; it has `pool` batches, of B sequences each": with_batches(
            lambda n, B, P: np.concatenate([s + np.argsort(n[s : s + P], kind="stable") for s in range(0, len(n), P)]).reshape(-1, B)
        ),
        "there are `pool` pools; each pool has `pool` batches": with_batches(
            lambda n, B, P: np.concatenate(
                [some[np.argsort(n[some], kind="stable")] for some in np.array_split(np.arange(len(n)), P)]
            ).reshape(-1, B)
        ),
        "each batch is sorted in itself, which changes nothing; sort the pool": with_batches(lambda n, B, P: cut(n, B, 1)),
        "the longest come first; sort from short to long": with_batches(
            lambda n, B, P: cut(n, B, P, lambda n: np.argsort(-n, kind="stable"))
        ),
        "the numbers are those within a pool; add where the pool starts": with_batches(within_the_pool),
        "batches holds lengths; it holds the numbers of the sequences": the_lengths_themselves,
        "the batches are the columns; each row is one": lambda lengths, B, pool: (
            cut(lengths, B, pool).T,
            bucketed(lengths, B, pool)[1],
        ),
        "the sorted sequences are dealt out, one to each batch in turn; neighbours in length belong together": with_batches(
            lambda n, B, P: cut(n, B, P).reshape(B, -1).T
        ),
        "neighbours in length go to different batches; they belong together": with_batches(strided),
        "the last pool is left out; it may be smaller than the others": whole_pools,
        "places in the order and numbers of sequences are exchanged; the sequences that come first belong in the first batch": with_batches(
            lambda n, B, P: cut(n, B, P, lambda n: np.argsort(np.argsort(n, kind="stable"), kind="stable"))
        ),
        "waste is the share of real steps; it is what is left of 1": with_waste(
            lambda n, every: every.sum() / (n.max(axis=1) * n.shape[1]).sum()
        ),
        "every batch is padded to the longest sequence of all; each is padded to its own longest": with_waste(
            lambda n, every: 1 - every.sum() / (every.max() * every.size)
        ),
        "every batch is padded to the longest sequence of its pool; each is padded to its own longest": lambda lengths, B, pool: (
            cut(lengths, B, pool),
            wasted(
                lengths,
                np.concatenate(
                    [
                        np.full((1, B), s + lengths[s : s + B * pool].argmax())
                        for s in range(0, len(lengths), B * pool)
                        for _ in range(0, len(lengths[s : s + B * pool]), B)
                    ]
                ),
            ),
        ),
        "waste is the number of padded places; divide by all places": with_waste(
            lambda n, every: float((n.max(axis=1, keepdims=True) - n).sum())
        ),
        "the padded places are divided by the real ones; divide by all places": with_waste(
            lambda n, every: (n.max(axis=1, keepdims=True) - n).sum() / every.sum()
        ),
        "the shares of the batches are averaged; divide all padding by all places": with_waste(
            lambda n, every: np.mean(1 - n.mean(axis=1) / n.max(axis=1))
        ),
        "there is a share for each batch; return one for all": with_waste(lambda n, every: 1 - n.mean(axis=1) / n.max(axis=1)),
        "the longest of each column is taken; take that of each batch, a row": with_waste(
            lambda n, every: 1 - every.sum() / (n.max(axis=0).sum() * len(n))
        ),
        "the places of a batch are its longest length; that times B": with_waste(lambda n, every: 1 - every.sum() / n.max(axis=1).sum()),
        "waste is in percent; it is a share between 0 and 1": with_waste(
            lambda n, every: 100 * (1 - every.sum() / (n.max(axis=1).sum() * n.shape[1]))
        ),
        "waste is that of the given order; it is that of the new batches": lambda lengths, B, pool: (
            cut(lengths, B, pool),
            wasted(lengths, np.arange(len(lengths)).reshape(-1, B)),
        ),
        "batches and waste are exchanged": lambda lengths, B, pool: bucketed(lengths, B, pool)[::-1],
    },
)
