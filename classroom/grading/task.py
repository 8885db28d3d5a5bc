"""What a worker does with one submission: data in, data out, on this machine or another.

    task      dict: lab, student, submission (base64) or refused (a sentence), release (JSON), seed, hashes
    grade     the doctor, the learner's library, the judge; a result, whatever the student did
    Stop      what makes all grading pointless, such as a missing sandbox: the batch ends with this sentence

A result is the `Bundle` as a dict.
"""

import base64
import datetime
import os
from pathlib import Path

import nbformat
from nbformat.notebooknode import from_dict
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from classroom.grading import fingerprint
from classroom.grading.bundle import Bundle

__all__ = ["Stop", "blank", "grade", "result", "unjudged"]

LIBRARY = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "rnn-course", "library")  # nobody else may write there


class Stop(Exception):
    """Nothing can be graded, and why: one sentence."""


def grade(task):
    """Grade one submission.

    Args:
        task: a dict, see above.
    Returns:
        A `Bundle` as a dict.
    Raises:
        Stop: this machine cannot grade.
    """
    from classroom.grading.doctor import Refused, repair
    from classroom.grading.judge import judge
    from classroom.grading.library import learners_library
    from classroom.grading.release import from_json
    from classroom.sandbox.kernel import SandboxUnavailable

    require_same_grader(task["hashes"])
    release = from_json(task["release"])
    if task["refused"]:
        return unjudged(task, release, "refused", task["refused"])
    try:
        repaired = repair(base64.b64decode(task["submission"]), release)
    except Refused as why:
        return unjudged(task, release, "refused", str(why))
    library = learners_library(release, LIBRARY)
    try:
        judged = judge(repaired.notebook, release, seed=task["seed"], library=library)
    except SandboxUnavailable as why:
        raise Stop(str(why)) from None
    checks = [check._asdict() for check in judged.checks]
    flags = [*repaired.findings, *judged.flags]
    return result(task, "graded", checks=checks, flags=flags, seconds=dict(judged.seconds), notebook=judged.notebook)


def require_same_grader(hashes):
    """A machine with other checks or other versions would give other marks."""
    for name in ("checks", "environment"):
        if hashes[name] != getattr(fingerprint, name)():
            raise Stop(f"This machine grades with other {name} than the machine that asks; install the same course on both.")


def result(task, status, reason="", *, checks, flags=(), seconds=None, notebook):
    """The `Bundle` of a task, as a dict; `notebook` is an nbformat node."""
    finished = datetime.datetime.now(datetime.UTC).isoformat(timespec="microseconds")
    fields = {"checks": checks, "flags": list(flags), "seconds": seconds or {}, "notebook": nbformat.writes(notebook)}
    return Bundle(task["lab"], task["student"], task["hashes"], status, reason, finished=finished, **fields)._asdict()


def unjudged(task, release, status, reason):
    """The result of a submission that no check has seen: no points, and the reason at every check."""
    checks = [
        {"name": cell.name, "points": 0.0, "max_points": float(cell.points), "passed": False, "message": reason, "seconds": 0.0}
        for cell in release.cells
        if cell.grade and not cell.solution
    ]
    return result(task, status, reason, checks=checks, flags=[reason], notebook=blank(release, reason))


def blank(release, reason):
    """The notebook as it was handed out, with the reason why nothing was graded as the outcome of every check."""
    cells = []
    for cell in release.cells:
        node = new_code_cell(cell.source) if cell.cell_type == "code" else new_markdown_cell(cell.source)
        node.id = f"cell-{len(cells)}"  # the same each time
        node.metadata = from_dict(cell.metadata)
        if cell.cell_type == "code" and cell.grade:
            node.outputs = [new_output("error", ename="NotGraded", evalue=reason, traceback=[f"NotGraded: {reason}"])]
        cells.append(node)
    return new_notebook(cells=cells)
