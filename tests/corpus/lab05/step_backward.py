"""Lab 5, part 4: one step backward."""

import numpy as np

from rnncore.reference import LSTMState, lstm_step_backward
from tests.corpus.answers import right, wrong


def finished(cache, da, dc, db=None):
    """All results from da and dc."""
    params, x, h = cache.params, cache.x, cache.h
    db = da.sum(axis=0) if db is None else db
    dparams = {"weight_ih": da.T @ x, "weight_hh": da.T @ h, "bias_ih": db, "bias_hh": db}
    return dparams, da @ params["weight_ih"], LSTMState(da @ params["weight_hh"], dc)


@right
def quantity_by_quantity(cache, dstate_next):
    """The table of the book, from the bottom up: gates first, slopes after."""
    _, _, _, c, i, f, g, o, tanh_c = cache
    dh, dc = dstate_next
    do, dtanh = dh * tanh_c, dh * o
    dc = dc + dtanh * (1 - tanh_c**2)
    di, df, dg = dc * g, dc * c, dc * i
    slopes = [i * (1 - i), f * (1 - f), 1 - g * g, o * (1 - o)]
    da = np.hstack([d * slope for d, slope in zip((di, df, dg, do), slopes, strict=True)])
    return finished(cache, da, dc * f)


@right
def filled_in(cache, dstate_next):
    _, _, h, c, i, f, g, o, tanh_c = cache
    B, H = h.shape
    dc = dstate_next.c + dstate_next.h * o / np.cosh(np.arctanh(tanh_c)) ** 2
    da = np.zeros((B, 4 * H), dtype=h.dtype)
    da[:, :H] = dc * g * i * (1 - i)
    da[:, H : 2 * H] = dc * c * f * (1 - f)
    da[:, 2 * H : 3 * H] = dc * i * (1 - g**2)
    da[:, 3 * H :] = dstate_next.h * tanh_c * o * (1 - o)
    return finished(cache, da, dc * f)


@right
def with_einsum(cache, dstate_next):
    p, x, h, c, i, f, g, o, tanh_c = cache
    dh, dc = dstate_next
    dc = dc + dh * (o - o * tanh_c**2)
    da = np.stack([dc * g * (i - i**2), dc * c * (f - f**2), dc * (i - i * g**2), dh * tanh_c * (o - o**2)])  # (4, B, H)
    W, U = p["weight_ih"].reshape(4, h.shape[1], -1), p["weight_hh"].reshape(4, h.shape[1], -1)
    db = np.einsum("kbh->kh", da).ravel()
    dparams = {
        "bias_hh": db.copy(),
        "bias_ih": db,
        "weight_hh": np.einsum("kbh,bj->khj", da, h).reshape(-1, h.shape[1]),
        "weight_ih": np.einsum("kbh,bd->khd", da, x).reshape(-1, x.shape[1]),
    }
    return dparams, np.einsum("kbh,khd->bd", da, W), LSTMState(h=np.einsum("kbh,khj->bj", da, U), c=dc * f)


@right
def one_sequence_after_the_other(cache, dstate_next):
    params, x, h, c, i, f, g, o, tanh_c = cache
    dparams = {name: np.zeros_like(value) for name, value in params.items()}
    dx, dh, dc = np.empty_like(x), np.empty_like(h), np.empty_like(c)
    for b in range(len(x)):
        dc_b = dstate_next.c[b] + dstate_next.h[b] * o[b] * (1 - tanh_c[b] ** 2)
        da = np.concatenate(
            [
                dc_b * g[b] * i[b] * (1 - i[b]),
                dc_b * c[b] * f[b] * (1 - f[b]),
                dc_b * i[b] * (1 - g[b] ** 2),
                dstate_next.h[b] * tanh_c[b] * o[b] * (1 - o[b]),
            ]
        )
        dparams["weight_ih"] += np.outer(da, x[b])
        dparams["weight_hh"] += np.outer(da, h[b])
        dparams["bias_ih"] += da
        dparams["bias_hh"] += da
        dx[b], dh[b], dc[b] = params["weight_ih"].T @ da, params["weight_hh"].T @ da, dc_b * f[b]
    return dparams, dx, LSTMState(dh, dc)


@right
def helpers_and_prints(cache, dstate_next):
    def through_sigmoid(d, s):
        return d * s * (1 - s)

    def through_tanh(d, t):
        return d * (1 - t) * (1 + t)

    k = cache
    dc = dstate_next[1] + through_tanh(dstate_next[0] * k.o, k.tanh_c)
    gates = {
        "o": through_sigmoid(dstate_next[0] * k.tanh_c, k.o),
        "g": through_tanh(dc * k.i, k.g),
        "f": through_sigmoid(dc * k.c, k.f),
        "i": through_sigmoid(dc * k.g, k.i),
    }
    print({name: d.shape for name, d in gates.items()})
    return [*finished(cache, np.concatenate([gates[name] for name in "ifgo"], axis=-1), dc * k.f)]


@right
def gate_by_gate(cache, dstate_next):
    """No da at all: each gate adds its part."""
    params, x, h, c, i, f, g, o, tanh_c = cache
    dh_next, dc_next = dstate_next
    dc = dh_next * o * (1 - np.square(tanh_c)) + dc_next
    H = h.shape[1]
    das = [dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g**2), dh_next * tanh_c * o * (1 - o)]
    rows = [slice(k * H, (k + 1) * H) for k in range(4)]
    dparams = {
        "weight_ih": np.vstack([np.dot(d.T, x) for d in das]),
        "weight_hh": np.vstack([np.dot(d.T, h) for d in das]),
        "bias_ih": np.concatenate([d.sum(0) for d in das]),
        "bias_hh": np.concatenate([np.ones(len(x), x.dtype) @ d for d in das]),
    }
    dx = sum(d @ params["weight_ih"][r] for d, r in zip(das, rows, strict=True))
    dh = sum(d @ params["weight_hh"][r] for d, r in zip(das, rows, strict=True))
    return dparams, dx, LSTMState(dh, f * dc)


def blocks(k, dh, dc):
    return [dc * k.g * k.i * (1 - k.i), dc * k.c * k.f * (1 - k.f), dc * k.i * (1 - k.g**2), dh * k.tanh_c * k.o * (1 - k.o)]


@wrong("dc_next is used as it came")
def nothing_through_h(cache, dstate_next):
    dh, dc = dstate_next
    return finished(cache, np.concatenate(blocks(cache, dh, dc), axis=1), dc * cache.f)


@wrong("dc_next is replaced by the part that comes through h_next")
def overwritten(cache, dstate_next):
    dh = dstate_next.h
    dc = dh * cache.o * (1 - cache.tanh_c**2)
    return finished(cache, np.concatenate(blocks(cache, dh, dc), axis=1), dc * cache.f)


@wrong("the slope of tanh is missing in the part of dc")
def tanh_forgotten(cache, dstate_next):
    dh, dc = dstate_next
    dc = dc + dh * cache.o
    return finished(cache, np.concatenate(blocks(cache, dh, dc), axis=1), dc * cache.f)


@wrong("tanh is applied to tanh_c once more")
def tanh_of_tanh(cache, dstate_next):
    dh, dc = dstate_next
    dc = dc + dh * cache.o * (1 - np.tanh(cache.tanh_c) ** 2)
    return finished(cache, np.concatenate(blocks(cache, dh, dc), axis=1), dc * cache.f)


@wrong("all slopes are missing")
def no_slopes(cache, dstate_next):
    _, _, _, c, i, f, g, o, tanh_c = cache
    dh, dc = dstate_next
    dc = dc + dh * o * (1 - tanh_c**2)
    return finished(cache, np.concatenate([dc * g, dc * c, dc * i, dh * tanh_c], axis=1), dc * f)


@wrong("the candidate g has the slope of a sigmoid")
def sigmoid_slope_everywhere(cache, dstate_next):
    _, _, _, c, i, f, g, o, tanh_c = cache
    dh, dc = dstate_next
    dc = dc + dh * o * (1 - tanh_c**2)
    da = [d * s * (1 - s) for d, s in ((dc * g, i), (dc * c, f), (dc * i, g), (dh * tanh_c, o))]
    return finished(cache, np.concatenate(da, axis=1), dc * f)


@wrong("the gates have the slope of tanh")
def tanh_slope_everywhere(cache, dstate_next):
    _, _, _, c, i, f, g, o, tanh_c = cache
    dh, dc = dstate_next
    dc = dc + dh * o * (1 - tanh_c**2)
    da = [d * (1 - s**2) for d, s in ((dc * g, i), (dc * c, f), (dc * i, g), (dh * tanh_c, o))]
    return finished(cache, np.concatenate(da, axis=1), dc * f)


@wrong("da_f uses c_next")
def cell_state_of_the_wrong_time(cache, dstate_next):
    _, _, _, c, i, f, g, o, tanh_c = cache
    dh, dc = dstate_next
    dc = dc + dh * o * (1 - tanh_c**2)
    da_i, _, da_g, da_o = blocks(cache, dh, dc)
    da_f = dc * (f * c + i * g) * f * (1 - f)
    return finished(cache, np.concatenate([da_i, da_f, da_g, da_o], axis=1), dc * f)


@wrong("da_o uses dc")
def dc_for_all_gates(cache, dstate_next):
    dh, dc = dstate_next
    dc = dc + dh * cache.o * (1 - cache.tanh_c**2)
    return finished(cache, np.concatenate(blocks(cache, dc, dc), axis=1), dc * cache.f)


@wrong("da_i uses c and da_f uses g")
def partners_exchanged(cache, dstate_next):
    _, _, _, c, i, f, g, o, tanh_c = cache
    dh, dc = dstate_next
    dc = dc + dh * o * (1 - tanh_c**2)
    _, _, da_g, da_o = blocks(cache, dh, dc)
    return finished(cache, np.concatenate([dc * c * i * (1 - i), dc * g * f * (1 - f), da_g, da_o], axis=1), dc * f)


@wrong("the blocks of da are put together in the order i, f, o, g")
def blocks_in_another_order(cache, dstate_next):
    dh, dc = dstate_next
    dc = dc + dh * cache.o * (1 - cache.tanh_c**2)
    da_i, da_f, da_g, da_o = blocks(cache, dh, dc)
    return finished(cache, np.concatenate([da_i, da_f, da_o, da_g], axis=1), dc * cache.f)


@wrong("the blocks of da are put together along axis 0")
def stacked_along_the_batch(cache, dstate_next):
    dh, dc = dstate_next
    dc = dc + dh * cache.o * (1 - cache.tanh_c**2)
    return finished(cache, np.concatenate(blocks(cache, dh, dc)), dc * cache.f)


@wrong("dc is not multiplied by the forget gate")
def copied_back(cache, dstate_next):
    dh, dc = dstate_next
    dc = dc + dh * cache.o * (1 - cache.tanh_c**2)
    return finished(cache, np.concatenate(blocks(cache, dh, dc), axis=1), dc)


@wrong("dc is dc_next * f without the part that came through h_next")
def part_of_dc_lost(cache, dstate_next):
    dh, dc_next = dstate_next
    dc = dc_next + dh * cache.o * (1 - cache.tanh_c**2)
    return finished(cache, np.concatenate(blocks(cache, dh, dc), axis=1), dc_next * cache.f)


@wrong("the gradient of weight_hh uses h_next")
def h_of_the_wrong_time(cache, dstate_next):
    dparams, dx, dstate = lstm_step_backward(cache, dstate_next)
    dh, dc = dstate_next
    da = np.concatenate(blocks(cache, dh, dc + dh * cache.o * (1 - cache.tanh_c**2)), axis=1)
    dparams["weight_hh"] = da.T @ (cache.o * cache.tanh_c)
    return dparams, dx, dstate


@wrong("the bias gradients are means over the batch")
def mean_over_the_batch(cache, dstate_next):
    dh, dc = dstate_next
    dc = dc + dh * cache.o * (1 - cache.tanh_c**2)
    da = np.concatenate(blocks(cache, dh, dc), axis=1)
    return finished(cache, da, dc * cache.f, da.mean(axis=0))


@wrong("h and c are exchanged in dstate")
def pair_the_wrong_way_round(cache, dstate_next):
    dparams, dx, (dh, dc) = lstm_step_backward(cache, dstate_next)
    return dparams, dx, LSTMState(dc, dh)


@wrong("it changed its argument dstate_next in place; work on a copy.")
def added_in_place(cache, dstate_next):
    dh, dc = dstate_next
    dc += dh * cache.o * (1 - cache.tanh_c**2)
    return finished(cache, np.concatenate(blocks(cache, dh, dc), axis=1), dc * cache.f)


@wrong("it must return 3 values (dparams, dx, dstate), got a tuple of 4.")
def states_one_by_one(cache, dstate_next):
    dparams, dx, (dh, dc) = lstm_step_backward(cache, dstate_next)
    return dparams, dx, dh, dc


@wrong("dstate must be LSTMState(h, c), got an array of shape (1, 1).")
def only_dh(cache, dstate_next):
    dparams, dx, dstate = lstm_step_backward(cache, dstate_next)
    return dparams, dx, dstate.h


@wrong("matmul: Input operand 1 has a mismatch")
def transposed_on_the_way_back(cache, dstate_next):
    dh, dc = dstate_next
    dc = dc + dh * cache.o * (1 - cache.tanh_c**2)
    da = np.concatenate(blocks(cache, dh, dc), axis=1)
    dparams = {"weight_ih": da.T @ cache.x, "weight_hh": da.T @ cache.h, "bias_ih": da.sum(0), "bias_hh": da.sum(0)}
    return dparams, da @ cache.params["weight_ih"].T, LSTMState(da @ cache.params["weight_hh"], dc * cache.f)


@wrong(None)
def two_mistakes(cache, dstate_next):  # no tanh in dc, and no input gate in da_g
    dh, dc = dstate_next
    dc = dc + dh * cache.o
    da_i, da_f, _, da_o = blocks(cache, dh, dc)
    return finished(cache, np.concatenate([da_i, da_f, dc * (1 - cache.g**2), da_o], axis=1), dc * cache.f)


@right
def one_array_of_slopes(cache, dstate_next):
    params, x, h, c, i, f, g, o, tanh_c = cache
    dh_next, dc_next = dstate_next
    dc = dc_next + dh_next * (o - o * tanh_c * tanh_c)
    arrives = np.hstack([dc * g, dc * c, dc * i, dh_next * tanh_c])
    gates = np.hstack([i, f, g, o])
    H = h.shape[1]
    slope = gates - gates * gates
    slope[:, 2 * H : 3 * H] = 1 - g * g
    da = arrives * slope
    dparams = dict(weight_ih=np.dot(da.T, x), weight_hh=np.dot(da.T, h), bias_ih=np.sum(da, axis=0), bias_hh=np.sum(da, axis=0))
    return dparams, np.dot(da, params["weight_ih"]), LSTMState(np.dot(da, params["weight_hh"]), dc * f)


@wrong("the slope of tanh is taken at c, the cell state before the step; it belongs to c_next.")
def slope_of_old_c(cache, dstate_next):
    params, x, h, c, i, f, g, o, tanh_c = cache
    dh_next, dc_next = dstate_next
    dc = dc_next + dh_next * o * (1 - np.tanh(c) ** 2)
    da = np.concatenate([dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g**2), dh_next * tanh_c * o * (1 - o)], axis=1)
    db = da.sum(axis=0)
    return (
        {"weight_ih": da.T @ x, "weight_hh": da.T @ h, "bias_ih": db, "bias_hh": db},
        da @ params["weight_ih"],
        LSTMState(da @ params["weight_hh"], dc * f),
    )


@wrong("the square is missing in the slope of tanh at c_next.")
def no_square(cache, dstate_next):
    params, x, h, c, i, f, g, o, tanh_c = cache
    dh_next, dc_next = dstate_next
    dc = dc_next + dh_next * o * (1 - tanh_c)
    da = np.concatenate([dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g**2), dh_next * tanh_c * o * (1 - o)], axis=1)
    db = da.sum(axis=0)
    return (
        {"weight_ih": da.T @ x, "weight_hh": da.T @ h, "bias_ih": db, "bias_hh": db},
        da @ params["weight_ih"],
        LSTMState(da @ params["weight_hh"], dc * f),
    )


@wrong("the bias gradients are not summed over the batch.")
def bias_not_summed(cache, dstate_next):
    params, x, h, c, i, f, g, o, tanh_c = cache
    dh_next, dc_next = dstate_next
    dc = dc_next + dh_next * o * (1 - tanh_c**2)
    da = np.concatenate([dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g**2), dh_next * tanh_c * o * (1 - o)], axis=1)
    return (
        {"weight_ih": da.T @ x, "weight_hh": da.T @ h, "bias_ih": da, "bias_hh": da},
        da @ params["weight_ih"],
        LSTMState(da @ params["weight_hh"], dc * f),
    )


@wrong("the blocks of da are put together along axis 0, the batch; they lie side by side.")
def axis_zero(cache, dstate_next):
    params, x, h, c, i, f, g, o, tanh_c = cache
    dh_next, dc_next = dstate_next
    dc = dc_next + dh_next * o * (1 - tanh_c**2)
    da = np.concatenate([dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g**2), dh_next * tanh_c * o * (1 - o)])
    db = da.sum(axis=0)
    return (
        {"weight_ih": da.T @ x, "weight_hh": da.T @ h, "bias_ih": db, "bias_hh": db},
        da @ params["weight_ih"],
        LSTMState(da @ params["weight_hh"], dc * f),
    )


@wrong("the output gate o is missing in the part of dc that comes through h_next.")
def no_o(cache, dstate_next):
    params, x, h, c, i, f, g, o, tanh_c = cache
    dh_next, dc_next = dstate_next
    dc = dc_next + dh_next * (1 - tanh_c**2)
    da = np.concatenate([dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g**2), dh_next * tanh_c * o * (1 - o)], axis=1)
    db = da.sum(axis=0)
    return (
        {"weight_ih": da.T @ x, "weight_hh": da.T @ h, "bias_ih": db, "bias_hh": db},
        da @ params["weight_ih"],
        LSTMState(da @ params["weight_hh"], dc * f),
    )


@wrong("da_o uses c; what the output gate multiplied was the tanh of c_next.")
def da_o_with_c(cache, dstate_next):
    params, x, h, c, i, f, g, o, tanh_c = cache
    dh_next, dc_next = dstate_next
    dc = dc_next + dh_next * o * (1 - tanh_c**2)
    da = np.concatenate([dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g**2), dh_next * c * o * (1 - o)], axis=1)
    db = da.sum(axis=0)
    return (
        {"weight_ih": da.T @ x, "weight_hh": da.T @ h, "bias_ih": db, "bias_hh": db},
        da @ params["weight_ih"],
        LSTMState(da @ params["weight_hh"], dc * f),
    )


@wrong("dh_next is added to dh; the hidden state after the step is a new one.")
def dh_passed_along(cache, dstate_next):
    params, x, h, c, i, f, g, o, tanh_c = cache
    dh_next, dc_next = dstate_next
    dc = dc_next + dh_next * o * (1 - tanh_c**2)
    da = np.concatenate([dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g**2), dh_next * tanh_c * o * (1 - o)], axis=1)
    db = da.sum(axis=0)
    return (
        {"weight_ih": da.T @ x, "weight_hh": da.T @ h, "bias_ih": db, "bias_hh": db},
        da @ params["weight_ih"],
        LSTMState(da @ params["weight_hh"] + dh_next, dc * f),
    )
