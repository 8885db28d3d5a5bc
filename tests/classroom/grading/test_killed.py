"""Killed at any moment, a run that is resumed gives what an undisturbed run gives: nothing lost, nothing doubled."""

import os
import random
import signal
import time

import pytest

from tests.classroom import marks
from tests.classroom.conftest import LAB
from tests.classroom.processes import children, gone, until

ANSWERS = ("right", "wrong", "half", "odd", "right", "half", "wrong", "right", "half")

pytestmark = [
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),  # of nbgrader's, where a test uses its gradebook
    pytest.mark.skipif(not os.path.exists("/proc/self/task"), reason="finds processes in /proc, which this system does not have"),
]


@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_lost_or_doubled(seed, course, hand_in, run, tmp_path):
    chance = random.Random(seed)
    for n, answer in enumerate(ANSWERS):
        hand_in(f"s{n}", answer)
    killed = {"runner": 0, "worker": 0}
    for n in range(5):
        process = run("grade", LAB, "--resume", start=True, GRADER_SECONDS="0.5", GRADER_LOG=str(tmp_path / "log"))
        until(lambda process=process: process.poll() is not None or children(process.pid))
        time.sleep(chance.uniform(0, 2.5))
        alive = children(process.pid)
        if alive and chance.random() < 0.4:
            os.kill(chance.choice(alive), signal.SIGKILL)
            killed["worker"] += 1
            time.sleep(chance.uniform(0, 1))
        elif process.poll() is None:
            killed["runner"] += 1
        process.kill()
        process.communicate()
        assert gone(alive)
        if n >= 2 and len(marks.bundled(course, LAB)) == len(ANSWERS):
            break
    assert killed["runner"]
    assert run("grade", LAB, "--resume").returncode == 0
    assert run("regrade", LAB, GRADER_LOG=str(tmp_path / "none")).stdout.startswith("0 graded, 9 skipped")
    points = {"right": 5, "half": 3}
    assert marks.bundled(course, LAB) == {f"s{n}": ("graded", points.get(answer, 0)) for n, answer in enumerate(ANSWERS)}
    after = marks.of(course, LAB)
    assert {name: sum(filter(None, one["auto"].values())) for name, one in after.items()} == {
        f"s{n}": points.get(answer, 0) for n, answer in enumerate(ANSWERS)
    }
    assert not list(course.root.rglob("*.tmp")) and not list(course.bundles.rglob(".*"))
    run("grade", LAB)
    assert marks.of(course, LAB) == after


def test_a_process_that_is_busy_leaves_with_the_runner(hand_in, run, tmp_path):
    hand_in("ada", "hang")
    process = run("grade", LAB, start=True, GRADER_LOG=str(tmp_path / "log"))
    assert until((tmp_path / "log").exists)
    alive = children(process.pid)
    process.kill()
    process.communicate()
    assert alive and gone(alive)
