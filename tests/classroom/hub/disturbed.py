"""A class at work in which something is killed: students submit again and again, the teacher collects and grades, and in the middle
SIGKILL ends a part of it. Then what was killed is started again, as classroom/README.md says, and everything is brought to its end.

TARGETS     what may be killed
Disturbed   such a class: `run` kills once and finishes; `complaints` and `undisturbed` look at what became of it
"""

import contextlib
import copy
import os
import random
import shutil
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from classroom.hub.__main__ import healthy
from tests.classroom.hub.by_http import Student, answer, points
from tests.classroom.hub.crowd import Handed, Teacher, booked, complaints, new_class
from tests.classroom.processes import children, command, descendants, until

TARGETS = (
    "the hub",
    "the hub, the proxy and all servers",
    "a student's server",
    "collecting",
    "grading, with all its processes",
    "grading, its first process",
    "a worker",
    "the writer, in the middle of a transaction",
)
PAUSE = 0.7  # seconds between a student's submissions


class Run(NamedTuple):
    """What was killed when, and what students saw of it."""

    target: str
    seconds: float  # after the step began in which it was killed
    told: int  # submissions that students were told had arrived
    failed: int  # tries of theirs that failed


class Disturbed:
    """A class that is disturbed.

    Args:
        folder: to be made, for the course.
        lab: its name.
        names: of the students.
        seed: of the moments and the answers.
    """

    def __init__(self, folder, lab, names, seed):
        self.lab, self.handed, self.failed = lab, [], 0
        self.chance, self.answers = random.Random(seed), random.Random(seed)  # students draw at times of their own
        self.held = new_class(folder, lab, names)
        try:
            self.begin(names)
        except BaseException:
            self.held.stop()
            raise

    def begin(self, names):
        """Everybody logs in, fetches the lab and submits once."""
        self.course, self.teacher = self.held.course, Teacher(self.held.course, self.lab)
        self.usual = {"collect": 2.0, "grade": 5.0}  # seconds that each takes, until it is known better
        shutil.copy(self.course / "gradebook.db", self.course / "gradebook.empty")
        self.students = [Student(self.held.address, name, self.held.passwords[name]) for name in names]
        with ThreadPoolExecutor(len(names)) as room:
            list(room.map(self.enter, self.students))
        for student in self.students:
            student.fetch(self.lab)
        self.blank = self.students[0].read(self.lab)
        self.students_hand_in()

    def run(self, target):
        """Kill this, at a moment of chance, start it again, and let everybody finish; returns a `Run`.

        Raises:
            TimeoutError: four times the step had ended before its moment came.
        """
        before, failed = len(self.handed), self.failed
        for _ in range(4):
            done = threading.Event()
            threads = [threading.Thread(target=self.work, args=[student, done]) for student in self.students]
            for thread in threads:
                thread.start()
            try:
                killed, step = self.kill(target)
            finally:
                done.set()
                for thread in threads:
                    thread.join()
            self.start_again()
            step.wait()
            self.students_hand_in()
            self.finish("collect")
            self.finish("grade")
            if killed is not None:
                return Run(target, killed, len(self.handed) - before, self.failed - failed)
        raise TimeoutError(f"{target} could not be killed: it had always ended before.")

    def kill(self, target):
        """Let the teacher collect and grade, and kill; returns after how many seconds, None if it was too late, and the teacher's step."""
        step = "collect" if target == "collecting" else "grade"
        if step == "grade":
            self.finish("collect")
        moment, process = self.chance.uniform(0, 0.9 * self.usual[step]), self.teacher.start(step)
        began = time.monotonic()
        if "writer" in target:
            for _ in range(self.chance.randrange(8)):
                self.wait_for_a_transaction(process, True)
                self.wait_for_a_transaction(process, False)
            self.wait_for_a_transaction(process, True)
        else:
            time.sleep(moment)
            if target == "a worker":
                until(lambda: process.poll() is not None or children(process.pid))
        victims = self.victims(target, process)
        for victim in victims:
            with contextlib.suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
        return (time.monotonic() - began if victims else None), process

    def wait_for_a_transaction(self, process, begun):
        """Wait until SQLite's journal is there, or is gone, or the process has ended."""
        until(lambda: process.poll() is not None or (self.course / "gradebook.db-journal").exists() == begun, every=0.0003)

    def victims(self, target, process):
        """The ids of the processes to be killed; none where the teacher's process, which was meant, has ended."""
        teachers = [process.pid, *descendants(process.pid)] if process.poll() is None else []
        if target == "the hub":
            return [int((self.course / "classroom-data/hub/jupyterhub.pid").read_text())]
        if target == "the hub, the proxy and all servers":
            return [pid for pid in self.held.processes() if pid not in teachers]
        if target == "a student's server":
            return [self.chance.choice([pid for pid in self.held.processes() if b"jupyterhub.singleuser" in command(pid)])]
        if target == "a worker":
            return [self.chance.choice(found)] if (found := children(process.pid)) else []
        return teachers if "all its processes" in target else teachers[:1]

    def work(self, student, done):
        """Submit again and again, whatever happens."""
        while not done.is_set():
            with contextlib.suppress(Exception):
                self.hand_in(student)
            done.wait(PAUSE)

    def hand_in(self, student):
        """Save an answer that nobody gave before, and submit it."""
        solved = [cell for cell in points(self.lab) if self.answers.random() < 0.5]
        try:
            student.save(self.lab, answer(copy.deepcopy(self.blank), self.lab, solved, f"{student.name} {self.answers.random()}"))
            saved = (self.course / "classroom-data/homes" / student.name / self.lab / f"{self.lab}.ipynb").read_bytes()
            student.submit(self.lab)
        except Exception:
            self.failed += 1
            raise
        self.handed.append(Handed(student.name, saved, solved))

    def enter(self, student):
        student.log_in()
        student.spawn()
        student.open()

    def start_again(self):
        """What a teacher does after a crash: `make classroom` if the class does not run."""
        until(lambda: self.held.process.poll() is not None or healthy(self.held.port))
        if self.held.process.poll() is not None:
            self.held.start()

    def students_hand_in(self):
        """Each student submits once more; who has no server any more starts one."""
        for student in self.students:
            try:
                self.hand_in(student)
            except Exception:
                student.log_in()
                student.stop()
                self.enter(student)
                self.hand_in(student)

    def finish(self, step):
        self.usual[step] = self.teacher.finish(step)

    def complaints(self):
        return complaints(self.course, self.lab, self.handed)

    def undisturbed(self):
        """The marks that are there, and those of the same submissions in an empty gradebook, graded without any disturbance."""
        found = booked(self.course, self.lab)
        for name in ("bundles", "autograded"):
            shutil.rmtree(self.course / "classroom-data" / name)
        shutil.copy(self.course / "gradebook.empty", self.course / "gradebook.db")
        self.finish("grade")
        return found, booked(self.course, self.lab)
