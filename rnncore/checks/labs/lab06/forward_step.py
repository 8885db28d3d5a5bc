"""Lab 6, part 1: one time step forward, with the reset gate after the product.

Contents
    step_forward    the check of `gru_step_forward`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab06.inputs import H_0, PARAMS, X, draw_step, forced, gates, of_h, of_x
from rnncore.reference.activations import sigmoid
from rnncore.reference.gru import GRUStepCache, gru_step_forward

__all__ = ["step_forward"]


def finished(params, x, h, r, z, n):
    """The two results for given gates and candidate."""
    return (1 - z) * n + z * h, GRUStepCache(params, x, h, r, z, n, of_h(params, h)[2], "after")


def from_blocks(change):
    """The right step, but that `change(params, x, h)` gives the input's and the state's three blocks."""

    def wrong(params, x, h):
        (x_r, x_z, x_n), (h_r, h_z, h_n) = change(params, x, h)
        r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
        n = np.tanh(x_n + r * h_n)
        return (1 - z) * n + z * h, GRUStepCache(params, x, h, r, z, n, h_n, "after")

    return wrong


def ordered(order):
    """The rows taken in another order than r, z, n: the name in `order` at place k gets block k."""
    return from_blocks(lambda p, x, h: ([blocks[order.index(name)] for name in "rzn"] for blocks in (of_x(p, x), of_h(p, h))))


def cut(function):
    """The two products cut into blocks by `function(a, B, D, H)`."""
    return from_blocks(
        lambda p, x, h: (
            function(a, *x.shape, h.shape[1]) for a in (x @ p["weight_ih"].T + p["bias_ih"], h @ p["weight_hh"].T + p["bias_hh"])
        )
    )


def untransposed(names):
    """h @ W in the place of h @ W.T, in the blocks that are named."""

    def change(p, x, h):
        blocks, biases = np.split(p["weight_hh"], 3), np.split(p["bias_hh"], 3)
        turned = [h @ (W if name in names else W.T) + b for name, W, b in zip("rzn", blocks, biases, strict=True)]
        return of_x(p, x), turned

    return from_blocks(change)


def with_gates(change):
    """The right step, but that `change(a_r, a_z)` makes the gates from their pre-activations."""

    def wrong(params, x, h):
        (x_r, x_z, x_n), (h_r, h_z, h_n) = of_x(params, x), of_h(params, h)
        r, z = change(x_r + h_r, x_z + h_z)
        return finished(params, x, h, r, z, np.tanh(x_n + r * h_n))

    return wrong


def with_candidate(change):
    """The right step, but that `change(x_n, u, r, z, b)` makes the candidate; u is the state's part, with its bias b in it."""

    def wrong(params, x, h):
        (r, z), x_n, u = gates(params, x, h), of_x(params, x)[2], of_h(params, h)[2]
        return finished(params, x, h, r, z, change(x_n, u, r, z, params["bias_hh"][2 * h.shape[1] :]))

    return wrong


def with_state(change):
    """The right step, but that `change(h, r, z, n)` makes h_next."""

    def wrong(params, x, h):
        _, cache = gru_step_forward(params, x, h)
        return change(h, cache.r, cache.z, cache.n), cache

    return wrong


def with_cache(change):
    """The right function but for the fields of the cache that `change(cache, h_next)` gives."""

    def wrong(params, x, h):
        h_next, cache = gru_step_forward(params, x, h)
        return h_next, cache._replace(**change(cache, h_next))

    return wrong


def without(*names, rows=lambda H: slice(None)):
    """The right function for parameters in which some are zero."""

    def wrong(params, x, h):
        fewer = {name: value.copy() for name, value in params.items()}
        for name in names:
            fewer[name][rows(h.shape[1])] = 0
        h_next, cache = gru_step_forward(fewer, x, h)
        return h_next, cache._replace(params=params)

    return wrong


def gates_keep_and_hide(function, rng):
    """With z = 1 the state is copied, whatever r is; with z = r = 0 nothing of it is left, and with z = 0, r = 1 it is a plain cell."""
    ((params, x, h),) = draw_step(rng, np.float64, B=3, D=2, H=4)
    for r in (0, 1):
        compare(f"with z = 1 and r = {r}, h_next", function(forced(params, 4, z=1, r=r), x, h)[0], h)
    kept, other = (function(forced(params, 4, z=0, r=0), x, state)[0] for state in (h, -h))
    compare("with z = 0 and r = 0, h_next for another h", other, kept)
    plain = np.tanh(of_x(params, x)[2] + of_h(params, h)[2])
    compare("with z = 0 and r = 1, h_next", function(forced(params, 4, z=0, r=1), x, h)[0], plain)


def a_reset_gate_reaches_its_own_unit(function, rng):
    """A unit whose reset gate is nudged has another candidate; the candidates of all others stay."""
    ((params, x, h),) = draw_step(rng, np.float64, B=3, D=2, H=4)
    nudged = params["bias_ih"].copy()
    nudged[0] += 1
    n, moved = (function({**params, "bias_ih": bias}, x, h)[1].n for bias in (params["bias_ih"], nudged))
    compare("the candidates of the other units, if one reset gate moves,", moved[:, 1:], n[:, 1:])


step_forward = Exercise(
    gru_step_forward,
    outputs=("h_next", "cache"),
    letters="BDH",
    example=lambda: (PARAMS, X, H_0),
    draw=draw_step,
    properties=(gates_keep_and_hide, a_reset_gate_reaches_its_own_unit),
    mistakes={
        "z and 1 - z are exchanged; z is the share of the old state that stays": with_state(lambda h, r, z, n: (1 - z) * h + z * n),
        "the reset gate multiplies h before the product; here it multiplies what the product gives": lambda params, x, h: (
            gru_step_forward(params, x, h, reset="before")
        ),
        "the bias b_hn stands outside the product with r; the reset gate multiplies it, too": with_candidate(
            lambda x_n, u, r, z, b: np.tanh(x_n + r * (u - b) + b)
        ),
        "the reset gate multiplies the input's part of the candidate as well; it multiplies the state's part alone": with_candidate(
            lambda x_n, u, r, z, b: np.tanh(r * (x_n + u))
        ),
        "the reset gate multiplies the input's part of the candidate; it multiplies the state's part": with_candidate(
            lambda x_n, u, r, z, b: np.tanh(r * x_n + u)
        ),
        "the reset gate is left out of the candidate": with_candidate(lambda x_n, u, r, z, b: np.tanh(x_n + u)),
        "1 - r stands in the place of r": with_candidate(lambda x_n, u, r, z, b: np.tanh(x_n + (1 - r) * u)),
        "z stands in the place of r in the candidate": with_candidate(lambda x_n, u, r, z, b: np.tanh(x_n + z * u)),
        "the candidate does not see h": with_candidate(lambda x_n, u, r, z, b: np.tanh(x_n)),
        "the candidate does not see x": with_candidate(lambda x_n, u, r, z, b: np.tanh(r * u)),
        "the candidate has no tanh": with_candidate(lambda x_n, u, r, z, b: x_n + r * u),
        "the candidate goes through a sigmoid; it needs a sign, so it goes through tanh": with_candidate(
            lambda x_n, u, r, z, b: sigmoid(x_n + r * u)
        ),
        "both gates go through tanh; a gate lies between 0 and 1, so it goes through a sigmoid": with_gates(
            lambda a_r, a_z: (np.tanh(a_r), np.tanh(a_z))
        ),
        "the gates have no activation": with_gates(lambda a_r, a_z: (a_r, a_z)),
        "the sign in the sigmoid is wrong: it is 1 / (1 + exp(-a))": with_gates(lambda a_r, a_z: (sigmoid(-a_r), sigmoid(-a_z))),
        "the rows are taken in the order z, r, n, that of Keras and ONNX; here it is r, z, n": ordered("zrn"),
        "the rows are taken in the order r, n, z; here it is r, z, n": ordered("rnz"),
        "the rows are taken in the order n, r, z; here it is r, z, n": ordered("nrz"),
        "the rows are taken in the order z, n, r; here it is r, z, n": ordered("znr"),
        "every third column goes to one block; a block has H columns side by side": cut(lambda a, B, D, H: [a[:, k::3] for k in range(3)]),
        "the products are cut up with reshape(3, B, H), which mixes the sequences of the batch; cut them along axis 1": cut(
            lambda a, B, D, H: a.reshape(3, B, H)
        ),
        "the products are split along axis 0, the batch; the blocks lie side by side along axis 1": cut(lambda a, B, D, H: np.split(a, 3)),
        "the blocks are D columns wide; they are H wide": cut(lambda a, B, D, H: (a[:, :D], a[:, D : 2 * D], a[:, 2 * D : 3 * D])),
        "the recurrent block of the candidate is not transposed; as it is square, no shape tells": untransposed("n"),
        "the recurrent blocks of the gates are not transposed; as they are square, no shape tells": untransposed("rz"),
        "no recurrent block is transposed; as they are square, no shape tells": untransposed("rzn"),
        "weight_hh is not transposed; it has the shape (3H, H), so it is used as h @ weight_hh.T": lambda params, x, h: (
            h @ params["weight_hh"]
        ),
        "weight_ih is not transposed; it has the shape (3H, D), so it is used as x @ weight_ih.T": lambda params, x, h: (
            x @ params["weight_ih"]
        ),
        "bias_ih is forgotten": without("bias_ih"),
        "bias_hh is forgotten; there are two biases, and both are used": without("bias_hh"),
        "bias_hh is forgotten in the gates": without("bias_hh", rows=lambda H: slice(0, 2 * H)),
        "b_hn is forgotten, the part of bias_hh that belongs to the candidate": without("bias_hh", rows=lambda H: slice(2 * H, None)),
        "both biases are forgotten": without("bias_ih", "bias_hh"),
        "the gates do not see h": without("weight_hh", rows=lambda H: slice(0, 2 * H)),
        "the gates do not see x": without("weight_ih", rows=lambda H: slice(0, 2 * H)),
        "the old state is left out of h_next": with_state(lambda h, r, z, n: (1 - z) * n),
        "h_next is the candidate; it is a mixture of candidate and old state": with_state(lambda h, r, z, n: n),
        "the factor 1 - z is left out: the candidate is written in full": with_state(lambda h, r, z, n: n + z * h),
        "the factor z is left out: the old state is kept in full": with_state(lambda h, r, z, n: (1 - z) * n + h),
        "r stands in the place of z in h_next": with_state(lambda h, r, z, n: (1 - r) * n + r * h),
        "the kept state is multiplied by r; the reset gate only hides it from the candidate": with_state(
            lambda h, r, z, n: (1 - z) * n + z * r * h
        ),
        "u stands in the place of the old state in h_next": lambda params, x, h: (
            with_state(lambda h, r, z, n: (1 - z) * n + z * of_h(params, h)[2])(params, x, h)
        ),
        "tanh is applied to h_next; only the candidate goes through tanh": with_state(lambda h, r, z, n: np.tanh((1 - z) * n + z * h)),
        "a gate is multiplied with @ and not *, or a weight stands first in a product and not the batch": with_state(
            lambda h, r, z, n: (1 - z) @ n + z @ h
        ),
        "the cache keeps h_next where it should keep h, the state before the step": with_cache(lambda k, h_next: {"h": h_next}),
        "the cache keeps r * a_hn where it should keep a_hn, which the reset gate has not multiplied": with_cache(
            lambda k, h_next: {"a_hn": k.r * k.a_hn}
        ),
        "a_hn in the cache lacks its bias b_hn": with_cache(lambda k, h_next: {"a_hn": k.a_hn - k.params["bias_hh"][-k.h.shape[1] :]}),
        "a_hn in the cache is all that tanh gets; it is the state's part of it, before the reset gate": with_cache(
            lambda k, h_next: {"a_hn": of_x(k.params, k.x)[2] + k.r * k.a_hn}
        ),
        "the cache keeps n before its tanh": with_cache(lambda k, h_next: {"n": of_x(k.params, k.x)[2] + k.r * k.a_hn}),
        "r and z are exchanged in the cache": with_cache(lambda k, h_next: {"r": k.z, "z": k.r}),
        "n and a_hn are exchanged in the cache": with_cache(lambda k, h_next: {"n": k.a_hn, "a_hn": k.n}),
    },
)
