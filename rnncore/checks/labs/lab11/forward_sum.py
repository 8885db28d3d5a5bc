"""Lab 11, part 3: the context.

Contents
    sum_forward    the check of `weighted_sum_forward`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab11.inputs import VALUES, WEIGHTS, draw_sum
from rnncore.reference.attention import WeightedSumCache, weighted_sum_forward

__all__ = ["sum_forward"]


def with_contexts(change):
    """The right cache, and the contexts that `change(weights, values)` gives."""
    return lambda weights, values: (change(weights, values), WeightedSumCache(weights, values))


def with_cache(change):
    """The right contexts, and the cache that `change(weights, values, contexts)` gives."""
    return lambda weights, values: (right(weights, values), WeightedSumCache(*change(weights, values, right(weights, values))))


def right(weights, values):
    return weighted_sum_forward(weights, values)[0]


def einsum(axes):
    return with_contexts(lambda weights, values: np.einsum(axes, weights, values))


def again(weights):
    exp = np.exp(weights)
    return exp / exp.sum(axis=-1, keepdims=True)


def a_context_is_a_mean(function, rng):
    """All weight on one key gives its value, equal weights the mean; shuffled entries give the same."""
    ((weights, values), *_) = draw_sum(rng, np.float64, T=3, B=2, S=5, E=4)
    s = int(rng.integers(5))
    one = np.zeros((3, 2, 5))
    one[..., s] = 1
    compare(f"with all weight on key {s}, contexts", function(one, values)[0], np.stack([values[s]] * 3))
    compare("with equal weights, contexts", function(one * 0 + 0.2, values)[0], np.stack([values.mean(axis=0)] * 3))
    order = rng.permutation(5)
    compare("with the entries in another order, contexts", function(weights[..., order], values[order])[0], function(weights, values)[0])


sum_forward = Exercise(
    weighted_sum_forward,
    outputs=("contexts", "cache"),
    letters="TBSE",
    example=lambda: (WEIGHTS, VALUES),
    draw=draw_sum,
    properties=(a_context_is_a_mean,),
    mistakes={
        "the weights are not used: every query gets the plain mean of the values": with_contexts(
            lambda weights, values: np.repeat(values.mean(axis=0)[None], len(weights), axis=0)
        ),
        "the weights are not used: every query gets the sum of the values": with_contexts(
            lambda weights, values: np.repeat(values.sum(axis=0)[None], len(weights), axis=0)
        ),
        "the sum is divided by S; the weights already sum to 1": with_contexts(
            lambda weights, values: right(weights, values) / values.shape[0]
        ),
        "the value with the largest weight is taken alone: that is a hard lookup": with_contexts(
            lambda weights, values: values[weights.argmax(axis=-1), np.arange(weights.shape[1])]
        ),
        "a softmax is applied to the weights once more": with_contexts(lambda weights, values: right(again(weights), values)),
        "all queries get the context of the first": with_contexts(
            lambda weights, values: np.repeat(right(weights, values)[:1], len(weights), axis=0)
        ),
        "the weights are averaged over the queries first; every query has its own": with_contexts(
            lambda weights, values: right(np.repeat(weights.mean(axis=0, keepdims=True), len(weights), axis=0), values)
        ),
        "the contexts are (B, T, E); they are (T, B, E)": einsum("tbs,sbe->bte"),
        "the contexts are (T, E, B); they are (T, B, E)": einsum("tbs,sbe->teb"),
        "the sequences of the batch are added up; each has its own contexts": einsum("tbs,sbe->te"),
        "the contexts of all queries are added up; each query has its own": einsum("tbs,sbe->be"),
        "the weights of one sequence meet the values of every other": einsum("tbs,sce->tbce"),
        "the values of all sequences are added up; a query gets values of its own sequence": einsum("tbs,sce->tbe"),
        "the weighted values are not added up over S": einsum("tbs,sbe->tbse"),
        "the sum runs over E as well; a context has E numbers": einsum("tbs,sbe->tb"),
        "@ is used with the axes as they come; S is the last axis of the weights and the first of the values": with_contexts(
            lambda weights, values: weights @ values
        ),
        "weights and values are multiplied entry by entry with the axes as they come": with_contexts(
            lambda weights, values: (weights[..., None] * values).sum(axis=2)
        ),
        "the values are taken in reversed order": with_contexts(lambda weights, values: right(weights, values[::-1])),
        "weights and values are exchanged in the cache": with_cache(lambda weights, values, contexts: (values, weights)),
        "the cache keeps the contexts in the place of the values": with_cache(lambda weights, values, contexts: (weights, contexts)),
    },
)
