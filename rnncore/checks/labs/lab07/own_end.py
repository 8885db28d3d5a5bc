"""Lab 7, part 4: the state at the last step of each sequence.

Contents
    last_state    the check of `last_state_forward`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab07.holding import masked_rnn_forward
from rnncore.checks.labs.lab07.inputs import HS, LENGTHS, draw_masked, draw_states, is_real
from rnncore.reference.masking import LastStateCache, last_state_forward

__all__ = ["last_state"]


def picking(pick):
    """The right function but for the h that `pick(hs, lengths)` takes."""
    return lambda hs, lengths: (pick(hs, lengths), LastStateCache(hs, lengths))


def with_cache(change):
    return lambda hs, lengths: (last_state_forward(hs, lengths)[0], LastStateCache(*change(hs, lengths)))


def columns(lengths):
    return np.arange(len(lengths))


def over_real_steps(reduce, filler):
    return picking(lambda hs, n: reduce(np.where(is_real(n, len(hs))[..., None], hs, hs.dtype.type(filler))))


def the_masked_cell_agrees(function, rng):
    """A masked cell holds the state of each sequence's end: its state_T is what is picked, from its own hs and from any longer one."""
    for params, xs, state0, lengths in draw_masked(rng, np.float64, T=5, B=4, D=2, H=3):
        hs, state_T = masked_rnn_forward(params, xs, state0, lengths)
        compare("h picked from the hs of a masked cell, against its state_T", function(hs, lengths)[0], state_T)
        noise = np.where(is_real(lengths, 5)[..., None], hs, 9.0)
        compare("h with other numbers in the padding", function(noise, lengths)[0], state_T)


last_state = Exercise(
    last_state_forward,
    outputs=("h", "cache"),
    letters="TBH",
    example=lambda: (HS, LENGTHS),
    draw=draw_states,
    properties=(the_masked_cell_agrees,),
    mistakes={
        "h is hs[-1]: that is padding for all but the longest sequences": picking(lambda hs, n: hs[-1]),
        "h is taken one step too late, at index L; the last of L steps has the index L - 1": picking(lambda hs, n: hs[n, columns(n)]),
        "h is taken one step too late in all sequences but the longest": picking(lambda hs, n: hs[np.minimum(n, len(hs) - 1), columns(n)]),
        "h is taken one step too early; the last of L steps has the index L - 1": picking(lambda hs, n: hs[n - 2, columns(n)]),
        "h is taken at the end of the longest sequence for all of them": picking(lambda hs, n: hs[n.max() - 1]),
        "h is taken at the end of the shortest sequence for all of them": picking(lambda hs, n: hs[n.min() - 1]),
        "h is taken at the end of the first sequence for all of them": picking(lambda hs, n: hs[n[0] - 1]),
        "h is that of the first step": picking(lambda hs, n: hs[0]),
        "each time step is picked for the whole batch, which gives (B, B, H); step and sequence belong together in pairs": picking(
            lambda hs, n: hs[n - 1]
        ),
        "each time step is picked for the whole batch, at the index L": picking(lambda hs, n: hs[n]),
        "time and batch are exchanged: the first axis of hs is time": picking(lambda hs, n: hs[columns(n), n - 1]),
        "every h is taken from the first sequence; take sequence b from column b": picking(lambda hs, n: hs[n - 1, 0]),
        "the steps are counted from the end of the batch": picking(lambda hs, n: hs[-n, columns(n)]),
        "h has the axes (H, B); the batch comes first": picking(lambda hs, n: np.diagonal(hs[n - 1], axis1=0, axis2=1)),
        "h keeps an axis of time of length 1": picking(lambda hs, n: np.take_along_axis(hs, n[None, :, None] - 1, axis=0)),
        "each h keeps an axis of time of length 1": picking(lambda hs, n: hs[n - 1, columns(n)][:, None]),
        "the states are added up over time; one of them is picked": picking(lambda hs, n: hs.sum(axis=0)),
        "the states are averaged over all places; one of them is picked": picking(lambda hs, n: hs.mean(axis=0)),
        "the states are added up over the real steps; one of them is picked": over_real_steps(lambda hs: hs.sum(axis=0), 0),
        "the states are averaged over the real steps; one of them is picked": lambda hs, n: (
            (hs * is_real(n, len(hs))[..., None]).sum(axis=0) / n[:, None].astype(hs.dtype),
            LastStateCache(hs, n),
        ),
        "the largest number over the real steps is taken; one state is picked": over_real_steps(lambda hs: hs.max(axis=0), -np.inf),
        "hs is masked and its last entry taken, which is zero for the shorter sequences": over_real_steps(lambda hs: hs[-1], 0),
        "the cache holds the indices; it holds hs and the lengths": with_cache(lambda hs, n: (hs, n - 1)),
        "hs and lengths are exchanged in the cache": with_cache(lambda hs, n: (n, hs)),
        "the cache holds h; it holds all of hs": with_cache(lambda hs, n: (last_state_forward(hs, n)[0], n)),
    },
)
