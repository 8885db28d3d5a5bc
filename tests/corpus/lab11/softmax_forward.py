"""Lab 11, part 2: from scores to weights."""

import numpy as np

from rnncore.reference import MaskedSoftmaxCache, masked_softmax_forward
from tests.corpus.answers import right, wrong


@right
def large_negative_number(scores, mask=None):
    """The customary -1e9 is as good as minus infinity, as long as there is something to look at."""
    if mask is not None:
        scores = np.where(mask, scores, scores.dtype.type(-1e9))
    scores = scores - np.max(scores, axis=-1)[..., None]
    exp = np.exp(scores)
    weights = exp / np.sum(exp, axis=-1)[..., None]
    return weights, MaskedSoftmaxCache(weights)


@right
def on_a_copy(scores, mask=None):
    scores = scores.copy()
    if mask is not None:
        scores[~np.broadcast_to(mask, scores.shape)] = -np.inf
    scores -= scores.max(-1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(-1, keepdims=True)
    return scores, MaskedSoftmaxCache(weights=scores)


@right
def row_by_row(scores, mask=None):
    T, B, _ = scores.shape
    seen = np.ones(scores.shape, bool) if mask is None else np.broadcast_to(mask, scores.shape)
    weights = np.zeros_like(scores)
    for t in range(T):
        for b in range(B):
            keys = np.flatnonzero(seen[t, b])
            exp = np.exp(scores[t, b, keys] - scores[t, b, keys].max())
            weights[t, b, keys] = exp / exp.sum()
    return weights, MaskedSoftmaxCache(weights)


@right
def added_mask(scores, mask=None):
    """Zero is added to what is seen, minus infinity to the rest."""
    if mask is not None:
        scores = scores + np.where(mask, 0.0, -np.inf).astype(scores.dtype)
    exp = np.exp(scores - np.amax(scores, axis=2, keepdims=True))
    weights = np.divide(exp, np.add.reduce(exp, axis=2, keepdims=True))
    return weights, MaskedSoftmaxCache(weights)


@right
def with_logarithms(scores, mask=None):
    low = -np.inf if mask is None else np.where(mask, 0, -np.inf).astype(scores.dtype)
    e = scores if mask is None else scores + low
    log_sum = np.logaddexp.reduce(e, axis=-1, keepdims=True)
    weights = np.exp(e - log_sum)
    print("sums", weights.sum(axis=-1).min())
    return weights, MaskedSoftmaxCache(weights)


@right
def masked_arrays(scores, mask=None):
    hidden = np.zeros(scores.shape, bool) if mask is None else ~np.broadcast_to(mask, scores.shape)
    e = np.ma.masked_array(scores, hidden)
    exp = np.exp(e - e.max(axis=-1, keepdims=True)).filled(0)
    weights = (exp / exp.sum(axis=-1, keepdims=True)).astype(scores.dtype)
    return weights, MaskedSoftmaxCache(weights)


@right
def max_of_the_seen_then_times_mask(scores, mask=None):
    seen = np.ones_like(scores, dtype=bool) if mask is None else mask & np.ones_like(scores, dtype=bool)
    top = np.max(scores, axis=-1, keepdims=True, where=seen, initial=-np.inf)
    exp = np.exp(np.minimum(scores - top, 0)) * seen
    weights = exp / exp.sum(axis=-1, keepdims=True)
    return weights.astype(scores.dtype), MaskedSoftmaxCache(weights.astype(scores.dtype))


def plain(scores, axis=-1):
    exp = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return exp / exp.sum(axis=axis, keepdims=True)


@wrong("the mask is not used")
def no_mask(scores, mask=None):
    weights = plain(scores)
    return weights, MaskedSoftmaxCache(weights)


@wrong("hidden scores become 0")
def multiplied_by_the_mask(scores, mask=None):
    if mask is not None:
        scores = scores * mask
    weights = plain(scores)
    return weights, MaskedSoftmaxCache(weights)


@wrong("hidden weights are set to zero after the softmax")
def mask_too_late(scores, mask=None):
    weights = plain(scores)
    if mask is not None:
        weights = weights * mask
    return weights, MaskedSoftmaxCache(weights)


@wrong("hidden scores are still there when the largest one is looked for")
def too_late_and_mended(scores, mask=None):
    weights = plain(scores)
    if mask is not None:
        weights = weights * mask
        weights = weights / weights.sum(axis=-1, keepdims=True)
    return weights, MaskedSoftmaxCache(weights)


@wrong("hidden scores are still there when the largest one is looked for")
def largest_of_all(scores, mask=None):
    exp = np.exp(scores - scores.max(axis=-1, keepdims=True))
    if mask is not None:
        exp = np.where(mask, exp, 0)
    weights = exp / exp.sum(axis=-1, keepdims=True)
    return weights, MaskedSoftmaxCache(weights)


@wrong("the mask is taken the wrong way round")
def true_hides(scores, mask=None):
    if mask is not None:
        scores = np.where(mask, -np.inf, scores)
    weights = plain(scores)
    return weights, MaskedSoftmaxCache(weights)


@wrong("the largest score is not subtracted")
def naive(scores, mask=None):
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    weights = np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
    return weights, MaskedSoftmaxCache(weights)


@wrong("the largest score of the whole array is subtracted")
def one_maximum(scores, mask=None):
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    exp = np.exp(scores - scores.max())
    weights = exp / exp.sum(axis=-1, keepdims=True)
    return weights, MaskedSoftmaxCache(weights)


@wrong("the softmax runs over T")
def first_axis(scores, mask=None):
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    weights = plain(scores, axis=0)
    return weights, MaskedSoftmaxCache(weights)


@wrong("the softmax runs over B")
def middle_axis(scores, mask=None):
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    weights = plain(scores, axis=1)
    return weights, MaskedSoftmaxCache(weights)


@wrong("all exponentials are divided by one sum")
def one_sum(scores, mask=None):
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    exp = np.exp(scores - scores.max())
    return exp / exp.sum(), MaskedSoftmaxCache(exp / exp.sum())


@wrong("the exponentials are not divided by their sum")
def not_normalised(scores, mask=None):
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    exp = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exp, MaskedSoftmaxCache(exp)


@wrong("a number that is not low enough")
def minus_hundred(scores, mask=None):
    if mask is not None:
        scores = np.where(mask, scores, -100.0)
    weights = plain(scores)
    return weights, MaskedSoftmaxCache(weights)


@wrong("the cache keeps the scores")
def scores_kept(scores, mask=None):
    return masked_softmax_forward(scores, mask)[0], MaskedSoftmaxCache(scores)


@wrong("it changed its argument scores in place; work on a copy.")
def in_place(scores, mask=None):
    if mask is not None:
        np.copyto(scores, -np.inf, where=~mask)
    weights = plain(scores)
    return weights, MaskedSoftmaxCache(weights)


@wrong("with IndexError: boolean index did not match")
def mask_as_an_index(scores, mask=None):
    if mask is not None:
        scores = scores.copy()
        scores[~mask] = -np.inf
    weights = plain(scores)
    return weights, MaskedSoftmaxCache(weights)


@wrong("operands could not be broadcast together")
def keepdims_forgotten(scores, mask=None):
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    exp = np.exp(scores - scores.max(axis=-1))
    weights = exp / exp.sum(axis=-1)
    return weights, MaskedSoftmaxCache(weights)


@wrong("it stopped in line")
def none_not_thought_of(scores, mask=None):
    scores = np.where(~mask, -np.inf, scores)
    weights = plain(scores)
    return weights, MaskedSoftmaxCache(weights)


@wrong("cache must be MaskedSoftmaxCache(weights), got an array")
def bare_weights_as_cache(scores, mask=None):
    weights, _ = masked_softmax_forward(scores, mask)
    return weights, weights


@wrong(None)
def shifted_by_a_small_number(scores, mask=None):
    """Against a division by zero that cannot happen."""
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    exp = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = exp / (exp.sum(axis=-1, keepdims=True) + 1e-3)
    return weights, MaskedSoftmaxCache(weights)
