"""Functions that turn scores into numbers to multiply with: the functions of `rnncore.reference.activations`, on any device.

Contents
    sigmoid, softmax, log_sum_exp, log_softmax

Each is PyTorch's own, along the last axis; none of them overflows.
Source: Blanchard, Higham and Higham (2021), "Accurately Computing the Log-Sum-Exp and Softmax Functions".
"""

import torch

from rnncore.pytorch.arguments import tensors

__all__ = ["log_softmax", "log_sum_exp", "sigmoid", "softmax"]


@tensors(a="...")
def sigmoid(a):
    """1 / (1 + exp(-a)).

    Args:
        a: (...), a tensor.
    Returns:
        (...), between 0 and 1.
    Raises:
        TypeError, ValueError: the argument has the wrong type or values; the sentence says which.
    """
    return torch.sigmoid(a)


@tensors(logits="... V")
def softmax(logits):
    """Turn scores into probabilities along the last axis.

    Args:
        logits: (..., V).
    Returns:
        (..., V), from 0 up, summing to 1 along the last axis.
    Raises:
        TypeError, ValueError: the argument has the wrong type, shape or values; the sentence says which.
    """
    return torch.softmax(logits, dim=-1)


@tensors(a="... V")
def log_sum_exp(a):
    """Log of the sum of exp over the last axis.

    Args:
        a: (..., V).
    Returns:
        (...).
    Raises:
        TypeError, ValueError: the argument has the wrong type, shape or values; the sentence says which.

    >>> log_sum_exp(torch.tensor([1000.0, 0.0])).item()
    1000.0
    """
    return torch.logsumexp(a, dim=-1)


@tensors(logits="... V")
def log_softmax(logits):
    """Log of the softmax along the last axis, exact where the softmax itself would round to zero.

    Args:
        logits: (..., V).
    Returns:
        (..., V), at most 0.
    Raises:
        TypeError, ValueError: the argument has the wrong type, shape or values; the sentence says which.
    """
    return torch.log_softmax(logits, dim=-1)
