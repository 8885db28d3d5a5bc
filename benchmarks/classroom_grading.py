"""Submissions graded a minute: the sandboxed, parallel way of this course against plain nbgrader, and whether their marks are the same.

A class of 60 (12 in a quick run) hands in honest work (`honest.py`) of a lab in NumPy and of one that imports PyTorch. It is graded by
`nbgrader autograde LAB`, which runs it unprotected, and by `python -m classroom grade LAB` as it comes, with two workers; in turn,
from the same start, each in a process of its own. Every mark of every step must be the same both ways. Lab 5 stands for those in NumPy: a
checked step is a few small arrays and loops, as in most. Left out where there is no sandbox.

    python benchmarks/classroom_grading.py --submissions 12 --rounds 2 --labs lab05_lstm       a look

Contents
    sections    what run.py asks for
    compare     one lab, all rounds
    once        one way, one time
    marks       what the gradebook says
"""

import argparse
import os
import shutil
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import numpy as np
from grid import Timings
from honest import command, make_course
from report import Section, Target, machine, markdown, note

LABS = {"lab05_lstm": 2.5, "lab12_pytorch_gpu": 5}  # how many times as many a minute
WAYS = {"plain": ["nbgrader", "autograde"], "hardened": ["classroom", "grade"]}
MADE = ("classroom-data/autograded", "classroom-data/bundles", "gradebook.db")
READING = (
    "A ratio is hardened over plain, taken within a round. Processor seconds are those of the whole machine, for a sandbox is not a child "
    "that can be asked: run it where nothing else runs."
)
MARKS = """
SELECT student.id, cell.name, grade.auto_score FROM grade JOIN base_cell AS cell ON grade.cell_id = cell.id
JOIN submitted_notebook ON grade.notebook_id = submitted_notebook.id
JOIN submitted_assignment ON submitted_notebook.assignment_id = submitted_assignment.id
JOIN student ON submitted_assignment.student_id = student.id
"""


def sections(quick, submissions=None, rounds=None, labs=tuple(LABS)):
    if not shutil.which("bwrap"):
        return []
    count, rounds = submissions or (12 if quick else 60), rounds or (2 if quick else 3)
    found = {lab: compare(lab, count, rounds) for lab in labs}
    targets = [Target(f"{lab}: 1 / (hardened over plain)", 1 / row["ratio"].median, 1 / LABS[lab]) for lab, row in found.items()]
    return [Section("Grading", note(__doc__).partition(" python benchmarks")[0], READING, list(found.values()), targets)]


def compare(lab, count, rounds):
    """Grade a class both ways, several times.

    Args:
        lab: its name.
        count: submissions.
        rounds: how often each way.
    Returns:
        A row of the table.
    Raises:
        AssertionError: a mark differs between the ways, or between two rounds.
    """
    wall, cpu, given = {way: [] for way in WAYS}, {way: [] for way in WAYS}, None
    with tempfile.TemporaryDirectory(prefix="grading-") as folder:
        course = Path(folder, "course")
        environment = make_course(course, lab, count)
        shutil.copy(course / "gradebook.db", folder)
        for number in range(rounds):
            for way in sorted(WAYS, reverse=bool(number % 2)):
                for name in MADE:
                    remove(course / name)
                shutil.copy(Path(folder, "gradebook.db"), course)
                seconds, used = once(course, environment, [*WAYS[way], lab])
                wall[way].append(seconds)
                cpu[way].append(used)
                print(f"{lab}, {way}: {seconds:.1f} s, processor {used:.1f} s", file=sys.stderr, flush=True)
                found = marks(course)
                require_same(given or found, found, f"{lab}, {way}, round {number + 1}")
                given = found
    timings = Timings({way: np.array(seconds) for way, seconds in wall.items()})
    row = {"lab": lab, "submissions": count, "rounds": rounds, "ratio": timings.ratio("plain", "hardened")}
    for way in WAYS:
        row |= {f"{way}, a minute": float(60 * count / np.median(wall[way])), f"{way}, s": timings.median(way)}
        row |= {f"{way}, processor s": float(np.median(cpu[way]))}
    scored = [mark for mark in given.values() if mark is not None]
    return row | {"marks compared": len(given), "of them above 0": sum(mark > 0 for mark in scored)}


def once(course, environment, words):
    """Run a command of the course; return the seconds that passed, and those that the machine's processors were at work."""
    before, start = busy(), time.perf_counter()
    command(course, environment, *words)
    return time.perf_counter() - start, busy() - before


def busy():
    """Seconds that all processors have worked since the machine started; NaN on a system that does not say."""
    try:
        ticks = [int(text) for text in Path("/proc/stat").read_text().split("\n")[0].split()[1:]]
    except OSError:
        return float("nan")
    return (sum(ticks[:3]) + sum(ticks[5:7])) / os.sysconf("SC_CLK_TCK")  # not idle, not waiting for a disk


def marks(course):
    """What the gradebook says: a dict from (student, step) to the mark, None where a person is to give it."""
    with closing(sqlite3.connect(course / "gradebook.db")) as gradebook:
        return {(student, step): mark for student, step, mark in gradebook.execute(MARKS)}


def require_same(one, other, where):
    different = sorted(key for key in one.keys() | other.keys() if one.get(key, "none") != other.get(key, "none"))
    if different or not other:
        shown = ", ".join(f"{' '.join(key)}: {one.get(key)} and {other.get(key)}" for key in different[:9])
        raise AssertionError(f"{where}: expected the marks of the way before, got {len(different)} others of {len(other)}: {shown}.")


def remove(path):
    shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--submissions", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--labs", nargs="+", default=list(LABS), choices=list(LABS))
    options = parser.parse_args()
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"
    done = sections(False, options.submissions, options.rounds, options.labs)
    print(markdown("classroom_grading", done, machine(), "a part"))
    sys.exit(not all(target.met for section in done for target in section.targets))
