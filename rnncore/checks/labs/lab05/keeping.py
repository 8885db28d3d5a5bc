"""Lab 5, part 6: a forget gate that begins by keeping.

Contents
    forget_bias    the check of `set_forget_bias`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab05.inputs import PARAMS, draw_bias
from rnncore.reference.activations import sigmoid
from rnncore.reference.init import set_forget_bias
from rnncore.reference.lstm import LSTMState, lstm_step_forward

__all__ = ["forget_bias"]


def with_biases(bias_ih, bias_hh=lambda b, H, value: 0 * b[H : 2 * H], rows=lambda H: slice(H, 2 * H)):
    """The right function but for what the rows get, from (the bias, H, value); None leaves them as they are."""

    def wrong(params, value):
        H = params["weight_hh"].shape[1]
        changed = {name: array.copy() for name, array in params.items()}
        for name, new in (("bias_ih", bias_ih), ("bias_hh", bias_hh)):
            if new is not None:
                changed[name][rows(H)] = new(params[name], H, value)
        return changed

    return wrong


def with_rows(rows):
    return with_biases(lambda b, H, value: value, lambda b, H, value: 0, rows)


def also(change):
    """The right function, and `change(params, H, value)` on top."""

    def wrong(params, value):
        right, H = set_forget_bias(params, value), params["weight_hh"].shape[1]
        return {**right, **change(right, H, value)}

    return wrong


def the_rest(params, value):
    """bias_ih is what value is more than bias_hh."""
    rows = slice(params["weight_hh"].shape[1], 2 * params["weight_hh"].shape[1])
    return {**params, "bias_ih": changed_rows(params["bias_ih"], rows, value - params["bias_hh"][rows])}


def changed_rows(array, rows, value):
    array = array.copy()
    array[rows] = value
    return array


def the_gate_is_sigmoid_of_the_value(function, rng):
    """At zero input and state the forget gate is the sigmoid of the value, and the other three are what they were."""
    ((params, value),) = draw_bias(rng, np.float64, D=2, H=4)
    x, state = np.zeros((3, 2)), LSTMState(*np.zeros((2, 3, 4)))
    before, after = (lstm_step_forward(p, x, state)[1] for p in (params, function(params, value)))
    compare("at zero input and state, the forget gate", after.f, np.full((3, 4), sigmoid(np.array(value))))
    for name in "igo":
        compare(f"at zero input and state, {name}", getattr(after, name), getattr(before, name))


forget_bias = Exercise(
    set_forget_bias,
    outputs=("new_params",),
    letters="DH",
    example=lambda: (PARAMS, 3.0),
    draw=draw_bias,
    properties=(the_gate_is_sigmoid_of_the_value,),
    mistakes={
        "both biases are set to the value, so that the gate gets it twice": with_biases(
            lambda b, H, value: value, lambda b, H, value: value
        ),
        "bias_hh is left as it was; the gate gets the sum of the two biases": with_biases(lambda b, H, value: value, None),
        "bias_hh takes the value and bias_ih zero; the sum is right, but the task asks for it the other way round": with_biases(
            lambda b, H, value: 0, lambda b, H, value: value
        ),
        "each bias takes half of the value; the sum is right, but the task asks for bias_ih to take it all": with_biases(
            lambda b, H, value: value / 2, lambda b, H, value: value / 2
        ),
        "bias_ih takes what is missing to the value and bias_hh keeps what it has; the sum is right, but bias_hh is to be 0": the_rest,
        "the value is added to what was there; it replaces it": with_biases(lambda b, H, value: b[H : 2 * H] + value, None),
        "the value is added to bias_ih; it replaces what was there": with_biases(lambda b, H, value: b[H : 2 * H] + value),
        "bias_ih takes the sigmoid of the value; the cell applies the sigmoid itself": with_biases(
            lambda b, H, value: sigmoid(np.array(value))
        ),
        "the sign is wrong: this gate begins by forgetting": with_biases(lambda b, H, value: -value),
        "the value goes to all four blocks; only the rows of the forget gate change": with_rows(lambda H: slice(None)),
        "all of bias_ih takes the value; only the rows of the forget gate do": also(
            lambda p, H, value: {"bias_ih": changed_rows(p["bias_ih"], slice(None), value)}
        ),
        "all of bias_ih takes the value, and bias_hh is left as it was": lambda params, value: (
            {**params, "bias_ih": changed_rows(params["bias_ih"], slice(None), value)}
        ),
        "all of bias_hh becomes zero; only the rows of the forget gate do": also(lambda p, H, value: {"bias_hh": 0 * p["bias_hh"]}),
        "all other biases become zero; they stay as they are": also(
            lambda p, H, value: {
                "bias_ih": changed_rows(0 * p["bias_ih"], slice(H, 2 * H), value),
                "bias_hh": 0 * p["bias_hh"],
            }
        ),
        "the rows of the input gate are changed; those of the forget gate come second": with_rows(lambda H: slice(0, H)),
        "the rows of the candidate are changed; those of the forget gate come second": with_rows(lambda H: slice(2 * H, 3 * H)),
        "the rows of the output gate are changed; those of the forget gate come second": with_rows(lambda H: slice(3 * H, None)),
        "the rows of the candidate are changed as well: the forget gate has H rows": with_rows(lambda H: slice(H, 3 * H)),
        "all rows from the forget gate on are changed: the forget gate has H rows": with_rows(lambda H: slice(H, None)),
        "the rows of the input gate are changed as well: the forget gate begins at row H": with_rows(lambda H: slice(0, 2 * H)),
        "every fourth row is changed; the forget gate has H rows one after the other": with_rows(lambda H: slice(1, None, 4)),
        "only row 1 is changed; the forget gate has H rows": with_rows(lambda H: 1),
        "only one row is changed; each unit has a forget gate": with_rows(lambda H: H),
        "one row too few is changed; a slice ends before its end": with_rows(lambda H: slice(H, 2 * H - 1)),
        "one row too many is changed; a slice ends before its end": with_rows(lambda H: slice(H, 2 * H + 1)),
        "H is taken from the rows of weight_hh, which are 4H, so that nothing changes; it has H columns": lambda params, value: (
            {**params}
        ),
        "H is taken from weight_ih, whose columns are D": lambda params, value: with_rows(
            lambda H: slice(params["weight_ih"].shape[1], 2 * params["weight_ih"].shape[1])
        )(params, value),
        "the weights of the forget gate change, too; only its biases do": also(
            lambda p, H, value: {
                "weight_ih": changed_rows(p["weight_ih"], slice(H, 2 * H), 0),
                "weight_hh": changed_rows(p["weight_hh"], slice(H, 2 * H), 0),
            }
        ),
        "the weights of the forget gate take the value; only its biases do": also(
            lambda p, H, value: {"weight_hh": changed_rows(p["weight_hh"], slice(H, 2 * H), value)}
        ),
    },
)
