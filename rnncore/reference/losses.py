r"""Losses: means over the predictions that count.

    softmax cross-entropy      l = -log softmax(logits)[target]                      one class out of V
    sigmoid cross-entropy      l = -y log p - (1 - y) log(1 - p),  p = sigmoid(logit)      yes or no, each on its own
    mean squared error         l = (prediction - target)^2

    loss = sum_n w_n l_n / sum_n w_n

Contents
    softmax_cross_entropy_forward, softmax_cross_entropy_backward
    sigmoid_cross_entropy_forward, sigmoid_cross_entropy_backward
    mean_squared_error_forward, mean_squared_error_backward

The leading axes are free. The weight w_n is 1 everywhere, or what `mask` says: 0 leaves a prediction out (padding), and other numbers
weigh it (rare classes). A prediction whose target is `ignore_index` is left out too. What is left out adds neither to the sum
nor to the count, so a batch gives the same loss however much padding it holds. Targets and masks are data and have no gradient.
Source: Goodfellow, Bengio and Courville (2016), section 6.2.2; the name `ignore_index` is PyTorch's.
"""

from typing import NamedTuple

import numpy as np

from rnncore.reference.activations import log_softmax, sigmoid
from rnncore.reference.ranges import check_axes, check_range
from rnncore.reference.shapes import shapes

__all__ = [
    "CrossEntropyCache",
    "MeanSquaredErrorCache",
    "mean_squared_error_backward",
    "mean_squared_error_forward",
    "sigmoid_cross_entropy_backward",
    "sigmoid_cross_entropy_forward",
    "softmax_cross_entropy_backward",
    "softmax_cross_entropy_forward",
]


class CrossEntropyCache(NamedTuple):
    """What a cross-entropy keeps for its backward pass."""

    probabilities: np.ndarray  # shaped as logits
    targets: np.ndarray  # (...)
    weights: np.ndarray  # (...), summing to 1


class MeanSquaredErrorCache(NamedTuple):
    """What the mean squared error keeps for its backward pass."""

    errors: np.ndarray  # (...), predictions - targets
    weights: np.ndarray  # (...), summing to 1


@shapes(logits="... V", targets="int ...")
def softmax_cross_entropy_forward(logits, targets, *, mask=None, ignore_index=None):
    """Mean of -log p(target), in nats, with p the softmax of the logits.

    Args:
        logits: (..., V).
        targets: (...), whole numbers from 0 to V - 1, or `ignore_index`.
        mask: (...), the weight of each prediction: True and False, or numbers from 0 up in the dtype of the logits; None counts all alike.
        ignore_index: a whole number that marks targets to leave out; it may lie outside 0 .. V - 1.
    Returns:
        loss: a scalar.
        cache: for `softmax_cross_entropy_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values, or nothing is counted; the sentence says which.

    >>> loss, _ = softmax_cross_entropy_forward(np.zeros((3, 4)), np.array([0, 1, -100]), ignore_index=-100)
    >>> float(loss.round(6)) == float(np.log(4).round(6))  # four classes, none preferred
    True
    """
    check_axes("softmax_cross_entropy_forward: targets", targets, logits.shape[:-1])
    counted = _counted(targets, ignore_index)
    check_range("softmax_cross_entropy_forward: targets", targets[counted], 0, logits.shape[-1] - 1)
    weights = _weights("softmax_cross_entropy_forward", mask, counted, logits.dtype)
    targets = np.where(counted, targets, 0)  # any class will do where the weight is zero
    log_p = log_softmax(logits)  # (..., V)
    log_p_target = np.take_along_axis(log_p, targets[..., None], axis=-1)[..., 0]
    return -np.sum(weights * log_p_target), CrossEntropyCache(np.exp(log_p), targets, weights)


@shapes(cache=(CrossEntropyCache, {}))
def softmax_cross_entropy_backward(cache, dloss=1.0):
    """Gradient of the loss with respect to the logits: (p - one_hot(target)) times the prediction's share of the mean.

    Args:
        cache: what `softmax_cross_entropy_forward` returned.
        dloss: a scalar, gradient with respect to the loss.
    Returns:
        dlogits: (..., V).
    Raises:
        TypeError: cache is not what the forward pass returned.
    """
    dlogits = cache.probabilities.copy()
    index = cache.targets[..., None]
    np.put_along_axis(dlogits, index, np.take_along_axis(dlogits, index, axis=-1) - 1, axis=-1)
    dlogits *= dloss * cache.weights[..., None]
    return dlogits


@shapes(logits="...", targets="...")
def sigmoid_cross_entropy_forward(logits, targets, *, mask=None, ignore_index=None):
    """Mean of -y log p - (1 - y) log(1 - p), in nats, with p the sigmoid of the logits.

    Args:
        logits: (...).
        targets: (...), each between 0 and 1 or `ignore_index`, in the dtype of the logits.
        mask: (...), the weight of each prediction, or the shape without its last axis, one weight for all entries there:
            True and False, or numbers from 0 up in the dtype of the logits; None counts all alike.
        ignore_index: a number that marks targets to leave out, such as -1.
    Returns:
        loss: a scalar.
        cache: for `sigmoid_cross_entropy_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values, or nothing is counted; the sentence says which.

    >>> loss, _ = sigmoid_cross_entropy_forward(np.array([0.0, 9.0]), np.array([1.0, -1.0]), ignore_index=-1)
    >>> float(loss.round(6)) == float(np.log(2).round(6))  # a logit of 0 is a probability of 1/2; the second target is left out
    True
    """
    check_axes("sigmoid_cross_entropy_forward: targets", targets, logits.shape)
    counted = _counted(targets, ignore_index)
    check_range("sigmoid_cross_entropy_forward: targets", targets[counted], 0, 1)
    weights = _weights("sigmoid_cross_entropy_forward", mask, counted, logits.dtype, vectors=True)
    targets = np.where(counted, targets, 0)
    losses = np.logaddexp(0, logits) - targets * logits  # log(1 + exp(a)) - y a
    return np.sum(weights * losses), CrossEntropyCache(sigmoid(logits), targets, weights)


@shapes(cache=(CrossEntropyCache, {}))
def sigmoid_cross_entropy_backward(cache, dloss=1.0):
    """Gradient of the loss with respect to the logits: (p - y) times the prediction's share of the mean.

    Args:
        cache: what `sigmoid_cross_entropy_forward` returned.
        dloss: a scalar, gradient with respect to the loss.
    Returns:
        dlogits: (...).
    Raises:
        TypeError: cache is not what the forward pass returned.
    """
    dlogits = cache.probabilities - cache.targets
    dlogits *= dloss * cache.weights
    return dlogits


@shapes(predictions="...", targets="...")
def mean_squared_error_forward(predictions, targets, *, mask=None):
    """Mean of (prediction - target)^2 over all entries that count.

    Args:
        predictions: (...).
        targets: (...), in the dtype of the predictions.
        mask: (...), the weight of each entry, or the shape without its last axis, one weight for all entries there:
            True and False, or numbers from 0 up in the dtype of the predictions; None counts all alike.
    Returns:
        loss: a scalar.
        cache: for `mean_squared_error_backward`.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values, or nothing is counted; the sentence says which.

    >>> loss, _ = mean_squared_error_forward(np.array([1.0, 2.0, 7.0]), np.array([1.0, 4.0, 0.0]), mask=np.array([True, True, False]))
    >>> float(loss)  # (0 + 4) / 2
    2.0
    """
    check_axes("mean_squared_error_forward: targets", targets, predictions.shape)
    errors = np.asarray(predictions - targets)
    weights = _weights("mean_squared_error_forward", mask, np.ones(errors.shape, bool), errors.dtype, vectors=True)
    return np.sum(weights * errors**2), MeanSquaredErrorCache(errors, weights)


@shapes(cache=(MeanSquaredErrorCache, {}))
def mean_squared_error_backward(cache, dloss=1.0):
    """Gradient of the loss with respect to the predictions: 2 (prediction - target) times the entry's share of the mean.

    Args:
        cache: what `mean_squared_error_forward` returned.
        dloss: a scalar, gradient with respect to the loss.
    Returns:
        dpredictions: (...).
    Raises:
        TypeError: cache is not what the forward pass returned.
    """
    dpredictions = 2 * cache.errors
    dpredictions *= dloss * cache.weights
    return dpredictions


def _counted(targets, ignore_index):
    return np.ones(targets.shape, bool) if ignore_index is None else np.asarray(targets != ignore_index)


def _weights(name, mask, counted, dtype, vectors=False):
    """The share of each prediction in the mean: they sum to 1, and are 0 for what does not count."""
    if mask is None:
        mask = counted
    if not isinstance(mask, np.ndarray) or mask.dtype not in (np.dtype(bool), dtype):
        got = f"dtype {mask.dtype}" if isinstance(mask, np.ndarray) else f"a value of type {type(mask).__name__}"
        raise TypeError(f"{name}: mask must be a NumPy array of True and False or of {dtype}, got {got}.")
    if vectors and mask.shape == counted.shape[:-1] and counted.ndim:
        mask = np.broadcast_to(mask[..., None], counted.shape)
    check_axes(f"{name}: mask", mask, counted.shape)
    check_range(f"{name}: mask", mask, 0, np.finfo(dtype).max)
    weights = np.where(counted, mask, 0).astype(dtype)
    total = weights.sum()
    if not total > 0:
        raise ValueError(f"{name}: mask and ignore_index must leave at least one prediction that counts, got none.")
    return weights / total
