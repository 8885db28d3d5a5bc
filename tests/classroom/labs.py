"""What the tests of grading start from: every lab as it is handed out, and as it comes back solved.

LABS        names of the labs
released    a lab's `Release`
untouched   the bytes of the notebook that is handed out
solved      the same with the solutions written in
solutions   what is written in
"""

import functools
import json
from pathlib import Path

import jupytext

from classroom.grading.release import from_notebook

ROOT = Path(__file__).parents[2]
LABS = sorted(path.stem for path in (ROOT / "solutions").glob("lab*.py"))


def path_of(lab):
    return ROOT / "labs" / lab / f"{lab}.ipynb"


@functools.cache
def released(lab):
    return from_notebook(path_of(lab))


@functools.cache
def untouched(lab):
    return path_of(lab).read_bytes()


@functools.cache
def solutions(lab):
    """A dict from the name of a solution cell to its source, solved."""
    cells = jupytext.read(ROOT / "solutions" / f"{lab}.py").cells
    return {c.metadata["nbgrader"]["grade_id"]: c.source for c in cells if c.metadata.get("nbgrader", {}).get("solution")}


@functools.cache
def solved(lab):
    notebook = json.loads(untouched(lab))
    for cell in notebook["cells"]:
        if cell["id"] in solutions(lab):
            cell["source"] = solutions(lab)[cell["id"]]
    return json.dumps(notebook).encode()
