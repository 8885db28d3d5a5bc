"""Lab 9, part 3: temperature."""

import numpy as np

from rnncore.reference import log_softmax, softmax
from tests.corpus.answers import right, wrong


@right
def by_hand(logits, temperature):
    y = logits / temperature
    y = y - y.max(axis=1, keepdims=True)
    e = np.exp(y)
    return e / e.sum(axis=1, keepdims=True)


@right
def powers_of_probabilities(logits, temperature):
    p = softmax(logits) ** (1 / temperature)
    return p / np.sum(p, axis=-1, keepdims=True)


@right
def row_by_row(logits, temperature):
    q = np.empty_like(logits)
    for b, y in enumerate(logits):
        e = np.exp((y - max(y)) / temperature)
        q[b] = e / e.sum()
    return q


@right
def through_logarithms(logits, temperature):
    return np.exp(log_softmax(logits / temperature))


@right
def softmax_first(logits, temperature):
    """The logarithms of probabilities are logits, too."""
    return softmax(log_softmax(logits) / temperature)


@right
def inverse_temperature(logits, temperature):
    beta = 1.0 / temperature
    scaled = logits.copy()
    scaled *= beta
    print("largest", scaled.max())
    return softmax(scaled)


@wrong("the logits are multiplied by the temperature")
def multiplied(logits, temperature):
    return softmax(logits * temperature)


@wrong("the logits are multiplied by the temperature")
def wrong_power(logits, temperature):
    p = softmax(logits) ** temperature
    return p / p.sum(axis=-1, keepdims=True)


@wrong("the temperature is not used")
def cancels(logits, temperature):
    p = softmax(logits) / temperature
    return p / p.sum(axis=-1, keepdims=True)


@wrong("and then a second softmax is taken")
def softmax_twice(logits, temperature):
    return softmax(softmax(logits) / temperature)


@wrong("the probabilities are divided by the temperature; divide the logits")
def divided_afterwards(logits, temperature):
    return softmax(logits) / temperature


@wrong("raised to the power 1 / temperature but not rescaled")
def power_only(logits, temperature):
    return softmax(logits) ** (1 / temperature)


@wrong("the softmax is missing")
def no_softmax(logits, temperature):
    return logits / temperature


@wrong("the exponential of a large logit overflows")
def overflow(logits, temperature):
    e = np.exp(logits / temperature)
    return e / e.sum(axis=-1, keepdims=True)


@wrong("the softmax runs over the batch")
def down_the_columns(logits, temperature):
    e = np.exp((logits - logits.max()) / temperature)
    return e / e.sum(axis=0)


@wrong("the softmax runs over the whole array")
def one_sum_for_all(logits, temperature):
    e = np.exp((logits - logits.max()) / temperature)
    return e / e.sum()


@wrong("logarithms of probabilities are returned")
def logarithms(logits, temperature):
    return log_softmax(logits / temperature)


@wrong("the exponentials are not divided by their sum")
def not_normalised(logits, temperature):
    return np.exp(logits / temperature)


@wrong("the sign is wrong")
def minus_as_in_physics(logits, temperature):
    return softmax(-logits / temperature)


@wrong(None)
def subtracted_after_the_division(logits, temperature):
    e = np.exp(logits / temperature - logits.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True) if temperature < 1 else softmax(logits)


@right
def divided_first(logits, temperature):
    return softmax(logits / temperature)


@right
def by_hand_too(logits, temperature):
    y = logits / temperature
    e = np.exp(y - y.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


@right
def through_logs(logits, temperature):
    return np.exp(log_softmax(logits / temperature))


@right
def log_p_divided(logits, temperature):
    return softmax(log_softmax(logits) / temperature)


@right
def rows(logits, temperature):
    return np.array([softmax(row / temperature) for row in logits])


@right
def power_rescaled(logits, temperature):
    q = softmax(logits) ** (1 / temperature)
    return q / q.sum(axis=-1, keepdims=True)


@wrong("the largest logit of the whole array is subtracted; each row has its own.")
def one_maximum(logits, temperature):
    y = logits / temperature
    e = np.exp(y - y.max())
    return e / e.sum(axis=1, keepdims=True)
