"""Lab 13, part 1: windows of a series, and what follows each.

Contents
    window    the check of `windows`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab13.inputs import SERIES, draw_windows

__all__ = ["window"]


def windows(values, T, horizon):
    """Cut a series into all windows of T steps and the steps that follow each."""
    count = len(values) - T - horizon + 1
    xs = np.stack([values[b : b + T] for b in range(count)], axis=1)
    targets = np.stack([values[b + T : b + T + horizon] for b in range(count)], axis=1)
    return xs, targets


def count_of(values, T, horizon):
    return len(values) - T - horizon + 1


def cut(values, starts, steps, axis=1):
    """The `steps` steps from each start on, side by side."""
    return np.stack([values[b : b + steps] for b in starts], axis=axis)


def with_starts(starts):
    """The right function but for the starts, which are `starts(N, T, horizon)`."""

    def wrong(values, T, horizon):
        chosen = starts(len(values), T, horizon)
        return cut(values, chosen, T), cut(values, [b + T for b in chosen], horizon)

    return wrong


def with_targets(change):
    """The right windows, and `change(values, T, horizon, starts)` in the place of the targets."""
    return lambda values, T, horizon: (
        windows(values, T, horizon)[0],
        change(values, T, horizon, range(count_of(values, T, horizon))),
    )


def with_xs(change):
    return lambda values, T, horizon: (change(windows(values, T, horizon)[0], values), windows(values, T, horizon)[1])


def each_window_goes_on_in_its_targets(function, rng):
    """On a series that counts its steps, window b counts on from b, and its targets count on from there."""
    for T, horizon, count in ((3, 2, 4), (1, 1, 5), (4, 3, 1)):
        steps = np.arange(float(count + T + horizon - 1))
        xs, targets = function(np.stack([steps, 100 + steps], axis=1), T, horizon)
        compare("the number of windows", np.array(xs.shape[1]), np.array(count))
        both = np.concatenate([xs, targets])
        wanted = np.arange(float(T + horizon))[:, None] + np.arange(float(count))
        compare("a series that counts its steps: window and targets, one behind the other,", both[:, :, 0], wanted)
        compare("the second series", both[:, :, 1], 100 + wanted)


window = Exercise(
    windows,
    outputs=("xs", "targets"),
    letters="TKBD",
    example=lambda: (SERIES, 2, 1),
    draw=draw_windows,
    properties=(each_window_goes_on_in_its_targets,),
    mistakes={
        "the last window is missing: a series of N steps has N - T - horizon + 1": with_starts(
            lambda N, T, K: range(max(N - T - K, 0)) if N > T + K else []
        ),
        "the first window is missing: window 0 starts at step 0": with_starts(lambda N, T, K: range(1, N - T - K + 1) if N > T + K else []),
        "the last windows have too few steps after them; each needs room for the whole horizon": with_starts(lambda N, T, K: range(N - T)),
        "windows are cut where too few steps follow; each needs room for the whole horizon": with_starts(
            lambda N, T, K: range(N - T - K + 2)
        ),
        "one step is left out between a window and its targets; the first target is the step right after the window": (
            lambda values, T, horizon: (
                windows(values[:-1], T, horizon)[0],
                windows(values[1:], T, horizon)[1],
            )
        ),
        "the windows do not overlap: a new one starts at every step": with_starts(lambda N, T, K: range(0, N - T - K + 1, T)),
        "a new window starts only where the targets of the last one end": with_starts(lambda N, T, K: range(0, N - T - K + 1, T + K)),
        "the horizon decides how far apart the windows start; a new one starts at every step": with_starts(
            lambda N, T, K: range(0, N - T - K + 1, K)
        ),
        "the windows come in the order from the last to the first": with_starts(lambda N, T, K: range(N - T - K, -1, -1)),
        "the first target is the last step of the window itself: a leak; it is the step after it": with_targets(
            lambda values, T, K, starts: cut(values, [b + T - 1 for b in starts], K)
        ),
        "the targets are a part of the window, its last steps: a leak; they come after it": with_targets(
            lambda values, T, K, starts: np.concatenate([cut(values, starts, T)] * K)[-K:]
        ),
        "the targets are the window moved on by one step, T steps of it; here they are the `horizon` steps after the window": with_targets(
            lambda values, T, K, starts: cut(values, [b + 1 for b in starts], T)
        ),
        "the horizon is left out: there is one target for each window": with_targets(
            lambda values, T, K, starts: cut(values, [b + T for b in starts], 1)
        ),
        "the targets have no axis for their steps, and only the first step is there": with_targets(
            lambda values, T, K, starts: np.stack([values[b + T] for b in starts])
        ),
        "only the last of the steps that follow is a target": with_targets(
            lambda values, T, K, starts: cut(values, [b + T + K - 1 for b in starts], 1)
        ),
        "the targets have no axis for their steps, and only the last step is there": with_targets(
            lambda values, T, K, starts: np.stack([values[b + T + K - 1] for b in starts])
        ),
        "the targets are the changes since the last step of the window; they are values": with_targets(
            lambda values, T, K, starts: cut(values, [b + T for b in starts], K) - cut(values, [b + T - 1 for b in starts], 1)
        ),
        "the batch comes first, (B, T, D); here time does: stack along axis 1": lambda values, T, horizon: tuple(
            part.swapaxes(0, 1) for part in windows(values, T, horizon)
        ),
        "the batch comes first in xs; here time does: stack along axis 1": with_xs(lambda xs, values: xs.swapaxes(0, 1)),
        "the batch comes first in the targets; here time does: stack along axis 1": with_targets(
            lambda values, T, K, starts: cut(values, [b + T for b in starts], K, axis=0)
        ),
        "the batch comes last, (T, D, B); it is the axis in the middle": lambda values, T, horizon: tuple(
            part.swapaxes(1, 2) for part in windows(values, T, horizon)
        ),
        "(B, T, D) is made into (T, B, D) by reshape, which mixes steps and windows; swap the axes": lambda values, T, horizon: tuple(
            np.ascontiguousarray(part.swapaxes(0, 1)).reshape(part.shape) for part in windows(values, T, horizon)
        ),
        "the steps of each window run backwards": with_xs(lambda xs, values: xs[::-1]),
        "the mean of the whole series is subtracted: this looks into the future; windows only cuts": lambda values, T, horizon: windows(
            values - values.mean(axis=0), T, horizon
        ),
        "the windows are joined one behind the other in time; each needs a place of its own along the batch": lambda values, T, horizon: (
            tuple(np.concatenate(list(part.swapaxes(0, 1))) for part in windows(values, T, horizon))
        ),
        "the order is targets, xs; return xs, targets": lambda values, T, horizon: windows(values, T, horizon)[::-1],
        "only the first series is cut up": lambda values, T, horizon: windows(values[:, :1], T, horizon),
    },
)
