"""Lab 6, part 2: one time step forward, with the reset gate before the product.

Contents
    reset_before    the check of `gru_step_forward_before`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab06.inputs import H_0, PARAMS, X, draw_step, forced, gates, of_h, of_x
from rnncore.reference.activations import sigmoid
from rnncore.reference.gru import GRUStepCache, gru_step_forward

__all__ = ["reset_before"]


def gru_step_forward_before(params, x, h):
    """Take one time step with the reset gate on the state, before the recurrent product of the candidate."""
    H = h.shape[1]
    W_hn, b_hn = params["weight_hh"][2 * H :], params["bias_hh"][2 * H :]
    a_x = x @ params["weight_ih"].T + params["bias_ih"]  # (B, 3H)
    a_rz = a_x[:, : 2 * H] + h @ params["weight_hh"][: 2 * H].T + params["bias_hh"][: 2 * H]
    r, z = sigmoid(a_rz[:, :H]), sigmoid(a_rz[:, H:])
    a_hn = (r * h) @ W_hn.T + b_hn
    n = np.tanh(a_x[:, 2 * H :] + a_hn)
    h_next = (1 - z) * n + z * h
    return h_next, GRUStepCache(params, x, h, r, z, n, a_hn, "before")


def product(params, h):
    """The state's part of the candidate, without its bias."""
    return h @ params["weight_hh"][2 * h.shape[1] :].T


def with_candidate(change):
    """The right step, but that `change(p, x_n, h, r, z)` gives a_hn and what tanh gets."""

    def wrong(params, x, h):
        r, z = gates(params, x, h)
        a_hn, a_n = change(params, of_x(params, x)[2], h, r, z)
        n = np.tanh(a_n)
        return (1 - z) * n + z * h, GRUStepCache(params, x, h, r, z, n, a_hn, "before")

    return wrong


def with_hidden(change):
    """The right step, but that the product is of `change(h, r, z)` in the place of r * h."""

    def candidate(p, x_n, h, r, z):
        a_hn = product(p, change(h, r, z)) + p["bias_hh"][2 * h.shape[1] :]
        return a_hn, x_n + a_hn

    return with_candidate(candidate)


def with_state(change):
    """The right step, but that `change(h, r, z, n)` makes h_next."""

    def wrong(params, x, h):
        _, cache = gru_step_forward_before(params, x, h)
        return change(h, cache.r, cache.z, cache.n), cache

    return wrong


def with_cache(change):
    """The right function but for the fields of the cache that `change(cache, h_next)` gives."""

    def wrong(params, x, h):
        h_next, cache = gru_step_forward_before(params, x, h)
        return h_next, cache._replace(**change(cache, h_next))

    return wrong


def twice_reset(params, x, h):
    """r * h takes the name h, and the rest of the step uses it."""
    _, cache = gru_step_forward_before(params, x, h)
    return (1 - cache.z) * cache.n + cache.z * cache.r * h, cache._replace(h=cache.r * h)


def gates_from_hidden(params, x, h):
    """r * h takes the place of h for all three blocks; the reset gate comes from h."""
    r, _ = gates(params, x, h)
    z = gates(params, x, r * h)[1]
    a_hn = of_h(params, r * h)[2]
    n = np.tanh(of_x(params, x)[2] + a_hn)
    return (1 - z) * n + z * h, GRUStepCache(params, x, h, r, z, n, a_hn, "before")


def bias(p, h):
    return p["bias_hh"][2 * h.shape[1] :]


def of(a_hn, x_n):
    return a_hn, x_n + a_hn


def the_two_conventions_meet(function, rng):
    """With one reset gate for all units and b_hn = 0 both conventions are one cell; with r = 1 they always are."""
    ((params, x, h),) = draw_step(rng, np.float64, B=3, D=2, H=4)
    one_gate = {name: value.copy() for name, value in params.items()}
    for value in one_gate.values():
        value[:4] = value[0]
    one_gate["bias_hh"][8:] = 0
    for words, p in {"one reset gate for all units and no b_hn": one_gate, "r = 1": forced(params, 4, r=1)}.items():
        compare(f"with {words}, h_next", function(p, x, h)[0], gru_step_forward(p, x, h)[0])


def a_reset_gate_reaches_all_units(function, rng):
    """Each candidate moves with the reset gate of another unit, by what that unit's state and weight say."""
    ((params, x, h),) = draw_step(rng, np.float64, B=3, D=2, H=4)
    nudged = params["bias_ih"].copy()
    nudged[0] += 1
    before, after = (function({**params, "bias_ih": b}, x, h)[1] for b in (params["bias_ih"], nudged))
    moved = (after.r - before.r)[:, :1] * h[:, :1] * params["weight_hh"][8:, 0]
    compare("what tanh gets, if one reset gate moves,", np.arctanh(after.n) - np.arctanh(before.n), moved, rtol=1e-7, atol=1e-7)
    compare("with z = 1, h_next", function(forced(params, 4, z=1), x, h)[0], h)


reset_before = Exercise(
    gru_step_forward_before,
    outputs=("h_next", "cache"),
    letters="BDH",
    example=lambda: (PARAMS, X, H_0),
    draw=draw_step,
    properties=(the_two_conventions_meet, a_reset_gate_reaches_all_units),
    mistakes={
        "the reset gate still multiplies what the product gives; here it multiplies h, before the product": lambda params, x, h: (
            gru_step_forward(params, x, h)
        ),
        "the reset gate multiplies the product but not its bias; here it multiplies h, before the product": with_candidate(
            lambda p, x_n, h, r, z: of(r * product(p, h) + bias(p, h), x_n)
        ),
        "the reset gate acts twice, before the product and after it": with_candidate(
            lambda p, x_n, h, r, z: (product(p, r * h) + bias(p, h), x_n + r * (product(p, r * h) + bias(p, h)))
        ),
        "the reset gate is left out of the candidate": with_hidden(lambda h, r, z: h),
        "z stands in the place of r in the candidate": with_hidden(lambda h, r, z: z * h),
        "1 - r stands in the place of r": with_hidden(lambda h, r, z: (1 - r) * h),
        "the candidate gets r in the place of r * h": with_hidden(lambda h, r, z: r),
        "a gate is multiplied with @ and not *, or a weight stands first in a product and not the batch": with_hidden(
            lambda h, r, z: r @ h
        ),
        "the reset gate multiplies the input's part of the candidate as well": with_candidate(
            lambda p, x_n, h, r, z: (product(p, r * h) + bias(p, h), r * x_n + product(p, r * h) + bias(p, h))
        ),
        "the reset gate multiplies the bias b_hn as well; before the product it multiplies h alone": with_candidate(
            lambda p, x_n, h, r, z: of(product(p, r * h) + r * bias(p, h), x_n)
        ),
        "b_hn is forgotten, the part of bias_hh that belongs to the candidate": with_candidate(
            lambda p, x_n, h, r, z: of(product(p, r * h), x_n)
        ),
        "b_hn is added twice": with_candidate(lambda p, x_n, h, r, z: of(product(p, r * h) + 2 * bias(p, h), x_n)),
        "the recurrent block of the candidate is not transposed; as it is square, no shape tells": with_candidate(
            lambda p, x_n, h, r, z: of((r * h) @ p["weight_hh"][2 * h.shape[1] :] + bias(p, h), x_n)
        ),
        "the candidate takes the rows of the update gate; its own are the last H": with_candidate(
            lambda p, x_n, h, r, z: of(np.split((r * h) @ p["weight_hh"].T + p["bias_hh"], 3, axis=1)[1], x_n)
        ),
        "all of weight_hh multiplies r * h; the candidate uses its last H rows": lambda params, x, h: (
            of_x(params, x)[2] + gates(params, x, h)[0] * h @ params["weight_hh"].T
        ),
        "the update gate looks at r * h; the reset gate acts on the candidate alone": gates_from_hidden,
        "the candidate has no tanh": lambda params, x, h: with_n(params, x, h, lambda a: a),
        "the candidate goes through a sigmoid; it needs a sign, so it goes through tanh": lambda params, x, h: (
            with_n(params, x, h, sigmoid)
        ),
        "r * h is given the name h, and the step goes on with it; the state itself is kept and cached": twice_reset,
        "the kept state is multiplied by r; the reset gate only hides it from the candidate": with_state(
            lambda h, r, z, n: (1 - z) * n + z * r * h
        ),
        "z and 1 - z are exchanged; z is the share of the old state that stays": with_state(lambda h, r, z, n: (1 - z) * h + z * n),
        "r and z are exchanged: the rows are in the order r, z, n": lambda params, x, h: exchanged(params, x, h),
        "the cache still says that the reset gate comes after the product": with_cache(lambda k, h_next: {"reset": "after"}),
        "a_hn in the cache is that of the other convention; here it is the product of r * h, plus its bias": with_cache(
            lambda k, h_next: {"a_hn": of_h(k.params, k.h)[2]}
        ),
        "a_hn in the cache lacks its bias b_hn": with_cache(lambda k, h_next: {"a_hn": k.a_hn - bias(k.params, k.h)}),
        "a_hn in the cache is all that tanh gets; it is the state's part of it": with_cache(
            lambda k, h_next: {"a_hn": of_x(k.params, k.x)[2] + k.a_hn}
        ),
        "the cache keeps r * h where it should keep h": with_cache(lambda k, h_next: {"h": k.r * k.h}),
        "the cache keeps h_next where it should keep h, the state before the step": with_cache(lambda k, h_next: {"h": h_next}),
    },
)


def with_n(params, x, h, activation):
    """The right step with another activation of the candidate."""
    _, k = gru_step_forward_before(params, x, h)
    n = activation(of_x(params, x)[2] + k.a_hn)
    return (1 - k.z) * n + k.z * h, k._replace(n=n)


def exchanged(params, x, h):
    """The first block of rows taken for the update gate, the second for the reset gate."""
    H = h.shape[1]
    rows = np.r_[H : 2 * H, :H, 2 * H : 3 * H]
    h_next, cache = gru_step_forward_before({name: value[rows] for name, value in params.items()}, x, h)
    return h_next, cache._replace(params=params)
