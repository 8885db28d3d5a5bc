"""Lab 13, part 2: a split in time."""

import numpy as np

from tests.corpus.answers import right, wrong


@right
def loop_over_windows(count, T, horizon, first_validation, first_test):
    train, validation, test = [], [], []
    for b in range(count):
        first, last = b + T, b + T + horizon - 1
        if last < first_validation:
            train.append(b)
        elif first >= first_validation and last < first_test:
            validation.append(b)
        elif first >= first_test:
            test.append(b)
    return np.array(train), np.array(validation), np.array(test)


@right
def ranges(count, T, horizon, first_validation, first_test):
    train = np.arange(0, first_validation - T - horizon + 1)
    validation = np.arange(first_validation - T, first_test - T - horizon + 1)
    test = np.arange(first_test - T, count)
    return train, validation, test


@right
def with_where(count, T, horizon, first_validation, first_test):
    b = np.arange(count)
    last = b + T + horizon - 1
    train = np.where(last < first_validation)[0]
    validation = np.where((b + T >= first_validation) & (last < first_test))[0]
    test = np.where(b + T >= first_test)[0]
    return train, validation, test


@right
def all_targets(count, T, horizon, first_validation, first_test):
    b = np.arange(count)
    targets = b[:, None] + T + np.arange(horizon)
    is_train = (targets < first_validation).all(axis=1)
    is_validation = ((targets >= first_validation) & (targets < first_test)).all(axis=1)
    is_test = (targets >= first_test).all(axis=1)
    return b[is_train], b[is_validation], b[is_test]


@right
def comprehensions(count, T, horizon, first_validation, first_test):
    def inside(low, high):
        return np.array([b for b in range(count) if low <= b + T and b + T + horizon <= high])

    return inside(0, first_validation), inside(first_validation, first_test), inside(first_test, float("inf"))


@right
def labels(count, T, horizon, first_validation, first_test):
    label = np.full(count, -1)
    for b in range(count):
        parts = {0 if s < first_validation else 1 if s < first_test else 2 for s in range(b + T, b + T + horizon)}
        if len(parts) == 1:
            label[b] = parts.pop()
    return [np.flatnonzero(label == part).astype(np.int32) for part in range(3)]


@wrong("only the first target is looked at, so that training has targets")
def first_target_decides(count, T, horizon, first_validation, first_test):
    target = np.arange(count) + T
    train = np.where(target < first_validation)[0]
    validation = np.where((target >= first_validation) & (target < first_test))[0]
    return train, validation, np.where(target >= first_test)[0]


@wrong("only the last target is looked at")
def last_target_decides(count, T, horizon, first_validation, first_test):
    last = np.arange(count) + T + horizon - 1
    train = np.where(last < first_validation)[0]
    validation = np.where((last >= first_validation) & (last < first_test))[0]
    return train, validation, np.where(last >= first_test)[0]


@wrong("sorted by where their inputs start")
def start_decides(count, T, horizon, first_validation, first_test):
    b = np.arange(count)
    return b[b < first_validation], b[(b >= first_validation) & (b < first_test)], b[b >= first_test]


@wrong("they may reach back, since the past is known")
def whole_window_inside(count, T, horizon, first_validation, first_test):
    b = np.arange(count)
    end = b + T + horizon
    return b[end <= first_validation], b[(b >= first_validation) & (end <= first_test)], b[b >= first_test]


@wrong("the last training window is missing")
def strictly_less_training(count, T, horizon, first_validation, first_test):
    b = np.arange(count)
    end = b + T + horizon
    return b[end < first_validation], b[(b + T >= first_validation) & (end <= first_test)], b[b + T >= first_test]


@wrong("a step is counted twice")
def strictly_less(count, T, horizon, first_validation, first_test):
    b = np.arange(count)
    end = b + T + horizon
    return b[end < first_validation], b[(b + T >= first_validation) & (end < first_test)], b[b + T >= first_test]


@wrong("belong to their parts")
def strictly_greater(count, T, horizon, first_validation, first_test):
    b = np.arange(count)
    end = b + T + horizon
    return b[end <= first_validation], b[(b + T > first_validation) & (end <= first_test)], b[b + T > first_test]


@wrong("True and False for every window")
def masks(count, T, horizon, first_validation, first_test):
    first = np.arange(count) + T
    end = first + horizon
    return end <= first_validation, (first >= first_validation) & (end <= first_test), first >= first_test


@wrong("one window too many is in training and in validation")
def last_target_one_too_late(count, T, horizon, first_validation, first_test):
    b = np.arange(count)
    last = b + T + horizon - 1
    return b[last <= first_validation], b[(b + T >= first_validation) & (last <= first_test)], b[b + T >= first_test]


@wrong("the steps of the first targets are returned")
def target_steps(count, T, horizon, first_validation, first_test):
    first = np.arange(T, count + T)
    end = first + horizon
    return first[end <= first_validation], first[(first >= first_validation) & (end <= first_test)], first[first >= first_test]


@wrong("validation holds the test windows as well")
def no_end_of_validation(count, T, horizon, first_validation, first_test):
    b = np.arange(count)
    return b[b + T + horizon <= first_validation], b[b + T >= first_validation], b[b + T >= first_test]


@wrong("only the first target of the training windows is looked at")
def training_reaches_over(count, T, horizon, first_validation, first_test):
    b = np.arange(count)
    return b[b + T < first_validation], b[(b + T >= first_validation) & (b + T + horizon <= first_test)], b[b + T >= first_test]


@wrong("the order is train, test, validation")
def other_order(count, T, horizon, first_validation, first_test):
    b = np.arange(count)
    train, test = b[b + T + horizon <= first_validation], b[b + T >= first_test]
    validation = b[(b + T >= first_validation) & (b + T + horizon <= first_test)]
    return train, test, validation


@wrong("the steps are taken for windows")
def targets_start_at_b(count, T, horizon, first_validation, first_test):
    train = [b for b in range(count) if b + horizon <= first_validation]
    validation = [b for b in range(count) if b >= first_validation and b + horizon <= first_test]
    return np.array(train), np.array(validation, dtype=int), np.arange(first_test, count)


@wrong(None)
def shares(count, T, horizon, first_validation, first_test):
    b = np.arange(count)
    return b[: int(0.6 * count)], b[int(0.6 * count) : int(0.8 * count)], b[int(0.8 * count) :]


@wrong(None)
def drawn_at_random(count, T, horizon, first_validation, first_test):
    b = np.random.default_rng(0).permutation(count)
    return b[: count // 2], b[count // 2 : 3 * count // 4], b[3 * count // 4 :]


@wrong("must")
def lists(count, T, horizon, first_validation, first_test):
    train = [b for b in range(count) if b + T + horizon <= first_validation]
    validation = [b for b in range(count) if first_validation <= b + T and b + T + horizon <= first_test]
    return train, validation, list(range(first_test - T, count))


@right
def bounds_only(count, T, horizon, first_validation, first_test):
    b = np.arange(count)
    return b[: first_validation - T - horizon + 1], b[first_validation - T : first_test - T - horizon + 1], b[first_test - T :]


@right
def sets_of_targets(count, T, horizon, first_validation, first_test):
    names = [{(b + T + k >= first_validation) + (b + T + k >= first_test) for k in range(horizon)} for b in range(count)]
    return tuple(np.array([b for b in range(count) if names[b] == {part}], dtype=int) for part in range(3))


@wrong("only the first target of the validation windows")
def validation_open_end(count, T, horizon, first_validation, first_test):
    first = np.arange(count) + T
    after = first + horizon
    return (
        np.flatnonzero(after <= first_validation),
        np.flatnonzero((first >= first_validation) & (first < first_test)),
        np.flatnonzero(first >= first_test),
    )


@wrong("a tuple that holds one array")
def where_tuple(count, T, horizon, first_validation, first_test):
    first = np.arange(count) + T
    after = first + horizon
    return np.where(after <= first_validation), np.where((first >= first_validation) & (after <= first_test)), np.where(first >= first_test)


@wrong("windows across a cut belong nowhere")
def test_is_the_rest(count, T, horizon, first_validation, first_test):
    first = np.arange(count) + T
    after = first + horizon
    train = np.flatnonzero(after <= first_validation)
    validation = np.flatnonzero((first >= first_validation) & (after <= first_test))
    return train, validation, np.setdiff1d(np.arange(count), np.concatenate([train, validation]))
