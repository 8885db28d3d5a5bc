"""Lab 4, part 4: how far a truncated gradient is from the full one.

Contents
    bias    the check of `gradient_bias`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab04.inputs import draw_gradients

__all__ = ["bias"]


def gradient_bias(truncated, full):
    """Compare gradients with the full one: the cosine of the angle, and the size of the difference in units of the full one."""
    flat, whole = truncated.reshape(len(truncated), -1), full.ravel()  # (K, N), (N,)
    size = np.linalg.norm(whole)
    cosines = flat @ whole / (np.linalg.norm(flat, axis=1) * size)
    errors = np.linalg.norm(flat - whole, axis=1) / size
    return cosines, errors


def flattened(change):
    """What `change(truncated as (K, N), full as (N,))` gives."""
    return lambda truncated, full: change(truncated.reshape(len(truncated), -1), full.ravel())


def norms(flat):
    return np.linalg.norm(flat, axis=-1)


def with_cosines(change):
    """The right errors, and `change(flat, whole)` for the cosines."""
    return lambda truncated, full: (flattened(change)(truncated, full), gradient_bias(truncated, full)[1])


def with_errors(change):
    """The right cosines, and `change(flat, whole)` for the errors."""
    return lambda truncated, full: (gradient_bias(truncated, full)[0], flattened(change)(truncated, full))


def along_last(truncated, full):
    """A cosine and an error for every row of the gradients."""
    dots = (truncated * full).sum(axis=-1)
    return dots / (norms(truncated) * norms(full)), norms(truncated - full) / norms(full)


def angle_and_length_are_told_apart(function, rng):
    """A longer gradient keeps its cosine, the full one has no error, zero has the error 1, and the two numbers fit together."""
    full = rng.standard_normal((3, 4))
    one = rng.standard_normal((3, 4))
    cosines, errors = function(np.stack([full, 3 * full, -full, one, 5 * one, one - one / 2]), full)
    compare("for the full gradient, three times it and its opposite, cosines", cosines[:3], np.array([1.0, 1.0, -1.0]))
    compare("for the full gradient, three times it and its opposite, errors", errors[:3], np.array([0.0, 2.0, 2.0]), atol=1e-7)
    compare("for a gradient of another length, cosines", cosines[4:], np.repeat(cosines[3], 2))
    ratio = np.linalg.norm(one) / np.linalg.norm(full)
    compare("by the law of cosines, the square of errors", errors[3:4] ** 2, 1 + ratio**2 - 2 * ratio * cosines[3:4])


bias = Exercise(
    gradient_bias,
    outputs=("cosines", "errors"),
    letters="KDH",
    example=lambda: (np.array([[[3.0, 4.0]], [[4.0, -3.0]], [[6.0, 8.0]]]), np.array([[3.0, 4.0]])),
    draw=draw_gradients,
    properties=(angle_and_length_are_told_apart,),
    mistakes={
        "the cosines are not divided by the lengths of the two gradients": with_cosines(lambda flat, whole: flat @ whole),
        "the cosines are divided by the length of the truncated gradient only; divide by both lengths": with_cosines(
            lambda flat, whole: flat @ whole / norms(flat)
        ),
        "the cosines are divided by the length of the full gradient only; divide by both lengths": with_cosines(
            lambda flat, whole: flat @ whole / norms(whole)
        ),
        "the cosines are divided by the square of the full gradient's length; divide by both lengths": with_cosines(
            lambda flat, whole: flat @ whole / norms(whole) ** 2
        ),
        "the cosines are divided by the squares of the lengths; a root is missing": with_cosines(
            lambda flat, whole: flat @ whole / (norms(flat) ** 2 * norms(whole) ** 2)
        ),
        "the cosines lack their sign": with_cosines(lambda flat, whole: np.abs(gradient_bias(flat, whole)[0])),
        "the cosines are squared": with_cosines(lambda flat, whole: gradient_bias(flat, whole)[0] ** 2),
        "1 minus the cosine stands in the place of the cosine": with_cosines(lambda flat, whole: 1 - gradient_bias(flat, whole)[0]),
        "the angle stands in the place of its cosine": with_cosines(
            lambda flat, whole: np.arccos(np.clip(gradient_bias(flat, whole)[0], -1, 1))
        ),
        "the ratio of the lengths stands in the place of the cosine": with_cosines(lambda flat, whole: norms(flat) / norms(whole)),
        "all K gradients are measured as one: divide each by its own length": with_cosines(
            lambda flat, whole: flat @ whole / (np.linalg.norm(flat) * norms(whole))
        ),
        "the means are subtracted first: this is the correlation of the entries": with_cosines(
            lambda flat, whole: gradient_bias(flat - flat.mean(axis=1, keepdims=True), whole - whole.mean())[0]
        ),
        "the lengths in the cosines are sums of absolute values; a length has squares and a root": with_cosines(
            lambda flat, whole: flat @ whole / (np.abs(flat).sum(axis=1) * np.abs(whole).sum())
        ),
        "the gradients are multiplied as they come, with several axes; make vectors of them first": lambda truncated, full: truncated
        @ full,
        "1 minus the cosine stands in the place of the error": with_errors(lambda flat, whole: 1 - gradient_bias(flat, whole)[0]),
        "the errors are not divided by the length of the full gradient": with_errors(lambda flat, whole: norms(flat - whole)),
        "the errors are divided by the length of the truncated gradient; the full one is the measure": with_errors(
            lambda flat, whole: norms(flat - whole) / norms(flat)
        ),
        "the errors are squared; a root is missing": with_errors(lambda flat, whole: norms(flat - whole) ** 2 / norms(whole) ** 2),
        "the errors compare lengths; take the length of the difference": with_errors(
            lambda flat, whole: np.abs(norms(flat) - norms(whole)) / norms(whole)
        ),
        "the errors compare lengths, with a sign; take the length of the difference": with_errors(
            lambda flat, whole: (norms(flat) - norms(whole)) / norms(whole)
        ),
        "the errors are means of the relative errors of the entries": with_errors(
            lambda flat, whole: np.abs((flat - whole) / whole).mean(axis=1)
        ),
        "the errors add up absolute values; the length has squares and a root": with_errors(
            lambda flat, whole: np.abs(flat - whole).sum(axis=1) / np.abs(whole).sum()
        ),
        "all K differences are measured as one; each gradient has its own error": with_errors(
            lambda flat, whole: np.repeat(np.linalg.norm(flat - whole) / norms(whole), len(flat)).astype(flat.dtype)
        ),
        "there is a number for each row of the gradients; flatten each gradient first": along_last,
        "cosines and errors are exchanged": lambda truncated, full: gradient_bias(truncated, full)[::-1],
        "the matrix norm of np.linalg.norm(..., 2) is taken, a singular value; flatten each gradient first": lambda truncated, full: (
            gradient_bias(truncated, full)[0],
            np.array([np.linalg.norm(one - full, 2) / np.linalg.norm(full, 2) for one in truncated]),
        ),
    },
)
