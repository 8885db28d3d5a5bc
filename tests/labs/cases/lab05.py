"""What the tests know of lab 5."""

import numpy as np

from rnncore.reference import sigmoid
from tests.labs.lab import Lab

LAB = Lab(
    "lab05_lstm",
    replaced={
        # The gates are a function of their own.
        "a = x @ params['weight_ih'].T + params['bias_ih'] + h @ params['weight_hh'].T + params['bias_hh']\n"
        "    a_i, a_f, a_g, a_o = a.reshape(len(a), 4, -1).swapaxes(0, 1)\n"
        "    i, f, g, o = (sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o))": "i, f, g, o = lstm_gates(params, x, h)",
        # The reference guards itself against a value that is no number.
        "if not np.isfinite(value):\n        raise ValueError(f'set_forget_bias: value must be a finite number, got {value}.')\n    ": "",
    },
    other={
        "step_backward": "it is one function; the reference has the gates' part apart, because the sequence uses that alone",
        "sequence_backward": "it calls the backward pass of a step at every step and adds up; the reference forms the sums at once",
    },
    points={
        "check_gates": 3,
        "check_step_forward": 3,
        "check_sequence_forward": 2,
        "check_step_backward": 6,
        "check_sequence_backward": 4,
        "check_forget_bias": 2,
    },
    half={
        "gates": """
def lstm_gates(params, x, h):
    a = x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"]
    i, f, g, o = np.split(sigmoid(a), 4, axis=1)
    return i, f, g, o
""",
        "step_forward": "solution",
        "sequence_forward": "solution",
        "step_backward": "def lstm_step_backward(cache, dstate_next):\n    return (",
        "forget_bias": """
def set_forget_bias(params, value):
    H = params["weight_hh"].shape[1]
    params["bias_ih"][H : 2 * H] = value
    params["bias_hh"][H : 2 * H] = 0
    return params
""",
    },
    told=[
        "lstm_gates on the worked example: g[0, 0] is 0.65701 but 0.57167 was expected. This is what comes out when all four go",
        "lstm_step_backward is not defined yet: run the cell in which you write it",
        "lstm_backward on the worked example: it is not written yet; put your code in the place of `raise NotImplementedError()`.",
        "set_forget_bias on the worked example: the results are right, but it changed its argument params in place; work on a copy.",
        "Your lstm_gates is not right yet. Below, the reference stands in for it.",
    ],
    trains="mean squared error at the end",
    # With a forget bias: the gate at zero input and state.
    shown=lambda args, results: {"f": sigmoid(np.array(args[-1]))} if "new_params" in results else {},
)
