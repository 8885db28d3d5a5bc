"""Temporal order: two of the symbols matter, far apart, and so does which came first.

Contents
    temporal_order            tokens and classes
    temporal_order_baseline   cross-entropy and accuracy of a model that guesses, or that cannot see order

Tokens: 0 to 3 are distractors, 4 is X, 5 is Y, 6 starts and 7 ends the sequence. Classes: 0 is XX, 1 is XY, 2 is YX, 3 is YY.
Source: Hochreiter and Schmidhuber (1997), experiment 6a, with the places of the two symbols scaled to T.
"""

import math

import numpy as np

from rnncore.reference.shapes import shapes

__all__ = ["temporal_order", "temporal_order_baseline"]

DISTRACTORS, X, START, END = 4, 4, 6, 7


@shapes(rng="rng", T="size", B="size")
def temporal_order(rng, T, B):
    """Draw sequences in which the first symbol that matters lies in the second tenth, the other in the sixth.

    Args:
        rng: a `numpy.random.Generator`.
        T: steps, at least 10.
        B: how many sequences.
    Returns:
        tokens: (T, B), whole numbers from 0 to 7.
        targets: (B,), whole numbers from 0 to 3.
    Raises:
        TypeError, ValueError: an argument is out of range; the sentence says which.
    """
    if T < 10:
        raise ValueError(f"temporal_order: T must be at least 10, so that both symbols find their place, got {T}.")
    tokens = rng.integers(0, DISTRACTORS, (T, B))
    tokens[0], tokens[-1] = START, END
    first, second = rng.integers(0, 2, (2, B))  # 0 for X, 1 for Y
    columns = np.arange(B)
    tokens[rng.integers(T // 10, T // 5, B), columns] = X + first
    tokens[rng.integers(T // 2, T * 6 // 10, B), columns] = X + second
    return tokens, 2 * first + second


def temporal_order_baseline(*, bag_of_words=False):
    """What can be reached without seeing order.

    Args:
        bag_of_words: False for guessing among the four classes; True for the best model of how often each token occurs, which
            knows XX and YY and guesses between XY and YX.
    Returns:
        cross_entropy: in nats: log 4, or log(2) / 2.
        accuracy: 1/4, or 3/4.
    Raises:
        Nothing.
    """
    return (math.log(2) / 2, 0.75) if bag_of_words else (math.log(4), 0.25)
