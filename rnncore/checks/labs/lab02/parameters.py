"""Lab 2, part 1: the parameters, counted and cut.

Contents
    unpacking    the check of `unpack`
"""

import numpy as np

from rnncore.checks.compare import CheckFailed, compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab02.inputs import PARAMS
from rnncore.reference.layers import init_linear
from rnncore.reference.rnn import init_rnn

__all__ = ["unpacking"]


def unpack(numbers, D, H):
    """Cut a row of numbers into the parameters of a network."""
    shapes = {"weight_ih": (H, D), "weight_hh": (H, H), "bias_ih": (H,), "bias_hh": (H,), "weight_ho": (1, H), "bias_ho": (1,)}
    params, start = {}, 0
    for name, shape in shapes.items():
        end = start + int(np.prod(shape))
        params[name] = numbers[start:end].reshape(shape)
        start = end
    return params


def draw_numbers(rng, dtype, D, H):
    for inputs, units in ((D, H), (H, D), (1, H)):
        yield rng.uniform(-1, 1, units * (inputs + units + 2) + units + 1).astype(dtype), inputs, units


def as_named(numbers, D, H, order):
    """The arrays lie in `order` in the row, each in its right shape."""
    shapes, params, start = {name: array.shape for name, array in unpack(numbers, D, H).items()}, {}, 0
    for name in order:
        size = int(np.prod(shapes[name]))
        params[name] = numbers[start : start + size].reshape(shapes[name])
        start += size
    return {name: params[name] for name in shapes}


def but(change):
    """The right function but for the arrays that `change(params, numbers, D, H)` gives."""
    return lambda numbers, D, H: {**(right := unpack(numbers, D, H)), **change(right, numbers, D, H)}


def swapped(numbers, D, H):
    """unpack(numbers, H, D) with the right keys: D and H are taken for one another."""
    return unpack(numbers, H, D)


def one_bias(numbers, D, H):
    """The two biases read the same H numbers, and what follows begins H numbers too early."""
    right, end = unpack(numbers, D, H), H * (D + H + 1)
    return {**right, "bias_hh": right["bias_ih"], "weight_ho": numbers[end : end + H].reshape(1, H), "bias_ho": numbers[end + H :][:1]}


def from_the_start(numbers, D, H):
    """Every array is read from the beginning of the row."""
    return {name: numbers[: array.size].reshape(array.shape) for name, array in unpack(numbers, D, H).items()}


def one_off(numbers, D, H):
    """Each cut lies one number too far: what lies between two arrays is lost."""
    params, start = {}, 0
    for name, array in unpack(numbers, D, H).items():
        params[name] = numbers[start : start + array.size].reshape(array.shape)
        start += array.size + 1
    return params


def every_number_has_its_place(function, rng):
    """Joined again, the arrays are the row; and their shapes are those of a layer of rnncore with two biases and one output."""
    ((numbers, D, H), *_) = draw_numbers(rng, np.float64, D=2, H=4)
    params = function(numbers, D, H)
    cell, out = init_rnn(rng, D, H), init_linear(rng, H, 1)
    wanted = {name: array.shape for name, array in cell.items()} | {"weight_ho": out["weight"].shape, "bias_ho": out["bias"].shape}
    for name, shape in wanted.items():
        if params[name].shape != shape:
            raise CheckFailed(f"{name} must have the shape {shape} with D=2 and H=4, got {params[name].shape}.")
    compare("the arrays, joined again,", np.concatenate([params[name].ravel() for name in wanted]), numbers)


unpacking = Exercise(
    unpack,
    outputs=("params",),
    letters="DH",
    example=lambda: (np.concatenate([array.ravel() for array in PARAMS.values()]), 3, 3),
    draw=draw_numbers,
    properties=(every_number_has_its_place,),
    mistakes={
        "D and H are exchanged": swapped,
        "weight_ih has the shape (D, H); it has a row for each unit and a column for each input": but(
            lambda p, n, D, H: {"weight_ih": n[: H * D].reshape(D, H)}
        ),
        "weight_ih is filled column by column; the numbers come row by row": but(
            lambda p, n, D, H: {"weight_ih": n[: H * D].reshape(D, H).T}
        ),
        "both matrices are filled column by column; the numbers come row by row": but(
            lambda p, n, D, H: {"weight_ih": n[: H * D].reshape(D, H).T, "weight_hh": p["weight_hh"].T}
        ),
        "weight_hh is transposed; the numbers come row by row": but(lambda p, n, D, H: {"weight_hh": p["weight_hh"].T}),
        "weight_hh comes first in the row; weight_ih does": lambda numbers, D, H: (
            as_named(numbers, D, H, ["weight_hh", "weight_ih", "bias_ih", "bias_hh", "weight_ho", "bias_ho"])
        ),
        "each bias follows its own weights; in the row both weights come before both biases": lambda numbers, D, H: (
            as_named(numbers, D, H, ["weight_ih", "bias_ih", "weight_hh", "bias_hh", "weight_ho", "bias_ho"])
        ),
        "bias_hh comes before bias_ih": lambda numbers, D, H: (
            as_named(numbers, D, H, ["weight_ih", "weight_hh", "bias_hh", "bias_ih", "weight_ho", "bias_ho"])
        ),
        "bias_ho comes before weight_ho": lambda numbers, D, H: (
            as_named(numbers, D, H, ["weight_ih", "weight_hh", "bias_ih", "bias_hh", "bias_ho", "weight_ho"])
        ),
        "the output layer comes first in the row; it comes last": lambda numbers, D, H: (
            as_named(numbers, D, H, ["weight_ho", "bias_ho", "weight_ih", "weight_hh", "bias_ih", "bias_hh"])
        ),
        "only one bias is counted, and the two are the same numbers; the row has H numbers for each": one_bias,
        "bias_hh is all zeros; its numbers stand in the row": but(lambda p, n, D, H: {"bias_hh": 0 * p["bias_hh"]}),
        "every array is read from the beginning of the row; each begins where the last one ended": from_the_start,
        "one number is lost at each cut; an array begins at the index at which the slice before it ended": one_off,
        "weight_ho has the shape (H,); it is a matrix with one row, (1, H)": but(lambda p, n, D, H: {"weight_ho": p["weight_ho"][0]}),
        "weight_ho has the shape (H, 1); it has a row for its one output, (1, H)": but(lambda p, n, D, H: {"weight_ho": p["weight_ho"].T}),
        "bias_ho is one number without an axis; it has the shape (1,)": but(lambda p, n, D, H: {"bias_ho": p["bias_ho"][0]}),
        "the matrices are flat; give each its two axes": but(
            lambda p, n, D, H: {"weight_ih": n[: H * D], "weight_hh": p["weight_hh"].ravel()}
        ),
        "the biases have the shape (1, H); they have one axis, (H,)": but(
            lambda p, n, D, H: {"bias_ih": p["bias_ih"][None], "bias_hh": p["bias_hh"][None]}
        ),
    },
)
