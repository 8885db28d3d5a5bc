"""Lab 7, part 4: the last state of each sequence."""

import numpy as np

from rnncore.reference import LastStateCache, length_mask
from tests.corpus.answers import right, wrong


@right
def a_loop(hs, lengths):
    h = np.stack([hs[L - 1, b] for b, L in enumerate(lengths)])
    return h, LastStateCache(hs, lengths)


@right
def along_an_axis(hs, lengths):
    h = np.take_along_axis(hs, (lengths - 1)[None, :, None], axis=0)[0]
    return h, LastStateCache(hs=hs, lengths=lengths)


@right
def a_mask_with_one_true(hs, lengths):
    at_end = np.arange(len(hs))[:, None] == lengths - 1
    return (hs * at_end[..., None]).sum(axis=0), LastStateCache(hs, lengths)


@right
def einsum(hs, lengths):
    end = np.eye(len(hs), dtype=hs.dtype)[lengths - 1]
    return np.einsum("bt,tbh->bh", end, hs), LastStateCache(hs, lengths)


@right
def boolean_index(hs, lengths):
    m = length_mask(lengths, len(hs)).T
    last = m & ~np.pad(m, ((0, 0), (0, 1)))[:, 1:]
    return hs.swapaxes(0, 1)[last], LastStateCache(hs, lengths)


@right
def overwritten_in_time(hs, lengths):
    h = np.empty_like(hs[0])
    for t in range(len(hs)):
        still = lengths > t
        h[still] = hs[t][still]
    return h, LastStateCache(hs, lengths)


@right
def filled_in(hs, lengths):
    B, H = hs.shape[1:]
    h = np.zeros((B, H), dtype=hs.dtype)
    for b in range(B):
        h[b, :] = hs[:, b][: lengths[b]][-1]
    return h, LastStateCache(hs, lengths)


@wrong("h is hs[-1]")
def last_row(hs, lengths):
    return hs[-1], LastStateCache(hs, lengths)


@wrong("h is taken one step too late")
def no_minus_one(hs, lengths):
    return hs[lengths, np.arange(len(lengths))], LastStateCache(hs, lengths)


@wrong("h is taken one step too early")
def minus_two(hs, lengths):
    return hs[lengths - 2, np.arange(len(lengths))], LastStateCache(hs, lengths)


@wrong("each time step is picked for the whole batch, which gives (B, B, H)")
def one_index(hs, lengths):
    return hs[lengths - 1], LastStateCache(hs, lengths)


@wrong("each time step is picked for the whole batch, which gives (B, B, H)")
def with_a_colon(hs, lengths):
    return hs[lengths - 1, :], LastStateCache(hs, lengths)


@wrong("time and batch are exchanged")
def batch_first(hs, lengths):
    return hs[np.arange(len(lengths)), lengths - 1], LastStateCache(hs, lengths)


@wrong("every h is taken from the first sequence")
def column_zero(hs, lengths):
    h = np.stack([hs[L - 1][0] for L in lengths])
    return h, LastStateCache(hs, lengths)


@wrong("h is taken at the end of the longest sequence for all of them")
def longest(hs, lengths):
    return hs[max(lengths) - 1], LastStateCache(hs, lengths)


@wrong("hs is masked and its last entry taken")
def masked_last_row(hs, lengths):
    m = length_mask(lengths, len(hs))
    return np.where(m[..., None], hs, 0)[-1], LastStateCache(hs, lengths)


@wrong("the states are added up over the real steps")
def summed(hs, lengths):
    m = length_mask(lengths, len(hs))
    return (hs * m[..., None]).sum(axis=0), LastStateCache(hs, lengths)


@wrong("the states are averaged over the real steps")
def mean_pooled(hs, lengths):
    m = length_mask(lengths, len(hs))
    h = (hs * m[..., None]).sum(axis=0) / m.sum(axis=0)[:, None].astype(hs.dtype)
    return h, LastStateCache(hs, lengths)


@wrong("h keeps an axis of time of length 1")
def axis_kept(hs, lengths):
    return np.take_along_axis(hs, (lengths - 1)[None, :, None], axis=0), LastStateCache(hs, lengths)


@wrong("the cache holds the indices")
def indices_in_the_cache(hs, lengths):
    lengths = lengths - 1
    return hs[lengths, np.arange(len(lengths))], LastStateCache(hs, lengths)


@wrong("hs and lengths are exchanged in the cache")
def cache_in_another_order(hs, lengths):
    return a_loop(hs, lengths)[0], LastStateCache(lengths, hs)


@wrong("cache must be LastStateCache(hs, lengths), got a tuple of 2.")
def bare_pair(hs, lengths):
    return a_loop(hs, lengths)[0], (hs, lengths)


@wrong("it must return 2 values (h, cache), got an array of shape (3, 1).")
def cache_forgotten(hs, lengths):
    return hs[lengths - 1, np.arange(len(lengths))]


@wrong("the results are right, but it changed its argument lengths in place; work on a copy.")
def counts_down_in_place(hs, lengths):
    given = lengths.copy()
    lengths -= 1
    return hs[lengths, np.arange(len(lengths))], LastStateCache(hs, given)


@wrong("h must be a NumPy array of shape (3, 1), got a list of 3.")
def not_stacked(hs, lengths):
    return [hs[L - 1, b] for b, L in enumerate(lengths)], LastStateCache(hs, lengths)


@wrong(None)
def last_that_is_not_zero(hs, lengths):
    """Looks for the last row that is not zero, as if padding were always shown as zero."""
    h = np.stack([hs[np.flatnonzero(hs[:, b].any(axis=1))[-1], b] for b in range(hs.shape[1])])
    return h, LastStateCache(hs, lengths)


@right
def pairs(hs, lengths):
    B = hs.shape[1]
    return hs[lengths - 1, np.arange(B)], LastStateCache(hs, lengths)


@right
def loop(hs, lengths):
    rows = []
    for b, L in enumerate(lengths):
        rows.append(hs[L - 1, b])
    return np.stack(rows), LastStateCache(hs=hs, lengths=lengths)


@right
def take_along(hs, lengths):
    at = (np.asarray(lengths) - 1)[None, :, None]
    return np.take_along_axis(hs, at, axis=0)[0], LastStateCache(hs, lengths)


@right
def by_masking(hs, lengths):
    end = np.arange(len(hs))[:, None] == lengths - 1
    return (hs * end[:, :, None]).sum(axis=0), LastStateCache(hs, lengths)


@wrong("h is taken one step too late, at index L; the last of L steps has the index L - 1.")
def one_too_far(hs, lengths):
    return hs[lengths, np.arange(len(lengths))], LastStateCache(hs, lengths)


@wrong("h is taken one step too late in all sequences but the longest.")
def one_too_far_clipped(hs, lengths):
    return hs[np.minimum(lengths, len(hs) - 1), np.arange(len(lengths))], LastStateCache(hs, lengths)


@wrong("the cache holds h; it holds all of hs.")
def cache_of_result(hs, lengths):
    h = hs[lengths - 1, np.arange(len(lengths))]
    return h, LastStateCache(h, lengths)


@wrong("each h keeps an axis of time of length 1.")
def slices(hs, lengths):
    return np.stack([hs[L - 1 : L, b] for b, L in enumerate(lengths)]), LastStateCache(hs, lengths)


@wrong("h is taken at the end of the shortest sequence for all of them.")
def shortest_end(hs, lengths):
    return hs[lengths.min() - 1], LastStateCache(hs, lengths)


@wrong("the steps are counted from the end of the batch.")
def from_the_end(hs, lengths):
    return hs[-lengths, np.arange(len(lengths))], LastStateCache(hs, lengths)
