"""Lab 4, part 1: the last state of one piece becomes the first of the next.

Contents
    state    the check of `carried_state`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab04.inputs import draw_state
from rnncore.reference.initial_state import carried_state
from rnncore.reference.rnn import init_rnn, rnn_forward

__all__ = ["state"]


def with_ended(change):
    """The right function but for what `change(state_T, ended)` gives where there is an `ended`."""
    return lambda state_T, ended=None: carried_state(state_T) if ended is None else change(state_T, ended)


def with_none(change):
    """The right function but for what `change(state_T)` gives where `ended` is None."""
    return lambda state_T, ended=None: change(state_T) if ended is None else carried_state(state_T, ended)


def along_units(state_T, ended):
    """The mask laid along the last axis."""
    return np.where(ended, 0, state_T)


def columns(state_T, ended):
    new = state_T.copy()
    new[:, ended] = 0
    return new


def as_column(ended):
    return ended[:, None]


def first_rows(state_T, ended):
    new = state_T.copy()
    new[: ended.sum()] = 0
    return new


def two_pieces_are_one(function, rng):
    """Where the sequence goes on, two pieces give the states of the whole; where it is over, the second starts from zeros."""
    params, xs, ended = init_rnn(rng, 3, 4), rng.standard_normal((6, 2, 3)), np.array([False, True])
    whole, _, _ = rnn_forward(params, xs, np.zeros((2, 4)))
    _, state_T, _ = rnn_forward(params, xs[:4], np.zeros((2, 4)))
    fresh, _, _ = rnn_forward(params, xs[4:], np.zeros((2, 4)))
    for words, state0, row, right in (
        ("with ended left out", function(state_T), 0, whole[4:]),
        ("where the sequence goes on", function(state_T, ended), 0, whole[4:]),
        ("where the sequence is over", function(state_T, ended), 1, fresh),
    ):
        hs, _, _ = rnn_forward(params, xs[4:], state0)
        compare(f"{words}, the second piece's states", hs[:, row], right[:, row])


state = Exercise(
    carried_state,
    outputs=("state0",),
    letters="BH",
    example=lambda: (np.array([[0.5, -0.2], [0.8, 0.1]]), np.array([False, True])),
    draw=draw_state,
    properties=(two_pieces_are_one,),
    mistakes={
        "the rows are exchanged: those that ended are kept and the others are reset": with_ended(
            lambda state_T, ended: carried_state(state_T, ~ended)
        ),
        "ended is ignored: every row is carried": with_ended(lambda state_T, ended: state_T),
        "every row is reset as soon as one has ended": with_ended(lambda state_T, ended: state_T * 0),
        "every state is reset, whatever ended says": lambda state_T, ended=None: state_T * 0,
        "no ended means a reset; None means that no sequence is over": with_none(lambda state_T: state_T * 0),
        "ended selects units in the place of rows; it has one entry for each sequence, a row": with_ended(along_units),
        "ended selects columns, which are units; it has one entry for each sequence, a row": with_ended(columns),
        "the rows that ended become ones; a new sequence starts from zeros": with_ended(
            lambda state_T, ended: np.where(ended[:, None], 1, state_T).astype(state_T.dtype)
        ),
        "the rows that ended are left out; the batch keeps its size": with_ended(lambda state_T, ended: state_T[~ended]),
        "only the rows that ended are returned": with_ended(lambda state_T, ended: state_T[ended]),
        "ended is counted: that many rows from the first on are reset; it says itself which": with_ended(first_rows),
        "only the first row that ended is reset": with_ended(
            lambda state_T, ended: carried_state(state_T, np.arange(len(ended)) == ended.argmax())
        ),
        "the last row that ended alone is reset": with_ended(
            lambda state_T, ended: carried_state(state_T, np.arange(len(ended)) == len(ended) - 1 - ended[::-1].argmax())
        ),
        "ended is used as an array although it can be None; ask for that first": with_none(lambda state_T: as_column(None)),
        "~ is applied to ended although it can be None; ask for that first": with_none(lambda state_T: ~None),
        "ended is multiplied without a second axis, so that it meets the units; it belongs to the rows": with_ended(
            lambda state_T, ended: state_T * ~ended
        ),
        "float32 has become float64, by a new array or a mask of whole numbers; keep the dtype of state_T": with_ended(
            lambda state_T, ended: carried_state(state_T.astype(np.float64), ended)
        ),
    },
)
