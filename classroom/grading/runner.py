"""Grade all submissions of a lab, and go on after anything.

    grade(course, lab, release, text, ...)    every submission, several at once; `resume` leaves out what is done
    Report                                    what was done, skipped and why

Each result is a bundle before it is in the gradebook, and both are written by one process, which holds a lock. Killed at any moment, the
next run with `resume` or `regrade` writes what lies in bundles and grades the rest.
"""

import base64
import contextlib
import fcntl
import sys
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from classroom.grading import bundle as bundles
from classroom.grading import fingerprint
from classroom.grading.bundle import Bundle, key_of
from classroom.grading.collect import NOT_COLLECTED, lock
from classroom.grading.task import Stop, unjudged
from classroom.seeds import secret, seed

__all__ = ["Job", "Progress", "Report", "Tasks", "grade"]

NAMES = {
    "submission": "the submission",
    "release": "the lab as handed out",
    "checks": "the checks or the grader",
    "environment": "the versions of Python and its packages",
    "seed": "the course's secret",
}


class Job(NamedTuple):
    """One submission that is to be graded, and why."""

    student: str
    why: str


class Report(NamedTuple):
    """What a run did: a sentence by student for each."""

    graded: dict
    skipped: dict
    failed: dict  # graded without points, or not written: what a teacher should look at

    def lines(self):
        yield f"{len(self.graded)} graded, {len(self.skipped)} skipped, {len(self.failed)} to look at."
        for sentence, count in Counter(self.skipped.values()).most_common():
            yield f"skipped {count}: {sentence}"
        for sentence, count in Counter(self.graded.values()).most_common():
            yield f"graded {count}: {sentence}"
        for student, sentence in sorted(self.failed.items()):
            yield f"{student}: {sentence}"


def grade(course, lab, release, text, *, pool, writer, find, students=None, resume=False, progress=None):
    """Grade the submissions of a lab.

    Args:
        course: a `Course`.
        lab: its name.
        release: what was handed out.
        text: the same as JSON, as the tasks carry it.
        pool: a `Pool` or a `Cluster`.
        writer: a `Writer`.
        find: `find(folder, release)` gives the bytes of the notebook in a folder, or raises with a sentence for the student.
        students: names; all who handed in if left out.
        resume: leave out those whose result would be the same.
        progress: a `Progress`.
    Returns:
        A `Report`.
    Raises:
        Stop: nothing can be graded, or another run is at work; what was graded is kept.
    """
    with _alone(course.data / "grading.lock"):
        bundles.sweep(course.bundles, lab)
        tasks = Tasks(course, lab, release, text, find)
        jobs, report = [], Report({}, {}, {})
        for student in students or course.students(lab):
            job, kept = _plan(course, lab, student, tasks, resume)
            if job:
                jobs.append(job)
                continue
            report.skipped[student] = "nothing changed since it was graded"
            if not writer.has(kept):
                report.skipped[student] = "it was graded, and only had to be written into the gradebook"
                _write(writer, kept, report)
        progress = progress or Progress(lab, len(jobs))
        with contextlib.closing(pool.run(jobs, lambda job: tasks.of(job.student))) as replies:
            for job, reply in replies:
                task = tasks.sent.pop(job.student)
                made = Bundle.of(reply.get("result") or unjudged(task, release, "crashed", reply["error"]))
                bundles.write(course.bundles, made)
                report.graded[job.student] = job.why
                if made.status != "graded":
                    report.failed[job.student] = made.reason
                _write(writer, made, report)
                progress.step(made.status)
        progress.end()
        return report


class Tasks:
    """The tasks of a lab's submissions."""

    def __init__(self, course, lab, release, text, find):
        self.course, self.lab, self.release, self.json, self.find = course, lab, release, text, find
        self.key, self.sent = secret(course.data), {}

    def of(self, student):
        """The task of a student's submission as it is now."""
        submission, refused, folder = None, None, self.course.submitted(student, self.lab)
        with lock(self.course.root):
            try:
                submission = self.find(folder, self.release)
            except OSError:
                refused = "The submission could not be read."
            except Exception as why:  # the doctor's `Refused`
                note = folder / NOT_COLLECTED
                refused = note.read_text(encoding="utf-8").strip() if note.is_file() else str(why)
        drawn = seed(self.key, student, self.lab)
        hashes = {
            "submission": fingerprint.of(submission if refused is None else refused),
            "release": fingerprint.of(self.json),
            "checks": fingerprint.checks(),
            "environment": fingerprint.environment(),
            "seed": fingerprint.of(drawn),
        }
        task = {"lab": self.lab, "student": student, "refused": refused, "release": self.json, "seed": drawn, "hashes": hashes}
        task["submission"] = None if submission is None else base64.b64encode(submission).decode()
        self.sent[student] = task | {"submission": None, "release": None}  # what is needed if the reply is an error
        return task


def _plan(course, lab, student, tasks, resume):
    """A job, or None and the bundle that is still right."""
    if not resume:
        return Job(student, "asked for"), None
    hashes = tasks.of(student)["hashes"]
    same, last = (bundles.read(course.bundles, lab, student, key) for key in (key_of(hashes), None))
    if same and same.status != "crashed":
        if last is None or last.key != same.key:
            bundles.make_current(course.bundles, same)
        return None, same
    if same:
        return Job(student, "the grader had not come to an end"), None
    if last is None:
        return Job(student, "not graded before"), None
    changed = [words for name, words in NAMES.items() if last.hashes.get(name) != hashes[name]]
    return Job(student, f"{' and '.join(changed)} changed"), None


def _write(writer, made, report):
    try:
        writer.write(made)
    except Exception as error:  # the result is safe in its bundle, and the next one may be written
        sentence = " ".join(str(error).split())[:300]
        report.failed[made.student] = f"The result could not be written into the gradebook ({type(error).__name__}: {sentence})."


class Progress:
    """One line on a terminal: how far, and how long still; silent elsewhere."""

    def __init__(self, lab, total, stream=None):
        self.lab, self.total, self.stream = lab, total, stream or sys.stderr
        self.start, self.done, self.other = time.monotonic(), 0, Counter()
        self.shown = self.stream.isatty()

    def step(self, status):
        self.done += 1
        self.other[status] += status != "graded"
        left = (time.monotonic() - self.start) / self.done * (self.total - self.done)
        notes = "".join(f", {count} {status}" for status, count in sorted(self.other.items()) if count)
        self._say(f"{self.lab}: {self.done} of {self.total}{notes}, about {_duration(left)} left")

    def end(self):
        if self.shown and self.done:
            self._say(f"{self.lab}: {self.done} of {self.total} in {_duration(time.monotonic() - self.start)}")
            print(file=self.stream)

    def _say(self, line):
        if self.shown:
            print(f"\r{line:<78}", end="", file=self.stream, flush=True)


def _duration(seconds):
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


@contextlib.contextmanager
def _alone(path):
    """Hold a lock that the system takes back however this process ends."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Stop("Another run is grading this course; wait for it, or stop it.") from None
        yield
