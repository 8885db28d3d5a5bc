"""Lab 4, part 3: after every k1 steps, back over k2."""

from collections import deque

import numpy as np

from rnncore.reference import rnn_backward, rnn_forward, rnn_step_backward, rnn_step_forward
from tests.corpus.answers import right, wrong


def zeros(params):
    return {name: np.zeros_like(value) for name, value in params.items()}


@right
def with_a_deque(params, xs, state0, dhs, k1, k2):
    total, dstate0, h = zeros(params), np.zeros_like(state0), state0
    window = deque(maxlen=k2)
    new = 0
    for t in range(len(xs)):
        h, cache = rnn_step_forward(params, xs[t], h)
        window.append((t, cache))
        new += 1
        if new == k1 or t == len(xs) - 1:
            dh = np.zeros_like(h)
            for s, cache in list(window)[::-1]:
                if s > t - new:
                    dh = dh + dhs[s]
                dparams, _, dh = rnn_step_backward(cache, dh)
                total = {name: total[name] + dparams[name] for name in total}
            if window[0][0] == 0:
                dstate0 = dstate0 + dh
            new = 0
    return total, dstate0, h


@right
def forward_first(params, xs, state0, dhs, k1, k2):
    """All states first; then a pass is `rnn_backward` on a piece of the cache, with old losses blanked out."""
    T = len(xs)
    hs, state_T, cache = rnn_forward(params, xs, state0)
    dparams, dstate0 = zeros(params), np.zeros_like(state0)
    done = 0
    for end in [*range(k1, T, k1), T]:
        first = max(0, end - k2)
        masked = dhs[first:end].copy()
        masked[: max(0, done - first)] = 0
        piece = cache._replace(steps=cache.steps[first:end], hs=hs[first:end])
        d, _, dstate = rnn_backward(piece, masked)
        for name in dparams:
            dparams[name] += d[name]
        if first == 0:
            dstate0 += dstate
        done = end
    return dparams, dstate0, state_T


@right
def loss_by_loss(params, xs, state0, dhs, k1, k2):
    """Each loss on its own: it goes back to the first step of its pass's window."""
    T = len(xs)
    _, state_T, cache = rnn_forward(params, xs, state0)
    total, dstate0 = zeros(params), np.zeros_like(state0)
    for t in range(T):
        end = min((t // k1 + 1) * k1, T) - 1
        first = max(end - k2 + 1, 0)
        if t < first:
            continue
        dh = dhs[t]
        for s in range(t, first - 1, -1):
            d, _, dh = rnn_step_backward(cache.steps[s], dh)
            total = {name: total[name] + d[name] for name in total}
        if first == 0:
            dstate0 = dstate0 + dh
    return total, dstate0, state_T


@right
def the_other_two_loops(params, xs, state0, dhs, k1, k2):
    caches, h, total, dstate0 = [], state0, {}, 0 * state0
    for t, x in enumerate(xs, start=1):
        h, cache = rnn_step_forward(params, x, h)
        caches.append(cache)
        if t % k1 and t < len(xs):
            continue
        new = (t - 1) % k1 + 1
        dh, s = 0 * h, t - 1
        while s >= 0 and s >= t - k2:
            if t - 1 - s < new:
                dh = dh + dhs[s]
            dparams, _, dh = rnn_step_backward(caches[s], dh)
            for name, d in dparams.items():
                total[name] = total.get(name, 0) + d
            s -= 1
        if s < 0:
            dstate0 = dstate0 + dh
    return total, dstate0, h


@right
def inner_function(params, xs, state0, dhs, k1, k2):
    _, state_T, cache = rnn_forward(params, xs, state0)

    def back(t, s, dh, first):
        if s < max(t - k2 + 1, 0):
            return zeros(params), dh
        dparams, _, dh = rnn_step_backward(cache.steps[s], dh + dhs[s] if s >= first else dh)
        rest, dh = back(t, s - 1, dh, first)
        return {name: rest[name] + dparams[name] for name in rest}, dh

    total, dstate0, first = zeros(params), np.zeros_like(state0), 0
    for t in range(len(xs)):
        if (t + 1) % k1 == 0 or t + 1 == len(xs):
            dparams, dh = back(t, t, np.zeros_like(state0), first)
            total = {name: total[name] + dparams[name] for name in total}
            dstate0 += dh if k2 > t else 0
            first = t + 1
    return total, dstate0, state_T


@right
def prints_and_lists(params, xs, state0, dhs, k1, k2):
    states, caches, passes, arrived = [state0], [], [], []
    last = -1
    for t, x in enumerate(xs):
        state, cache = rnn_step_forward(params, x, states[-1])
        states.append(state)
        caches.append(cache)
        if t - last == k1 or t == len(xs) - 1:
            dh = np.zeros_like(state)
            low = max(t + 1 - k2, 0)
            for s in reversed(range(low, t + 1)):
                dh = dh + dhs[s] * np.asarray(s > last, dhs.dtype)
                dparams, _, dh = rnn_step_backward(caches[s], dh)
                passes.append(dparams)
            print(f"pass after step {t}, back to {low}")
            if low == 0:
                arrived.append(dh)
            last = t
    dparams = {name: sum((p[name] for p in passes), np.zeros_like(params[name])) for name in params}
    return dparams, sum(arrived, np.zeros_like(state0)), states[-1]


def passes(params, xs, state0, dhs, due, entering, reach):
    """The loop as most people write it; the parts that go wrong are functions of t, k1 and so on."""
    caches, h, total, dstate0 = [], state0, zeros(params), np.zeros_like(state0)
    for t, x in enumerate(xs):
        h, cache = rnn_step_forward(params, x, h)
        caches.append(cache)
        if due(t):
            dh = np.zeros_like(h)
            steps = range(t, max(t - reach(t), -1), -1)
            for s in steps:
                if entering(t, s):
                    dh = dh + dhs[s]
                dparams, _, dh = rnn_step_backward(caches[s], dh)
                for name in total:
                    total[name] += dparams[name]
            if steps[-1] == 0:
                dstate0 += dh
    return total, dstate0, h


@wrong("every pass sends all losses of its window")
def counted_again(params, xs, state0, dhs, k1, k2):
    T = len(xs)
    return passes(params, xs, state0, dhs, lambda t: (t + 1) % k1 == 0 or t == T - 1, lambda t, s: True, lambda t: k2)


@wrong("only the newest loss of each pass is sent")
def the_loss_of_this_step(params, xs, state0, dhs, k1, k2):
    T = len(xs)
    return passes(params, xs, state0, dhs, lambda t: (t + 1) % k1 == 0 or t == T - 1, lambda t, s: s == t, lambda t: k2)


@wrong("there is a pass after every step")
def k1_forgotten(params, xs, state0, dhs, k1, k2):
    return passes(params, xs, state0, dhs, lambda t: True, lambda t, s: s == t, lambda t: k2)


@wrong("each pass goes back over k1 steps")
def chunks_of_k1(params, xs, state0, dhs, k1, k2):
    T = len(xs)
    return passes(params, xs, state0, dhs, lambda t: (t + 1) % k1 == 0 or t == T - 1, lambda t, s: t - s < t % k1 + 1, lambda t: k1)


@wrong("k1 and k2 are exchanged")
def the_other_way_round(params, xs, state0, dhs, k1, k2):
    k1, k2 = k2, k1
    return with_a_deque(params, xs, state0, dhs, k1, k2)


@wrong("each pass goes back to the first step")
def nothing_cut(params, xs, state0, dhs, k1, k2):
    T = len(xs)
    return passes(params, xs, state0, dhs, lambda t: (t + 1) % k1 == 0 or t == T - 1, lambda t, s: t - s < t % k1 + 1, lambda t: t + 1)


@wrong("each pass goes back over k2 + 1 steps")
def one_too_far(params, xs, state0, dhs, k1, k2):
    T = len(xs)
    return passes(params, xs, state0, dhs, lambda t: (t + 1) % k1 == 0 or t == T - 1, lambda t, s: t - s < t % k1 + 1, lambda t: k2 + 1)


@wrong("the pass after the last step is missing")
def the_rest_is_lost(params, xs, state0, dhs, k1, k2):
    return passes(params, xs, state0, dhs, lambda t: (t + 1) % k1 == 0, lambda t, s: t - s < k1, lambda t: k2)


@wrong("the last pass sends k1 losses although fewer are new")
def always_k1_losses(params, xs, state0, dhs, k1, k2):
    T = len(xs)
    return passes(params, xs, state0, dhs, lambda t: (t + 1) % k1 == 0 or t == T - 1, lambda t, s: t - s < k1, lambda t: k2)


@wrong("the passes come one step early")
def t_counts_from_zero(params, xs, state0, dhs, k1, k2):
    return passes(params, xs, state0, dhs, lambda t: t % k1 == 0, lambda t, s: t - s < k1, lambda t: k2)


@wrong("there is one pass only")
def after_the_loop(params, xs, state0, dhs, k1, k2):
    T = len(xs)
    return passes(params, xs, state0, dhs, lambda t: t == T - 1, lambda t, s: t - s < t % k1 + 1, lambda t: k2)


@wrong("the old losses of the window are sent")
def comparison_turned(params, xs, state0, dhs, k1, k2):
    T = len(xs)
    return passes(params, xs, state0, dhs, lambda t: (t + 1) % k1 == 0 or t == T - 1, lambda t, s: t - s > t % k1, lambda t: k2)


@wrong("one loss more than the steps since the last pass")
def less_or_equal(params, xs, state0, dhs, k1, k2):
    T = len(xs)
    return passes(params, xs, state0, dhs, lambda t: (t + 1) % k1 == 0 or t == T - 1, lambda t, s: t - s <= t % k1 + 1, lambda t: k2)


@wrong("each pass goes back over the larger of k1 and k2")
def k2_at_least_k1(params, xs, state0, dhs, k1, k2):
    return with_a_deque(params, xs, state0, dhs, k1, max(k1, k2))


@wrong("each pass goes back over k1 + k2 steps")
def both_together(params, xs, state0, dhs, k1, k2):
    return with_a_deque(params, xs, state0, dhs, k1, k1 + k2)


@wrong("every step of a pass gets the dhs of its last step")
def dhs_of_t(params, xs, state0, dhs, k1, k2):
    caches, h, total, dstate0 = [], state0, zeros(params), np.zeros_like(state0)
    for t, x in enumerate(xs):
        h, cache = rnn_step_forward(params, x, h)
        caches.append(cache)
        if (t + 1) % k1 == 0 or t == len(xs) - 1:
            dh = np.zeros_like(h)
            for age, cache in enumerate(caches[: -k2 - 1 : -1]):
                dparams, _, dh = rnn_step_backward(cache, dh + dhs[t] if age <= t % k1 else dh)
                total = {name: total[name] + dparams[name] for name in total}
            if t < k2:
                dstate0 = dstate0 + dh
    return total, dstate0, h


@wrong("a pass starts from the gradient that the pass before left")
def dh_not_cleared(params, xs, state0, dhs, k1, k2):
    caches, h, total, dstate0, dh = [], state0, zeros(params), np.zeros_like(state0), np.zeros_like(state0)
    for t, x in enumerate(xs):
        h, cache = rnn_step_forward(params, x, h)
        caches.append(cache)
        if (t + 1) % k1 == 0 or t == len(xs) - 1:
            for age, cache in enumerate(caches[: -k2 - 1 : -1]):
                dparams, _, dh = rnn_step_backward(cache, dh + dhs[t - age] if age <= t % k1 else dh)
                total = {name: total[name] + dparams[name] for name in total}
            if t < k2:
                dstate0 = dstate0 + dh
    return total, dstate0, h


@wrong("dstate0 is what the last pass leaves, however far it went")
def the_last_dh(params, xs, state0, dhs, k1, k2):
    caches, h, total = [], state0, zeros(params)
    for t, x in enumerate(xs):
        h, cache = rnn_step_forward(params, x, h)
        caches.append(cache)
        if (t + 1) % k1 == 0 or t == len(xs) - 1:
            dh = np.zeros_like(h)
            for age, cache in enumerate(caches[: -k2 - 1 : -1]):
                dparams, _, dh = rnn_step_backward(cache, dh + dhs[t - age] if age <= t % k1 else dh)
                total = {name: total[name] + dparams[name] for name in total}
    return total, dh, h


@wrong("dstate0 adds up what every pass leaves")
def every_dh(params, xs, state0, dhs, k1, k2):
    caches, h, total, dstate0 = [], state0, zeros(params), np.zeros_like(state0)
    for t, x in enumerate(xs):
        h, cache = rnn_step_forward(params, x, h)
        caches.append(cache)
        if (t + 1) % k1 == 0 or t == len(xs) - 1:
            dh = np.zeros_like(h)
            for age, cache in enumerate(caches[: -k2 - 1 : -1]):
                dparams, _, dh = rnn_step_backward(cache, dh + dhs[t - age] if age <= t % k1 else dh)
                total = {name: total[name] + dparams[name] for name in total}
            dstate0 += dh
    return total, dstate0, h


@wrong("dstate0 is that of the last pass to reach the first step")
def assigned_not_added(params, xs, state0, dhs, k1, k2):
    caches, h, total, dstate0 = [], state0, zeros(params), np.zeros_like(state0)
    for t, x in enumerate(xs):
        h, cache = rnn_step_forward(params, x, h)
        caches.append(cache)
        if (t + 1) % k1 == 0 or t == len(xs) - 1:
            dh = np.zeros_like(h)
            for age, cache in enumerate(caches[: -k2 - 1 : -1]):
                dparams, _, dh = rnn_step_backward(cache, dh + dhs[t - age] if age <= t % k1 else dh)
                total = {name: total[name] + dparams[name] for name in total}
            if t < k2:
                dstate0 = dh
    return total, dstate0, h


@wrong("dstate0 is zero")
def no_dstate0(params, xs, state0, dhs, k1, k2):
    dparams, _, h = with_a_deque(params, xs, state0, dhs, k1, k2)
    return dparams, np.zeros_like(state0), h


@wrong("dparams is that of the last pass")
def only_the_last_pass(params, xs, state0, dhs, k1, k2):
    _, dstate0, h = with_a_deque(params, xs, state0, dhs, k1, k2)
    _, _, cache = rnn_forward(params, xs, state0)
    t, total, dh = len(xs) - 1, zeros(params), np.zeros_like(h)
    for s in range(t, max(t - k2, -1), -1):
        dparams, _, dh = rnn_step_backward(cache.steps[s], dh + dhs[s] if t - s <= t % k1 else dh)
        total = {name: total[name] + dparams[name] for name in total}
    return total, dstate0, h


@wrong(None)
def losses_shifted(params, xs, state0, dhs, k1, k2):
    return with_a_deque(params, xs, state0, np.roll(dhs, 1, axis=0), k1, k2)


def caches_of(params, xs, state0):
    h, caches = state0, []
    for x in xs:
        h, cache = rnn_step_forward(params, x, h)
        caches.append(cache)
    return caches, h


def blank(params):
    return {name: np.zeros_like(value) for name, value in params.items()}


@right
def with_layers(params, xs, state0, dhs, k1, k2):
    T = len(xs)
    hs, state_T, _ = rnn_forward(params, xs, state0)
    before = np.concatenate([state0[None], hs])
    total, dstate0 = blank(params), np.zeros_like(state0)
    for begin in range(0, T, k1):
        end = min(begin + k1, T)
        low = max(0, end - k2)
        new = dhs.copy()
        new[:begin] = 0
        _, _, cache = rnn_forward(params, xs[low:end], before[low])
        d, _, ds = rnn_backward(cache, new[low:end])
        total = {name: total[name] + d[name] for name in total}
        if low == 0:
            dstate0 = dstate0 + ds
    return total, dstate0, state_T


@right
def passes_listed_first(params, xs, state0, dhs, k1, k2):
    T = len(xs)
    caches, h = caches_of(params, xs, state0)
    ends = list(range(k1 - 1, T, k1))
    if not ends or ends[-1] != T - 1:
        ends.append(T - 1)
    total, dstate0, old = blank(params), np.zeros_like(h), -1
    for end in ends:
        dh = np.zeros_like(h)
        for s in list(range(T))[: end + 1][::-1][:k2]:
            d, _, dh = rnn_step_backward(caches[s], dh + dhs[s] if s > old else dh)
            for name in total:
                total[name] += d[name]
            if s == 0:
                dstate0 += dh
        old = end
    return total, dstate0, h


def scheme(due=None, new=None, back=None, reached=None):
    """The passes, with one part of the bookkeeping in another way."""
    due = due or (lambda t, T, k1: t % k1 == k1 - 1 or t == T - 1)
    new = new or (lambda s, t, k1: t - s <= t % k1)
    back = back or (lambda t, k2: range(t, max(t - k2, -1), -1))
    reached = reached or (lambda t, k2: k2 > t)

    def rnn_truncated_bptt(params, xs, state0, dhs, k1, k2):
        caches, h = caches_of(params, xs, state0)
        total, dstate0 = blank(params), np.zeros_like(state0)
        for t in range(len(xs)):
            if due(t, len(xs), k1):
                dh = np.zeros_like(h)
                for s in back(t, k2):
                    if new(s, t, k1):
                        dh = dh + dhs[s]
                    d, _, dh = rnn_step_backward(caches[: t + 1][s], dh)
                    for name in total:
                        total[name] += d[name]
                if reached(t, k2):
                    dstate0 += dh
        return total, dstate0, h

    return rnn_truncated_bptt


one_step_short = wrong("each pass goes back over k2 - 1 steps.")(scheme(back=lambda t, k2: range(t, max(t - k2 + 1, -1), -1)))


never_step_zero = wrong("no pass goes back over the first step")(scheme(back=lambda t, k2: range(t, max(t - k2, 0), -1)))


into_negative_indices = wrong("a pass goes on below step 0")(scheme(back=lambda t, k2: range(t, t - k2, -1)))


dstate_at_equality = wrong("dstate0 counts passes that stop at the second step, too")(scheme(reached=lambda t, k2: k2 >= t))


@wrong("each loss enters one step too late, after the step back from its state.")
def losses_a_step_late(params, xs, state0, dhs, k1, k2):
    caches, h = caches_of(params, xs, state0)
    total, dstate0 = blank(params), np.zeros_like(state0)
    for t in range(len(xs)):
        if (t + 1) % k1 == 0 or t == len(xs) - 1:
            dh = np.zeros_like(h)
            for s in range(t, max(t - k2, -1), -1):
                d, _, dh = rnn_step_backward(caches[s], dh)
                if t - s < t % k1 + 1:
                    dh = dh + dhs[s]
                for name in total:
                    total[name] += d[name]
                if s == 0:
                    dstate0 += dh
    return total, dstate0, h


@wrong("each pass goes back over the steps since the last one only")
def k2_ignored(params, xs, state0, dhs, k1, k2):
    total, state, first = blank(params), state0, None
    for i in range(0, len(xs), k1):
        _, state, cache = rnn_forward(params, xs[i : i + k1], state)
        d, _, ds = rnn_backward(cache, dhs[i : i + k1])
        for name in total:
            total[name] += d[name]
        first = ds if first is None else first
    return total, first, state


@wrong("each window is read from the state after its first step")
def window_from_state_after(params, xs, state0, dhs, k1, k2):
    hs, state_T, _ = rnn_forward(params, xs, state0)
    total, dstate0 = blank(params), np.zeros_like(state0)
    for begin in range(0, len(xs), k1):
        end = min(begin + k1, len(xs))
        low = max(0, end - k2)
        new = dhs.copy()
        new[:begin] = 0
        _, _, cache = rnn_forward(params, xs[low:end], state0 if low == 0 else hs[low])
        d, _, ds = rnn_backward(cache, new[low:end])
        for name in total:
            total[name] += d[name]
        if low == 0:
            dstate0 += ds
    return total, dstate0, state_T
