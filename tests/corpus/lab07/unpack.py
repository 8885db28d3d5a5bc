"""Lab 7, part 7: and back again."""

import numpy as np

from rnncore.reference import PackCache, UnpackCache, length_mask, packed_layout
from tests.corpus.answers import right, wrong


@right
def row_by_row(data, lengths):
    order = sorted(range(len(lengths)), key=lambda b: -lengths[b])
    xs = np.zeros((max(lengths), len(lengths), data.shape[1]), dtype=data.dtype)
    n = 0
    for t in range(max(lengths)):
        for b in order:
            if t < lengths[b]:
                xs[t, b] = data[n]
                n += 1
    return xs, UnpackCache(xs, data, lengths)


@right
def sorted_then_put_back(data, lengths):
    order = np.argsort(-lengths, kind="stable")
    by_length = np.zeros((lengths.max(), len(lengths), data.shape[1]), data.dtype)
    by_length[length_mask(lengths[order], lengths.max())] = data
    xs = by_length[:, np.argsort(order)]
    return xs, UnpackCache(xs, data, lengths)


@right
def assigned_through_the_order(data, lengths):
    order = np.argsort(-lengths, kind="stable")
    by_length = np.zeros((lengths.max(), len(lengths), data.shape[1]), data.dtype)
    by_length[length_mask(lengths[order], lengths.max())] = data
    xs = np.empty_like(by_length)
    xs[:, order] = by_length
    return xs, UnpackCache(xs=xs, data=data, lengths=lengths)


@right
def split_by_batch_sizes(data, lengths):
    batch_sizes, order = packed_layout(lengths)
    pieces = np.split(data, np.cumsum(batch_sizes)[:-1])
    xs = np.zeros((len(pieces), len(lengths), data.shape[1]), dtype=data.dtype)
    for t, piece in enumerate(pieces):
        xs[t, order[: len(piece)]] = piece
    return xs, UnpackCache(xs, data, lengths)


@right
def each_sequence_gathered(data, lengths):
    sizes, order = packed_layout(lengths)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    columns = []
    for b, L in enumerate(lengths):
        row = list(order).index(b)
        own = data[starts[:L] + row]
        columns.append(np.concatenate([own, np.zeros((lengths.max() - L, data.shape[1]), data.dtype)]))
    xs = np.stack(columns, axis=1)
    return xs, UnpackCache(xs, data, lengths)


@right
def padded_steps(data, lengths):
    order = np.argsort(-lengths, kind="stable")
    back, steps, rest = np.argsort(order), [], data
    for t in range(lengths.max()):
        size = int((lengths > t).sum())
        now, rest = rest[:size], rest[size:]
        steps.append(np.pad(now, ((0, len(lengths) - size), (0, 0)))[back])
    xs = np.stack(steps)
    return xs, UnpackCache(xs, data, lengths)


def empty(data, lengths):
    return np.zeros((lengths.max(), len(lengths), data.shape[1]), data.dtype)


def order_of(lengths):
    return np.argsort(-lengths, kind="stable")


@wrong("the columns stay longest first")
def order_kept(data, lengths):
    xs, start = empty(data, lengths), 0
    for t in range(lengths.max()):
        size = (lengths > t).sum()
        xs[t, :size] = data[start : start + size]
        start += size
    return xs, UnpackCache(xs, data, lengths)


@wrong("the rows of a step are given to the running sequences in the given order")
def into_the_mask(data, lengths):
    xs = empty(data, lengths)
    xs[length_mask(lengths, lengths.max())] = data
    return xs, UnpackCache(xs, data, lengths)


@wrong("the order is undone the wrong way round")
def order_applied_again(data, lengths):
    xs = order_kept(data, lengths)[0][:, order_of(lengths)]
    return xs, UnpackCache(xs, data, lengths)


@wrong("data is read one sequence after the other; it goes")
def sequence_after_sequence(data, lengths):
    xs, start = empty(data, lengths), 0
    for b, L in enumerate(lengths):
        xs[:L, b] = data[start : start + L]
        start += L
    return xs, UnpackCache(xs, data, lengths)


@wrong("data is read one sequence after the other, the longest first")
def longest_sequence_first(data, lengths):
    xs, start = empty(data, lengths), 0
    for b in order_of(lengths):
        xs[: lengths[b], b] = data[start : start + lengths[b]]
        start += lengths[b]
    return xs, UnpackCache(xs, data, lengths)


@wrong("every step reads the first rows of data")
def start_forgotten(data, lengths):
    xs, order = empty(data, lengths), order_of(lengths)
    for t in range(lengths.max()):
        running = order[: (lengths > t).sum()]
        xs[t, running] = data[: len(running)]
    return xs, UnpackCache(xs, data, lengths)


@wrong("data is reshaped as if there had been no padding")
def just_reshaped(data, lengths):
    xs = data.reshape(lengths.max(), len(lengths), data.shape[1])
    return xs, UnpackCache(xs, data, lengths)


@wrong("equal lengths are taken in the opposite order")
def reversed_argsort(data, lengths):
    xs, order, start = empty(data, lengths), np.argsort(lengths, kind="stable")[::-1], 0
    for t in range(lengths.max()):
        running = order[: (lengths > t).sum()]
        xs[t, running] = data[start : start + len(running)]
        start += len(running)
    return xs, UnpackCache(xs, data, lengths)


@wrong("the last step is missing")
def last_step_missing(data, lengths):
    xs = row_by_row(data, lengths)[0][:-1]
    return xs, UnpackCache(xs, data, lengths)


@wrong("there are as many steps as data has rows")
def too_tall(data, lengths):
    xs, order, start = np.zeros((len(data), len(lengths), data.shape[1]), data.dtype), order_of(lengths), 0
    for t in range(len(data)):
        running = order[: (lengths > t).sum()]
        xs[t, running] = data[start : start + len(running)]
        start += len(running)
    return xs, UnpackCache(xs, data, lengths)


@wrong("the batch is the first axis")
def batch_first(data, lengths):
    xs = row_by_row(data, lengths)[0].swapaxes(0, 1)
    return xs, UnpackCache(xs, data, lengths)


@wrong("the padding is filled with ones")
def ones(data, lengths):
    xs, order, start = np.ones((lengths.max(), len(lengths), data.shape[1]), data.dtype), order_of(lengths), 0
    for t in range(lengths.max()):
        running = order[: (lengths > t).sum()]
        xs[t, running] = data[start : start + len(running)]
        start += len(running)
    return xs, UnpackCache(xs, data, lengths)


@wrong("must have the dtype of the inputs, float32, got float64.")
def zeros_in_float64(data, lengths):
    xs, order, start = np.zeros((lengths.max(), len(lengths), data.shape[1])), order_of(lengths), 0
    for t in range(lengths.max()):
        running = order[: (lengths > t).sum()]
        xs[t, running] = data[start : start + len(running)]
        start += len(running)
    return xs, UnpackCache(xs, data, lengths)


@wrong("the lengths in the cache are sorted")
def sorted_lengths(data, lengths):
    xs, _ = row_by_row(data, lengths)
    return xs, UnpackCache(xs, data, np.sort(lengths)[::-1])


@wrong("it must return 2 values (xs, cache), got an array of shape (3, 4, 1).")
def no_cache(data, lengths):
    return row_by_row(data, lengths)[0]


@wrong("it stopped in line")
def a_step_too_far(data, lengths):
    xs, order, start = empty(data, lengths), order_of(lengths), 0
    for t in range(lengths.max() + 1):
        running = order[: (lengths > t).sum()]
        xs[t, running] = data[start : start + len(running)]
        start += len(running)
    return xs, UnpackCache(xs, data, lengths)


@wrong(None)
def start_moves_by_the_batch(data, lengths):
    xs, order, start = empty(data, lengths), order_of(lengths), 0
    for t in range(lengths.max()):
        running = order[: (lengths > t).sum()]
        some = data[start : start + len(running)]
        xs[t, running[: len(some)]] = some
        start += len(lengths)
    return xs, UnpackCache(xs, data, lengths)


@right
def start_and_size(data, lengths):
    order = np.argsort(-lengths, kind="stable")
    xs = np.zeros((lengths.max(), len(lengths), data.shape[1]), data.dtype)
    n = 0
    for t in range(len(xs)):
        who = order[: (lengths > t).sum()]
        xs[t, who] = data[n : n + len(who)]
        n += len(who)
    return xs, UnpackCache(xs, data, lengths)


@right
def row_by_row_too(data, lengths):
    order = sorted(range(len(lengths)), key=lambda b: lengths[b], reverse=True)
    xs = np.zeros((max(lengths), len(lengths), data.shape[-1]), dtype=data.dtype)
    rows = iter(data)
    for t in range(max(lengths)):
        for b in order:
            if lengths[b] > t:
                xs[t, b] = next(rows)
    return xs, UnpackCache(xs, data, lengths)


@right
def boolean_then_back(data, lengths):
    T, B = lengths.max(), len(lengths)
    order = np.argsort(-lengths, kind="stable")
    in_order = np.zeros((T, B, data.shape[1]), data.dtype)
    in_order[np.arange(T)[:, None] < lengths[order]] = data
    xs = in_order[:, np.argsort(order)]
    return xs, UnpackCache(xs, data, lengths)


@wrong("the rows of step t are taken from place t on; go on where the last step ended.")
def start_is_t(data, lengths):
    order = np.argsort(-lengths, kind="stable")
    xs = np.zeros((lengths.max(), len(lengths), data.shape[1]), data.dtype)
    for t in range(len(xs)):
        who = order[: (lengths > t).sum()]
        xs[t, who] = data[t : t + len(who)]
    return xs, UnpackCache(xs, data, lengths)


@wrong("the last row of each sequence is kept in its padding.")
def held_padding(data, lengths):
    order = np.argsort(-lengths, kind="stable")
    xs = np.zeros((lengths.max(), len(lengths), data.shape[1]), data.dtype)
    n = 0
    for t in range(len(xs)):
        who = order[: (lengths > t).sum()]
        xs[t:, who] = data[n : n + len(who)]
        n += len(who)
    return xs, UnpackCache(xs, data, lengths)


@wrong("xs and data are exchanged in the cache.")
def cache_exchanged(data, lengths):
    order = np.argsort(-lengths, kind="stable")
    xs = np.zeros((lengths.max(), len(lengths), data.shape[1]), data.dtype)
    n = 0
    for t in range(len(xs)):
        who = order[: (lengths > t).sum()]
        xs[t, who] = data[n : n + len(who)]
        n += len(who)
    return xs, UnpackCache(data, xs, lengths)


@wrong("got a PackCache")
def pack_cache(data, lengths):
    order = np.argsort(-lengths, kind="stable")
    xs = np.zeros((lengths.max(), len(lengths), data.shape[1]), data.dtype)
    n = 0
    for t in range(len(xs)):
        who = order[: (lengths > t).sum()]
        xs[t, who] = data[n : n + len(who)]
        n += len(who)
    return xs, PackCache(xs, data, lengths)


@wrong("the order has the shortest first, so that its first entries are not the sequences that still run.")
def shortest_first(data, lengths):
    order = np.argsort(lengths, kind="stable")
    xs = np.zeros((lengths.max(), len(lengths), data.shape[1]), data.dtype)
    n = 0
    for t in range(len(xs)):
        who = order[: (lengths > t).sum()]
        xs[t, who] = data[n : n + len(who)]
        n += len(who)
    return xs, UnpackCache(xs, data, lengths)


@wrong("the last step of the longest sequences is missing: zeros stand there.")
def last_step_missing_too(data, lengths):
    order = np.argsort(-lengths, kind="stable")
    xs = np.zeros((lengths.max(), len(lengths), data.shape[1]), data.dtype)
    n = 0
    for t in range(len(xs) - 1):
        who = order[: (lengths > t).sum()]
        xs[t, who] = data[n : n + len(who)]
        n += len(who)
    return xs, UnpackCache(xs, data, lengths)
