"""Truncated and checkpointed BPTT: the four ways agree where they must, and each limit can be missed."""

import numpy as np
import pytest


def test_quick_sections(load, monkeypatch):
    bptt = load("bptt")
    monkeypatch.setattr(bptt, "STEPS", [48, 64, 96])
    monkeypatch.setattr(bptt, "LAYERS", ["GRU"])
    (section,) = bptt.sections(quick=True)
    assert len(section.rows) == 3 and len(section.targets) == 5
    assert all(target.met for target in section.targets if "time" not in target.name)
    for row in section.rows:
        assert row["checkpointed, peak"] < row["full, peak"] and row["checkpointed / full, time"].median > 0


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
def test_every_way_gives_the_full_gradient_when_nothing_is_cut(load, name):
    bptt = load("bptt")
    ways = {way: run() for way, run in bptt.passes(bptt.problem(name, bptt.WINDOW)).items()}
    for way in ("chunked", "truncated", "checkpointed"):
        assert bptt.difference(ways[way], ways["full"]) < 1e-12


def test_a_cut_gradient_is_no_equal_gradient(load):
    bptt = load("bptt")
    ways = bptt.passes(bptt.problem("RNN", 2 * bptt.WINDOW))
    assert bptt.difference(ways["chunked"](), ways["full"]()) > bptt.EQUAL


def test_the_fit_tells_a_root_from_a_line(load):
    bptt = load("bptt")
    steps = np.array(bptt.STEPS)
    assert bptt.unexplained(steps, 20 + 5 * np.sqrt(steps)) < 1e-12
    assert bptt.unexplained(steps, 20 + 3 * steps) == pytest.approx(0.03, abs=0.005)


def test_each_target_can_be_missed(load):
    bptt, Spread = load("bptt"), load("grid").Spread

    def rows(power, ratio, difference):
        return [
            {
                "layer": "RNN",
                "T": T,
                "chunked, peak": 5.0 * T ** (power - 0.5),
                "truncated, peak": 5.0 * T ** (power - 0.5),
                "checkpointed, peak": 9.0 * T**power,
                "checkpointed / full, time": Spread(ratio, ratio, ratio),
                "largest difference": difference,
            }
            for T in bptt.STEPS
        ]

    assert [target.met for target in bptt.targets(rows(0.5, 1.4, 1e-15))] == [True] * 5
    assert [target.met for target in bptt.targets(rows(1.0, 1.6, 1e-9))] == [False] * 5
