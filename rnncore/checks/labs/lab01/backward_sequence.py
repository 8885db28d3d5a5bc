"""Lab 1, part 4: a sequence backward.

Contents
    sequence_backward    the check of `rnn_backward`
"""

import numpy as np

from rnncore.checks.gradients import check_gradient
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab01.inputs import PARAMS, STATE, XS, draw_sequence, draw_sequence_gradient, ones_axes
from rnncore.reference.rnn import RNNCache, rnn_backward, rnn_forward, rnn_step_backward

__all__ = ["sequence_backward"]


def by_step(cache, dhs, dstate_T=None):
    """What each step of the right backward pass returns, in the order of time."""
    dh, results = 0 * dhs[0] if dstate_T is None else dstate_T, []
    for step, dh_t in zip(reversed(cache.steps), dhs[::-1], strict=True):
        results.append(rnn_step_backward(step, dh_t + dh))
        dh = results[-1][-1]
    return results[::-1]


def added_up(results):
    """dparams, dxs and dstate0 from what each step returned, in the order of time."""
    return total(results), np.stack([dx for _, dx, _ in results]), results[0][-1]


def total(results):
    return {name: sum(dparams[name] for dparams, _, _ in results) for name in results[0][0]}


def alone(cache, dhs):
    """Each step gets its own gradient and nothing from the step after it."""
    return added_up([rnn_step_backward(step, dh_t) for step, dh_t in zip(cache.steps, dhs, strict=True)])


def at_the_end(dhs, dstate_T):
    """dhs, with dstate_T added to the last."""
    return dhs if dstate_T is None else np.stack([*dhs[:-1], dhs[-1] + dstate_T])


def turned(cache):
    return RNNCache(cache.steps[::-1], cache.hs)


def with_dparams(change):
    """The right function but for what `change(results of the steps)` makes of dparams."""
    return lambda cache, dhs, dstate_T=None: (
        change(by_step(cache, dhs, dstate_T)),
        *rnn_backward(cache, dhs, dstate_T)[1:],
    )


def with_dstate0(change):
    """The right function but for what `change(results of the steps, dhs)` makes of dstate0."""
    return lambda cache, dhs, dstate_T=None: (
        *rnn_backward(cache, dhs, dstate_T)[:2],
        change(by_step(cache, dhs, dstate_T), dhs),
    )


def added_after_the_step(cache, dhs, dstate_T=None):
    """Each step gets what came back, and dhs[t] is added to what it hands on."""
    dh, results = 0 * dhs[0] if dstate_T is None else dstate_T, []
    for step, dh_t in zip(reversed(cache.steps), dhs[::-1], strict=True):
        dparams, dx, dh = rnn_step_backward(step, dh)
        dh = dh + dh_t
        results.append((dparams, dx, dh))
    return added_up(results[::-1])


def measured_gradients_agree(function, rng):
    """Finite differences along random directions, with a gradient at every state and at the last one."""
    ((params, xs, state0),) = draw_sequence(rng, np.float64, T=4, B=2, D=3, H=2)
    check_gradient(rnn_forward, function, params, xs, state0, rng=rng, directions=2)


sequence_backward = Exercise(
    rnn_backward,
    outputs=("dparams", "dxs", "dstate0"),
    letters="TBDH",
    example=lambda: (rnn_forward(PARAMS, XS, STATE)[-1], ones_axes(0.5, 1.0)),
    draw=draw_sequence_gradient,
    properties=(measured_gradients_agree,),
    mistakes={
        "the future is forgotten: each step gets dhs[t] without the dh of the step after it": lambda cache, dhs, dstate_T=None: (
            alone(cache, dhs)
        ),
        "the future is forgotten: dstate_T enters at the end, but no dh goes from step to step": lambda cache, dhs, dstate_T=None: (
            alone(cache, at_the_end(dhs, dstate_T))
        ),
        "dstate_T is added at every step in the place of the dh of the step after it": lambda cache, dhs, dstate_T=None: (
            alone(cache, dhs if dstate_T is None else dhs + dstate_T)
        ),
        "dstate_T is added at every step; it belongs to the last state alone": lambda cache, dhs, dstate_T=None: (
            rnn_backward(cache, dhs if dstate_T is None else dhs + dstate_T)
        ),
        "dhs[t] is added after the backward step; it reaches the state that this step made, so it is added before": added_after_the_step,
        "the loop back ends one step too early: the first step is left out": lambda cache, dhs, dstate_T=None: (
            added_up(by_step(cache, dhs, dstate_T)[1:])
        ),
        "dhs is ignored: only dstate_T is carried back": lambda cache, dhs, dstate_T=None: rnn_backward(cache, 0 * dhs, dstate_T),
        "only the last entry of dhs is used; each dhs[t] is added at its own step": lambda cache, dhs, dstate_T=None: (
            rnn_backward(cache, np.stack([*(0 * dhs[:-1]), dhs[-1]]), dstate_T)
        ),
        "dstate_T is ignored; the backward pass starts from it": lambda cache, dhs, dstate_T=None: rnn_backward(cache, dhs),
        "dstate_T replaces dhs[-1] at the last step; the two are added": lambda cache, dhs, dstate_T=None: (
            rnn_backward(cache, dhs if dstate_T is None else at_the_end(dhs, dstate_T - dhs[-1]))
        ),
        "dstate_T is None, which means zero, and None is added to an array": lambda cache, dhs, dstate_T=None: (
            rnn_backward(cache, np.stack([*dhs[:-1], dhs[-1] + dstate_T]))
        ),
        "an array is asked for one True or False, as in `if dstate_T`; ask whether it is None": lambda cache, dhs, dstate_T=None: (
            rnn_backward(cache, dhs, dstate_T if dstate_T else None)
        ),
        "dparams is overwritten in each step; add to it, as every step uses the same weights": with_dparams(lambda results: results[0][0]),
        "dparams is that of the last time step alone; add those of all steps": with_dparams(lambda results: results[-1][0]),
        "the last time step is left out of dparams": with_dparams(lambda results: total(results[:-1])),
        "the gradients of the steps are averaged; they are added": with_dparams(
            lambda results: {name: d / len(results) for name, d in total(results).items()}
        ),
        "bias_ih and bias_hh are one array, so that += counts every step twice": with_dparams(
            lambda results: {name: d * (2 if "bias" in name else 1) for name, d in total(results).items()}
        ),
        "dxs is in reversed order: the last step came first, so turn the list round at the end": lambda cache, dhs, dstate_T=None: (
            total(by_step(cache, dhs, dstate_T)),
            np.stack([dx for _, dx, _ in by_step(cache, dhs, dstate_T)[::-1]]),
            by_step(cache, dhs, dstate_T)[0][-1],
        ),
        "the loop runs forward in time; it starts at the last step": lambda cache, dhs, dstate_T=None: (
            added_up(by_step(turned(cache), dhs[::-1], dstate_T)[::-1])
        ),
        "the steps are reversed but dhs is not": lambda cache, dhs, dstate_T=None: rnn_backward(cache, dhs[::-1], dstate_T),
        "dhs is reversed but the steps are not": lambda cache, dhs, dstate_T=None: (added_up(by_step(turned(cache), dhs, dstate_T)[::-1])),
        "dhs is read one step off: dhs[t - 1] in the place of dhs[t]": lambda cache, dhs, dstate_T=None: (
            rnn_backward(cache, np.roll(dhs, 1, axis=0), dstate_T)
        ),
        "dstate0 is zero; it is the dh that the first step hands back": with_dstate0(lambda results, dhs: 0 * results[0][-1]),
        "dstate0 is None; it is the dh that the first step hands back": with_dstate0(lambda results, dhs: None),
        "dstate0 is the dh that the last step hands back; carry it on to the first": with_dstate0(lambda results, dhs: results[-1][-1]),
        "dstate0 is what entered the first step; it is what came out of it": with_dstate0(lambda results, dhs: dhs[0] + results[1][-1]),
        "dstate0 is the dh of the second step; carry it through the first one too": with_dstate0(lambda results, dhs: results[1][-1]),
        "dxs and dstate0 are exchanged; gradients come in the order params, xs, state0": lambda cache, dhs, dstate_T=None: (
            total(by_step(cache, dhs, dstate_T)),
            *rnn_backward(cache, dhs, dstate_T)[:0:-1],
        ),
    },
)
