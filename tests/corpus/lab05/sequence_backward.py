"""Lab 5, part 5: a sequence backward."""

import numpy as np

from rnncore.reference import LSTMState, lstm_backward, lstm_step_backward
from tests.corpus.answers import right, wrong


def add(dparams, more):
    return {name: dparams[name] + more[name] for name in dparams}


def nothing(cache):
    return {name: np.zeros_like(value) for name, value in cache.steps[0].params.items()}


def zeros(dhs):
    return LSTMState(np.zeros_like(dhs[0]), np.zeros_like(dhs[0]))


@right
def two_variables(cache, dhs, dstate_T=None):
    dh, dc = zeros(dhs) if dstate_T is None else dstate_T
    dparams, dxs = nothing(cache), np.zeros((len(dhs), *cache.steps[0].x.shape), dhs.dtype)
    for t in range(len(dhs) - 1, -1, -1):
        step_dparams, dxs[t], (dh, dc) = lstm_step_backward(cache.steps[t], LSTMState(dhs[t] + dh, dc))
        for name, d in step_dparams.items():
            dparams[name] += d
    return dparams, dxs, LSTMState(dh, dc)


@right
def recursive(cache, dhs, dstate_T=None):
    dstate = zeros(dhs) if dstate_T is None else dstate_T
    dparams, dx, dstate = lstm_step_backward(cache.steps[-1], LSTMState(dhs[-1] + dstate.h, dstate.c))
    if len(dhs) == 1:
        return dparams, dx[None], dstate
    before, dxs, dstate0 = recursive(cache._replace(steps=cache.steps[:-1], hs=cache.hs[:-1]), dhs[:-1], dstate)
    return add(before, dparams), np.concatenate([dxs, dx[None]]), dstate0


@right
def everything_at_once(cache, dhs, dstate_T=None):
    """da of all steps, then one product for each weight."""
    dh, dc = zeros(dhs) if dstate_T is None else dstate_T
    params, das = cache.steps[0].params, []
    for k, dh_t in zip(cache.steps[::-1], dhs[::-1], strict=True):
        dh = dh + dh_t
        dc = dc + dh * k.o * (1 - k.tanh_c**2)
        parts = [dc * k.g * k.i * (1 - k.i), dc * k.c * k.f * (1 - k.f), dc * k.i * (1 - k.g**2), dh * k.tanh_c * k.o * (1 - k.o)]
        das.append(np.concatenate(parts, axis=1))
        dh, dc = das[-1] @ params["weight_hh"], dc * k.f
    das = np.stack(das[::-1])
    xs, before = np.stack([k.x for k in cache.steps]), np.stack([k.h for k in cache.steps])
    dparams = {
        "weight_ih": np.tensordot(das, xs, axes=((0, 1), (0, 1))),
        "weight_hh": np.tensordot(das, before, axes=((0, 1), (0, 1))),
        "bias_ih": das.sum(axis=(0, 1)),
        "bias_hh": das.sum(axis=(0, 1)),
    }
    return dparams, das @ params["weight_ih"], LSTMState(dh, dc)


@right
def summed_at_the_end(cache, dhs, dstate_T=None):
    results, dstate = [], dstate_T or zeros(dhs)
    for step, dh_t in reversed(list(zip(cache.steps, dhs, strict=True))):
        results.append(lstm_step_backward(step, dstate._replace(h=dstate.h + dh_t)))
        dstate = results[-1][2]
    dparams = {name: sum(result[0][name] for result in results) for name in results[0][0]}
    return dparams, np.stack([dx for _, dx, _ in results[::-1]]), dstate


@right
def sent_to_the_step_before(cache, dhs, dstate_T=None):
    dhs, dc = dhs.copy(), np.zeros_like(dhs[0])
    if dstate_T is not None:
        dhs[-1] += dstate_T.h
        dc = dstate_T.c
    dxs, dparams = [], None
    for t in range(len(dhs) - 1, -1, -1):
        step_dparams, dx, dstate = lstm_step_backward(cache.steps[t], LSTMState(dhs[t], dc))
        dc = dstate.c
        if t > 0:
            dhs[t - 1] += dstate.h
        dparams = step_dparams if dparams is None else add(dparams, step_dparams)
        dxs.insert(0, dx)
    return dparams, np.asarray(dxs), dstate


@right
def prints_as_it_goes(cache, dhs, dstate_T=None):
    dstate = dstate_T if dstate_T is not None else LSTMState(h=0 * dhs[-1], c=0 * dhs[-1])
    dxs, dparams = {}, {}
    for t in reversed(range(len(dhs))):
        step_dparams, dxs[t], dstate = lstm_step_backward(cache.steps[t], LSTMState(h=dhs[t] + dstate.h, c=dstate.c))
        print(f"step {t}: dc {np.linalg.norm(dstate.c):.3f}")
        for name, d in step_dparams.items():
            dparams[name] = dparams.get(name, 0) + d
    return [dparams, np.array([dxs[t] for t in range(len(dhs))]), dstate]


def loop(cache, dhs, dstate, arrive):
    """The loop as most people write it; `arrive(dstate, dh)` is what a step gets."""
    dparams, dxs = nothing(cache), []
    for t in reversed(range(len(dhs))):
        step_dparams, dx, dstate = lstm_step_backward(cache.steps[t], arrive(dstate, dhs[t]))
        for name in dparams:
            dparams[name] += step_dparams[name]
        dxs.append(dx)
    return dparams, np.stack(dxs[::-1]), dstate


@wrong("the dc of the step after it is forgotten: only dh goes from step to step")
def as_in_the_plain_cell(cache, dhs, dstate_T=None):
    return loop(cache, dhs, dstate_T or zeros(dhs), lambda dstate, dh: LSTMState(dh + dstate.h, np.zeros_like(dh)))


@wrong("the dc of the step after it is forgotten: dstate_T.c enters at the end and goes no further")
def dc_not_renamed(cache, dhs, dstate_T=None):
    dh, dc = dstate_T or zeros(dhs)
    dparams, dxs = nothing(cache), []
    for t in reversed(range(len(dhs))):
        step_dparams, dx, dstate = lstm_step_backward(cache.steps[t], LSTMState(dhs[t] + dh, dc))
        dh, dc = dstate.h, np.zeros_like(dh)
        dparams = add(dparams, step_dparams)
        dxs.append(dx)
    return dparams, np.stack(dxs[::-1]), dstate


@wrong("the dh of the step after it is forgotten")
def along_the_cell_only(cache, dhs, dstate_T=None):
    return loop(cache, dhs, dstate_T or zeros(dhs), lambda dstate, dh: LSTMState(dh, dstate.c))


@wrong("dhs[t] is added to dc as well")
def added_to_both(cache, dhs, dstate_T=None):
    return loop(cache, dhs, dstate_T or zeros(dhs), lambda dstate, dh: LSTMState(dstate.h + dh, dstate.c + dh))


@wrong("h and c are exchanged from step to step")
def pair_the_wrong_way_round(cache, dhs, dstate_T=None):
    def arrive(dstate, dh):
        dc, dh_future = dstate
        return LSTMState(dh + dh_future, dc)

    return loop(cache, dhs, dstate_T or zeros(dhs), arrive)


@wrong("the future is forgotten")
def no_future(cache, dhs, dstate_T=None):
    return loop(cache, dhs, zeros(dhs), lambda dstate, dh: LSTMState(dh, np.zeros_like(dh)))


@wrong("dhs is ignored")
def only_from_the_end(cache, dhs, dstate_T=None):
    return loop(cache, dhs, dstate_T or zeros(dhs), lambda dstate, dh: dstate)


@wrong("dstate_T is ignored")
def starts_from_zero(cache, dhs, dstate_T=None):
    return loop(cache, dhs, zeros(dhs), lambda dstate, dh: LSTMState(dstate.h + dh, dstate.c))


@wrong("dstate_T.c is ignored")
def only_h_of_dstate_T(cache, dhs, dstate_T=None):
    dh = np.zeros_like(dhs[0]) if dstate_T is None else dstate_T.h
    return lstm_backward(cache, dhs, LSTMState(dh, np.zeros_like(dh)))


@wrong("dstate_T.h replaces dhs[-1]")
def last_gradient_replaced(cache, dhs, dstate_T=None):
    dhs = dhs.copy()
    if dstate_T is not None:
        dhs[-1] = dstate_T.h
        return lstm_backward(cache, dhs, LSTMState(np.zeros_like(dstate_T.h), dstate_T.c))
    return lstm_backward(cache, dhs)


@wrong("dstate_T is None, which means zero")
def none_is_not_zero(cache, dhs, dstate_T=None):
    return loop(cache, dhs, dstate_T, lambda dstate, dh: LSTMState(dh + dstate.h, dstate.c))


@wrong("dparams is overwritten in each step")
def overwritten(cache, dhs, dstate_T=None):
    dxs, dstate = [], dstate_T or zeros(dhs)
    for t in reversed(range(len(dhs))):
        dparams, dx, dstate = lstm_step_backward(cache.steps[t], LSTMState(dhs[t] + dstate.h, dstate.c))
        dxs.insert(0, dx)
    return dparams, np.stack(dxs), dstate


@wrong("bias_ih and bias_hh are one array")
def shared_zeros(cache, dhs, dstate_T=None):
    dparams = nothing(cache)
    dparams["bias_hh"] = dparams["bias_ih"]
    dxs, dstate = [], dstate_T or zeros(dhs)
    for step, dh_t in zip(cache.steps[::-1], dhs[::-1], strict=True):
        step_dparams, dx, dstate = lstm_step_backward(step, LSTMState(dh_t + dstate.h, dstate.c))
        for name in dparams:
            dparams[name] += step_dparams[name]
        dxs.append(dx)
    return dparams, np.stack(dxs[::-1]), dstate


@wrong("dxs is in reversed order")
def not_turned_round(cache, dhs, dstate_T=None):
    dparams, dxs, dstate = lstm_backward(cache, dhs, dstate_T)
    return dparams, dxs[::-1], dstate


@wrong("the loop runs forward in time")
def forward_in_time(cache, dhs, dstate_T=None):
    dparams, dxs, dstate = nothing(cache), [], dstate_T or zeros(dhs)
    for t in range(len(dhs)):
        step_dparams, dx, dstate = lstm_step_backward(cache.steps[t], LSTMState(dhs[t] + dstate.h, dstate.c))
        dparams = add(dparams, step_dparams)
        dxs.append(dx)
    return dparams, np.stack(dxs), dstate


@wrong("the gradients of the steps are averaged")
def mean_over_time(cache, dhs, dstate_T=None):
    dparams, dxs, dstate = lstm_backward(cache, dhs, dstate_T)
    return {name: d / len(dhs) for name, d in dparams.items()}, dxs, dstate


@wrong("dstate0 is zero")
def first_state_fixed(cache, dhs, dstate_T=None):
    dparams, dxs, _ = lstm_backward(cache, dhs, dstate_T)
    return dparams, dxs, zeros(dhs)


@wrong("must have the dtype of the inputs, float32, got float64.")
def float64_where_none(cache, dhs, dstate_T=None):
    start = LSTMState(np.zeros(dhs.shape[1:]), np.zeros(dhs.shape[1:])) if dstate_T is None else dstate_T
    dparams, dxs, dstate = loop(cache, dhs, start, lambda dstate, dh: LSTMState(dh + dstate.h, dstate.c))
    return dparams, dxs, dstate


@wrong("it changed its argument dhs in place; work on a copy.")
def dhs_changed_in_place(cache, dhs, dstate_T=None):
    if dstate_T is None:
        return lstm_backward(cache, dhs)
    dhs[-1] += dstate_T.h
    return lstm_backward(cache, dhs, LSTMState(np.zeros_like(dstate_T.h), dstate_T.c))


@wrong("dstate0 must be LSTMState(h, c), got an array of shape (1, 1).")
def only_dh0(cache, dhs, dstate_T=None):
    dparams, dxs, dstate = lstm_backward(cache, dhs, dstate_T)
    return dparams, dxs, dstate.h


@right
def last_added_to_dhs(cache, dhs, dstate_T=None):
    dhs = dhs.copy()
    dc = np.zeros_like(dhs[-1])
    if dstate_T is not None:
        dhs[-1] += dstate_T.h
        dc = dc + dstate_T.c
    dxs = []
    dparams = {k: np.zeros_like(v) for k, v in cache.steps[0].params.items()}
    dh0 = None
    for t in reversed(range(len(dhs))):
        d, dx, before = lstm_step_backward(cache.steps[t], LSTMState(dhs[t], dc))
        for k in d:
            dparams[k] += d[k]
        dxs.insert(0, dx)
        dc = before.c
        if t > 0:
            dhs[t - 1] += before.h
        else:
            dh0 = before.h
    return dparams, np.stack(dxs), LSTMState(dh0, dc)


@wrong("only the last entry of dhs is used; each dhs[t] is added at its own step.")
def dhs_last_only(cache, dhs, dstate_T=None):
    d = dstate_T if dstate_T is not None else LSTMState(np.zeros_like(dhs[0]), np.zeros_like(dhs[0]))
    d = LSTMState(d.h + dhs[-1], d.c)
    dxs, total = [], {k: np.zeros_like(v) for k, v in cache.steps[0].params.items()}
    for t in reversed(range(len(dhs))):
        dp, dx, d = lstm_step_backward(cache.steps[t], d)
        dxs.append(dx)
        for k in dp:
            total[k] += dp[k]
    return total, np.stack(dxs[::-1]), d


@wrong("dstate_T is added at every step; it enters once, behind the last one.")
def T_every_step(cache, dhs, dstate_T=None):
    z = LSTMState(np.zeros_like(dhs[0]), np.zeros_like(dhs[0]))
    T_ = dstate_T if dstate_T is not None else z
    d = z
    dxs, total = [], {k: np.zeros_like(v) for k, v in cache.steps[0].params.items()}
    for t in reversed(range(len(dhs))):
        dp, dx, d = lstm_step_backward(cache.steps[t], LSTMState(dhs[t] + d.h + T_.h, d.c + T_.c))
        dxs.append(dx)
        for k in dp:
            total[k] += dp[k]
    return total, np.stack(dxs[::-1]), d


@wrong("the sums of dparams start from the parameters; they start from zeros.")
def first_not_summed(cache, dhs, dstate_T=None):
    d = dstate_T if dstate_T is not None else LSTMState(np.zeros_like(dhs[0]), np.zeros_like(dhs[0]))
    dxs, total = [], dict(cache.steps[0].params)
    for t in reversed(range(len(dhs))):
        dp, dx, d = lstm_step_backward(cache.steps[t], LSTMState(dhs[t] + d.h, d.c))
        dxs.append(dx)
        for k in dp:
            total[k] = total[k] + dp[k]
    return total, np.stack(dxs[::-1]), d


@wrong("the loop ends before it reaches the first step; that is step 0.")
def misses_step_zero(cache, dhs, dstate_T=None):
    d = dstate_T if dstate_T is not None else LSTMState(np.zeros_like(dhs[0]), np.zeros_like(dhs[0]))
    dxs, total = [], {k: np.zeros_like(v) for k, v in cache.steps[0].params.items()}
    for t in range(len(dhs) - 1, 0, -1):
        dp, dx, d = lstm_step_backward(cache.steps[t], LSTMState(dhs[t] + d.h, d.c))
        dxs.append(dx)
        for k in dp:
            total[k] += dp[k]
    return total, np.stack(dxs[::-1]), d


@wrong("dstate_T is None, which means zero, and None is taken apart.")
def none_not_handled(cache, dhs, dstate_T=None):
    dh, dc = dstate_T
    total, dxs = None, []
    for t in reversed(range(len(dhs))):
        dparams, dx, (dh, dc) = lstm_step_backward(cache.steps[t], LSTMState(dh + dhs[t], dc))
        total = dparams if total is None else {name: total[name] + dparams[name] for name in total}
        dxs.insert(0, dx)
    return total, np.stack(dxs), LSTMState(dh, dc)
