"""Lab 5, part 1: three gates and a candidate."""

import numpy as np

from rnncore.reference import sigmoid
from tests.corpus.answers import right, wrong


@right
def eight_products(params, x, h):
    H = h.shape[1]
    W, U, b = params["weight_ih"], params["weight_hh"], params["bias_ih"] + params["bias_hh"]
    i = sigmoid(x @ W[:H].T + h @ U[:H].T + b[:H])
    f = sigmoid(x @ W[H : 2 * H].T + h @ U[H : 2 * H].T + b[H : 2 * H])
    g = np.tanh(x @ W[2 * H : 3 * H].T + h @ U[2 * H : 3 * H].T + b[2 * H : 3 * H])
    o = sigmoid(x @ W[3 * H :].T + h @ U[3 * H :].T + b[3 * H :])
    return i, f, g, o


@right
def sliced_columns(params, x, h):
    a = x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"]
    H = a.shape[1] // 4
    return [sigmoid(a[:, :H]), sigmoid(a[:, H : 2 * H]), np.tanh(a[:, 2 * H : 3 * H]), sigmoid(a[:, 3 * H :])]


@right
def reshaped(params, x, h):
    a = np.einsum("bd,kd->bk", x, params["weight_ih"]) + np.einsum("bh,kh->bk", h, params["weight_hh"])
    a = (a + params["bias_ih"] + params["bias_hh"]).reshape(len(x), 4, -1)
    gates = 1 / (1 + np.exp(-a))
    print("gates", gates.shape)
    return gates[:, 0], gates[:, 1], np.tanh(a[:, 2]), gates[:, 3]


@right
def columns(params, x, h):
    """Everything transposed, as in texts that write W x + b."""
    b = (params["bias_ih"] + params["bias_hh"])[:, None]
    a_i, a_f, a_g, a_o = np.vsplit(params["weight_ih"] @ x.T + params["weight_hh"] @ h.T + b, 4)
    return sigmoid(a_i).T, sigmoid(a_f).T, np.tanh(a_g).T, sigmoid(a_o).T


@right
def sigmoid_through_tanh(params, x, h):
    both = np.concatenate([x, h], axis=1)
    weight = np.concatenate([params["weight_ih"], params["weight_hh"]], axis=1)
    a = both @ weight.T + params["bias_ih"] + params["bias_hh"]
    blocks = dict(zip("ifgo", np.array_split(a, 4, axis=1), strict=True))
    for name in "ifo":
        blocks[name] = 0.5 + 0.5 * np.tanh(blocks[name] / 2)
    blocks["g"] = np.tanh(blocks["g"])
    return tuple(blocks[name] for name in "ifgo")


@right
def unit_by_unit(params, x, h):
    B, H = h.shape
    gates = np.empty((4, B, H), dtype=x.dtype)
    for k in range(4):
        for j in range(H):
            row = k * H + j
            for b in range(B):
                a = params["weight_ih"][row] @ x[b] + params["weight_hh"][row] @ h[b]
                a += params["bias_ih"][row] + params["bias_hh"][row]
                gates[k, b, j] = np.tanh(a) if k == 2 else 1 / (1 + np.exp(-a))
    return tuple(gates)


def pre(params, x, h):
    return x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"]


@wrong("all four go through a sigmoid")
def one_sigmoid_for_all(params, x, h):
    i, f, g, o = np.split(sigmoid(pre(params, x, h)), 4, axis=1)
    return i, f, g, o


@wrong("all four go through tanh")
def one_tanh_for_all(params, x, h):
    return tuple(np.tanh(np.split(pre(params, x, h), 4, axis=1)))


@wrong("tanh is applied to the output gate o, and a sigmoid to the candidate g")
def candidate_last(params, x, h):
    i, f, g, o = np.split(pre(params, x, h), 4, axis=1)
    return sigmoid(i), sigmoid(f), sigmoid(g), np.tanh(o)


@wrong("the blocks are taken in the order i, f, o, g")
def candidate_after_the_gates(params, x, h):
    H = h.shape[1]
    a = pre(params, x, h)
    i, f, o = (sigmoid(a[:, k * H : (k + 1) * H]) for k in range(3))
    return i, f, np.tanh(a[:, 3 * H :]), o


@wrong("in the order f, i, g, o")
def forget_gate_first(params, x, h):
    f, i, g, o = np.split(pre(params, x, h), 4, axis=1)
    return sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)


@wrong("the blocks are taken in the order i, o, f, g")
def onnx(params, x, h):
    i, o, f, g = np.split(pre(params, x, h), 4, axis=1)
    return sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)


@wrong("the results are returned in the order i, f, o, g")
def returned_gates_first(params, x, h):
    a_i, a_f, a_g, a_o = np.split(pre(params, x, h), 4, axis=1)
    return sigmoid(a_i), sigmoid(a_f), sigmoid(a_o), np.tanh(a_g)


@wrong("every fourth column goes to one gate")
def interleaved(params, x, h):
    a = pre(params, x, h).reshape(*h.shape, 4)
    return sigmoid(a[..., 0]), sigmoid(a[..., 1]), np.tanh(a[..., 2]), sigmoid(a[..., 3])


@wrong("a is cut up with reshape(4, B, H)")
def batch_mixed_up(params, x, h):
    a_i, a_f, a_g, a_o = pre(params, x, h).reshape(4, *h.shape)
    return sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)


@wrong("a is split along axis 0")
def split_along_the_batch(params, x, h):
    a_i, a_f, a_g, a_o = np.split(pre(params, x, h), 4)
    return sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)


@wrong("bias_hh is forgotten")
def one_bias(params, x, h):
    a = x @ params["weight_ih"].T + h @ params["weight_hh"].T + params["bias_ih"]
    a_i, a_f, a_g, a_o = np.split(a, 4, axis=1)
    return sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)


@wrong("weight_hh is not transposed")
def not_transposed(params, x, h):
    a = x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"] + params["bias_hh"]
    a_i, a_f, a_g, a_o = np.split(a, 4, axis=1)
    return sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)


@wrong("the blocks are D columns wide")
def width_of_the_input(params, x, h):
    D, a = x.shape[1], pre(params, x, h)
    return sigmoid(a[:, :D]), sigmoid(a[:, D : 2 * D]), np.tanh(a[:, 2 * D : 3 * D]), sigmoid(a[:, 3 * D :])


@wrong("the sign in the sigmoid is wrong")
def own_sigmoid(params, x, h):
    a_i, a_f, a_g, a_o = np.split(pre(params, x, h), 4, axis=1)

    def squash(a):
        return 1 / (1 + np.exp(a))

    return squash(a_i), squash(a_f), np.tanh(a_g), squash(a_o)


@wrong("the activations are applied to the input's part and the state's part one by one")
def activated_in_parts(params, x, h):
    u = np.split(x @ params["weight_ih"].T + params["bias_ih"], 4, axis=1)
    v = np.split(h @ params["weight_hh"].T + params["bias_hh"], 4, axis=1)
    squash = [sigmoid, sigmoid, np.tanh, sigmoid]
    return tuple(s(p) + s(q) for s, p, q in zip(squash, u, v, strict=True))


@wrong("no activation is applied")
def bare(params, x, h):
    return tuple(np.split(pre(params, x, h), 4, axis=1))


@wrong("it must return 4 values (i, f, g, o), got an array of shape (1, 4).")
def not_cut(params, x, h):
    return sigmoid(pre(params, x, h))


@wrong("it must return 4 values (i, f, g, o), got a dict")
def by_name(params, x, h):
    return dict(zip("ifgo", unit_by_unit(params, x, h), strict=True))


@wrong("must have the dtype of the inputs, float32, got float64.")
def float64_forced(params, x, h):
    return tuple(np.array(gate, dtype=float) for gate in unit_by_unit(params, x, h))


@right
def joined_input(params, x, h):
    xh = np.hstack([x, h])
    W = np.hstack([params["weight_ih"], params["weight_hh"]])
    a = (W @ xh.T).T + (params["bias_ih"] + params["bias_hh"])
    a = a.reshape(len(x), 4, -1)
    return sigmoid(a[:, 0]), sigmoid(a[:, 1]), np.tanh(a[:, 2]), sigmoid(a[:, 3])


@wrong("the candidate g has no activation.")
def g_not_activated(params, x, h):
    a = x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"]
    i, f, g, o = np.split(a, 4, axis=1)
    return sigmoid(i), sigmoid(f), g, sigmoid(o)


@wrong("a is split along axis 0, the batch; the blocks lie side by side along axis 1.")
def split_batch(params, x, h):
    a = x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"]
    i, f, g, o = np.split(a, 4)
    return sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)


@wrong("weight_ih is not transposed; it has the shape (4H, D), so it is used as x @ weight_ih.T.")
def no_transpose(params, x, h):
    a = x @ params["weight_ih"] + params["bias_ih"] + h @ params["weight_hh"] + params["bias_hh"]
    i, f, g, o = np.split(a, 4, axis=1)
    return sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
