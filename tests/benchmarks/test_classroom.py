"""The arithmetic of the class's benchmarks: what fails is tried again and counted, and each step has its row."""

import time
from types import SimpleNamespace

import pytest


@pytest.fixture
def hurry(load, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    return load("classroom_load").Hurry(SimpleNamespace(), "lab")


def failing(times):
    """A step that fails so often before it succeeds."""
    left = iter([True] * times)

    def step():
        if next(left, False):
            raise ConnectionError("no answer")

    return step


def test_what_fails_is_tried_again_and_counted(hurry, load):
    hurry.timed("save", failing(2))
    hurry.timed("save", failing(0))
    with pytest.raises(ConnectionError):
        hurry.timed("submit", failing(3))
    rows = {row["step"]: row for row in load("classroom_load").table(hurry)}
    assert (rows["save"]["done"], rows["save"]["failed"]) == (2, 2) and (rows["submit"]["done"], rows["submit"]["failed"]) == (0, 3)
    assert rows["submit"]["all, s"] != rows["submit"]["all, s"]  # nothing was measured


def test_quantiles_are_those_of_the_seconds(hurry, load):
    hurry.seconds["log_in"] = [float(n) for n in range(101)]
    row = load("classroom_load").table(hurry)[0]
    assert [row[name] for name in ("step", "half, s", "90 %, s", "99 %, s", "all, s")] == ["log in", 50, 90, 99, 100]


def test_what_was_killed_has_a_row_each(load):
    runs = [SimpleNamespace(target=target, seconds=1.24, told=3, failed=1) for target in ("the hub", "a worker", "the hub")]
    first, second = load("classroom_killed").table(runs)
    assert first["killed"] == "a worker" and second == {"killed": "the hub", "runs": 2, "after, s": "1.2, 1.2", "arrived": 6, "failed": 2}
