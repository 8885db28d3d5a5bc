"""Lab 5, part 5: a sequence backward.

Contents
    sequence_backward    the check of `lstm_backward`
"""

import numpy as np

from rnncore.checks.gradients import check_gradient
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab05.inputs import DSTATE, PARAMS, STATE, XS, draw_sequence, draw_sequence_gradient, ones_axes
from rnncore.reference.lstm import LSTMCache, LSTMState, lstm_backward, lstm_forward, lstm_step_backward

__all__ = ["sequence_backward"]


def zero(dhs):
    return LSTMState(0 * dhs[0], 0 * dhs[0])


def by_step(cache, dhs, dstate_T=None, carry=lambda dstate, dh: LSTMState(dstate.h + dh, dstate.c)):
    """What each step of the backward pass returns, in the order of time; step t gets `carry(dstate of step t + 1, dhs[t])`."""
    dstate, results = zero(dhs) if dstate_T is None else dstate_T, []
    for step, dh in zip(reversed(cache.steps), dhs[::-1], strict=True):
        results.append(lstm_step_backward(step, carry(dstate, dh)))
        dstate = results[-1][-1]
    return results[::-1]


def added_up(results):
    """dparams, dxs and dstate0 from what each step returned, in the order of time."""
    return total(results), np.stack([dx for _, dx, _ in results]), results[0][-1]


def total(results):
    return {name: sum(dparams[name] for dparams, _, _ in results) for name in results[0][0]}


def carrying(carry):
    """The right function but for what goes from step to step."""
    return lambda cache, dhs, dstate_T=None: added_up(by_step(cache, dhs, dstate_T, carry))


def alone(cache, dhs):
    """Each step gets its own gradient and nothing from the step after it."""
    return added_up([lstm_step_backward(step, LSTMState(dh, 0 * dh)) for step, dh in zip(cache.steps, dhs, strict=True)])


def without_dc(cache, dhs, dstate_T=None):
    """dc enters the last step and is dropped on the way to the others."""
    results = by_step(cache, dhs, dstate_T)[-1:]
    for step, dh in zip(cache.steps[-2::-1], dhs[-2::-1], strict=True):
        results.insert(0, lstm_step_backward(step, LSTMState(dh + results[0][-1].h, 0 * dh)))
    return added_up(results)


def with_dparams(change):
    """The right function but for what `change(results of the steps)` makes of dparams."""
    return lambda cache, dhs, dstate_T=None: (change(by_step(cache, dhs, dstate_T)), *lstm_backward(cache, dhs, dstate_T)[1:])


def with_dstate0(change):
    """The right function but for what `change(results of the steps, dhs)` makes of dstate0."""
    return lambda cache, dhs, dstate_T=None: (
        *lstm_backward(cache, dhs, dstate_T)[:2],
        change(by_step(cache, dhs, dstate_T), dhs),
    )


def with_dstate_T(change):
    """The right function, given `change(dstate_T, dhs)` where there is a dstate_T."""
    return lambda cache, dhs, dstate_T=None: lstm_backward(cache, dhs, None if dstate_T is None else change(dstate_T, dhs))


def without_zeros(cache, dhs, dstate_T=None):
    """None is asked for its h."""
    return lstm_backward(cache, np.stack([*dhs[:-1], dhs[-1] + dstate_T.h]), LSTMState(0 * dstate_T.h, dstate_T.c))


def unpacked(cache, dhs, dstate_T=None):
    """None is taken apart."""
    dh, dc = dstate_T
    return lstm_backward(cache, dhs, LSTMState(dh, dc))


def again(cache, dhs, dstate_T=None):
    """dstate_T is added at every step to the dstate of the step after it."""
    end, dstate, results = dstate_T or zero(dhs), zero(dhs), []
    for step, dh in zip(reversed(cache.steps), dhs[::-1], strict=True):
        results.insert(0, lstm_step_backward(step, LSTMState(dh + dstate.h + end.h, dstate.c + end.c)))
        dstate = results[0][-1]
    return added_up(results)


def but_the_first(cache, dhs, dstate_T=None):
    """The loop ends before it reaches the first step."""
    return added_up(by_step(cache, dhs, dstate_T)[1:])


def turned(cache):
    return LSTMCache(cache.steps[::-1], cache.hs)


def measured_gradients_agree(function, rng):
    """Finite differences along random directions, with a gradient at every hidden state and at both last states."""
    ((params, xs, state0),) = draw_sequence(rng, np.float64, T=4, B=2, D=3, H=2)
    check_gradient(lstm_forward, function, params, xs, state0, rng=rng, directions=2)


sequence_backward = Exercise(
    lstm_backward,
    outputs=("dparams", "dxs", "dstate0"),
    letters="TBDH",
    example=lambda: (lstm_forward(PARAMS, XS, STATE)[-1], ones_axes(0.5, 1.0), DSTATE),
    draw=draw_sequence_gradient,
    properties=(measured_gradients_agree,),
    mistakes={
        "the dc of the step after it is forgotten: only dh goes from step to step": carrying(
            lambda dstate, dh: LSTMState(dstate.h + dh, 0 * dh)
        ),
        "the dc of the step after it is forgotten: dstate_T.c enters at the end and goes no further": without_dc,
        "the dh of the step after it is forgotten: only dc goes from step to step": carrying(lambda dstate, dh: LSTMState(dh, dstate.c)),
        "dhs[t] is added to dc as well; it reaches h alone": carrying(lambda dstate, dh: LSTMState(dstate.h + dh, dstate.c + dh)),
        "dhs[t] is added to dc; it reaches h": carrying(lambda dstate, dh: LSTMState(dstate.h, dstate.c + dh)),
        "h and c are exchanged from step to step; the pair is (h, c)": carrying(lambda dstate, dh: LSTMState(dstate.c + dh, dstate.h)),
        "the future is forgotten: each step gets dhs[t] without the dstate of the step after it": lambda cache, dhs, dstate_T=None: (
            alone(cache, dhs)
        ),
        "dstate_T enters at every step in the place of the dstate of the step after it": lambda cache, dhs, dstate_T=None: (
            added_up(
                [
                    lstm_step_backward(step, LSTMState(dh + (dstate_T or zero(dhs)).h, (dstate_T or zero(dhs)).c))
                    for step, dh in zip(cache.steps, dhs, strict=True)
                ]
            )
        ),
        "dstate_T is added at every step; it enters once, behind the last one": again,
        "dhs is ignored: only dstate_T is carried back": lambda cache, dhs, dstate_T=None: lstm_backward(cache, 0 * dhs, dstate_T),
        "only the last entry of dhs is used; each dhs[t] is added at its own step": lambda cache, dhs, dstate_T=None: (
            lstm_backward(cache, np.stack([*(0 * dhs[:-1]), dhs[-1]]), dstate_T)
        ),
        "dstate_T is ignored; the backward pass starts from it": lambda cache, dhs, dstate_T=None: lstm_backward(cache, dhs),
        "dstate_T.c is ignored; both parts of dstate_T enter at the end": with_dstate_T(
            lambda dstate, dhs: LSTMState(dstate.h, 0 * dstate.c)
        ),
        "dstate_T.h is ignored; it is added to dhs[-1]": with_dstate_T(lambda dstate, dhs: LSTMState(0 * dstate.h, dstate.c)),
        "dstate_T.h replaces dhs[-1] at the last step; the two are added": with_dstate_T(
            lambda dstate, dhs: LSTMState(dstate.h - dhs[-1], dstate.c)
        ),
        "dstate_T is None, which means zero, and None is used as a state": without_zeros,
        "dstate_T is None, which means zero, and None is taken apart": unpacked,
        "dparams is overwritten in each step; add to it, as every step uses the same weights": with_dparams(lambda results: results[0][0]),
        "dparams is that of the last time step alone; add those of all steps": with_dparams(lambda results: results[-1][0]),
        "the sums of dparams start from the parameters; they start from zeros": lambda cache, dhs, dstate_T=None: (
            {name: d + cache.steps[0].params[name] for name, d in total(by_step(cache, dhs, dstate_T)).items()},
            *lstm_backward(cache, dhs, dstate_T)[1:],
        ),
        "the loop ends before it reaches the first step; that is step 0": but_the_first,
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
        "the steps are reversed but dhs is not": lambda cache, dhs, dstate_T=None: lstm_backward(cache, dhs[::-1], dstate_T),
        "dhs is reversed but the steps are not": lambda cache, dhs, dstate_T=None: added_up(by_step(turned(cache), dhs, dstate_T)[::-1]),
        "dhs is read one step off: dhs[t - 1] in the place of dhs[t]": lambda cache, dhs, dstate_T=None: (
            lstm_backward(cache, np.roll(dhs, 1, axis=0), dstate_T)
        ),
        "dstate0 is zero; it is the dstate that the first step hands back": with_dstate0(lambda results, dhs: zero(dhs)),
        "dstate0 is the dstate of the second step; carry it through the first one too": with_dstate0(lambda results, dhs: results[1][-1]),
        "dstate0 is the dstate of the last step; it is that of the first": with_dstate0(lambda results, dhs: results[-1][-1]),
        "h and c are exchanged in dstate0; it is LSTMState(h, c)": with_dstate0(lambda results, dhs: LSTMState(*results[0][-1][::-1])),
        "dxs and dstate0 are exchanged; gradients come in the order params, xs, state0": lambda cache, dhs, dstate_T=None: (
            total(by_step(cache, dhs, dstate_T)),
            *lstm_backward(cache, dhs, dstate_T)[:0:-1],
        ),
    },
)
