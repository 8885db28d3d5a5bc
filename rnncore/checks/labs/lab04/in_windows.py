"""Lab 4, part 3: after every k1 steps back over k2.

Contents
    windows    the check of `rnn_truncated_bptt`
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab04.inputs import DHS, PARAMS, STATE, XS, draw_sequence, draw_windows
from rnncore.reference.bptt import truncated_bptt
from rnncore.reference.rnn import rnn_backward, rnn_forward, rnn_step_backward, rnn_step_forward

__all__ = ["windows"]


def rnn_truncated_bptt(params, xs, state0, dhs, k1, k2):
    """After every k1 steps, and after the last one, send the losses of the steps since the last time back over at most k2 steps."""
    dparams = {name: np.zeros_like(value) for name, value in params.items()}
    dstate0, state, window = np.zeros_like(state0), state0, []
    for t, x in enumerate(xs):
        state, cache = rnn_step_forward(params, x, state)
        window = [*window, cache][-k2:]  # the caches of the last k2 steps
        since = t % k1 + 1  # steps since the last pass back
        if since == k1 or t == len(xs) - 1:
            dstate = np.zeros_like(state)
            for age, step in enumerate(reversed(window)):
                if age < since:  # a loss that no pass has sent back yet
                    dstate = dstate + dhs[t - age]
                step_dparams, _, dstate = rnn_step_backward(step, dstate)
                for name in dparams:
                    dparams[name] += step_dparams[name]
            if len(window) == t + 1:  # the pass has reached the first step
                dstate0 += dstate
    return dparams, dstate0, state


class Pass(NamedTuple):
    """One pass back: it starts at step `end`, `since` losses are new, and it goes over `steps` steps at most."""

    end: int
    since: int
    steps: int


def plan(T, k1, k2):
    """The passes that there should be."""
    ends = [t for t in range(T) if (t + 1) % k1 == 0 or t == T - 1]
    return [Pass(end, end % k1 + 1, k2) for end in ends]


def sent(params, xs, state0, dhs, passes, counts=lambda age, p: age < p.since, dh=lambda dhs, t, end: dhs[t], carried=False):
    """dparams, dstate and whether it reached the first step, of every pass; `counts(age, pass)` says which losses enter."""
    _, _, cache = rnn_forward(params, xs, state0)
    results, dstate = [], 0 * state0
    for p in passes:
        dparams, dstate = {name: 0 * value for name, value in params.items()}, dstate if carried else 0 * state0
        first = max(p.end - p.steps + 1, 0)
        for t in range(p.end, first - 1, -1):
            if counts(p.end - t, p):
                dstate = dstate + dh(dhs, t, p.end)
            step_dparams, _, dstate = rnn_step_backward(cache.steps[t], dstate)
            dparams = {name: dparams[name] + step_dparams[name] for name in dparams}
        results.append((dparams, dstate, first == 0))
    return results


def total(results, like):
    return {name: sum([dparams[name] for dparams, _, _ in results], 0 * value) for name, value in like.items()}


def reached(results, state0):
    return sum([dstate for _, dstate, start in results if start], 0 * state0)


def as_planned(change=plan, **options):
    """The right function but for the passes that `change(T, k1, k2)` plans, and for what enters them."""

    def wrong(params, xs, state0, dhs, k1, k2):
        results = sent(params, xs, state0, dhs, change(len(xs), k1, k2), **options)
        return total(results, params), reached(results, state0), rnn_forward(params, xs, state0)[1]

    return wrong


def of(change):
    """The right function but for what `change(results of the passes, the right results)` gives."""

    def wrong(params, xs, state0, dhs, k1, k2):
        results = sent(params, xs, state0, dhs, plan(len(xs), k1, k2))
        return change(results, (total(results, params), reached(results, state0), rnn_forward(params, xs, state0)[1]))

    return wrong


def early(T, k1, k2):
    """Passes after the steps 0, k1, 2 k1 and so on, and after the last; each sends the losses since the one before."""
    ends = [t for t in range(T) if t % k1 == 0 or t == T - 1]
    return [Pass(end, end - last, k2) for last, end in pairwise([-1, *ends])]


def not_over_the_first(params, xs, state0, dhs, k1, k2):
    """The walk ends before step 0."""
    passes = plan(len(xs), k1, k2)
    results = sent(params, xs, state0, dhs, [p._replace(steps=min(p.steps, p.end)) for p in passes])
    return total(results, params), 0 * state0, rnn_forward(params, xs, state0)[1]


def below_zero(params, xs, state0, dhs, k1, k2):
    """The walk goes on to the steps -1, -2 and so on of the list of caches so far."""
    _, state_T, cache = rnn_forward(params, xs, state0)
    dparams, dstate0 = {name: 0 * value for name, value in params.items()}, 0 * state0
    for p in plan(len(xs), k1, k2):
        dstate, steps = 0 * state0, cache.steps[: p.end + 1]
        for t in range(p.end, p.end - k2, -1):
            dstate = dstate + dhs[t] * (p.end - t < p.since)
            step_dparams, _, dstate = rnn_step_backward(steps[t], dstate)
            dparams = {name: dparams[name] + step_dparams[name] for name in dparams}
    return dparams, dstate0, state_T


def second_step_counts(params, xs, state0, dhs, k1, k2):
    """A pass that stops at the second step adds to dstate0, too."""
    passes = plan(len(xs), k1, k2)
    results = sent(params, xs, state0, dhs, passes)
    dstate0 = sum([dstate for p, (_, dstate, _) in zip(passes, results, strict=True) if k2 >= p.end], 0 * state0)
    return total(results, params), dstate0, rnn_forward(params, xs, state0)[1]


def from_the_state_after(params, xs, state0, dhs, k1, k2):
    """Each window is read again, from the state after its first step."""
    hs, state_T, _ = rnn_forward(params, xs, state0)
    dparams = {name: 0 * value for name, value in params.items()}
    for p in plan(len(xs), k1, k2):
        first, new = max(p.end - k2 + 1, 0), dhs.copy()
        new[: p.end - p.since + 1] = 0
        _, _, cache = rnn_forward(params, xs[first : p.end + 1], hs[first] if first else state0)
        window = rnn_backward(cache, new[first : p.end + 1])[0]
        dparams = {name: dparams[name] + window[name] for name in dparams}
    return dparams, 0 * state0, state_T


def from_zeros(params, xs, state0, dhs, k1, k2):
    """The state starts anew after each pass."""
    hs, results, cuts = [], [], [*range(0, len(xs), k1), len(xs)]
    for start, end in pairwise(cuts):
        part, state, cache = rnn_forward(params, xs[start:end], state0 if start == 0 else 0 * state0)
        hs.append(part)
        results += cache.steps
    hs = np.concatenate(hs)
    dparams, dstate0 = {name: 0 * value for name, value in params.items()}, 0 * state0
    for p in plan(len(xs), k1, k2):
        dstate = 0 * state0
        for age, step in enumerate(results[max(p.end - k2 + 1, 0) : p.end + 1][::-1]):
            dstate = dstate + dhs[p.end - age] * (age < p.since)
            step_dparams, _, dstate = rnn_step_backward(step, dstate)
            dparams = {name: dparams[name] + step_dparams[name] for name in dparams}
        dstate0 = dstate0 + dstate * (k2 > p.end)
    return dparams, dstate0, state


def agrees_with_what_is_known(function, rng):
    """A window of T steps or more gives the full gradient, whatever k1; others are those of `truncated_bptt`, whatever the cell."""
    params, xs, state0, dhs = draw_sequence(rng, np.float64, T=7, B=2, D=3, H=4)
    _, state_T, cache = rnn_forward(params, xs, state0)
    dparams, _, dstate0 = rnn_backward(cache, dhs)
    for k1, k2 in ((1, 3), (3, 3), (2, 5), (1, 7), (3, 8)):
        right = dparams, dstate0, state_T
        if k2 < 7:
            rest = params, xs, state0, lambda t, h: (0.0, dhs[t])
            known = truncated_bptt(rnn_step_forward, rnn_step_backward, *rest, k1=k1, k2=k2)
            right = known.dparams, known.dstate0, known.state_T
        for name, got, want in zip(("dparams", "dstate0", "state_T"), function(params, xs, state0, dhs, k1, k2), right, strict=True):
            compare(f"for 7 steps, k1 = {k1} and k2 = {k2}, {name}", got, want)


windows = Exercise(
    rnn_truncated_bptt,
    outputs=("dparams", "dstate0", "state_T"),
    letters="TBDH",
    least={"T": 6},  # enough for several passes
    example=lambda: (PARAMS, XS, STATE, DHS, 1, 2),
    draw=draw_windows,
    properties=(agrees_with_what_is_known,),
    mistakes={
        "every pass sends all losses of its window; those of earlier passes have been sent already": as_planned(counts=lambda age, p: True),
        "only the newest loss of each pass is sent; those of all steps since the last pass are": as_planned(counts=lambda age, p: age == 0),
        "the old losses of the window are sent and the new ones are not": as_planned(counts=lambda age, p: age >= p.since),
        "one loss more than the steps since the last pass is sent; it has been sent already": as_planned(
            counts=lambda age, p: age <= p.since
        ),
        "each pass goes back over k1 steps; k2 says how many": as_planned(lambda T, k1, k2: plan(T, k1, k1)),
        "each pass goes back over the steps since the last one only; k2 says how many": as_planned(
            lambda T, k1, k2: [p._replace(steps=p.since) for p in plan(T, k1, k2)]
        ),
        "k1 and k2 are exchanged: back over k2 steps, after every k1": as_planned(lambda T, k1, k2: plan(T, k2, k1)),
        "there is a pass after every step; there is one after every k1": as_planned(lambda T, k1, k2: plan(T, 1, k2)),
        "there is a pass after every k2 steps; there is one after every k1": as_planned(lambda T, k1, k2: plan(T, k2, k2)),
        "each pass goes back to the first step; it stops after k2 steps": as_planned(lambda T, k1, k2: plan(T, k1, T)),
        "each pass goes back over k2 + 1 steps": as_planned(lambda T, k1, k2: plan(T, k1, k2 + 1)),
        "each pass goes back over k2 - 1 steps": as_planned(lambda T, k1, k2: plan(T, k1, k2 - 1)),
        "each pass goes back over k1 + k2 steps; the k2 steps count from its end": as_planned(lambda T, k1, k2: plan(T, k1, k1 + k2)),
        "each pass goes back over the larger of k1 and k2; with k2 below k1 some losses send nothing": as_planned(
            lambda T, k1, k2: plan(T, k1, max(k1, k2))
        ),
        "the pass after the last step is missing where no k1 steps are left": as_planned(
            lambda T, k1, k2: [p for p in plan(T, k1, k2) if p.since == k1]
        ),
        "the last pass sends k1 losses although fewer are new": as_planned(
            lambda T, k1, k2: [p._replace(since=k1) for p in plan(T, k1, k2)]
        ),
        "the passes come one step early, after the first step already: t counts from 0, so step t is number t + 1": as_planned(
            lambda T, k1, k2: [Pass(t, k1, k2) for t in range(0, T, k1)]
        ),
        "the passes come one step early, each with all that is new: t counts from 0, so step t is number t + 1": as_planned(early),
        "the passes come one step early, with one loss each: t counts from 0, so step t is number t + 1": as_planned(
            lambda T, k1, k2: [Pass(t, t % k1 + 1, k2) for t in range(T) if t % k1 == 0 or t == T - 1]
        ),
        "no pass goes back over the first step; a range ends before its end": not_over_the_first,
        "a pass goes on below step 0, where an index counts from the end of the list": below_zero,
        "each loss enters one step too late, after the step back from its state": as_planned(
            counts=lambda age, p: 1 <= age <= p.since, dh=lambda dhs, t, end: dhs[t + 1]
        ),
        "each window is read from the state after its first step; the one before belongs to it": from_the_state_after,
        "there is one pass only, after the last step": as_planned(lambda T, k1, k2: plan(T, k1, k2)[-1:]),
        "every step of a pass gets the dhs of its last step; each has its own": as_planned(dh=lambda dhs, t, end: dhs[end]),
        "a pass starts from the gradient that the pass before left; it starts from zero": as_planned(carried=True),
        "the state starts anew, from zeros, after each pass; it is carried": from_zeros,
        "dparams is that of the last pass; add those of all passes": of(lambda results, right: (results[-1][0], *right[1:])),
        "the gradients of the passes are averaged; they are added": of(
            lambda results, right: ({name: d / len(results) for name, d in right[0].items()}, *right[1:])
        ),
        "dstate0 is zero; a pass that reaches the first step sends a gradient to state0": of(
            lambda results, right: (right[0], 0 * right[1], right[2])
        ),
        "dstate0 counts passes that stop at the second step, too; only those over the first one reach it": second_step_counts,
        "dstate0 is what the last pass leaves, however far it went; add up what reaches the first step": of(
            lambda results, right: (right[0], results[-1][1], right[2])
        ),
        "dstate0 is what the first pass leaves; later ones may reach the first step, too": of(
            lambda results, right: (right[0], results[0][1], right[2])
        ),
        "dstate0 is that of the last pass to reach the first step; add up those of all that do": of(
            lambda results, right: (right[0], ([0 * right[1]] + [d for _, d, start in results if start])[-1], right[2])
        ),
        "dstate0 adds up what every pass leaves; only that of a pass that has reached the first step is one": of(
            lambda results, right: (right[0], sum(dstate for _, dstate, _ in results), right[2])
        ),
        "state_T and dstate0 are exchanged; return dparams, dstate0, state_T": of(lambda results, right: (right[0], right[2], right[1])),
    },
)
