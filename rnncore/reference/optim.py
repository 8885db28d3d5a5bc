"""Optimisers: pure functions from parameters and gradients to new parameters.

Contents
    clip_by_norm     scale all gradients together so that their norm stays below a bound
    sgd_step         stochastic gradient descent
    init_adam, adam_step

Parameters and gradients are trees (nested dicts of arrays) of the same structure. Nothing is changed in place.
"""

from typing import Any, NamedTuple

import numpy as np

from rnncore.reference.tree import leaves, tree_map

__all__ = ["AdamState", "adam_step", "clip_by_norm", "init_adam", "sgd_step"]


def clip_by_norm(grads, max_norm):
    """Scale the gradients so that the norm of all of them together is at most `max_norm`; the direction stays.

    Args:
        grads: tree of arrays.
        max_norm: a positive number.
    Returns:
        grads: the scaled tree.
        norm: the norm before scaling.
    Raises:
        ValueError: max_norm is not positive, or a gradient is not finite.
    Source: Pascanu, Mikolov and Bengio (2013), algorithm 1.

    >>> clipped, norm = clip_by_norm({"w": np.array([3.0, 4.0])}, max_norm=1.0)
    >>> float(norm), clipped["w"].round(2).tolist()
    (5.0, [0.6, 0.8])
    """
    _check_positive("clip_by_norm: max_norm", max_norm)
    _check_grads("clip_by_norm", grads)
    norm = np.sqrt(sum(float(np.sum(np.square(g, dtype=np.float64))) for _, g in leaves(grads)))
    scale = min(1.0, max_norm / norm) if norm > 0 else 1.0
    return tree_map(lambda g: g * g.dtype.type(scale), grads), norm


def sgd_step(params, grads, *, lr):
    """Take one step of gradient descent: p - lr * dp.

    Args:
        params: tree of arrays.
        grads: tree of arrays of the same structure.
        lr: learning rate, a positive number.
    Returns:
        params: the new tree.
    Raises:
        ValueError: the trees differ, lr is not positive, or a gradient is not finite.
    """
    _check_positive("sgd_step: lr", lr)
    _check_grads("sgd_step", grads, params)
    return tree_map(lambda p, g: p - p.dtype.type(lr) * g, params, grads)


class AdamState(NamedTuple):
    """Running means of the gradient and of its square, and how many steps were taken."""

    step: int
    mean: Any  # tree as the parameters
    square: Any  # tree as the parameters


def init_adam(params):
    """Start Adam with zero means.

    Args:
        params: tree of arrays.
    Returns:
        An `AdamState`.
    Raises:
        TypeError, ValueError: a parameter is not a floating-point array of finite numbers.
    """
    _check_arrays("init_adam: params", params)
    return AdamState(0, tree_map(np.zeros_like, params), tree_map(np.zeros_like, params))


def adam_step(params, grads, state, *, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    """Take one step of Adam.

    Args:
        params: tree of arrays.
        grads: tree of arrays of the same structure.
        state: an `AdamState`.
        lr: learning rate, a positive number.
        betas: decay of the two running means, each in [0, 1).
        eps: added to the denominator, a positive number.
    Returns:
        params: the new tree.
        state: the new `AdamState`.
    Raises:
        ValueError: the trees differ, a setting is out of range, or a gradient is not finite.
    Source: Kingma and Ba (2015), algorithm 1.
    """
    _check_positive("adam_step: lr", lr)
    _check_positive("adam_step: eps", eps)
    b1, b2 = betas
    if not (0 <= b1 < 1 and 0 <= b2 < 1):
        raise ValueError(f"adam_step: betas must both lie in [0, 1), got {betas}.")
    _check_grads("adam_step", grads, params)
    step = state.step + 1
    mean = tree_map(lambda m, g: (b1 * m + (1 - b1) * g).astype(g.dtype), state.mean, grads)
    square = tree_map(lambda s, g: (b2 * s + (1 - b2) * g * g).astype(g.dtype), state.square, grads)

    def update(p, m, s):
        m_hat, s_hat = m / (1 - b1**step), s / (1 - b2**step)
        return (p - lr * m_hat / (np.sqrt(s_hat) + eps)).astype(p.dtype)

    return tree_map(update, params, mean, square), AdamState(step, mean, square)


def _check_positive(name, value):
    if not value > 0:
        raise ValueError(f"{name} must be positive, got {value}.")


def _check_grads(where, grads, params=None):
    _check_arrays(f"{where}: grads", grads)
    if params is None:
        return
    ours, theirs = leaves(params), leaves(grads)
    for (path, p), (grad_path, g) in zip(ours, theirs, strict=False):
        if path != grad_path or np.shape(p) != np.shape(g):
            raise ValueError(f"{where}: grads{grad_path} {np.shape(g)} does not match params{path} {np.shape(p)}.")
    if len(ours) != len(theirs):
        raise ValueError(f"{where}: params has {len(ours)} arrays but grads has {len(theirs)}.")


def _check_arrays(name, tree):
    for path, array in leaves(tree):
        if not isinstance(array, np.ndarray) or not np.issubdtype(array.dtype, np.floating):
            raise TypeError(f"{name}{path} must be a floating-point NumPy array, got {type(array).__name__}.")
        if not np.isfinite(array).all():
            raise ValueError(f"{name}{path} must hold finite numbers, got {array[~np.isfinite(array)][0]}.")
