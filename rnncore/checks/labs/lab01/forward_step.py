"""Lab 1, part 1: one time step forward.

Contents
    step_forward    the check of `rnn_step_forward`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab01.inputs import PARAMS, STATE, X, draw_step
from rnncore.reference.activations import sigmoid
from rnncore.reference.rnn import RNNStepCache, rnn_step_forward

__all__ = ["step_forward"]


def kept(params, x, h, h_next):
    return h_next, RNNStepCache(params, x, h, h_next, "tanh")


def right(params, x, h):
    return rnn_step_forward(params, x, h)[0]


def of_x(params, x):
    return x @ params["weight_ih"].T + params["bias_ih"]


def of_h(params, h):
    return h @ params["weight_hh"].T + params["bias_hh"]


def each_row_belongs_to_its_unit(function, rng):
    """With one weight in each matrix, one unit sees one input, another sees one unit of the state, and the rest see their biases."""
    ((params, x, h),) = draw_step(rng, np.float64, B=3, D=2, H=4)
    i, j = rng.permutation(4)[:2]
    d, k = rng.integers(2), rng.integers(4)
    weight_ih, weight_hh = np.zeros((4, 2)), np.zeros((4, 4))
    weight_ih[i, d] = weight_hh[j, k] = 1.0
    a = np.stack([params["bias_ih"] + params["bias_hh"]] * 3)
    a[:, i] += x[:, d]
    a[:, j] += h[:, k]
    h_next, _ = function({**params, "weight_ih": weight_ih, "weight_hh": weight_hh}, x, h)
    compare(f"with one weight for unit {i} and one for unit {j}, h_next", h_next, np.tanh(a))


step_forward = Exercise(
    rnn_step_forward,
    outputs=("h_next", "cache"),
    letters="BDH",
    example=lambda: (PARAMS, X, STATE),
    draw=draw_step,
    properties=(each_row_belongs_to_its_unit,),
    mistakes={
        "tanh is left out, and h_next is a itself": lambda params, x, h: kept(params, x, h, of_x(params, x) + of_h(params, h)),
        "tanh is applied to the input's part only, before the state's part is added": lambda params, x, h: (
            kept(params, x, h, np.tanh(of_x(params, x)) + of_h(params, h))
        ),
        "tanh is applied to the state's part only, before the input's part is added": lambda params, x, h: (
            kept(params, x, h, of_x(params, x) + np.tanh(of_h(params, h)))
        ),
        "tanh is applied to the two parts one by one; it belongs around their sum": lambda params, x, h: (
            kept(params, x, h, np.tanh(of_x(params, x)) + np.tanh(of_h(params, h)))
        ),
        "tanh is applied twice": lambda params, x, h: kept(params, x, h, np.tanh(right(params, x, h))),
        "a sigmoid stands in the place of tanh": lambda params, x, h: kept(params, x, h, sigmoid(of_x(params, x) + of_h(params, h))),
        "relu stands in the place of tanh": lambda params, x, h: kept(params, x, h, np.maximum(of_x(params, x) + of_h(params, h), 0)),
        "bias_ih is forgotten": lambda params, x, h: (kept(params, x, h, np.tanh(of_x(params, x) - params["bias_ih"] + of_h(params, h)))),
        "bias_hh is forgotten; there are two biases, and both are added": lambda params, x, h: (
            kept(params, x, h, np.tanh(of_x(params, x) + of_h(params, h) - params["bias_hh"]))
        ),
        "both biases are forgotten": lambda params, x, h: (
            kept(params, x, h, np.tanh(x @ params["weight_ih"].T + h @ params["weight_hh"].T))
        ),
        "bias_ih is added twice and bias_hh never": lambda params, x, h: (
            kept(params, x, h, np.tanh(of_x(params, x) + h @ params["weight_hh"].T + params["bias_ih"]))
        ),
        "the state h and its bias are not used: the cell forgets everything before x": lambda params, x, h: (
            kept(params, x, h, np.tanh(of_x(params, x)))
        ),
        "the state h is not used, and the step starts from zeros": lambda params, x, h: kept(params, x, h, right(params, x, 0 * h)),
        "the input x is not used": lambda params, x, h: kept(params, x, h, right(params, 0 * x, h)),
        "weight_hh is not transposed; row i belongs to unit i, so it is used as h @ weight_hh.T": lambda params, x, h: (
            kept(params, x, h, right({**params, "weight_hh": params["weight_hh"].T}, x, h))
        ),
        "weight_ih is not transposed; it has the shape (H, D), so it is used as x @ weight_ih.T": lambda params, x, h: (
            kept(params, x, h, np.tanh(x @ params["weight_ih"] + params["bias_ih"] + of_h(params, h)))
        ),
        "weight_ih and x stand in the wrong order; the batch comes first, so write x @ weight_ih.T": lambda params, x, h: (
            kept(params, x, h, np.tanh(params["weight_ih"] @ x + params["bias_ih"] + of_h(params, h)))
        ),
        "weight_ih is multiplied entry by entry with *; the matrix product is @": lambda params, x, h: (
            kept(params, x, h, np.tanh(x * params["weight_ih"].T + params["bias_ih"] + of_h(params, h)))
        ),
        "the weights are exchanged; weight_ih is for the input, weight_hh for the state": lambda params, x, h: (
            kept(params, x, h, np.tanh(x @ params["weight_hh"].T + params["bias_hh"] + h @ params["weight_ih"].T + params["bias_ih"]))
        ),
        "x and h are exchanged in the cache": lambda params, x, h: (
            right(params, x, h),
            RNNStepCache(params, h, x, right(params, x, h), "tanh"),
        ),
        "h and h_next are exchanged in the cache": lambda params, x, h: (
            right(params, x, h),
            RNNStepCache(params, x, right(params, x, h), h, "tanh"),
        ),
        "the cache keeps h_next where it should keep h, the state before the step": lambda params, x, h: (
            right(params, x, h),
            RNNStepCache(params, x, right(params, x, h), right(params, x, h), "tanh"),
        ),
        "the cache keeps a where it should keep h_next": lambda params, x, h: (
            right(params, x, h),
            RNNStepCache(params, x, h, of_x(params, x) + of_h(params, h), "tanh"),
        ),
    },
)
