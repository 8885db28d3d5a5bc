"""Lab 13, part 1: windows."""

import numpy as np

from tests.corpus.answers import right, wrong


@right
def slices_in_lists(values, T, horizon):
    xs, targets = [], []
    for start in range(len(values) - T - horizon + 1):
        xs.append(values[start : start + T])
        targets.append(values[start + T : start + T + horizon])
    return np.stack(xs, axis=1), np.stack(targets, axis=1)


@right
def step_by_step(values, T, horizon):
    B = values.shape[0] - T - horizon + 1
    xs = np.array([values[t : t + B] for t in range(T)])
    targets = np.array([values[T + k : T + k + B] for k in range(horizon)])
    return xs, targets


@right
def with_places(values, T, horizon):
    B = len(values) - (T + horizon) + 1
    places = np.arange(T + horizon).reshape(-1, 1) + np.arange(B)
    both = values[places]
    return both[:T], both[T:]


@right
def preallocated(values, T, horizon):
    N, D = values.shape
    B = N - T - horizon + 1
    xs = np.empty((T, B, D), values.dtype)
    targets = np.empty((horizon, B, D), values.dtype)
    for b in range(B):
        for t in range(T):
            xs[t, b] = values[b + t]
        for k in range(horizon):
            targets[k, b] = values[b + T + k]
    return xs, targets


@right
def sliding_view(values, T, horizon):
    view = np.lib.stride_tricks.sliding_window_view(values, T + horizon, axis=0)  # (B, D, T + horizon)
    both = view.transpose(2, 0, 1)
    return both[:T], both[T:].copy()


@right
def batch_first_then_swapped(values, T, horizon):
    pieces = np.array([values[b : b + T + horizon] for b in range(len(values) - T - horizon + 1)])
    pieces = np.swapaxes(pieces, 0, 1)
    return [pieces[:T], pieces[T:]]


@right
def concatenated(values, T, horizon):
    B = len(values) - T - horizon + 1
    xs = np.concatenate([values[b : b + T][:, None, :] for b in range(B)], axis=1)
    targets = np.concatenate([values[b + T : b + T + horizon][:, None, :] for b in range(B)], axis=1)
    return xs, targets


@wrong("the last window is missing")
def last_window_missing(values, T, horizon):
    B = len(values) - T - horizon
    xs = np.array([values[t : t + B] for t in range(T)])
    return xs, np.array([values[T + k : T + k + B] for k in range(horizon)])


@wrong("the targets have no axis for their steps, and only the first step is there")
def one_target(values, T, horizon):
    B = len(values) - T - horizon + 1
    return np.stack([values[b : b + T] for b in range(B)], axis=1), np.stack([values[b + T] for b in range(B)])


@wrong("the first target is the last step of the window itself")
def target_in_window(values, T, horizon):
    B = len(values) - T - horizon + 1
    xs = np.stack([values[b : b + T] for b in range(B)], axis=1)
    return xs, np.stack([values[b + T - 1 : b + T - 1 + horizon] for b in range(B)], axis=1)


@wrong("the batch comes first, (B, T, D)")
def stacked_along_axis_0(values, T, horizon):
    B = len(values) - T - horizon + 1
    return (
        np.stack([values[b : b + T] for b in range(B)]),
        np.stack([values[b + T : b + T + horizon] for b in range(B)]),
    )


@wrong("which mixes steps and windows")
def reshaped(values, T, horizon):
    B, D = len(values) - T - horizon + 1, values.shape[1]
    xs = np.stack([values[b : b + T] for b in range(B)]).reshape(T, B, D)
    targets = np.stack([values[b + T : b + T + horizon] for b in range(B)]).reshape(horizon, B, D)
    return xs, targets


@wrong("the windows do not overlap")
def one_after_the_other(values, T, horizon):
    starts = range(0, len(values) - T - horizon + 1, T)
    xs = np.stack([values[b : b + T] for b in starts], axis=1)
    return xs, np.stack([values[b + T : b + T + horizon] for b in starts], axis=1)


@wrong("moved on by one step")
def shifted_window(values, T, horizon):
    B = len(values) - T - horizon + 1
    xs = np.stack([values[b : b + T] for b in range(B)], axis=1)
    return xs, np.stack([values[b + 1 : b + T + 1] for b in range(B)], axis=1)


@wrong("the horizon is left out")
def horizon_of_one(values, T, horizon):
    B = len(values) - T - horizon + 1
    xs = np.stack([values[b : b + T] for b in range(B)], axis=1)
    return xs, np.stack([values[b + T : b + T + 1] for b in range(B)], axis=1)


@wrong("no axis for their steps, and only the last step")
def the_step_at_the_horizon(values, T, horizon):
    B = len(values) - T - horizon + 1
    xs = np.stack([values[b : b + T] for b in range(B)], axis=1)
    return xs, values[T + horizon - 1 : T + horizon - 1 + B]


@wrong("must")
def too_many_windows(values, T, horizon):
    B = len(values) - T
    xs = np.stack([values[b : b + T] for b in range(B)], axis=1)
    return xs, np.stack([values[b + T : b + T + 1] for b in range(B)], axis=1)


@wrong("only the first series")
def first_column(values, T, horizon):
    values = values[:, 0]
    B = len(values) - T - horizon + 1
    xs = np.stack([values[b : b + T] for b in range(B)], axis=1)[..., None]
    return xs, np.stack([values[b + T : b + T + horizon] for b in range(B)], axis=1)[..., None]


@wrong("this looks into the future")
def centred_on_everything(values, T, horizon):
    values = values - values.mean(0)
    B = len(values) - T - horizon + 1
    xs = np.stack([values[b : b + T] for b in range(B)], axis=1)
    return xs, np.stack([values[b + T : b + T + horizon] for b in range(B)], axis=1)


@wrong("the batch comes first in the targets")
def targets_batch_first(values, T, horizon):
    B = len(values) - T - horizon + 1
    xs = np.stack([values[b : b + T] for b in range(B)], axis=1)
    return xs, np.array([values[b + T : b + T + horizon] for b in range(B)])


@wrong("the targets are the changes")
def changes(values, T, horizon):
    B = len(values) - T - horizon + 1
    xs = np.stack([values[b : b + T] for b in range(B)], axis=1)
    return xs, np.stack([values[b + T : b + T + horizon] - values[b + T - 1] for b in range(B)], axis=1)


@wrong(None)
def lists_of_windows(values, T, horizon):
    B = len(values) - T - horizon + 1
    return [values[b : b + T] for b in range(B)], [values[b + T : b + T + horizon] for b in range(B)]


@wrong(None)
def one_step_left_out(values, T, horizon):
    B = len(values) - T - horizon + 1
    xs = np.stack([values[b : b + T] for b in range(B)], axis=1)
    return xs, np.stack([values[min(b + T + 1, len(values) - horizon) :][:horizon] for b in range(B)], axis=1)


@right
def mine_slices_transposed(values, T, horizon):
    whole = np.array([values[b : b + T + horizon] for b in range(len(values) - T - horizon + 1)]).transpose(1, 0, 2)
    return whole[:T], whole[T:]


@right
def until_the_targets_run_out(values, T, horizon):
    xs, targets, b = [], [], 0
    while b + T + horizon <= len(values):
        xs += [values[b : b + T]]
        targets += [values[b + T : b + T + horizon]]
        b += 1
    return np.swapaxes(xs, 0, 1), np.swapaxes(targets, 0, 1)


@wrong("one step is left out between a window and its targets")
def one_after_the_next(values, T, horizon):
    count = len(values) - T - horizon
    xs = np.stack([values[b : b + T] for b in range(count)], axis=1)
    return xs, np.stack([values[b + T + 1 : b + T + horizon + 1] for b in range(count)], axis=1)


@wrong("only the last of the steps that follow is a target")
def only_step_horizon(values, T, horizon):
    count = len(values) - T - horizon + 1
    xs = np.stack([values[b : b + T] for b in range(count)], axis=1)
    return xs, np.stack([values[b + T + horizon - 1] for b in range(count)], axis=0)[None]


@wrong("the last windows have too few steps after them")
def horizon_forgotten_in_count(values, T, horizon):
    count = len(values) - T
    xs = np.stack([values[b : b + T] for b in range(count)], axis=1)
    return xs, np.stack([values[b + T : b + T + horizon] for b in range(count)], axis=1)


@wrong("the order is targets, xs")
def swapped_order(values, T, horizon):
    count = len(values) - T - horizon + 1
    xs = np.stack([values[b : b + T] for b in range(count)], axis=1)
    targets = np.stack([values[b + T : b + T + horizon] for b in range(count)], axis=1)
    return targets, xs


@wrong("joined one behind the other in time")
def joined_in_time(values, T, horizon):
    count = len(values) - T - horizon + 1
    return np.concatenate([values[b : b + T] for b in range(count)]), np.concatenate(
        [values[b + T : b + T + horizon] for b in range(count)]
    )


@wrong("windows are cut where too few steps follow")
def one_window_too_many(values, T, horizon):
    B = len(values) - T - horizon + 2
    xs = np.stack([values[b : b + T] for b in range(B)], axis=1)
    return xs, np.stack([values[b + T : b + T + horizon] for b in range(B)], axis=1)
