"""Lab 6, part 4: one step backward."""

import numpy as np

from rnncore.reference import gru_step_backward
from tests.corpus.answers import right, wrong


def blocks(params):
    return np.split(params["weight_ih"], 3), np.split(params["weight_hh"], 3)


def results(cache, da_x, da_h, dh):
    """What follows once the two stacks of pre-activation gradients and dh are there."""
    dparams = {
        "weight_ih": da_x.T @ cache.x,
        "weight_hh": da_h.T @ cache.h,
        "bias_ih": da_x.sum(axis=0),
        "bias_hh": da_h.sum(axis=0),
    }
    return dparams, da_x @ cache.params["weight_ih"], dh


@right
def line_by_line(cache, dh_next):
    params, x, h, r, z, n, a_hn, _ = cache
    (W_ir, W_iz, W_in), (W_hr, W_hz, W_hn) = blocks(params)
    dz = dh_next * (h - n)
    dn = dh_next * (1 - z)
    da_n = dn * (1 - n**2)
    dr = da_n * a_hn
    du = da_n * r
    da_z = dz * z * (1 - z)
    da_r = dr * r * (1 - r)
    dh = dh_next * z + du @ W_hn + da_z @ W_hz + da_r @ W_hr
    dx = da_n @ W_in + da_z @ W_iz + da_r @ W_ir
    dparams = {
        "weight_ih": np.concatenate([da_r.T @ x, da_z.T @ x, da_n.T @ x]),
        "weight_hh": np.concatenate([da_r.T @ h, da_z.T @ h, du.T @ h]),
        "bias_ih": np.concatenate([da_r.sum(0), da_z.sum(0), da_n.sum(0)]),
        "bias_hh": np.concatenate([da_r.sum(0), da_z.sum(0), du.sum(0)]),
    }
    return dparams, dx, dh


@right
def copied_and_overwritten(cache, dh_next):
    """da_h is da_x with its last part multiplied by r."""
    H = cache.h.shape[1]
    slope_n, slope_r, slope_z = 1 - cache.n * cache.n, cache.r - cache.r**2, cache.z - cache.z**2
    da_n = (1 - cache.z) * slope_n * dh_next
    da_x = np.hstack([da_n * cache.a_hn * slope_r, (cache.h - cache.n) * slope_z * dh_next, da_n])
    da_h = da_x.copy()
    da_h[:, 2 * H :] *= cache.r
    return results(cache, da_x, da_h, cache.z * dh_next + da_h.dot(cache.params["weight_hh"]))


@right
def with_einsum(cache, dh_next):
    k = cache
    da_n = dh_next * (1 - k.z) * (1 - np.square(k.n))
    da_r, da_z = da_n * k.a_hn * k.r * (1 - k.r), dh_next * (k.h - k.n) * k.z * (1 - k.z)
    da_x = np.stack([da_r, da_z, da_n])  # (3, B, H)
    da_h = np.stack([da_r, da_z, da_n * k.r])
    W_i, W_h = (k.params[name].reshape(3, len(k.h[0]), -1) for name in ("weight_ih", "weight_hh"))
    dparams = {
        "weight_ih": np.einsum("gbh,bd->ghd", da_x, k.x).reshape(k.params["weight_ih"].shape),
        "weight_hh": np.einsum("gbh,bj->ghj", da_h, k.h).reshape(k.params["weight_hh"].shape),
        "bias_ih": np.einsum("gbh->gh", da_x).reshape(-1),
        "bias_hh": np.einsum("gbh->gh", da_h).reshape(-1),
    }
    dh = np.einsum("gbh,ghj->bj", da_h, W_h) + dh_next * k.z
    return [dparams, np.einsum("gbh,ghd->bd", da_x, W_i), dh]


@right
def sequence_by_sequence(cache, dh_next):
    params, x, h, r, z, n, u, _ = cache
    dparams = {name: np.zeros_like(value) for name, value in params.items()}
    dx, dh = np.zeros_like(x), np.zeros_like(h)
    for b in range(len(x)):
        da_n = dh_next[b] * (1 - z[b]) * (1 - n[b] ** 2)
        da_r = da_n * u[b] * r[b] * (1 - r[b])
        da_z = dh_next[b] * (h[b] - n[b]) * z[b] * (1 - z[b])
        a, s = np.r_[da_r, da_z, da_n], np.r_[da_r, da_z, da_n * r[b]]
        dparams["weight_ih"] += np.outer(a, x[b])
        dparams["weight_hh"] += np.outer(s, h[b])
        dparams["bias_ih"] += a
        dparams["bias_hh"] += s
        dx[b] = params["weight_ih"].T @ a
        dh[b] = params["weight_hh"].T @ s + z[b] * dh_next[b]
    return dparams, dx, dh


@right
def dn_from_h_next(cache, dh_next):
    """Written for h_next = n + z * (h - n)."""
    params, h, r, z, n, a_hn, reset = cache.params, cache.h, cache.r, cache.z, cache.n, cache.a_hn, cache.reset
    assert reset == "after"
    d_difference = dh_next * z
    dn = dh_next - d_difference
    d_inside = dn - dn * n * n
    da_z = dh_next * (h - n) * (z * (1 - z))
    da_r = d_inside * a_hn * (r * (1 - r))
    dh = d_difference
    da_x = np.concatenate((da_r, da_z, d_inside), axis=-1)
    da_h = np.concatenate((da_r, da_z, d_inside * r), axis=-1)
    return results(cache, da_x, da_h, dh + da_h @ params["weight_hh"])


@right
def keys_in_another_order(cache, dh_next):
    dparams, dx, dh = gru_step_backward(cache, dh_next)
    print("sizes", {name: d.size for name, d in dparams.items()})
    return {name: dparams[name] for name in ("bias_hh", "bias_ih", "weight_hh", "weight_ih")}, dx, dh


def pieces(cache, dh_next):
    """Where most wrong answers are still right."""
    h, r, z, n, a_hn = cache.h, cache.r, cache.z, cache.n, cache.a_hn
    da_n = dh_next * (1 - z) * (1 - n**2)
    da_z = dh_next * (h - n) * z * (1 - z)
    da_r = da_n * a_hn * r * (1 - r)
    return da_r, da_z, da_n, da_n * r


def stacked(*parts):
    return np.concatenate(parts, axis=1)


@wrong("the direct way is missing in dh")
def matrices_only(cache, dh_next):
    da_r, da_z, da_n, du = pieces(cache, dh_next)
    da_h = stacked(da_r, da_z, du)
    return results(cache, stacked(da_r, da_z, da_n), da_h, da_h @ cache.params["weight_hh"])


@wrong("the direct way of dh is dh_next in full")
def like_a_residual(cache, dh_next):
    da_r, da_z, da_n, du = pieces(cache, dh_next)
    da_h = stacked(da_r, da_z, du)
    return results(cache, stacked(da_r, da_z, da_n), da_h, dh_next + da_h @ cache.params["weight_hh"])


@wrong("the direct way of dh has 1 - z")
def the_other_share(cache, dh_next):
    da_r, da_z, da_n, du = pieces(cache, dh_next)
    da_h = stacked(da_r, da_z, du)
    return results(cache, stacked(da_r, da_z, da_n), da_h, dh_next * (1 - cache.z) + da_h @ cache.params["weight_hh"])


@wrong("the gradient of the candidate stands where that of u belongs")
def one_da_for_all(cache, dh_next):
    """As in the plain cell and in the LSTM."""
    da_r, da_z, da_n, _ = pieces(cache, dh_next)
    da = stacked(da_r, da_z, da_n)
    return results(cache, da, da, dh_next * cache.z + da @ cache.params["weight_hh"])


@wrong("du stands where da_n belongs")
def gated_for_all(cache, dh_next):
    da_r, da_z, _, du = pieces(cache, dh_next)
    da = stacked(da_r, da_z, du)
    return results(cache, da, da, dh_next * cache.z + da @ cache.params["weight_hh"])


@wrong("b_hn gets da_n")
def biases_alike(cache, dh_next):
    dparams, dx, dh = gru_step_backward(cache, dh_next)
    return {**dparams, "bias_hh": dparams["bias_ih"].copy()}, dx, dh


@wrong("the ways through the gates are missing in dh")
def candidate_only(cache, dh_next):
    da_r, da_z, da_n, du = pieces(cache, dh_next)
    W_hn = np.split(cache.params["weight_hh"], 3)[2]
    return results(cache, stacked(da_r, da_z, da_n), stacked(da_r, da_z, du), dh_next * cache.z + du @ W_hn)


@wrong("the sign of dz is wrong")
def difference_turned_round(cache, dh_next):
    da_r, da_z, da_n, du = pieces(cache, dh_next)
    da_h = stacked(da_r, -da_z, du)
    return results(cache, stacked(da_r, -da_z, da_n), da_h, dh_next * cache.z + da_h @ cache.params["weight_hh"])


@wrong("dz has h alone")
def second_product_only(cache, dh_next):
    params, h, z = cache.params, cache.h, cache.z
    da_r, _, da_n, du = pieces(cache, dh_next)
    da_z = dh_next * h * z * (1 - z)
    da_h = stacked(da_r, da_z, du)
    return results(cache, stacked(da_r, da_z, da_n), da_h, dh_next * z + da_h @ params["weight_hh"])


@wrong("dn has z; what multiplied the candidate was 1 - z")
def shares_exchanged(cache, dh_next):
    params, h, r, z, n, a_hn = cache.params, cache.h, cache.r, cache.z, cache.n, cache.a_hn
    da_n = dh_next * z * (1 - n**2)
    da_z = dh_next * (h - n) * z * (1 - z)
    da_r = da_n * a_hn * r * (1 - r)
    da_h = stacked(da_r, da_z, da_n * r)
    return results(cache, stacked(da_r, da_z, da_n), da_h, dh_next * z + da_h @ params["weight_hh"])


@wrong("the slope of tanh is missing in da_n")
def no_slope_of_tanh(cache, dh_next):
    params, h, r, z, n, a_hn = cache.params, cache.h, cache.r, cache.z, cache.n, cache.a_hn
    da_n = dh_next * (1 - z)
    da_z = dh_next * (h - n) * z * (1 - z)
    da_r = da_n * a_hn * r * (1 - r)
    da_h = stacked(da_r, da_z, da_n * r)
    return results(cache, stacked(da_r, da_z, da_n), da_h, dh_next * z + da_h @ params["weight_hh"])


@wrong("the slopes of both gates are missing")
def no_slopes_of_the_gates(cache, dh_next):
    params, h, r, z, n, a_hn = cache.params, cache.h, cache.r, cache.z, cache.n, cache.a_hn
    da_n = dh_next * (1 - z) * (1 - n**2)
    da_z = dh_next * (h - n)
    da_r = da_n * a_hn
    da_h = stacked(da_r, da_z, da_n * r)
    return results(cache, stacked(da_r, da_z, da_n), da_h, dh_next * z + da_h @ params["weight_hh"])


@wrong("the gates have the slope of tanh")
def one_slope_for_all(cache, dh_next):
    params, h, r, z, n, a_hn = cache.params, cache.h, cache.r, cache.z, cache.n, cache.a_hn
    da_n = dh_next * (1 - z) * (1 - n**2)
    da_z = dh_next * (h - n) * (1 - z**2)
    da_r = da_n * a_hn * (1 - r**2)
    da_h = stacked(da_r, da_z, da_n * r)
    return results(cache, stacked(da_r, da_z, da_n), da_h, dh_next * z + da_h @ params["weight_hh"])


@wrong("dr uses h; what the reset gate multiplied was a_hn")
def reset_gate_on_the_state(cache, dh_next):
    params, h, r, z = cache.params, cache.h, cache.r, cache.z
    _, da_z, da_n, du = pieces(cache, dh_next)
    da_r = da_n * h * r * (1 - r)
    da_h = stacked(da_r, da_z, du)
    return results(cache, stacked(da_r, da_z, da_n), da_h, dh_next * z + da_h @ params["weight_hh"])


@wrong("dr is that of the other convention")
def gradient_of_the_paper(cache, dh_next):
    params, h, r, z = cache.params, cache.h, cache.r, cache.z
    _, da_z, da_n, du = pieces(cache, dh_next)
    da_r = (da_n @ np.split(params["weight_hh"], 3)[2]) * h * r * (1 - r)
    da_h = stacked(da_r, da_z, du)
    return results(cache, stacked(da_r, da_z, da_n), da_h, dh_next * z + da_h @ params["weight_hh"])


@wrong("da_r and da_z are put together in the order z, r, n")
def z_first(cache, dh_next):
    da_r, da_z, da_n, du = pieces(cache, dh_next)
    da_h = stacked(da_z, da_r, du)
    return results(cache, stacked(da_z, da_r, da_n), da_h, dh_next * cache.z + da_h @ cache.params["weight_hh"])


@wrong("the blocks are put together along axis 0")
def no_axis(cache, dh_next):
    da_r, da_z, da_n, du = pieces(cache, dh_next)
    da_x, da_h = np.concatenate([da_r, da_z, da_n]), np.concatenate([da_r, da_z, du])
    return results(cache, da_x, da_h, dh_next * cache.z + da_h @ cache.params["weight_hh"])


@wrong("dx has du in its last part")
def dx_from_the_wrong_stack(cache, dh_next):
    dparams, _, dh = gru_step_backward(cache, dh_next)
    da_r, da_z, _, du = pieces(cache, dh_next)
    return dparams, stacked(da_r, da_z, du) @ cache.params["weight_ih"], dh


@wrong("the rows of W_hn get the product of du and r * h")
def gated_twice(cache, dh_next):
    dparams, dx, dh = gru_step_backward(cache, dh_next)
    da_r, da_z, _, du = pieces(cache, dh_next)
    weight_hh = np.vstack([da_r.T @ cache.h, da_z.T @ cache.h, du.T @ (cache.r * cache.h)])
    return {**dparams, "weight_hh": weight_hh}, dx, dh


@wrong("the gradient of weight_hh uses h_next")
def next_state(cache, dh_next):
    dparams, dx, dh = gru_step_backward(cache, dh_next)
    da_r, da_z, _, du = pieces(cache, dh_next)
    h_next = (1 - cache.z) * cache.n + cache.z * cache.h
    return {**dparams, "weight_hh": stacked(da_r, da_z, du).T @ h_next}, dx, dh


@wrong("the bias gradients are means over the batch")
def means(cache, dh_next):
    dparams, dx, dh = gru_step_backward(cache, dh_next)
    return {**dparams, **{name: dparams[name] / len(cache.x) for name in ("bias_ih", "bias_hh")}}, dx, dh


@wrong("dx and dh are exchanged")
def another_order_of_results(cache, dh_next):
    dparams, dx, dh = gru_step_backward(cache, dh_next)
    return dparams, dh, dx


@wrong("it changed its argument dh_next in place; work on a copy.")
def accumulates_in_the_callers_array(cache, dh_next):
    dparams, dx, dh = gru_step_backward(cache, dh_next.copy())
    dh_next *= cache.z
    return dparams, dx, dh


@wrong("dparams must be a dict with the keys weight_ih, weight_hh, bias_ih, bias_hh, got a tuple of 4.")
def no_dict(cache, dh_next):
    dparams, dx, dh = gru_step_backward(cache, dh_next)
    return tuple(dparams.values()), dx, dh


@wrong(None)
def half_a_slope(cache, dh_next):
    """z where z (1 - z) belongs."""
    params, h, z, n = cache.params, cache.h, cache.z, cache.n
    da_r, _, da_n, du = pieces(cache, dh_next)
    da_z = dh_next * (h - n) * z
    da_h = stacked(da_r, da_z, du)
    return results(cache, stacked(da_r, da_z, da_n), da_h, dh_next * z + da_h @ params["weight_hh"])


def with_concatenate(cache, dh_next):
    params, x, h, r, z, n, a_hn, _ = cache
    dz = dh_next * (h - n)
    dn = dh_next * (1 - z)
    da_n = dn * (1 - n**2)
    dr = da_n * a_hn
    du = da_n * r
    da_z = dz * z * (1 - z)
    da_r = dr * r * (1 - r)
    da_x = np.concatenate([da_r, da_z, da_n], axis=1)
    da_h = np.concatenate([da_r, da_z, du], axis=1)
    dparams = {"weight_ih": da_x.T @ x, "weight_hh": da_h.T @ h, "bias_ih": da_x.sum(axis=0), "bias_hh": da_h.sum(axis=0)}
    return dparams, da_x @ params["weight_ih"], da_h @ params["weight_hh"] + dh_next * z


@right
def by_blocks(cache, dh_next):
    params, x, h, r, z, n, u, _ = cache
    W_ir, W_iz, W_in = np.split(params["weight_ih"], 3)
    W_hr, W_hz, W_hn = np.split(params["weight_hh"], 3)
    da_n = dh_next * (1 - z) * (1 - n * n)
    da_z = dh_next * (h - n) * z * (1 - z)
    da_r = da_n * u * r * (1 - r)
    du = da_n * r
    dx = da_n @ W_in + da_z @ W_iz + da_r @ W_ir
    dh = dh_next * z + du @ W_hn + da_z @ W_hz + da_r @ W_hr
    dparams = {
        "weight_ih": np.vstack([da_r.T @ x, da_z.T @ x, da_n.T @ x]),
        "weight_hh": np.vstack([da_r.T @ h, da_z.T @ h, du.T @ h]),
        "bias_ih": np.hstack([da_r.sum(0), da_z.sum(0), da_n.sum(0)]),
        "bias_hh": np.hstack([da_r.sum(0), da_z.sum(0), du.sum(0)]),
    }
    return dparams, dx, dh


def ways(cache, dh_next):
    _, _x, h, r, z, n, u, _ = cache
    da_n = dh_next * (1 - z) * (1 - n**2)
    da_z = dh_next * (h - n) * z * (1 - z)
    da_r = da_n * u * r * (1 - r)
    return da_r, da_z, da_n, da_n * r


def put_together(cache, dh_next, da_x, da_h, direct):
    params, x, h = cache[:3]
    da_x, da_h = np.concatenate(da_x, axis=1), np.concatenate(da_h, axis=1)
    dparams = {"weight_ih": da_x.T @ x, "weight_hh": da_h.T @ h, "bias_ih": da_x.sum(axis=0), "bias_hh": da_h.sum(axis=0)}
    return dparams, da_x @ params["weight_ih"], da_h @ params["weight_hh"] + direct


@wrong("the factors of dr and du are exchanged: each of r and u gets the other one as its factor.")
def dr_du_exchanged(cache, dh_next):
    ar, az, an, du = ways(cache, dh_next)
    dr, du = an * cache.r, an * cache.a_hn
    ar = dr * cache.r * (1 - cache.r)
    return put_together(cache, dh_next, (ar, az, an), (ar, az, du), dh_next * cache.z)


@wrong("the slope of the reset gate is missing.")
def slope_of_r_missing(cache, dh_next):
    ar, az, an, du = ways(cache, dh_next)
    ar = an * cache.a_hn
    return put_together(cache, dh_next, (ar, az, an), (ar, az, du), dh_next * cache.z)


@wrong("the slope of the update gate is missing.")
def slope_of_z_missing(cache, dh_next):
    ar, az, an, du = ways(cache, dh_next)
    az = dh_next * (cache.h - cache.n)
    return put_together(cache, dh_next, (ar, az, an), (ar, az, du), dh_next * cache.z)


@wrong("tanh is applied to n once more")
def tanh_again(cache, dh_next):
    an = dh_next * (1 - cache.z) * (1 - np.tanh(cache.n) ** 2)
    _, az, _, _ = ways(cache, dh_next)
    ar = an * cache.a_hn * cache.r * (1 - cache.r)
    return put_together(cache, dh_next, (ar, az, an), (ar, az, an * cache.r), dh_next * cache.z)


@wrong("the candidate has the slope of a sigmoid")
def sigmoid_slope_for_n(cache, dh_next):
    an = dh_next * (1 - cache.z) * cache.n * (1 - cache.n)
    _, az, _, _ = ways(cache, dh_next)
    ar = an * cache.a_hn * cache.r * (1 - cache.r)
    return put_together(cache, dh_next, (ar, az, an), (ar, az, an * cache.r), dh_next * cache.z)


@wrong("the bias gradients are not summed over the batch.")
def biases_not_summed(cache, dh_next):
    ar, az, an, du = ways(cache, dh_next)
    dparams, dx, dh = put_together(cache, dh_next, (ar, az, an), (ar, az, du), dh_next * cache.z)
    dparams["bias_ih"], dparams["bias_hh"] = np.concatenate([ar, az, an], axis=1), np.concatenate([ar, az, du], axis=1)
    return dparams, dx, dh


@wrong("the gradients of the parameters are divided by the batch size")
def batch_mean(cache, dh_next):
    ar, az, an, du = ways(cache, dh_next)
    dparams, dx, dh = put_together(cache, dh_next, (ar, az, an), (ar, az, du), dh_next * cache.z)
    return {name: value / len(dx) for name, value in dparams.items()}, dx, dh


@wrong("the weight gradients are transposed")
def weights_transposed(cache, dh_next):
    ar, az, an, du = ways(cache, dh_next)
    dparams, dx, dh = put_together(cache, dh_next, (ar, az, an), (ar, az, du), dh_next * cache.z)
    return {**dparams, "weight_ih": dparams["weight_ih"].T, "weight_hh": dparams["weight_hh"].T}, dx, dh


@wrong("all rows of weight_hh get a product with r * h")
def weight_of_reset_state(cache, dh_next):
    ar, az, an, du = ways(cache, dh_next)
    dparams, dx, dh = put_together(cache, dh_next, (ar, az, an), (ar, az, du), dh_next * cache.z)
    dparams["weight_hh"] = np.concatenate([ar, az, du], axis=1).T @ (cache.r * cache.h)
    return dparams, dx, dh


@wrong("the gradient of weight_hh uses x")
def hh_with_x(cache, dh_next):
    ar, az, an, du = ways(cache, dh_next)
    dparams, dx, dh = put_together(cache, dh_next, (ar, az, an), (ar, az, du), dh_next * cache.z)
    dparams["weight_hh"] = np.concatenate([ar, az, du], axis=1).T @ cache.x
    return dparams, dx, dh


@wrong("the way through the candidate uses da_n in dh")
def dh_from_da_x(cache, dh_next):
    ar, az, an, du = ways(cache, dh_next)
    dparams, dx, _dh = put_together(cache, dh_next, (ar, az, an), (ar, az, du), dh_next * cache.z)
    return dparams, dx, np.concatenate([ar, az, an], axis=1) @ cache.params["weight_hh"] + dh_next * cache.z


@wrong("dparams must be a dict")
def order_of_results(cache, dh_next):
    dparams, dx, dh = with_concatenate(cache, dh_next)
    return dx, dh, dparams


@wrong("dx is a product with weight_ih.T")
def dx_with_transpose(cache, dh_next):
    params, x, h, _r, z, _n, _a_hn, _ = cache
    ar, az, an, du = ways(cache, dh_next)
    da_x, da_h = np.concatenate([ar, az, an], axis=1), np.concatenate([ar, az, du], axis=1)
    dparams = {"weight_ih": da_x.T @ x, "weight_hh": da_h.T @ h, "bias_ih": da_x.sum(axis=0), "bias_hh": da_h.sum(axis=0)}
    return dparams, da_x @ params["weight_ih"].T, da_h @ params["weight_hh"].T + dh_next * z
