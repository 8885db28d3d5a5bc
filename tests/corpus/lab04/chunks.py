"""Lab 4, part 2: the gradient in chunks."""

import numpy as np

from rnncore.reference import rnn_backward, rnn_forward, rnn_step_backward, rnn_step_forward
from tests.corpus.answers import right, wrong


def zeros(params):
    return {name: np.zeros_like(value) for name, value in params.items()}


@right
def split_beforehand(params, xs, state0, dhs, k):
    cuts = list(range(k, len(xs), k))
    state, total, first = state0, None, None
    for x, dh in zip(np.split(xs, cuts), np.split(dhs, cuts), strict=True):
        _, state, cache = rnn_forward(params, x, state)
        dparams, _, dstate = rnn_backward(cache, dh)
        if total is None:
            total, first = dparams, dstate
        else:
            total = {name: total[name] + dparams[name] for name in total}
    return total, first, state


@right
def read_first_then_go_back(params, xs, state0, dhs, k):
    """The whole forward pass, then steps back in which the gradient is set to zero at each border."""
    h, caches = state0, []
    for x in xs:
        h, cache = rnn_step_forward(params, x, h)
        caches.append(cache)
    total, dh, dstate0 = zeros(params), np.zeros_like(state0), None
    for t in range(len(xs) - 1, -1, -1):
        if (t + 1) % k == 0:
            dh = np.zeros_like(state0)
        dparams, _, dh = rnn_step_backward(caches[t], dhs[t] + dh)
        for name in total:
            total[name] += dparams[name]
        dstate0 = dh
    return total, dstate0, h


@right
def recursive(params, xs, state0, dhs, k):
    _, state, cache = rnn_forward(params, xs[:k], state0)
    dparams, _, dstate0 = rnn_backward(cache, dhs[:k])
    if len(xs) <= k:
        return dparams, dstate0, state
    rest, _, state = recursive(params, xs[k:], state, dhs[k:], k)
    return {name: dparams[name] + rest[name] for name in params}, dstate0, state


@right
def while_loop(params, xs, state0, dhs, k):
    results, state, start = [], state0.copy(), 0
    while start < len(xs):
        end = min(start + k, len(xs))
        hs, _, cache = rnn_forward(params, xs[start:end], state)
        state = hs[-1]
        results.append(rnn_backward(cache, dhs[start:end], np.zeros_like(state)))
        start = end
    return {name: sum(r[0][name] for r in results) for name in params}, results[0][2], state


@right
def one_formula(params, xs, state0, dhs, k):
    """All da at once, then one product for each weight."""
    hs, state_T, _ = rnn_forward(params, xs, state0)
    before, das = np.concatenate([state0[None], hs[:-1]]), np.zeros_like(hs)
    for t in reversed(range(len(xs))):
        dh = dhs[t].copy()
        if t + 1 < len(xs) and (t + 1) % k:
            dh += das[t + 1] @ params["weight_hh"]
        das[t] = dh * (1 - hs[t] ** 2)
    db = das.sum(axis=(0, 1))
    dparams = {
        "bias_hh": db,
        "bias_ih": db.copy(),
        "weight_hh": np.einsum("tbi,tbj->ij", das, before),
        "weight_ih": np.einsum("tbi,tbj->ij", das, xs),
    }
    return dparams, das[0] @ params["weight_hh"], state_T


@right
def chunk_numbers(params, xs, state0, dhs, k):
    T = xs.shape[0]
    dparams, state = zeros(params), state0
    for m in range(-(-T // k)):
        at = slice(m * k, min(T, (m + 1) * k))
        _, state, cache = rnn_forward(params, xs[at], state)
        d, dxs, dstate = rnn_backward(cache, dhs[at])
        print(f"chunk {m}: {len(dxs)} steps")
        for name, value in d.items():
            dparams[name] = dparams[name] + value
        if m == 0:
            first = dstate
    return [dparams, first, state]


@wrong("nothing is cut")
def the_whole_walk(params, xs, state0, dhs, k):
    _, state_T, cache = rnn_forward(params, xs, state0)
    dparams, _, dstate0 = rnn_backward(cache, dhs)
    return dparams, dstate0, state_T


@wrong("nothing is cut")
def handed_over_the_border(params, xs, state0, dhs, k):
    """The chunks from the last to the first, each with the dstate0 of the one behind it."""
    caches, state = [], state0
    for start in range(0, len(xs), k):
        _, state, cache = rnn_forward(params, xs[start : start + k], state)
        caches.append((start, cache))
    total, dstate = zeros(params), None
    for start, cache in reversed(caches):
        dparams, _, dstate = rnn_backward(cache, dhs[start : start + k], dstate)
        total = {name: total[name] + dparams[name] for name in total}
    return total, dstate, state


@wrong("is given to the chunk after it as dstate_T")
def handed_forward(params, xs, state0, dhs, k):
    total, state, dstate, first = zeros(params), state0, np.zeros_like(state0), None
    for start in range(0, len(xs), k):
        _, state, cache = rnn_forward(params, xs[start : start + k], state)
        dparams, _, dstate = rnn_backward(cache, dhs[start : start + k], dstate)
        first = dstate if first is None else first
        total = {name: total[name] + dparams[name] for name in total}
    return total, first, state


def loop(params, xs, state0, dhs, k, again):
    total, state, first = zeros(params), state0, None
    for start in range(0, len(xs), k):
        _, state, cache = rnn_forward(params, xs[start : start + k], again(state))
        dparams, _, dstate = rnn_backward(cache, dhs[start : start + k])
        first = dstate if first is None else first
        total = {name: total[name] + dparams[name] for name in total}
    return total, first, state


@wrong("every chunk starts from state0")
def state0_every_time(params, xs, state0, dhs, k):
    return loop(params, xs, state0, dhs, k, lambda state: state0)


@wrong("every chunk but the first starts from zeros")
def stateless(params, xs, state0, dhs, k):
    return loop(params, xs, state0, dhs, k, lambda state: state if state is state0 else np.zeros_like(state))


@wrong("dstate0 is that of the last chunk")
def the_last_dstate(params, xs, state0, dhs, k):
    total, state = zeros(params), state0
    for start in range(0, len(xs), k):
        _, state, cache = rnn_forward(params, xs[start : start + k], state)
        dparams, _, dstate0 = rnn_backward(cache, dhs[start : start + k])
        for name in total:
            total[name] += dparams[name]
    return total, dstate0, state


@wrong("dstate0 is the sum over all chunks")
def every_dstate(params, xs, state0, dhs, k):
    total, state, dstate0 = zeros(params), state0, np.zeros_like(state0)
    for start in range(0, len(xs), k):
        _, state, cache = rnn_forward(params, xs[start : start + k], state)
        dparams, _, dstate = rnn_backward(cache, dhs[start : start + k])
        dstate0 += dstate
        for name in total:
            total[name] += dparams[name]
    return total, dstate0, state


@wrong("dstate0 is zero")
def dropped_too_much(params, xs, state0, dhs, k):
    dparams, _, state_T = recursive(params, xs, state0, dhs, k)
    return dparams, np.zeros_like(state0), state_T


@wrong("only the last k steps give a gradient")
def not_added(params, xs, state0, dhs, k):
    state = state0
    for start in range(0, len(xs), k):
        _, state, cache = rnn_forward(params, xs[start : start + k], state)
        dparams, _, dstate = rnn_backward(cache, dhs[start : start + k])
        if start == 0:
            dstate0 = dstate
    return dparams, dstate0, state


@wrong("the gradients of the chunks are averaged")
def mean_over_chunks(params, xs, state0, dhs, k):
    dparams, dstate0, state_T = recursive(params, xs, state0, dhs, k)
    count = len(range(0, len(xs), k))
    return {name: d / count for name, d in dparams.items()}, dstate0, state_T


@wrong("the function returns inside the loop")
def indented_return(params, xs, state0, dhs, k):
    total, state = zeros(params), state0
    for start in range(0, len(xs), k):
        _, state, cache = rnn_forward(params, xs[start : start + k], state)
        dparams, _, dstate = rnn_backward(cache, dhs[start : start + k])
        for name in total:
            total[name] += dparams[name]
        return total, dstate, state


@wrong("the last chunk is left out where it is shorter")
def whole_chunks_only(params, xs, state0, dhs, k):
    if k > len(xs):
        return recursive(params, xs, state0, dhs, k)
    T = len(xs) // k * k
    return recursive(params, xs[:T], state0, dhs[:T], k)


@wrong("k is taken as the number of chunks")
def k_parts(params, xs, state0, dhs, k):
    size = int(np.ceil(len(xs) / k))
    return recursive(params, xs, state0, dhs, size)


@wrong("No gradient goes from step to step".lower())
def cut_at_every_step(params, xs, state0, dhs, k):
    dparams, dstate0, state_T = recursive(params, xs, state0, dhs, 1)
    return {name: dparams[name] for name in params}, dstate0, state_T


@wrong("only the last k steps are read")
def the_end_only(params, xs, state0, dhs, k):
    _, state_T, cache = rnn_forward(params, xs[-k:], state0)
    dparams, _, dstate0 = rnn_backward(cache, dhs[-k:])
    return dparams, dstate0, state_T


@wrong("the dhs of the first chunk is used for every chunk")
def dhs_not_moved(params, xs, state0, dhs, k):
    total, state, first = zeros(params), state0, None
    for start in range(0, len(xs), k):
        x = xs[start : start + k]
        _, state, cache = rnn_forward(params, x, state)
        dparams, _, dstate = rnn_backward(cache, dhs[: len(x)])
        first = dstate if first is None else first
        total = {name: total[name] + dparams[name] for name in total}
    return total, first, state


@wrong("the whole of dhs is given to each chunk")
def dhs_not_cut(params, xs, state0, dhs, k):
    total, state = zeros(params), state0
    for start in range(0, len(xs), k):
        _, state, cache = rnn_forward(params, xs[start : start + k], state)
        dparams, _, dstate = rnn_backward(cache, dhs)
        total = {name: total[name] + dparams[name] for name in total}
    return total, dstate, state


@wrong("state_T is state0")
def state_not_renamed(params, xs, state0, dhs, k):
    dparams, dstate0, _ = recursive(params, xs, state0, dhs, k)
    return dparams, dstate0, state0


@wrong("state_T and dstate0 are exchanged")
def other_order(params, xs, state0, dhs, k):
    dparams, dstate0, state_T = recursive(params, xs, state0, dhs, k)
    return dparams, state_T, dstate0


@wrong("dxs stands in the place of dstate0")
def second_result(params, xs, state0, dhs, k):
    total, state, dxs = zeros(params), state0, []
    for start in range(0, len(xs), k):
        _, state, cache = rnn_forward(params, xs[start : start + k], state)
        dparams, dx, _ = rnn_backward(cache, dhs[start : start + k])
        dxs.append(dx)
        total = {name: total[name] + dparams[name] for name in total}
    return total, np.concatenate(dxs), state


@wrong(None)
def one_step_overlap(params, xs, state0, dhs, k):
    """Each chunk also reads the first step of the next one."""
    return recursive(params, xs, state0, dhs, k + 1) if k < len(xs) else recursive(params, xs, state0, dhs * 2, k)


@wrong("must have the dtype of the inputs, float32, got float64.")
def plain_zeros(params, xs, state0, dhs, k):
    dparams, dstate0, state_T = recursive(params, xs, state0, dhs, k)
    return {name: np.zeros(d.shape) + d for name, d in dparams.items()}, dstate0, state_T


@right
def slices(params, xs, state0, dhs, k):
    sums = {name: np.zeros_like(w) for name, w in params.items()}
    state = state0
    first = None
    for start in range(0, xs.shape[0], k):
        part = slice(start, start + k)
        _, state, cache = rnn_forward(params, xs[part], state)
        d, _, dstate = rnn_backward(cache, dhs[part])
        for name in sums:
            sums[name] = sums[name] + d[name]
        if first is None:
            first = dstate
    return sums, first, state


@wrong("the steps that do not fill a chunk are left out")
def what_fills_a_chunk(params, xs, state0, dhs, k):
    state, total, dstate0 = state0, {n: np.zeros_like(v) for n, v in params.items()}, None
    for c in range(len(xs) // k):
        _hs, state, cache = rnn_forward(params, xs[c * k : (c + 1) * k], state)
        d, _dxs, ds = rnn_backward(cache, dhs[c * k : (c + 1) * k])
        for n in d:
            total[n] += d[n]
        if c == 0:
            dstate0 = ds
    return total, dstate0, state


@wrong("it stopped in line")
def k_shadowed(params, xs, state0, dhs, k):
    state, total = state0, {n: np.zeros_like(v) for n, v in params.items()}
    for i in range(0, len(xs), k):
        _hs, state, cache = rnn_forward(params, xs[i : i + k], state)
        d, _dxs, ds = rnn_backward(cache, dhs[i : i + k])
        for k, v in d.items():
            total[k] += v
        if i == 0:
            dstate0 = ds
    return total, dstate0, state


@wrong("k chunks of about equal length are read")
def split_into_k(params, xs, state0, dhs, k):
    state, total, first = state0, {n: np.zeros_like(v) for n, v in params.items()}, None
    for x, dh in zip(np.array_split(xs, k), np.array_split(dhs, k), strict=True):
        _hs, state, cache = rnn_forward(params, x, state)
        d, _dxs, ds = rnn_backward(cache, dh)
        for n in d:
            total[n] += d[n]
        first = ds if first is None else first
    return total, first, state


@wrong("only the last state of each chunk gets its dhs")
def last_loss_of_chunk(params, xs, state0, dhs, k):
    state, total = state0, {n: np.zeros_like(v) for n, v in params.items()}
    for i in range(0, len(xs), k):
        hs, state, cache = rnn_forward(params, xs[i : i + k], state)
        part = np.zeros_like(hs)
        part[-1] = dhs[i : i + k][-1]
        d, _dxs, ds = rnn_backward(cache, part)
        for n in d:
            total[n] += d[n]
        if i == 0:
            dstate0 = ds
    return total, dstate0, state


@wrong("state_T must have shape (1, 1), got (1, 1, 1).")
def states_returned(params, xs, state0, dhs, k):
    state, total = state0, {n: np.zeros_like(v) for n, v in params.items()}
    for i in range(0, len(xs), k):
        hs, state, cache = rnn_forward(params, xs[i : i + k], state)
        d, _dxs, ds = rnn_backward(cache, dhs[i : i + k])
        for n in d:
            total[n] += d[n]
        if i == 0:
            dstate0 = ds
    return total, dstate0, hs


@wrong("the gradient that a chunk sends to its first state is carried in the place of the state.")
def backward_overwrites_state(params, xs, state0, dhs, k):
    state, total = state0, {n: np.zeros_like(v) for n, v in params.items()}
    for i in range(0, len(xs), k):
        _hs, state, cache = rnn_forward(params, xs[i : i + k], state)
        d, _dxs, state = rnn_backward(cache, dhs[i : i + k])
        for n in d:
            total[n] += d[n]
        if i == 0:
            dstate0 = state
    return total, dstate0, state


@wrong("the sums of the gradients start from the parameters")
def sums_start_from_params(params, xs, state0, dhs, k):
    state, total = state0, {n: v.copy() for n, v in params.items()}
    for i in range(0, len(xs), k):
        _hs, state, cache = rnn_forward(params, xs[i : i + k], state)
        d, _dxs, ds = rnn_backward(cache, dhs[i : i + k])
        for n in d:
            total[n] += d[n]
        if i == 0:
            dstate0 = ds
    return total, dstate0, state
