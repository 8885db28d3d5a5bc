"""The widget runs one recurrence as a loop and as two parallel scans: the same values, in fewer rounds, with more work."""

import numpy as np
import pytest

from rnncore import linear_recurrence_forward, linear_recurrence_scan_forward
from rnncore.checks import compare
from rnncore.widgets import widget
from rnncore.widgets.parallel_scan import FAST, FORMS, KINDS, LOOP, SWEEPS, follow, inputs_of, schedule

WIDGET = widget("parallel_scan")


def combinations(form, steps):
    return sum(map(len, schedule(form, steps)))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("steps", [2, 3, 7, 8, 13, 16, 100])
def test_every_form_ends_with_the_states_of_the_loop(form, steps):
    rng = np.random.default_rng(steps)
    a, b = rng.uniform(-1, 1, steps), rng.standard_normal(steps)
    values, covered = follow(schedule(form, steps), a, b)
    shaped = a[:, None, None], b[:, None, None], np.zeros((1, 1))
    compare("values", values[-1], linear_recurrence_forward(*shaped)[0].ravel())
    assert (covered[-1] == np.arange(1, steps + 1)).all()
    if form == FAST:
        compare("values", values[-1], linear_recurrence_scan_forward(*shaped)[0].ravel(), rtol=0, atol=0)


@pytest.mark.parametrize("form", FORMS)
def test_a_map_is_the_composition_of_the_steps_it_covers(form):
    rng = np.random.default_rng(5)
    a, b = rng.uniform(0.5, 1, 11), rng.standard_normal(11)
    for values, covered in zip(*follow(schedule(form, 11), a, b), strict=True):
        for t, count in enumerate(covered):
            h = 0.0  # a start at zero, as many steps ago as the map covers
            for s in range(t + 1 - count, t + 1):
                h = a[s] * h + b[s]
            assert abs(values[t] - h) < 1e-12


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("steps", [5, 16])
def test_a_round_reads_no_place_that_it_also_needs_changed(form, steps):
    """The maps of a target and its source are neighbours when they are combined, whatever else happens in the round."""
    covered = np.ones(steps, dtype=int)
    for pairs in schedule(form, steps):
        assert len({t for t, _ in pairs}) == len(pairs)
        assert all(t - covered[t] == s for t, s in pairs)
        before = covered.copy()
        for t, s in pairs:
            covered[t] += before[s]


@pytest.mark.parametrize("power", range(1, 11))
def test_rounds_and_work(power):
    steps = 2**power
    assert len(schedule(LOOP, steps)) == combinations(LOOP, steps) == steps - 1
    assert len(schedule(FAST, steps)) == power
    assert combinations(FAST, steps) == steps * power - (steps - 1)
    assert len(schedule(SWEEPS, steps)) == 2 * power - 1
    assert combinations(SWEEPS, steps) == 2 * (steps - 1) - power


def test_the_first_sight():
    note = WIDGET().note
    assert "the loop has 5 of 16 states, the fast scan 16." in note
    assert "the loop takes 1023 rounds, the fast scan 10." in note
    assert "rounding" in note or "no difference" in note
    assert "the loop has 4 of 16 states, the fast scan 8." in WIDGET(rounds=3).note
    assert [bar["x"] for bar in WIDGET().data[-2:]] == [[15, 4, 7], [15, 49, 26]]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", [FAST, SWEEPS])
def test_the_figure_shows_states_and_what_is_there_so_far(form, kind):
    a, b = np.full(12, 0.8), inputs_of(kind, 12)
    exact = linear_recurrence_forward(a[:, None, None], b[:, None, None], np.zeros((1, 1)))[0].ravel()
    line, loop, tree = WIDGET(form=form, kind=kind, steps=12, keep=0.8, rounds=2).data[4:7]
    compare("states", line["y"], exact)
    compare("loop", loop["y"], exact[:3])
    compare("tree", tree["y"], follow(schedule(form, 12), a, b)[0][2])
    full = np.array(tree["marker"]["symbol"]) == "diamond"
    compare("known", tree["y"][full], exact[full])
    assert full.sum() == (4 if form == FAST else 3)


def test_lines_join_the_places_that_are_combined():
    for rounds in range(4):
        _, future, past, nodes = WIDGET(steps=8, rounds=rounds).data[:4]
        drawn = list(zip(past["x"][::3], past["x"][1::3], past["y"][1::3], strict=True))
        assert drawn == [(s + 1, t + 1, r + 1) for r, pairs in enumerate(schedule(FAST, 8)[:rounds]) for t, s in pairs]
        assert len(future["x"]) + len(past["x"]) == 3 * combinations(FAST, 8)
        assert len(nodes["x"]) == 8 + len(drawn)


def test_a_pulse_reaches_twice_as_far_in_each_round():
    for rounds in range(5):
        values = WIDGET(kind="one pulse", rounds=rounds).data[6]["y"]
        assert (values > 0).sum() == 2**rounds


def test_the_loop_stands_alone():
    names = [trace.get("name") for trace in WIDGET(form=LOOP).data]
    assert names.count(LOOP) == 1 and FAST not in names
    assert "one more in each round" in WIDGET(form=LOOP, rounds=15).note
