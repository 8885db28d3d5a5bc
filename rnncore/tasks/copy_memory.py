"""Copy memory: read ten symbols, wait, and repeat them.

Contents
    copy_memory            tokens and targets
    copy_memory_baseline   cross-entropy of remembering nothing

    input    s_1 ... s_10  blank ... blank (T - 1 times)  go  blank ... blank (10 times)
    target   blank ... blank (T + 10 times)                   s_1 ... s_10

Tokens: 0 is the blank, 1 to 8 are the symbols, 9 is "go".
Source: Hochreiter and Schmidhuber (1997) for the idea; in this form Arjovsky, Shah and Bengio (2016), section 4.1.
"""

import math

import numpy as np

from rnncore.reference.shapes import shapes

__all__ = ["copy_memory", "copy_memory_baseline"]

BLANK, SYMBOLS, GO, LENGTH = 0, 8, 9, 10


@shapes(rng="rng", T="size", B="size")
def copy_memory(rng, T, B):
    """Draw sequences of T + 20 steps.

    Args:
        rng: a `numpy.random.Generator`.
        T: how many steps lie between the last symbol and the first answer, at least 1.
        B: how many sequences.
    Returns:
        tokens: (T + 20, B), whole numbers from 0 to 9.
        targets: (T + 20, B), whole numbers from 0 to 8.
    Raises:
        TypeError, ValueError: an argument is out of range; the sentence says which.
    """
    symbols = rng.integers(1, SYMBOLS + 1, (LENGTH, B))
    tokens = np.full((T + 2 * LENGTH, B), BLANK)
    targets = tokens.copy()
    tokens[:LENGTH], tokens[T + LENGTH - 1], targets[-LENGTH:] = symbols, GO, symbols
    return tokens, targets


@shapes(T="size")
def copy_memory_baseline(T):
    """Cross-entropy of answering blank while waiting and each of the 8 symbols with probability 1/8 after "go".

    Args:
        T: as in `copy_memory`.
    Returns:
        10 log(8) / (T + 20), in nats per step.
    Raises:
        TypeError, ValueError: T is out of range.
    """
    return LENGTH * math.log(SYMBOLS) / (T + 2 * LENGTH)
