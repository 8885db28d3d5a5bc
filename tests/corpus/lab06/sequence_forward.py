"""Lab 6, part 3: a sequence forward."""

import numpy as np

from rnncore.reference import GRUCache, gru_forward, gru_step_forward
from tests.corpus.answers import right, wrong


@right
def two_lists(params, xs, state0):
    h, hs, steps = state0, [], []
    for t in range(len(xs)):
        h, step = gru_step_forward(params, xs[t], h)
        hs.append(h)
        steps.append(step)
    return np.array(hs), h, GRUCache(steps, np.array(hs))


@right
def preallocated(params, xs, state0):
    T, B, _ = xs.shape
    hs, steps = np.zeros((T, B, state0.shape[1]), dtype=xs.dtype), []
    for t, x in enumerate(xs):
        hs[t], step = gru_step_forward(params, x, hs[t - 1] if t else state0)
        steps += [step]
    return hs, hs[-1], GRUCache(steps=steps, hs=hs)


@right
def room_for_the_first_state(params, xs, state0):
    hs, steps = np.empty((len(xs) + 1, *state0.shape), xs.dtype), [None] * len(xs)
    hs[0] = state0
    for t in range(len(xs)):
        hs[t + 1], steps[t] = gru_step_forward(params, xs[t], hs[t])
    return hs[1:], hs[-1].copy(), GRUCache(steps, hs[1:])


@right
def recursive(params, xs, state0):
    h, step = gru_step_forward(params, xs[0], state0)
    if len(xs) == 1:
        return h[None], h, GRUCache([step], h[None])
    later, state_T, cache = recursive(params, xs[1:], h)
    hs = np.concatenate([h[None], later])
    return hs, state_T, GRUCache([step, *cache.steps], hs)


@right
def states_read_off_the_caches(params, xs, state0):
    steps, h = [], state0
    for x in xs:
        h, step = gru_step_forward(params, x, h)
        steps.append(step)
    hs = np.stack([step.h for step in steps[1:]] + [h])
    return hs, hs[len(xs) - 1], GRUCache(steps, hs)


@right
def prints_as_it_goes(params, xs, state0):
    results = [(state0, None)]
    for t, x in enumerate(xs):
        results.append(gru_step_forward(params, x, results[-1][0]))
        print("step", t, "mean of the update gate", results[-1][1].z.mean())
    hs = np.stack([h for h, _ in results[1:]], axis=0)
    return [hs, results[-1][0], GRUCache(tuple(step for _, step in results[1:]), hs)]


@wrong("the state is not carried")
def always_from_the_first_state(params, xs, state0):
    hs, steps = [], []
    for x in xs:
        h_next, step = gru_step_forward(params, x, state0)
        hs.append(h_next)
        steps.append(step)
    return np.stack(hs), h_next, GRUCache(steps, np.stack(hs))


@wrong("the first step starts from zeros")
def from_zeros(params, xs, state0):
    h, hs, steps = np.zeros_like(state0), [], []
    for x in xs:
        h, step = gru_step_forward(params, x, h)
        hs.append(h)
        steps.append(step)
    return np.stack(hs), h, GRUCache(steps, np.stack(hs))


@wrong("the first step starts from zeros")
def wraps_round(params, xs, state0):
    """hs[t - 1] is hs[-1] at t = 0."""
    hs, steps = np.zeros((len(xs), *state0.shape), xs.dtype), []
    for t in range(len(xs)):
        hs[t], step = gru_step_forward(params, xs[t], hs[t - 1].copy())
        steps.append(step)
    return hs, hs[-1], GRUCache(steps, hs)


@wrong("the loop runs over the batch")
def batch_first(params, xs, state0):
    h, hs, steps = state0, [], []
    for t in range(xs.shape[1]):
        h, step = gru_step_forward(params, xs[:, t], h)
        hs.append(h)
        steps.append(step)
    return np.stack(hs), h, GRUCache(steps, np.stack(hs))


@wrong("hs also holds state0")
def one_too_many(params, xs, state0):
    hs, steps = [state0], []
    for x in xs:
        h, step = gru_step_forward(params, x, hs[-1])
        hs.append(h)
        steps.append(step)
    return np.stack(hs), h, GRUCache(steps, np.stack(hs))


@wrong("hs holds the state before each step")
def appended_too_early(params, xs, state0):
    h, hs, steps = state0, [], []
    for x in xs:
        hs.append(h)
        h, step = gru_step_forward(params, x, h)
        steps.append(step)
    return np.stack(hs), h, GRUCache(steps, np.stack(hs))


@wrong("the states are stacked along the second axis")
def batch_in_front(params, xs, state0):
    hs, state_T, cache = gru_forward(params, xs, state0)
    return np.stack(list(hs), axis=1), state_T, cache


@wrong("the states are joined to one long batch")
def concatenated(params, xs, state0):
    hs, state_T, cache = gru_forward(params, xs, state0)
    return np.concatenate(list(hs)), state_T, cache


@wrong("hs is only the last state")
def one_variable_for_all(params, xs, state0):
    hs, steps = state0, []
    for x in xs:
        hs, step = gru_step_forward(params, x, hs)
        steps.append(step)
    return hs, hs, GRUCache(steps, hs)


@wrong("state_T is state0, because the new state has another name inside the loop")
def two_names(params, xs, state0):
    h = state0
    hs, steps, start = [], [], state0
    for x in xs:
        start, step = gru_step_forward(params, x, start)
        hs.append(start)
        steps.append(step)
    return np.stack(hs), h, GRUCache(steps, np.stack(hs))


@wrong("state_T is hs[:, -1]")
def last_of_the_wrong_axis(params, xs, state0):
    hs, _, cache = gru_forward(params, xs, state0)
    return hs, hs[:, -1], cache


@wrong("the last input is not read")
def one_step_short(params, xs, state0):
    h, hs, steps = state0, [], []
    for t in range(len(xs) - 1):
        h, step = gru_step_forward(params, xs[t], h)
        hs.append(h)
        steps.append(step)
    return np.array(hs), h, GRUCache(steps, np.array(hs))


@wrong("the first input is not read")
def counted_from_one(params, xs, state0):
    h, hs, steps = state0, [], []
    for t in range(1, len(xs)):
        h, step = gru_step_forward(params, xs[t], h)
        hs.append(h)
        steps.append(step)
    return np.array(hs), h, GRUCache(steps, np.array(hs))


@wrong("only the last step's cache is kept")
def cache_overwritten(params, xs, state0):
    h, hs = state0, []
    for x in xs:
        h, step = gru_step_forward(params, x, h)
        hs.append(h)
    return np.stack(hs), h, GRUCache([step], np.stack(hs))


@wrong("cache.steps comes in the wrong order")
def inserted_in_front(params, xs, state0):
    h, hs, steps = state0, [], []
    for x in xs:
        h, step = gru_step_forward(params, x, h)
        hs.append(h)
        steps.insert(0, step)
    return np.stack(hs), h, GRUCache(steps, np.stack(hs))


@wrong("all entries of hs are one array that each step overwrites")
def one_array_for_all(params, xs, state0):
    h, hs, steps = state0.copy(), [], []
    for x in xs:
        h_next, step = gru_step_forward(params, x, h.copy())
        h[...] = h_next
        hs.append(h)
        steps.append(step)
    return np.stack(hs), h, GRUCache(steps, np.stack(hs))


@wrong("hs must be a NumPy array of shape (2, 1, 1), got a list of 2.")
def not_stacked(params, xs, state0):
    hs, state_T, cache = gru_forward(params, xs, state0)
    return list(hs), state_T, cache


@wrong("the paper's convention is used in the steps")
def the_other_step(params, xs, state0):
    return gru_forward(params, xs, state0, reset="before")


@wrong("cache must be GRUCache(steps, hs), got a list of 2.")
def bare_list(params, xs, state0):
    hs, state_T, cache = gru_forward(params, xs, state0)
    return hs, state_T, list(cache.steps)


def appended(params, xs, state0):
    h, hs, steps = state0, [], []
    for x in xs:
        h, cache = gru_step_forward(params, x, h)
        hs.append(h)
        steps.append(cache)
    hs = np.stack(hs)
    return hs, h, GRUCache(steps, hs)


@right
def state0_in_front(params, xs, state0):
    states, steps = [state0], []
    for x in xs:
        h, step = gru_step_forward(params, x, states[-1])
        states.append(h)
        steps += [step]
    hs = np.array(states[1:])
    return hs, states[-1], GRUCache(steps, hs)


def run(params, xs, state0):
    return appended(params, xs, state0)


@wrong("cache.steps must hold 2 entries")
def last_cache_only(params, xs, state0):
    h, hs = state0, []
    for x in xs:
        h, cache = gru_step_forward(params, x, h)
        hs.append(h)
    hs = np.stack(hs)
    return hs, h, GRUCache(cache, hs)


@wrong("cache must be GRUCache(steps, hs), got a tuple of 2.")
def plain_tuple(params, xs, state0):
    hs, h, cache = run(params, xs, state0)
    return hs, h, (cache.steps, hs)


@wrong("state_T is the first state")
def first_for_last(params, xs, state0):
    hs, _h, cache = run(params, xs, state0)
    return hs, hs[0], cache


@wrong("state_T must have shape (1, 1), got (2, 1, 1).")
def state_T_all(params, xs, state0):
    hs, _h, cache = run(params, xs, state0)
    return hs, hs, cache


@wrong("the states come in the wrong order: hs[0] is the last one.")
def newest_first(params, xs, state0):
    h, hs, steps = state0, [], []
    for x in xs:
        h, cache = gru_step_forward(params, x, h)
        hs.insert(0, h)
        steps.insert(0, cache)
    hs = np.stack(hs)
    return hs, h, GRUCache(steps, hs)


@wrong("x must have shape (B, D), got (2, 1, 1)")
def xs_for_x(params, xs, state0):
    h, hs, steps = state0, [], []
    for _ in range(len(xs)):
        h, cache = gru_step_forward(params, xs, h)
        hs.append(h)
        steps.append(cache)
    hs = np.stack(hs)
    return hs, h, GRUCache(steps, hs)


@wrong("hs must have the dtype of the inputs, float32, got float64.")
def filled_in_float64(params, xs, state0):
    hs, steps, h = np.zeros((len(xs), *state0.shape)), [], state0
    for t, x in enumerate(xs):
        h, cache = gru_step_forward(params, x, h)
        hs[t] = h
        steps.append(cache)
    return hs, h, GRUCache(steps, hs)


@wrong("h must be a NumPy array of shape (B, H), got a value of type tuple.")
def pair_as_state(params, xs, state0):
    h, hs, steps = state0, [], []
    for x in xs:
        h = gru_step_forward(params, x, h)
        hs.append(h[0])
        steps.append(h[1])
    hs = np.stack(hs)
    return hs, h[0], GRUCache(steps, hs)
