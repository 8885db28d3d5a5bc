"""Many submissions at once: what dies, hangs or cannot be read is marked and the others are graded; what has not changed is left out."""

import fcntl
import json
import re
import shutil
import signal
import time

import pytest

from classroom.grading.runner import Progress
from tests.classroom import marks
from tests.classroom.conftest import LAB
from tests.classroom.graders import WRONG

pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")  # of nbgrader's, where a test uses its gradebook


def graded(path):
    """How often each student was graded."""
    names = [line.split()[1] for line in path.read_text().splitlines()] if path.exists() else []
    return {name: names.count(name) for name in names}


def test_no_submission_stops_the_batch(course, hand_in, run, tmp_path):
    for name in ("right", "wrong", "half", "die", "hang", "raise", "odd"):
        hand_in(name.title(), name)
    hand_in("Once", "right, die once")
    hand_in("Nothing", "right").joinpath(f"{LAB}.ipynb").unlink()
    log = tmp_path / "log"
    done = run("grade", LAB, "--workers", 3, "--limit", 4, GRADER_LOG=str(log))
    assert done.returncode == 0 and done.stderr == "", done.stderr
    assert marks.bundled(course, LAB) == {
        "Right": ("graded", 5), "Wrong": ("graded", 0), "Half": ("graded", 3), "Die": ("crashed", 0), "Hang": ("crashed", 0),
        "Raise": ("crashed", 0), "Odd": ("graded", 0), "Once": ("graded", 5), "Nothing": ("refused", 0),
    }  # fmt: skip
    booked = marks.of(course, LAB)
    assert len(booked) == 9 and booked["Right"]["auto"] == {"check_double": 3, "check_half": 2, "why": None}
    assert booked["Half"]["auto"] == {"check_double": 3, "check_half": 0, "why": None}
    assert booked["Right"]["look"] == {"check_double": False, "check_half": False, "why": True}
    assert set(booked["Hang"]["look"].values()) == {True} and booked["Hang"]["auto"] == {"check_double": 0, "check_half": 0, "why": 0}
    assert "did not end within 4 seconds" in booked["Hang"]["comments"]["double"]
    assert "died twice" in booked["Die"]["comments"]["half"] and "ZeroDivisionError: in the grader" in booked["Raise"]["comments"]["half"]
    assert booked["Nothing"]["comments"]["double"] == "There is no notebook in the submission."
    assert graded(log)["Die"] == 2 and graded(log)["Once"] == 2 and graded(log)["Hang"] == 1
    assert "9 graded, 0 skipped, 4 to look at." in done.stdout and "Hang: Grading this submission did not end" in done.stdout


def test_a_worker_stays_for_many_submissions(hand_in, run, tmp_path):
    for n in range(8):
        hand_in(f"s{n}", "right")
    run("grade", LAB, "--workers", 2, GRADER_LOG=str(tmp_path / "log"))
    assert len({line.split()[0] for line in (tmp_path / "log").read_text().splitlines()}) == 2


def test_regrade_does_what_changed_and_says_why(folder, course, hand_in, run, tmp_path):
    for name in ("ada", "ben", "cem", "dot"):
        hand_in(name, "right")
    hand_in("eva", "raise")
    run("grade", LAB, "--student", "ada", "ben", "cem", "eva")
    hand_in("ben", "wrong")
    (folder / "classroom-data/bundles" / LAB / "cem" / "current").unlink()
    log = tmp_path / "log"
    done = run("regrade", LAB, GRADER_LOG=str(log))
    assert graded(log) == {"ben": 1, "dot": 1, "eva": 1}
    for line in (
        "skipped 2: nothing changed since it was graded",
        "graded 1: the submission changed",
        "graded 1: not graded before",
        "graded 1: the grader had not come to an end",
    ):
        assert line in done.stdout
    assert marks.of(course, LAB)["ben"]["auto"]["check_double"] == 0
    hand_in("ben", "right")  # as it was: the first result is still there
    hand_in("ada", "half")
    assert "skipped 3: " not in run("regrade", LAB, "--student", "ben", GRADER_LOG=str(tmp_path / "none")).stdout
    notebook = folder / "labs" / LAB / f"{LAB}.ipynb"
    notebook.write_text(notebook.read_text().replace("Play with it.", "Play."))
    assert "graded 1: the submission and the lab as handed out changed" in run("regrade", LAB, "--student", "ada").stdout
    (folder / "classroom-data/secret").write_text("00" * 32)
    assert "graded 1: the course's secret changed" in run("regrade", LAB, "--student", "ada").stdout


def test_a_result_that_was_not_written_is_written_by_the_next_run(template, folder, course, hand_in, run, tmp_path):
    hand_in("ada", "right")
    hand_in("ben", "wrong")
    run("grade", LAB)
    before = marks.of(course, LAB)
    (folder / "classroom-data/autograded/ada" / LAB / f"{LAB}.ipynb").unlink()
    done = run("grade", LAB, "--resume", GRADER_LOG=str(tmp_path / "log"))
    assert graded(tmp_path / "log") == {} and "skipped 1: it was graded, and only had to be written into the gradebook" in done.stdout
    assert marks.of(course, LAB) == before
    shutil.copy(template / "gradebook.db", folder)
    assert "skipped 2: it was graded, and only had to be written" in run("regrade", LAB).stdout
    assert marks.of(course, LAB) == before


def test_without_a_sandbox_nothing_is_marked(course, hand_in, run):
    hand_in("ada", "stop")
    done = run("grade", LAB)
    assert done.returncode == 1 and done.stderr == "There is no sandbox.\n"
    assert marks.bundled(course, LAB) == {} and marks.of(course, LAB) == {}


def test_a_lab_that_is_not_in_the_gradebook_is_graded_and_written_later(template, folder, course, hand_in, run):
    hand_in("ada", "right")
    (folder / "gradebook.db").unlink()
    assert "ada: The result could not be written into the gradebook (MissingEntry" in run("grade", LAB).stdout
    shutil.copy(template / "gradebook.db", folder)
    run("grade", LAB, "--resume")
    assert marks.of(course, LAB)["ada"]["auto"]["check_double"] == 3


def test_two_runs_at_once_are_one_too_many(folder, course, hand_in, run):
    for n in range(4):
        hand_in(f"s{n}", "right")
    with open(folder / "classroom-data" / "grading.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = run("grade", LAB)
    assert second.returncode == 1 and second.stderr == "Another run is grading this course; wait for it, or stop it.\n"
    assert "4 graded" in run("grade", LAB).stdout


def test_interrupted_it_says_how_to_go_on(folder, hand_in, run):
    for n in range(30):
        hand_in(f"s{n}", "right")
    first = run("grade", LAB, start=True, GRADER_SECONDS="0.5")
    end = time.monotonic() + 60
    while not list(folder.glob("classroom-data/bundles/*/*/current")) and time.monotonic() < end:
        time.sleep(0.1)
    first.send_signal(signal.SIGINT)
    _, said = first.communicate(timeout=30)
    assert first.returncode in (130, -signal.SIGINT), said  # the second where code made from a text, as of a named tuple, was interrupted
    assert said == "Stopped. What was graded is kept; --resume goes on from here.\n"


def test_names_of_students_are_any_that_a_folder_can_have(course, hand_in, run):
    names = ["O'Neil, Ada", "ゆき", "-rf", "a+b@c.de", "x[1]*"]
    for name in names:
        hand_in(name, "right")
    run("grade", LAB)
    assert set(marks.of(course, LAB)) == set(names)


class Terminal:
    def __init__(self, tty):
        self.text, self.tty = "", tty

    def isatty(self):
        return self.tty

    def write(self, text):
        self.text += text

    def flush(self):
        pass


@pytest.mark.parametrize("tty", [True, False])
def test_progress_is_one_line_on_a_terminal_and_nothing_elsewhere(tty):
    terminal = Terminal(tty)
    progress = Progress("lab05", 4, terminal)
    for status in ("graded", "crashed", "graded"):
        progress.step(status)
    progress.end()
    if not tty:
        assert terminal.text == ""
        return
    assert re.search(r"\rlab05: 3 of 4, 1 crashed, about \d+ s left *\rlab05: 3 of 4 in \d+ s *\n$", terminal.text)


def test_the_sentence_of_a_check_is_in_the_bundle_and_at_the_answer(folder, course, hand_in, run):
    hand_in("ada", "half")
    run("grade", LAB)
    (result,) = (folder / "classroom-data/bundles" / LAB / "ada").glob("*/result.json")
    checks = json.loads(result.read_text())["checks"]
    assert [check["message"] for check in checks] == ["", WRONG]
    assert marks.of(course, LAB)["ada"]["comments"]["double"] is None
    assert marks.of(course, LAB)["ada"]["comments"]["half"] == WRONG.replace("[", "\\[").replace("]", "\\]")
