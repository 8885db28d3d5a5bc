"""Lab 6, part 6: z or 1 - z."""

import copy

import numpy as np

from rnncore.reference import swap_update_gate
from tests.corpus.answers import right, wrong


@right
def by_blocks(params):
    swapped = {}
    for name, value in params.items():
        r, z, n = np.split(value, 3)
        swapped[name] = np.concatenate([r, -z, n])
    return swapped


@right
def with_a_vector_of_signs(params):
    H = len(params["bias_ih"]) // 3
    signs = np.ones(3 * H, dtype=params["bias_ih"].dtype)
    signs[H : 2 * H] = -1
    return {name: (value.T * signs).T for name, value in params.items()}


@right
def four_lines(params):
    H = params["weight_hh"].shape[1]
    new = copy.deepcopy(params)
    new["weight_ih"][H : 2 * H, :] = -params["weight_ih"][H : 2 * H, :]
    new["weight_hh"][H : 2 * H, :] = -params["weight_hh"][H : 2 * H, :]
    new["bias_ih"][H : 2 * H] = -params["bias_ih"][H : 2 * H]
    new["bias_hh"][H : 2 * H] = -params["bias_hh"][H : 2 * H]
    return new


@right
def row_by_row(params):
    H = params["weight_hh"].shape[0] // 3
    out = {key: np.array(params[key]) for key in sorted(params)}
    for key in out:
        for i in range(H, 2 * H):
            out[key][i] = 0 - out[key][i]
    return out


@right
def through_a_third_axis(params):
    out = dict(params)
    for name in out:
        cut = params[name].reshape(3, -1).copy()
        cut[1] = np.negative(cut[1])
        out[name] = cut.reshape(params[name].shape)
    return out


@right
def minus_twice(params):
    """value - 2 * value in the rows of z."""
    H = params["weight_hh"].shape[1]
    out = {}
    for name, value in params.items():
        rows = (np.arange(3 * H) // H == 1).reshape(-1, *[1] * (value.ndim - 1))
        out[name] = np.where(rows, -value, value)
        print(name, "rows changed:", int(rows.sum()))
    return out


@wrong("it changed its argument params in place; work on a copy.")
def in_place(params):
    H = params["weight_hh"].shape[1]
    for value in params.values():
        value[H : 2 * H] *= -1
    return params


@wrong("it changed its argument params in place; work on a copy.")
def shallow_copy(params):
    H = params["weight_hh"].shape[1]
    swapped = params.copy()
    for name in swapped:
        swapped[name][H : 2 * H] *= -1
    return swapped


@wrong("only the weights change their sign")
def biases_forgotten(params):
    H = params["weight_hh"].shape[1]
    swapped = {name: value.copy() for name, value in params.items()}
    swapped["weight_ih"][H : 2 * H] *= -1
    swapped["weight_hh"][H : 2 * H] *= -1
    return swapped


@wrong("only the biases change their sign")
def weights_forgotten(params):
    H = params["weight_hh"].shape[1]
    swapped = {name: value.copy() for name, value in params.items()}
    for name in ("bias_ih", "bias_hh"):
        swapped[name][H : 2 * H] *= -1
    return swapped


@wrong("bias_hh keeps its sign")
def one_bias_forgotten(params):
    H = params["weight_hh"].shape[1]
    swapped = {name: value.copy() for name, value in params.items()}
    for name in ("weight_ih", "weight_hh", "bias_ih"):
        swapped[name][H : 2 * H] = -swapped[name][H : 2 * H]
    return swapped


@wrong("only weight_ih and bias_ih change their signs")
def state_forgotten(params):
    H = params["weight_hh"].shape[1]
    swapped = {name: value.copy() for name, value in params.items()}
    swapped["weight_ih"][H : 2 * H] *= -1
    swapped["bias_ih"][H : 2 * H] *= -1
    return swapped


@wrong("1 - W stands in the place of -W")
def one_minus(params):
    H = params["weight_hh"].shape[1]
    swapped = {name: value.copy() for name, value in params.items()}
    for value in swapped.values():
        value[H : 2 * H] = 1 - value[H : 2 * H]
    return swapped


@wrong("the first H rows change their sign")
def z_thought_first(params):
    H = params["weight_hh"].shape[1]
    swapped = {name: value.copy() for name, value in params.items()}
    for value in swapped.values():
        value[:H] *= -1
    return swapped


@wrong("the last H rows change their sign")
def z_thought_last(params):
    return {name: np.concatenate([*np.split(value, 3)[:2], -np.split(value, 3)[2]]) for name, value in params.items()}


@wrong("the rows of both gates change their sign")
def both_gates(params):
    H = params["weight_hh"].shape[1]
    swapped = {name: value.copy() for name, value in params.items()}
    for value in swapped.values():
        value[: 2 * H] *= -1
    return swapped


@wrong("all rows from the update gate on change their sign")
def open_slice(params):
    H = params["weight_hh"].shape[1]
    swapped = {name: value.copy() for name, value in params.items()}
    for value in swapped.values():
        value[H:] *= -1
    return swapped


@wrong("all rows change their sign")
def everything(params):
    return {name: -value for name, value in params.items()}


@wrong("every third row changes its sign")
def interleaved(params):
    swapped = {name: value.copy() for name, value in params.items()}
    for value in swapped.values():
        value[1::3] *= -1
    return swapped


@wrong("nothing changes: the new values are lost")
def h_from_the_rows(params):
    H = params["weight_hh"].shape[0]
    swapped = {name: value.copy() for name, value in params.items()}
    for value in swapped.values():
        value[H : 2 * H] *= -1
    return swapped


@wrong("nothing changes: the new values are lost")
def new_array_lost(params):
    H = params["weight_hh"].shape[1]
    swapped = {name: value.copy() for name, value in params.items()}
    for value in swapped.values():
        rows = value[H : 2 * H]
        rows = -rows
    return swapped


@wrong("H is taken from weight_ih")
def h_from_the_wrong_weight(params):
    H = params["weight_ih"].shape[1]
    swapped = {name: value.copy() for name, value in params.items()}
    for value in swapped.values():
        value[H : 2 * H] *= -1
    return swapped


@wrong("one row too few changes its sign")
def counted_to_the_last(params):
    H = params["weight_hh"].shape[1]
    swapped = {name: value.copy() for name, value in params.items()}
    for value in swapped.values():
        value[H : 2 * H - 1] *= -1
    return swapped


@wrong("the blocks r and z change their places")
def blocks_exchanged(params):
    swapped = {}
    for name, value in params.items():
        r, z, n = np.split(value, 3)
        swapped[name] = np.concatenate([z, r, n])
    return swapped


@wrong("the blocks z and n change their places")
def z_and_n_exchanged(params):
    return {name: np.concatenate([value[: len(value) // 3], *np.split(value, 3)[:0:-1]]) for name, value in params.items()}


@wrong("swapped must be a dict with the keys weight_ih, weight_hh, bias_ih, bias_hh, got a list of 4.")
def values_only(params):
    return list(swap_update_gate(params).values())


@wrong("swapped must be a dict with the keys weight_ih, weight_hh, bias_ih, bias_hh, got a dict with the keys weight_ih, weight_hh.")
def weights_returned_alone(params):
    swapped = swap_update_gate(params)
    return {name: swapped[name] for name in ("weight_ih", "weight_hh")}


@right
def put_together(params):
    swapped = {}
    for name, value in params.items():
        r, z, n = np.split(value, 3)
        swapped[name] = np.concatenate([r, -z, n])
    return swapped


def negated(params, rows, names=("weight_ih", "weight_hh", "bias_ih", "bias_hh")):
    H = params["weight_hh"].shape[1]
    new = {name: value.copy() for name, value in params.items()}
    for name in names:
        new[name][slice(rows[0] * H, rows[1] * H)] *= -1
    return new


@wrong(None)
def columns(params):
    H = params["weight_hh"].shape[1]
    new = {name: value.copy() for name, value in params.items()}
    for value in new.values():
        if value.ndim == 2:
            value[:, H : 2 * H] *= -1
        else:
            value[H : 2 * H] *= -1
    return new


@wrong("only weight_hh and bias_hh change their signs")
def state_side_only(params):
    return negated(params, (1, 2), ("weight_hh", "bias_hh"))
