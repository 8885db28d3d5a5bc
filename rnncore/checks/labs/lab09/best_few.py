"""Lab 9, part 4: top-k.

Contents
    top_k    the check of `top_k_distribution`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab09.inputs import LOGITS, draw_top_k, normal
from rnncore.reference.activations import softmax
from rnncore.reference.decoding import greedy_distribution, top_k_distribution

__all__ = ["top_k"]


def order(logits):
    """(B, V), the tokens from the best to the worst; equally good ones in the order of their numbers."""
    return np.argsort(-logits, axis=-1, kind="stable")


def rank(logits):
    """(B, V), 0 for the best token, 1 for the next."""
    return np.argsort(order(logits), axis=-1)


def rescaled(q):
    return q / q.sum(axis=-1, keepdims=True)


def keeping(kept):
    """The right function but for which tokens stay: `kept(logits, k)`, (B, V), true or false."""
    return lambda logits, k: rescaled(np.where(kept(logits, k), softmax(logits), 0))


def with_result(change):
    """What `change(q, logits, k)` makes of the right result."""
    return lambda logits, k: change(top_k_distribution(logits, k), logits, k)


def kth_best(logits, k):
    return np.take_along_axis(logits, order(logits)[:, k - 1 : k], axis=-1)


def from_flat(logits, k):
    """The k best of all rows together."""
    return (np.argsort(np.argsort(-logits.ravel(), kind="stable")) < k).reshape(logits.shape)


def all_and_one(function, rng):
    """With k = V nothing is cut, with k = 1 the choice is greedy, and k tokens keep their ratios to one another."""
    logits = 2 * normal(rng, np.float64, 4, 6)
    p = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    compare("with k = V, q", function(logits, 6), p)
    compare("with k = 1, q", function(logits, 1), greedy_distribution(logits))
    for k in (2, 3, 5):
        q = function(logits, k)
        compare(f"with k = {k}, the sum of q", q.sum(axis=-1), np.ones(4))
        compare(f"with k = {k}, how many are not 0", (q > 0).sum(axis=-1), np.full(4, k))
        best = logits.argmax(axis=-1)[:, None]
        ratios = np.where(q > 0, p / np.take_along_axis(p, best, axis=-1), 0)
        compare(f"with k = {k}, q relative to the best", q / np.take_along_axis(q, best, axis=-1), ratios)
        left_out = np.where(q > 0, -np.inf, logits).max(axis=-1)
        compare(
            f"with k = {k}, whether a token left out is better than one that is kept",
            left_out > np.where(q > 0, logits, np.inf).min(axis=-1),
            np.zeros(4),
        )


top_k = Exercise(
    top_k_distribution,
    outputs=("q",),
    letters="BV",
    example=lambda: (LOGITS, 3),
    draw=draw_top_k,
    properties=(all_and_one,),
    mistakes={
        "what is kept is not rescaled, so that it does not sum to 1": lambda logits, k: np.where(rank(logits) < k, softmax(logits), 0),
        "equally good tokens are kept together, so that there may be more than k; of equally good ones the first is the better": keeping(
            lambda logits, k: logits >= kth_best(logits, k)
        ),
        "only tokens better than the k-th are kept; the k-th stays, too": keeping(lambda logits, k: logits > kth_best(logits, k)),
        "of equally good tokens the last is kept; the first is the better": keeping(lambda logits, k: rank(logits[:, ::-1])[:, ::-1] < k),
        "the k worst tokens are kept; np.argsort begins with the smallest": keeping(
            lambda logits, k: np.argsort(np.argsort(logits, kind="stable")) < k
        ),
        "the k best tokens are removed and the others kept": keeping(lambda logits, k: rank(logits) >= k),
        "one token too many is kept": keeping(lambda logits, k: rank(logits) <= k),
        "one token too few is kept": keeping(lambda logits, k: rank(logits) < k - 1),
        "the first k tokens are kept and not the k best": keeping(lambda logits, k: np.arange(logits.shape[1]) < k),
        "np.argsort gives the tokens in order, and here it is compared with k as if it gave the rank of each token": keeping(
            lambda logits, k: order(logits) < k
        ),
        "the tokens of the first row are kept in every row; each row has its own best": keeping(
            lambda logits, k: np.broadcast_to(rank(logits)[:1] < k, logits.shape)
        ),
        "what one row cuts is cut in every row; each row has its own": keeping(
            lambda logits, k: ~np.isin(np.arange(logits.shape[1]), order(logits)[:, k:])[None]
        ),
        "the k best of all rows together are kept; each row has k": keeping(from_flat),
        "each column is ranked and not each row": keeping(lambda logits, k: k > rank(logits.T).T),
        "the result is sorted, best first; each probability belongs at the place of its token": with_result(
            lambda q, logits, k: -np.sort(-q, axis=-1)
        ),
        "only the k probabilities that are kept are returned; the others are 0, at their places": with_result(
            lambda q, logits, k: -np.sort(-q, axis=-1)[:, :k]
        ),
        "all k tokens get the same probability; they keep their ratios": lambda logits, k: (((rank(logits) < k) / k).astype(logits.dtype)),
        "the logits that are cut are set to 0, and a logit of 0 has a probability; set probabilities to 0 and rescale": lambda logits, k: (
            softmax(np.where(rank(logits) < k, logits, 0))
        ),
        "the logits that are cut are set to -inf, which softmax refuses; set probabilities to 0 and rescale": lambda logits, k: (
            softmax(np.where(rank(logits) < k, logits, -np.inf))
        ),
        "a second softmax is taken of the probabilities that are kept; divide by their sum": lambda logits, k: (
            softmax(np.where(rank(logits) < k, softmax(logits), 0))
        ),
        "the logits that are kept are divided by their sum; it is probabilities that are rescaled": lambda logits, k: (
            rescaled(np.where(rank(logits) < k, logits, 0))
        ),
        "what is kept is divided by the sum of the whole array; each row sums to 1": lambda logits, k: (
            np.where(rank(logits) < k, softmax(logits), 0) / np.where(rank(logits) < k, softmax(logits), 0).sum()
        ),
        "nothing is cut: this is the softmax of all": lambda logits, k: softmax(logits),
    },
)
