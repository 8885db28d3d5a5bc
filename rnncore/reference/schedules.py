"""Learning-rate schedules: pure functions of the number of the step, which counts from 0.

Contents
    constant_lr    the same at every step
    step_lr        multiplied by a factor after every so many steps
    cosine_lr      down half a cosine wave
    warmup_lr      up a straight line first, then any of the above

    for step in range(steps):
        params, state = adam_step(params, grads, state, lr=warmup_lr(step, warmup=100, after=lambda s: cosine_lr(s, lr=1e-3, steps=900)))
Source: the cosine: Loshchilov and Hutter (2017); warmup: Goyal et al. (2017); the others are common practice.
"""

import math

import numpy as np

__all__ = ["constant_lr", "cosine_lr", "step_lr", "warmup_lr"]


def constant_lr(step, *, lr):
    """Give the same learning rate at every step.

    Args:
        step: number of the step, from 0.
        lr: a positive number.
    Returns:
        lr.
    Raises:
        TypeError, ValueError: an argument is out of range; the sentence says which.
    """
    _check("constant_lr", step, lr)
    return float(lr)


def step_lr(step, *, lr, every, factor=0.1):
    """Multiply the learning rate by `factor` after every `every` steps.

    Args:
        step: number of the step, from 0.
        lr: learning rate of the first steps, a positive number.
        every: how many steps share one learning rate, at least 1.
        factor: a positive number, usually below 1.
    Returns:
        lr * factor^floor(step / every).
    Raises:
        TypeError, ValueError: an argument is out of range; the sentence says which.

    >>> [step_lr(step, lr=1.0, every=2, factor=0.5) for step in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """
    _check("step_lr", step, lr, every=every)
    if not factor > 0:
        raise ValueError(f"step_lr: factor must be positive, got {factor}.")
    return lr * factor ** (step // every)


def cosine_lr(step, *, lr, steps, lr_min=0.0):
    """Lower the learning rate from `lr` at step 0 to `lr_min` at step `steps`, along half a cosine wave; it stays there.

    Args:
        step: number of the step, from 0.
        lr: learning rate of the first step, a positive number.
        steps: how many steps the way down takes, at least 1.
        lr_min: learning rate at its end, from 0 to lr.
    Returns:
        lr_min + (lr - lr_min) (1 + cos(pi step / steps)) / 2.
    Raises:
        TypeError, ValueError: an argument is out of range; the sentence says which.
    Source: Loshchilov and Hutter (2017), equation 5, without restarts.

    >>> [round(cosine_lr(step, lr=1.0, steps=4), 3) for step in range(6)]
    [1.0, 0.854, 0.5, 0.146, 0.0, 0.0]
    """
    _check("cosine_lr", step, lr, steps=steps)
    if not 0 <= lr_min <= lr:
        raise ValueError(f"cosine_lr: lr_min must lie between 0 and lr = {lr}, got {lr_min}.")
    return lr_min + (lr - lr_min) * (1 + math.cos(math.pi * min(step, steps) / steps)) / 2


def warmup_lr(step, *, warmup, after):
    """Raise the learning rate along a straight line for `warmup` steps to where another schedule starts, then follow that.

    Args:
        step: number of the step, from 0.
        warmup: how many steps the way up takes, at least 1; step warmup - 1 has the full rate.
        after: function of the step number, counted from 0 again, such as `lambda step: cosine_lr(step, lr=1e-3, steps=900)`.
    Returns:
        after(0) * (step + 1) / warmup, or after(step - warmup).
    Raises:
        TypeError, ValueError: an argument is out of range; the sentence says which.
    Source: Goyal et al. (2017), section 2.2.

    >>> [round(warmup_lr(step, warmup=4, after=lambda s: step_lr(s, lr=1.0, every=1, factor=0.5)), 3) for step in range(7)]
    [0.25, 0.5, 0.75, 1.0, 1.0, 0.5, 0.25]
    """
    _check("warmup_lr", step, 1.0, warmup=warmup)
    if not callable(after):
        raise TypeError(f"warmup_lr: after must be a function of the step number, got a value of type {type(after).__name__}.")
    return after(0) * (step + 1) / warmup if step < warmup else after(step - warmup)


def _check(where, step, lr, **counts):
    for name, value, least in [("step", step, 0), *((name, value, 1) for name, value in counts.items())]:
        if not isinstance(value, int | np.integer) or isinstance(value, bool):
            raise TypeError(f"{where}: {name} must be a whole number, got {value!r}.")
        if value < least:
            raise ValueError(f"{where}: {name} must be at least {least}, got {value}.")
    if not lr > 0:
        raise ValueError(f"{where}: lr must be positive, got {lr}.")
