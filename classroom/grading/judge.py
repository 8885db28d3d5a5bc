"""Grade one notebook: the learner's cells run in a sandbox, the teacher's cells here.

    judge(notebook, release, seed=..., library=...) -> Judged

A cell that the learner may change runs inside, and so do locked cells that do not name the lab's checks, such as a helper function; these
run here as well, as does the cell of imports. All other locked cells run here alone, from the release's own text. What the learner's cells
define, they see as functions that are called across the wall; what such a cell binds to a function that stands in for the learner's is
bound inside to a call back.

Everything fails closed: a check that was not run to its end gives no points, and says so in one sentence.
"""

import ast
import contextlib
import io
import os
import threading
import time
import traceback
import warnings
from pathlib import Path
from typing import NamedTuple

from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_output

from classroom.grading.cells import failure
from classroom.grading.kernels import Kernels
from classroom.grading.learner import Learner, Proxy
from classroom.sandbox.inside.peer import Gone
from rnncore.checks.compare import CheckFailed
from rnncore.checks.labs.exercise import SEED, CheckStopped, Exercise

__all__ = ["CheckResult", "Judged", "judge"]

PRINTED = 20_000  # characters of a check
ONE = threading.Lock()  # the seed is in the environment, and what is printed is caught: one notebook at a time in a process


class CheckResult(NamedTuple):
    """What became of one check."""

    name: str
    points: float
    max_points: float
    passed: bool
    message: str  # one sentence where it did not pass
    seconds: float


class Judged(NamedTuple):
    """A notebook that was graded."""

    notebook: NotebookNode
    checks: list
    flags: list  # sentences for the teacher
    seconds: dict


def judge(notebook, release, *, seed, library, limits=None, backend="auto", step_s=20, cell_s=30, total_s=240, opener=None):
    """Grade one notebook.

    Args:
        notebook: an nbformat node, as the doctor left it.
        release: what was handed out.
        seed: text from which the inputs are drawn.
        library: folder with the learner's `rnncore`.
        limits, backend: as `open_kernel` takes them.
        step_s, cell_s, total_s: seconds for the learner's functions in one check, for one cell, and for everything.
        opener: in place of `open_kernel`.
    Returns:
        A `Judged`; nothing that a learner did raises.
    Raises:
        What `open_kernel` raises for the first kernel: there is no sandbox.
    """
    if opener is None:
        from classroom.sandbox.kernel import open_kernel as opener
    options = {"backend": backend} | ({} if limits is None else {"limits": limits})
    with ONE, environment({SEED: seed, "NBGRADER_EXECUTION": "autograde"}):
        grader = Grader(release, lambda preload: opener(Path(library), preload=preload, **options), step_s, cell_s, total_s)
        Exercise.verdicts = {}  # cells that let the reference stand in need not check anew
        try:
            return grader.judge(notebook)
        finally:
            Exercise.verdicts = None
            grader.close()


@contextlib.contextmanager
def environment(new):
    before = {key: os.environ.get(key) for key in new}
    os.environ.update(new)
    try:
        yield
    finally:
        for key, value in before.items():
            os.environ.pop(key) if value is None else os.environ.update({key: value})


class Grader(Kernels):
    """One notebook that is being graded."""

    def __init__(self, release, opener, step_s, cell_s, total_s):
        super().__init__(opener, step_s, cell_s, total_s)
        self.release, self.lab = release, release.lab[:5]
        self.known = {cell.name: cell for cell in release.cells if cell.name}
        self.learners = {name for cell in release.cells if cell.solution for name in bound(cell.source)}
        torch = any("torch" in imports(cell.source) for cell in release.cells if cell.locked)
        self.preload = ("numpy", "torch") if torch else ("numpy",)
        self.namespace, self.checks = {"__name__": "__main__"}, []

    def judge(self, notebook):
        start = time.monotonic()
        self.open()
        for cell in notebook.cells:
            known = self.known.get(cell.metadata.get("nbgrader", {}).get("grade_id"))
            if cell.cell_type != "code" or (known is not None and known.cell_type != "code"):
                continue
            cell.outputs, cell.execution_count = [], None
            if known is None or known.solution or not (known.locked or known.grade):
                cell.outputs = self.run(cell.source, known.name if known else "a cell of the learner's")
            else:
                cell.source = known.source
                self.locked(cell, known)
        graded = {check.name for check in self.checks}
        for known in self.known.values():
            if known.grade and not known.solution and known.cell_type == "code" and known.name not in graded:
                self.failed(known, NotebookNode(outputs=[]), "This check is not in the notebook.", 0.0)
        self.seconds["total"] = time.monotonic() - start
        return Judged(notebook, self.checks, self.flags, {part: round(taken, 3) for part, taken in self.seconds.items()})

    # The teacher's cells.

    def locked(self, cell, known):
        """Run a locked cell here, and inside too if it is for the learner's cells."""
        loaded, stored = loads(known.source), bound(known.source)
        if self.lab not in loaded:
            self.run(known.source, known.name)
        start = time.monotonic()
        with self.timed("checks"):
            names = sorted(loaded & self.learners), sorted(stored & self.learners)
            outputs, message = self.outside(known, *names)
            # Once more, in a new kernel, where another function may have ended the old one, or a name is still to be bound.
            if self.kernel is None and (self.learner.doubt or names[1]):
                outputs, message = self.outside(known, *names)
        cell.outputs = outputs
        if not known.grade:
            if message:
                self.flag(f"The cell {known.name} failed: {message}")
            return
        points = self.points(cell, known) if not message else 0.0
        if message or points is None:
            message = message or "The check gave a number of points that it cannot give; your teacher has been told."
            self.failed(known, cell, message, time.monotonic() - start)
        else:
            self.checks.append(CheckResult(known.name, points, known.points, points == known.points, "", time.monotonic() - start))

    def failed(self, known, cell, message, seconds):
        message = message.encode("utf8", "replace").decode()
        if not any(output.output_type == "error" for output in cell.outputs):
            cell.outputs = [*cell.outputs, failure("CheckFailed", message)]
        self.checks.append(CheckResult(known.name, 0.0, known.points, False, message, seconds))

    def points(self, cell, known):
        """As many as nbgrader gives for what the cell shows; None for a number that is too large, negative or NaN."""
        from nbgrader.utils import determine_grade

        shown = [output.data["text/plain"] for output in cell.outputs if output.output_type == "execute_result"]
        cell.metadata.nbgrader = NotebookNode({**cell.metadata.nbgrader, "grade": True, "solution": False, "points": known.points})
        try:
            points, _ = determine_grade(cell)
        except (ValueError, KeyError):
            points = None
        if points is None or any(number(text) is not None and not 0 <= number(text) <= known.points for text in shown):
            self.flag(f"The check {known.name} gave {', '.join(shown)[:80]} of {known.points} points.")
            return None
        return float(points)

    def outside(self, known, loaded, stored):
        """Run a locked cell's text here; return its outputs, and one sentence if it failed."""
        printed, value = io.StringIO(), None
        try:
            with self.serving() if loaded or stored & self.namespace.keys() else contextlib.nullcontext():
                self.namespace.update(self.names(loaded))
                value = self.execute(known, printed)
                for name in stored:
                    self.bind(name)
            message = ""
        except CheckFailed as fault:
            message = str(fault)
        except (CheckStopped, Gone) as stop:
            message = f"The check could not be run: the learner's code {stop}." if str(stop) else "The check could not be run to its end."
        except (Exception, SystemExit) as error:
            message = f"The check stopped with an error of its own, {type(error).__name__}; your teacher has been told."
            self.flag(f"The cell {known.name} stopped with {''.join(traceback.format_exception(error))[-2000:]}")
        outputs = [new_output("stream", name="stdout", text=text)] if (text := printed.getvalue()[:PRINTED]) else []
        if message:
            outputs.append(failure("CheckFailed", message.encode("utf8", "replace").decode()))
        elif value is not None:
            outputs.append(new_output("execute_result", data={"text/plain": repr(value)}, execution_count=None))
        return outputs, message

    def execute(self, known, printed):
        """The value of the last line, if it is an expression."""
        tree, last = ast.parse(known.source), None
        if tree.body and isinstance(tree.body[-1], ast.Expr):
            last = ast.Expression(tree.body.pop().value)
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(compile(tree, f"<{known.name}>", "exec"), self.namespace)
            return None if last is None else eval(compile(last, f"<{known.name}>", "eval"), self.namespace)

    def names(self, names):
        """What the learner's names stand for now."""
        if not names:
            return {}
        if not self.served:
            gone = Learner(None)
            gone.gone = "cannot be called, because its process ended too often or the time was used up"
            return {name: Proxy(gone, 0, name) for name in names}
        return self.learner.names(names)

    def bind(self, name):
        """Let a name inside stand for what it stands for here."""
        value = self.namespace.get(name)
        if self.served and callable(value) and self.learner.names([name])[name] is not value:
            self.learner.bind(name, value)
            self.history.append(("bind", name, value))


def number(text):
    """The number that a text shows, or None."""
    try:
        return float(text)
    except ValueError:
        return None


def loads(source):
    """The names that a cell loads or imports."""
    nodes = list(ast.walk(ast.parse(source)))
    return {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def imports(source):
    """The modules that a cell imports."""
    nodes = [node for node in ast.walk(parsed(source)) if isinstance(node, ast.Import)]
    return {alias.name for node in nodes for alias in node.names}


def bound(source):
    """The names that a cell defines at its top level."""
    found = set()
    for node in parsed(source).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)}
    return found


def parsed(source):
    """The tree of a cell, empty if it is not Python."""
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError):
        return ast.Module([], [])
