"""Lab 6, part 5: a sequence backward."""

import numpy as np

from rnncore.reference import gru_backward, gru_step_backward
from tests.corpus.answers import right, wrong


def nothing(cache):
    return {name: np.zeros_like(value) for name, value in cache.steps[0].params.items()}


def add(dparams, more):
    return {name: dparams[name] + more[name] for name in dparams}


@right
def with_indices(cache, dhs, dstate_T=None):
    T = len(dhs)
    dxs, dh, dparams = [None] * T, 0.0, {}
    if dstate_T is not None:
        dh = dh + dstate_T
    for t in range(T - 1, -1, -1):
        step_dparams, dxs[t], dh = gru_step_backward(cache.steps[t], dhs[t] + dh)
        for name, d in step_dparams.items():
            dparams[name] = dparams.get(name, 0) + d
    return dparams, np.array(dxs), dh


@right
def preallocated(cache, dhs, dstate_T=None):
    dparams, dh = nothing(cache), np.zeros_like(dhs[0])
    if dstate_T is not None:
        dh += dstate_T
    dxs = np.empty((len(dhs), *cache.steps[0].x.shape), dhs.dtype)
    for t in reversed(range(len(dhs))):
        dh = dh + dhs[t]
        step_dparams, dxs[t], dh = gru_step_backward(cache.steps[t], dh)
        for name in dparams:
            dparams[name] += step_dparams[name]
    return dparams, dxs, dh


@right
def recursive(cache, dhs, dstate_T=None):
    arrives = dhs[-1] if dstate_T is None else dhs[-1] + dstate_T
    dparams, dx, dh = gru_step_backward(cache.steps[-1], arrives)
    if len(dhs) == 1:
        return dparams, dx[None], dh
    before, dxs, dstate0 = recursive(cache._replace(steps=cache.steps[:-1], hs=cache.hs[:-1]), dhs[:-1], dh)
    return add(before, dparams), np.concatenate([dxs, dx[None]]), dstate0


@right
def everything_at_once(cache, dhs, dstate_T=None):
    """The gates' part step by step, then one product for each weight."""
    params, dh = cache.steps[0].params, 0 * dhs[0] if dstate_T is None else dstate_T
    W_h, da_xs, da_hs = params["weight_hh"], [], []
    for k, dh_t in zip(cache.steps[::-1], dhs[::-1], strict=True):
        dh = dh + dh_t
        da_n = dh * (1 - k.z) * (1 - k.n**2)
        da_rz = [da_n * k.a_hn * k.r * (1 - k.r), dh * (k.h - k.n) * k.z * (1 - k.z)]
        da_xs.insert(0, np.concatenate([*da_rz, da_n], axis=1))
        da_hs.insert(0, np.concatenate([*da_rz, da_n * k.r], axis=1))
        dh = dh * k.z + da_hs[0] @ W_h
    da_xs, da_hs = np.stack(da_xs), np.stack(da_hs)
    xs, before = np.stack([k.x for k in cache.steps]), np.stack([k.h for k in cache.steps])
    dparams = {
        "weight_ih": np.einsum("tbk,tbd->kd", da_xs, xs),
        "weight_hh": np.einsum("tbk,tbh->kh", da_hs, before),
        "bias_ih": da_xs.sum(axis=(0, 1)),
        "bias_hh": da_hs.sum(axis=(0, 1)),
    }
    return dparams, da_xs @ params["weight_ih"], dh


@right
def summed_at_the_end(cache, dhs, dstate_T=None):
    results, dh = [], np.zeros_like(dhs[-1]) if dstate_T is None else dstate_T
    for step, dh_t in reversed(list(zip(cache.steps, dhs, strict=True))):
        results.append(gru_step_backward(step, dh_t + dh))
        dh = results[-1][2]
    dparams = {name: sum(result[0][name] for result in results) for name in results[0][0]}
    return dparams, np.stack([dx for _, dx, _ in results[::-1]]), dh


@right
def sent_to_the_step_before(cache, dhs, dstate_T=None):
    dhs, dxs, dparams = dhs.copy(), [], nothing(cache)
    if dstate_T is not None:
        dhs[-1] += dstate_T
    for t in range(len(dhs) - 1, -1, -1):
        step_dparams, dx, dh = gru_step_backward(cache.steps[t], dhs[t])
        dparams = add(dparams, step_dparams)
        dxs = [dx, *dxs]
        if t:
            dhs[t - 1] += dh
        print(f"step {t}: size of dh {np.linalg.norm(dh):.3f}")
    return [dparams, np.asarray(dxs), dh]


@wrong("the future is forgotten: each step gets dhs[t]")
def no_future(cache, dhs, dstate_T=None):
    dparams, dxs = nothing(cache), []
    for t in reversed(range(len(dhs))):
        step_dparams, dx, dh = gru_step_backward(cache.steps[t], dhs[t])
        dparams = add(dparams, step_dparams)
        dxs.append(dx)
    return dparams, np.stack(dxs[::-1]), dh


@wrong("dstate_T is added at every step")
def name_never_renewed(cache, dhs, dstate_T=None):
    dstate_T = 0 * dhs[0] if dstate_T is None else dstate_T
    dparams, dxs = nothing(cache), []
    for t in reversed(range(len(dhs))):
        step_dparams, dx, dh = gru_step_backward(cache.steps[t], dhs[t] + dstate_T)
        dparams = add(dparams, step_dparams)
        dxs.append(dx)
    return dparams, np.stack(dxs[::-1]), dh


@wrong("dhs is ignored")
def only_the_last_state(cache, dhs, dstate_T=None):
    dparams, dxs, dh = nothing(cache), [], 0 * dhs[0] if dstate_T is None else dstate_T
    for step in reversed(cache.steps):
        step_dparams, dx, dh = gru_step_backward(step, dh)
        dparams = add(dparams, step_dparams)
        dxs.append(dx)
    return dparams, np.stack(dxs[::-1]), dh


def loop(cache, dhs, dh, order=None, first=None):
    """The loop as most people write it."""
    dparams, dxs = nothing(cache), []
    for t in order or reversed(range(len(dhs))):
        step_dparams, dx, dh = gru_step_backward(cache.steps[t], dhs[t] + dh)
        dparams = add(dparams, step_dparams)
        dxs.append(dx)
    return dparams, np.stack(dxs[::-1]), dh


@wrong("dstate_T is ignored")
def starts_from_zero(cache, dhs, dstate_T=None):
    return loop(cache, dhs, np.zeros_like(dhs[0]))


@wrong("dstate_T is None, which means zero")
def none_not_looked_at(cache, dhs, dstate_T=None):
    return loop(cache, dhs, dstate_T)


@wrong("dstate_T replaces dhs[-1]")
def one_or_the_other(cache, dhs, dstate_T=None):
    if dstate_T is not None:
        dhs = np.concatenate([dhs[:-1], dstate_T[None]])
    return loop(cache, dhs, 0)


@wrong("dstate_T is added twice")
def at_both_places(cache, dhs, dstate_T=None):
    if dstate_T is None:
        return loop(cache, dhs, 0)
    return loop(cache, np.concatenate([dhs[:-1], dhs[-1:] + dstate_T]), dstate_T)


@wrong("dparams is overwritten in each step")
def overwritten(cache, dhs, dstate_T=None):
    dxs, dh = [], 0 * dhs[0] if dstate_T is None else dstate_T
    for t in reversed(range(len(dhs))):
        dparams, dx, dh = gru_step_backward(cache.steps[t], dhs[t] + dh)
        dxs.insert(0, dx)
    return dparams, np.stack(dxs), dh


@wrong("the gradients of the steps are averaged")
def averaged(cache, dhs, dstate_T=None):
    dparams, dxs, dh = loop(cache, dhs, 0 if dstate_T is None else dstate_T)
    return {name: d / len(dhs) for name, d in dparams.items()}, dxs, dh


@wrong("bias_ih and bias_hh are one array")
def shared_zeros(cache, dhs, dstate_T=None):
    dparams, dxs, dh = nothing(cache), [], 0 * dhs[0] if dstate_T is None else dstate_T
    dparams["bias_hh"] = dparams["bias_ih"]
    for t in reversed(range(len(dhs))):
        step_dparams, dx, dh = gru_step_backward(cache.steps[t], dhs[t] + dh)
        for name in dparams:
            dparams[name] += step_dparams[name]
        dxs.append(dx)
    return dparams, np.stack(dxs[::-1]), dh


@wrong("bias_hh gets what belongs to bias_ih")
def one_sum_for_both_biases(cache, dhs, dstate_T=None):
    """As it may be done in the plain cell."""
    dparams, dxs, dh = loop(cache, dhs, 0 if dstate_T is None else dstate_T)
    return {**dparams, "bias_hh": dparams["bias_ih"].copy()}, dxs, dh


@wrong("dxs is in reversed order")
def not_turned_round(cache, dhs, dstate_T=None):
    dparams, dxs, dh = loop(cache, dhs, 0 if dstate_T is None else dstate_T)
    return dparams, dxs[::-1], dh


@wrong("the steps are reversed but dhs is not")
def half_reversed(cache, dhs, dstate_T=None):
    dparams, dxs, dh = nothing(cache), [], 0 * dhs[0] if dstate_T is None else dstate_T
    for step, dh_t in zip(reversed(cache.steps), dhs, strict=True):
        step_dparams, dx, dh = gru_step_backward(step, dh_t + dh)
        dparams = add(dparams, step_dparams)
        dxs.append(dx)
    return dparams, np.stack(dxs[::-1]), dh


@wrong("the loop runs forward in time")
def forwards(cache, dhs, dstate_T=None):
    dparams, dxs, dh = nothing(cache), [], 0 * dhs[0] if dstate_T is None else dstate_T
    for t in range(len(dhs)):
        step_dparams, dx, dh = gru_step_backward(cache.steps[t], dhs[t] + dh)
        dparams = add(dparams, step_dparams)
        dxs.append(dx)
    return dparams, np.stack(dxs), dh


@wrong("dh is multiplied by z once more between the steps")
def direct_way_twice(cache, dhs, dstate_T=None):
    dparams, dxs, dh = nothing(cache), [], 0 * dhs[0] if dstate_T is None else dstate_T
    for t in reversed(range(len(dhs))):
        step_dparams, dx, dh_before = gru_step_backward(cache.steps[t], dhs[t] + dh)
        dh = dh_before * cache.steps[t].z if t else dh_before
        dparams = add(dparams, step_dparams)
        dxs.append(dx)
    return dparams, np.stack(dxs[::-1]), dh


@wrong("the first time step is left out of dparams")
def stops_before_zero(cache, dhs, dstate_T=None):
    dxs, dh, dparams = [], 0 * dhs[0] if dstate_T is None else dstate_T, nothing(cache)
    for t in reversed(range(len(dhs))):
        step_dparams, dx, dh = gru_step_backward(cache.steps[t], dhs[t] + dh)
        dxs.insert(0, dx)
        if t > 0:
            dparams = add(dparams, step_dparams)
    return dparams, np.stack(dxs), dh


@wrong("dxs is only that of the first step")
def one_dx(cache, dhs, dstate_T=None):
    dparams, dh = nothing(cache), 0 * dhs[0] if dstate_T is None else dstate_T
    for t in reversed(range(len(dhs))):
        step_dparams, dxs, dh = gru_step_backward(cache.steps[t], dhs[t] + dh)
        dparams = add(dparams, step_dparams)
    return dparams, dxs, dh


@wrong("dxs and dstate0 are exchanged")
def another_order_of_results(cache, dhs, dstate_T=None):
    dparams, dxs, dh = loop(cache, dhs, 0 if dstate_T is None else dstate_T)
    return dparams, dh, dxs


@wrong("it changed its argument dhs in place; work on a copy.")
def callers_array(cache, dhs, dstate_T=None):
    right_results = gru_backward(cache, dhs.copy(), dstate_T)
    dhs[-1] += 1
    return right_results


@wrong(None)
def square_root_for_the_mean(cache, dhs, dstate_T=None):
    dparams, dxs, dh = loop(cache, dhs, 0 if dstate_T is None else dstate_T)
    return {name: d / np.sqrt(len(dhs)) for name, d in dparams.items()}, dxs, dh


@right
def zipped(cache, dhs, dstate_T=None):
    steps, hs = cache
    dh = np.zeros_like(hs[-1])
    if dstate_T is not None:
        dh = dstate_T.copy()
    grads, dxs = [], []
    for step, dh_above in zip(steps[::-1], dhs[::-1], strict=True):
        dh = dh + dh_above
        grad, dx, dh = gru_step_backward(step, dh)
        grads.append(grad)
        dxs.append(dx)
    return {name: sum(grad[name] for grad in grads) for name in grads[0]}, np.array(dxs[::-1]), dh


@right
def first_step_starts_the_sum(cache, dhs, dstate_T=None):
    t = len(cache.steps) - 1
    dparams, dx, dh = gru_step_backward(cache.steps[t], dhs[t] if dstate_T is None else dhs[t] + dstate_T)
    dxs = np.empty((t + 1, *dx.shape), dtype=dx.dtype)
    dxs[t] = dx
    while t > 0:
        t -= 1
        more, dxs[t], dh = gru_step_backward(cache.steps[t], dhs[t] + dh)
        dparams = {name: dparams[name] + more[name] for name in more}
    return dparams, dxs, dh


def walk(cache, dhs, dstate_T, arriving=lambda t, dhs, dh: dhs[t] + dh, keep=lambda old, new: old + new):
    dparams = {name: np.zeros_like(value) for name, value in cache.steps[0].params.items()}
    dxs, dh = [None] * len(dhs), np.zeros_like(dhs[0]) if dstate_T is None else dstate_T
    for t in range(len(dhs) - 1, -1, -1):
        d, dxs[t], dh = gru_step_backward(cache.steps[t], arriving(t, dhs, dh))
        dparams = {name: keep(dparams[name], d[name]) for name in d}
    return dparams, np.stack(dxs), dh


@wrong("only the last entry of dhs is used")
def only_the_last_dhs(cache, dhs, dstate_T=None):
    return walk(cache, dhs, dstate_T, arriving=lambda t, dhs, dh: dhs[t] + dh if t == len(dhs) - 1 else dh)


@wrong("it changed its argument dstate_T in place; work on a copy.")
def added_in_place(cache, dhs, dstate_T=None):
    dparams = {name: np.zeros_like(value) for name, value in cache.steps[0].params.items()}
    dxs, dh = [], np.zeros_like(dhs[0]) if dstate_T is None else dstate_T
    for t in reversed(range(len(dhs))):
        dh += dhs[t]
        d, dx, dh = gru_step_backward(cache.steps[t], dh)
        for name in d:
            dparams[name] += d[name]
        dxs.append(dx)
    return dparams, np.stack(dxs[::-1]), dh


@wrong("dhs[0] is added to dstate0")
def dhs_added_to_dstate0(cache, dhs, dstate_T=None):
    dparams, dxs, dh = walk(cache, dhs, dstate_T)
    return dparams, dxs, dh + dhs[0]


@wrong("is ambiguous")
def if_dstate_T(cache, dhs, dstate_T=None):
    return walk(cache, dhs, dstate_T if dstate_T else None)


@wrong("dhs[-1] is counted twice, as the first dh and in the loop.")
def last_dhs_twice(cache, dhs, dstate_T=None):
    return walk(cache, dhs, dhs[-1] if dstate_T is None else dhs[-1] + dstate_T)


@wrong("dxs must be a NumPy array of shape (2, 1, 1), got a list of 2.")
def list_of_dxs(cache, dhs, dstate_T=None):
    dparams, dxs, dh = walk(cache, dhs, dstate_T)
    return dparams, list(dxs), dh


@wrong("'GRUCache' object has no attribute 'params'.")
def step_cache_fields(cache, dhs, dstate_T=None):
    dparams = {name: np.zeros_like(value) for name, value in cache.params.items()}
    dxs, dh = [], np.zeros_like(dhs[0]) if dstate_T is None else dstate_T
    for t in reversed(range(len(dhs))):
        d, dx, dh = gru_step_backward(cache.steps[t], dhs[t] + dh)
        for name in d:
            dparams[name] += d[name]
        dxs.append(dx)
    return dparams, np.stack(dxs[::-1]), dh
