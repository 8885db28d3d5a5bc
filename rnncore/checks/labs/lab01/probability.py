"""Lab 1, part 5: from the last state to a probability.

Contents
    prediction    the check of `predict`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab01.inputs import LINEAR, PARAMS, XS, draw_prediction
from rnncore.reference.activations import sigmoid, softmax
from rnncore.reference.layers import linear_forward
from rnncore.reference.rnn import rnn_forward

__all__ = ["prediction"]


def predict(params, xs):
    """Read sequences and give each the probability that its label is 1: the last state, one linear unit, a sigmoid."""
    state0 = np.zeros((xs.shape[1], len(params["rnn"]["weight_hh"])), dtype=xs.dtype)
    _, state_T, _ = rnn_forward(params["rnn"], xs, state0)
    logits, _ = linear_forward(params["linear"], state_T)  # (B, 1)
    return sigmoid(logits[:, 0])


def states(params, xs, start=0):
    return rnn_forward(params["rnn"], xs, np.full((xs.shape[1], len(params["rnn"]["weight_hh"])), start, xs.dtype))[0]


def logits(params, state):
    return linear_forward(params["linear"], state)[0]


def it_is_a_probability_of_each_sequence(function, rng):
    """Reviews of one word, with loops; with the other sign label 0 has it; alone as in the batch; without weight_hh by the last word."""
    ((params, xs),) = draw_prediction(rng, np.float64, T=4, B=3, D=2, H=5)
    rnn, linear = params["rnn"], params["linear"]
    p = function(params, xs)
    by_hand = []
    for x in xs[0]:
        a = [rnn["weight_ih"][i] @ x + rnn["bias_ih"][i] + rnn["bias_hh"][i] for i in range(5)]
        u = linear["bias"][0] + sum(linear["weight"][0, i] * np.tanh(a[i]) for i in range(5))
        by_hand.append(1 / (1 + np.exp(-u)))
    compare("for sequences of one step, p", function(params, xs[:1]), np.array(by_hand))
    turned = {"rnn": rnn, "linear": {name: -array for name, array in linear.items()}}
    compare("with the sign of the linear unit turned round, p", function(turned, xs), 1 - p)
    compare("for the second sequence alone, p", function(params, xs[:, 1:2]), p[1:2])
    forgetful = {"rnn": {**rnn, "weight_hh": 0 * rnn["weight_hh"]}, "linear": linear}
    compare("without weight_hh, p", function(forgetful, xs), function(forgetful, xs[-1:]))


prediction = Exercise(
    predict,
    outputs=("p",),
    letters="TBDH",
    example=lambda: ({"rnn": PARAMS, "linear": LINEAR}, XS),
    draw=draw_prediction,
    properties=(it_is_a_probability_of_each_sequence,),
    mistakes={
        "the sigmoid is left out: a logit can be any number, a probability lies between 0 and 1": lambda params, xs: (
            logits(params, states(params, xs)[-1])[:, 0]
        ),
        "a softmax over one logit stands in the place of the sigmoid; it is always 1": lambda params, xs: (
            softmax(logits(params, states(params, xs)[-1]))[:, 0]
        ),
        "a softmax runs over the sequences of the batch; each has its own sigmoid": lambda params, xs: (
            softmax(logits(params, states(params, xs)[-1])[:, 0])
        ),
        "tanh stands in the place of the sigmoid": lambda params, xs: np.tanh(logits(params, states(params, xs)[-1])[:, 0]),
        "the sigmoid is applied twice": lambda params, xs: sigmoid(predict(params, xs)),
        "the sign in the sigmoid is wrong: this is the probability of label 0": lambda params, xs: 1 - predict(params, xs),
        "the probability is rounded to a class": lambda params, xs: (predict(params, xs) > 0.5).astype(xs.dtype),
        "the answer is True or False; return the probability": lambda params, xs: predict(params, xs) > 0.5,
        "the first state is read; the last one has seen the whole sequence": lambda params, xs: (
            sigmoid(logits(params, states(params, xs)[0])[:, 0])
        ),
        "hs[:, -1] is read, the last sequence of the batch; the last step is hs[-1]": lambda params, xs: (
            sigmoid(logits(params, states(params, xs)[:, -1])[:, 0])
        ),
        "the states are averaged over time; only the last one is read": lambda params, xs: (
            sigmoid(logits(params, states(params, xs).mean(axis=0))[:, 0])
        ),
        "there is a probability for every step; only the last state is read": lambda params, xs: (
            sigmoid(logits(params, states(params, xs))[:, :, 0])
        ),
        "the answer keeps the axis of the one linear unit; one number is left for each sequence": lambda params, xs: (
            sigmoid(logits(params, states(params, xs)[-1]))
        ),
        "the first row of the logits is taken, which is one sequence; each sequence is a row": lambda params, xs: (
            sigmoid(logits(params, states(params, xs)[-1])[0])
        ),
        "the bias of the linear unit is forgotten": lambda params, xs: sigmoid(states(params, xs)[-1] @ params["linear"]["weight"][0]),
        "the sequence is read from its end": lambda params, xs: predict(params, xs[::-1]),
        "the state before the first step is one; it is zero": lambda params, xs: sigmoid(logits(params, states(params, xs, 1)[-1])[:, 0]),
        "the linear layer is given all parameters; its own are params['linear']": lambda params, xs: (
            linear_forward(params, states(params, xs)[-1])
        ),
        "the recurrent layer is given all parameters; its own are params['rnn']": lambda params, xs: (
            rnn_forward(params, xs, states(params, xs)[0])
        ),
    },
)
