"""Lab 6, part 2: one step forward, with the reset gate before the product."""

import numpy as np

from rnncore.reference import GRUStepCache, gru_step_forward, sigmoid
from tests.corpus.answers import right, wrong


def two_gates(params, x, h):
    """What most answers begin with."""
    H = h.shape[1]
    a = x @ params["weight_ih"][: 2 * H].T + params["bias_ih"][: 2 * H]
    a = a + h @ params["weight_hh"][: 2 * H].T + params["bias_hh"][: 2 * H]
    return sigmoid(a[:, :H]), sigmoid(a[:, H:])


def last(params, H):
    return params["weight_ih"][2 * H :], params["weight_hh"][2 * H :], params["bias_ih"][2 * H :], params["bias_hh"][2 * H :]


@right
def block_by_block(params, x, h):
    W_ir, W_iz, W_in = np.split(params["weight_ih"], 3)
    W_hr, W_hz, W_hn = np.split(params["weight_hh"], 3)
    b_ir, b_iz, b_in = np.split(params["bias_ih"], 3)
    b_hr, b_hz, b_hn = np.split(params["bias_hh"], 3)
    r = sigmoid(x @ W_ir.T + b_ir + h @ W_hr.T + b_hr)
    z = sigmoid(x @ W_iz.T + b_iz + h @ W_hz.T + b_hz)
    u = (r * h) @ W_hn.T + b_hn
    n = np.tanh(x @ W_in.T + b_in + u)
    return (1 - z) * n + z * h, GRUStepCache(params, x, h, r, z, n, u, "before")


@right
def from_the_other_step(params, x, h):
    """The gates from part 1's step, only the candidate anew."""
    _, cache = gru_step_forward(params, x, h)
    W_i, W_h, b_i, b_h = last(params, h.shape[1])
    a_hn = np.dot(cache.r * h, W_h.T) + b_h
    n = np.tanh(x @ W_i.T + b_i + a_hn)
    return cache.z * h + (1 - cache.z) * n, cache._replace(n=n, a_hn=a_hn, reset="before")


@right
def gate_on_the_columns(params, x, h):
    """r_j h_j W_ij, with the gate on the matrix."""
    r, z = two_gates(params, x, h)
    W_i, W_h, b_i, b_h = last(params, h.shape[1])
    a_hn = np.einsum("bij,bj->bi", W_h[None] * r[:, None], h) + b_h
    n = np.tanh(x @ W_i.T + b_i + a_hn)
    return n - z * n + z * h, GRUStepCache(params, x, h, r, z, n, a_hn, "before")


@right
def sequence_by_sequence(params, x, h):
    r, z = two_gates(params, x, h)
    W_i, W_h, b_i, b_h = last(params, h.shape[1])
    a_hn, n = [], []
    for b in range(len(x)):
        a_hn.append(W_h @ (r[b] * h[b]) + b_h)
        n.append(np.tanh(W_i @ x[b] + b_i + a_hn[-1]))
    a_hn, n = np.array(a_hn), np.array(n)
    return (1 - z) * n + z * h, GRUStepCache(params, x, h, r, z, n, a_hn, "before")


@right
def side_by_side(params, x, h):
    r, z = two_gates(params, x, h)
    W_i, W_h, b_i, b_h = last(params, h.shape[1])
    hidden = r * h
    n = np.tanh(np.hstack([x, hidden]) @ np.hstack([W_i, W_h]).T + (b_i + b_h))
    cache = GRUStepCache(params=params, x=x, h=h, r=r, z=z, n=n, a_hn=hidden @ W_h.T + b_h, reset="before")
    return h * z + n * (1 - z), cache


@right
def preallocated(params, x, h):
    r, z = two_gates(params, x, h)
    W_i, W_h, b_i, b_h = last(params, h.shape[1])
    a_hn = np.zeros_like(h)
    a_hn += b_h
    a_hn += (h * r) @ W_h.T
    h_next = np.empty_like(h)
    n = np.tanh(a_hn + b_i + x @ W_i.T)
    h_next[:] = z * h
    h_next[:] += (1 - z) * n
    print("reset gates between", r.min(), "and", r.max())
    return [h_next, GRUStepCache(params, x, h, r, z, n, a_hn, "before")]


@wrong("the reset gate still multiplies what the product gives")
def only_the_word_changed(params, x, h):
    h_next, cache = gru_step_forward(params, x, h)
    return h_next, cache._replace(reset="before")


@wrong("the reset gate multiplies the product but not its bias")
def around_the_product(params, x, h):
    r, z = two_gates(params, x, h)
    W_i, W_h, b_i, b_h = last(params, h.shape[1])
    a_hn = r * (h @ W_h.T) + b_h
    n = np.tanh(x @ W_i.T + b_i + a_hn)
    return (1 - z) * n + z * h, GRUStepCache(params, x, h, r, z, n, a_hn, "before")


@wrong("the reset gate acts twice")
def new_line_added_old_one_kept(params, x, h):
    r, z = two_gates(params, x, h)
    W_i, W_h, b_i, b_h = last(params, h.shape[1])
    a_hn = (r * h) @ W_h.T + b_h
    n = np.tanh(x @ W_i.T + b_i + r * a_hn)
    return (1 - z) * n + z * h, GRUStepCache(params, x, h, r, z, n, a_hn, "before")


@wrong("r * h is given the name h")
def name_used_twice(params, x, h):
    r, z = two_gates(params, x, h)
    W_i, W_h, b_i, b_h = last(params, h.shape[1])
    h = r * h
    a_hn = h @ W_h.T + b_h
    n = np.tanh(x @ W_i.T + b_i + a_hn)
    return (1 - z) * n + z * h, GRUStepCache(params, x, h, r, z, n, a_hn, "before")


@wrong("the kept state is multiplied by r")
def hidden_state_kept(params, x, h):
    r, z = two_gates(params, x, h)
    W_i, W_h, b_i, b_h = last(params, h.shape[1])
    rh = r * h
    a_hn = rh @ W_h.T + b_h
    n = np.tanh(x @ W_i.T + b_i + a_hn)
    return (1 - z) * n + z * rh, GRUStepCache(params, x, h, r, z, n, a_hn, "before")


@wrong("the reset gate is left out of the candidate")
def gate_forgotten(params, x, h):
    r, z = two_gates(params, x, h)
    W_i, W_h, b_i, b_h = last(params, h.shape[1])
    a_hn = h @ W_h.T + b_h
    n = np.tanh(x @ W_i.T + b_i + a_hn)
    return (1 - z) * n + z * h, GRUStepCache(params, x, h, r, z, n, a_hn, "before")


@wrong("the recurrent block of the candidate is not transposed")
def square_and_silent(params, x, h):
    r, z = two_gates(params, x, h)
    W_i, W_h, b_i, b_h = last(params, h.shape[1])
    a_hn = (r * h) @ W_h + b_h
    n = np.tanh(x @ W_i.T + b_i + a_hn)
    return (1 - z) * n + z * h, GRUStepCache(params, x, h, r, z, n, a_hn, "before")


@wrong("b_hn is forgotten")
def no_bias(params, x, h):
    r, z = two_gates(params, x, h)
    W_i, W_h, b_i, _ = last(params, h.shape[1])
    a_hn = (r * h) @ W_h.T
    n = np.tanh(x @ W_i.T + b_i + a_hn)
    return (1 - z) * n + z * h, GRUStepCache(params, x, h, r, z, n, a_hn, "before")


@wrong("the reset gate multiplies the bias b_hn as well")
def bias_gated_too(params, x, h):
    r, z = two_gates(params, x, h)
    W_i, W_h, b_i, b_h = last(params, h.shape[1])
    a_hn = (r * h) @ W_h.T + r * b_h
    n = np.tanh(x @ W_i.T + b_i + a_hn)
    return (1 - z) * n + z * h, GRUStepCache(params, x, h, r, z, n, a_hn, "before")


@wrong("z stands in the place of r in the candidate")
def wrong_gate(params, x, h):
    r, z = two_gates(params, x, h)
    W_i, W_h, b_i, b_h = last(params, h.shape[1])
    a_hn = (z * h) @ W_h.T + b_h
    n = np.tanh(x @ W_i.T + b_i + a_hn)
    return (1 - z) * n + z * h, GRUStepCache(params, x, h, r, z, n, a_hn, "before")


@wrong("a gate is multiplied with @ and not *")
def matrix_product(params, x, h):
    r, z = two_gates(params, x, h)
    W_i, W_h, b_i, b_h = last(params, h.shape[1])
    a_hn = (r @ h) @ W_h.T + b_h
    n = np.tanh(x @ W_i.T + b_i + a_hn)
    return (1 - z) * n + z * h, GRUStepCache(params, x, h, r, z, n, a_hn, "before")


@wrong("the update gate looks at r * h")
def one_gate_after_the_other(params, x, h):
    H = h.shape[1]
    a_x = x @ params["weight_ih"].T + params["bias_ih"]
    r = sigmoid(a_x[:, :H] + h @ params["weight_hh"][:H].T + params["bias_hh"][:H])
    rest = (r * h) @ params["weight_hh"][H:].T + params["bias_hh"][H:]
    z, n = sigmoid(a_x[:, H : 2 * H] + rest[:, :H]), np.tanh(a_x[:, 2 * H :] + rest[:, H:])
    return (1 - z) * n + z * h, GRUStepCache(params, x, h, r, z, n, rest[:, H:], "before")


@wrong("z and 1 - z are exchanged")
def the_papers_other_choice(params, x, h):
    r, z = two_gates(params, x, h)
    W_i, W_h, b_i, b_h = last(params, h.shape[1])
    a_hn = (r * h) @ W_h.T + b_h
    n = np.tanh(x @ W_i.T + b_i + a_hn)
    return z * n + (1 - z) * h, GRUStepCache(params, x, h, r, z, n, a_hn, "before")


@wrong("the cache still says that the reset gate comes after the product")
def word_forgotten(params, x, h):
    h_next, cache = gru_step_forward(params, x, h, reset="before")
    return h_next, cache._replace(reset="after")


@wrong("a_hn in the cache is that of the other convention")
def old_line_kept_for_the_cache(params, x, h):
    h_next, cache = gru_step_forward(params, x, h, reset="before")
    _, W_h, _, b_h = last(params, h.shape[1])
    return h_next, cache._replace(a_hn=h @ W_h.T + b_h)


@wrong("the cache keeps r * h where it should keep h")
def what_the_product_saw(params, x, h):
    h_next, cache = gru_step_forward(params, x, h, reset="before")
    return h_next, cache._replace(h=cache.r * h)


@wrong("a_hn in the cache is all that tanh gets")
def all_in_one_line(params, x, h):
    r, z = two_gates(params, x, h)
    W_i, W_h, b_i, b_h = last(params, h.shape[1])
    a_n = x @ W_i.T + b_i + (r * h) @ W_h.T + b_h
    n = np.tanh(a_n)
    return (1 - z) * n + z * h, GRUStepCache(params, x, h, r, z, n, a_n, "before")


@wrong("it changed its argument h in place; work on a copy.")
def gated_in_place(params, x, h):
    kept = h.copy()
    h_next, cache = gru_step_forward(params, x, kept, reset="before")
    h *= cache.r
    return h_next, cache


def gates_of(params, x, h):
    a_x = x @ params["weight_ih"].T + params["bias_ih"]
    a_h = h @ params["weight_hh"].T + params["bias_hh"]
    xr, xz, xn = np.split(a_x, 3, axis=1)
    hr, hz, hn = np.split(a_h, 3, axis=1)
    return sigmoid(xr + hr), sigmoid(xz + hz), xn, hn


@right
def whole_product_of_reset_state(params, x, h):
    r, z, xn, _ = gates_of(params, x, h)
    a = (r * h) @ params["weight_hh"].T + params["bias_hh"]
    a_hn = np.split(a, 3, axis=-1)[2]
    n = np.tanh(xn + a_hn)
    return (1 - z) * n + z * h, GRUStepCache(params, x, h, r, z, n, a_hn, "before")


@wrong("a_hn in the cache lacks its bias b_hn.")
def bias_not_in_cache(params, x, h):
    r, z, xn, _ = gates_of(params, x, h)
    H = h.shape[1]
    a_hn = (r * h) @ params["weight_hh"][2 * H :].T
    n = np.tanh(xn + a_hn + params["bias_hh"][2 * H :])
    return (1 - z) * n + z * h, GRUStepCache(params, x, h, r, z, n, a_hn, "before")


@wrong("the candidate takes the rows of the update gate")
def rows_of_the_update_gate(params, x, h):
    r, z, xn, _ = gates_of(params, x, h)
    H = h.shape[1]
    a_hn = (r * h) @ params["weight_hh"][H : 2 * H].T + params["bias_hh"][H : 2 * H]
    n = np.tanh(xn + a_hn)
    return (1 - z) * n + z * h, GRUStepCache(params, x, h, r, z, n, a_hn, "before")
