"""Lab 2, part 7: the numerical gradient of one parameter.

Contents
    measured    the check of `measure_gradient`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab02.forward_pass import sentence_forward
from rnncore.checks.labs.lab02.inputs import LOVE, ONE, PARAMS, draw_sentences
from rnncore.checks.labs.lab02.updating import all_gradients

__all__ = ["measured"]


def measure_gradient(params, xs, targets, name, eps):
    """Measure the gradient of the mean loss with respect to one parameter, by central differences."""
    measured = np.zeros_like(params[name])
    for index in np.ndindex(measured.shape):
        losses = []
        for step in (eps, -eps):
            moved = params[name].copy()
            moved[index] += step
            losses.append(sentence_forward({**params, name: moved}, xs, targets)[2].mean())
        measured[index] = (losses[0] - losses[1]) / (2 * eps)
    return measured


def draw_measuring(rng, dtype, T, B, D, H):
    """A large step, at which one rule differs from another and rounding in float32 is small."""
    for (params, xs, targets), names in zip(
        draw_sentences(rng, dtype, T, B, D, H), (("weight_hh", "bias_ih"), ("weight_ih",)), strict=True
    ):
        for name in names:
            yield params, xs, targets, name, float(rng.uniform(0.03, 0.06))


def rule(combine, mean=lambda hs, p, losses: losses.mean()):
    """`combine(f, eps)` for each entry, where f(step) is what `mean` makes of the loss when the entry is moved."""

    def wrong(params, xs, targets, name, eps):
        measured = np.zeros_like(params[name])
        for index in np.ndindex(measured.shape):

            def f(step, index=index):
                moved = params[name].copy()
                moved[index] += step
                return mean(*sentence_forward({**params, name: moved}, xs, targets))

            measured[index] = combine(f, eps)
        return measured

    return wrong


def central(f, eps):
    return (f(eps) - f(-eps)) / (2 * eps)


def of(value):
    """The right rule, for another value than the mean loss."""
    return rule(central, value)


def not_put_back(first, second, last):
    """The entries lie in one array; of each, after its turn, `last` times eps remains."""

    def wrong(params, xs, targets, name, eps):
        moved, measured = params[name].copy(), np.zeros_like(params[name])
        for index in np.ndindex(moved.shape):
            start, losses = moved[index], []
            for step in (first, second):
                moved[index] = start + step * eps
                losses.append(sentence_forward({**params, name: moved}, xs, targets)[2].mean())
            moved[index] = start + last * eps
            measured[index] = (losses[0] - losses[1]) / ((first - second) * eps)
        return measured

    return wrong


def all_at_once(params, xs, targets, name, eps):
    """The whole array moves, and every entry gets the same number."""
    plus, minus = (sentence_forward({**params, name: params[name] + step}, xs, targets)[2].mean() for step in (eps, -eps))
    return np.full_like(params[name], (plus - minus) / (2 * eps))


def row_by_row(params, xs, targets, name, eps):
    """A whole row moves, and each of its entries gets the same number."""
    measured = np.zeros_like(params[name])
    for i in range(len(measured)):
        losses = []
        for step in (eps, -eps):
            moved = params[name].copy()
            moved[i] += step
            losses.append(sentence_forward({**params, name: moved}, xs, targets)[2].mean())
        measured[i] = (losses[0] - losses[1]) / (2 * eps)
    return measured


def relative_step(params, xs, targets, name, eps):
    """Each entry moves by eps times itself, and the quotient does not know."""
    measured = np.zeros_like(params[name])
    for index in np.ndindex(measured.shape):
        losses = []
        for step in (1 + eps, 1 - eps):
            moved = params[name].copy()
            moved[index] *= step
            losses.append(sentence_forward({**params, name: moved}, xs, targets)[2].mean())
        measured[index] = (losses[0] - losses[1]) / (2 * eps)
    return measured


def the_derived_gradient_is_near(function, rng):
    """At a small step, the gradients of parts 2 to 5; and a step half as large has a quarter of the error."""
    ((params, xs, targets), _) = draw_sentences(rng, np.float64, T=3, B=2, D=2, H=3)
    derived = all_gradients(params, xs, targets)
    for name in params:
        compare(f"measured with a small step, {name}", function(params, xs, targets, name, 1e-4), derived[name], rtol=1e-7, atol=1e-7)
    wide, narrow = (function(params, xs, targets, "weight_ho", eps) - derived["weight_ho"] for eps in (2e-2, 1e-2))
    compare("four times the error of half the step", 4 * narrow, wide, rtol=1e-2, atol=1e-8)


def as_a_matrix(params, xs, targets, name, eps):
    """Two loops, over rows and columns, whatever the parameter: stops at a bias."""
    measured = measure_gradient(params, xs, targets, name, eps)
    for _ in range(measured.shape[1]):
        return measured


def of_two_sizes(params, xs, targets, name, eps):
    """The shape is taken apart into two sizes: stops at a bias."""
    measured = measure_gradient(params, xs, targets, name, eps)
    _, _ = measured.shape
    return measured


measured = Exercise(
    measure_gradient,
    outputs=("measured",),
    letters="TBDH",
    example=lambda: (PARAMS, LOVE, ONE, "bias_ho", 0.01),
    draw=draw_measuring,
    properties=(the_derived_gradient_is_near,),
    mistakes={
        "the difference is one-sided: from w + eps to w; the central one goes to w - eps": rule(lambda f, eps: (f(eps) - f(0)) / eps),
        "the difference is one-sided: from w to w - eps; the central one begins at w + eps": rule(lambda f, eps: (f(0) - f(-eps)) / eps),
        "the losses at w + eps and at w are compared, and not that at w - eps; the difference is divided by 2 eps": rule(
            lambda f, eps: (f(eps) - f(0)) / (2 * eps)
        ),
        "the difference is divided by eps; the two places lie 2 eps apart": rule(lambda f, eps: (f(eps) - f(-eps)) / eps),
        "the difference is not divided by the distance of the two places": rule(lambda f, eps: f(eps) - f(-eps)),
        "the difference is divided by 2 and multiplied by eps: brackets are missing around 2 * eps": rule(
            lambda f, eps: (f(eps) - f(-eps)) / 2 * eps
        ),
        "only the second loss is divided: brackets are missing around the difference": rule(lambda f, eps: f(eps) - f(-eps) / (2 * eps)),
        "the sign is wrong: the loss at w - eps is subtracted": rule(lambda f, eps: (f(-eps) - f(eps)) / (2 * eps)),
        "the sign is lost: a gradient may be negative": rule(lambda f, eps: abs(f(eps) - f(-eps)) / (2 * eps)),
        "the entry moves by eps / 2 to each side; it moves by eps": rule(lambda f, eps: (f(eps / 2) - f(-eps / 2)) / eps),
        "every parameter is taken for a matrix; a bias has one axis": as_a_matrix,
        "the shape is taken apart into rows and columns; a bias has one axis": of_two_sizes,
        "four points are used; the central difference has two": rule(
            lambda f, eps: (8 * (f(eps) - f(-eps)) - (f(2 * eps) - f(-2 * eps))) / (12 * eps)
        ),
        "the two losses are added": rule(lambda f, eps: (f(eps) + f(-eps)) / (2 * eps)),
        "the argument eps is not used, and the step is 1e-5": rule(lambda f, eps: central(f, 1e-5)),
        "the argument eps is not used, and the step is 1e-4": rule(lambda f, eps: central(f, 1e-4)),
        "the argument eps is not used, and the step is 1e-3": rule(lambda f, eps: central(f, 1e-3)),
        "this is the derived gradient; measure it": lambda params, xs, targets, name, eps: all_gradients(params, xs, targets)[name],
        "this is the second difference, which measures how the slope changes": rule(lambda f, eps: (f(eps) - 2 * f(0) + f(-eps)) / eps**2),
        "the losses of the sentences are added; the loss is their mean": of(lambda hs, p, losses: losses.sum()),
        "only the first sentence is looked at; the loss is the mean over all": of(lambda hs, p, losses: losses[0]),
        "the largest loss is looked at; the loss is the mean": of(lambda hs, p, losses: losses.max()),
        "the slope of the probability is measured; the loss comes third from sentence_forward": of(lambda hs, p, losses: p.mean()),
        "the slope of the states is measured; the loss comes third from sentence_forward": of(lambda hs, p, losses: hs.mean()),
        "the entries are not put back: those measured before stay at w - eps": not_put_back(1, -1, -1),
        "the entries are not put back: those measured before stay at w + eps": not_put_back(-1, 1, 1),
        "all entries move at once; each is moved alone": all_at_once,
        "whole rows move at once; each entry is moved alone": row_by_row,
        "each entry moves by eps times itself; it moves by eps": relative_step,
        "nothing is moved: both losses are the same": rule(lambda f, eps: 0.0),
    },
)
