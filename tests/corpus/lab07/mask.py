"""Lab 7, part 2: what is real."""

import numpy as np

from tests.corpus.answers import right, wrong


@right
def two_loops(lengths, steps):
    mask = np.zeros((steps, len(lengths)), dtype=bool)
    for t in range(steps):
        for b in range(len(lengths)):
            mask[t, b] = t < lengths[b]
    return mask


@right
def filled_columns(lengths, steps):
    mask = np.full((steps, len(lengths)), False)
    for b, L in enumerate(lengths):
        mask[:L, b] = True
    return mask


@right
def row_by_row(lengths, steps):
    return np.array([lengths > t for t in range(steps)])


@right
def outer(lengths, steps):
    return np.less.outer(np.arange(steps), lengths)


@right
def turned(lengths, steps):
    t = np.arange(1, steps + 1)
    return (t <= lengths[:, None]).T


@right
def not_padding(lengths, steps):
    t = np.arange(steps).reshape(-1, 1)
    padding = t >= lengths.reshape(1, -1)
    return ~padding


@right
def lists(lengths, steps):
    columns = [[True] * int(L) + [False] * (steps - int(L)) for L in lengths]
    return np.array(columns).T


@wrong("one step too many is real")
def up_to_and_with(lengths, steps):
    return np.arange(steps)[:, None] <= lengths


@wrong("one step too few is real")
def one_less(lengths, steps):
    return np.arange(steps)[:, None] < lengths - 1


@wrong("the first step is left out, and one step too many is real at the end")
def counted_from_one(lengths, steps):
    mask = np.zeros((steps, len(lengths)), dtype=bool)
    for b, L in enumerate(lengths):
        mask[1 : L + 1, b] = True
    return mask


@wrong("the mask is turned round: it is True in the padding")
def padding_mask(lengths, steps):
    return np.arange(steps)[:, None] >= lengths


@wrong("the mask is turned round and one step off")
def greater(lengths, steps):
    return np.arange(steps)[:, None] > lengths


@wrong("the axes are exchanged")
def batch_first(lengths, steps):
    return np.arange(steps) < lengths[:, None]


@wrong("reshape exchanges the axes")
def batch_first_reshaped(lengths, steps):
    return batch_first(lengths, steps).reshape(steps, len(lengths))


@wrong("the mask ends with the longest sequence")
def steps_ignored(lengths, steps):
    return np.arange(lengths.max())[:, None] < lengths


@wrong("steps and lengths stand along the same axis")
def flat(lengths, steps):
    return np.arange(steps) < lengths


@wrong("only the last real step is True")
def the_end_only(lengths, steps):
    mask = np.zeros((steps, len(lengths)), dtype=bool)
    mask[lengths - 1, np.arange(len(lengths))] = True
    return mask


@wrong("the padding is taken to stand before the sequences")
def from_the_end(lengths, steps):
    mask = np.zeros((steps, len(lengths)), dtype=bool)
    for b, L in enumerate(lengths):
        mask[-L:, b] = True
    return mask


@wrong("everything is taken to be real")
def full(lengths, steps):
    mask = np.ones((steps, len(lengths)), dtype=bool)
    for b, L in enumerate(lengths):
        mask[:L, b] = True
    return mask


@wrong("the lengths are sorted first")
def sorted_lengths(lengths, steps):
    return np.arange(steps)[:, None] < np.sort(lengths)[::-1]


@wrong("mask must hold True and False, got float64.")
def ones_and_zeros(lengths, steps):
    mask = np.zeros((steps, len(lengths)))
    for b, L in enumerate(lengths):
        mask[:L, b] = 1
    return mask


@wrong("mask must hold True and False, got int64.")
def whole_numbers(lengths, steps):
    return (np.arange(steps)[:, None] < lengths).astype(np.int64)


@wrong("mask must be a NumPy array of shape (3, 3), got a list of 3.")
def a_list_of_rows(lengths, steps):
    return [[bool(t < L) for L in lengths] for t in range(steps)]


@wrong("it returned None; end it with `return mask`.")
def nothing(lengths, steps):
    mask = np.zeros((steps, len(lengths)), dtype=bool)
    for b, L in enumerate(lengths):
        mask[:L, b] = True


@wrong("one length is used for all sequences")
def breaks_too_early(lengths, steps):
    mask = np.zeros((steps, len(lengths)), dtype=bool)
    mask[: lengths[0]] = True
    return mask


@right
def column_of_steps(lengths, steps):
    t = np.arange(steps).reshape(-1, 1)
    return t < np.asarray(lengths)


@right
def two_loops_too(lengths, steps):
    mask = np.zeros((steps, len(lengths)), dtype=bool)
    for b in range(len(lengths)):
        for t in range(steps):
            if t < lengths[b]:
                mask[t, b] = True
    return mask


@right
def row_by_row_too(lengths, steps):
    return np.array([lengths > t for t in range(steps)])
