"""Lab 3, part 3: the length of the gradient at every state.

Contents
    gradient_lengths    the check of `rnn_gradient_norms`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab03.inputs import DH_T, HS, NO_BIAS, W, draw_states, normal
from rnncore.reference.diagnostics import gradient_norms
from rnncore.reference.rnn import init_rnn, rnn_forward, rnn_step_backward, rnn_step_forward

__all__ = ["gradient_lengths"]


def rnn_gradient_norms(params, hs, dh_T):
    """Measure the length of the gradient at every state: at each step back, times the slopes, times the matrix."""
    dh = dh_T  # (B, H)
    norms = [np.linalg.norm(dh, axis=1)]
    for h in hs[::-1]:
        dh = (dh * (1 - h**2)) @ params["weight_hh"]
        norms.append(np.linalg.norm(dh, axis=1))
    return np.stack(norms[::-1])


def length(dh):
    return np.linalg.norm(dh, axis=1)


def walk(params, hs, dh_T, back=lambda dh, h, W: (dh * (1 - h**2)) @ W, size=length):
    """The right loop, but that `back(dh, h, W)` goes back one step and `size(dh)` is kept."""
    dh, sizes = dh_T, [size(dh_T)]
    for h in hs[::-1]:
        dh = back(dh, h, params["weight_hh"])
        sizes.append(size(dh))
    return np.stack(sizes[::-1])


def with_back(back):
    return lambda params, hs, dh_T: walk(params, hs, dh_T, back)


def with_size(size):
    return lambda params, hs, dh_T: walk(params, hs, dh_T, size=size)


def of_norms(change):
    return lambda params, hs, dh_T: change(rnn_gradient_norms(params, hs, dh_T))


def unit(dh):
    return dh / np.linalg.norm(dh, axis=1, keepdims=True)


def at_pre_activations(params, hs, dh_T):
    """The length of what has gone through the slopes, and not through weight_hh."""
    dh, norms = dh_T, [length(dh_T)]
    for h in hs[::-1]:
        da = dh * (1 - h**2)
        norms.append(length(da))
        dh = da @ params["weight_hh"]
    return np.stack(norms[::-1])


def each_step_alone(params, hs, dh_T):
    """Every entry from dh_T over one step only."""
    return np.stack([*(length((dh_T * (1 - h**2)) @ params["weight_hh"]) for h in hs), length(dh_T)])


def they_are_what_the_backward_pass_brings(function, rng):
    """The lengths are those that the backward pass of the cell gives, step by step."""
    params, xs, dh_T = init_rnn(rng, 2, 5), normal(rng, np.float64, 6, 3, 2), normal(rng, np.float64, 3, 5)
    hs, _, _ = rnn_forward(params, xs, np.zeros((3, 5)))
    through_the_cell = gradient_norms(rnn_step_forward, rnn_step_backward, params, xs, np.zeros((3, 5)), dh_T)
    compare("norms", function(params, hs, dh_T), through_the_cell, what="measured with the cell's backward pass")


gradient_lengths = Exercise(
    rnn_gradient_norms,
    outputs=("norms",),
    letters="TBH",
    example=lambda: ({"weight_ih": np.eye(2), "weight_hh": W, **NO_BIAS}, HS, DH_T),
    draw=draw_states,
    properties=(they_are_what_the_backward_pass_brings,),
    mistakes={
        "the slope is forgotten: only weight_hh carries the gradient back": with_back(lambda dh, h, W: dh @ W),
        "weight_hh is transposed: going back, a gradient as a row is multiplied by weight_hh itself": with_back(
            lambda dh, h, W: (dh * (1 - h**2)) @ W.T
        ),
        "the slopes are applied after weight_hh; going back, the gradient meets tanh first": with_back(
            lambda dh, h, W: (dh @ W) * (1 - h**2)
        ),
        "the slopes are applied after weight_hh, and weight_hh is transposed": with_back(lambda dh, h, W: (dh @ W.T) * (1 - h**2)),
        "tanh is applied once more: the states in hs already are a tanh": with_back(lambda dh, h, W: (dh * (1 - np.tanh(h) ** 2)) @ W),
        "the square in the slope is forgotten": with_back(lambda dh, h, W: (dh * (1 - h)) @ W),
        "the square stands alone; the slope is 1 minus it": with_back(lambda dh, h, W: (dh * h**2) @ W),
        "weight_hh is left out: only the slopes carry the gradient back": with_back(lambda dh, h, W: dh * (1 - h**2)),
        "the states are taken from the first to the last; going back, the last step comes first": lambda params, hs, dh_T: (
            walk(params, hs[::-1], dh_T)
        ),
        "the states are taken from the first to the last, and the lengths are not turned round": lambda params, hs, dh_T: (
            walk(params, hs[::-1], dh_T)[::-1]
        ),
        "the slopes are those of the step before: the last state is left out": lambda params, hs, dh_T: (
            walk(params, np.stack([np.zeros_like(hs[0]), *hs[:-1]]), dh_T)
        ),
        "the slopes are taken one state too early, and at the first step at the last state; hs[0] is the state after the first step": (
            lambda params, hs, dh_T: walk(params, np.roll(hs, 1, axis=0), dh_T)
        ),
        "the lengths are taken before weight_hh, at the pre-activations; those at the states are asked for": at_pre_activations,
        "the lengths come in the order in which they are met, the last state first; entry 0 belongs to the state before the first step": (
            of_norms(lambda norms: norms[::-1])
        ),
        "the length at the last state is missing: there are T + 1 states": of_norms(lambda norms: norms[:-1]),
        "the length at the last state is missing, and the order is that in which they are met": of_norms(lambda norms: norms[:-1][::-1]),
        "the length at the state before the first step is missing: there are T + 1 states": of_norms(lambda norms: norms[1:]),
        "the gradient is not carried: every entry is one step back from dh_T": each_step_alone,
        "the gradient is brought to length 1 at each step; what is asked for is its length": with_back(
            lambda dh, h, W: unit((dh * (1 - h**2)) @ W)
        ),
        "each entry is one step's factor, the length after it by the length before it": of_norms(
            lambda norms: np.stack([*(norms[:-1] / norms[1:]), norms[-1]])
        ),
        "the lengths are divided by that at the last state": of_norms(lambda norms: norms / norms[-1]),
        "the square root is forgotten": with_size(lambda dh: (dh**2).sum(axis=1)),
        "a mean over the units stands in the place of the sum, a root mean square": with_size(lambda dh: np.sqrt((dh**2).mean(axis=1))),
        "absolute values are added; a length is the root of the sum of squares": with_size(lambda dh: np.abs(dh).sum(axis=1)),
        "the entries are added; a length is the root of the sum of squares": with_size(lambda dh: dh.sum(axis=1)),
        "the largest entry stands for the length": with_size(lambda dh: np.abs(dh).max(axis=1)),
        "the length is taken over the batch, axis 0; each sequence has a length of its own": with_size(
            lambda dh: np.linalg.norm(dh, axis=0)
        ),
        "one length is taken of the whole batch; each sequence has its own": with_size(lambda dh: np.asarray(np.linalg.norm(dh))),
        "the lengths are averaged over the batch; each sequence has its own": of_norms(lambda norms: norms.mean(axis=1)),
        "the gradients themselves are returned; their lengths are asked for": with_size(lambda dh: dh),
        "the axes are exchanged: time comes first, then the batch": of_norms(lambda norms: norms.T),
        "only the last length is returned, at the state before the first step": of_norms(lambda norms: norms[0]),
    },
)
