"""Lab 6, part 6: z or 1 - z.

Contents
    update_gate    the check of `swap_update_gate`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab06.inputs import PARAMS, draw_params, draw_step
from rnncore.reference.gru import gru_step_forward
from rnncore.reference.gru_conventions import swap_update_gate

__all__ = ["update_gate"]


def with_rows(rows, names=("weight_ih", "weight_hh", "bias_ih", "bias_hh"), change=lambda rows: -rows):
    """The right function but for the rows that `rows(H)` changes, in the parameters that are named, by `change`."""

    def wrong(params):
        swapped = {name: value.copy() for name, value in params.items()}
        at = rows(params["weight_hh"].shape[1])
        for name in names:
            swapped[name][at] = change(swapped[name][at])
        return swapped

    return wrong


def z_rows(H):
    return slice(H, 2 * H)


def with_blocks(order):
    """The blocks put together in another order, with their signs as they are."""

    def wrong(params):
        return {name: np.concatenate([np.split(value, 3)["rzn".index(block)] for block in order]) for name, value in params.items()}

    return wrong


def of_input_size(params):
    D = params["weight_ih"].shape[1]
    return with_rows(lambda H: slice(D, 2 * D))(params)


def the_other_cell_is_the_same(function, rng):
    """The converted parameters, used with 1 - z on the old state, give the state of before; converting twice changes nothing."""
    ((params, x, h),) = draw_step(rng, np.float64, B=3, D=2, H=4)
    swapped = function(params)
    right, before = gru_step_forward(params, x, h)
    _, cache = gru_step_forward(swapped, x, h)
    compare("after the conversion, 1 - z", 1 - cache.z, before.z)
    compare("after the conversion, h_next of the other convention", (1 - cache.z) * h + cache.z * cache.n, right)
    compare("converted twice, the parameters", function(swapped), params)


update_gate = Exercise(
    swap_update_gate,
    outputs=("swapped",),
    letters="DH",
    example=lambda: (PARAMS,),
    draw=draw_params,
    properties=(the_other_cell_is_the_same,),
    mistakes={
        "only the weights change their sign; the biases stand inside the sigmoid, too": with_rows(z_rows, ("weight_ih", "weight_hh")),
        "only weight_hh and bias_hh change their signs; the input's part stands inside the sigmoid, too": with_rows(
            z_rows, ("weight_hh", "bias_hh")
        ),
        "only the biases change their sign; the weights stand inside the sigmoid, too": with_rows(z_rows, ("bias_ih", "bias_hh")),
        "bias_hh keeps its sign; it stands inside the sigmoid, too": with_rows(z_rows, ("weight_ih", "weight_hh", "bias_ih")),
        "bias_ih keeps its sign; it stands inside the sigmoid, too": with_rows(z_rows, ("weight_ih", "weight_hh", "bias_hh")),
        "weight_hh keeps its sign; the state's part stands inside the sigmoid, too": with_rows(z_rows, ("weight_ih", "bias_ih", "bias_hh")),
        "weight_ih keeps its sign; the input's part stands inside the sigmoid, too": with_rows(z_rows, ("weight_hh", "bias_ih", "bias_hh")),
        "only weight_hh changes its sign; all that stands inside the sigmoid does": with_rows(z_rows, ("weight_hh",)),
        "only weight_ih and bias_ih change their signs; the state's part stands inside the sigmoid, too": with_rows(
            z_rows, ("weight_ih", "bias_ih")
        ),
        "1 - W stands in the place of -W; 1 minus the sigmoid needs the opposite of what is inside": with_rows(
            z_rows, change=lambda rows: 1 - rows
        ),
        "1 / W stands in the place of -W; 1 minus the sigmoid needs the opposite of what is inside": with_rows(
            z_rows, change=lambda rows: 1 / rows
        ),
        "the absolute values are taken; each sign changes": with_rows(z_rows, change=abs),
        "the rows of the update gate become zero; they change their sign": with_rows(z_rows, change=lambda rows: 0 * rows),
        "the first H rows change their sign; they are the reset gate's, the update gate comes second": with_rows(lambda H: slice(0, H)),
        "the last H rows change their sign; they are the candidate's, the update gate comes second": with_rows(
            lambda H: slice(2 * H, None)
        ),
        "the rows of both gates change their sign; only those of the update gate do": with_rows(lambda H: slice(0, 2 * H)),
        "all rows from the update gate on change their sign; it has H rows": with_rows(lambda H: slice(H, None)),
        "all rows change their sign; only those of the update gate do": with_rows(lambda H: slice(None)),
        "all rows but those of the update gate change their sign; it is the other way round": with_rows(
            lambda H: np.r_[0:H, 2 * H : 3 * H]
        ),
        "every third row changes its sign; the update gate has H rows one after the other": with_rows(lambda H: slice(1, None, 3)),
        "only row 1 changes its sign; the update gate has H rows": with_rows(lambda H: slice(1, 2)),
        "only row H changes its sign; the update gate has H rows": with_rows(lambda H: slice(H, H + 1)),
        "one row too few changes its sign; a slice ends before its end": with_rows(lambda H: slice(H, 2 * H - 1)),
        "one row too many changes its sign; a slice ends before its end": with_rows(lambda H: slice(H, 2 * H + 1)),
        "H is taken from weight_ih, whose columns are D": of_input_size,
        "nothing changes: the new values are lost, or H is taken from the rows of weight_hh, which are 3H": lambda params: dict(params),
        "the blocks z and n change their places; the update gate stays where it is and changes its sign": with_blocks("rnz"),
        "the blocks r and z change their places; the update gate stays where it is and changes its sign": with_blocks("zrn"),
        "the rows are turned round; they stay where they are and change their sign": with_rows(z_rows, change=lambda rows: rows[::-1]),
    },
)
