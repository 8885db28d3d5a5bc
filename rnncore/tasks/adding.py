"""The adding problem: remember two numbers among many, for as long as the sequence lasts.

Contents
    adding_problem      numbers, markers and the sum of the two marked numbers
    adding_baseline     mean squared error of always answering 1

Source: Hochreiter and Schmidhuber (1997), experiment 4. As in later work, Le, Jaitly and Hinton (2015) and Arjovsky, Shah
and Bengio (2016), the numbers lie in [0, 1), the target is their plain sum, all sequences have T steps, and each half holds one marker.
"""

import numpy as np

from rnncore.reference.shapes import shapes

__all__ = ["adding_baseline", "adding_problem"]


@shapes(rng="rng", T="size", B="size")
def adding_problem(rng, T, B, *, dtype=np.float64):
    """Draw sequences of pairs (number, marker); two markers are 1, the others 0.

    Args:
        rng: a `numpy.random.Generator`.
        T: steps, at least 2.
        B: how many sequences.
        dtype: floating-point type of the arrays.
    Returns:
        xs: (T, B, 2), the number in [0, 1) and the marker of each step.
        targets: (B, 1), the sum of the two marked numbers.
    Raises:
        TypeError, ValueError: an argument is out of range; the sentence says which.
    """
    if T < 2:
        raise ValueError(f"adding_problem: T must be at least 2, so that there are two numbers to add, got {T}.")
    numbers, markers = rng.random((T, B)), np.zeros((T, B))
    half, columns = T // 2, np.arange(B)
    markers[rng.integers(0, half, B), columns] = 1
    markers[rng.integers(half, T, B), columns] = 1
    targets = (numbers * markers).sum(axis=0)
    return np.stack([numbers, markers], axis=2).astype(dtype), targets[:, None].astype(dtype)


def adding_baseline():
    """Mean squared error of always answering 1, the mean of the targets: the variance of a sum of two uniform numbers.

    Returns:
        1/6, about 0.1667.
    """
    return 1 / 6
