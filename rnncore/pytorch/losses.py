"""Losses, means over the predictions that count: the functions of `rnncore.reference.losses`, on any device.

    loss = sum_n w_n l_n / sum_n w_n

Contents
    softmax_cross_entropy_forward
    sigmoid_cross_entropy_forward
    mean_squared_error_forward

PyTorch's fused losses give each l_n; the weight w_n is 1, or what `mask` says, and 0 where the target is `ignore_index`. That something
counts is checked on the CPU alone, as all values are; on a GPU a loss of nothing is NaN.
Source: Goodfellow, Bengio and Courville (2016), section 6.2.2; the name `ignore_index` is PyTorch's.
"""

import torch
from torch.nn import functional as F

from rnncore.pytorch.arguments import tensors
from rnncore.pytorch.ranges import check_axes, check_range, looked_at

__all__ = ["mean_squared_error_forward", "sigmoid_cross_entropy_forward", "softmax_cross_entropy_forward"]


@tensors(logits="... V", targets="int ...")
def softmax_cross_entropy_forward(logits, targets, *, mask=None, ignore_index=None):
    """Mean of -log p(target), in nats, with p the softmax of the logits.

    Args:
        logits: (..., V).
        targets: (...), whole numbers from 0 to V - 1, or `ignore_index`.
        mask: (...), the weight of each prediction: True and False, or numbers from 0 up in the dtype of the logits; None counts all alike.
        ignore_index: a whole number that marks targets to leave out; it may lie outside 0 .. V - 1.
    Returns:
        loss: ().
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values, or nothing is counted; the sentence says which.

    >>> loss = softmax_cross_entropy_forward(torch.zeros(3, 4), torch.tensor([0, 1, -100]), ignore_index=-100)
    >>> round(loss.exp().item(), 4)  # four classes, none preferred
    4.0
    """
    name = "softmax_cross_entropy_forward"
    check_axes(f"{name}: targets", targets, logits.shape[:-1])
    counted = _counted(targets, ignore_index)
    targets = torch.where(counted, targets, 0).long()  # any class will do where the weight is zero
    check_range(f"{name}: targets", targets, 0, logits.shape[-1] - 1)
    weights = _weights(name, mask, counted, logits.dtype)
    losses = F.cross_entropy(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1), reduction="none")
    return (weights * losses.view(targets.shape)).sum()


@tensors(logits="...", targets="...")
def sigmoid_cross_entropy_forward(logits, targets, *, mask=None, ignore_index=None):
    """Mean of -y log p - (1 - y) log(1 - p), in nats, with p the sigmoid of the logits.

    Args:
        logits: (...).
        targets: (...), each between 0 and 1 or `ignore_index`, in the dtype of the logits.
        mask: (...), the weight of each prediction, or the shape without its last axis, one weight for all entries there:
            True and False, or numbers from 0 up in the dtype of the logits; None counts all alike.
        ignore_index: a number that marks targets to leave out, such as -1.
    Returns:
        loss: ().
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values, or nothing is counted; the sentence says which.
    """
    name = "sigmoid_cross_entropy_forward"
    check_axes(f"{name}: targets", targets, logits.shape)
    counted = _counted(targets, ignore_index)
    targets = torch.where(counted, targets, 0)
    check_range(f"{name}: targets", targets, 0, 1)
    weights = _weights(name, mask, counted, logits.dtype, vectors=True)
    return (weights * F.binary_cross_entropy_with_logits(logits, targets, reduction="none")).sum()


@tensors(predictions="...", targets="...")
def mean_squared_error_forward(predictions, targets, *, mask=None):
    """Mean of (prediction - target)^2 over all entries that count.

    Args:
        predictions: (...).
        targets: (...), in the dtype of the predictions.
        mask: (...), the weight of each entry, or the shape without its last axis, one weight for all entries there:
            True and False, or numbers from 0 up in the dtype of the predictions; None counts all alike.
    Returns:
        loss: ().
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values, or nothing is counted; the sentence says which.

    >>> counted = torch.tensor([True, True, False])
    >>> mean_squared_error_forward(torch.tensor([1.0, 2.0, 7.0]), torch.tensor([1.0, 4.0, 0.0]), mask=counted).item()  # (0 + 4) / 2
    2.0
    """
    name = "mean_squared_error_forward"
    check_axes(f"{name}: targets", targets, predictions.shape)
    weights = _weights(name, mask, _counted(targets, None), predictions.dtype, vectors=True)
    return (weights * F.mse_loss(predictions, targets, reduction="none")).sum()


def _counted(targets, ignore_index):
    return torch.ones_like(targets, dtype=torch.bool) if ignore_index is None else targets != ignore_index


def _weights(name, mask, counted, dtype, vectors=False):
    """The share of each prediction in the mean: they sum to 1, and are 0 for what does not count."""
    if mask is None:
        mask = counted
    if not isinstance(mask, torch.Tensor) or mask.dtype not in (torch.bool, dtype):
        got = mask.dtype if isinstance(mask, torch.Tensor) else f"a value of type {type(mask).__name__}"
        raise TypeError(f"{name}: mask must be a tensor of True and False or of {dtype}, got {got}.")
    if vectors and counted.ndim and mask.shape == counted.shape[:-1]:
        mask = mask[..., None].expand(counted.shape)
    check_axes(f"{name}: mask", mask, counted.shape)
    check_range(f"{name}: mask", mask, 0, torch.finfo(dtype).max)
    weights = torch.where(counted, mask, 0).to(dtype)
    total = weights.sum()
    if looked_at(total) and not total > 0:
        raise ValueError(f"{name}: mask and ignore_index must leave at least one prediction that counts, got none.")
    return weights / total
