"""Lab 1, part 4: a sequence backward."""

import numpy as np

from rnncore.reference import rnn_backward, rnn_step_backward
from tests.corpus.answers import right, wrong


@right
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


@right
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


@wrong("the future is forgotten")
def no_future(cache, dhs, dstate_T=None):
    dparams = {name: np.zeros_like(value) for name, value in cache.steps[0].params.items()}
    dxs = np.empty((len(dhs), *cache.steps[0].x.shape), dtype=dhs.dtype)
    for t in reversed(range(len(dhs))):
        step_dparams, dxs[t], dh = rnn_step_backward(cache.steps[t], dhs[t])
        for name in dparams:
            dparams[name] += step_dparams[name]
    return dparams, dxs, dh


@wrong("dparams is overwritten in each step")
def overwritten(cache, dhs, dstate_T=None):
    dxs, dh = [], np.zeros_like(dhs[0]) if dstate_T is None else dstate_T
    for t in reversed(range(len(dhs))):
        dparams, dx, dh = rnn_step_backward(cache.steps[t], dhs[t] + dh)
        dxs.insert(0, dx)
    return dparams, np.stack(dxs), dh


@wrong("bias_ih and bias_hh are one array")
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


@wrong("dxs is in reversed order")
def not_turned_round(cache, dhs, dstate_T=None):
    dparams, dxs, dh = {name: 0 for name in cache.steps[0].params}, [], 0 if dstate_T is None else dstate_T
    for t in reversed(range(len(dhs))):
        step_dparams, dx, dh = rnn_step_backward(cache.steps[t], dhs[t] + dh)
        dparams = {name: dparams[name] + step_dparams[name] for name in dparams}
        dxs.append(dx)
    return dparams, np.stack(dxs), dh


@wrong("dstate_T is None, which means zero")
def none_is_not_zero(cache, dhs, dstate_T=None):
    dh = dstate_T
    dparams, dxs = {name: 0 for name in cache.steps[0].params}, []
    for t in reversed(range(len(dhs))):
        step_dparams, dx, dh = rnn_step_backward(cache.steps[t], dhs[t] + dh)
        dparams = {name: dparams[name] + step_dparams[name] for name in dparams}
        dxs.append(dx)
    return dparams, np.stack(dxs[::-1]), dh


@wrong("must have the dtype of the inputs, float32, got float64.")
def float64_where_none(cache, dhs, dstate_T=None):
    dh = np.zeros(dhs.shape[1:]) if dstate_T is None else dstate_T
    dparams, dxs = {name: 0 for name in cache.steps[0].params}, []
    for t in reversed(range(len(dhs))):
        step_dparams, dx, dh = rnn_step_backward(cache.steps[t], dhs[t] + dh)
        dparams = {name: dparams[name] + step_dparams[name] for name in dparams}
        dxs.append(dx)
    return dparams, np.stack(dxs[::-1]), dh


@wrong("it changed its argument dhs in place; work on a copy.")
def dhs_changed_in_place(cache, dhs, dstate_T=None):
    if dstate_T is not None:
        dhs[-1] += dstate_T
    return rnn_backward(cache, dhs)


@wrong("dstate0 is zero")
def first_state_fixed(cache, dhs, dstate_T=None):
    dparams, dxs, _ = rnn_backward(cache, dhs, dstate_T)
    return dparams, dxs, np.zeros_like(dhs[0])


def add(dparams, more):
    return {name: dparams[name] + more[name] for name in dparams}


@right
def recursive(cache, dhs, dstate_T=None):
    dh_next = dhs[-1] if dstate_T is None else dhs[-1] + dstate_T
    dparams, dx, dh = rnn_step_backward(cache.steps[-1], dh_next)
    if len(dhs) == 1:
        return dparams, dx[None], dh
    before, dxs, dstate0 = recursive(cache._replace(steps=cache.steps[:-1], hs=cache.hs[:-1]), dhs[:-1], dh)
    return add(before, dparams), np.concatenate([dxs, dx[None]]), dstate0


@right
def filled_from_the_end(cache, dhs, dstate_T=None):
    dparams = {name: np.zeros_like(value) for name, value in cache.steps[0].params.items()}
    dxs = np.zeros((len(dhs), *cache.steps[0].x.shape), dhs.dtype)
    dh = np.zeros_like(dhs[0]) if dstate_T is None else np.array(dstate_T)
    for t in range(len(dhs))[::-1]:
        step_dparams, dxs[t], dh = rnn_step_backward(cache.steps[t], dh + dhs[t])
        for name, d in step_dparams.items():
            dparams[name] += d
    return dparams, dxs, dh


@right
def summed_at_the_end(cache, dhs, dstate_T=None):
    results, carried = [], dstate_T
    for step, dh_t in reversed(list(zip(cache.steps, dhs, strict=True))):
        results.append(rnn_step_backward(step, dh_t if carried is None else dh_t + carried))
        carried = results[-1][2]
    dparams = {name: sum(result[0][name] for result in results) for name in results[0][0]}
    return dparams, np.stack([dx for _, dx, _ in results[::-1]]), carried


@right
def insert_at_the_front(cache, dhs, dstate_T=None):
    dhs = dhs.copy()
    if dstate_T is not None:
        dhs[-1] += dstate_T
    dxs, dparams = [], None
    for t in range(len(dhs) - 1, -1, -1):
        step_dparams, dx, dh = rnn_step_backward(cache.steps[t], dhs[t])
        if t > 0:
            dhs[t - 1] += dh
        dparams = step_dparams if dparams is None else add(dparams, step_dparams)
        dxs.insert(0, dx)
    return dparams, np.asarray(dxs), dh


@wrong("dstate_T is ignored")
def starts_from_zero(cache, dhs, dstate_T=None):
    return rnn_backward(cache, dhs, None)


@wrong("the gradients of the steps are averaged")
def mean_over_time(cache, dhs, dstate_T=None):
    dparams, dxs, dh = rnn_backward(cache, dhs, dstate_T)
    return {name: d / len(dhs) for name, d in dparams.items()}, dxs, dh


@wrong("the loop runs forward in time")
def forward_in_time(cache, dhs, dstate_T=None):
    dparams, dxs, dh = {name: 0 for name in cache.steps[0].params}, [], np.zeros_like(dhs[0]) if dstate_T is None else dstate_T
    for t in range(len(dhs)):
        step_dparams, dx, dh = rnn_step_backward(cache.steps[t], dhs[t] + dh)
        dparams = add(dparams, step_dparams)
        dxs.append(dx)
    return dparams, np.stack(dxs), dh


@wrong("dstate_T replaces dhs[-1]")
def last_gradient_replaced(cache, dhs, dstate_T=None):
    dhs = dhs.copy()
    if dstate_T is not None:
        dhs[-1] = dstate_T
    return rnn_backward(cache, dhs)


@right
def pairs_reversed(cache, dhs, dstate_T=None):
    dh = 0 if dstate_T is None else dstate_T
    total, dxs = None, []
    for step, from_outside in zip(reversed(cache.steps), dhs[::-1], strict=True):
        d, dx, dh = rnn_step_backward(step, from_outside + dh)
        total = d if total is None else {k: total[k] + d[k] for k in d}
        dxs.insert(0, dx)
    return total, np.array(dxs), dh


@right
def collects_then_sums(cache, dhs, dstate_T=None):
    das, dxs = [], []
    dh = np.zeros_like(dhs[0]) if dstate_T is None else dstate_T.copy()
    for t in range(len(dhs) - 1, -1, -1):
        d, dx, dh = rnn_step_backward(cache.steps[t], dhs[t] + dh)
        das.append(d)
        dxs.append(dx)
    dparams = {k: np.sum([d[k] for d in das], axis=0) for k in das[0]}
    return dparams, np.stack(dxs)[::-1], dh


@wrong("only the last entry of dhs is used")
def dhs_only_last(cache, dhs, dstate_T=None):
    dh = dhs[-1] if dstate_T is None else dhs[-1] + dstate_T
    dparams, dxs = {k: np.zeros_like(v) for k, v in cache.steps[0].params.items()}, []
    for step in reversed(cache.steps):
        d, dx, dh = rnn_step_backward(step, dh)
        dparams = {k: dparams[k] + d[k] for k in d}
        dxs.append(dx)
    return dparams, np.stack(dxs[::-1]), dh


@wrong("dstate_T is added at every step; it belongs")
def dstate_each_step(cache, dhs, dstate_T=None):
    if dstate_T is None:
        dstate_T = np.zeros_like(dhs[0])
    return base(cache, dhs + dstate_T, np.zeros_like(dhs[0]))


@wrong("as in `if dstate_T`; ask whether it is None")
def if_array(cache, dhs, dstate_T=None):
    dh = dstate_T if dstate_T else np.zeros_like(dhs[0])
    dparams, dxs = None, []
    for t in reversed(range(len(dhs))):
        d, dx, dh = rnn_step_backward(cache.steps[t], dhs[t] + dh)
        dparams = d if dparams is None else {k: dparams[k] + d[k] for k in d}
        dxs.append(dx)
    return dparams, np.stack(dxs[::-1]), dh


def base(cache, dhs, dstate_T, *, carry=True, outside=True, turn=True, first_zero=False, last=False, order=None, mean=False):
    dh = np.zeros_like(dhs[0]) if dstate_T is None or first_zero else dstate_T
    dparams, dxs = None, []
    for t in order or reversed(range(len(dhs))):
        d, dx, dh = rnn_step_backward(cache.steps[t], (dhs[t] if outside else 0) + (dh if carry else 0))
        dparams = d if dparams is None or last else {k: dparams[k] + d[k] for k in d}
        dxs.append(dx)
    if mean:
        dparams = {k: v / len(dhs) for k, v in dparams.items()}
    return dparams, np.stack(dxs[::-1] if turn else dxs), dh


@wrong("the loop back ends one step too early")
def skips_first(cache, dhs, dstate_T=None):
    return base(cache, dhs, dstate_T, order=range(len(dhs) - 1, 0, -1))


@wrong("dhs[t] is added after the backward step")
def adds_after(cache, dhs, dstate_T=None):
    dh = np.zeros_like(dhs[0]) if dstate_T is None else dstate_T
    dparams, dxs = {k: np.zeros_like(v) for k, v in cache.steps[0].params.items()}, []
    for t in reversed(range(len(dhs))):
        d, dx, dh = rnn_step_backward(cache.steps[t], dh)
        dh = dh + dhs[t]
        for k in d:
            dparams[k] += d[k]
        dxs.append(dx)
    return dparams, np.stack(dxs[::-1]), dh


@wrong("it changed its argument dstate_T in place")
def writes_dstate(cache, dhs, dstate_T=None):
    dh = np.zeros_like(dhs[0]) if dstate_T is None else dstate_T
    dparams, dxs = {k: np.zeros_like(v) for k, v in cache.steps[0].params.items()}, []
    for t in reversed(range(len(dhs))):
        dh += dhs[t]
        d, dx, dh = rnn_step_backward(cache.steps[t], dh)
        for k in d:
            dparams[k] += d[k]
        dxs.append(dx)
    return dparams, np.stack(dxs[::-1]), dh


@wrong("dparams['weight_ih'] must have the dtype of the inputs, float32, got float64.")
def float64_zeros(cache, dhs, dstate_T=None):
    dh = np.zeros(dhs.shape[1:]) if dstate_T is None else dstate_T
    dparams, dxs = {k: np.zeros(v.shape) for k, v in cache.steps[0].params.items()}, []
    for t in reversed(range(len(dhs))):
        d, dx, dh = rnn_step_backward(cache.steps[t], dhs[t] + dh)
        for k in d:
            dparams[k] += d[k]
        dxs.append(dx)
    return dparams, np.stack(dxs[::-1]), dh


@wrong("dxs must be a NumPy array of shape (2, 1, 1), got a list of 2.")
def dxs_list(cache, dhs, dstate_T=None):
    dparams, dxs, dh = base(cache, dhs, dstate_T)
    return dparams, list(dxs), dh


@wrong("dstate0 is the dh that the last step hands back")
def dstate0_of_last(cache, dhs, dstate_T=None):
    dh = np.zeros_like(dhs[0]) if dstate_T is None else dstate_T
    dparams, dxs, firsts = None, [], []
    for t in reversed(range(len(dhs))):
        d, dx, dh = rnn_step_backward(cache.steps[t], dhs[t] + dh)
        firsts.append(dh)
        dparams = d if dparams is None else {k: dparams[k] + d[k] for k in d}
        dxs.append(dx)
    return dparams, np.stack(dxs[::-1]), firsts[0]
