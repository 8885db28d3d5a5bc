"""Mixtures of sine waves: given the values so far, predict the next one.

Contents
    sine_mixtures               inputs and the values one step later
    sine_mixtures_baseline      mean squared error of answering the last value
    sine_mixtures_linear        mean squared error of the linear rule that fits each sequence best

A sum of n sine waves without noise obeys x_t = c_1 x_{t-1} + ... + c_2n x_{t-2n} exactly, but the numbers c depend on the frequencies,
which differ from sequence to sequence, so a model has to find them as it reads.
Source: the linear rule: Prony (1795), known as his method; the task is this course's own.
"""

import numpy as np

from rnncore.reference.shapes import shapes

__all__ = ["sine_mixtures", "sine_mixtures_baseline", "sine_mixtures_linear"]


@shapes(rng="rng", T="size", B="size", waves="size")
def sine_mixtures(rng, T, B, *, waves=2, noise=0.0, dtype=np.float64):
    """Draw sequences, each a sum of sine waves with random periods of 8 to 40 steps, amplitudes and phases.

    Args:
        rng: a `numpy.random.Generator`.
        T: steps, at least 1.
        B: how many sequences.
        waves: n, how many sine waves are added; the variance of a sequence is near 1/2 for any n.
        noise: standard deviation of the noise on every value, at least 0.
        dtype: floating-point type of the arrays.
    Returns:
        xs: (T, B, 1), the values.
        targets: (T, B, 1), each one step later.
    Raises:
        TypeError, ValueError: an argument is out of range; the sentence says which.
    """
    if not noise >= 0:
        raise ValueError(f"sine_mixtures: noise must be at least 0, got {noise}.")
    frequency = 2 * np.pi / rng.uniform(8, 40, (waves, 1, B))
    phase, amplitude = rng.uniform(0, 2 * np.pi, (waves, 1, B)), rng.uniform(0.5, 1.5, (waves, 1, B))
    amplitude /= np.sqrt(np.square(amplitude).sum(axis=0))
    values = (amplitude * np.sin(frequency * np.arange(T + 1)[:, None] + phase)).sum(axis=0)  # (T + 1, B)
    values = (values + noise * rng.standard_normal(values.shape))[:, :, None].astype(dtype)
    return values[:-1].copy(), values[1:].copy()


@shapes(xs="T B D", targets="T B D")
def sine_mixtures_baseline(xs, targets):
    """Mean squared error of answering the last value that was seen ("persistence").

    Args:
        xs: (T, B, D), here with D = 1.
        targets: (T, B, D).
    Returns:
        The mean squared error.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    return float(np.square(targets - xs).mean())


@shapes(xs="T B D", targets="T B D", waves="size")
def sine_mixtures_linear(xs, targets, *, waves=2):
    """Mean squared error of the linear rule over the last 2n values that fits each sequence best, with all of it in view.

    Without noise it is exact. With noise a rule over more values, or a model that averages, can do better; none beats the noise.

    Args:
        xs: (T, B, D) with D = 1, T above 4n.
        targets: (T, B, D).
        waves: n.
    Returns:
        The mean squared error over the steps from 2n on; 0 up to rounding without noise.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    order = 2 * waves
    if len(xs) <= 2 * order:
        raise ValueError(f"sine_mixtures_linear: xs must have more than {2 * order} steps for {waves} waves, got {len(xs)}.")
    errors = []
    for x, target in zip(xs[:, :, 0].T, targets[:, :, 0].T, strict=True):
        past = np.lib.stride_tricks.sliding_window_view(x, order)  # (T - order + 1, order)
        c, *_ = np.linalg.lstsq(past, target[order - 1 :], rcond=None)
        errors.append(np.square(past @ c - target[order - 1 :]).mean())
    return float(np.mean(errors))
