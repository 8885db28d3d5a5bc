"""The loss cliff: its slope is the derivative of its loss, and the starting values show what the hint says."""

import numpy as np
import pytest

from rnncore.widgets import widget
from rnncore.widgets.loss_cliff import START, descend, loss_along, places


def test_the_slope_is_the_derivative_of_the_loss():
    biases, step = np.array([-0.15, 0.0, 0.1, 0.3, 0.55]), 1e-6
    _, slope = loss_along(1.5, biases, 20)
    above, below = (loss_along(1.5, biases + s, 20)[0] for s in (step, -step))
    np.testing.assert_allclose(slope, (above - below) / (2 * step), rtol=1e-6)


def test_the_loss_is_that_of_the_recurrence():
    h, b = -1.0, 0.1
    for _ in range(20):
        h = np.tanh(1.5 * h + b)
    np.testing.assert_allclose(loss_along(1.5, np.array([b]), 20)[0], (h + 0.6) ** 2, rtol=1e-12)


def test_without_clipping_one_step_lands_far_away_and_stays():
    paths, losses = descend(1.5, 50, 0.05, 1.0)
    raw, clipped = paths.T
    assert np.abs(np.diff(raw)).max() > 5 and abs(raw[-1] - raw[-2]) < 1e-3
    assert np.abs(np.diff(clipped)).max() <= 0.05 + 1e-12 and abs(clipped[-1] - 0.21) < 0.03
    assert losses[-1, 0] > 0.1 > 10 * losses[-1, 1]


def test_until_the_edge_both_descents_are_the_same():
    paths, _ = descend(1.5, 50, 0.05, 1.0)
    assert (paths[:20, 0] == paths[:20, 1]).all() and paths[0, 0] == START


@pytest.mark.parametrize("weight", [1.4, 1.5, 1.6, 1.7])
def test_the_cliff_grows_steeper_with_the_length(weight):
    steepest = [np.abs(loss_along(weight, places(weight, steps), steps)[1]).max() for steps in (10, 30, 60, 100)]
    assert (np.diff(steepest) > 0).all() and steepest[-1] > 20 * steepest[0]


def test_the_note_says_where_both_end():
    note = widget("loss_cliff")().note
    assert "not clipped -5.48" in note and "clipped 0.2" in note
