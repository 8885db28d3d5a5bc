"""Lab 6, part 5: a sequence backward.

Contents
    sequence_backward    the check of `gru_backward`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.gradients import check_gradient
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab06.inputs import DH_2, H_0, PARAMS, XS, draw_sequence, draw_sequence_gradient
from rnncore.reference.gru import GRUCache, gru_backward, gru_forward, gru_step_backward

__all__ = ["sequence_backward"]


def by_step(cache, dhs, dstate_T=None, carry=lambda dh, step, arrived: dh):
    """What each step of the backward pass returns, in the order of time; `carry(dh, step, arrived)` is what goes to the step before."""
    dh, results = 0 * dhs[0] if dstate_T is None else dstate_T, []
    for step, dh_t in zip(reversed(cache.steps), dhs[::-1], strict=True):
        results.append(gru_step_backward(step, dh_t + dh))
        dh = carry(results[-1][-1], step, dh_t + dh)
    return results[::-1]


def added_up(results):
    """dparams, dxs and dstate0 from what each step returned, in the order of time."""
    return total(results), np.stack([dx for _, dx, _ in results]), results[0][-1]


def total(results):
    return {name: sum(dparams[name] for dparams, _, _ in results) for name in results[0][0]}


def carrying(carry):
    """The right function but for what goes from step to step."""
    return lambda cache, dhs, dstate_T=None: added_up(by_step(cache, dhs, dstate_T, carry))


def with_dparams(change):
    """The right function but for what `change(results of the steps)` makes of dparams."""
    return lambda cache, dhs, dstate_T=None: (change(by_step(cache, dhs, dstate_T)), *gru_backward(cache, dhs, dstate_T)[1:])


def with_dxs(change):
    def wrong(cache, dhs, dstate_T=None):
        dparams, dxs, dstate0 = gru_backward(cache, dhs, dstate_T)
        return dparams, change(dxs), dstate0

    return wrong


def with_dstate0(change):
    """The right function but for what `change(results of the steps, dhs)` makes of dstate0."""
    return lambda cache, dhs, dstate_T=None: (*gru_backward(cache, dhs, dstate_T)[:2], change(by_step(cache, dhs, dstate_T), dhs))


def alone(cache, dhs):
    """Each step gets its own gradient and nothing from the step after it."""
    return added_up([gru_step_backward(step, dh) for step, dh in zip(cache.steps, dhs, strict=True)])


def everywhere(cache, dhs, dstate_T=None):
    return alone(cache, dhs if dstate_T is None else dhs + dstate_T)


def every_step(cache, dhs, dstate_T=None):
    return gru_backward(cache, dhs if dstate_T is None else dhs + dstate_T)


def turned(cache):
    return GRUCache(cache.steps[::-1], cache.hs)


def measured_gradients_agree(function, rng):
    """Finite differences along random directions, with a gradient at every state and at the last; a sequence of one step is that step."""
    ((params, xs, state0),) = draw_sequence(rng, np.float64, T=4, B=2, D=3, H=2)
    check_gradient(gru_forward, function, params, xs, state0, rng=rng, directions=2)
    cache = gru_forward(params, xs[:1], state0)[-1]
    dparams, dxs, dstate0 = function(cache, xs[:1, :, :2])
    one = gru_step_backward(cache.steps[0], xs[0, :, :2])
    compare("in a sequence of one step, the gradients", (dparams, dxs[0], dstate0), one)


sequence_backward = Exercise(
    gru_backward,
    outputs=("dparams", "dxs", "dstate0"),
    letters="TBDH",
    example=lambda: (gru_forward(PARAMS, XS, H_0)[-1], np.stack([0 * DH_2, DH_2])),
    draw=draw_sequence_gradient,
    properties=(measured_gradients_agree,),
    mistakes={
        "the future is forgotten: each step gets dhs[t] without the dh of the step after it": lambda cache, dhs, dstate_T=None: (
            alone(cache, dhs)
        ),
        "the future is forgotten: dstate_T enters at the end, but no dh goes from step to step": lambda cache, dhs, dstate_T=None: (
            alone(cache, dhs if dstate_T is None else np.stack([*dhs[:-1], dhs[-1] + dstate_T]))
        ),
        "dstate_T is added at every step in the place of the dh of the step after it": everywhere,
        "dh is multiplied by z once more between the steps; the step's own backward pass has done that": carrying(
            lambda dh, step, arrived: dh * step.z
        ),
        "what arrived at a step is added to the dh that it hands back; the direct way is in that dh already": carrying(
            lambda dh, step, arrived: dh + arrived
        ),
        "dhs is ignored: only dstate_T is carried back": lambda cache, dhs, dstate_T=None: gru_backward(cache, 0 * dhs, dstate_T),
        "only the last entry of dhs is used; each dhs[t] is added at its own step": lambda cache, dhs, dstate_T=None: (
            gru_backward(cache, np.stack([*(0 * dhs[:-1]), dhs[-1]]), dstate_T)
        ),
        "the last entry of dhs is used at every step; each dhs[t] belongs to its own step": lambda cache, dhs, dstate_T=None: (
            gru_backward(cache, np.stack([dhs[-1]] * len(dhs)), dstate_T)
        ),
        "dstate_T is ignored; the backward pass starts from it": lambda cache, dhs, dstate_T=None: gru_backward(cache, dhs),
        "dstate_T replaces dhs[-1] at the last step; the two are added": lambda cache, dhs, dstate_T=None: (
            gru_backward(cache, dhs, None if dstate_T is None else dstate_T - dhs[-1])
        ),
        "dstate_T is added twice, to dhs[-1] and as the first dh": lambda cache, dhs, dstate_T=None: (
            gru_backward(cache, dhs, None if dstate_T is None else 2 * dstate_T)
        ),
        "dstate_T is None, which means zero, and None is added to an array": lambda cache, dhs, dstate_T=None: (
            gru_backward(cache, dhs, dhs[-1] + dstate_T - dhs[-1])
        ),
        "dstate_T is added at every step, besides the dh of the step after it; it enters at the last one": every_step,
        "dhs[-1] is counted twice, as the first dh and in the loop": lambda cache, dhs, dstate_T=None: (
            gru_backward(cache, dhs, dhs[-1] if dstate_T is None else dhs[-1] + dstate_T)
        ),
        "dparams is overwritten in each step; add to it, as every step uses the same weights": with_dparams(lambda results: results[0][0]),
        "dparams is that of the last time step alone; add those of all steps": with_dparams(lambda results: results[-1][0]),
        "the last time step is left out of dparams": with_dparams(lambda results: total(results[:-1])),
        "the first time step is left out of dparams": with_dparams(lambda results: total(results[1:])),
        "the gradients of the steps are averaged; they are added": with_dparams(
            lambda results: {name: d / len(results) for name, d in total(results).items()}
        ),
        "bias_hh gets what belongs to bias_ih; in a GRU they have different gradients": with_dparams(
            lambda results: {**total(results), "bias_hh": total(results)["bias_ih"]}
        ),
        "bias_ih and bias_hh are one array, so that each collects the gradients of both": with_dparams(
            lambda results: {
                **total(results),
                **dict.fromkeys(("bias_ih", "bias_hh"), total(results)["bias_ih"] + total(results)["bias_hh"]),
            }
        ),
        "dxs is in reversed order: the last step came first, so turn the list round at the end": with_dxs(lambda dxs: dxs[::-1]),
        "dxs is only that of the first step; it has an entry for each step": with_dxs(lambda dxs: dxs[0]),
        "dxs is summed over time; each input has a gradient of its own": with_dxs(lambda dxs: dxs.sum(axis=0)),
        "dxs is stacked along the second axis; time is the first one": with_dxs(lambda dxs: dxs.swapaxes(0, 1)),
        "the loop runs forward in time; it starts at the last step": lambda cache, dhs, dstate_T=None: (
            added_up(by_step(turned(cache), dhs[::-1], dstate_T)[::-1])
        ),
        "the steps are reversed but dhs is not": lambda cache, dhs, dstate_T=None: gru_backward(cache, dhs[::-1], dstate_T),
        "dhs is reversed but the steps are not": lambda cache, dhs, dstate_T=None: added_up(by_step(turned(cache), dhs, dstate_T)[::-1]),
        "dhs is read one step off: dhs[t - 1] in the place of dhs[t]": lambda cache, dhs, dstate_T=None: (
            gru_backward(cache, np.roll(dhs, 1, axis=0), dstate_T)
        ),
        "dstate0 is zero; it is the dh that the first step hands back": with_dstate0(lambda results, dhs: 0 * results[0][-1]),
        "dstate0 is None; it is the dh that the first step hands back": with_dstate0(lambda results, dhs: None),
        "dstate0 is what entered the first step; it is what came out of it": with_dstate0(lambda results, dhs: dhs[0] + results[1][-1]),
        "dhs[0] is added to dstate0; it belongs to the state after the first step": with_dstate0(
            lambda results, dhs: results[0][-1] + dhs[0]
        ),
        "dstate0 is the dh of the second step; carry it through the first one too": with_dstate0(lambda results, dhs: results[1][-1]),
        "dstate0 is the dh of the last step; it is that of the first": with_dstate0(lambda results, dhs: results[-1][-1]),
        "dxs and dstate0 are exchanged; gradients come in the order params, xs, state0": lambda cache, dhs, dstate_T=None: (
            gru_backward(cache, dhs, dstate_T)[0],
            *gru_backward(cache, dhs, dstate_T)[:0:-1],
        ),
    },
)
