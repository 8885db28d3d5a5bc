"""Answers to lab 1 as learners write them: right ones in many styles, wrong ones with the words that the check must find.

They are written without the checks in view, in the notebook's own words: plain loops, indices, arrays made in advance.
"""

import sys
import warnings

import numpy as np

from rnncore.reference import (
    RNNCache,
    RNNStepCache,
    linear_forward,
    rnn_backward,
    rnn_forward,
    rnn_step_backward,
    rnn_step_forward,
    sigmoid,
)

RIGHT = []  # (exercise, function)
WRONG = []  # (exercise, function, words)


def right(exercise):
    return lambda function: RIGHT.append((exercise, function)) or function


def wrong(exercise, words):
    return lambda function: WRONG.append((exercise, function, words)) or function


# --- 1. one step forward ----------------------------------------------------------------------------------------------


@right("step_forward")
def with_einsum(params, x, h):
    a = np.einsum("bd,hd->bh", x, params["weight_ih"]) + np.einsum("bg,hg->bh", h, params["weight_hh"])
    h_next = np.tanh(a + params["bias_ih"] + params["bias_hh"])
    return h_next, RNNStepCache(params=params, x=x, h=h, h_next=h_next, nonlinearity="tanh")


@right("step_forward")
def one_sequence_at_a_time(params, x, h):
    h_next = np.empty_like(h)
    for b in range(len(x)):
        for i in range(h.shape[1]):
            a = params["bias_ih"][i] + params["bias_hh"][i]
            for j in range(x.shape[1]):
                a += params["weight_ih"][i, j] * x[b, j]
            for j in range(h.shape[1]):
                a += params["weight_hh"][i, j] * h[b, j]
            h_next[b, i] = np.tanh(a)
    return h_next, RNNStepCache(params, x, h, h_next, "tanh")


@right("step_forward")
def columns(params, x, h):
    a = params["weight_ih"] @ x.T + params["weight_hh"] @ h.T + (params["bias_ih"] + params["bias_hh"])[:, None]
    h_next = np.tanh(a).T  # a view
    print("a has the shape", a.shape)
    return h_next, RNNStepCache(params, x, h, h_next, "tanh")


@right("step_forward")
def one_big_matrix(params, x, h):
    both = np.concatenate([x, h], axis=1)
    weight = np.concatenate([params["weight_ih"], params["weight_hh"]], axis=1)
    a = both @ weight.T + params["bias_ih"] + params["bias_hh"]
    e = np.exp(2 * a)
    h_next = (e - 1) / (e + 1)
    return [h_next, RNNStepCache(params, x, h, h_next, "tanh")]


@right("step_forward")
def warns(params, x, h):
    warnings.warn("a warning must cost nothing", stacklevel=1)
    np.array([1.0]) / np.array([0.0])
    print("nor must this", file=sys.stderr)
    return rnn_step_forward(params, x, h)


@wrong("step_forward", "tanh is left out")
def no_tanh(params, x, h):
    h_next = x.dot(params["weight_ih"].T) + h.dot(params["weight_hh"].T) + params["bias_ih"] + params["bias_hh"]
    return h_next, RNNStepCache(params, x, h, h_next, "tanh")


@wrong("step_forward", "weight_hh is not transposed")
def transposed(params, x, h):
    a = np.dot(x, params["weight_ih"].T) + params["bias_ih"] + np.dot(h, params["weight_hh"]) + params["bias_hh"]
    h_next = np.tanh(a)
    return h_next, RNNStepCache(params, x, h, h_next, "tanh")


@wrong("step_forward", "weight_ih is not transposed")
def not_transposed_at_all(params, x, h):
    a = x @ params["weight_ih"] + h @ params["weight_hh"] + params["bias_ih"] + params["bias_hh"]
    return np.tanh(a), RNNStepCache(params, x, h, np.tanh(a), "tanh")


@wrong("step_forward", "bias_hh is forgotten")
def one_bias(params, x, h):
    h_next = np.tanh(x @ params["weight_ih"].T + h @ params["weight_hh"].T + params["bias_ih"])
    return h_next, RNNStepCache(params, x, h, h_next, "tanh")


@wrong("step_forward", "the state h is not used")
def another_state(params, x, h):
    h = np.zeros_like(h)
    h_next = np.tanh(x @ params["weight_ih"].T + h @ params["weight_hh"].T + params["bias_ih"] + params["bias_hh"])
    return h_next, RNNStepCache(params, x, h, h_next, "tanh")


@wrong("step_forward", "it changed its argument h in place; work on a copy.")
def state_changed_in_place(params, x, h):
    before = h.copy()
    h[:] = np.tanh(x @ params["weight_ih"].T + h @ params["weight_hh"].T + params["bias_ih"] + params["bias_hh"])
    return h, RNNStepCache(params, x, before, h, "tanh")


@wrong("step_forward", "cache must be RNNStepCache(params, x, h, h_next, nonlinearity), got a tuple of 4.")
def plain_cache(params, x, h):
    h_next = rnn_step_forward(params, x, h)[0]
    return h_next, (params, x, h, h_next)


@wrong("step_forward", "cache.nonlinearity must be 'tanh'")
def another_name(params, x, h):
    h_next = rnn_step_forward(params, x, h)[0]
    return h_next, RNNStepCache(params, x, h, h_next, np.tanh)


@wrong("step_forward", "it must return 2 values (h_next, cache), got an array of shape (1, 1).")
def no_cache(params, x, h):
    return rnn_step_forward(params, x, h)[0]


@wrong("step_forward", "with KeyError: 'W_ih'.")
def wrong_key(params, x, h):
    return np.tanh(x @ params["W_ih"].T), None


# --- 2. a sequence forward --------------------------------------------------------------------------------------------


@right("sequence_forward")
def array_made_in_advance(params, xs, state0):
    T, B, H = len(xs), *state0.shape
    hs, steps = np.empty((T, B, H), dtype=state0.dtype), []
    for t in range(T):
        before = state0 if t == 0 else hs[t - 1]
        hs[t], step = rnn_step_forward(params, xs[t], before)
        steps.append(step)
    return hs, hs[-1], RNNCache(steps, hs)


@right("sequence_forward")
def without_the_step_function(params, xs, state0):
    inputs = xs @ params["weight_ih"].T + params["bias_ih"]  # all steps at once
    h, hs, steps = state0, [], []
    for x, a in zip(xs, inputs, strict=True):
        h_next = np.tanh(a + h @ params["weight_hh"].T + params["bias_hh"])
        steps.append(RNNStepCache(params, x, h, h_next, "tanh"))
        hs.append(h_next)
        h = h_next
    return np.array(hs), hs[-1], RNNCache(tuple(steps), np.array(hs))


@right("sequence_forward")
def recursive(params, xs, state0):
    h, step = rnn_step_forward(params, xs[0], state0)
    if len(xs) == 1:
        return h[None], h, RNNCache([step], h[None])
    hs, state_T, cache = recursive(params, xs[1:], h)
    hs = np.concatenate([h[None], hs])
    return hs, state_T, RNNCache([step, *cache.steps], hs)


@wrong("sequence_forward", "the state is not carried")
def same_start(params, xs, state0):
    hs, steps = [], []
    for t in range(len(xs)):
        h, step = rnn_step_forward(params, xs[t], state0)
        hs.append(h)
        steps.append(step)
    return np.stack(hs), h, RNNCache(steps, np.stack(hs))


@wrong("sequence_forward", "the first step starts from zeros and not from state0")
def minus_one_at_zero(params, xs, state0):
    hs, steps = np.zeros((len(xs), *state0.shape), dtype=xs.dtype), []
    for t in range(len(xs)):
        h, step = rnn_step_forward(params, xs[t], hs[t - 1].copy())
        hs[t] = h
        steps.append(step)
    return hs, h, RNNCache(steps, hs)


@wrong("sequence_forward", "must have the dtype of the inputs, float32, got float64.")
def float64_forced(params, xs, state0):
    hs, steps, h = np.zeros((len(xs), *state0.shape)), [], state0
    for t in range(len(xs)):
        h, step = rnn_step_forward(params, xs[t], h)
        hs[t] = h
        steps.append(step)
    return hs, h, RNNCache(steps, hs)


@wrong("sequence_forward", "one array that each step overwrites")
def one_buffer(params, xs, state0):
    h, hs, steps = state0.copy(), [], []
    for x in xs:
        h[:], step = rnn_step_forward(params, x, h.copy())
        hs.append(h)
        steps.append(step)
    return np.stack(hs), h, RNNCache(steps, np.stack(hs))


@wrong("sequence_forward", "the loop runs over the batch")
def over_the_batch(params, xs, state0):
    h, hs, steps = state0, [], []
    for t in range(xs.shape[1]):
        h, step = rnn_step_forward(params, xs[:, t], h)
        hs.append(h)
        steps.append(step)
    return np.stack(hs), h, RNNCache(steps, np.stack(hs))


@wrong("sequence_forward", "hs must be a NumPy array of shape (2, 1, 1), got a list of 2.")
def not_stacked(params, xs, state0):
    h, hs, steps = state0, [], []
    for x in xs:
        h, step = rnn_step_forward(params, x, h)
        hs.append(h)
        steps.append(step)
    return hs, h, RNNCache(steps, hs)


@wrong("sequence_forward", "hs also holds state0")
def with_the_first(params, xs, state0):
    hs, steps = [state0], []
    for x in xs:
        h, step = rnn_step_forward(params, x, hs[-1])
        hs.append(h)
        steps.append(step)
    return np.stack(hs), h, RNNCache(steps, np.stack(hs))


@wrong("sequence_forward", "hs[:, -1]")
def last_of_the_wrong_axis(params, xs, state0):
    hs, _, cache = rnn_forward(params, xs, state0)
    return hs, hs[:, -1], cache


@wrong("sequence_forward", "it stopped in line")
def index_too_far(params, xs, state0):
    h = state0
    for t in range(len(xs) + 1):
        h, _ = rnn_step_forward(params, xs[t], h)
    return h


# --- 3. one step backward ---------------------------------------------------------------------------------------------


@right("step_backward")
def gradients_with_einsum(cache, dh_next):
    da = (1 - cache.h_next) * (1 + cache.h_next) * dh_next
    db = np.einsum("bh->h", da)
    dparams = {
        "bias_hh": db,
        "bias_ih": db,  # the same array: nobody adds to it here
        "weight_hh": np.einsum("bi,bj->ij", da, cache.h),
        "weight_ih": np.einsum("bi,bj->ij", da, cache.x),
    }
    return dparams, np.einsum("bh,hd->bd", da, cache.params["weight_ih"]), np.einsum("bh,hg->bg", da, cache.params["weight_hh"])


@right("step_backward")
def one_sequence_after_the_other(cache, dh_next):
    params, x, h, h_next, _ = cache
    dparams = {name: np.zeros_like(value) for name, value in params.items()}
    dx, dh = np.empty_like(x), np.empty_like(h)
    for b in range(len(x)):
        da = dh_next[b] / np.cosh(np.arctanh(h_next[b])) ** 2
        dparams["weight_ih"] += np.outer(da, x[b])
        dparams["weight_hh"] += np.outer(da, h[b])
        dparams["bias_ih"] += da
        dparams["bias_hh"] += da
        dx[b] = params["weight_ih"].T @ da
        dh[b] = params["weight_hh"].T @ da
    return dparams, dx, dh


@wrong("step_backward", "the slope of tanh is left out")
def no_slope(cache, dh_next):
    params, x, h, _, _ = cache
    da = dh_next
    dparams = {"weight_ih": da.T @ x, "weight_hh": da.T @ h, "bias_ih": da.sum(0), "bias_hh": da.sum(0)}
    return dparams, da @ params["weight_ih"], da @ params["weight_hh"]


@wrong("step_backward", "tanh is applied to h_next once more")
def tanh_of_tanh(cache, dh_next):
    params, x, h, h_next, _ = cache
    da = dh_next * (1 - np.tanh(h_next) ** 2)
    dparams = {"weight_ih": da.T @ x, "weight_hh": da.T @ h, "bias_ih": da.sum(0), "bias_hh": da.sum(0)}
    return dparams, da @ params["weight_ih"], da @ params["weight_hh"]


@wrong("step_backward", "the gradient of weight_hh uses h_next")
def h_next_for_h(cache, dh_next):
    params, x, _, h_next, _ = cache
    da = dh_next * (1 - h_next**2)
    dparams = {"weight_ih": da.T @ x, "weight_hh": da.T @ h_next, "bias_ih": da.sum(0), "bias_hh": da.sum(0)}
    return dparams, da @ params["weight_ih"], da @ params["weight_hh"]


@wrong("step_backward", "the bias gradients are means over the batch")
def mean_and_transposed(cache, dh_next):  # two mistakes; the first wrong array is explained
    params, x, h, h_next, _ = cache
    da = dh_next * (1 - h_next**2)
    dparams = {"weight_ih": da.T @ x, "weight_hh": da.T @ h, "bias_ih": da.mean(0), "bias_hh": da.mean(0)}
    return dparams, da @ params["weight_ih"], da @ params["weight_hh"].T


@wrong("step_backward", "da is summed over the units")
def wrong_axis(cache, dh_next):
    params, x, h, h_next, _ = cache
    da = dh_next * (1 - h_next**2)
    dparams = {"weight_ih": da.T @ x, "weight_hh": da.T @ h, "bias_ih": da.sum(-1), "bias_hh": da.sum(-1)}
    return dparams, da @ params["weight_ih"], da @ params["weight_hh"]


@wrong("step_backward", "it changed its argument dh_next in place; work on a copy.")
def gradient_changed_in_place(cache, dh_next):
    params, x, h, h_next, _ = cache
    dh_next *= 1 - h_next**2
    dparams = {"weight_ih": dh_next.T @ x, "weight_hh": dh_next.T @ h, "bias_ih": dh_next.sum(0), "bias_hh": dh_next.sum(0)}
    return dparams, dh_next @ params["weight_ih"], dh_next @ params["weight_hh"]


@wrong(
    "step_backward",
    "dparams must be a dict with the keys weight_ih, weight_hh, bias_ih, bias_hh, got a dict with the keys weight_ih, weight_hh, bias.",
)
def one_bias_gradient(cache, dh_next):
    dparams, dx, dh = rnn_step_backward(cache, dh_next)
    return {"weight_ih": dparams["weight_ih"], "weight_hh": dparams["weight_hh"], "bias": dparams["bias_ih"]}, dx, dh


@wrong("step_backward", "it must return 3 values (dparams, dx, dh), got a tuple of 2.")
def dh_not_returned(cache, dh_next):
    return rnn_step_backward(cache, dh_next)[:2]


# --- 4. a sequence backward -------------------------------------------------------------------------------------------


@right("sequence_backward")
def with_indices(cache, dhs, dstate_T=None):
    T = len(dhs)
    dxs, dh, dparams = [None] * T, 0.0, {}
    if dstate_T is not None:
        dh = dh + dstate_T
    for t in range(T - 1, -1, -1):
        step_dparams, dxs[t], dh = rnn_step_backward(cache.steps[t], dhs[t] + dh)
        for name, d in step_dparams.items():
            dparams[name] = dparams.get(name, 0) + d
    return dparams, np.array(dxs), dh


@right("sequence_backward")
def weights_at_the_end(cache, dhs, dstate_T=None):
    params = cache.steps[0].params
    das = np.empty_like(dhs)
    dh = np.zeros_like(dhs[-1]) if dstate_T is None else dstate_T.copy()
    for t in reversed(range(len(dhs))):
        dh += dhs[t]
        das[t] = dh * (1 - cache.hs[t] ** 2)
        dh = das[t] @ params["weight_hh"]
    xs, before = np.stack([step.x for step in cache.steps]), np.stack([step.h for step in cache.steps])
    dparams = {
        "weight_ih": np.tensordot(das, xs, axes=((0, 1), (0, 1))),
        "weight_hh": np.tensordot(das, before, axes=((0, 1), (0, 1))),
        "bias_ih": das.sum(axis=(0, 1)),
        "bias_hh": das.sum(axis=(0, 1)),
    }
    return dparams, das @ params["weight_ih"], dh


@wrong("sequence_backward", "the future is forgotten")
def no_future(cache, dhs, dstate_T=None):
    dparams = {name: np.zeros_like(value) for name, value in cache.steps[0].params.items()}
    dxs = np.empty((len(dhs), *cache.steps[0].x.shape), dtype=dhs.dtype)
    for t in reversed(range(len(dhs))):
        step_dparams, dxs[t], dh = rnn_step_backward(cache.steps[t], dhs[t])
        for name in dparams:
            dparams[name] += step_dparams[name]
    return dparams, dxs, dh


@wrong("sequence_backward", "dparams is overwritten in each step")
def overwritten(cache, dhs, dstate_T=None):
    dxs, dh = [], np.zeros_like(dhs[0]) if dstate_T is None else dstate_T
    for t in reversed(range(len(dhs))):
        dparams, dx, dh = rnn_step_backward(cache.steps[t], dhs[t] + dh)
        dxs.insert(0, dx)
    return dparams, np.stack(dxs), dh


@wrong("sequence_backward", "bias_ih and bias_hh are one array")
def shared_zeros(cache, dhs, dstate_T=None):
    params = cache.steps[0].params
    zeros = np.zeros_like(params["bias_ih"])
    dparams = {
        "weight_ih": np.zeros_like(params["weight_ih"]),
        "weight_hh": np.zeros_like(params["weight_hh"]),
        "bias_ih": zeros,
        "bias_hh": zeros,
    }
    dxs, dh = [], np.zeros_like(dhs[0]) if dstate_T is None else dstate_T
    for step, dh_t in zip(cache.steps[::-1], dhs[::-1], strict=True):
        step_dparams, dx, dh = rnn_step_backward(step, dh_t + dh)
        for name in dparams:
            dparams[name] += step_dparams[name]
        dxs.append(dx)
    return dparams, np.stack(dxs[::-1]), dh


@wrong("sequence_backward", "dxs is in reversed order")
def not_turned_round(cache, dhs, dstate_T=None):
    dparams, dxs, dh = {name: 0 for name in cache.steps[0].params}, [], 0 if dstate_T is None else dstate_T
    for t in reversed(range(len(dhs))):
        step_dparams, dx, dh = rnn_step_backward(cache.steps[t], dhs[t] + dh)
        dparams = {name: dparams[name] + step_dparams[name] for name in dparams}
        dxs.append(dx)
    return dparams, np.stack(dxs), dh


@wrong("sequence_backward", "dstate_T is None, which means zero")
def none_is_not_zero(cache, dhs, dstate_T=None):
    dh = dstate_T
    dparams, dxs = {name: 0 for name in cache.steps[0].params}, []
    for t in reversed(range(len(dhs))):
        step_dparams, dx, dh = rnn_step_backward(cache.steps[t], dhs[t] + dh)
        dparams = {name: dparams[name] + step_dparams[name] for name in dparams}
        dxs.append(dx)
    return dparams, np.stack(dxs[::-1]), dh


@wrong("sequence_backward", "must have the dtype of the inputs, float32, got float64.")
def float64_where_none(cache, dhs, dstate_T=None):
    dh = np.zeros(dhs.shape[1:]) if dstate_T is None else dstate_T
    dparams, dxs = {name: 0 for name in cache.steps[0].params}, []
    for t in reversed(range(len(dhs))):
        step_dparams, dx, dh = rnn_step_backward(cache.steps[t], dhs[t] + dh)
        dparams = {name: dparams[name] + step_dparams[name] for name in dparams}
        dxs.append(dx)
    return dparams, np.stack(dxs[::-1]), dh


@wrong("sequence_backward", "it changed its argument dhs in place; work on a copy.")
def dhs_changed_in_place(cache, dhs, dstate_T=None):
    if dstate_T is not None:
        dhs[-1] += dstate_T
    return rnn_backward(cache, dhs)


@wrong("sequence_backward", "dstate0 is zero")
def first_state_fixed(cache, dhs, dstate_T=None):
    dparams, dxs, _ = rnn_backward(cache, dhs, dstate_T)
    return dparams, dxs, np.zeros_like(dhs[0])


# --- 5. from the last state to a probability --------------------------------------------------------------------------


@right("prediction")
def by_steps(params, xs):
    h = np.zeros((xs.shape[1], params["rnn"]["bias_hh"].size), xs.dtype)
    for x in xs:
        h, _ = rnn_step_forward(params["rnn"], x, h)
    u = np.einsum("bh,oh->b", h, params["linear"]["weight"]) + params["linear"]["bias"]
    return 1 / (1 + np.exp(-u))


@right("prediction")
def squeezed(params, xs):
    state0 = np.zeros_like(xs[0, :, :1]) * params["rnn"]["bias_hh"]
    hs, _, _ = rnn_forward(params["rnn"], xs, state0)
    return sigmoid(linear_forward(params["linear"], hs)[0])[-1].squeeze(axis=-1)


@wrong("prediction", "the sigmoid is left out")
def score(params, xs):
    hs, _, _ = rnn_forward(params["rnn"], xs, np.zeros((xs.shape[1], len(params["rnn"]["bias_hh"])), xs.dtype))
    return hs[-1] @ params["linear"]["weight"][0] + params["linear"]["bias"]


@wrong("prediction", "a softmax over one logit")
def softmax_by_hand(params, xs):
    state0 = np.zeros((xs.shape[1], len(params["rnn"]["bias_hh"])), xs.dtype)
    e = np.exp(linear_forward(params["linear"], rnn_forward(params["rnn"], xs, state0)[1])[0])
    return (e / e.sum(axis=1, keepdims=True)).ravel()


@wrong("prediction", "the first state is read")
def first(params, xs):
    state0 = np.zeros((xs.shape[1], len(params["rnn"]["bias_hh"])), xs.dtype)
    return sigmoid(linear_forward(params["linear"], rnn_forward(params["rnn"], xs, state0)[0][0])[0])[:, 0]


@wrong("prediction", "the answer keeps the axis")
def column(params, xs):
    state0 = np.zeros((xs.shape[1], len(params["rnn"]["bias_hh"])), xs.dtype)
    return sigmoid(linear_forward(params["linear"], rnn_forward(params["rnn"], xs, state0)[1])[0])


@wrong("prediction", "rnn_forward: xs is float32 but params")
def float64_state(params, xs):
    xs = xs.astype(np.float32)
    state0 = np.zeros((xs.shape[1], len(params["rnn"]["bias_hh"])), np.float32)
    return sigmoid(linear_forward(params["linear"], rnn_forward(params["rnn"], xs, state0)[1])[0])[:, 0]


@wrong("prediction", "p must be a NumPy array of shape (1,), got float64")
def one_number(params, xs):
    return by_steps(params, xs).mean()
