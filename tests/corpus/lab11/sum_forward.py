"""Lab 11, part 3: the context."""

import numpy as np

from rnncore.reference import WeightedSumCache, weighted_sum_forward
from tests.corpus.answers import right, wrong


@right
def with_matmul(weights, values):
    contexts = weights.swapaxes(0, 1) @ values.swapaxes(0, 1)  # (B, T, E)
    return contexts.swapaxes(0, 1), WeightedSumCache(weights, values)


@right
def running_sum(weights, values):
    contexts = np.zeros((*weights.shape[:2], values.shape[2]), dtype=values.dtype)
    for s in range(len(values)):
        contexts += weights[:, :, s : s + 1] * values[s]
    return contexts, WeightedSumCache(weights, values)


@right
def broadcast(weights, values):
    each = weights[..., None] * values.transpose(1, 0, 2)[None]  # (T, B, S, E)
    return each.sum(axis=-2), WeightedSumCache(weights=weights, values=values)


@right
def per_sequence(weights, values):
    contexts = np.stack([weights[:, b] @ values[:, b] for b in range(values.shape[1])], axis=1)
    return contexts, WeightedSumCache(weights, values)


@right
def entry_by_entry(weights, values):
    T, B, S = weights.shape
    contexts = np.empty((T, B, values.shape[-1]), values.dtype)
    for t, b, e in np.ndindex(*contexts.shape):
        contexts[t, b, e] = sum(weights[t, b, s] * values[s, b, e] for s in range(S))
    return [contexts, WeightedSumCache(weights, values)]


@right
def other_letters(weights, values):
    print("weights", weights.shape)
    return np.einsum("qbk,kbv->qbv", weights, values, optimize=True), WeightedSumCache(weights, values)


@wrong("@ is used with the axes as they come")
def bare_matmul(weights, values):
    return weights @ values, WeightedSumCache(weights, values)


@wrong("entry by entry with the axes as they come")
def values_not_turned(weights, values):
    return (weights[..., None] * values).sum(axis=2), WeightedSumCache(weights, values)


@wrong("the contexts are (B, T, E)")
def left_batch_first(weights, values):
    return weights.swapaxes(0, 1) @ values.swapaxes(0, 1), WeightedSumCache(weights, values)


@wrong("the weights are not used: every query gets the plain mean")
def mean_of_the_values(weights, values):
    return np.repeat(values.mean(axis=0, keepdims=True), len(weights), axis=0), WeightedSumCache(weights, values)


@wrong("the sum is divided by S")
def mean_over_s(weights, values):
    each = weights[..., None] * values.swapaxes(0, 1)
    return each.mean(axis=2), WeightedSumCache(weights, values)


@wrong("that is a hard lookup")
def best_only(weights, values):
    contexts = np.empty((*weights.shape[:2], values.shape[-1]), values.dtype)
    for t, b in np.ndindex(*weights.shape[:2]):
        contexts[t, b] = values[weights[t, b].argmax(), b]
    return contexts, WeightedSumCache(weights, values)


@wrong("a softmax is applied to the weights once more")
def softmax_again(weights, values):
    exp = np.exp(weights - weights.max(axis=-1, keepdims=True))
    w = exp / exp.sum(axis=-1, keepdims=True)
    return np.einsum("tbs,sbe->tbe", w, values), WeightedSumCache(weights, values)


@wrong("the weights of one sequence meet the values of every other")
def tensordot(weights, values):
    return np.tensordot(weights, values, axes=(2, 0)), WeightedSumCache(weights, values)


@wrong("the values of all sequences are added up")
def letter_too_many(weights, values):
    return np.einsum("tbs,sce->tbe", weights, values), WeightedSumCache(weights, values)


@wrong("the sequences of the batch are added up")
def letter_missing(weights, values):
    return np.einsum("tbs,sbe->te", weights, values), WeightedSumCache(weights, values)


@wrong("the contexts of all queries are added up")
def summed_over_queries(weights, values):
    return np.einsum("tbs,sbe->be", weights, values), WeightedSumCache(weights, values)


@wrong("the weighted values are not added up over S")
def not_summed(weights, values):
    return weights[..., None] * values.swapaxes(0, 1), WeightedSumCache(weights, values)


@wrong("all queries get the context of the first")
def index_zero(weights, values):
    contexts = np.zeros((*weights.shape[:2], values.shape[-1]), values.dtype)
    for t in range(len(weights)):
        for s in range(len(values)):
            contexts[t] += weights[0, :, s, None] * values[s]
    return contexts, WeightedSumCache(weights, values)


@wrong(None)
def last_key_left_out(weights, values):
    contexts = np.zeros((*weights.shape[:2], values.shape[-1]), values.dtype)
    for s in range(len(values) - 1):
        contexts += weights[..., s, None] * values[s]
    return contexts, WeightedSumCache(weights, values)


@wrong("weights and values are exchanged in the cache")
def cache_turned(weights, values):
    return weighted_sum_forward(weights, values)[0], WeightedSumCache(values, weights)


@wrong("it must return 2 values (contexts, cache), got an array")
def contexts_only(weights, values):
    return weighted_sum_forward(weights, values)[0]


@wrong("it changed its argument weights in place")
def weights_normalised_in_place(weights, values):
    contexts, cache = weighted_sum_forward(weights.copy(), values)
    weights /= weights.sum(axis=-1, keepdims=True) * 2
    return contexts, cache


@wrong("must have the dtype of the inputs, float32, got float64.")
def zeros_are_float64(weights, values):
    contexts = np.zeros((*weights.shape[:2], values.shape[-1]))
    for s in range(len(values)):
        contexts += weights[:, :, s, None] * values[s]
    return contexts, WeightedSumCache(weights, values)
