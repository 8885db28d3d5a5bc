"""Lab 2, part 5: the gradients of the cell's parameters, summed over time.

Contents
    sums    the check of `sum_over_time`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.gradients import numerical_gradient
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab02.inputs import LOVE, draw_params, normal
from rnncore.checks.labs.lab02.walking import before, walk, walk_back

__all__ = ["sums"]


def sum_over_time(xs, hs, das):
    """Add up, over all words and sentences, what each use of the cell's parameters contributes to their gradients."""
    befores = np.concatenate([np.zeros_like(hs[:1]), hs[:-1]])  # (T, B, H), the state before each word
    return {
        "weight_ih": sum(da.T @ x for da, x in zip(das, xs, strict=True)),
        "weight_hh": sum(da.T @ h for da, h in zip(das, befores, strict=True)),
        "bias_ih": das.sum(axis=(0, 1)),
        "bias_hh": das.sum(axis=(0, 1)),
    }


def example():
    params, hs, dh_T = walk.example()
    return LOVE, hs, walk_back(params, hs, dh_T)[0]


def draw_sums(rng, dtype, T, B, D, H):
    for length in (T, 1):
        yield normal(rng, dtype, length, B, D), np.tanh(normal(rng, dtype, length, B, H)), normal(rng, dtype, length, B, H)


def over(das, values):
    """The sum over words and sentences of da.T @ value."""
    return np.einsum("tbh,tbj->hj", das, values)


def but(change):
    """The right function but for the arrays that `change(xs, hs, das)` gives."""
    return lambda xs, hs, das: {**sum_over_time(xs, hs, das), **change(xs, hs, das)}


def kept(choose):
    """The sums over those steps alone that `choose` picks from an array with a first axis for time."""
    return lambda xs, hs, das: all_of(choose(xs), choose(before(hs)), choose(das))


def all_of(xs, befores, das):
    db = das.sum(axis=(0, 1))
    return {"weight_ih": over(das, xs), "weight_hh": over(das, befores), "bias_ih": db, "bias_hh": db}


def scaled(factor):
    return lambda xs, hs, das: {name: g * factor(*das.shape[:2]) for name, g in sum_over_time(xs, hs, das).items()}


def biases(db):
    return {"bias_ih": db, "bias_hh": db}


def measured_gradients_agree(function, rng):
    """With das as fixed weights, the gradient of the weighted sum of all pre-activations, measured by finite differences."""
    ((xs, hs, das), _) = draw_sums(rng, np.float64, T=4, B=2, D=3, H=5)
    params = draw_params(rng, np.float64, D=3, H=5)

    def loss():
        a = xs @ params["weight_ih"].T + params["bias_ih"] + before(hs) @ params["weight_hh"].T + params["bias_hh"]
        return np.sum(das * a)

    for name, got in function(xs, hs, das).items():
        compare(f"the gradient of {name}", got, numerical_gradient(loss, params[name]), rtol=1e-8, atol=1e-8, what="measured")


sums = Exercise(
    sum_over_time,
    outputs=("dcell",),
    letters="TBDH",
    example=example,
    draw=draw_sums,
    properties=(measured_gradients_agree,),
    mistakes={
        "the gradient of weight_hh uses the state after each word; what weight_hh multiplied was the state before it": but(
            lambda xs, hs, das: {"weight_hh": over(das, hs)}
        ),
        "the state before the first word is hs[-1], the last one; it is zeros": but(
            lambda xs, hs, das: {"weight_hh": over(das, np.roll(hs, 1, axis=0))}
        ),
        "the gradient of weight_hh uses the state after the next word": but(lambda xs, hs, das: {"weight_hh": over(das[:-1], hs[1:])}),
        "the gradient of weight_hh uses the first state at every word": but(
            lambda xs, hs, das: {"weight_hh": over(das, np.stack([hs[0]] * len(hs)))}
        ),
        "the gradient of weight_hh uses the last state at every word": but(
            lambda xs, hs, das: {"weight_hh": over(das, np.stack([hs[-1]] * len(hs)))}
        ),
        "only the last word counts; every word used the same parameters, so its part is added": kept(lambda array: array[-1:]),
        "only the first word counts, because each one overwrites what the one before it left; add with +=": kept(lambda array: array[:1]),
        "the first word is left out of all sums": kept(lambda array: array[1:]),
        "the first word is left out of the sum for weight_ih; only in that for weight_hh is its part zero": but(
            lambda xs, hs, das: {"weight_ih": over(das[1:], xs[1:])}
        ),
        "the first word is left out of the sums for the biases": but(lambda xs, hs, das: biases(das[1:].sum(axis=(0, 1)))),
        "the last word is left out of all sums": kept(lambda array: array[:-1]),
        "the parts of the words are averaged; they are added": scaled(lambda T, B: 1 / T),
        "the parts of the sentences are averaged; dy was divided by their number already": scaled(lambda T, B: 1 / B),
        "the parts of all words and sentences are averaged; they are added": scaled(lambda T, B: 1 / (T * B)),
        "everything is counted twice": scaled(lambda T, B: 2),
        "das is read from the last word to the first, and xs from the first to the last": lambda xs, hs, das: (
            sum_over_time(xs, hs, das[::-1])
        ),
        "xs is read from the last word to the first": but(lambda xs, hs, das: {"weight_ih": over(das, xs[::-1])}),
        "both weight gradients are transposed; each is shaped as its weight": but(
            lambda xs, hs, das: {"weight_ih": over(das, xs).T, "weight_hh": over(das, before(hs)).T}
        ),
        "the gradient of weight_ih is transposed; it is shaped as weight_ih, (H, D)": but(
            lambda xs, hs, das: {"weight_ih": over(das, xs).T}
        ),
        "the gradient of weight_hh is transposed; its rows belong to da, its columns to the state before": but(
            lambda xs, hs, das: {"weight_hh": over(das, before(hs)).T}
        ),
        "x and h are exchanged: weight_ih multiplied x, weight_hh multiplied h": but(
            lambda xs, hs, das: {"weight_ih": over(das, before(hs)), "weight_hh": over(das, xs)}
        ),
        "the weight gradients are da.T @ da; the other factor is what the weight multiplied": but(
            lambda xs, hs, das: {"weight_ih": over(das, das), "weight_hh": over(das, das)}
        ),
        "the bias gradients are not summed over the sentences": but(lambda xs, hs, das: biases(das.sum(axis=0))),
        "the bias gradients are not summed over time": but(lambda xs, hs, das: biases(das.sum(axis=1))),
        "the bias gradients are summed over the units and not over the words": but(lambda xs, hs, das: biases(das.sum(axis=(1, 2)))),
        "the bias gradients are summed over everything; each unit has its own": but(lambda xs, hs, das: biases(das.sum())),
        "the bias gradients are means over the sentences; they are sums": but(lambda xs, hs, das: biases(das.mean(axis=1).sum(axis=0))),
        "the bias gradients are means over words and sentences; they are sums": but(lambda xs, hs, das: biases(das.mean(axis=(0, 1)))),
        "the bias gradients are those of the last word alone": but(lambda xs, hs, das: biases(das[-1].sum(axis=0))),
        "the gradient is shared out between the two biases; both are added to a, and each gets all of it": but(
            lambda xs, hs, das: biases(das.sum(axis=(0, 1)) / 2)
        ),
        "the gradient of bias_hh is zero; both biases are added to a and get the same gradient": but(
            lambda xs, hs, das: {"bias_hh": 0 * das[0, 0]}
        ),
        "the gradient of bias_hh leaves out the first word; a bias is added at every word": but(
            lambda xs, hs, das: {"bias_hh": das[1:].sum(axis=(0, 1))}
        ),
    },
)
