"""Lab 5, part 2: one step forward."""

import sys
import warnings

import numpy as np

from rnncore.reference import LSTMState, LSTMStepCache, lstm_step_forward, sigmoid
from tests.corpus.answers import right, wrong


def lstm_gates(params, x, h):
    """What part 1 wrote."""
    a = x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"]
    a_i, a_f, a_g, a_o = np.split(a, 4, axis=1)
    return sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)


def packed(params, x, state, gates, h_next, c_next, tanh_c=None):
    """The two results, once the numbers are there."""
    tanh_c = np.tanh(c_next) if tanh_c is None else tanh_c
    return LSTMState(h_next, c_next), LSTMStepCache(params, x, state.h, state.c, *gates, tanh_c)


@right
def with_names(params, x, state):
    i, f, g, o = lstm_gates(params, x, state.h)
    c_next = np.multiply(f, state.c) + np.multiply(i, g)
    tanh_c = np.tanh(c_next)
    cache = LSTMStepCache(params=params, x=x, h=state.h, c=state.c, i=i, f=f, g=g, o=o, tanh_c=tanh_c)
    return LSTMState(h=o * tanh_c, c=c_next), cache


@right
def without_lstm_gates(params, x, state):
    h, c = state
    H = h.shape[1]
    a = x @ params["weight_ih"].T + h @ params["weight_hh"].T + (params["bias_ih"] + params["bias_hh"])
    gates = 1 / (1 + np.exp(-a))
    i, f, o, g = gates[:, :H], gates[:, H : 2 * H], gates[:, 3 * H :], np.tanh(a[:, 2 * H : 3 * H])
    c_next = f * c + i * g
    return LSTMState(o * np.tanh(c_next), c_next), LSTMStepCache(params, x, h, c, i, f, g, o, np.tanh(c_next))


@right
def kept_and_written(params, x, state):
    gates = i, f, g, o = lstm_gates(params, x, state[0])
    kept, written = f * state[1], i * g
    print("kept", np.linalg.norm(kept), "written", np.linalg.norm(written))
    c_next = kept + written
    return [*packed(params, x, state, gates, o * np.tanh(c_next), c_next)]


@right
def entry_by_entry(params, x, state):
    i, f, g, o = lstm_gates(params, x, state.h)
    c_next, h_next, tanh_c = np.empty_like(state.c), np.empty_like(state.h), np.empty_like(state.c)
    for b, j in np.ndindex(*state.c.shape):
        c_next[b, j] = f[b, j] * state.c[b, j] + i[b, j] * g[b, j]
        tanh_c[b, j] = np.tanh(c_next[b, j])
        h_next[b, j] = o[b, j] * tanh_c[b, j]
    return packed(params, x, state, (i, f, g, o), h_next, c_next, tanh_c)


@right
def in_place_on_its_own_arrays(params, x, state):
    gates = lstm_gates(params, x, state.h)
    c_next = state.c.copy()
    c_next *= gates[1]
    c_next += gates[0] * gates[2]
    tanh_c = 1 - 2 / (np.exp(2 * c_next) + 1)
    return packed(params, x, state, gates, np.einsum("bh,bh->bh", gates[3], tanh_c), c_next, tanh_c)


@right
def warns(params, x, state):
    warnings.warn("a warning must cost nothing", stacklevel=1)
    np.array([1.0]) / np.array([0.0])
    print("nor must this", file=sys.stderr)
    return lstm_step_forward(params, x, state)


@wrong("i and f are exchanged")
def gates_mixed_up(params, x, state):
    gates = i, f, g, o = lstm_gates(params, x, state.h)
    c_next = i * state.c + f * g
    return packed(params, x, state, gates, o * np.tanh(c_next), c_next)


@wrong("the forget gate is turned round")
def one_means_forget(params, x, state):
    gates = i, f, g, o = lstm_gates(params, x, state.h)
    c_next = (1 - f) * state.c + i * g
    return packed(params, x, state, gates, o * np.tanh(c_next), c_next)


@wrong("1 - f stands in the place of i")
def as_in_a_gru(params, x, state):
    gates = _, f, g, o = lstm_gates(params, x, state.h)
    c_next = f * state.c + (1 - f) * g
    return packed(params, x, state, gates, o * np.tanh(c_next), c_next)


@wrong("the input gate i is left out")
def no_input_gate(params, x, state):
    gates = _, f, g, o = lstm_gates(params, x, state.h)
    c_next = f * state.c + g
    return packed(params, x, state, gates, o * np.tanh(c_next), c_next)


@wrong("f multiplies h")
def keeps_what_is_shown(params, x, state):
    gates = i, f, g, o = lstm_gates(params, x, state.h)
    c_next = f * state.h + i * g
    return packed(params, x, state, gates, o * np.tanh(c_next), c_next)


@wrong("the cell state is squeezed by tanh")
def squeezed(params, x, state):
    gates = i, f, g, o = lstm_gates(params, x, state.h)
    c_next = np.tanh(f * state.c + i * g)
    return packed(params, x, state, gates, o * np.tanh(c_next), c_next)


@wrong("f and c are multiplied with @")
def matrix_product(params, x, state):
    gates = i, f, g, o = lstm_gates(params, x, state.h)
    c_next = f @ state.c + i @ g
    return packed(params, x, state, gates, o @ np.tanh(c_next), c_next)


@wrong("tanh is left out of h_next")
def shown_as_it_is(params, x, state):
    gates = i, f, g, o = lstm_gates(params, x, state.h)
    c_next = f * state.c + i * g
    return packed(params, x, state, gates, o * c_next, c_next)


@wrong("tanh is applied after the output gate")
def tanh_too_late(params, x, state):
    gates = i, f, g, o = lstm_gates(params, x, state.h)
    c_next = f * state.c + i * g
    return packed(params, x, state, gates, np.tanh(o * c_next), c_next)


@wrong("h_next shows the old cell state c")
def old_cell_state_shown(params, x, state):
    h, c = state
    gates = i, f, g, o = lstm_gates(params, x, h)
    h_next = o * np.tanh(c)
    return packed(params, x, state, gates, h_next, f * c + i * g)


@wrong("the gates look at c")
def gates_see_the_cell(params, x, state):
    gates = i, f, g, o = lstm_gates(params, x, state.c)
    c_next = f * state.c + i * g
    return packed(params, x, state, gates, o * np.tanh(c_next), c_next)


@wrong("the state is taken apart as c, h")
def taken_apart_the_wrong_way(params, x, state):
    c, h = state
    i, f, g, o = lstm_gates(params, x, h)
    c_next = f * c + i * g
    return LSTMState(o * np.tanh(c_next), c_next), LSTMStepCache(params, x, h, c, i, f, g, o, np.tanh(c_next))


@wrong("h and c are exchanged in state_next")
def put_together_the_wrong_way(params, x, state):
    gates = i, f, g, o = lstm_gates(params, x, state.h)
    c_next = f * state.c + i * g
    return LSTMState(c_next, o * np.tanh(c_next)), packed(params, x, state, gates, c_next, c_next)[1]


@wrong("the results of lstm_gates are named i, f, o, g")
def named_in_another_order(params, x, state):
    i, f, o, g = lstm_gates(params, x, state.h)
    c_next = f * state.c + i * g
    return packed(params, x, state, (i, f, g, o), o * np.tanh(c_next), c_next)


@wrong("the cache keeps c_next where it should keep c")
def name_used_twice(params, x, state):
    h, c = state
    i, f, g, o = lstm_gates(params, x, h)
    c = f * c + i * g
    tanh_c = np.tanh(c)
    return LSTMState(o * tanh_c, c), LSTMStepCache(params, x, h, c, i, f, g, o, tanh_c)


@wrong("the cache keeps h_next and c_next where it should keep h and c")
def both_names_used_twice(params, x, state):
    h, c = state
    i, f, g, o = lstm_gates(params, x, h)
    c = f * c + i * g
    h = o * np.tanh(c)
    return LSTMState(h, c), LSTMStepCache(params, x, h, c, i, f, g, o, np.tanh(c))


@wrong("the cache keeps c_next where it should keep tanh_c")
def no_tanh_kept(params, x, state):
    gates = i, f, g, o = lstm_gates(params, x, state.h)
    c_next = f * state.c + i * g
    return packed(params, x, state, gates, o * np.tanh(c_next), c_next, c_next)


@wrong("it changed its argument state in place; work on a copy.")
def state_changed_in_place(params, x, state):
    before = LSTMState(state.h, state.c.copy())
    gates = i, f, g, o = lstm_gates(params, x, state.h)
    c = state.c
    c *= f
    c += i * g
    return packed(params, x, before, gates, o * np.tanh(c), c)


@wrong("state_next must be LSTMState(h, c), got a tuple of 2.")
def bare_pair(params, x, state):
    (h, c), cache = lstm_step_forward(params, x, state)
    return (h, c), cache


@wrong("it must return 2 values (state_next, cache), got a tuple of 3.")
def three_results(params, x, state):
    (h, c), cache = lstm_step_forward(params, x, state)
    return h, c, cache


@wrong("the cell state is squeezed by tanh; only what is shown is.")
def tanh_kept(params, x, state):
    h, c = state
    i, f, g, o = lstm_gates(params, x, h)
    c_next = np.tanh(f * c + i * g)
    return LSTMState(o * c_next, c_next), LSTMStepCache(params, x, h, c, i, f, g, o, c_next)
