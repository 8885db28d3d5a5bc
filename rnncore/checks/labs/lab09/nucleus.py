"""Lab 9, part 5: top-p.

Contents
    top_p    the check of `top_p_distribution`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab09.best_few import order, rank, rescaled
from rnncore.checks.labs.lab09.inputs import LOGITS, draw_logits, draw_top_p, share_away_from
from rnncore.reference.activations import softmax
from rnncore.reference.decoding import top_p_distribution

__all__ = ["top_p"]


def best_first(logits):
    return np.take_along_axis(softmax(logits), order(logits), axis=-1)


def before(logits):
    """(B, V), in the order of rank: what the better tokens have together."""
    return np.cumsum(best_first(logits), axis=-1) - best_first(logits)


def size(logits, p):
    """(B, 1), how many tokens the nucleus has."""
    return (before(logits) < p).sum(axis=-1, keepdims=True)


def keeping(kept):
    """The right function but for which tokens stay: `kept(logits, p)`, (B, V), true or false."""
    return lambda logits, p: rescaled(np.where(kept(logits, p), softmax(logits), 0))


def with_result(change):
    return lambda logits, p: change(top_p_distribution(logits, p), logits, p)


def back(mask, logits):
    """A mask in the order of rank, at the places of the tokens."""
    return np.take_along_axis(mask, rank(logits), axis=-1)


def sums_in_place(logits):
    return np.cumsum(softmax(logits), axis=-1)


def worst_first(logits, p):
    """The running sum begins with the worst token."""
    up = np.argsort(softmax(logits), axis=-1, kind="stable")
    mask = np.cumsum(np.take_along_axis(softmax(logits), up, axis=-1), axis=-1)
    return np.take_along_axis(mask - np.take_along_axis(softmax(logits), up, axis=-1) < p, np.argsort(up, axis=-1), axis=-1)


def everything_and_the_fewest(function, rng):
    """p = 1 changes nothing; what is kept reaches p, and without its least probable token it would not."""
    (logits, *_) = draw_logits(rng, np.float64, B=4, V=7)
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    compare("with p = 1, q", function(logits, 1.0), probabilities)
    for low in (0.2, 0.5, 0.8):
        p = share_away_from(rng, logits, low, low + 0.15)
        q = function(logits, p)
        compare(f"with p = {p:.3f}, the sum of q", q.sum(axis=-1), np.ones(4))
        kept = np.where(q > 0, probabilities, 0).sum(axis=-1)
        least = np.where(q > 0, probabilities, 1).min(axis=-1)
        compare(f"with p = {p:.3f}, whether the tokens kept reach p", kept >= p, np.ones(4))
        compare(f"with p = {p:.3f}, whether they do without the least probable of them", kept - least >= p, np.zeros(4))
        left_out = np.where(q > 0, 0, probabilities).max(axis=-1)
        compare(f"with p = {p:.3f}, whether a token left out is better than one that is kept", left_out > least, np.zeros(4))


top_p = Exercise(
    top_p_distribution,
    outputs=("q",),
    letters="BV",
    example=lambda: (LOGITS, 0.8),
    draw=draw_top_p,
    properties=(everything_and_the_fewest,),
    mistakes={
        "the token that crosses p is left out; compare p with what stands before a token": keeping(
            lambda logits, p: back(np.cumsum(best_first(logits), axis=-1) <= p, logits)
        ),
        "the token that crosses p is left out, also if p is 1; compare p with what stands before a token": keeping(
            lambda logits, p: back(np.cumsum(best_first(logits), axis=-1) < p, logits)
        ),
        "the token that crosses p is left out, but for the best one, which always stays": keeping(
            lambda logits, p: (back((np.cumsum(best_first(logits), axis=-1) <= p) | (np.arange(logits.shape[1]) == 0), logits))
        ),
        "one token too many is kept: what crosses p is the last": keeping(lambda logits, p: rank(logits) <= size(logits, p)),
        "a token is kept although those before it have p already": keeping(lambda logits, p: back(before(logits) <= p, logits)),
        "the running sum goes on from row to row; each row has its own": keeping(
            lambda logits, p: back(np.cumsum(best_first(logits)).reshape(logits.shape) - best_first(logits) < p, logits)
        ),
        "the running sum goes down the batch; it goes along the sorted tokens": keeping(
            lambda logits, p: back(np.cumsum(best_first(logits), axis=0) - best_first(logits) < p, logits)
        ),
        "p is what is cut, and 1 - p is kept; p is the share that is kept": keeping(lambda logits, p: rank(logits) < size(logits, 1 - p)),
        "what is kept is not rescaled, so that it does not sum to 1": lambda logits, p: (
            np.where(rank(logits) < size(logits, p), softmax(logits), 0)
        ),
        "the tokens are not sorted before they are added up; the nucleus holds the best": keeping(
            lambda logits, p: sums_in_place(logits) - softmax(logits) < p
        ),
        "the tokens are not sorted before they are added up, and the one that crosses p is left out": keeping(
            lambda logits, p: sums_in_place(logits) <= p
        ),
        "the running sum begins with the worst token; it begins with the best": keeping(worst_first),
        "which places of the sorted order stay is applied to the tokens in their own order; carry it back to them": keeping(
            lambda logits, p: before(logits) < p
        ),
        "the choice among the sorted is applied to the tokens in their own order, and the one that crosses p is left out": keeping(
            lambda logits, p: np.cumsum(best_first(logits), axis=-1) <= p
        ),
        "it is carried back with the order in which the tokens were sorted; the way back is that order turned round": keeping(
            lambda logits, p: np.take_along_axis(before(logits) < p, order(logits), axis=-1)
        ),
        "the result is sorted, best first; each probability belongs at the place of its token": with_result(
            lambda q, logits, p: -np.sort(-q, axis=-1)
        ),
        "the best token is compared with p and kept if it has more: p is a share of all, not a bound for each": keeping(
            lambda logits, p: softmax(logits) >= p
        ),
        "each token is kept that has at least 1 - p; p is a share of all, not a bound for each": keeping(
            lambda logits, p: softmax(logits) >= 1 - p
        ),
        "each token is kept that has at least p times the best; here the running sum decides": keeping(
            lambda logits, p: softmax(logits) >= p * softmax(logits).max(axis=-1, keepdims=True)
        ),
        "the rest is kept and the nucleus removed": keeping(lambda logits, p: rank(logits) >= size(logits, p)),
        "all rows keep as many tokens as the first; each row has its own nucleus": keeping(
            lambda logits, p: rank(logits) < size(logits, p)[:1]
        ),
        "all rows keep as many tokens as the largest nucleus; each row has its own": keeping(
            lambda logits, p: rank(logits) < np.max(size(logits, p))
        ),
        "all rows keep the tokens of the first; each row has its own nucleus": keeping(
            lambda logits, p: np.broadcast_to((rank(logits) < size(logits, p))[:1], logits.shape)
        ),
        "equally good tokens at the edge are kept together; only the first that is needed stays": keeping(
            lambda logits, p: logits >= np.where(rank(logits) < size(logits, p), logits, np.inf).min(axis=-1, keepdims=True)
        ),
        "of equally good tokens the last is kept; the first is the better": lambda logits, p: (
            top_p_distribution(logits[:, ::-1].copy(), p)[:, ::-1]
        ),
        "all tokens of the nucleus get the same probability; they keep their ratios": lambda logits, p: (
            rescaled((rank(logits) < size(logits, p)).astype(logits.dtype))
        ),
        "the logits that are cut are set to 0, and a logit of 0 has a probability; set probabilities to 0 and rescale": lambda logits, p: (
            softmax(np.where(rank(logits) < size(logits, p), logits, 0))
        ),
        "the logits that are cut are set to -inf, which softmax refuses; set probabilities to 0 and rescale": lambda logits, p: (
            softmax(np.where(rank(logits) < size(logits, p), logits, -np.inf))
        ),
        "a second softmax is taken of the probabilities that are kept; divide by their sum": lambda logits, p: (
            softmax(np.where(rank(logits) < size(logits, p), softmax(logits), 0))
        ),
        "what is kept is divided by p; divide by what it has together, which is more": lambda logits, p: (
            np.where(rank(logits) < size(logits, p), softmax(logits), 0) / p
        ),
        "the logits are added up and not the probabilities": keeping(
            lambda logits, p: back(np.cumsum(-np.sort(-logits, axis=-1), axis=-1) + np.sort(-logits, axis=-1) < p, logits)
        ),
        "nothing is cut: this is the softmax of all": lambda logits, p: softmax(logits),
    },
)
