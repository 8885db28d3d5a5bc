"""Lab 6, part 3: a sequence forward.

Contents
    sequence_forward    the check of `gru_forward`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab06.inputs import H_0, PARAMS, XS, draw_sequence, forced
from rnncore.reference.gru import GRUCache, gru_forward, gru_step_forward

__all__ = ["sequence_forward"]


def loop(params, xs, state0, carry=lambda h, state0, cache: h):
    """The right loop, but that each step after the first starts from `carry(h, state0, cache of the last step)`."""
    start, hs, steps = state0, [], []
    for x in xs:
        h, step = gru_step_forward(params, x, start)
        start = carry(h, state0, step)
        hs.append(h)
        steps.append(step)
    hs = np.stack(hs)
    return hs, hs[-1], GRUCache(steps, hs)


def with_hs(change):
    """The right function but for what `change(hs, state0, steps)` makes of hs."""

    def wrong(params, xs, state0):
        hs, state_T, cache = gru_forward(params, xs, state0)
        return change(hs, state0, cache.steps), state_T, cache

    return wrong


def with_state_T(change):
    def wrong(params, xs, state0):
        hs, _, cache = gru_forward(params, xs, state0)
        return hs, change(hs, state0), cache

    return wrong


def with_cache(change):
    """The right function but for what `change(steps, hs)` makes of the cache."""

    def wrong(params, xs, state0):
        hs, state_T, cache = gru_forward(params, xs, state0)
        return hs, state_T, change(cache.steps, hs)

    return wrong


def two_parts_are_the_whole(function, rng):
    """A sequence read in two parts, the first of one step only, gives what the whole gives; time does not run backwards."""
    ((params, xs, state0),) = draw_sequence(rng, np.float64, T=5, B=3, D=2, H=4)
    hs, state_T, cache = function(params, xs, state0)
    first, middle, _ = function(params, xs[:1], state0)
    second, end, _ = function(params, xs[1:], middle)
    compare("hs of a sequence read in two parts", np.concatenate([first, second]), hs)
    compare("state_T of a sequence read in two parts", end, state_T)
    compare("the state that the first step started from", cache.steps[0].h, state0)


def an_open_gate_keeps(function, rng):
    """With z = 1 at every step the first state is the last."""
    ((params, xs, state0),) = draw_sequence(rng, np.float64, T=5, B=3, D=2, H=4)
    compare("with z = 1 at every step, state_T", function(forced(params, 4, z=1), xs, state0)[1], state0)


sequence_forward = Exercise(
    gru_forward,
    outputs=("hs", "state_T", "cache"),
    letters="TBDH",
    example=lambda: (PARAMS, XS, H_0),
    draw=draw_sequence,
    properties=(two_parts_are_the_whole, an_open_gate_keeps),
    mistakes={
        "the state is not carried: every step starts from state0": lambda params, xs, state0: (
            loop(params, xs, state0, lambda h, state0, cache: state0)
        ),
        "every step after the first starts from zeros": lambda params, xs, state0: (
            loop(params, xs, state0, lambda h, state0, cache: 0 * h)
        ),
        "the candidate is carried to the next step; it is only a proposal, the state is h": lambda params, xs, state0: (
            loop(params, xs, state0, lambda h, state0, cache: cache.n)
        ),
        "the first step starts from zeros and not from state0": lambda params, xs, state0: gru_forward(params, xs, 0 * state0),
        "the paper's convention is used in the steps; here the reset gate comes after the product": lambda params, xs, state0: (
            gru_forward(params, xs, state0, reset="before")
        ),
        "time runs backwards: the last input is read first": lambda params, xs, state0: gru_forward(params, xs[::-1], state0),
        "the first input is read at every step": lambda params, xs, state0: gru_forward(params, np.stack([xs[0]] * len(xs)), state0),
        "the last input is not read: the loop ends one step too early": lambda params, xs, state0: gru_forward(params, xs[:-1], state0),
        "the first input is not read: the loop starts one step too late": lambda params, xs, state0: gru_forward(params, xs[1:], state0),
        "the loop runs over the batch; the first axis of xs is time": lambda params, xs, state0: loop(params, xs.swapaxes(0, 1), state0),
        "the states come in the wrong order: hs[0] is the last one": with_hs(lambda hs, state0, steps: hs[::-1]),
        "hs holds the state before each step: append after the step": with_hs(lambda hs, state0, steps: np.stack([state0, *hs[:-1]])),
        "hs also holds state0; it has one entry for each input": with_hs(lambda hs, state0, steps: np.stack([state0, *hs])),
        "hs holds the candidates; it holds the states": with_hs(lambda hs, state0, steps: np.stack([step.n for step in steps])),
        "the states are stacked along the second axis; time is the first one": with_hs(lambda hs, state0, steps: hs.swapaxes(0, 1)),
        "the states are joined to one long batch; they are stacked, with time as a new first axis": with_hs(
            lambda hs, state0, steps: np.concatenate(list(hs))
        ),
        "hs is only the last state; every step's belongs there": with_hs(lambda hs, state0, steps: hs[-1]),
        "all entries of hs are one array that each step overwrites; make a new one in each step": with_hs(
            lambda hs, state0, steps: np.stack([hs[-1]] * len(hs))
        ),
        "the first entry of hs is never written": with_hs(lambda hs, state0, steps: np.stack([0 * hs[0], *hs[1:]])),
        "the last entry of hs is never written": with_hs(lambda hs, state0, steps: np.stack([*hs[:-1], 0 * hs[0]])),
        "state_T is the first state; it is the last one": with_state_T(lambda hs, state0: hs[0]),
        "state_T is state0, because the new state has another name inside the loop": with_state_T(lambda hs, state0: state0),
        "state_T is hs[:, -1], the last sequence of the batch; the last step is hs[-1]": with_state_T(lambda hs, state0: hs[:, -1]),
        "state_T is the state before the last step": with_state_T(lambda hs, state0: hs[-2]),
        "state_T is the sum of the states; it is the last one": with_state_T(lambda hs, state0: hs.sum(axis=0)),
        "cache.steps comes in the wrong order; step 0 comes first": with_cache(lambda steps, hs: GRUCache(steps[::-1], hs)),
        "only the last step's cache is kept": with_cache(lambda steps, hs: GRUCache(steps[-1:], hs)),
        "the cache of the last step stands in the place of all others": with_cache(
            lambda steps, hs: GRUCache([steps[-1]] * len(steps), hs)
        ),
        "cache.hs is the last state; it is all of them": with_cache(lambda steps, hs: GRUCache(steps, hs[-1])),
    },
)
