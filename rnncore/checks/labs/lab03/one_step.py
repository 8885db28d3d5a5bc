"""Lab 3, part 1: the Jacobian of one step.

Contents
    step_jacobian    the check of `rnn_step_jacobian`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab03.inputs import draw_step, example_cache
from rnncore.reference.diagnostics import rnn_step_jacobian
from rnncore.reference.rnn import rnn_step_forward

__all__ = ["step_jacobian"]


def scaled(slope, W):
    return slope[:, :, None] * W


def with_slope(slope):
    """The right function but for the slope, which is `slope(cache)`."""
    return lambda cache: scaled(slope(cache), cache.params["weight_hh"])


def with_product(product):
    """The right function but for what `product(slope, W)` makes of the slope and the matrix."""
    return lambda cache: product(1 - cache.h_next**2, cache.params["weight_hh"])


def it_is_what_can_be_measured(function, rng):
    """Move each unit of the state before the step a little; the Jacobian says how each unit after it moves."""
    ((cache,),) = draw_step(rng, np.float64, B=2, D=3, H=4)
    measured, eps = np.empty((2, 4, 4)), 1e-6
    for j in range(4):
        ends = [rnn_step_forward(cache.params, cache.x, cache.h + move * np.eye(4)[j])[0] for move in (eps, -eps)]
        measured[:, :, j] = (ends[0] - ends[1]) / (2 * eps)
    compare("J", function(cache), measured, rtol=1e-6, atol=1e-8, what="measured")


step_jacobian = Exercise(
    rnn_step_jacobian,
    outputs=("J",),
    letters="BDH",
    example=lambda: (example_cache(),),
    draw=draw_step,
    properties=(it_is_what_can_be_measured,),
    mistakes={
        "the slopes scale the columns of weight_hh; slope i belongs to unit i after the step, so it scales row i": with_product(
            lambda slope, W: slope[:, None, :] * W
        ),
        "weight_hh is transposed; row i of the Jacobian is row i of weight_hh, scaled": with_product(lambda slope, W: scaled(slope, W.T)),
        "the whole Jacobian is transposed: row i belongs to unit i after the step, column j to unit j before it": with_product(
            lambda slope, W: scaled(slope, W).swapaxes(1, 2)
        ),
        "the slope is taken at the state before the step; it belongs to the state after it": with_slope(lambda cache: 1 - cache.h**2),
        "the slope is forgotten: every sequence gets weight_hh itself": with_slope(lambda cache: np.ones_like(cache.h)),
        "tanh is applied once more: h_next already is a tanh, and the slope is 1 minus its square": with_slope(
            lambda cache: 1 - np.tanh(cache.h_next) ** 2
        ),
        "tanh is applied to the state before the step; the slope is 1 minus the square of h_next": with_slope(
            lambda cache: 1 - np.tanh(cache.h) ** 2
        ),
        "the square in the slope is forgotten": with_slope(lambda cache: 1 - cache.h_next),
        "the square stands alone; the slope is 1 minus it": with_slope(lambda cache: cache.h_next**2),
        "the square is taken of the whole difference and not of h_next alone": with_slope(lambda cache: (1 - cache.h_next) ** 2),
        "the sign in the slope is wrong": with_slope(lambda cache: 1 + cache.h_next**2),
        "the slope of the sigmoid stands in the place of that of tanh": with_slope(lambda cache: cache.h_next * (1 - cache.h_next)),
        "the state itself stands in the place of the slope": with_slope(lambda cache: cache.h_next),
        "the slope is that of ReLU, 0 or 1": with_slope(lambda cache: (cache.h_next > 0).astype(cache.h.dtype)),
        "weight_ih stands in the place of weight_hh: that is how the state moves with the input": lambda cache: (
            scaled(1 - cache.h_next**2, cache.params["weight_ih"])
        ),
        "slope and weight_hh are multiplied as they are, (B, H) with (H, H); each sequence needs a matrix of its own": with_product(
            lambda slope, W: slope * W
        ),
        "the columns of weight_hh are scaled by the slopes of the first sequence, and the batch is lost": with_product(
            lambda slope, W: slope[0] * W
        ),
        "a matrix product stands in the place of the scaling: it adds up the rows, and the Jacobian keeps them apart": with_product(
            lambda slope, W: slope @ W
        ),
        "np.diag is given a (B, H) array, of which it takes the diagonal; each sequence has a diagonal matrix of its own": with_product(
            lambda slope, W: np.diag(slope) @ W
        ),
        "only the first sequence of the batch is used": with_product(lambda slope, W: scaled(slope, W)[0]),
        "the first sequence's Jacobian stands for all": with_product(lambda slope, W: np.repeat(scaled(slope, W)[:1], len(slope), axis=0)),
        "the Jacobians are averaged over the batch": with_product(lambda slope, W: scaled(slope, W).mean(axis=0)),
        "the Jacobians are added over the batch": with_product(lambda slope, W: scaled(slope, W).sum(axis=0)),
        "the batch is the last axis; it comes first": with_product(lambda slope, W: np.moveaxis(scaled(slope, W), 0, -1)),
        "the batch is the second axis; it comes first": with_product(lambda slope, W: scaled(slope, W).swapaxes(0, 1)),
        "these are the diagonal matrices of the slopes, without weight_hh": with_product(
            lambda slope, W: scaled(slope, np.eye(len(W), dtype=W.dtype))
        ),
        "the slopes stand on both sides of weight_hh; they scale the rows only": with_product(
            lambda slope, W: scaled(slope, W) * slope[:, None, :]
        ),
    },
)
