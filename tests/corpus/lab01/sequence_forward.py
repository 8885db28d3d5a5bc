"""Lab 1, part 2: a sequence forward."""

import numpy as np

from rnncore.reference import RNNCache, RNNStepCache, rnn_forward, rnn_step_forward
from tests.corpus.answers import right, wrong


@right
def array_made_in_advance(params, xs, state0):
    T, B, H = len(xs), *state0.shape
    hs, steps = np.empty((T, B, H), dtype=state0.dtype), []
    for t in range(T):
        before = state0 if t == 0 else hs[t - 1]
        hs[t], step = rnn_step_forward(params, xs[t], before)
        steps.append(step)
    return hs, hs[-1], RNNCache(steps, hs)


@right
def without_the_step_function(params, xs, state0):
    inputs = xs @ params["weight_ih"].T + params["bias_ih"]  # all steps at once
    h, hs, steps = state0, [], []
    for x, a in zip(xs, inputs, strict=True):
        h_next = np.tanh(a + h @ params["weight_hh"].T + params["bias_hh"])
        steps.append(RNNStepCache(params, x, h, h_next, "tanh"))
        hs.append(h_next)
        h = h_next
    return np.array(hs), hs[-1], RNNCache(tuple(steps), np.array(hs))


@right
def recursive(params, xs, state0):
    h, step = rnn_step_forward(params, xs[0], state0)
    if len(xs) == 1:
        return h[None], h, RNNCache([step], h[None])
    hs, state_T, cache = recursive(params, xs[1:], h)
    hs = np.concatenate([h[None], hs])
    return hs, state_T, RNNCache([step, *cache.steps], hs)


@wrong("the state is not carried")
def same_start(params, xs, state0):
    hs, steps = [], []
    for t in range(len(xs)):
        h, step = rnn_step_forward(params, xs[t], state0)
        hs.append(h)
        steps.append(step)
    return np.stack(hs), h, RNNCache(steps, np.stack(hs))


@wrong("the first step starts from zeros and not from state0")
def minus_one_at_zero(params, xs, state0):
    hs, steps = np.zeros((len(xs), *state0.shape), dtype=xs.dtype), []
    for t in range(len(xs)):
        h, step = rnn_step_forward(params, xs[t], hs[t - 1].copy())
        hs[t] = h
        steps.append(step)
    return hs, h, RNNCache(steps, hs)


@wrong("must have the dtype of the inputs, float32, got float64.")
def float64_forced(params, xs, state0):
    hs, steps, h = np.zeros((len(xs), *state0.shape)), [], state0
    for t in range(len(xs)):
        h, step = rnn_step_forward(params, xs[t], h)
        hs[t] = h
        steps.append(step)
    return hs, h, RNNCache(steps, hs)


@wrong("one array that each step overwrites")
def one_buffer(params, xs, state0):
    h, hs, steps = state0.copy(), [], []
    for x in xs:
        h[:], step = rnn_step_forward(params, x, h.copy())
        hs.append(h)
        steps.append(step)
    return np.stack(hs), h, RNNCache(steps, np.stack(hs))


@wrong("the loop runs over the batch")
def over_the_batch(params, xs, state0):
    h, hs, steps = state0, [], []
    for t in range(xs.shape[1]):
        h, step = rnn_step_forward(params, xs[:, t], h)
        hs.append(h)
        steps.append(step)
    return np.stack(hs), h, RNNCache(steps, np.stack(hs))


@wrong("hs must be a NumPy array of shape (2, 1, 1), got a list of 2.")
def not_stacked(params, xs, state0):
    h, hs, steps = state0, [], []
    for x in xs:
        h, step = rnn_step_forward(params, x, h)
        hs.append(h)
        steps.append(step)
    return hs, h, RNNCache(steps, hs)


@wrong("hs also holds state0")
def with_the_first(params, xs, state0):
    hs, steps = [state0], []
    for x in xs:
        h, step = rnn_step_forward(params, x, hs[-1])
        hs.append(h)
        steps.append(step)
    return np.stack(hs), h, RNNCache(steps, np.stack(hs))


@wrong("hs[:, -1]")
def last_of_the_wrong_axis(params, xs, state0):
    hs, _, cache = rnn_forward(params, xs, state0)
    return hs, hs[:, -1], cache


@wrong("it stopped in line")
def index_too_far(params, xs, state0):
    h = state0
    for t in range(len(xs) + 1):
        h, _ = rnn_step_forward(params, xs[t], h)
    return h


@right
def with_while(params, xs, state0):
    t, state, caches, outputs = 0, state0, [], []
    while t < xs.shape[0]:
        state, cache = rnn_step_forward(params, xs[t], state)
        outputs += [state]
        caches += [cache]
        t += 1
    return np.array(outputs), outputs[-1], RNNCache(caches, np.array(outputs))


@right
def with_the_first_state_cut_off(params, xs, state0):
    hs, steps = [state0], []
    for x in xs:
        h, cache = rnn_step_forward(params, x, hs[-1])
        hs.append(h)
        steps.append(cache)
    hs = np.concatenate([h[np.newaxis] for h in hs[1:]])
    return hs, hs[-1].copy(), RNNCache(steps=steps, hs=hs)


@right
def prints_as_it_goes(params, xs, state0):
    h, steps = state0.copy(), []
    for t, x in enumerate(xs):
        h, cache = rnn_step_forward(params, x, h)
        print(f"step {t}: norm {np.linalg.norm(h):.3f}")
        steps.append(cache)
    hs = np.stack([cache.h_next for cache in steps], axis=0)
    return hs, h, RNNCache(steps, hs)


@wrong("time runs backwards")
def from_the_end(params, xs, state0):
    h, hs, steps = state0, [], []
    for t in range(len(xs) - 1, -1, -1):
        h, cache = rnn_step_forward(params, xs[t], h)
        hs.append(h)
        steps.append(cache)
    hs = np.stack(hs)
    return hs, h, RNNCache(steps, hs)


@wrong("hs holds the state before each step")
def appended_too_early(params, xs, state0):
    h, hs, steps = state0, [], []
    for x in xs:
        hs.append(h)
        h, cache = rnn_step_forward(params, x, h)
        steps.append(cache)
    return np.stack(hs), h, RNNCache(steps, np.stack(hs))


@wrong("the last input is not read")
def one_step_too_few(params, xs, state0):
    h, hs, steps = state0, [], []
    for t in range(len(xs) - 1):
        h, cache = rnn_step_forward(params, xs[t], h)
        hs.append(h)
        steps.append(cache)
    hs = np.array(hs)
    return hs, h, RNNCache(steps, hs)


@wrong("state_T is state0")
def another_name_inside(params, xs, state0):
    h, hs, steps, previous = state0, [], [], state0
    for x in xs:
        previous, cache = rnn_step_forward(params, x, previous)
        hs.append(previous)
        steps.append(cache)
    hs = np.stack(hs)
    return hs, h, RNNCache(steps, hs)


@right
def dict_of_states(params, xs, state0):
    states, caches = {-1: state0}, {}
    for t, x in enumerate(xs):
        states[t], caches[t] = rnn_step_forward(params, x, states[t - 1])
    hs = np.array([states[t] for t in range(len(xs))])
    return hs, states[len(xs) - 1], RNNCache([caches[t] for t in range(len(xs))], hs)


@wrong("hs must be a NumPy array of shape (2, 1, 1), got a list of 2.")
def list(params, xs, state0):
    h, hs, steps = state0, [], []
    for x in xs:
        h, step = rnn_step_forward(params, x, h)
        hs.append(h)
        steps.append(step)
    return hs, h, RNNCache(steps, hs)


@wrong("stacked along the second axis")
def axis_one(params, xs, state0):
    h, hs, steps = state0, [], []
    for x in xs:
        h, step = rnn_step_forward(params, x, h)
        hs.append(h)
        steps.append(step)
    hs = np.stack(hs, axis=1)
    return hs, h, RNNCache(steps, hs)


@wrong("the states are joined along the batch")
def concatenate(params, xs, state0):
    h, hs, steps = state0, [], []
    for x in xs:
        h, step = rnn_step_forward(params, x, h)
        hs.append(h)
        steps.append(step)
    hs = np.concatenate(hs)
    return hs, h, RNNCache(steps, hs)


@wrong("only the first input is read")
def returns_early(params, xs, state0):
    h, hs, steps = state0, [], []
    for x in xs:
        h, step = rnn_step_forward(params, x, h)
        hs.append(h)
        steps.append(step)
        return np.stack(hs), h, RNNCache(steps, np.stack(hs))


@wrong("cache.steps is the cache of the last step")
def last_cache(params, xs, state0):
    h, hs = state0, []
    for x in xs:
        h, step = rnn_step_forward(params, x, h)
        hs.append(h)
    hs = np.stack(hs)
    return hs, h, RNNCache(step, hs)


@wrong("h must be a NumPy array of shape (B, H), got a value of type tuple.")
def pair_as_state(params, xs, state0):
    h, hs, steps = state0, [], []
    for x in xs:
        h = rnn_step_forward(params, x, h)
        hs.append(h)
    return np.stack(hs), h, RNNCache(steps, hs)


@wrong("state_T is the first state")
def state_T_is_hs_first(params, xs, state0):
    h, hs, steps = state0, [], []
    for x in xs:
        h, step = rnn_step_forward(params, x, h)
        hs.append(h)
        steps.append(step)
    hs = np.stack(hs)
    return hs, hs[0], RNNCache(steps, hs)


@wrong("hs and state_T are exchanged")
def order(params, xs, state0):
    h, hs, steps = state0, [], []
    for x in xs:
        h, step = rnn_step_forward(params, x, h)
        hs.append(h)
        steps.append(step)
    hs = np.stack(hs)
    return h, hs, RNNCache(steps, hs)


@wrong("hs must have the dtype of the inputs, float32, got float64.")
def zeros_default(params, xs, state0):
    hs, steps, h = np.zeros((len(xs), *state0.shape)), [], state0
    for t in range(len(xs)):
        h, step = rnn_step_forward(params, xs[t], h)
        hs[t] = h
        steps.append(step)
    return hs, h, RNNCache(steps, hs)


@wrong("the first step starts from zeros and not from state0")
def reads_hs_minus_one(params, xs, state0):
    hs, steps = np.zeros((len(xs), *state0.shape), xs.dtype), []
    for t in range(len(xs)):
        hs[t], step = rnn_step_forward(params, xs[t], hs[t - 1])
        steps.append(step)
    return hs, hs[-1], RNNCache(steps, hs)
