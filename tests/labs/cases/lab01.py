"""What the tests know of lab 1."""

import numpy as np

from tests.labs.lab import Lab

LAB = Lab(
    "lab01_recurrent_cell",
    # The lab is tanh only; where the reference asks its argument `nonlinearity`, the lab has tanh.
    replaced={
        "_activation(a, nonlinearity)": "np.tanh(a)",
        "_slope(h_next, nonlinearity)": "(1 - h_next ** 2)",
        "params, x, h, h_next, nonlinearity = cache": "params, x, h, h_next, _ = cache",
        "RNNStepCache(params, x, h, h_next, nonlinearity)": "RNNStepCache(params, x, h, h_next, 'tanh')",
        ", nonlinearity=nonlinearity": "",
        ", *, nonlinearity='tanh'": "",
    },
    other={"sequence_backward": "it calls the backward pass of a step at every step and adds up; the reference forms the sums at once"},
    points={
        "check_step_forward": 3,
        "check_sequence_forward": 3,
        "check_step_backward": 5,
        "check_sequence_backward": 6,
        "check_prediction": 3,
    },
    half={
        "step_forward": """
def rnn_step_forward(params, x, h):
    a = x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"]
    return a, RNNStepCache(params, x, h, a, "tanh")
""",
        "sequence_forward": "solution",
        "step_backward": "solution",
        "prediction": "def predict(params, xs):\n    return sigmoid(",
    },
    told=[
        "h_next[0, 0] is 0.9 but 0.716298 was expected. This is what comes out when tanh is left out",
        "rnn_backward on the worked example: it is not written yet; put your code in the place of `raise NotImplementedError()`.",
        "predict is not defined yet: run the cell in which you write it",
        "Your rnn_step_forward is not right yet. Below, the reference stands in for it.",
    ],
    trains="accuracy at the end",
    # The pre-activation.
    shown=lambda args, results: {"a": np.arctanh(results["h_next"])} if "h_next" in results else {},
)
