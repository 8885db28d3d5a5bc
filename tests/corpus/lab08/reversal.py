"""Lab 8, part 1: each sequence back to front."""

import numpy as np

from rnncore.reference import ReversePaddedCache
from tests.corpus.answers import right, wrong


@right
def two_loops(xs, lengths):
    T, B, _ = xs.shape
    index = np.zeros((T, B), dtype=int)
    ys = np.empty_like(xs)
    for b in range(B):
        for t in range(T):
            index[t, b] = lengths[b] - 1 - t if t < lengths[b] else t
            ys[t, b] = xs[index[t, b], b]
    return ys, ReversePaddedCache(index, xs)


@right
def slices(xs, lengths):
    ys, index = xs.copy(), np.tile(np.arange(len(xs)), (len(lengths), 1)).T
    for b, L in enumerate(lengths):
        ys[:L, b] = xs[:L, b][::-1]
        index[:L, b] = index[:L, b][::-1].copy()
    return ys, ReversePaddedCache(index, xs)


@right
def fancy_index(xs, lengths):
    t = np.arange(xs.shape[0]).reshape(-1, 1)
    inside = t < lengths
    index = inside * (lengths - 1 - t) + ~inside * t
    return xs[index, np.arange(xs.shape[1])], ReversePaddedCache(index=index, xs=xs)


@right
def absolute_value(xs, lengths):
    steps = np.arange(len(xs))
    index = np.array([[L - 1 - t if t < L else t for L in lengths] for t in steps])
    return np.take_along_axis(xs, np.repeat(index[:, :, None], xs.shape[2], axis=2), 0), ReversePaddedCache(index, xs)


@right
def columns_stacked(xs, lengths):
    columns, indices = [], []
    for b, L in enumerate(lengths.tolist()):
        indices.append([*range(L - 1, -1, -1), *range(L, len(xs))])
        columns.append(xs[indices[-1], b])
    return np.stack(columns, axis=1), ReversePaddedCache(np.array(indices, dtype=np.int32).T, xs)


@right
def batch_first_inside(xs, lengths):
    batch = xs.swapaxes(0, 1)  # (B, T, D)
    index = np.stack([np.concatenate([np.arange(L)[::-1], np.arange(L, batch.shape[1])]) for L in lengths])
    ys = np.stack([sequence[i] for sequence, i in zip(batch, index, strict=True)])
    return ys.swapaxes(0, 1), ReversePaddedCache(index.T, xs)


@right
def where_on_values(xs, lengths):
    T, B = xs.shape[:2]
    t = np.broadcast_to(np.arange(T)[:, None], (T, B))
    flipped = xs[(lengths - 1 - t) % T, np.arange(B)]
    inside = t < lengths
    return np.where(inside[..., None], flipped, xs), ReversePaddedCache(np.where(inside, lengths - 1 - t, t), xs)


def true_index(xs, lengths):
    t = np.arange(len(xs))[:, None]
    return np.where(t < lengths, lengths - 1 - t, t)


@wrong("lengths are ignored")
def just_flip(xs, lengths):
    return xs[::-1], ReversePaddedCache(true_index(xs, lengths), xs)


@wrong("lengths are ignored")
def flip_with_its_index(xs, lengths):
    T, B = xs.shape[:2]
    index = np.repeat(np.arange(T)[::-1][:, None], B, axis=1)
    return np.flip(xs, axis=0), ReversePaddedCache(index, xs)


@wrong("the padding is set to zero")
def zeros_for_padding(xs, lengths):
    ys = np.zeros_like(xs)
    for b, L in enumerate(lengths):
        ys[:L, b] = xs[:L, b][::-1]
    return ys, ReversePaddedCache(true_index(xs, lengths), xs)


@wrong("the index falls below 0 in the padding")
def no_where(xs, lengths):
    index = lengths - 1 - np.arange(len(xs))[:, None]
    return np.take_along_axis(xs, index[..., None], axis=0), ReversePaddedCache(index, xs)


@wrong("filled with the first step")
def clipped(xs, lengths):
    index = np.clip(lengths - 1 - np.arange(len(xs))[:, None], 0, None)
    return xs[index, np.arange(len(lengths))], ReversePaddedCache(index, xs)


@wrong("one step too many is turned")
def less_or_equal(xs, lengths):
    t = np.arange(len(xs))[:, None]
    index = np.where(t <= lengths, lengths - t - 1, t)
    return np.take_along_axis(xs, index[..., None], axis=0), ReversePaddedCache(index, xs)


@wrong("the index is one too large")
def off_by_one(xs, lengths):
    t = np.arange(len(xs))[:, None]
    index = np.where(t < lengths, lengths - t, t)
    return np.take_along_axis(xs, index[..., None], axis=0), ReversePaddedCache(index, xs)


@wrong("the last step of each sequence stays where it is")
def short_slice(xs, lengths):
    ys, index = xs.copy(), np.arange(len(xs))[:, None] + 0 * lengths
    for b, L in enumerate(lengths):
        ys[: L - 1, b] = xs[: L - 1, b][::-1]
        index[: L - 1, b] = np.arange(L - 1)[::-1]
    return ys, ReversePaddedCache(index, xs)


@wrong("nothing is turned")
def empty_slice(xs, lengths):
    ys = xs.copy()
    for b, L in enumerate(lengths):
        ys[:L, b] = ys[:L, b][::1]
    return ys, ReversePaddedCache(true_index(xs, lengths), xs)


@wrong("within the length of the first one")
def one_length_for_all(xs, lengths):
    L = lengths[0]
    ys, index = xs.copy(), np.tile(np.arange(len(xs))[:, None], (1, xs.shape[1]))
    ys[:L], index[:L] = xs[:L][::-1], index[:L][::-1].copy()
    return ys, ReversePaddedCache(index, xs)


@wrong("the order of the batch is turned")
def wrong_axis(xs, lengths):
    return np.flip(xs, axis=1), ReversePaddedCache(true_index(xs, lengths), xs)


@wrong("because xs was turned in place")
def in_place(xs, lengths):
    for b, L in enumerate(lengths):
        xs[:L, b] = xs[:L, b][::-1].copy()
    return xs, ReversePaddedCache(true_index(xs, lengths), xs)


@wrong("it changed its argument lengths in place")
def counts_lengths_down(xs, lengths):
    index = true_index(xs, lengths)
    ys = xs[index, np.arange(len(lengths))]
    lengths -= 1
    return ys, ReversePaddedCache(index, xs)


@wrong("cache.index must hold whole numbers, got float64")
def index_of_floats(xs, lengths):
    index = np.zeros(xs.shape[:2])
    for t in range(len(xs)):
        index[t] = np.where(t < lengths, lengths - 1 - t, t)
    return xs[index.astype(int), np.arange(len(lengths))], ReversePaddedCache(index, xs)


@wrong("cache must be ReversePaddedCache(index, xs), got")
def cache_is_the_index(xs, lengths):
    index = true_index(xs, lengths)
    return xs[index, np.arange(len(lengths))], index


@wrong("must have the dtype of the inputs, float32, got float64")
def empty_in_float64(xs, lengths):
    ys, index = np.empty(xs.shape), true_index(xs, lengths)
    for t in range(len(xs)):
        ys[t] = xs[index[t], np.arange(len(lengths))]
    return ys, ReversePaddedCache(index, xs)


@wrong("whole steps of the batch are picked")
def index_without_batch(xs, lengths):
    index = true_index(xs, lengths)
    return xs[index], ReversePaddedCache(index, xs)


@wrong("it must return 2 values (ys, cache), got an array of shape")
def ys_only(xs, lengths):
    return xs[true_index(xs, lengths), np.arange(len(lengths))]


@right
def sorted_keys(xs, lengths):
    t = np.arange(len(xs))[:, None]
    index = np.argsort(np.where(t < lengths, -t, t), axis=0, kind="stable")
    return np.take_along_axis(xs, index[:, :, None], 0), ReversePaddedCache(index, xs)


@wrong("the last entry of each sequence is the one that stood there before: a sequence has the steps t < lengths.")
def off_by_one_padding(xs, lengths):
    t = np.arange(len(xs))[:, None]
    index = np.where(t < lengths - 1, lengths - 1 - t, t)
    return xs[index, np.arange(xs.shape[1])], ReversePaddedCache(index, xs)


@wrong("entries are read after they have been overwritten.")
def swap_bug(xs, lengths):
    ys = xs.copy()
    index = np.zeros(xs.shape[:2], dtype=int)
    for b, L in enumerate(lengths):
        for t in range(len(xs)):
            index[t, b] = L - 1 - t if t < L else t
            ys[t, b] = ys[index[t, b], b]
    return ys, ReversePaddedCache(index, xs)


@wrong("index has batch and time exchanged; it is (T, B).")
def index_turned(xs, lengths):
    index = np.array([list(range(L))[::-1] + list(range(L, len(xs))) for L in lengths])
    ys = np.stack([xs[index[b], b] for b in range(len(lengths))], axis=1)
    return ys, ReversePaddedCache(index, xs)
