"""Lab 7, part 3: a cell that stops where its sequence stops.

Contents
    masked_forward    the check of `masked_rnn_forward`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab07.inputs import PARAMS, STATE, XS, draw_masked, is_real
from rnncore.reference.masking import length_mask
from rnncore.reference.rnn import rnn_forward, rnn_step_forward

__all__ = ["masked_forward"]


def masked_rnn_forward(params, xs, state0, lengths):
    """Run a plain cell over padded sequences: a sequence that has ended keeps its state and gives zeros."""
    mask = length_mask(lengths, len(xs))
    state, hs = state0, []
    for x, m in zip(xs, mask[:, :, None], strict=True):
        h_next, _ = rnn_step_forward(params, x, state)
        state = np.where(m, h_next, state)
        hs.append(np.where(m, state, 0))
    return np.stack(hs), state


def looped(params, xs, state0, lengths, real=is_real, hold=lambda m, h_next, h, h0: np.where(m, h_next, h), show=None):
    """The loop with its three choices: what is real, what the state is in the padding, and what is shown there."""
    state, hs = state0, []
    for x, m in zip(xs, real(lengths, len(xs))[:, :, None], strict=True):
        before, (h_next, _) = state, rnn_step_forward(params, x, state)
        state = hold(m, h_next, state, state0)
        hs.append(show(m, h_next, state, before) if show else np.where(m, state, 0))
    return np.stack(hs), state


def but(**choices):
    return lambda params, xs, state0, lengths: looped(params, xs, state0, lengths, **choices)


def with_results(change):
    """The right function but for what `change(hs, state_T, state0, lengths)` makes of its results."""
    return lambda params, xs, state0, lengths: change(*masked_rnn_forward(params, xs, state0, lengths), state0, lengths)


def plain(params, xs, state0):
    return rnn_forward(params, xs, state0)[:2]


def only_inputs(params, xs, state0, lengths):
    return plain(params, np.where(is_real(lengths, len(xs))[..., None], xs, 0).astype(xs.dtype), state0)


def stopped(steps):
    """The right loop over `steps(lengths)` steps only."""
    return lambda params, xs, state0, lengths: masked_rnn_forward(params, xs[: steps(lengths)], state0, lengths)


def not_carried(params, xs, state0, lengths):
    hs, last = [], state0
    for x, m in zip(xs, is_real(lengths, len(xs))[:, :, None], strict=True):
        h_next, _ = rnn_step_forward(params, x, state0)
        last = np.where(m, h_next, last)
        hs.append(np.where(m, h_next, 0))
    return np.stack(hs), last


def mask_lies_flat(params, xs, state0, lengths):
    """(B,) meets (B, H)."""
    state, hs = state0, []
    for t, x in enumerate(xs):
        h_next, _ = rnn_step_forward(params, x, state)
        state = np.where(t < lengths, h_next, state)
        hs.append(np.where(t < lengths, state, 0))
    return np.stack(hs), state


def only_running(params, xs, state0, lengths):
    """A step for the rows that are still running, even if there are none."""
    state, hs = state0.copy(), np.zeros((*xs.shape[:2], state0.shape[1]), xs.dtype)
    for t, x in enumerate(xs):
        running = t < lengths
        state[running], _ = rnn_step_forward(params, x[running], state[running])
        hs[t, running] = state[running]
    return hs, state


def alone_and_in_any_batch(function, rng):
    """Each sequence gives the same alone, and other or more padding changes nothing."""
    params, xs, state0, lengths = next(iter(draw_masked(rng, np.float64, T=5, B=4, D=2, H=3)))
    hs, state_T = function(params, xs, state0, lengths)
    for b, L in enumerate(lengths):
        alone, last = plain(params, xs[:L, b : b + 1], state0[b : b + 1])
        compare(f"hs of sequence {b}, against the same alone", hs[:L, b], alone[:, 0])
        compare(f"state_T of sequence {b}, against the same alone", state_T[b], last[0])
    other = np.concatenate([np.where(is_real(lengths, 5)[..., None], xs, 9.0), np.ones((3, 4, 2))])
    more, last = function(params, other, state0, lengths)
    compare("hs with other padding, and three steps more of it", more, np.concatenate([hs, np.zeros((3, 4, 3))]))
    compare("state_T with other padding, and three steps more of it", last, state_T)


masked_forward = Exercise(
    masked_rnn_forward,
    outputs=("hs", "state_T"),
    letters="TBDH",
    example=lambda: (PARAMS, XS, STATE, np.array([2, 1])),
    draw=draw_masked,
    properties=(alone_and_in_any_batch,),
    mistakes={
        "the lengths are not used: the state moves on through the padding, and is shown": lambda params, xs, state0, lengths: (
            plain(params, xs, state0)
        ),
        "only the inputs are masked; a zero input still moves the state": only_inputs,
        "the state is not held: it moves on through the padding, and only what is shown is masked": but(
            hold=lambda m, h_next, h, h0: h_next
        ),
        "hs shows the held state in the padding; it shows zero there": but(show=lambda m, h_next, h, before: h),
        "hs shows what the cell computes in the padding; it shows zero there": but(show=lambda m, h_next, h, before: h_next),
        "state_T is zero for every sequence that has ended: the state was not held, or hs[-1] was taken": but(
            hold=lambda m, h_next, h, h0: h_next * m
        ),
        "the state goes back to state0 in the padding; it stays as it was": but(hold=lambda m, h_next, h, h0: np.where(m, h_next, h0)),
        "the mask is turned round: the state moves in the padding and is held in the sequence": but(real=lambda n, T: ~is_real(n, T)),
        "one step too many is real: step t, counted from 0, is real if t < length": but(real=lambda n, T: is_real(n + 1, T)),
        "one step too few is real: step t, counted from 0, is real if t < length": but(real=lambda n, T: is_real(n - 1, T)),
        "the padding is taken to stand before the sequences": but(real=lambda n, T: is_real(n, T)[::-1]),
        "one length is used for the whole batch; each sequence has its own": but(real=lambda n, T: is_real(0 * n + n[0], T)),
        "all sequences stop with the shortest; each has its own end": but(real=lambda n, T: is_real(0 * n + n.min(), T)),
        "the cell takes a step although no sequence is running any more": only_running,
        "the loop ends with the longest sequence; hs has an entry for each step of xs": stopped(lambda n: n.max()),
        "the loop ends with the shortest sequence": stopped(lambda n: n.min()),
        "the old state is added in full; it counts only where the new one does not": but(hold=lambda m, h_next, h, h0: m * h_next + h),
        "the two parts are exchanged: in the sequence the old state counts, in the padding the new one": but(
            hold=lambda m, h_next, h, h0: np.where(m, h, h_next)
        ),
        "the state is not carried: every step starts from state0": not_carried,
        "the first step starts from zeros and not from state0": lambda params, xs, state0, lengths: (
            masked_rnn_forward(params, xs, 0 * state0, lengths)
        ),
        "the sequences are read from their end": lambda params, xs, state0, lengths: masked_rnn_forward(params, xs[::-1], state0, lengths),
        "hs holds the state before each step; append after the step": but(show=lambda m, h_next, h, before: np.where(m, before, 0)),
        "the mask of a step has the shape (B,) and is taken for one of the units; it needs a second axis": mask_lies_flat,
        "the states are stacked along the second axis; time is the first one": with_results(
            lambda hs, last, h0, n: (hs.swapaxes(0, 1), last)
        ),
        "hs and state_T are exchanged": with_results(lambda hs, last, h0, n: (last, hs)),
        "state_T is the state of the first step": with_results(lambda hs, last, h0, n: (hs, hs[0])),
        "state_T is state0, because the new state has another name inside the loop": with_results(lambda hs, last, h0, n: (hs, h0)),
        "state_T is that of the longest sequence for all of them": with_results(
            lambda hs, last, h0, n: (hs, np.stack([last[n.argmax()]] * len(n)))
        ),
    },
)
