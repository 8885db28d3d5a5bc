"""Optimisers: pure functions from parameters and gradients to new parameters.

Contents
    clip_by_norm     scale all gradients together so that their norm stays below a bound
    clip_by_value    cut each entry to an interval
    sgd_step         stochastic gradient descent
    init_momentum, momentum_step
    init_adam, adam_step, adamw_step

Weight decay comes in two forms, which are the same for plain gradient descent only:

    L2          the gradient of (weight_decay / 2) ||p||^2 joins the gradient: dp + weight_decay p. Adam then divides it, with the
                rest, by the size of past gradients, so weights with large gradients decay less (sgd_step, momentum_step, adam_step).
    decoupled   p shrinks by the factor 1 - lr weight_decay, whatever its gradient (adamw_step).

Parameters and gradients are trees (nested dicts of arrays) of the same structure. Nothing is changed in place. Settings have the names
of `torch.optim`; schedules.py gives the learning rate of each step.
Source: each function names its own; the plain step: Robbins and Monro (1951).
"""

from typing import Any, NamedTuple

import numpy as np

from rnncore.reference.tree import leaves, tree_map

__all__ = [
    "AdamState",
    "MomentumState",
    "adam_step",
    "adamw_step",
    "clip_by_norm",
    "clip_by_value",
    "init_adam",
    "init_momentum",
    "momentum_step",
    "sgd_step",
]


def clip_by_norm(grads, max_norm):
    """Scale the gradients so that the norm of all of them together is at most `max_norm`; the direction stays.

    Args:
        grads: tree of arrays.
        max_norm: a positive number.
    Returns:
        grads: the scaled tree, shaped as grads.
        norm: the norm before scaling.
    Raises:
        TypeError: a gradient is no floating-point array.
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


def clip_by_value(grads, max_value):
    """Cut each entry of the gradients to the interval from -max_value to max_value; the direction changes.

    Args:
        grads: tree of arrays.
        max_value: a positive number.
    Returns:
        The tree of cut gradients, shaped as grads.
    Raises:
        TypeError: a gradient is no floating-point array.
        ValueError: max_value is not positive, or a gradient is not finite.
    Source: Mikolov (2012), PhD thesis; Graves (2013), section 2.1, cuts the gradients of the pre-activations instead.

    >>> clip_by_value({"w": np.array([3.0, 0.5, -4.0])}, max_value=1.0)["w"].tolist()
    [1.0, 0.5, -1.0]
    """
    _check_positive("clip_by_value: max_value", max_value)
    _check_grads("clip_by_value", grads)
    return tree_map(lambda g: np.clip(g, -max_value, max_value).astype(g.dtype), grads)


def sgd_step(params, grads, *, lr, weight_decay=0.0):
    """Take one step of gradient descent: p - lr (dp + weight_decay p).

    Args:
        params: tree of arrays.
        grads: tree of arrays of the same structure.
        lr: learning rate, a positive number.
        weight_decay: L2 penalty, at least 0.
    Returns:
        params: the new tree, shaped as params.
    Raises:
        TypeError: a gradient is no floating-point array.
        ValueError: the trees differ, a setting is out of range, or a gradient is not finite.

    >>> sgd_step({"w": np.array([1.0])}, {"w": np.array([0.5])}, lr=0.1)["w"].tolist()
    [0.95]
    """
    _check_positive("sgd_step: lr", lr)
    _check_grads("sgd_step", grads, params)
    grads = _with_l2("sgd_step", params, grads, weight_decay)
    return tree_map(lambda p, g: p - p.dtype.type(lr) * g, params, grads)


class MomentumState(NamedTuple):
    """The running sum of gradients."""

    velocity: Any  # tree as the parameters


def init_momentum(params):
    """Start momentum with zero velocity.

    Args:
        params: tree of arrays.
    Returns:
        A `MomentumState`.
    Raises:
        TypeError, ValueError: a parameter is not a floating-point array of finite numbers.
    """
    _check_arrays("init_momentum: params", params)
    return MomentumState(tree_map(np.zeros_like, params))


def momentum_step(params, grads, state, *, lr, momentum=0.9, nesterov=False, weight_decay=0.0):
    """Take one step of gradient descent with momentum, in the form of `torch.optim.SGD`.

        v <- momentum v + dp,    p <- p - lr v                      (nesterov: p <- p - lr (dp + momentum v))

    Other texts put lr inside the velocity; the two differ only where lr changes from step to step.

    Args:
        params: tree of arrays.
        grads: tree of arrays of the same structure.
        state: a `MomentumState`.
        lr: learning rate, a positive number.
        momentum: how much of the velocity is kept, in [0, 1).
        nesterov: look ahead along the velocity.
        weight_decay: L2 penalty, at least 0: dp + weight_decay p takes the place of dp.
    Returns:
        params: the new tree, shaped as params.
        state: the new `MomentumState`.
    Raises:
        TypeError: a gradient is no floating-point array, or state is of another type.
        ValueError: the trees differ, a setting is out of range, or a gradient is not finite.
    Source: Polyak (1964); Sutskever, Martens, Dahl and Hinton (2013) for recurrent networks.

    >>> params, grads = {"w": np.array([1.0])}, {"w": np.array([1.0])}
    >>> params, state = momentum_step(params, grads, init_momentum(params), lr=0.1)
    >>> params, state = momentum_step(params, grads, state, lr=0.1)
    >>> params["w"].round(6).tolist(), state.velocity["w"].round(6).tolist()  # 1 - 0.1 - 0.1 * 1.9
    ([0.71], [1.9])
    """
    _check_positive("momentum_step: lr", lr)
    if not 0 <= momentum < 1:
        raise ValueError(f"momentum_step: momentum must lie in [0, 1), got {momentum}.")
    _check_grads("momentum_step", grads, params)
    _check_state("momentum_step", state, MomentumState)
    grads = _with_l2("momentum_step", params, grads, weight_decay)
    velocity = tree_map(lambda v, g: (momentum * v + g).astype(g.dtype), state.velocity, grads)
    direction = tree_map(lambda v, g: g + momentum * v, velocity, grads) if nesterov else velocity
    return tree_map(lambda p, d: (p - lr * d).astype(p.dtype), params, direction), MomentumState(velocity)


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


def adam_step(params, grads, state, *, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
    """Take one step of Adam.

    Args:
        params: tree of arrays.
        grads: tree of arrays of the same structure.
        state: an `AdamState`.
        lr: learning rate, a positive number.
        betas: decay of the two running means, each in [0, 1).
        eps: added to the denominator, a positive number.
        weight_decay: L2 penalty, at least 0: dp + weight_decay p takes the place of dp. See `adamw_step` for the decoupled form.
    Returns:
        params: the new tree, shaped as params.
        state: the new `AdamState`.
    Raises:
        TypeError: a gradient is no floating-point array, or state is of another type.
        ValueError: the trees differ, a setting is out of range, or a gradient is not finite.
    Source: Kingma and Ba (2015), algorithm 1.

    >>> params = {"w": np.array([1.0, 1.0])}
    >>> params, state = adam_step(params, {"w": np.array([1e-3, -1e3])}, init_adam(params), lr=0.1)
    >>> params["w"].round(4).tolist()  # the first step is lr long, whatever the size of the gradient
    [0.9, 1.1]
    """
    return _adam("adam_step", params, grads, state, lr, betas, eps, weight_decay, decoupled=False)


def adamw_step(params, grads, state, *, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
    """Take one step of AdamW: first p <- (1 - lr weight_decay) p, then the step of Adam for the gradient alone.

    Every array shrinks, biases too; leave those that should not out of params and step them with `adam_step`.

    Args:
        params, grads, state, lr, betas, eps: as in `adam_step`; the state comes from `init_adam`.
        weight_decay: decoupled decay, at least 0.
    Returns:
        params: the new tree, shaped as params.
        state: the new `AdamState`.
    Raises:
        TypeError: a gradient is no floating-point array, or state is of another type.
        ValueError: the trees differ, a setting is out of range, or a gradient is not finite.
    Source: Loshchilov and Hutter (2019), algorithm 2, scaled by lr as in `torch.optim.AdamW`.

    >>> params = {"w": np.array([1.0])}
    >>> params, state = adamw_step(params, {"w": np.array([0.0])}, init_adam(params), lr=0.1, weight_decay=0.5)
    >>> params["w"].round(4).tolist()  # no gradient: only the decay
    [0.95]
    """
    return _adam("adamw_step", params, grads, state, lr, betas, eps, weight_decay, decoupled=True)


def _adam(where, params, grads, state, lr, betas, eps, weight_decay, decoupled):
    _check_positive(f"{where}: lr", lr)
    _check_positive(f"{where}: eps", eps)
    b1, b2 = betas
    if not (0 <= b1 < 1 and 0 <= b2 < 1):
        raise ValueError(f"{where}: betas must both lie in [0, 1), got {betas}.")
    _check_grads(where, grads, params)
    _check_state(where, state, AdamState)
    grads = _with_l2(where, params, grads, weight_decay, used=not decoupled)
    shrink = 1 - lr * weight_decay if decoupled else 1
    step = state.step + 1
    mean = tree_map(lambda m, g: (b1 * m + (1 - b1) * g).astype(g.dtype), state.mean, grads)
    square = tree_map(lambda s, g: (b2 * s + (1 - b2) * g * g).astype(g.dtype), state.square, grads)

    def update(p, m, s):
        m_hat, s_hat = m / (1 - b1**step), s / (1 - b2**step)
        return (shrink * p - lr * m_hat / (np.sqrt(s_hat) + eps)).astype(p.dtype)

    return tree_map(update, params, mean, square), AdamState(step, mean, square)


def _with_l2(where, params, grads, weight_decay, used=True):
    if not weight_decay >= 0:
        raise ValueError(f"{where}: weight_decay must be at least 0, got {weight_decay}.")
    if not used or weight_decay == 0:
        return grads
    return tree_map(lambda p, g: (g + weight_decay * p).astype(g.dtype), params, grads)


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


def _check_state(where, state, kind):
    if not isinstance(state, kind):
        raise TypeError(f"{where}: state must be a value of type {kind.__name__}, got one of type {type(state).__name__}.")


def _check_arrays(name, tree):
    for path, array in leaves(tree):
        if not isinstance(array, np.ndarray) or not np.issubdtype(array.dtype, np.floating):
            raise TypeError(f"{name}{path} must be a floating-point NumPy array, got {type(array).__name__}.")
        if not np.isfinite(array).all():
            raise ValueError(f"{name}{path} must hold finite numbers, got {array[~np.isfinite(array)][0]}.")
