r"""Functions that turn scores into numbers to multiply with, and the logarithms behind them.

    sigmoid(a)       = 1 / (1 + exp(-a))
    softmax(a)_i     = exp(a_i) / sum_j exp(a_j)
    log_sum_exp(a)   = log sum_j exp(a_j)
    log_softmax(a)_i = a_i - log_sum_exp(a)

Contents
    sigmoid, softmax, log_sum_exp, log_softmax

None of them overflows, whatever finite number comes in: the largest score is subtracted before exp is taken.
Source: Blanchard, Higham and Higham (2021), "Accurately Computing the Log-Sum-Exp and Softmax Functions".
"""

import numpy as np

from rnncore.reference.shapes import shapes

__all__ = ["log_softmax", "log_sum_exp", "sigmoid", "softmax"]


@shapes(a="...")
def sigmoid(a):
    """1 / (1 + exp(-a)), written with tanh so that nothing overflows.

    Args:
        a: (...), an array or a number.
    Returns:
        (...), between 0 and 1.
    Raises:
        TypeError, ValueError: the argument has the wrong type or values; the sentence says which.
    """
    return 0.5 * np.tanh(0.5 * a) + 0.5


@shapes(logits="... V")
def softmax(logits):
    """Turn scores into probabilities along the last axis; the largest score is subtracted first, so nothing overflows.

    Args:
        logits: (..., V).
    Returns:
        (..., V), positive, summing to 1 along the last axis.
    Raises:
        TypeError, ValueError: the argument has the wrong type, shape or values; the sentence says which.

    >>> softmax(np.array([0.0, np.log(3.0)])).round(3).tolist()
    [0.25, 0.75]
    """
    exp = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exp / exp.sum(axis=-1, keepdims=True)


@shapes(a="... V")
def log_sum_exp(a):
    """Log of the sum of exp over the last axis: adding numbers that are known by their logarithms.

    Args:
        a: (..., V).
    Returns:
        (...).
    Raises:
        TypeError, ValueError: the argument has the wrong type, shape or values; the sentence says which.

    >>> float(np.exp(log_sum_exp(np.log([2.0, 3.0]))).round(6)), float(log_sum_exp(np.array([1000.0, 0.0])))
    (5.0, 1000.0)
    """
    largest = a.max(axis=-1, keepdims=True)
    return largest[..., 0] + np.log(np.exp(a - largest).sum(axis=-1))


@shapes(logits="... V")
def log_softmax(logits):
    """Log of the softmax along the last axis, exact where the softmax itself would round to zero.

    Args:
        logits: (..., V).
    Returns:
        (..., V), at most 0.
    Raises:
        TypeError, ValueError: the argument has the wrong type, shape or values; the sentence says which.
    """
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
