"""Lab 11, part 2: from scores to weights.

Contents
    softmax_forward    the check of `masked_softmax_forward`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab11.inputs import MASK, SCORES, draw_softmax
from rnncore.reference.attention import MaskedSoftmaxCache, masked_softmax_forward

__all__ = ["softmax_forward"]


def softmax(scores, axis=-1, largest=None):
    exp = np.exp(scores - (scores.max(axis=axis, keepdims=True) if largest is None else largest))
    return exp / exp.sum(axis=axis, keepdims=True)


def hidden(scores, mask, value=-np.inf):
    return scores if mask is None else np.where(mask, scores, value)


def packed(change):
    """A function from (scores, mask) to weights, with its cache."""

    def wrong(scores, mask=None):
        weights = change(scores, mask)
        return weights, MaskedSoftmaxCache(weights)

    return wrong


def without_the_hidden(weights, mask):
    return weights if mask is None else weights * mask


def renormalised(scores, mask):
    weights = without_the_hidden(softmax(scores), mask)
    return weights / weights.sum(axis=-1, keepdims=True)


def among_all(mask, scores):
    return np.broadcast_to(True if mask is None else mask, scores.shape)


def weights_are_shares_of_what_is_seen(function, rng):
    """Weights sum to 1, are 0 exactly where the mask hides, do not depend on what stands there, keep e^(difference) as ratio."""
    _, (scores, mask), *_ = draw_softmax(rng, np.float64, T=3, B=4, S=5)
    weights = function(scores, mask)[0]
    seen = np.broadcast_to(mask, weights.shape)
    compare("the sums of the weights of each query", weights.sum(axis=-1), np.ones((3, 4)))
    compare("the weights of what the mask hides", weights[~seen], np.zeros((~seen).sum()), rtol=0, atol=0)
    other = np.where(mask, scores, rng.standard_normal(scores.shape))
    compare("with other scores under the mask, weights", function(other, mask)[0], weights, rtol=0, atol=0)
    for b in range(4):
        n = int(mask[b].sum())
        ratios = weights[:, b, :n] / weights[:, b, :1]
        compare(f"the weights of sequence {b} as multiples of its first", ratios, np.exp(scores[:, b, :n] - scores[:, b, :1]))
    order = rng.permutation(5)
    compare("with the keys in another order, weights", function(scores[..., order], mask[..., order])[0], weights[..., order])


softmax_forward = Exercise(
    masked_softmax_forward,
    outputs=("weights", "cache"),
    letters="TBS",
    example=lambda: (SCORES, MASK),
    draw=draw_softmax,
    properties=(weights_are_shares_of_what_is_seen,),
    mistakes={
        "the mask is not used": packed(lambda scores, mask: softmax(scores)),
        "the mask is taken the wrong way round: True means that a key may be looked at": packed(
            lambda scores, mask: softmax(hidden(scores, None if mask is None else ~mask))
        ),
        "hidden scores become 0; the exponential of 0 is 1, so they still take part": packed(
            lambda scores, mask: softmax(hidden(scores, mask, 0))
        ),
        "hidden weights are set to zero after the softmax: they have taken their share, and the rest sums to less than 1": packed(
            lambda scores, mask: without_the_hidden(softmax(scores), mask)
        ),
        "hidden scores are still there when the largest one is looked for, or in the whole softmax, and go afterwards; if one "
        "lies far above the others, nothing is left of these": packed(renormalised),
        "hidden scores become a number that is not low enough; other scores may lie below it": packed(
            lambda scores, mask: softmax(hidden(scores, mask, -100))
        ),
        "hidden scores become -1, and so still take part": packed(lambda scores, mask: softmax(hidden(scores, mask, -1))),
        "hidden scores become +inf in the place of -inf": packed(lambda scores, mask: softmax(hidden(scores, mask, np.inf))),
        "the largest score is not subtracted: the exponentials of large scores are infinite": packed(
            lambda scores, mask: softmax(hidden(scores, mask), largest=0)
        ),
        "the largest score of the whole array is subtracted; each row needs its own, or low rows become zero": packed(
            lambda scores, mask: softmax(hidden(scores, mask), largest=hidden(scores, mask).max())
        ),
        "the softmax runs over T, so that the weights of a key sum to 1; it runs over S": packed(
            lambda scores, mask: softmax(hidden(scores, mask), axis=0)
        ),
        "the softmax runs over B; the sequences of a batch have nothing to share": packed(
            lambda scores, mask: softmax(hidden(scores, mask), axis=1)
        ),
        "all exponentials are divided by one sum; each query has its own": packed(
            lambda scores, mask: softmax(hidden(scores, mask), axis=None)
        ),
        "the exponentials are not divided by their sum": packed(
            lambda scores, mask: np.exp(hidden(scores, mask) - hidden(scores, mask).max(axis=-1, keepdims=True))
        ),
        "the exponential is missing: the scores are divided by their sum": packed(
            lambda scores, mask: hidden(scores, mask, 0) / hidden(scores, mask, 0).sum(axis=-1, keepdims=True)
        ),
        "the sign is wrong: the highest score gets the smallest weight": packed(lambda scores, mask: softmax(hidden(-scores, mask))),
        "the largest takes all: that is a hard lookup": packed(
            lambda scores, mask: np.eye(scores.shape[-1], dtype=scores.dtype)[hidden(scores, mask).argmax(axis=-1)]
        ),
        "these are the logarithms of the weights": packed(lambda scores, mask: np.log(softmax(hidden(scores, mask)))),
        "all keys that may be looked at get equal weights: the scores are not used": packed(
            lambda scores, mask: (among_all(mask, scores) / among_all(mask, scores).sum(axis=-1, keepdims=True)).astype(scores.dtype)
        ),
        "the softmax is taken twice": packed(lambda scores, mask: softmax(hidden(softmax(hidden(scores, mask)), mask))),
        "each score is squashed by itself with a sigmoid; weights are shares of a whole": packed(
            lambda scores, mask: without_the_hidden((0.5 + 0.5 * np.tanh(scores / 2)).astype(scores.dtype), mask)
        ),
        "the cache keeps the scores; the backward pass needs the weights": lambda scores, mask=None: (
            masked_softmax_forward(scores, mask)[0],
            MaskedSoftmaxCache(scores),
        ),
        "the cache keeps the exponentials; the backward pass needs the weights": lambda scores, mask=None: (
            masked_softmax_forward(scores, mask)[0],
            MaskedSoftmaxCache(np.exp(hidden(scores, mask) - hidden(scores, mask).max(axis=-1, keepdims=True))),
        ),
    },
)
