"""Lab 2, part 1: a row of numbers cut into parameters."""

import math

import numpy as np

from tests.corpus.answers import right, wrong


@right
def six_slices(numbers, D, H):
    params = {}
    params["weight_ih"] = numbers[: H * D].reshape(H, D)
    n = H * D
    params["weight_hh"] = numbers[n : n + H * H].reshape(H, H)
    n = n + H * H
    params["bias_ih"] = numbers[n : n + H]
    n = n + H
    params["bias_hh"] = numbers[n : n + H]
    n = n + H
    params["weight_ho"] = numbers[n : n + H].reshape(1, H)
    params["bias_ho"] = numbers[n + H :]
    return params


@right
def split_at_the_ends(numbers, D, H):
    ends = np.cumsum([H * D, H * H, H, H, H])
    W_ih, W_hh, b_ih, b_hh, W_ho, b_ho = np.split(numbers, ends)
    return dict(
        weight_ih=W_ih.reshape(H, D), weight_hh=W_hh.reshape(H, -1), bias_ih=b_ih, bias_hh=b_hh, weight_ho=W_ho[None, :], bias_ho=b_ho
    )


@right
def from_behind(numbers, D, H):
    """The output layer first, as it is the easiest to find."""
    out = {"bias_ho": numbers[-1:], "weight_ho": numbers[-1 - H : -1].reshape(1, -1)}
    cell = numbers[: -1 - H]
    out["bias_hh"], out["bias_ih"] = cell[-H:], cell[-2 * H : -H]
    weights = cell[: -2 * H]
    out["weight_hh"] = weights[H * D :].reshape(H, H)
    out["weight_ih"] = weights[: H * D].reshape(-1, D)
    return out


@right
def number_by_number(numbers, D, H):
    shapes = [("weight_ih", (H, D)), ("weight_hh", (H, H)), ("bias_ih", (H,)), ("bias_hh", (H,)), ("weight_ho", (1, H)), ("bias_ho", (1,))]
    params, k = {}, 0
    for name, shape in shapes:
        params[name] = np.zeros(shape, dtype=numbers.dtype)
        for index in np.ndindex(shape):
            params[name][index] = numbers[k]
            k += 1
    return params


@right
def eaten_up(numbers, D, H):
    rest = numbers.copy()

    def take(*shape):
        nonlocal rest
        size = math.prod(shape)
        taken, rest = rest[:size], rest[size:]
        return taken.reshape(shape)

    return {
        "weight_ih": take(H, D),
        "weight_hh": take(H, H),
        "bias_ih": take(H),
        "bias_hh": take(H),
        "weight_ho": take(1, H),
        "bias_ho": take(1),
    }


@right
def an_iterator(numbers, D, H):
    row = iter(numbers)

    def rows(n, m):
        return np.array([[next(row) for _ in range(m)] for _ in range(n)], dtype=numbers.dtype)

    W, U = rows(H, D), rows(H, H)
    b, c = rows(1, H)[0], rows(1, H)[0]
    return {"weight_ih": W, "weight_hh": U, "bias_ih": b, "bias_hh": c, "weight_ho": rows(1, H), "bias_ho": rows(1, 1)[0]}


def cut(numbers, shapes):
    params, start = {}, 0
    for name, shape in shapes.items():
        size = math.prod(shape)
        params[name] = numbers[start : start + size].reshape(shape)
        start += size
    return params


@wrong("weight_ih has the shape (D, H)")
def inputs_times_units(numbers, D, H):
    return cut(
        numbers,
        {"weight_ih": (D, H), "weight_hh": (H, H), "bias_ih": (H,), "bias_hh": (H,), "weight_ho": (1, H), "bias_ho": (1,)},
    )


@wrong("D and H are exchanged")
def letters_mixed_up(numbers, D, H):
    D, H = H, D
    return cut(
        numbers,
        {"weight_ih": (H, D), "weight_hh": (H, H), "bias_ih": (H,), "bias_hh": (H,), "weight_ho": (1, H), "bias_ho": (1,)},
    )


@wrong("weight_ih is filled column by column")
def fitted_by_a_transpose(numbers, D, H):
    params = six_slices(numbers, D, H)
    params["weight_ih"] = numbers[: D * H].reshape(D, H).T
    return params


@wrong("both matrices are filled column by column")
def fortran_order(numbers, D, H):
    params = six_slices(numbers, D, H)
    params["weight_ih"] = numbers[: D * H].reshape((H, D), order="F")
    params["weight_hh"] = numbers[D * H : D * H + H * H].reshape((H, H), order="F")
    return params


@wrong("each bias follows its own weights")
def layer_by_layer(numbers, D, H):
    return cut(
        numbers,
        {"weight_ih": (H, D), "bias_ih": (H,), "weight_hh": (H, H), "bias_hh": (H,), "weight_ho": (1, H), "bias_ho": (1,)},
    )


@wrong("weight_hh comes first in the row")
def state_before_input(numbers, D, H):
    return cut(
        numbers,
        {"weight_hh": (H, H), "weight_ih": (H, D), "bias_ih": (H,), "bias_hh": (H,), "weight_ho": (1, H), "bias_ho": (1,)},
    )


@wrong("only one bias is counted")
def textbook_count(numbers, D, H):
    """H (D + H + 1), as most books have it."""
    n = H * D
    W_ih = numbers[:n].reshape(H, D)
    W_hh = numbers[n : n + H * H].reshape(H, H)
    n += H * H
    b = numbers[n : n + H]
    n += H
    W_ho = numbers[n : n + H].reshape(1, H)
    b_ho = numbers[n + H : n + H + 1]
    return {"weight_ih": W_ih, "weight_hh": W_hh, "bias_ih": b, "bias_hh": b, "weight_ho": W_ho, "bias_ho": b_ho}


@wrong("weight_ho has the shape (H,)")
def flat_output_weights(numbers, D, H):
    params = six_slices(numbers, D, H)
    params["weight_ho"] = numbers[-H - 1 : -1]
    return params


@wrong("weight_ho has the shape (H, 1)")
def output_weights_as_a_column(numbers, D, H):
    params = six_slices(numbers, D, H)
    params["weight_ho"] = numbers[-H - 1 : -1].reshape(H, 1)
    return params


@wrong("bias_ho is one number without an axis")
def last_number(numbers, D, H):
    return {**six_slices(numbers, D, H), "bias_ho": numbers[-1]}


@wrong("every array is read from the beginning of the row")
def start_never_moves(numbers, D, H):
    shapes = {"weight_ih": (H, D), "weight_hh": (H, H), "bias_ih": (H,), "bias_hh": (H,), "weight_ho": (1, H), "bias_ho": (1,)}
    start, params = 0, {}
    for name, shape in shapes.items():
        params[name] = numbers[start : start + math.prod(shape)].reshape(shape)
    return params


@wrong("one number is lost at each cut")
def inclusive_ends(numbers, D, H):
    shapes = {"weight_ih": (H, D), "weight_hh": (H, H), "bias_ih": (H,), "bias_hh": (H,), "weight_ho": (1, H), "bias_ho": (1,)}
    params, start = {}, 0
    for name, shape in shapes.items():
        end = start + math.prod(shape)
        params[name] = numbers[start:end].reshape(shape)
        start = end + 1
    return params


@wrong("the matrices are flat")
def no_reshape(numbers, D, H):
    return {**six_slices(numbers, D, H), "weight_ih": numbers[: H * D], "weight_hh": numbers[H * D : H * D + H * H]}


@wrong("params must be a dict with the keys weight_ih, weight_hh, bias_ih, bias_hh, weight_ho, bias_ho, got a tuple of 6.")
def a_tuple(numbers, D, H):
    return tuple(six_slices(numbers, D, H).values())


@wrong("params must be a dict with the keys")
def own_names(numbers, D, H):
    return dict(zip(("W_ih", "W_hh", "b_ih", "b_hh", "W_ho", "b_ho"), six_slices(numbers, D, H).values(), strict=True))


@wrong("cannot reshape array of size")
def sizes_of_the_example(numbers, D, H):
    return cut(
        numbers,
        {"weight_ih": (3, 3), "weight_hh": (3, 3), "bias_ih": (3,), "bias_hh": (3,), "weight_ho": (1, 3), "bias_ho": (1,)},
    )


@wrong(None)
def biases_from_the_wrong_place(numbers, D, H):
    """It counts H * H for the input weights when it looks for the biases."""
    n = 2 * H * H
    return {**six_slices(numbers, D, H), "bias_ih": numbers[n : n + H], "bias_hh": numbers[n + H : n + 2 * H]}
