"""Lab 10, part 1: what the decoder is fed in training."""

import numpy as np

from tests.corpus.answers import right, wrong


@right
def filled(targets, start):
    fed = np.empty_like(targets)
    fed[0] = start
    fed[1:] = targets[:-1]
    return fed


@right
def rolled(targets, start):
    fed = np.roll(targets, 1, axis=0)
    fed[0] = start
    return fed


@right
def row_by_row(targets, start):
    T, B = targets.shape
    rows = [np.ones(B, dtype=targets.dtype) * start]
    for t in range(T - 1):
        rows.append(targets[t])
    return np.array(rows)


@right
def stacked(targets, start):
    return np.vstack([[start] * targets.shape[1], targets[:-1]])


@right
def padded(targets, start):
    return np.pad(targets, ((1, 0), (0, 0)), constant_values=start)[:-1]


@right
def entry_by_entry(targets, start):
    fed = np.zeros(targets.shape, dtype=int)
    for t in range(len(targets)):
        for b in range(targets.shape[1]):
            fed[t, b] = start if t == 0 else targets[t - 1, b]
    print("fed", fed[:, 0])
    return fed


@right
def by_index(targets, start):
    t = np.arange(len(targets))
    return np.where(t[:, None] == 0, start, targets[t - 1])


@wrong("the targets are fed as they are")
def unshifted(targets, start):
    return targets.copy()


@wrong("the start token replaces the first target")
def first_replaced(targets, start):
    fed = targets.copy()
    fed[0] = start
    return fed


@wrong("the last target comes first, as np.roll moves it there")
def only_rolled(targets, start):
    return np.roll(targets, 1, axis=0)


@wrong("np.roll has no axis")
def rolled_flat(targets, start):
    return np.roll(targets, 1)


@wrong("the targets are shifted the wrong way")
def to_the_left(targets, start):
    fed = np.roll(targets, -1, axis=0)
    fed[-1] = start
    return fed


@wrong("there is a row too many")
def nothing_dropped(targets, start):
    return np.vstack([np.full(targets.shape[1], start), targets])


@wrong("the start token is missing in front")
def no_start(targets, start):
    return targets[:-1]


@wrong("the start token is put behind")
def start_at_the_end(targets, start):
    return np.vstack([targets[:-1], np.full(targets.shape[1], start)])


@wrong("the shift goes along the batch")
def along_the_columns(targets, start):
    fed = np.empty_like(targets)
    fed[:, 0] = start
    fed[:, 1:] = targets[:, :-1]
    return fed


@wrong("has one axis")
def list_in_front(targets, start):
    return np.concatenate([[start] * targets.shape[1], targets[:-1]])


@wrong("fed must hold whole numbers, got float64.")
def zeros_are_floats(targets, start):
    fed = np.zeros(targets.shape)
    fed[0] = start
    fed[1:] = targets[:-1]
    return fed


@wrong("it changed its argument targets in place; work on a copy.")
def in_place(targets, start):
    targets[1:] = targets[:-1].copy()
    targets[0] = start
    return targets


@wrong(None)
def overlapping(targets, start):
    """Copies downwards within one array, so that the first row runs through."""
    fed = targets.copy()
    for t in range(1, len(fed)):
        fed[t] = fed[t - 1]
    fed[0] = start
    return fed


@wrong("fed must be a NumPy array of shape")
def a_list(targets, start):
    return [[start] * targets.shape[1], *targets[:-1].tolist()]


@wrong("zeros come first")
def start_forgotten(targets, start):
    fed = np.zeros_like(targets)
    fed[1:] = targets[:-1]
    return fed


@wrong("it returned None; end it with `return fed`.")
def no_return(targets, start):
    fed = np.roll(targets, 1, axis=0)
    fed[0] = start


@right
def inserted(targets, start):
    return np.insert(targets[:-1], 0, start, axis=0)


@wrong("the start token replaces the first target")
def first_left_out(targets, start):
    return np.concatenate([np.full((1, targets.shape[1]), start), targets[1:]])


@wrong("every step is fed the start token")
def overwritten_on_the_way(targets, start):
    fed = targets.copy()
    fed[0] = start
    for t in range(1, len(fed)):
        fed[t] = fed[t - 1]
    return fed


@wrong("np.roll has no axis, so it mixes the sequences")
def rolled_flat_with_start_tokens(targets, start):
    fed = np.roll(targets, 1)
    fed[0] = start
    return fed


@wrong("only the first sequence begins with the start token and the others with 0")
def start_for_one(targets, start):
    fed = np.zeros_like(targets)
    fed[0, 0] = start
    fed[1:] = targets[:-1]
    return fed


@wrong("ones come first")
def number_of_the_example(targets, start):
    fed = np.ones_like(targets)
    fed[1:] = targets[:-1]
    return fed
