"""A small lab and what grades it, in the place of the release, the doctor and the judge: no student's code is run.

What a submission says decides what becomes of it: "right", "wrong", "die" (its process is killed), "die once", "hang", "raise", "stop".
Used by name, as `--parts tests.classroom.graders`, in the runner's processes.
"""

import base64
import json
import os
import signal
import time
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbformat.v4 import new_output

from classroom.grading.task import Stop, blank, result, unjudged

WRONG = "double: y[0] is 3, expected 2. This is what comes out when 1 is added."


class Cell(NamedTuple):
    name: str
    cell_type: str
    source: str
    grade: bool
    solution: bool
    locked: bool
    task: bool
    points: float
    checksum: str

    @property
    def metadata(self):
        if not (self.grade or self.solution or self.locked):
            return {}
        keys = {key: getattr(self, key) for key in ("cell_type", "checksum", "grade", "locked", "solution", "task")}
        keys |= {"grade_id": self.name, "schema_version": 3}
        return {"nbgrader": keys | ({"points": self.points} if self.grade else {})}


class Release(NamedTuple):
    lab: str
    cells: tuple


class Refused(Exception):
    pass


def of_notebook(path):
    cells = []
    for cell in nbformat.read(path, as_version=4).cells:
        kind = cell.metadata.get("nbgrader", {})
        values = [
            kind.get("grade_id"),
            cell.cell_type,
            cell.source,
            *(kind.get(key, False) for key in ("grade", "solution", "locked", "task")),
        ]
        cells.append(Cell(*values, kind.get("points", 0), kind.get("checksum", "")))
    return Release(path.stem, tuple(cells))


def release(course, lab):
    found = of_notebook(Path(course.coursedir.format_path(course.coursedir.release_directory, ".", lab), f"{lab}.ipynb"))
    return found, json.dumps(found)


def find(folder, release):
    try:
        return (folder / f"{release.lab}.ipynb").read_bytes()
    except FileNotFoundError:
        raise Refused("There is no notebook in the submission.") from None


def grade(task):
    lab, cells = json.loads(task["release"])
    found = Release(lab, tuple(Cell(*cell) for cell in cells))
    text = base64.b64decode(task["submission"]).decode() if task["refused"] is None else ""
    if os.environ.get("GRADER_LOG"):
        with open(os.environ["GRADER_LOG"], "a") as file:
            file.write(f"{os.getpid()} {task['student']}\n")
    time.sleep(float(os.environ.get("GRADER_SECONDS", 0)))
    notebook = nbformat.reads(text, as_version=4) if text else None
    if notebook:
        text = next(cell.source for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == "double")
    once = Path(os.environ.get("GRADER_LOG", "/nonexistent") + ".died")
    if "die once" in text and not once.exists():
        once.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    elif "die" in text and "die once" not in text:
        os.kill(os.getpid(), signal.SIGKILL)
    if "take its parent" in text and not once.exists():  # over Dask alone: the parent is Dask's worker
        once.touch()
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(1000)
    if "hang" in text:
        time.sleep(1000)
    if "raise" in text:
        raise ZeroDivisionError("in the grader")
    if "stop" in text:
        raise Stop("There is no sandbox.")
    if notebook is None:
        return unjudged(task, found, "refused", task["refused"])
    checks = []
    plain = {cell.metadata["nbgrader"]["grade_id"]: cell for cell in blank(found, "").cells if cell.metadata}
    for cell in notebook.cells:
        kind = plain[cell.metadata.nbgrader.grade_id].metadata.nbgrader if "nbgrader" in cell.metadata else {}
        if not kind.get("grade") or kind.get("solution"):
            continue
        right = "right" in text or ("half" in text and not checks)
        cell.outputs = [] if right else [new_output("error", ename="CheckFailed", evalue=WRONG, traceback=[WRONG])]
        points = float(kind.points)
        checks.append(
            {"name": kind.grade_id, "points": points * right, "max_points": points, "passed": right, "message": "" if right else WRONG}
        )
        checks[-1]["seconds"] = 0.01
    return result(
        task, "graded", checks=checks, flags=["odd \ud800 output"] if "odd" in text else [], seconds={"checks": 0.02}, notebook=notebook
    )
