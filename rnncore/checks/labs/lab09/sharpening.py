"""Lab 9, part 3: temperature.

Contents
    temperature    the check of `temperature_distribution`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab09.inputs import LOGITS, draw_temperature, normal
from rnncore.reference.activations import log_softmax, softmax
from rnncore.reference.decoding import greedy_distribution, temperature_distribution

__all__ = ["temperature"]


def over(axis):
    """A softmax over other axes than the last."""

    def wrong(logits, temperature):
        exps = np.exp((logits - logits.max()) / temperature)
        return exps / exps.sum(axis=axis, keepdims=True)

    return wrong


def overflowing(logits, temperature):
    exps = np.exp(logits / temperature)
    return exps / exps.sum(axis=-1, keepdims=True)


def one_largest(logits, temperature):
    """The largest logit of the array is subtracted, which leaves a row far below it without any number above 0."""
    exps = np.exp((logits - logits.max()) / temperature)
    return exps / exps.sum(axis=-1, keepdims=True)


def one_is_the_softmax(function, rng):
    """A temperature of 1 changes nothing, every temperature gives a distribution, and a low one is nearly greedy."""
    logits = 2 * normal(rng, np.float64, 4, 6)
    exps = np.exp(logits)
    compare("at temperature 1, q", function(logits, 1.0), exps / exps.sum(axis=-1, keepdims=True))
    for temperature in (0.5, 3.0):
        compare(f"at temperature {temperature}, the sum of q", function(logits, temperature).sum(axis=-1), np.ones(4))
    apart = 3.0 * np.array([rng.permutation(6) for _ in range(4)])
    compare("at temperature 0.05, q", function(apart, 0.05), greedy_distribution(apart))


def ratios_are_raised(function, rng):
    """The ratio of two probabilities is raised to the power 1 / temperature, and a number added to all logits changes nothing."""
    logits = normal(rng, np.float64, 4, 6)
    for temperature in (0.5, 2.0):
        q = function(logits, temperature)
        ratios = np.exp((logits[:, 1:] - logits[:, :1]) / temperature)
        compare(f"at temperature {temperature}, the ratios of q", q[:, 1:] / q[:, :1], ratios)
        compare(f"at temperature {temperature}, q of all logits + 5", function(logits + 5, temperature), q, what="the q without 5")


temperature = Exercise(
    temperature_distribution,
    outputs=("q",),
    letters="BV",
    example=lambda: (LOGITS, 0.5),
    draw=draw_temperature,
    properties=(one_is_the_softmax, ratios_are_raised),
    mistakes={
        "the logits are multiplied by the temperature; they are divided by it": lambda logits, temperature: (softmax(logits * temperature)),
        "the temperature is not used: this is the plain softmax": lambda logits, temperature: softmax(logits),
        "the probabilities are divided by the temperature, and then a second softmax is taken; the logits are divided": (
            lambda logits, temperature: softmax(softmax(logits) / temperature)
        ),
        "the probabilities are divided by the temperature; divide the logits, before the softmax": lambda logits, temperature: (
            softmax(logits) / temperature
        ),
        "the probabilities are multiplied by the temperature; divide the logits, before the softmax": lambda logits, temperature: (
            softmax(logits) * temperature
        ),
        "the probabilities are raised to the power 1 / temperature but not rescaled": lambda logits, temperature: (
            softmax(logits) ** (1 / temperature)
        ),
        "the probabilities are raised to the power of the temperature but not rescaled": lambda logits, temperature: (
            softmax(logits) ** temperature
        ),
        "the softmax is missing: these are logits / temperature": lambda logits, temperature: logits / temperature,
        "logarithms of probabilities are returned": lambda logits, temperature: log_softmax(logits / temperature),
        "the exponentials are not divided by their sum": lambda logits, temperature: np.exp(logits / temperature),
        "the largest logit is subtracted, but the exponentials are not divided by their sum": lambda logits, temperature: (
            np.exp((logits - logits.max(axis=-1, keepdims=True)) / temperature)
        ),
        "the exponential of a large logit overflows; softmax avoids that": overflowing,
        "the largest logit of the whole array is subtracted; each row has its own": one_largest,
        "the logits are divided by the square of the temperature": lambda logits, temperature: softmax(logits / temperature**2),
        "the logits are divided by their own sum": lambda logits, temperature: (
            logits / temperature / (logits / temperature).sum(axis=-1, keepdims=True)
        ),
        "the sign is wrong: the least probable character becomes the most probable": lambda logits, temperature: (
            softmax(-logits / temperature)
        ),
        "the softmax runs over the batch; it runs over the characters, the last axis": over(0),
        "the softmax runs over the whole array; each row is a distribution": over(None),
        "all the probability is given to the best character; that is the limit at 0": lambda logits, temperature: (
            greedy_distribution(logits)
        ),
    },
)
