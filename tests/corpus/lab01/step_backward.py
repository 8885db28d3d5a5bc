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
