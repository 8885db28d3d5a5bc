"""A class in a hurry: students log in to a running hub, start their servers, fetch a lab, save an answer and submit it, as fast as they
are answered, while the teacher collects and grades again and again. As many servers run at a time as the option says, since each takes
about 150 MB and a class on a small machine comes in waves; a student whose turn is over stops the server. Students send the requests that
JupyterHub's and JupyterLab's pages send; no kernel is started. What fails is tried again, up to three times, and counted.

Contents
    Hurry     times and failures of all students
    held      run such a class and look at what became of it
    sections  the table

    python benchmarks/classroom_load.py --students 30 --servers 4       another class, printed and not written
"""

import argparse
import contextlib
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from report import Section, Target, machine, markdown, note

LAB = "lab01_recurrent_cell"
STEPS = ("log_in", "spawn", "open", "fetch", "save", "submit", "stop")
TRIES = 3
MINUTES = 10  # in which a class of a hundred is through


class Hurry:
    """What the students of a class do, and how long each step took.

    Args:
        held: a running `Class`.
        lab: name of the lab.
    """

    def __init__(self, held, lab):
        self.held, self.lab, self.lock = held, lab, threading.Lock()
        self.seconds, self.failures = {step: [] for step in STEPS}, {step: 0 for step in STEPS}
        self.said = []

    def visit(self, number, name):
        """All that one student does; returns what was handed in, or None if a step failed three times."""
        from tests.classroom.hub.by_http import Student, answer, points
        from tests.classroom.hub.crowd import Handed

        student = Student(self.held.address, name, self.held.passwords[name])
        solved = [cell for bit, cell in enumerate(points(self.lab)) if number >> bit & 1]
        notebook = self.held.course / "classroom-data" / "homes" / name / self.lab / f"{self.lab}.ipynb"
        try:
            for step in ("log_in", "spawn", "open"):
                self.timed(step, getattr(student, step))
            self.timed("fetch", student.fetch, self.lab)
            written = answer(student.read(self.lab), self.lab, solved, f"{name}'s own")
            self.timed("save", student.save, self.lab, written)
            saved = notebook.read_bytes()
            self.timed("submit", student.submit, self.lab)
            return Handed(name, saved, solved)
        except Exception as why:
            self.said.append(str(why))
            return None
        finally:
            with contextlib.suppress(Exception):  # it is counted
                self.timed("stop", student.stop)

    def timed(self, step, action, *arguments):
        for left in reversed(range(TRIES)):
            began = time.monotonic()
            try:
                action(*arguments)
            except Exception:
                with self.lock:
                    self.failures[step] += 1
                if not left:
                    raise
                time.sleep(1)
            else:
                with self.lock:
                    self.seconds[step].append(time.monotonic() - began)
                return


def held(students, servers):
    """Hold a class.

    Args:
        students: how many.
        servers: how many of them are at work at a time.
    Returns:
        A Hurry; the list of what was handed in; complaints; minutes until the last was in, and until the last was graded; and how often
        the teacher collected and graded.
    """
    from tests.classroom.hub.crowd import Teacher, complaints, end, new_class

    names = [f"student{number:03}" for number in range(students)]
    with tempfile.TemporaryDirectory(prefix="class-", ignore_cleanup_errors=True) as place:
        running = new_class(Path(place, "course"), LAB, names)
        try:
            hurry, teacher = Hurry(running, LAB), Teacher(running.course, LAB)
            began = time.monotonic()
            with ThreadPoolExecutor(1) as desk, ThreadPoolExecutor(servers) as room:
                grading = desk.submit(teacher.again_and_again)
                try:
                    handed = [one for one in room.map(hurry.visit, range(students), names) if one]
                finally:
                    teacher.done.set()
                in_minutes = (time.monotonic() - began) / 60
                rounds = grading.result()
            graded_minutes = (time.monotonic() - began) / 60
            found = [*hurry.said, *complaints(running.course, LAB, handed)]
        finally:
            end(running)
    return hurry, handed, found, in_minutes, graded_minutes, rounds


def table(hurry):
    """One row for each step."""
    rows = []
    for step in STEPS:
        seconds = np.array(hurry.seconds[step] or [np.nan])
        quantiles = zip(("half, s", "90 %, s", "99 %, s", "all, s"), np.quantile(seconds, [0.5, 0.9, 0.99, 1]), strict=True)
        row = {"step": step.replace("_", " "), "done": len(hurry.seconds[step]), "failed": hurry.failures[step]}
        rows.append(row | {name: float(value) for name, value in quantiles})
    return rows


def sections(quick, students=None, servers=4):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from tests.classroom.hub.crowd import lacking, versions

    if why := lacking():
        print(f"classroom_load is left out: {why}.", file=sys.stderr)
        return []
    students = students or (10 if quick else 100)
    hurry, handed, found, in_minutes, graded_minutes, rounds = held(students, servers)
    for sentence in found:
        print(sentence, file=sys.stderr)
    reading = (
        f"{students} students, {servers} at a time; seconds in which so many of them were answered. All were in after {in_minutes:.1f} "
        f"minutes and graded after {graded_minutes:.1f}; the teacher collected and graded {rounds} times. With {versions()}."
    )
    targets = [
        Target("class: minutes until the last has submitted", in_minutes, MINUTES),
        Target("class: submissions that did not arrive", float(students - len(handed)), 0),
        Target("class: lost, changed, doubled or marked wrongly", float(len(found)), 0),
    ]
    return [Section("A class in a hurry", note(__doc__), reading, table(hurry), targets)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=100, metavar="N", help="default: 100")
    parser.add_argument("--servers", type=int, default=4, metavar="K", help="students at work at a time (default: 4)")
    options = parser.parse_args()
    found = sections(False, options.students, options.servers)
    print(markdown("classroom_load", found, machine(), "a class"))
    sys.exit(not found or not all(target.met for target in found[0].targets))
