"""Lab 13, part 2: training, validation and test, in time.

Contents
    split    the check of `split_in_time`
"""

import numpy as np

from rnncore.checks.compare import CheckFailed, compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab13.inputs import draw_split

__all__ = ["split"]


def split_in_time(count, T, horizon, first_validation, first_test):
    """Say which windows belong to training, validation and test, by the steps of their targets."""
    first = np.arange(count) + T
    after = first + horizon
    train = np.flatnonzero(after <= first_validation)
    validation = np.flatnonzero((first >= first_validation) & (after <= first_test))
    test = np.flatnonzero(first >= first_test)
    return train, validation, test


def with_bounds(train, validation, test):
    """Three parts by conditions on (first, after, start, v, t); first and after are those of the targets."""

    def wrong(count, T, horizon, first_validation, first_test):
        start = np.arange(count)
        args = start + T, start + T + horizon, start, first_validation, first_test
        return tuple(np.flatnonzero(condition(*args)) for condition in (train, validation, test))

    return wrong


def is_train(first, after, start, v, t):
    return after <= v


def is_validation(first, after, start, v, t):
    return (first >= v) & (after <= t)


def is_test(first, after, start, v, t):
    return first >= t


def and_change(change):
    return lambda *args: change(*split_in_time(*args))


def targets_stay_in_their_part(function, rng):
    """No target of training comes at or after the first validation step, and no window that would fit is left out."""
    for T, horizon, v, t, N in ((3, 1, 7, 9, 12), (2, 3, 8, 12, 17), (1, 2, 4, 8, 11)):
        count = N - T - horizon + 1
        parts = function(count, T, horizon, v, t)
        taken = np.zeros(count)
        for name, part, low, high in zip(("train", "validation", "test"), parts, (0, v, t), (v, t, N), strict=True):
            for b in part:
                if not (low <= b + T and b + T + horizon <= high):
                    raise CheckFailed(f"a target of window {b} does not lie in the steps of {name}, {low} to {high - 1}.")
                taken[b] += 1
        fits = [sum(low <= b + T and b + T + horizon <= high for low, high in ((0, v), (v, t), (t, N))) for b in range(count)]
        compare("how often each window is taken", taken, np.array(fits, float))


split = Exercise(
    split_in_time,
    outputs=("train", "validation", "test"),
    letters="TKAVW",
    example=lambda: (7, 2, 2, 5, 8),
    draw=draw_split,
    properties=(targets_stay_in_their_part,),
    mistakes={
        "only the first target is looked at, so that training has targets from the validation steps; all targets of a window must lie in "
        "one part": with_bounds(lambda f, a, s, v, t: f < v, lambda f, a, s, v, t: (f >= v) & (f < t), is_test),
        "only the last target is looked at, so that validation and test begin with targets of the part before": with_bounds(
            is_train, lambda f, a, s, v, t: (a > v) & (a <= t), lambda f, a, s, v, t: a > t
        ),
        "only the first target of the training windows is looked at; the others may reach into validation": with_bounds(
            lambda f, a, s, v, t: f < v, is_validation, is_test
        ),
        "only the first target of the validation windows is looked at; the others may reach into the test": with_bounds(
            is_train, lambda f, a, s, v, t: (f >= v) & (f < t), is_test
        ),
        "the windows are sorted by where their inputs start; what counts is where their targets lie": with_bounds(
            lambda f, a, s, v, t: s < v, lambda f, a, s, v, t: (s >= v) & (s < t), lambda f, a, s, v, t: s >= t
        ),
        "the inputs of validation and test must lie in their part, too; they may reach back, since the past is known": with_bounds(
            is_train, lambda f, a, s, v, t: (s >= v) & (a <= t), lambda f, a, s, v, t: s >= t
        ),
        "the inputs of the test must lie in its part, too; they may reach back, since the past is known": with_bounds(
            is_train, is_validation, lambda f, a, s, v, t: s >= t
        ),
        "the last training window is missing: its last target is the step before first_validation": with_bounds(
            lambda f, a, s, v, t: a < v, is_validation, is_test
        ),
        "the last window of training and the last of validation are missing: a step is counted twice": with_bounds(
            lambda f, a, s, v, t: a < v, lambda f, a, s, v, t: (f >= v) & (a < t), is_test
        ),
        "the first window of validation and the first of the test are missing: first_validation and first_test belong to their parts": (
            with_bounds(is_train, lambda f, a, s, v, t: (f > v) & (a <= t), lambda f, a, s, v, t: f > t)
        ),
        "the first test window is missing: first_test belongs to the test": with_bounds(
            is_train, is_validation, lambda f, a, s, v, t: f > t
        ),
        "training has one window too many, whose last target is first_validation": with_bounds(
            lambda f, a, s, v, t: a <= v + 1, is_validation, is_test
        ),
        "one window too many is in training and in validation: its last target belongs to the next part": with_bounds(
            lambda f, a, s, v, t: a <= v + 1, lambda f, a, s, v, t: (f >= v) & (a <= t + 1), is_test
        ),
        "the steps are taken for windows: a window's targets come T steps after its start": with_bounds(
            lambda f, a, s, v, t: a - f + s <= v, lambda f, a, s, v, t: (s >= v) & (a - f + s <= t), lambda f, a, s, v, t: s >= t
        ),
        "validation holds the test windows as well": with_bounds(is_train, lambda f, a, s, v, t: f >= v, is_test),
        "whatever is not in training or validation is in the test; windows across a cut belong nowhere": with_bounds(
            is_train, is_validation, lambda *args: ~is_train(*args) & ~is_validation(*args)
        ),
        "training holds the validation windows as well": with_bounds(lambda f, a, s, v, t: a <= t, is_validation, is_test),
        "validation does not end: windows across the cut to the test are in it, and the test windows too": with_bounds(
            is_train, lambda f, a, s, v, t: a > v, is_test
        ),
        "the places are counted from the beginning of each part; they are the numbers of the windows": and_change(
            lambda train, validation, test: (train, validation - validation[0], test - test[0])
        ),
        "the steps of the first targets are returned; return the numbers of the windows": lambda count, T, *rest: tuple(
            part + T for part in split_in_time(count, T, *rest)
        ),
        "the order is train, test, validation; return train, validation, test": and_change(
            lambda train, validation, test: (train, test, validation)
        ),
        "np.where gives a tuple that holds one array; take the array out of it": and_change(
            lambda *parts: tuple((part,) for part in parts)
        ),
        "True and False for every window are returned; return the numbers of the windows": lambda count, *rest: tuple(
            np.isin(np.arange(count), part) for part in split_in_time(count, *rest)
        ),
    },
)
