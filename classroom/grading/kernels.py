"""The learner's kernel while one notebook is graded: opened, used for cells and for calls, and opened anew when it is lost.

In a new kernel the learner's cells so far are run again, but for those that ended the old one, and the names that were bound are bound.
"""

import contextlib
import os
import threading
import time

from classroom.grading.cells import Cells, failure
from classroom.grading.learner import Learner
from rnncore.checks.labs.exercise import CheckStopped

OPENED = 8  # kernels for one notebook


class Kernels:
    """The kernels of one notebook, one at a time.

    Args:
        opener: `opener(preload)` opens one.
        step_s, cell_s, total_s: seconds, as `judge` takes them.
    """

    preload = ("numpy",)

    def __init__(self, opener, step_s, cell_s, total_s):
        self.opener, self.step_s, self.cell_s, self.total_s = opener, step_s, cell_s, total_s
        self.kernel = self.cells = self.learner = None
        self.served = False  # whether the kernel serves the wall now
        self.opened, self.late, self.suspected, self.end = 0, {}, set(), time.monotonic() + total_s
        self.history, self.flags, self.seconds = [], [], {"kernels": 0.0, "cells": 0.0, "checks": 0.0}

    def open(self):
        """Open a kernel; run the learner's cells so far in it again, and bind what was bound."""
        with self.timed("kernels"):
            self.opened += 1
            self.kernel = self.opener(self.preload)
            self.cells = Cells(self.kernel.manager)
            given = self.learner.given if self.learner else []
            kernel = self.kernel
            self.learner = Learner(kernel.wall, kernel.interrupt, lambda: getattr(kernel, "killed", None))
            self.learner.given, self.learner.late, self.learner.suspected = given, self.late, self.suspected
        self.cells.run('import os; os.environ["NBGRADER_EXECUTION"] = "autograde"', self.cell_s)
        for kind, *what in list(self.history):
            if self.kernel is None:
                return
            if kind == "cell":
                self._inside(what[0])
            else:
                with contextlib.suppress(CheckStopped), self.serving():
                    self.learner.bind(*what)

    def close(self):
        """End the kernel."""
        if self.kernel is not None:
            self.cells.close()
            self.kernel.close()
        self.kernel = self.cells = None

    def ready(self):
        """Whether there is a kernel, an old one or a new one, and time left."""
        if self.left() <= 0:
            self.flag(f"The notebook used all of its {self.total_s:g} seconds.")
            return False
        while self.kernel is None and self.opened < OPENED:
            try:
                self.open()
            except Exception as error:
                self.flag(f"No new kernel could be opened: {type(error).__name__}: {error}")
                self.close()
        return self.kernel is not None

    def left(self):
        return self.end - time.monotonic()

    def lost(self, why):
        """The kernel cannot be used any more."""
        killed = getattr(self.kernel, "killed", None)
        self.flag(f"A kernel was lost: {why}." + (f" {killed}" if killed else ""))
        self.close()

    def flag(self, sentence):
        if sentence not in self.flags:
            self.flags.append(sentence)

    def _inside(self, source):
        """Run a cell inside; answer its calls meanwhile. Returns its outputs, what happened, and whether the kernel is still there."""
        seconds = max(1, min(self.cell_s, self.left()))
        done, tell = os.pipe()
        helper = threading.Thread(target=self.learner.answer_until, args=(done, seconds + 5), daemon=True)
        helper.start()
        try:
            with self.timed("cells"):
                outputs, faults, alive = self.cells.run(source, seconds)
        finally:
            os.close(tell)
            helper.join()
            os.close(done)
        if not alive or self.learner.gone:
            self.lost(f"a cell {faults[0]}" if faults else f"what a cell called {self.learner.gone}")
            alive = False
        return outputs, faults, alive

    def run(self, source, name):
        """Run a cell of the learner's; return its outputs."""
        if not source.strip():
            return []
        if not self.ready():
            return [failure("NotRun", "This cell was not run, because cells before it used up the time or ended their process too often.")]
        called = bool(self.learner.used)
        outputs, faults, alive = self._inside(source)
        if not alive and called and self.ready():  # a function may have left behind what ended the cell
            outputs, faults, alive = self._inside(source)
        for fault in faults:
            self.flag(f"The cell {name} {fault}.")
        if alive:  # a new kernel is not given what has ended one
            self.history.append(("cell", source))
        return outputs

    @contextlib.contextmanager
    def serving(self):
        """While the learner's kernel serves the wall; a kernel that does not is lost."""
        if not self.ready():
            yield
            return
        request, learner, self.served = self.cells.serve(), self.learner, True
        try:
            with learner.step(max(1, min(self.step_s, self.left()))):
                yield
        finally:
            self.served = False
            with contextlib.suppress(CheckStopped):
                learner.stop()
            try:
                if not learner.gone:
                    self.cells.served(request, 5)
            except TimeoutError:
                learner.ended("did not let the grader go on")
            if learner.gone:
                self.lost(f"the learner's code {learner.gone}")

    @contextlib.contextmanager
    def timed(self, part):
        start = time.monotonic()
        try:
            yield
        finally:
            self.seconds[part] += time.monotonic() - start
