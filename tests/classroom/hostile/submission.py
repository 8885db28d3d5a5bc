"""A submission that a test makes: the released notebook of lab 1, answered rightly or not at all, and then changed."""

import json
import re
import textwrap

import nbformat

from tests.classroom.labs import solved, untouched

LAB = "lab01_recurrent_cell"
STEPS = {"step_forward": 3, "sequence_forward": 3, "step_backward": 5, "sequence_backward": 6, "prediction": 3}  # points
FULL = sum(STEPS.values())
MARKED = re.compile(r"^ *### (BEGIN|END) SOLUTION\n?", re.MULTILINE)


class Submission:
    """What one student hands in.

    cells     the notebook, to be changed
    files     further files by name, as bytes
    text      if it is set, what stands in the notebook's file, whatever `notebook` is
    name      the name of the notebook's file
    place     if it is set, `place(folder)` puts into the submitted folder what bytes cannot say, such as links
    """

    def __init__(self, answered=True):
        self.notebook = nbformat.reads(solved(LAB) if answered else untouched(LAB), 4)
        for cell in self.notebook.cells:
            cell.source = MARKED.sub("", cell.source)
        self.files, self.text, self.name, self.place = {}, None, f"{LAB}.ipynb", lambda folder: None

    def cell(self, name):
        """The cell with a `grade_id`."""
        return next(cell for cell in self.notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == name)

    def checks(self):
        """The graded cells."""
        return [cell for cell in self.notebook.cells if cell.metadata.get("nbgrader", {}).get("points")]

    def answer(self, step, source):
        """Put an answer of the student's own into the cell of a step."""
        self.cell(step).source = textwrap.dedent(source)
        return self

    def add(self, source, before="step_forward", cell_type="code"):
        """Put a cell of the student's own before one of the release."""
        new = nbformat.v4.new_code_cell(textwrap.dedent(source)) if cell_type == "code" else nbformat.v4.new_markdown_cell(source)
        self.notebook.cells.insert(self.notebook.cells.index(self.cell(before)), new)
        return self

    def write(self, folder):
        """Put it where nbgrader's collecting would."""
        folder.mkdir(parents=True)
        text = json.dumps(self.notebook) if self.text is None else self.text
        (folder / self.name).write_bytes(text if isinstance(text, bytes) else text.encode())
        for name, content in self.files.items():
            (folder / name).write_bytes(content)
        self.place(folder)
