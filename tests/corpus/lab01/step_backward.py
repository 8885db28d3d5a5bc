"""Lab 1, part 3: one step backward."""

import numpy as np

from rnncore.reference import rnn_step_backward
from tests.corpus.answers import right, wrong


@right
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


@right
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


@wrong("the slope of tanh is left out")
def no_slope(cache, dh_next):
    params, x, h, _, _ = cache
    da = dh_next
    dparams = {"weight_ih": da.T @ x, "weight_hh": da.T @ h, "bias_ih": da.sum(0), "bias_hh": da.sum(0)}
    return dparams, da @ params["weight_ih"], da @ params["weight_hh"]


@wrong("tanh is applied to h_next once more")
def tanh_of_tanh(cache, dh_next):
    params, x, h, h_next, _ = cache
    da = dh_next * (1 - np.tanh(h_next) ** 2)
    dparams = {"weight_ih": da.T @ x, "weight_hh": da.T @ h, "bias_ih": da.sum(0), "bias_hh": da.sum(0)}
    return dparams, da @ params["weight_ih"], da @ params["weight_hh"]


@wrong("the gradient of weight_hh uses h_next")
def h_next_for_h(cache, dh_next):
    params, x, _, h_next, _ = cache
    da = dh_next * (1 - h_next**2)
    dparams = {"weight_ih": da.T @ x, "weight_hh": da.T @ h_next, "bias_ih": da.sum(0), "bias_hh": da.sum(0)}
    return dparams, da @ params["weight_ih"], da @ params["weight_hh"]


@wrong("the bias gradients are means over the batch")
def mean_and_transposed(cache, dh_next):  # two mistakes; the first wrong array is explained
    params, x, h, h_next, _ = cache
    da = dh_next * (1 - h_next**2)
    dparams = {"weight_ih": da.T @ x, "weight_hh": da.T @ h, "bias_ih": da.mean(0), "bias_hh": da.mean(0)}
    return dparams, da @ params["weight_ih"], da @ params["weight_hh"].T


@wrong("da is summed over the units")
def wrong_axis(cache, dh_next):
    params, x, h, h_next, _ = cache
    da = dh_next * (1 - h_next**2)
    dparams = {"weight_ih": da.T @ x, "weight_hh": da.T @ h, "bias_ih": da.sum(-1), "bias_hh": da.sum(-1)}
    return dparams, da @ params["weight_ih"], da @ params["weight_hh"]


@wrong("it changed its argument dh_next in place; work on a copy.")
def gradient_changed_in_place(cache, dh_next):
    params, x, h, h_next, _ = cache
    dh_next *= 1 - h_next**2
    dparams = {"weight_ih": dh_next.T @ x, "weight_hh": dh_next.T @ h, "bias_ih": dh_next.sum(0), "bias_hh": dh_next.sum(0)}
    return dparams, dh_next @ params["weight_ih"], dh_next @ params["weight_hh"]


@wrong("dparams must be a dict with the keys weight_ih, weight_hh, bias_ih, bias_hh, got a dict with the keys weight_ih, weight_hh, bias.")
def one_bias_gradient(cache, dh_next):
    dparams, dx, dh = rnn_step_backward(cache, dh_next)
    return {"weight_ih": dparams["weight_ih"], "weight_hh": dparams["weight_hh"], "bias": dparams["bias_ih"]}, dx, dh


@wrong("it must return 3 values (dparams, dx, dh), got a tuple of 2.")
def dh_not_returned(cache, dh_next):
    return rnn_step_backward(cache, dh_next)[:2]


GRADIENTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


@right
def columns(cache, dh_next):
    """Everything transposed, as in texts that write W x + b."""
    W_ih, W_hh = cache.params["weight_ih"], cache.params["weight_hh"]
    da = (dh_next * (1 - np.square(cache.h_next))).T  # (H, B)
    values = [np.matmul(da, cache.x), np.matmul(da, cache.h), da.sum(axis=1), da.sum(axis=1)]
    return dict(zip(GRADIENTS, values, strict=True)), np.matmul(W_ih.T, da).T, np.matmul(W_hh.T, da).T


@right
def from_a_again(cache, dh_next):
    params, x, h, _, _ = cache
    a = x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"]
    da = dh_next / np.cosh(a) ** 2
    ones = np.ones_like(da[:, 0])
    dparams = {"weight_ih": np.dot(da.T, x), "weight_hh": np.dot(da.T, h), "bias_ih": ones @ da, "bias_hh": ones @ da}
    return dparams, np.dot(da, params["weight_ih"]), np.dot(da, params["weight_hh"])


@right
def one_big_product(cache, dh_next):
    both = np.concatenate([cache.x, cache.h], axis=1)
    weights = np.concatenate([cache.params["weight_ih"], cache.params["weight_hh"]], axis=1)
    da = dh_next - dh_next * cache.h_next * cache.h_next
    D = cache.x.shape[1]
    dweights, dboth = da.T @ both, da @ weights
    dparams = {"weight_ih": dweights[:, :D], "weight_hh": dweights[:, D:], "bias_ih": da.sum(0), "bias_hh": da.sum(0)}
    return dparams, dboth[:, :D], dboth[:, D:]


@right
def with_a_helper_and_prints(cache, dh_next):
    def product(d, v):
        return np.tensordot(d, v, axes=([0], [0]))

    da = dh_next * (1 - cache.h_next**2)
    print("da", da.shape)
    bias = np.sum(da, axis=0)
    dparams = {name: bias.copy() for name in GRADIENTS[2:]}
    dparams["weight_ih"], dparams["weight_hh"] = product(da, cache.x), product(da, cache.h)
    return [dparams, da @ cache.params["weight_ih"], da @ cache.params["weight_hh"]]


@wrong("the slope of tanh is taken at h, the state before the step")
def slope_of_the_step_before(cache, dh_next):
    params, x, h, _, _ = cache
    da = dh_next * (1 - h**2)
    dparams = {"weight_ih": da.T @ x, "weight_hh": da.T @ h, "bias_ih": da.sum(0), "bias_hh": da.sum(0)}
    return dparams, da @ params["weight_ih"], da @ params["weight_hh"]


@wrong("matmul: Input operand 1 has a mismatch")
def transposed_on_the_way_back(cache, dh_next):
    params, x, h, h_next, _ = cache
    da = dh_next * (1 - h_next**2)
    dparams = {"weight_ih": da.T @ x, "weight_hh": da.T @ h, "bias_ih": da.sum(0), "bias_hh": da.sum(0)}
    return dparams, da @ params["weight_ih"].T, da @ params["weight_hh"]


@wrong("dh is zero: nothing reaches the step before")
def stops_here(cache, dh_next):
    dparams, dx, dh = rnn_step_backward(cache, dh_next)
    return dparams, dx, np.zeros_like(dh)


@wrong("dh is dh_next itself")
def copied_back(cache, dh_next):
    dparams, dx, _ = rnn_step_backward(cache, dh_next)
    return dparams, dx, dh_next.copy()


@right
def batch_loop(cache, dh_next):
    params, x, h, h_next, _ = cache
    d = {k: np.zeros_like(v) for k, v in params.items()}
    dx, dh = np.zeros_like(x), np.zeros_like(h)
    for b in range(x.shape[0]):
        da = dh_next[b] * (1 - h_next[b] ** 2)
        d["weight_ih"] += np.outer(da, x[b])
        d["weight_hh"] += np.outer(da, h[b])
        d["bias_ih"] += da
        d["bias_hh"] += da
        dx[b] = params["weight_ih"].T @ da
        dh[b] = params["weight_hh"].T @ da
    return d, dx, dh


def grads(da, cache, dx=None, dh=None):
    params, x, h, _h_next, _ = cache
    dparams = {"weight_ih": da.T @ x, "weight_hh": da.T @ h, "bias_ih": da.sum(axis=0), "bias_hh": da.sum(axis=0)}
    return dparams, da @ params["weight_ih"], da @ params["weight_hh"]


@wrong("the square is missing")
def no_square(cache, dh_next):
    return grads(dh_next * (1 - cache.h_next), cache)


@wrong("the slope of a sigmoid")
def sigmoid_slope(cache, dh_next):
    return grads(dh_next * cache.h_next * (1 - cache.h_next), cache)


@wrong("the weight gradients are transposed")
def transposed_weights(cache, dh_next):
    _params, x, h, h_next, _ = cache
    da = dh_next * (1 - h_next**2)
    dparams, dx, dh = grads(da, cache)
    dparams["weight_ih"], dparams["weight_hh"] = x.T @ da, h.T @ da
    return dparams, dx, dh


@wrong("the gradient of weight_hh is transposed")
def hh_transposed(cache, dh_next):
    _params, _x, h, h_next, _ = cache
    da = dh_next * (1 - h_next**2)
    dparams, dx, dh = grads(da, cache)
    dparams["weight_hh"] = h.T @ da
    return dparams, dx, dh


@wrong("the bias gradients are not summed over the batch")
def bias_not_summed(cache, dh_next):
    _params, _x, _h, h_next, _ = cache
    da = dh_next * (1 - h_next**2)
    dparams, dx, dh = grads(da, cache)
    dparams["bias_ih"] = dparams["bias_hh"] = da
    return dparams, dx, dh


@wrong("summed over the units as well")
def bias_total(cache, dh_next):
    _params, _x, _h, h_next, _ = cache
    da = dh_next * (1 - h_next**2)
    dparams, dx, dh = grads(da, cache)
    dparams["bias_ih"], dparams["bias_hh"] = da.sum(), da.sum()
    return dparams, dx, dh


@wrong("dh is da @ weight_hh.T")
def dh_transposed(cache, dh_next):
    params, _x, _h, h_next, _ = cache
    da = dh_next * (1 - h_next**2)
    dparams, dx, _ = grads(da, cache)
    return dparams, dx, da @ params["weight_hh"].T


@wrong("dh is dh_next @ weight_hh")
def dh_skips_tanh(cache, dh_next):
    params, _x, _h, h_next, _ = cache
    da = dh_next * (1 - h_next**2)
    dparams, dx, _ = grads(da, cache)
    return dparams, dx, dh_next @ params["weight_hh"]


@wrong("dparams must be a dict with the keys weight_ih, weight_hh, bias_ih, bias_hh, got an array of shape (1, 1).")
def order(cache, dh_next):
    dparams, dx, dh = grads(dh_next * (1 - cache.h_next**2), cache)
    return dx, dh, dparams


@wrong("dx and dh are exchanged")
def dx_dh_swapped(cache, dh_next):
    dparams, dx, dh = grads(dh_next * (1 - cache.h_next**2), cache)
    return dparams, dh, dx


@wrong("it changed its argument cache in place")
def in_place_cache(cache, dh_next):
    _params, _x, _h, h_next, _ = cache
    h_next **= 2
    return grads(dh_next * (1 - h_next), cache)


@wrong("divided by the batch size")
def mean_over_batch(cache, dh_next):
    dparams, dx, dh = grads(dh_next * (1 - cache.h_next**2), cache)
    return {k: v / len(dx) for k, v in dparams.items()}, dx, dh
