"""Lab 1, part 3: one time step backward.

Contents
    step_backward    the check of `rnn_step_backward`
"""

import numpy as np

from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab01.inputs import PARAMS, STATE, X, draw_step_gradient
from rnncore.reference.rnn import rnn_step_backward, rnn_step_forward

__all__ = ["step_backward"]


def da(cache, dh_next):
    return dh_next * (1 - cache.h_next**2)


def from_da(cache, da):
    """The right results for a given da."""
    params, x, h, _, _ = cache
    dparams = {"weight_ih": da.T @ x, "weight_hh": da.T @ h, "bias_ih": da.sum(axis=0), "bias_hh": da.sum(axis=0)}
    return dparams, da @ params["weight_ih"], da @ params["weight_hh"]


def but(cache, dh_next, dx=None, dh=None, **dparams):
    """The right results with some of them replaced."""
    right_dparams, right_dx, right_dh = rnn_step_backward(cache, dh_next)
    return {**right_dparams, **dparams}, right_dx if dx is None else dx, right_dh if dh is None else dh


def but_biases(cache, dh_next, db):
    return but(cache, dh_next, bias_ih=db, bias_hh=db.copy())


step_backward = Exercise(
    rnn_step_backward,
    outputs=("dparams", "dx", "dh"),
    letters="BDH",
    example=lambda: (rnn_step_forward(PARAMS, X, STATE)[-1], np.array([[1.0]])),
    draw=draw_step_gradient,
    mistakes={
        "the slope of tanh is left out: da is dh_next * (1 - h_next**2)": lambda cache, dh_next: from_da(cache, dh_next),
        "the slope of tanh is taken at h, the state before the step; it belongs to h_next": lambda cache, dh_next: (
            from_da(cache, dh_next * (1 - cache.h**2))
        ),
        "tanh is applied to h_next once more; h_next already is tanh(a), so the slope is 1 - h_next**2": lambda cache, dh_next: (
            from_da(cache, dh_next * (1 - np.tanh(cache.h_next) ** 2))
        ),
        "the slope is 1 - h_next; the square is missing": lambda cache, dh_next: from_da(cache, dh_next * (1 - cache.h_next)),
        "the slope of a sigmoid, h_next * (1 - h_next), stands in the place of that of tanh": lambda cache, dh_next: (
            from_da(cache, dh_next * cache.h_next * (1 - cache.h_next))
        ),
        "the sign is wrong: the slope is 1 - h_next**2, not h_next**2 - 1": lambda cache, dh_next: from_da(cache, -da(cache, dh_next)),
        "the gradient of weight_hh uses h_next; what weight_hh multiplied was h": lambda cache, dh_next: (
            but(cache, dh_next, weight_hh=da(cache, dh_next).T @ cache.h_next)
        ),
        "the gradient of weight_hh is transposed; it is da.T @ h, row i for unit i": lambda cache, dh_next: (
            but(cache, dh_next, weight_hh=cache.h.T @ da(cache, dh_next))
        ),
        "the gradient of weight_ih is transposed; it is da.T @ x, with the shape (H, D)": lambda cache, dh_next: (
            but(cache, dh_next, weight_ih=cache.x.T @ da(cache, dh_next))
        ),
        "both weight gradients are transposed; they are da.T @ x and da.T @ h": lambda cache, dh_next: (
            but(cache, dh_next, weight_ih=cache.x.T @ da(cache, dh_next), weight_hh=cache.h.T @ da(cache, dh_next))
        ),
        "the .T is missing in da.T @ x, where the batch is summed over": lambda cache, dh_next: (
            but(cache, dh_next, weight_ih=da(cache, dh_next) @ cache.x)
        ),
        "the bias gradients use dh_next; a bias is added inside tanh, so they use da": lambda cache, dh_next: (
            but_biases(cache, dh_next, dh_next.sum(axis=0))
        ),
        "da is summed over the units for the bias gradients; sum over the batch, axis 0": lambda cache, dh_next: (
            but_biases(cache, dh_next, da(cache, dh_next).sum(axis=1))
        ),
        "the bias gradients are not summed over the batch": lambda cache, dh_next: but_biases(cache, dh_next, da(cache, dh_next)),
        "the bias gradients are means over the batch; they are sums, as every sequence counts in full": lambda cache, dh_next: (
            but_biases(cache, dh_next, da(cache, dh_next).mean(axis=0))
        ),
        "the gradients of the parameters are divided by the batch size; any averaging is the loss's part": lambda cache, dh_next: (
            {name: d / len(dh_next) for name, d in rnn_step_backward(cache, dh_next)[0].items()},
            *rnn_step_backward(cache, dh_next)[1:],
        ),
        "the gradient of bias_hh is zero; both biases are added to a and get the same gradient": lambda cache, dh_next: (
            but(cache, dh_next, bias_hh=0 * cache.params["bias_hh"])
        ),
        "dx is dh_next @ weight_ih; the slope of tanh comes first, so use da": lambda cache, dh_next: (
            but(cache, dh_next, dx=dh_next @ cache.params["weight_ih"])
        ),
        "dh is dh_next @ weight_hh; the slope of tanh comes first, so use da": lambda cache, dh_next: (
            but(cache, dh_next, dh=dh_next @ cache.params["weight_hh"])
        ),
        "dh is da @ weight_hh.T; forward was h @ weight_hh.T, so backward has no transpose": lambda cache, dh_next: (
            but(cache, dh_next, dh=da(cache, dh_next) @ cache.params["weight_hh"].T)
        ),
        "dx is da @ weight_ih.T; forward was x @ weight_ih.T, so backward has no transpose": lambda cache, dh_next: (
            but(cache, dh_next, dx=da(cache, dh_next) @ cache.params["weight_ih"].T)
        ),
        "dx and dh are exchanged; gradients come in the order of the arguments params, x, h": lambda cache, dh_next: (
            rnn_step_backward(cache, dh_next)[0],
            *rnn_step_backward(cache, dh_next)[:0:-1],
        ),
        "dh is zero: nothing reaches the step before": lambda cache, dh_next: but(cache, dh_next, dh=0 * dh_next),
        "dh is dh_next itself, as if the state were copied; it goes through tanh and weight_hh": lambda cache, dh_next: (
            but(cache, dh_next, dh=dh_next)
        ),
    },
)
