"""Lab 5, part 3: a sequence forward.

Contents
    sequence_forward    the check of `lstm_forward`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab05.inputs import PARAMS, STATE, XS, draw_sequence
from rnncore.reference.lstm import LSTMCache, LSTMState, lstm_forward, lstm_step_forward

__all__ = ["sequence_forward"]


def loop(params, xs, state0, carry=lambda state, state0: state):
    """The right loop, but that each step after the first starts from `carry(state after the last one, state0)`."""
    start, states, steps = state0, [], []
    for x in xs:
        state, step = lstm_step_forward(params, x, start)
        start = carry(state, state0)
        states.append(state)
        steps.append(step)
    hs = np.stack([state.h for state in states])
    return hs, states[-1], LSTMCache(steps, hs)


def cell_states(cache):
    """The cell state after each step, from the caches of the steps."""
    return np.stack([step.f * step.c + step.i * step.g for step in cache.steps])


def with_hs(change):
    """The right function but for what `change(hs, state0, cs)` makes of hs."""

    def wrong(params, xs, state0):
        hs, state_T, cache = lstm_forward(params, xs, state0)
        return change(hs, state0, cell_states(cache)), state_T, cache

    return wrong


def with_state_T(change):
    """The right function but for what `change(hs, cs, state0)` makes of state_T."""

    def wrong(params, xs, state0):
        hs, _, cache = lstm_forward(params, xs, state0)
        return hs, change(hs, cell_states(cache), state0), cache

    return wrong


def with_steps(change):
    def wrong(params, xs, state0):
        hs, state_T, cache = lstm_forward(params, xs, state0)
        return hs, state_T, LSTMCache(change(cache.steps), hs)

    return wrong


def turned(params, xs, state0):
    """h and c exchanged at the start."""
    return lstm_forward(params, xs, LSTMState(state0.c, state0.h))


def two_halves_are_the_whole(function, rng):
    """A sequence read in two parts, the second from the state that the first left, gives what the whole gives."""
    ((params, xs, state0),) = draw_sequence(rng, np.float64, T=5, B=3, D=2, H=4)
    hs, state_T, _ = function(params, xs, state0)
    first, half, _ = function(params, xs[:2], state0)
    second, end, _ = function(params, xs[2:], half)
    compare("hs of a sequence read in two parts", np.concatenate([first, second]), hs)
    compare("state_T of a sequence read in two parts", end, state_T)


sequence_forward = Exercise(
    lstm_forward,
    outputs=("hs", "state_T", "cache"),
    letters="TBDH",
    least={"T": 3},  # with two steps, a loop that returns too early reads as much as one that leaves out the last step
    example=lambda: (PARAMS, XS, STATE),
    draw=draw_sequence,
    properties=(two_halves_are_the_whole,),
    mistakes={
        "the state is not carried: every step starts from state0": lambda params, xs, state0: (
            loop(params, xs, state0, lambda state, state0: state0)
        ),
        "only h is carried: every step starts from the cell state of state0": lambda params, xs, state0: (
            loop(params, xs, state0, lambda state, state0: LSTMState(state.h, state0.c))
        ),
        "only h is carried: every step after the first starts from a cell state of zeros": lambda params, xs, state0: (
            loop(params, xs, state0, lambda state, state0: LSTMState(state.h, 0 * state.c))
        ),
        "only h is carried: every step starts from a cell state of zeros": lambda params, xs, state0: (
            loop(params, xs, LSTMState(state0.h, 0 * state0.c), lambda state, state0: LSTMState(state.h, 0 * state.c))
        ),
        "only c is carried: every step starts from the hidden state of state0": lambda params, xs, state0: (
            loop(params, xs, state0, lambda state, state0: LSTMState(state0.h, state.c))
        ),
        "only c is carried: every step starts from a hidden state of zeros": lambda params, xs, state0: (
            loop(params, xs, LSTMState(0 * state0.h, state0.c), lambda state, state0: LSTMState(0 * state.h, state.c))
        ),
        "h stands in the place of c from one step to the next; the two are carried side by side": lambda params, xs, state0: (
            loop(params, xs, state0, lambda state, state0: LSTMState(state.h, state.h))
        ),
        "h and c are exchanged from one step to the next; the state is (h, c)": lambda params, xs, state0: (
            loop(params, xs, state0, lambda state, state0: LSTMState(state.c, state.h))
        ),
        "h and c of state0 are exchanged; the state is (h, c)": turned,
        "the first step starts from zeros and not from state0": lambda params, xs, state0: (
            lstm_forward(params, xs, LSTMState(0 * state0.h, 0 * state0.c))
        ),
        "the first step starts from a cell state of zeros and not from that of state0": lambda params, xs, state0: (
            lstm_forward(params, xs, LSTMState(state0.h, 0 * state0.c))
        ),
        "time runs backwards: the last input is read first": lambda params, xs, state0: lstm_forward(params, xs[::-1], state0),
        "the first input is read at every step": lambda params, xs, state0: lstm_forward(params, np.stack([xs[0]] * len(xs)), state0),
        "the function ends after the first step: its return stands inside the loop": lambda params, xs, state0: (
            lstm_forward(params, xs[:1], state0)
        ),
        "the last input is not read: the loop ends one step too early": lambda params, xs, state0: lstm_forward(params, xs[:-1], state0),
        "the first input is not read: the loop starts one step too late": lambda params, xs, state0: lstm_forward(params, xs[1:], state0),
        "the loop runs over the batch; the first axis of xs is time": lambda params, xs, state0: (loop(params, xs.swapaxes(0, 1), state0)),
        "hs holds the cell states; the next layer is shown h": with_hs(lambda hs, state0, cs: cs),
        "the states come in the wrong order: hs[0] is the last one": with_hs(lambda hs, state0, cs: hs[::-1]),
        "hs holds the state before each step: append after the step": with_hs(lambda hs, state0, cs: np.stack([state0.h, *hs[:-1]])),
        "hs also holds the h of state0; it has one entry for each input": with_hs(lambda hs, state0, cs: np.stack([state0.h, *hs])),
        "the states are stacked along the second axis; time is the first one": with_hs(lambda hs, state0, cs: hs.swapaxes(0, 1)),
        "whole states, h and c, are stacked; hs holds h only": with_hs(lambda hs, state0, cs: np.stack([hs, cs], axis=1)),
        "hs is only the last hidden state; every step's belongs there": with_hs(lambda hs, state0, cs: hs[-1]),
        "all entries of hs are one array that each step overwrites; make a new one in each step": with_hs(
            lambda hs, state0, cs: np.stack([hs[-1]] * len(hs))
        ),
        "state_T is the state after the first step; it is the last one": with_state_T(lambda hs, cs, state0: LSTMState(hs[0], cs[0])),
        "state_T is state0, because the new state has another name inside the loop": with_state_T(lambda hs, cs, state0: state0),
        "h and c are exchanged in state_T; it is LSTMState(h, c)": with_state_T(lambda hs, cs, state0: LSTMState(cs[-1], hs[-1])),
        "state_T.c is the hidden state; it is the cell state": with_state_T(lambda hs, cs, state0: LSTMState(hs[-1], hs[-1])),
        "state_T.c is that of state0; it is the cell state after the last step": with_state_T(
            lambda hs, cs, state0: LSTMState(hs[-1], state0.c)
        ),
        "state_T.c is the cell state before the last step": with_state_T(
            lambda hs, cs, state0: LSTMState(hs[-1], cs[-2] if len(cs) > 1 else state0.c)
        ),
        "state_T.h is hs[:, -1], the last sequence of the batch; the last step is hs[-1]": with_state_T(
            lambda hs, cs, state0: LSTMState(hs[:, -1], cs[-1])
        ),
        "cache.steps comes in the wrong order; step 0 comes first": with_steps(lambda steps: steps[::-1]),
        "only the last step's cache is kept": with_steps(lambda steps: steps[-1:]),
    },
)
