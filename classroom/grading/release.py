"""What was handed out: the cells of a lab in order, as the teacher made them.

Contents
    Cell            one cell
    Release         the cells of a lab
    from_notebook   from a notebook, as it is handed out or with its solutions
    from_gradebook  from nbgrader's gradebook, which knows the named cells only
    to_json         as a text
    from_json       and back
"""

import json
import re
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbgrader.api import Gradebook
from nbgrader.preprocessors import ClearSolutions
from nbgrader.utils import compute_checksum

__all__ = ["Cell", "Release", "from_gradebook", "from_json", "from_notebook", "to_json"]


class Cell(NamedTuple):
    """One cell, with its solution taken out."""

    name: str  # grade_id; of a free cell its id in the notebook
    cell_type: str  # "code" or "markdown"
    source: str
    grade: bool = False  # gives points
    solution: bool = False  # learners write in it
    locked: bool = False  # must stay as it is
    task: bool = False  # described here, done elsewhere, and graded by a person
    points: float = 0.0
    checksum: str = ""  # nbgrader's, of the source that was handed out

    @property
    def free(self):
        """Whether nbgrader knows nothing of it: a text, an experiment, a worked example."""
        return not (self.grade or self.solution or self.locked or self.task)

    @property
    def fixed(self):
        """Whether its source must be the teacher's."""
        return not self.free and not self.solution

    @property
    def metadata(self):
        """The metadata that nbgrader reads, {} for a free cell."""
        if self.free:
            return {}
        keys = {key: getattr(self, key) for key in ("cell_type", "checksum", "grade", "locked", "solution", "task")}
        keys |= {"grade_id": self.name, "schema_version": 3}
        return {"nbgrader": keys | ({"points": self.points} if self.grade or self.task else {})}


class Release(NamedTuple):
    """What was handed out of one lab."""

    lab: str
    cells: tuple  # of `Cell`, in order

    @property
    def named(self):
        """The cells that nbgrader knows, by name."""
        return {cell.name: cell for cell in self.cells if not cell.free}

    @property
    def functions(self):
        """The functions that a learner is asked to write: a dict from the name of a solution cell to names, in order."""
        definition = re.compile(r"^(?:async +)?(?:def|class) +(\w+)", re.MULTILINE)
        return {cell.name: definition.findall(cell.source) for cell in self.cells if cell.solution and cell.cell_type == "code"}


def from_notebook(path):
    """Read what is handed out.

    Args:
        path: a notebook named after its lab, with nbgrader's metadata; solutions are taken out as nbgrader does it.
    Returns:
        A `Release` with all cells.
    """
    notebook = nbformat.read(path, as_version=4)
    if any("### BEGIN SOLUTION" in cell.source for cell in notebook.cells):
        notebook, _ = ClearSolutions().preprocess(notebook, {})
    return Release(Path(path).stem, tuple(_of_notebook(cell, i) for i, cell in enumerate(notebook.cells)))


def _of_notebook(cell, i):
    found = cell.metadata.get("nbgrader", {})
    name = found.get("grade_id") or cell.get("id") or f"cell-{i}"
    grade, solution, task = (bool(found.get(key)) for key in ("grade", "solution", "task"))
    locked = bool(found.get("locked")) or task or (grade and not solution)
    points = float(found.get("points", 0)) if grade or task else 0.0
    return Cell(name, cell.cell_type, cell.source, grade, solution, locked, task, points, compute_checksum(cell) if found else "")


def from_gradebook(db_url, lab):
    """Read what nbgrader entered when it made the release.

    Args:
        db_url: where the gradebook is, such as "sqlite:///gradebook.db".
        lab: its name.
    Returns:
        A `Release` with the cells that nbgrader knows; it does not keep the others.
    Raises:
        nbgrader.api.MissingEntry: the lab is not in the gradebook.
    """
    with Gradebook(db_url) as gradebook:
        notebook = gradebook.find_notebook(lab, lab)
        grades = {cell.name: cell for cell in notebook.grade_cells}
        tasks = {cell.name: cell for cell in notebook.task_cells}
        solutions = {cell.name for cell in notebook.solution_cells}
        cells = []
        for cell in notebook.source_cells:
            paid = grades.get(cell.name) or tasks.get(cell.name)
            kinds = cell.name in grades, cell.name in solutions, bool(cell.locked) or cell.name in tasks, cell.name in tasks
            points = float(paid.max_score) if paid else 0.0
            cells.append(Cell(cell.name, cell.cell_type, cell.source, *kinds, points, cell.checksum or ""))
    return Release(lab, tuple(cells))


def to_json(release):
    """A release as a text that `from_json` reads."""
    return json.dumps({"lab": release.lab, "cells": [cell._asdict() for cell in release.cells]}, ensure_ascii=False, indent=1)


def from_json(text):
    """The release that `to_json` wrote."""
    found = json.loads(text)
    return Release(found["lab"], tuple(Cell(**cell) for cell in found["cells"]))
