"""Lab 7, part 6: no padding at all."""

import numpy as np

from rnncore.reference import PackCache, length_mask, packed_layout
from tests.corpus.answers import right, wrong


@right
def pythons_sorted(xs, lengths):
    order = sorted(range(len(lengths)), key=lambda b: lengths[b], reverse=True)
    data = np.array([xs[t, b] for t in range(len(xs)) for b in order if t < lengths[b]])
    return data, PackCache(xs, data, lengths)


@right
def sorted_and_masked(xs, lengths):
    order = np.argsort(-lengths, kind="stable")
    real = length_mask(lengths[order], len(xs))
    data = xs[:, order][real]
    return data, PackCache(xs, data, lengths)


@right
def preallocated(xs, lengths):
    order = np.argsort(-lengths, kind="mergesort")
    data = np.empty((lengths.sum(), xs.shape[2]), dtype=xs.dtype)
    n = 0
    for t in range(xs.shape[0]):
        for b in order:
            if lengths[b] > t:
                data[n] = xs[t, b]
                n += 1
    return data, PackCache(xs, data, lengths)


@right
def batch_sizes_first(xs, lengths):
    batch_sizes, order = packed_layout(lengths)
    by_length = xs[:, order]
    data = np.vstack([by_length[t, :size] for t, size in enumerate(batch_sizes)])
    return data, PackCache(xs=xs, data=data, lengths=lengths)


@right
def one_index_for_all(xs, lengths):
    order = np.lexsort((np.arange(len(lengths)), -lengths))
    ts, rows = np.nonzero(np.arange(lengths.max())[:, None] < lengths[order])
    data = xs[ts, order[rows]]
    return data, PackCache(xs, data, lengths)


@right
def pairs_sorted(xs, lengths):
    pairs = [(t, -L, b) for b, L in enumerate(lengths) for t in range(L)]
    pairs.sort()
    data = np.stack([xs[t, b] for t, _, b in pairs])
    return data, PackCache(xs, data, lengths)


def order_of(lengths):
    return np.argsort(-lengths, kind="stable")


def packed(xs, data, lengths):
    return data, PackCache(xs, data, lengths)


@wrong("the running sequences come in the given order at each step")
def masked_array(xs, lengths):
    return packed(xs, xs[length_mask(lengths, len(xs))], lengths)


@wrong("the batch is not sorted, so that the first rows are not those that still run")
def sizes_without_sorting(xs, lengths):
    sizes = [(lengths > t).sum() for t in range(lengths.max())]
    return packed(xs, np.concatenate([xs[t, :size] for t, size in enumerate(sizes)]), lengths)


@wrong("the sequences are written one after the other")
def joined(xs, lengths):
    return packed(xs, np.concatenate([xs[:L, b] for b, L in enumerate(lengths)]), lengths)


@wrong("the sequences are sorted but written one after the other")
def sorted_and_joined(xs, lengths):
    return packed(xs, np.concatenate([xs[: lengths[b], b] for b in order_of(lengths)]), lengths)


@wrong("the batch is sorted shortest first, so that the first rows are not those that still run")
def ascending(xs, lengths):
    order = np.argsort(lengths, kind="stable")
    return packed(xs, np.concatenate([xs[t, order[: (lengths > t).sum()]] for t in range(lengths.max())]), lengths)


@wrong("the shortest sequence comes first")
def ascending_and_masked(xs, lengths):
    order = np.argsort(lengths, kind="stable")
    return packed(xs, xs[:, order][length_mask(lengths[order], len(xs))], lengths)


@wrong("equal lengths come in the opposite order")
def turned_round(xs, lengths):
    order = np.argsort(lengths, kind="stable")[::-1]
    return packed(xs, np.concatenate([xs[t, order[: (lengths > t).sum()]] for t in range(lengths.max())]), lengths)


@wrong("the last step of each sequence is lost")
def counted_from_one(xs, lengths):
    order = order_of(lengths)
    return packed(xs, np.concatenate([xs[t, order[: (lengths > t + 1).sum()]] for t in range(lengths.max())]), lengths)


@wrong("one row of padding is kept behind each sequence but the longest")
def at_least(xs, lengths):
    order = order_of(lengths)
    return packed(xs, np.concatenate([xs[t, order[: (lengths >= t).sum()]] for t in range(lengths.max())]), lengths)


@wrong("the padding is kept up to the end of the longest sequence")
def sorted_rectangle(xs, lengths):
    order = order_of(lengths)
    return packed(xs, np.concatenate([xs[t, order] for t in range(lengths.max())]), lengths)


@wrong("the padding is kept: all places are in data")
def flattened(xs, lengths):
    return packed(xs, xs.reshape(-1, xs.shape[-1]), lengths)


@wrong("the place of each sequence in the order is used as the order")
def ranks(xs, lengths):
    rank = np.argsort(order_of(lengths))
    by_length = xs[:, rank]
    return packed(xs, np.concatenate([by_length[t, : (lengths > t).sum()] for t in range(lengths.max())]), lengths)


@wrong("the lengths in the cache are sorted")
def sorted_lengths_kept(xs, lengths):
    order = order_of(lengths)
    sorted_lengths = lengths[order]
    data = np.concatenate([xs[t, order[sorted_lengths > t]] for t in range(lengths.max())])
    return data, PackCache(xs, data, sorted_lengths)


@wrong("the columns of xs and the lengths in the cache are sorted")
def everything_sorted(xs, lengths):
    order = order_of(lengths)
    xs, lengths = xs[:, order], lengths[order]
    data = np.concatenate([xs[t, : (lengths > t).sum()] for t in range(lengths.max())])
    return data, PackCache(xs, data, lengths)


@wrong("all are cut to the shortest sequence")
def while_all_run(xs, lengths):
    order = order_of(lengths)
    return packed(xs, np.concatenate([xs[t, order] for t in range(lengths.min())]), lengths)


@wrong("data must be a NumPy array of shape (8, 1), got a list of 3.")
def not_joined(xs, lengths):
    order = order_of(lengths)
    steps = [xs[t, order[: (lengths > t).sum()]] for t in range(lengths.max())]
    return steps, PackCache(xs, np.concatenate(steps), lengths)


@wrong("it must return 2 values (data, cache), got an array of shape (8, 1).")
def no_cache(xs, lengths):
    return pythons_sorted(xs, lengths)[0]


@wrong("cache must be PackCache(xs, data, lengths), got a tuple of 2.")
def layout_in_the_cache(xs, lengths):
    return pythons_sorted(xs, lengths)[0], packed_layout(lengths)


@wrong(None)
def dropped_if_zero(xs, lengths):
    """Takes zeros for padding."""
    by_length = xs[:, order_of(lengths)]
    data = by_length.reshape(-1, xs.shape[2])
    return packed(xs, data[data.any(axis=1)], lengths)


@right
def sizes(xs, lengths):
    order = np.argsort(-lengths, kind="stable")
    rows = [xs[t, order[: (lengths > t).sum()]] for t in range(lengths.max())]
    data = np.concatenate(rows)
    return data, PackCache(xs, data, lengths)


@right
def python_sort_and_append(xs, lengths):
    order = sorted(range(len(lengths)), key=lambda b: -lengths[b])
    data = []
    for t in range(len(xs)):
        for b in order:
            if t < lengths[b]:
                data.append(xs[t, b])
    data = np.array(data)
    return data, PackCache(xs=xs, data=data, lengths=lengths)


@right
def boolean_index(xs, lengths):
    order = np.argsort(-lengths, kind="stable")
    mask = length_mask(lengths, len(xs))
    data = xs[:, order][mask[:, order]]
    return data, PackCache(xs, data, lengths)


@wrong("the padding is kept: the batch is sorted, and all of it is in data.")
def padding_kept(xs, lengths):
    order = np.argsort(-lengths, kind="stable")
    data = xs[:, order].reshape(-1, xs.shape[-1])
    return data, PackCache(xs, data, lengths)


@wrong("the cache holds how many run at each step; it holds the lengths.")
def sizes_in_the_cache(xs, lengths):
    order = np.argsort(-lengths, kind="stable")
    sizes = [(lengths > t).sum() for t in range(lengths.max())]
    data = np.concatenate([xs[t, order[:n]] for t, n in enumerate(sizes)])
    return data, PackCache(xs, data, np.array(sizes))


@wrong("xs and data are exchanged in the cache.")
def cache_exchanged(xs, lengths):
    order = np.argsort(-lengths, kind="stable")
    data = np.concatenate([xs[t, order[: (lengths > t).sum()]] for t in range(lengths.max())])
    return data, PackCache(data, xs, lengths)


@wrong("data is a list of steps that were not put together.")
def list_of_steps(xs, lengths):
    order = np.argsort(-lengths, kind="stable")
    data = [xs[t, order[: (lengths > t).sum()]] for t in range(lengths.max())]
    return data, PackCache(xs, data, lengths)


@wrong("the last step is lost: there are as many steps as the longest sequence has.")
def last_step_lost(xs, lengths):
    order = np.argsort(-lengths, kind="stable")
    data = np.concatenate([xs[t, order[: (lengths > t).sum()]] for t in range(lengths.max() - 1)])
    return data, PackCache(xs, data, lengths)
