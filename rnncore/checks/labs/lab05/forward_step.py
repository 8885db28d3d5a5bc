"""Lab 5, part 2: one time step forward.

Contents
    step_forward    the check of `lstm_step_forward`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab05.inputs import PARAMS, STATE, X, draw_step
from rnncore.reference.activations import sigmoid
from rnncore.reference.lstm import LSTMState, LSTMStepCache, lstm_step_forward

__all__ = ["step_forward"]


def with_states(new_c=None, new_h=None):
    """The right function but for the cell state that `new_c` or the hidden state that `new_h` makes."""

    def wrong(params, x, state):
        _, _, h, c, i, f, g, o, _ = lstm_step_forward(params, x, state)[1]
        c_next = new_c(h, c, i, f, g, o) if new_c else f * c + i * g
        h_next = new_h(c_next, c, i, f, g, o) if new_h else o * np.tanh(c_next)
        return LSTMState(h_next, c_next), LSTMStepCache(params, x, h, c, i, f, g, o, np.tanh(c_next))

    return wrong


def with_cache(change):
    """The right function but for the fields of the cache that `change(cache, state_next)` gives."""

    def wrong(params, x, state):
        state_next, cache = lstm_step_forward(params, x, state)
        return state_next, cache._replace(**change(cache, state_next))

    return wrong


def gates_named(order):
    """The four results of lstm_gates taken under other names."""

    def wrong(params, x, state):
        _, _, h, c, *four, _ = lstm_step_forward(params, x, state)[1]
        i, f, g, o = (four[order.index(name)] for name in "ifgo")
        c_next = f * c + i * g
        return LSTMState(o * np.tanh(c_next), c_next), LSTMStepCache(params, x, h, c, i, f, g, o, np.tanh(c_next))

    return wrong


def gates_from(choose):
    """The gates look at `choose(state)` in the place of h."""

    def wrong(params, x, state):
        _, _, _, _, i, f, g, o, _ = lstm_step_forward(params, x, LSTMState(choose(state), state.c))[1]
        c_next = f * state.c + i * g
        return LSTMState(o * np.tanh(c_next), c_next), LSTMStepCache(params, x, *state, i, f, g, o, np.tanh(c_next))

    return wrong


def turned(params, x, state):
    return lstm_step_forward(params, x, LSTMState(state.c, state.h))


def an_open_cell_keeps(function, rng):
    """With the forget gate open and the input gate shut, the cell state stays as it is; with the output gate shut, h is zero."""
    ((params, x, state),) = draw_step(rng, np.float64, B=3, D=2, H=4)
    bias = params["bias_ih"].copy()
    bias[:4], bias[4:8], bias[12:] = -60, 60, -60
    state_next, _ = function({**params, "bias_ih": bias}, x, state)
    compare("with the input gate shut and the forget gate open, c_next", state_next.c, state.c)
    compare("with the output gate shut, h_next", state_next.h, np.zeros((3, 4)))


step_forward = Exercise(
    lstm_step_forward,
    outputs=("state_next", "cache"),
    letters="BDH",
    example=lambda: (PARAMS, X, STATE),
    draw=draw_step,
    properties=(an_open_cell_keeps,),
    mistakes={
        "i and f are exchanged: f multiplies the old cell state and i the candidate": with_states(lambda h, c, i, f, g, o: i * c + f * g),
        "the forget gate is turned round: f is what is kept, so the old cell state is multiplied by f and not by 1 - f": with_states(
            lambda h, c, i, f, g, o: (1 - f) * c + i * g
        ),
        "1 - i stands in the place of f": with_states(lambda h, c, i, f, g, o: (1 - i) * c + i * g),
        "1 - f stands in the place of i": with_states(lambda h, c, i, f, g, o: f * c + (1 - f) * g),
        "the input gate i is left out of c_next": with_states(lambda h, c, i, f, g, o: f * c + g),
        "the forget gate f is left out of c_next: nothing is ever forgotten": with_states(lambda h, c, i, f, g, o: c + i * g),
        "the candidate g is left out of c_next": with_states(lambda h, c, i, f, g, o: f * c + i),
        "the old cell state c is left out of c_next": with_states(lambda h, c, i, f, g, o: i * g),
        "f multiplies h; what is kept or forgotten is the cell state c": with_states(lambda h, c, i, f, g, o: f * h + i * g),
        "the two parts of c_next are multiplied; they are added": with_states(lambda h, c, i, f, g, o: f * c * i * g),
        "the new part of c_next is subtracted": with_states(lambda h, c, i, f, g, o: f * c - i * g),
        "the cell state is squeezed by tanh; only what is shown is": with_states(lambda h, c, i, f, g, o: np.tanh(f * c + i * g)),
        "f and c are multiplied with @; a gate multiplies entry by entry, with *": with_states(lambda h, c, i, f, g, o: f @ c + i @ g),
        "tanh is left out of h_next": with_states(new_h=lambda c_next, c, i, f, g, o: o * c_next),
        "tanh is applied after the output gate; it belongs to c_next alone": with_states(
            new_h=lambda c_next, c, i, f, g, o: np.tanh(o * c_next)
        ),
        "a sigmoid stands in the place of tanh in h_next": with_states(new_h=lambda c_next, c, i, f, g, o: o * sigmoid(c_next)),
        "h_next shows the old cell state c; it shows c_next": with_states(new_h=lambda c_next, c, i, f, g, o: o * np.tanh(c)),
        "the output gate o is left out of h_next": with_states(new_h=lambda c_next, c, i, f, g, o: np.tanh(c_next)),
        "h_next shows the candidate g; it shows c_next": with_states(new_h=lambda c_next, c, i, f, g, o: o * g),
        "the gates look at c; they look at x and h": gates_from(lambda state: state.c),
        "the gates do not look at h": gates_from(lambda state: 0 * state.h),
        "the state is taken apart as c, h; it is (h, c)": lambda params, x, state: turned(params, x, state),
        "h and c are exchanged in state_next; it is LSTMState(h, c)": lambda params, x, state: (
            LSTMState(*turned(params, x, LSTMState(state.c, state.h))[0][::-1]),
            lstm_step_forward(params, x, state)[1],
        ),
        "the state is taken apart and put together as c, h; it is (h, c)": lambda params, x, state: (
            LSTMState(*turned(params, x, state)[0][::-1]),
            turned(params, x, state)[1],
        ),
        "the results of lstm_gates are named i, f, o, g; they are i, f, g, o": gates_named("ifog"),
        "the results of lstm_gates are named f, i, g, o; they are i, f, g, o": gates_named("figo"),
        "the results of lstm_gates are named f, i, o, g; they are i, f, g, o": gates_named("fiog"),
        "the cache keeps c_next where it should keep c, the cell state before the step": with_cache(lambda k, after: {"c": after.c}),
        "the cache keeps h_next where it should keep h, the hidden state before the step": with_cache(lambda k, after: {"h": after.h}),
        "the cache keeps h_next and c_next where it should keep h and c, the state before the step": with_cache(
            lambda k, after: {"h": after.h, "c": after.c}
        ),
        "the cache keeps c_next where it should keep tanh_c, its tanh": with_cache(lambda k, after: {"tanh_c": after.c}),
        "the cache keeps h_next where it should keep tanh_c, which the output gate has not multiplied": with_cache(
            lambda k, after: {"tanh_c": after.h}
        ),
        "tanh_c in the cache is that of the old cell state": with_cache(lambda k, after: {"tanh_c": np.tanh(k.c)}),
        "h and c are exchanged in the cache": with_cache(lambda k, after: {"h": k.c, "c": k.h}),
        "i and f are exchanged in the cache": with_cache(lambda k, after: {"i": k.f, "f": k.i}),
        "g and o are exchanged in the cache": with_cache(lambda k, after: {"g": k.o, "o": k.g}),
    },
)
