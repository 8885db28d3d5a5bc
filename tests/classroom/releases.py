"""What was handed out, read from a source notebook, as classroom.grading.release has it."""

from types import SimpleNamespace

import nbformat

from tests.labs.lab import ROOT

KEYS = ("grade", "solution", "locked", "task", "points")


def source(lab):
    """The notebook with solutions."""
    return nbformat.read(ROOT / "_build" / "source" / lab / f"{lab}.ipynb", 4)


def released(lab):
    """The notebook that learners get."""
    return nbformat.read(ROOT / "labs" / lab / f"{lab}.ipynb", 4)


def release(lab):
    cells = []
    for cell in source(lab).cells:
        meta = cell.metadata.get("nbgrader")
        if meta:
            more = {key: meta.get(key, 0) for key in KEYS}
            cells.append(SimpleNamespace(name=meta["grade_id"], cell_type=cell.cell_type, source=cell.source, **more))
    return SimpleNamespace(lab=lab, cells=tuple(cells))
