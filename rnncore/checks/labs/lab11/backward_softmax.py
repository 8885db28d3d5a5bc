"""Lab 11, part 5: the softmax backward.

Contents
    softmax_backward    the check of `masked_softmax_backward`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.gradients import check_gradient
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab11.inputs import DWEIGHTS, SOFTMAX_CACHE, draw_softmax, draw_softmax_gradient
from rnncore.reference.attention import masked_softmax_backward, masked_softmax_forward

__all__ = ["softmax_backward"]


def of(change):
    """A function of the weights and dweights."""
    return lambda cache, dweights: change(cache.weights, dweights)


def total(w, dw, axis=-1, keepdims=True):
    return (w * dw).sum(axis=axis, keepdims=keepdims)


def measured_gradients_agree(function, rng):
    """Finite differences, with a mask and without; the gradients of a row sum to zero, and what is hidden gets none."""
    (scores,), (_, mask), *_ = draw_softmax(rng, np.float64, T=3, B=4, S=5)
    check_gradient(masked_softmax_forward, function, scores, rng=rng)
    check_gradient(masked_softmax_forward, function, scores, mask, rng=rng)
    _, cache = masked_softmax_forward(scores, mask)
    dscores = function(cache, rng.standard_normal(scores.shape))
    compare("the sums of dscores over the keys", dscores.sum(axis=-1), np.zeros((3, 4)))
    compare("dscores of what the mask hides", dscores[:, ~mask], 0 * dscores[:, ~mask], rtol=0, atol=0)


softmax_backward = Exercise(
    masked_softmax_backward,
    outputs=("dscores",),
    letters="TBS",
    example=lambda: (SOFTMAX_CACHE, DWEIGHTS),
    draw=draw_softmax_gradient,
    properties=(measured_gradients_agree,),
    mistakes={
        "only each weight's own score is looked at, with the slope w (1 - w); a score moves all weights of its row": of(
            lambda w, dw: w * (1 - w) * dw
        ),
        "the mean is not subtracted: more for one key is less for all others": of(lambda w, dw: w * dw),
        "the plain sum of dweights is subtracted; it is the sum of weights times dweights": of(
            lambda w, dw: w * (dw - dw.sum(axis=-1, keepdims=True))
        ),
        "the plain mean of dweights is subtracted; it is the mean with the weights": of(
            lambda w, dw: w * (dw - dw.mean(axis=-1, keepdims=True))
        ),
        "the weights in front of the bracket are missing": of(lambda w, dw: dw - total(w, dw)),
        "the sum is subtracted outside the bracket, without the weights in front": of(lambda w, dw: w * dw - total(w, dw)),
        "the sign is wrong: it is dweights minus the sum": of(lambda w, dw: w * (total(w, dw) - dw)),
        "the sum is added; it is subtracted": of(lambda w, dw: w * (dw + total(w, dw))),
        "the weights in front of the bracket stand there twice": of(lambda w, dw: w * w * (dw - total(w, dw))),
        "the bracket is multiplied by w (1 - w)": of(lambda w, dw: w * (1 - w) * (dw - total(w, dw))),
        "the sum runs over T; each query has its own, over its keys": of(lambda w, dw: w * (dw - total(w, dw, axis=0))),
        "the sum runs over B; each sequence has its own, over its keys": of(lambda w, dw: w * (dw - total(w, dw, axis=1))),
        "one sum is taken of the whole array; each query has its own": of(lambda w, dw: w * (dw - total(w, dw, axis=None))),
        "the sum loses its axis, so that it is subtracted from the wrong rows; keep it with keepdims": of(
            lambda w, dw: w * (dw - total(w, dw, keepdims=False))
        ),
        "the sum is divided by S: the weights already make a mean": of(lambda w, dw: w * (dw - (w * dw).mean(axis=-1, keepdims=True))),
        "the sum is that of the squares of the weights": of(lambda w, dw: w * (dw - (w * w).sum(axis=-1, keepdims=True))),
        "each weight is subtracted in the place of the sum": of(lambda w, dw: w * (dw - w)),
        "dweights is handed through unchanged": of(lambda w, dw: dw + 0),
        "dweights is divided by the weights: that is the way of the logarithm": of(lambda w, dw: dw / np.where(w == 0, 1, w)),
        "the softmax is applied to dweights": of(lambda w, dw: masked_softmax_forward(dw)[0]),
        "the rule for a softmax with cross-entropy is used, weights minus dweights; no cross-entropy follows here": of(
            lambda w, dw: w - dw
        ),
    },
)
