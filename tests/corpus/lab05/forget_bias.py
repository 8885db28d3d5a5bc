"""Lab 5, part 6: a gate that begins by keeping."""

import copy

import numpy as np

from rnncore.reference import set_forget_bias
from tests.corpus.answers import right, wrong


@right
def deep_copy(params, value):
    new = copy.deepcopy(params)
    H = len(new["bias_ih"]) // 4
    new["bias_ih"][H : 2 * H] = value
    new["bias_hh"][H : 2 * H] = 0.0
    return new


@right
def weights_shared(params, value):
    bias_ih, bias_hh = params["bias_ih"].copy(), params["bias_hh"].copy()
    H = params["weight_hh"].shape[-1]
    bias_ih[H : H + H] = value
    bias_hh[H : H + H].fill(0)
    return {**params, "bias_ih": bias_ih, "bias_hh": bias_hh}


@right
def split_and_joined(params, value):
    i, f, g, o = np.split(params["bias_ih"], 4)
    u, v, w, z = np.split(params["bias_hh"], 4)
    return params | {
        "bias_ih": np.concatenate([i, np.full_like(f, value), g, o]),
        "bias_hh": np.concatenate([u, np.zeros_like(v), w, z]),
    }


@right
def rows_of_a_matrix(params, value):
    new = dict(params)
    for name, number in (("bias_ih", value), ("bias_hh", 0)):
        rows = params[name].reshape(4, -1).copy()
        rows[1] = number
        new[name] = rows.ravel()
    return new


@right
def masked(params, value):
    H = params["weight_hh"].shape[1]
    forget = np.arange(4 * H) // H == 1
    print("rows", np.flatnonzero(forget))
    new = {name: np.array(array) for name, array in params.items()}
    new["bias_ih"][forget] = value
    new["bias_hh"][forget] -= new["bias_hh"][forget]
    return new


@right
def row_by_row(params, value):
    new = {}
    for name in params:
        new[name] = params[name].copy()
    H = params["weight_ih"].shape[0] // 4
    for j in range(H):
        new["bias_ih"][H + j] = value
        new["bias_hh"][H + j] = 0
    return new


def copied(params):
    return {name: array.copy() for name, array in params.items()}, params["weight_hh"].shape[1]


@wrong("both biases are set to the value")
def twice(params, value):
    new, H = copied(params)
    new["bias_ih"][H : 2 * H] = value
    new["bias_hh"][H : 2 * H] = value
    return new


@wrong("bias_hh is left as it was")
def one_bias_only(params, value):
    new, H = copied(params)
    new["bias_ih"][H : 2 * H] = value
    return new


@wrong("each bias takes half of the value")
def half_and_half(params, value):
    new, H = copied(params)
    new["bias_ih"][H : 2 * H] = new["bias_hh"][H : 2 * H] = value / 2
    return new


@wrong("bias_hh takes the value and bias_ih zero")
def the_other_one(params, value):
    new, H = copied(params)
    new["bias_ih"][H : 2 * H], new["bias_hh"][H : 2 * H] = 0, value
    return new


@wrong("the value is added to what was there")
def added(params, value):
    new, H = copied(params)
    new["bias_ih"][H : 2 * H] += value
    return new


@wrong("the value is added to bias_ih")
def added_and_cleared(params, value):
    new, H = copied(params)
    new["bias_ih"][H : 2 * H] += value
    new["bias_hh"][H : 2 * H] = 0
    return new


@wrong("all of bias_ih takes the value, and bias_hh is left as it was")
def every_row(params, value):
    new, _ = copied(params)
    new["bias_ih"][:] = value
    return new


@wrong("the value goes to all four blocks")
def every_row_of_both(params, value):
    return {**params, "bias_ih": np.full_like(params["bias_ih"], value), "bias_hh": np.zeros_like(params["bias_hh"])}


@wrong("the rows of the input gate are changed; those of the forget gate come second")
def first_block(params, value):
    new, H = copied(params)
    new["bias_ih"][:H] = value
    new["bias_hh"][:H] = 0
    return new


@wrong("the rows of the candidate are changed; those of the forget gate come second")
def third_block(params, value):
    new, H = copied(params)
    new["bias_ih"][2 * H : 3 * H] = value
    new["bias_hh"][2 * H : 3 * H] = 0
    return new


@wrong("every fourth row is changed")
def every_fourth(params, value):
    new, _ = copied(params)
    new["bias_ih"][1::4] = value
    new["bias_hh"][1::4] = 0
    return new


@wrong("only row 1 is changed")
def row_one(params, value):
    new, _ = copied(params)
    new["bias_ih"][1], new["bias_hh"][1] = value, 0
    return new


@wrong("H is taken from the rows of weight_hh")
def rows_for_columns(params, value):
    new, H = copied(params)[0], params["weight_hh"].shape[0]
    new["bias_ih"][H : 2 * H] = value
    new["bias_hh"][H : 2 * H] = 0
    return new


@wrong("one row too few is changed")
def up_to_the_last(params, value):
    new, H = copied(params)
    new["bias_ih"][H : 2 * H - 1] = value
    new["bias_hh"][H : 2 * H - 1] = 0
    return new


@wrong("all rows from the forget gate on are changed")
def no_end(params, value):
    new, H = copied(params)
    new["bias_ih"][H:], new["bias_hh"][H:] = value, 0
    return new


@wrong("bias_ih takes the sigmoid of the value")
def already_squashed(params, value):
    new, H = copied(params)
    new["bias_ih"][H : 2 * H] = 1 / (1 + np.exp(-value))
    new["bias_hh"][H : 2 * H] = 0
    return new


@wrong("it changed its argument params in place; work on a copy.")
def shallow_copy(params, value):
    new, H = params.copy(), params["weight_hh"].shape[1]
    new["bias_ih"][H : 2 * H] = value
    new["bias_hh"][H : 2 * H] = 0
    return new


@wrong("it returned None; end it with `return new_params`.")
def nothing_returned(params, value):
    H = params["weight_hh"].shape[1]
    params["bias_ih"][H : 2 * H] = value
    params["bias_hh"][H : 2 * H] = 0


@wrong("new_params must be a dict with the keys weight_ih, weight_hh, bias_ih, bias_hh, got a dict with the keys bias_ih, bias_hh.")
def only_the_biases(params, value):
    new = set_forget_bias(params, value)
    return {"bias_ih": new["bias_ih"], "bias_hh": new["bias_hh"]}


@wrong("must have the dtype of the inputs, float32, got float64.")
def wide(params, value):
    new = set_forget_bias(params, value)
    return {name: np.array(array.tolist()) for name, array in new.items()}


@right
def with_where(params, value):
    n = np.arange(params["bias_ih"].size) // params["weight_hh"].shape[1]
    change = {"bias_ih": value, "bias_hh": 0}
    return {k: np.where(n == 1, change[k], v).astype(v.dtype) if k in change else v.copy() for k, v in params.items()}


@wrong("all of bias_hh becomes zero; only the rows of the forget gate do.")
def hh_all_zero(params, value):
    new = {k: v.copy() for k, v in params.items()}
    H = params["weight_hh"].shape[1]
    new["bias_ih"][H : 2 * H] = value
    new["bias_hh"] = np.zeros_like(new["bias_hh"])
    return new


@wrong("the weights of the forget gate change, too; only its biases do.")
def weights_zeroed(params, value):
    new = {k: v.copy() for k, v in params.items()}
    H = params["weight_hh"].shape[1]
    for k in ("weight_ih", "weight_hh"):
        new[k][H : 2 * H] = 0
    new["bias_ih"][H : 2 * H] = value
    new["bias_hh"][H : 2 * H] = 0
    return new


@wrong("bias_ih takes what is missing to the value and bias_hh keeps what it has; the sum is right, but bias_hh is to be 0.")
def ih_takes_rest(params, value):
    new = {k: v.copy() for k, v in params.items()}
    H = params["weight_hh"].shape[1]
    new["bias_ih"][H : 2 * H] = value - new["bias_hh"][H : 2 * H]
    return new


@wrong("H is taken from weight_ih, whose columns are D.")
def H_is_D(params, value):
    new = {k: v.copy() for k, v in params.items()}
    H = params["weight_ih"].shape[1]
    new["bias_ih"][H : 2 * H] = value
    new["bias_hh"][H : 2 * H] = 0
    return new
