"""A class with any number of students: its list of people, its teacher's commands, and what must be true of it at the end.

lacking     why such a class cannot be held here
versions    with what it is held
new_class   a course folder with a list of students and one released lab
end         stop it
Handed      what one student saved and was told had arrived, and the marks that it must have
Teacher     collect and grade, as in a terminal
arrived     what is in the exchange
booked      what is in the gradebook
complaints  what was lost, doubled or marked wrongly
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections import Counter
from importlib import metadata
from typing import NamedTuple

from classroom.hub.people import Person, add
from tests.classroom import marks
from tests.classroom.hub.by_http import points
from tests.classroom.hub.course import HUB, ROOT, Class, environment, make_course
from tests.classroom.sandbox.conftest import trouble


def lacking():
    """What this machine lacks for a class that is graded: a sentence, or None."""
    if not (ROOT / HUB / "node_modules").exists():
        return "the proxy is not installed: `npm ci --prefix classroom/hub` installs it"
    if said := trouble():
        return f"bubblewrap, in which submissions are graded, does not work here: {said}"
    return None


def versions():
    """With what a class was held, for a report."""
    return ", ".join(f"{name} {metadata.version(name)}" for name in ("jupyterhub", "nbgrader", "jupyterlab", "jupyter_server"))


def new_class(folder, lab, names):
    """Make a course folder with this lab and these students, and start its hub; return the `Class`."""
    course = make_course(folder, [lab])
    people = {name: Person(name) for name in names} | {"teacher": Person("teacher", "teacher")}
    add(people, course / "classroom-data" / "people.csv")
    return Class(course)


def end(held):
    """Stop a class, and what is left of one whose hub was killed."""
    for pid in held.stop():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


class Handed(NamedTuple):
    """One submission that a student was told had arrived."""

    student: str
    saved: bytes  # the notebook in the student's home at that time
    solved: list  # names of the solution cells with the right answer


class Teacher:
    """The teacher's two steps, "collect" and "grade": what is newer is collected, and what has changed is graded.

    Args:
        course: the folder.
        lab: the lab's name.
    """

    def __init__(self, course, lab):
        self.course, self.done, self.log = course, threading.Event(), course / "teacher.log"
        self.commands = {"collect": ["nbgrader", "collect", lab, "--update"], "grade": ["classroom", "grade", lab, "--resume"]}

    def start(self, step):
        """Start a step in a process group of its own, and return the process."""
        teacher = {"JUPYTER_CONFIG_PATH": str(self.course / HUB / "teacher"), "CLASSROOM_DEMO": "1"}
        with open(self.log, "a") as log:
            command, variables = [sys.executable, "-m", *self.commands[step]], environment(self.course) | teacher
            return subprocess.Popen(command, cwd=self.course, env=variables, stdout=log, stderr=log, start_new_session=True)

    def finish(self, step):
        """Do a step; returns its seconds."""
        began = time.monotonic()
        if self.start(step).wait():
            raise RuntimeError(f"The teacher could not {step}: {self.log.read_text()[-1500:]}")
        return time.monotonic() - began

    def again_and_again(self):
        """Collect and grade until `done` is set, and once more after it; return how often."""
        count, last = 0, False
        while not last:
            last = self.done.wait(1)
            for step in self.commands:
                self.finish(step)
            count += 1
        return count


def arrived(course, lab):
    """What lies whole in the exchange: folders, each with its student and the bytes of the notebook."""
    found = {}
    for folder in (course / "classroom-data/exchange/rnn/inbound").glob(f"[!.]*+{lab}+*"):
        if (folder / "timestamp.txt").read_text():
            found[folder] = folder.name.split("+")[0], (folder / f"{lab}.ipynb").read_bytes()
    return found


def marks_of(handed, lab):
    """The automatic marks that an answer must have: a dict from checks to points."""
    found = {}
    for cell, checks in points(lab).items():
        found |= {check: worth if cell in handed.solved else 0.0 for check, worth in checks.items()}
    return found


def booked(course, lab):
    """What the gradebook says, by student."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nbgrader makes SQLAlchemy warn
        from classroom.course import open_course

        return marks.of(open_course(course), lab)


def complaints(course, lab, handed):
    """Look whether a class lost, doubled or mixed up anything.

    Args:
        course: its folder.
        lab: the lab's name.
        handed: a list of `Handed`, of each student in the order in which they were handed in; all is graded.
    Returns:
        A list of sentences.
    """
    there, found, given = Counter(arrived(course, lab).values()), [], booked(course, lab)
    last, data = {one.student: one for one in handed}, course / "classroom-data"
    for one in handed:
        if (count := there[one.student, one.saved]) != 1:
            found.append(f"A submission of {one.student} is {count} times in the exchange.")
    for student, one in last.items():
        collected = data / "submitted" / student / lab / f"{lab}.ipynb"
        if not collected.is_file() or collected.read_bytes() != one.saved:
            found.append(f"{student}'s last submission is not what was collected.")
        if student not in given:
            found.append(f"{student} has no mark.")
        elif {name: mark for name, mark in given[student]["auto"].items() if mark is not None} != marks_of(one, lab):
            found.append(f"{student} has other marks than the answer is worth: {json.dumps(given[student]['auto'])}.")
    found += [f"{student} has a mark and handed in nothing." for student in given.keys() - last.keys()]
    rests = [path for name in ("bundles", "submitted", "autograded") for path in (data / name).rglob(".*")]
    return found + [f"{path.relative_to(course)} was left behind." for path in rests]
