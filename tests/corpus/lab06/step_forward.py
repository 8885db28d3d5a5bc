"""Lab 6, part 1: one step forward."""

import sys
import warnings

import numpy as np

from rnncore.reference import GRUStepCache, gru_step_forward, sigmoid
from tests.corpus.answers import right, wrong


def blocks(params):
    """weight_ih, weight_hh, bias_ih, bias_hh, each cut into r, z, n."""
    return [np.split(params[name], 3) for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]


@right
def block_by_block(params, x, h):
    (W_ir, W_iz, W_in), (W_hr, W_hz, W_hn), (b_ir, b_iz, b_in), (b_hr, b_hz, b_hn) = blocks(params)
    r = sigmoid(x @ W_ir.T + b_ir + h @ W_hr.T + b_hr)
    z = sigmoid(x @ W_iz.T + b_iz + h @ W_hz.T + b_hz)
    u = h @ W_hn.T + b_hn
    n = np.tanh(x @ W_in.T + b_in + r * u)
    return (1 - z) * n + z * h, GRUStepCache(params, x, h, r, z, n, u, "after")


@right
def two_products(params, x, h):
    x_r, x_z, x_n = np.split(x @ params["weight_ih"].T + params["bias_ih"], 3, axis=1)
    h_r, h_z, h_n = np.split(h @ params["weight_hh"].T + params["bias_hh"], 3, axis=1)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    n = np.tanh(x_n + r * h_n)
    cache = GRUStepCache(params=params, x=x, h=h, r=r, z=z, n=n, a_hn=h_n, reset="after")
    return n + z * (h - n), cache


@right
def own_sigmoid_and_einsum(params, x, h):
    H = h.shape[1]
    gx = np.einsum("bd,kd->bk", x, params["weight_ih"]) + params["bias_ih"]
    gh = np.einsum("bh,kh->bk", h, params["weight_hh"]) + params["bias_hh"]
    gate = 1 / (1 + np.exp(-(gx[:, : 2 * H] + gh[:, : 2 * H])))
    r, z, a_hn = gate[:, :H], gate[:, H:], gh[:, 2 * H :]
    n = np.tanh(gx[:, 2 * H :] + np.multiply(r, a_hn))
    h_next = z * h
    h_next += (1 - z) * n
    return [h_next, GRUStepCache(params, x, h, r, z, n, a_hn, "after")]


@right
def unit_by_unit(params, x, h):
    B, H = h.shape
    r, z, n, u, h_next = (np.empty_like(h) for _ in range(5))
    for b in range(B):
        for j in range(H):
            a = [params["weight_ih"][k * H + j] @ x[b] + params["bias_ih"][k * H + j] for k in range(3)]
            s = [params["weight_hh"][k * H + j] @ h[b] + params["bias_hh"][k * H + j] for k in range(3)]
            r[b, j] = 1 / (1 + np.exp(-a[0] - s[0]))
            z[b, j] = 1 / (1 + np.exp(-a[1] - s[1]))
            u[b, j] = s[2]
            n[b, j] = np.tanh(a[2] + r[b, j] * s[2])
            h_next[b, j] = (1 - z[b, j]) * n[b, j] + z[b, j] * h[b, j]
    return h_next, GRUStepCache(params, x, h, r, z, n, u, "after")


@right
def side_by_side(params, x, h):
    """Input and state side by side for the gates."""
    H = h.shape[1]
    both = np.hstack([x, h])
    W = np.hstack([params["weight_ih"], params["weight_hh"]])[: 2 * H]
    r, z = np.hsplit(sigmoid(both @ W.T + (params["bias_ih"] + params["bias_hh"])[: 2 * H]), 2)
    a_hn = (params["weight_hh"][-H:] @ h.T).T + params["bias_hh"][-H:]
    n = np.tanh(x @ params["weight_ih"][-H:].T + params["bias_ih"][-H:] + a_hn * r)
    return h * z + n * (1 - z), GRUStepCache(params, x, h, r, z, n, a_hn, "after")


@right
def sigmoid_by_tanh(params, x, h):
    a_x = x.dot(params["weight_ih"].T) + params["bias_ih"]
    a_h = h.dot(params["weight_hh"].T) + params["bias_hh"]
    a_x, a_h = (a.reshape(len(a), 3, -1).transpose(1, 0, 2) for a in (a_x, a_h))
    r, z = 0.5 + 0.5 * np.tanh((a_x[:2] + a_h[:2]) / 2)
    n = np.tanh(a_x[2] + r * a_h[2])
    return h - (1 - z) * (h - n), GRUStepCache(params, x, h, r, z, n, a_h[2], "after")


@right
def warns(params, x, h):
    warnings.warn("a warning must cost nothing", stacklevel=1)
    np.array([1.0]) / np.array([0.0])
    print("nor must this", file=sys.stderr)
    return gru_step_forward(params, x, h)


def parts(params, x, h):
    """The input's and the state's three blocks, as most people cut them."""
    a_x, a_h = x @ params["weight_ih"].T + params["bias_ih"], h @ params["weight_hh"].T + params["bias_hh"]
    return np.split(a_x, 3, axis=1), np.split(a_h, 3, axis=1)


@wrong("z and 1 - z are exchanged")
def as_in_another_text(params, x, h):
    (x_r, x_z, x_n), (h_r, h_z, h_n) = parts(params, x, h)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    n = np.tanh(x_n + r * h_n)
    return (1 - z) * h + z * n, GRUStepCache(params, x, h, r, z, n, h_n, "after")


@wrong("the reset gate multiplies h before the product")
def as_in_the_paper(params, x, h):
    (W_ir, W_iz, W_in), (W_hr, W_hz, W_hn), (b_ir, b_iz, b_in), (b_hr, b_hz, b_hn) = blocks(params)
    r = sigmoid(x @ W_ir.T + b_ir + h @ W_hr.T + b_hr)
    z = sigmoid(x @ W_iz.T + b_iz + h @ W_hz.T + b_hz)
    u = (r * h) @ W_hn.T + b_hn
    n = np.tanh(x @ W_in.T + b_in + u)
    return (1 - z) * n + z * h, GRUStepCache(params, x, h, r, z, n, u, "after")


@wrong("the bias b_hn stands outside the product with r")
def biases_added_up(params, x, h):
    H = h.shape[1]
    a_x = x @ params["weight_ih"].T + params["bias_ih"] + params["bias_hh"]
    a_h = h @ params["weight_hh"].T
    r, z = sigmoid(a_x[:, :H] + a_h[:, :H]), sigmoid(a_x[:, H : 2 * H] + a_h[:, H : 2 * H])
    n = np.tanh(a_x[:, 2 * H :] + r * a_h[:, 2 * H :])
    return (1 - z) * n + z * h, GRUStepCache(params, x, h, r, z, n, a_h[:, 2 * H :], "after")


@wrong("the reset gate multiplies the input's part of the candidate as well")
def gate_around_all(params, x, h):
    (x_r, x_z, x_n), (h_r, h_z, h_n) = parts(params, x, h)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    n = np.tanh(r * (x_n + h_n))
    return (1 - z) * n + z * h, GRUStepCache(params, x, h, r, z, n, h_n, "after")


@wrong("the reset gate is left out of the candidate")
def no_reset(params, x, h):
    a = x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"]
    a_r, a_z, a_n = np.split(a, 3, axis=1)
    r, z, n = sigmoid(a_r), sigmoid(a_z), np.tanh(a_n)
    return (1 - z) * n + z * h, GRUStepCache(params, x, h, r, z, n, parts(params, x, h)[1][2], "after")


@wrong("the rows are taken in the order z, r, n")
def z_first(params, x, h):
    (x_z, x_r, x_n), (h_z, h_r, h_n) = parts(params, x, h)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    n = np.tanh(x_n + r * h_n)
    return (1 - z) * n + z * h, GRUStepCache(params, x, h, r, z, n, h_n, "after")


@wrong("the candidate goes through a sigmoid")
def all_sigmoid(params, x, h):
    (x_r, x_z, x_n), (h_r, h_z, h_n) = parts(params, x, h)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    n = sigmoid(x_n + r * h_n)
    return (1 - z) * n + z * h, GRUStepCache(params, x, h, r, z, n, h_n, "after")


@wrong("both gates go through tanh")
def all_tanh(params, x, h):
    (x_r, x_z, x_n), (h_r, h_z, h_n) = parts(params, x, h)
    r, z = np.tanh(x_r + h_r), np.tanh(x_z + h_z)
    n = np.tanh(x_n + r * h_n)
    return (1 - z) * n + z * h, GRUStepCache(params, x, h, r, z, n, h_n, "after")


@wrong("the recurrent block of the candidate is not transposed")
def square_and_silent(params, x, h):
    H = h.shape[1]
    (x_r, x_z, x_n), (h_r, h_z, _) = parts(params, x, h)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    u = h @ params["weight_hh"][2 * H :] + params["bias_hh"][2 * H :]
    n = np.tanh(x_n + r * u)
    return (1 - z) * n + z * h, GRUStepCache(params, x, h, r, z, n, u, "after")


@wrong("no recurrent block is transposed")
def all_square_and_silent(params, x, h):
    (W_ir, W_iz, W_in), (W_hr, W_hz, W_hn), (b_ir, b_iz, b_in), (b_hr, b_hz, b_hn) = blocks(params)
    r = sigmoid(x @ W_ir.T + b_ir + h @ W_hr + b_hr)
    z = sigmoid(x @ W_iz.T + b_iz + h @ W_hz + b_hz)
    u = h @ W_hn + b_hn
    n = np.tanh(x @ W_in.T + b_in + r * u)
    return (1 - z) * n + z * h, GRUStepCache(params, x, h, r, z, n, u, "after")


@wrong("weight_ih is not transposed")
def no_transpose(params, x, h):
    H = h.shape[1]
    a_x = x @ params["weight_ih"] + params["bias_ih"]
    a_h = h @ params["weight_hh"] + params["bias_hh"]
    r, z = sigmoid(a_x[:, :H] + a_h[:, :H]), sigmoid(a_x[:, H : 2 * H] + a_h[:, H : 2 * H])
    n = np.tanh(a_x[:, 2 * H :] + r * a_h[:, 2 * H :])
    return (1 - z) * n + z * h, GRUStepCache(params, x, h, r, z, n, a_h[:, 2 * H :], "after")


@wrong("b_hn is forgotten")
def no_bias_behind_the_gate(params, x, h):
    (W_ir, W_iz, W_in), (W_hr, W_hz, W_hn), (b_ir, b_iz, b_in), (b_hr, b_hz, _) = blocks(params)
    r = sigmoid(x @ W_ir.T + b_ir + h @ W_hr.T + b_hr)
    z = sigmoid(x @ W_iz.T + b_iz + h @ W_hz.T + b_hz)
    u = h @ W_hn.T
    n = np.tanh(x @ W_in.T + b_in + r * u)
    return (1 - z) * n + z * h, GRUStepCache(params, x, h, r, z, n, u, "after")


@wrong("bias_hh is forgotten; there are two biases")
def one_bias(params, x, h):
    (W_ir, W_iz, W_in), (W_hr, W_hz, W_hn), (b_r, b_z, b_n), _ = blocks(params)
    r = sigmoid(x @ W_ir.T + h @ W_hr.T + b_r)
    z = sigmoid(x @ W_iz.T + h @ W_hz.T + b_z)
    u = h @ W_hn.T
    n = np.tanh(x @ W_in.T + b_n + r * u)
    return (1 - z) * n + z * h, GRUStepCache(params, x, h, r, z, n, u, "after")


@wrong("the factor 1 - z is left out")
def like_an_lstm(params, x, h):
    (x_r, x_z, x_n), (h_r, h_z, h_n) = parts(params, x, h)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    n = np.tanh(x_n + r * h_n)
    return n + z * h, GRUStepCache(params, x, h, r, z, n, h_n, "after")


@wrong("the kept state is multiplied by r")
def reset_taken_at_its_word(params, x, h):
    (x_r, x_z, x_n), (h_r, h_z, h_n) = parts(params, x, h)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    n = np.tanh(x_n + r * h_n)
    return (1 - z) * n + z * (r * h), GRUStepCache(params, x, h, r, z, n, h_n, "after")


@wrong("the cache keeps h_next where it should keep h")
def name_used_twice(params, x, h):
    (x_r, x_z, x_n), (h_r, h_z, h_n) = parts(params, x, h)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    n = np.tanh(x_n + r * h_n)
    h = (1 - z) * n + z * h
    return h, GRUStepCache(params, x, h, r, z, n, h_n, "after")


@wrong("the cache keeps r * a_hn where it should keep a_hn")
def gated_already(params, x, h):
    (x_r, x_z, x_n), (h_r, h_z, h_n) = parts(params, x, h)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    a_hn = r * h_n
    n = np.tanh(x_n + a_hn)
    return (1 - z) * n + z * h, GRUStepCache(params, x, h, r, z, n, a_hn, "after")


@wrong("the products are split along axis 0")
def split_without_an_axis(params, x, h):
    x_r, x_z, x_n = np.split(x @ params["weight_ih"].T + params["bias_ih"], 3)
    h_r, h_z, h_n = np.split(h @ params["weight_hh"].T + params["bias_hh"], 3)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    n = np.tanh(x_n + r * h_n)
    return (1 - z) * n + z * h, GRUStepCache(params, x, h, r, z, n, h_n, "after")


@wrong("cache.reset must be 'after', got str pytorch.")
def the_other_word(params, x, h):
    h_next, cache = gru_step_forward(params, x, h)
    return h_next, cache._replace(reset="pytorch")


@wrong("it must return 2 values (h_next, cache), got an array of shape (1, 1).")
def no_cache(params, x, h):
    return gru_step_forward(params, x, h)[0]


@wrong("it changed its argument h in place; work on a copy.")
def old_state_scaled_in_place(params, x, h):
    before = h.copy()
    h_next, cache = gru_step_forward(params, x, before)
    h *= cache.z
    h += (1 - cache.z) * cache.n
    return h_next, cache


@right
def three_blocks(params, x, h):
    W_ir, W_iz, W_in = np.split(params["weight_ih"], 3)
    W_hr, W_hz, W_hn = np.split(params["weight_hh"], 3)
    b_ir, b_iz, b_in = np.split(params["bias_ih"], 3)
    b_hr, b_hz, b_hn = np.split(params["bias_hh"], 3)
    r = sigmoid(x @ W_ir.T + b_ir + h @ W_hr.T + b_hr)
    z = sigmoid(x @ W_iz.T + b_iz + h @ W_hz.T + b_hz)
    u = h @ W_hn.T + b_hn
    n = np.tanh(x @ W_in.T + b_in + r * u)
    return (1 - z) * n + z * h, GRUStepCache(params, x, h, r, z, n, u, "after")


def both_parts(params, x, h, axis=1):
    a_x = x @ params["weight_ih"].T + params["bias_ih"]
    a_h = h @ params["weight_hh"].T + params["bias_hh"]
    return *np.split(a_x, 3, axis=axis), *np.split(a_h, 3, axis=axis)


@wrong("the candidate has no tanh.")
def candidate_linear(params, x, h):
    xr, xz, xn, hr, hz, hn = both_parts(params, x, h)
    r, z = sigmoid(xr + hr), sigmoid(xz + hz)
    n = xn + r * hn
    return (1 - z) * n + z * h, GRUStepCache(params, x, h, r, z, n, hn, "after")


@wrong("a_hn in the cache is all that tanh gets")
def preactivation_in_cache(params, x, h):
    xr, xz, xn, hr, hz, hn = both_parts(params, x, h)
    r, z = sigmoid(xr + hr), sigmoid(xz + hz)
    a = xn + r * hn
    n = np.tanh(a)
    return (1 - z) * n + z * h, GRUStepCache(params, x, h, r, z, n, a, "after")


@wrong("r stands in the place of z in h_next.")
def mixed_by_reset(params, x, h):
    xr, xz, xn, hr, hz, hn = both_parts(params, x, h)
    r, z = sigmoid(xr + hr), sigmoid(xz + hz)
    n = np.tanh(xn + r * hn)
    return (1 - r) * n + r * h, GRUStepCache(params, x, h, r, z, n, hn, "after")


@wrong("u stands in the place of the old state in h_next.")
def mixed_with_u(params, x, h):
    xr, xz, xn, hr, hz, hn = both_parts(params, x, h)
    r, z = sigmoid(xr + hr), sigmoid(xz + hz)
    n = np.tanh(xn + r * hn)
    return (1 - z) * n + z * hn, GRUStepCache(params, x, h, r, z, n, hn, "after")


@wrong("missing 1 required positional argument: 'reset'.")
def after_forgotten(params, x, h):
    xr, xz, xn, hr, hz, hn = both_parts(params, x, h)
    r, z = sigmoid(xr + hr), sigmoid(xz + hz)
    n = np.tanh(xn + r * hn)
    return (1 - z) * n + z * h, GRUStepCache(params, x, h, r, z, n, hn)


@wrong("r and z are exchanged in the cache.")
def cache_z_r(params, x, h):
    xr, xz, xn, hr, hz, hn = both_parts(params, x, h)
    r, z = sigmoid(xr + hr), sigmoid(xz + hz)
    n = np.tanh(xn + r * hn)
    return (1 - z) * n + z * h, GRUStepCache(params, x, h, z, r, n, hn, "after")


@wrong("it stopped in line")
def input_size_for_H(params, x, h):
    H = x.shape[1]
    a_x = x @ params["weight_ih"].T + params["bias_ih"]
    a_h = h @ params["weight_hh"].T + params["bias_hh"]
    r = sigmoid(a_x[:, :H] + a_h[:, :H])
    z = sigmoid(a_x[:, H : 2 * H] + a_h[:, H : 2 * H])
    a_hn = a_h[:, 2 * H :]
    n = np.tanh(a_x[:, 2 * H :] + r * a_hn)
    return (1 - z) * n + z * h, GRUStepCache(params, x, h, r, z, n, a_hn, "after")
