"""Parity: was the number of ones so far odd? One bit of memory, but every input may flip it.

Contents
    parity            bits and the parity after each step
    parity_baseline   cross-entropy and accuracy of guessing

A model that remembers all but one of the bits guesses as badly as one that remembers none.
Source: Minsky and Papert (1969) for the problem; as a sequence task Hochreiter and Schmidhuber (1996), "Bridging Long Time Lags
by Weight Guessing and Long Short-Term Memory".
"""

import math

import numpy as np

from rnncore.reference.shapes import shapes

__all__ = ["parity", "parity_baseline"]


@shapes(rng="rng", T="size", B="size")
def parity(rng, T, B):
    """Draw sequences of bits.

    Args:
        rng: a `numpy.random.Generator`.
        T: steps, at least 1.
        B: how many sequences.
    Returns:
        tokens: (T, B), each 0 or 1.
        targets: (T, B), 1 where the number of ones up to and with this step is odd; use targets[-1] for one answer a sequence.
    Raises:
        TypeError, ValueError: an argument is out of range; the sentence says which.
    """
    tokens = rng.integers(0, 2, (T, B))
    return tokens, np.cumsum(tokens, axis=0) % 2


def parity_baseline():
    """What guessing reaches, and any model that misses a single bit.

    Returns:
        cross_entropy: log 2, in nats.
        accuracy: 1/2.
    """
    return math.log(2), 0.5
