"""Lab 1, part 2: a sequence forward.

Contents
    sequence_forward    the check of `rnn_forward`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab01.inputs import PARAMS, STATE, XS, draw_sequence
from rnncore.reference.rnn import RNNCache, rnn_forward, rnn_step_forward

__all__ = ["sequence_forward"]


def together(steps):
    """hs, state_T and cache from the caches of the steps."""
    hs = np.stack([step.h_next for step in steps])
    return hs, steps[-1].h_next, RNNCache(steps, hs)


def with_hs(change):
    """The right function but for what `change(hs, state0)` makes of hs."""

    def wrong(params, xs, state0):
        hs, state_T, cache = rnn_forward(params, xs, state0)
        return change(hs, state0), state_T, cache

    return wrong


def with_state_T(change):
    def wrong(params, xs, state0):
        hs, _, cache = rnn_forward(params, xs, state0)
        return hs, change(hs, state0), cache

    return wrong


def with_steps(change):
    def wrong(params, xs, state0):
        hs, state_T, cache = rnn_forward(params, xs, state0)
        return hs, state_T, RNNCache(change(cache.steps), hs)

    return wrong


def loop_over_the_batch(params, xs, state0):
    h, steps = state0, []
    for b in range(xs.shape[1]):
        h, step = rnn_step_forward(params, xs[:, b], h)
        steps.append(step)
    return together(steps)


def exchanged(params, xs, state0):
    hs, state_T, cache = rnn_forward(params, xs, state0)
    return state_T, hs, cache


def two_parts_are_the_whole(function, rng):
    """A sequence read in two parts, the second from the state that the first left, gives what the whole gives."""
    ((params, xs, state0),) = draw_sequence(rng, np.float64, T=5, B=3, D=2, H=4)
    hs, state_T, _ = function(params, xs, state0)
    first, between, _ = function(params, xs[:2], state0)
    second, end, _ = function(params, xs[2:], between)
    compare("hs of a sequence read in two parts", np.concatenate([first, second]), hs)
    compare("state_T of a sequence read in two parts", end, state_T)
    compare("state_T", state_T, hs[-1])
    last, _ = rnn_step_forward(params, xs[-1], hs[-2])
    compare("hs[-1], against one step from hs[-2]", hs[-1], last)


sequence_forward = Exercise(
    rnn_forward,
    outputs=("hs", "state_T", "cache"),
    letters="TBDH",
    example=lambda: (PARAMS, XS, STATE),
    draw=draw_sequence,
    properties=(two_parts_are_the_whole,),
    mistakes={
        "the state is not carried: every step starts from state0": lambda params, xs, state0: (
            together([rnn_step_forward(params, x, state0)[1] for x in xs])
        ),
        "the first step starts from zeros and not from state0, as with hs[t - 1] at t = 0 in a new array": lambda params, xs, state0: (
            rnn_forward(params, xs, 0 * state0)
        ),
        "time runs backwards: the last input is read first": lambda params, xs, state0: rnn_forward(params, xs[::-1], state0),
        "the first input is read at every step": lambda params, xs, state0: rnn_forward(params, np.stack([xs[0]] * len(xs)), state0),
        "the last input is not read: the loop ends one step too early": lambda params, xs, state0: rnn_forward(params, xs[:-1], state0),
        "the first input is not read: the loop starts one step too late": lambda params, xs, state0: rnn_forward(params, xs[1:], state0),
        "only the first input is read: the loop ends in its first turn, as when return stands inside it": lambda params, xs, state0: (
            rnn_forward(params, xs[:1], state0)
        ),
        "the loop runs over the batch; the first axis of xs is time": loop_over_the_batch,
        "the states come in the wrong order: hs[0] is the last one": with_hs(lambda hs, state0: hs[::-1]),
        "hs holds the state before each step: append h after the step": with_hs(lambda hs, state0: np.stack([state0, *hs[:-1]])),
        "hs also holds state0; it has one entry for each input": with_hs(lambda hs, state0: np.stack([state0, *hs])),
        "the states are stacked along the second axis; time is the first one": with_hs(lambda hs, state0: hs.swapaxes(0, 1)),
        "the states are joined along the batch, which makes one axis of T and B; time needs an axis of its own": with_hs(
            lambda hs, state0: np.concatenate(hs)
        ),
        "hs and state_T are exchanged; all states come first": exchanged,
        "all entries of hs are one array that each step overwrites; make a new one in each step": with_hs(
            lambda hs, state0: np.stack([hs[-1]] * len(hs))
        ),
        "state_T is the first state; it is the last one": with_state_T(lambda hs, state0: hs[0]),
        "state_T is state0, because the new state has another name inside the loop": with_state_T(lambda hs, state0: state0),
        "state_T is hs[:, -1], the last sequence of the batch; the last step is hs[-1]": with_state_T(lambda hs, state0: hs[:, -1]),
        "cache.steps comes in the wrong order; step 0 comes first": with_steps(lambda steps: steps[::-1]),
        "only the last step's cache is kept": with_steps(lambda steps: steps[-1:]),
        "cache.steps is the cache of the last step; it is the list of all of them": with_steps(lambda steps: steps[-1]),
    },
)
