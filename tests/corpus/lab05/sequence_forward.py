"""Lab 5, part 3: a sequence forward."""

import numpy as np

from rnncore.reference import LSTMCache, LSTMState, lstm_forward, lstm_step_forward
from tests.corpus.answers import right, wrong


@right
def array_made_in_advance(params, xs, state0):
    T, (B, H) = len(xs), state0.h.shape
    hs, steps, state = np.empty((T, B, H), dtype=xs.dtype), [None] * T, state0
    for t in range(T):
        state, steps[t] = lstm_step_forward(params, xs[t], state)
        hs[t] = state.h
    return hs, state, LSTMCache(steps, hs)


@right
def two_variables(params, xs, state0):
    h, c = state0
    hs, steps = [], []
    for x in xs:
        (h, c), step = lstm_step_forward(params, x, LSTMState(h, c))
        hs.append(h)
        steps.append(step)
    return np.array(hs), LSTMState(h, c), LSTMCache(tuple(steps), np.array(hs))


@right
def recursive(params, xs, state0):
    state, step = lstm_step_forward(params, xs[0], state0)
    if len(xs) == 1:
        return state.h[None], state, LSTMCache([step], state.h[None])
    hs, state_T, cache = recursive(params, xs[1:], state)
    hs = np.concatenate([state.h[None], hs])
    return hs, state_T, LSTMCache([step, *cache.steps], hs)


@right
def all_states_kept(params, xs, state0):
    states, steps = [state0], []
    for x in xs:
        state, step = lstm_step_forward(params, x, states[-1])
        states += [state]
        steps += [step]
    hs = np.stack([state.h for state in states[1:]])
    return hs, states[-1], LSTMCache(steps=steps, hs=hs)


@right
def with_while(params, xs, state0):
    t, h, c, steps = 0, state0.h.copy(), state0.c.copy(), []
    while t < xs.shape[0]:
        state, step = lstm_step_forward(params, xs[t], LSTMState(h, c))
        h, c = state.h, state.c
        print(f"step {t}: largest cell state {np.abs(c).max():.3f}")
        steps.append(step)
        t += 1
    hs = np.stack([step.o * step.tanh_c for step in steps], axis=0)
    return hs, LSTMState(h=h, c=c), LSTMCache(steps, hs)


@right
def concatenated(params, xs, state0):
    hs, steps, state = np.zeros((0, *state0.h.shape), xs.dtype), [], state0
    for t, x in enumerate(xs):
        state, step = lstm_step_forward(params, x, state)
        hs = np.append(hs, state.h[np.newaxis], axis=0)
        steps.insert(t, step)
    return [hs, state, LSTMCache(steps, hs)]


def after(states, steps):
    """The three results from the states after the steps and their caches."""
    hs = np.stack([state.h for state in states])
    return hs, states[-1], LSTMCache(steps, hs)


@wrong("the state is not carried")
def same_start(params, xs, state0):
    pairs = [lstm_step_forward(params, x, state0) for x in xs]
    return after([state for state, _ in pairs], [step for _, step in pairs])


@wrong("only h is carried: every step starts from the cell state of state0")
def h_alone(params, xs, state0):
    h, states, steps = state0.h, [], []
    for x in xs:
        state, step = lstm_step_forward(params, x, LSTMState(h, state0.c))
        h = state.h
        states.append(state)
        steps.append(step)
    return after(states, steps)


@wrong("only h is carried: every step starts from a cell state of zeros")
def new_cell_state_each_time(params, xs, state0):
    h, states, steps = state0.h, [], []
    for x in xs:
        state, step = lstm_step_forward(params, x, LSTMState(h, np.zeros_like(h)))
        h = state.h
        states.append(state)
        steps.append(step)
    return after(states, steps)


@wrong("h stands in the place of c")
def one_state_for_both(params, xs, state0):
    state, states, steps = state0, [], []
    for x in xs:
        state, step = lstm_step_forward(params, x, state)
        states.append(state)
        steps.append(step)
        state = LSTMState(state.h, state.h)
    return after(states, steps)


@wrong("h and c are exchanged from one step to the next")
def exchanged_on_the_way(params, xs, state0):
    state, states, steps = state0, [], []
    for x in xs:
        state, step = lstm_step_forward(params, x, state)
        states.append(state)
        steps.append(step)
        c, h = state
        state = LSTMState(h, c)
    return after(states, steps)


@wrong("the first step starts from zeros")
def starts_from_nothing(params, xs, state0):
    state, states, steps = LSTMState(np.zeros_like(state0.h), np.zeros_like(state0.c)), [], []
    for x in xs:
        state, step = lstm_step_forward(params, x, state)
        states.append(state)
        steps.append(step)
    return after(states, steps)


@wrong("the loop runs over the batch")
def over_the_batch(params, xs, state0):
    state, states, steps = state0, [], []
    for b in range(xs.shape[1]):
        state, step = lstm_step_forward(params, xs[:, b], state)
        states.append(state)
        steps.append(step)
    return after(states, steps)


@wrong("hs holds the cell states")
def cell_states_shown(params, xs, state0):
    state, cs, steps = state0, [], []
    for x in xs:
        state, step = lstm_step_forward(params, x, state)
        cs.append(state.c)
        steps.append(step)
    return np.stack(cs), state, LSTMCache(steps, np.stack(cs))


@wrong("whole states, h and c, are stacked")
def pairs_stacked(params, xs, state0):
    state, states, steps = state0, [], []
    for x in xs:
        state, step = lstm_step_forward(params, x, state)
        states.append(state)
        steps.append(step)
    return np.stack(states), state, LSTMCache(steps, np.stack(states))


@wrong("hs must be a NumPy array of shape (2, 1, 1), got a list of 2.")
def not_stacked(params, xs, state0):
    state, hs, steps = state0, [], []
    for x in xs:
        state, step = lstm_step_forward(params, x, state)
        hs.append(state.h)
        steps.append(step)
    return hs, state, LSTMCache(steps, hs)


@wrong("state_T must be LSTMState(h, c), got an array of shape (1, 1).")
def last_hidden_state_only(params, xs, state0):
    hs, state, cache = lstm_forward(params, xs, state0)
    return hs, state.h, cache


@wrong("state_T.c is that of state0")
def cell_state_not_renamed(params, xs, state0):
    h, c = state0
    state, hs, steps = state0, [], []
    for x in xs:
        state, step = lstm_step_forward(params, x, state)
        h = state.h
        hs.append(h)
        steps.append(step)
    return np.stack(hs), LSTMState(h, c), LSTMCache(steps, np.stack(hs))


@wrong("state_T.c is the hidden state")
def h_returned_twice(params, xs, state0):
    hs, _, cache = lstm_forward(params, xs, state0)
    return hs, LSTMState(hs[-1], hs[-1]), cache


@wrong("state_T.c is the cell state before the last step")
def from_the_last_cache(params, xs, state0):
    hs, _, cache = lstm_forward(params, xs, state0)
    return hs, LSTMState(hs[-1], cache.steps[-1].c), cache


@wrong("time runs backwards")
def from_the_end(params, xs, state0):
    state, states, steps = state0, [], []
    for t in range(len(xs) - 1, -1, -1):
        state, step = lstm_step_forward(params, xs[t], state)
        states.append(state)
        steps.append(step)
    return after(states, steps)


@wrong("hs holds the state before each step")
def appended_too_early(params, xs, state0):
    state, hs, steps = state0, [], []
    for x in xs:
        hs.append(state.h)
        state, step = lstm_step_forward(params, x, state)
        steps.append(step)
    return np.stack(hs), state, LSTMCache(steps, np.stack(hs))


@wrong("must have the dtype of the inputs, float32, got float64.")
def float64_forced(params, xs, state0):
    hs, state, cache = lstm_forward(params, xs, state0)
    wide = np.zeros(hs.shape)
    wide[:] = hs
    return wide, state, cache


@wrong("only the last step's cache is kept")
def one_cache(params, xs, state0):
    state, hs = state0, []
    for x in xs:
        state, step = lstm_step_forward(params, x, state)
        hs.append(state.h)
    return np.stack(hs), state, LSTMCache([step], np.stack(hs))


@wrong("it changed its argument state0 in place; work on a copy.")
def state0_overwritten(params, xs, state0):
    hs, steps = [], []
    start = LSTMState(state0.h.copy(), state0.c.copy())
    _, _, right_cache = lstm_forward(params, xs, start)
    for x in xs:
        state, _ = lstm_step_forward(params, x, state0)
        state0.h[:], state0.c[:] = state
        hs.append(state.h)
        steps.append(None)
    return np.stack(hs), state, right_cache


@wrong("hs also holds the h of state0; it has one entry for each input.")
def state0_in_hs(params, xs, state0):
    state = state0
    hs, steps = [state0.h], []
    for x in xs:
        state, cache = lstm_step_forward(params, x, state)
        hs.append(state.h)
        steps.append(cache)
    hs = np.stack(hs)
    return hs, state, LSTMCache(steps, hs)


@wrong("the loop runs over the batch; the first axis of xs is time.")
def batch_loop(params, xs, state0):
    state = state0
    hs, steps = [], []
    for t in range(xs.shape[1]):
        state, cache = lstm_step_forward(params, xs[:, t], state)
        hs.append(state.h)
        steps.append(cache)
    hs = np.stack(hs)
    return hs, state, LSTMCache(steps, hs)


@wrong("the states are stacked along the second axis; time is the first one.")
def batch_first(params, xs, state0):
    state = state0
    hs, steps = [], []
    for x in xs:
        state, cache = lstm_step_forward(params, x, state)
        hs.append(state.h)
        steps.append(cache)
    hs = np.stack(hs, axis=1)
    return hs, state, LSTMCache(steps, hs)


@wrong("the function ends after the first step: its return stands inside the loop.")
def returned_in_loop(params, xs, state0):
    state = state0
    hs, steps = [], []
    for x in xs:
        state, cache = lstm_step_forward(params, x, state)
        hs.append(state.h)
        steps.append(cache)
        return np.stack(hs), state, LSTMCache(steps, np.stack(hs))


@wrong("the first input is not read: the loop starts one step too late.")
def skips_first(params, xs, state0):
    state = state0
    hs, steps = [], []
    for t in range(1, len(xs)):
        state, cache = lstm_step_forward(params, xs[t], state)
        hs.append(state.h)
        steps.append(cache)
    hs = np.stack(hs)
    return hs, state, LSTMCache(steps, hs)
