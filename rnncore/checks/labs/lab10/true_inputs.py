"""Lab 10, part 1: what the decoder is fed in training.

Contents
    forced_inputs    the check of `teacher_forced_inputs`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.reference.decoder_inputs import teacher_forced_inputs

__all__ = ["forced_inputs"]

FOUR_TWO, SEVEN = (7, 5, 2), (10, 2, 0)  # 4 2 <end> and 7 <end> <pad>, with <pad> 0, <start> 1, <end> 2 and the digits from 3


def draw_targets(rng, dtype, T, B):
    """Targets without the start token among them; then targets of one step."""
    for steps in (T, 1):
        yield rng.integers(2, 20, (steps, B)), int(rng.integers(20, 30))


def row(targets, start):
    return np.full_like(targets[:1], start)


def with_first_row(change):
    """The targets as they are, but for the first row."""

    def wrong(targets, start):
        fed = targets.copy()
        fed[0] = change(targets, start)
        return fed

    return wrong


def with_first_row_of(shifted):
    """Start tokens in the first row of what `shifted(targets)` gives."""

    def wrong(targets, start):
        fed = shifted(targets).copy()
        fed[0] = start
        return fed

    return wrong


def one_start_and_zeros(targets, start):
    fed = teacher_forced_inputs(targets, start)
    fed[0, 1:] = 0
    return fed


def one_start(targets, start):
    fed = teacher_forced_inputs(targets, start)
    fed[0, 1:] = targets[0, 1:]
    return fed


def a_target_is_fed_at_the_next_step_only(function, rng):
    """The start token comes first; another target at step t changes what is fed at step t + 1 and nothing else."""
    ((targets, start), _) = draw_targets(rng, np.float64, T=4, B=3)
    fed = function(targets, start)
    compare("the first row of fed", fed[0], np.full(3, start))
    for t in range(4):
        changed = targets.copy()
        changed[t] += 40
        compare(
            f"with 40 added to targets[{t}], the change of fed",
            function(changed, start) - fed,
            40 * (np.arange(4)[:, None] == t + 1) * np.ones((1, 3)),
        )


forced_inputs = Exercise(
    teacher_forced_inputs,
    outputs=("fed",),
    letters="TB",
    example=lambda: (np.array([FOUR_TWO, SEVEN]).T, 1),
    draw=draw_targets,
    properties=(a_target_is_fed_at_the_next_step_only,),
    mistakes={
        "the targets are fed as they are: each step sees the token that it should predict": lambda targets, start: targets,
        "the start token replaces the first target and the others stay where they are; shift them by one step": with_first_row(
            lambda targets, start: start
        ),
        "the last target comes first, as np.roll moves it there; the first row is the start token": lambda targets, start: (
            np.roll(targets, 1, axis=0)
        ),
        "np.roll has no axis, so it mixes the sequences": lambda targets, start: np.roll(targets, 1),
        "np.roll has no axis, so it mixes the sequences, even with start tokens in the first row": with_first_row_of(
            lambda targets: np.roll(targets, 1)
        ),
        "the targets are shifted the wrong way: each step is fed the token that comes after the one it should predict": (
            lambda targets, start: np.concatenate([targets[1:], row(targets, start)])
        ),
        "the targets are shifted the wrong way by np.roll; before target t comes target t - 1": lambda targets, start: (
            np.roll(targets, -1, axis=0)
        ),
        "the last target is fed as well, so that there is a row too many; nothing is asked after it": lambda targets, start: (
            np.concatenate([row(targets, start), targets])
        ),
        "the start token is missing in front: there is a row too few": lambda targets, start: targets[:-1],
        "the start token is put behind the targets without the last; it comes first": lambda targets, start: (
            np.concatenate([targets[:-1], row(targets, start)])
        ),
        "the shift goes along the batch; time is the first axis": lambda targets, start: (
            np.concatenate([np.full_like(targets[:, :1], start), targets[:, :-1]], axis=1)
        ),
        "every step is fed the start token": lambda targets, start: np.full_like(targets, start),
        "only the first sequence begins with the start token; each of them does": one_start,
        "only the first sequence begins with the start token and the others with 0; each begins with the start token": one_start_and_zeros,
        "the first target is fed twice; the start token comes first": lambda targets, start: (np.concatenate([targets[:1], targets[:-1]])),
        "ones come first, the start token of the worked example; another may be given": lambda targets, start: (
            np.concatenate([0 * targets[:1] + 1, targets[:-1]])
        ),
        "zeros come first; the start token has a number of its own": lambda targets, start: (
            np.concatenate([0 * targets[:1], targets[:-1]])
        ),
        "the targets are shifted by two steps": lambda targets, start: (
            np.concatenate([row(targets, start), row(targets, start), targets])[: len(targets)]
        ),
        "what is put in front of the targets has one axis; it must be a row of start tokens, (1, B)": lambda targets, start: (
            np.concatenate([[start], targets[:-1]])
        ),
        "fed has the batch first; it is shaped as the targets, (T, B)": lambda targets, start: teacher_forced_inputs(targets, start).T,
    },
)
