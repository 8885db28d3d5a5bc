"""The class that is graded side by side: who hands in what, and that a mark which differs stops the benchmark."""

import runpy

import nbformat
import pytest

from rnncore.checks import CheckFailed
from rnncore.checks.labs import lab05
from tests.labs.lab import ROOT

LAB = "lab05_lstm"


@pytest.fixture(scope="module")
def notebooks():
    released = nbformat.read(ROOT / "labs" / LAB / f"{LAB}.ipynb", 4)
    return released, runpy.run_path(str(ROOT / "solutions" / "build.py"))["notebook"](ROOT / "solutions" / f"{LAB}.py")


def test_the_answers_are_cells_that_are_right_or_wrong_as_the_corpus_says(load, notebooks):
    for step in ("gates", "step_backward"):
        written = load("honest").answers(notebooks[0])[step]
        assert len(written[True]) > 3 and len(written[False]) > 3
        for right, text in ((True, written[True][0]), (False, written[False][0])):
            namespace = {}
            exec(next(cell.source for cell in notebooks[0].cells if cell.id == "setup") + "\n" + text, namespace)
            function = namespace[getattr(lab05, step).name]
            if right:
                getattr(lab05, step).check(function)
            else:
                with pytest.raises(CheckFailed):
                    getattr(lab05, step).check(function)


def test_a_class_has_a_solution_a_blank_notebook_and_the_same_others_each_time(load, notebooks):
    released, source = notebooks
    first, second = (list(load("honest").submissions(released, source, 5)) for _ in range(2))
    assert first == second and first[1] == released
    assert all("NotImplementedError" not in cell.source for cell in first[0].cells if cell.cell_type == "code")
    assert len({str(notebook) for notebook in first}) == 5


def test_a_mark_that_differs_is_named(load):
    same = load("classroom_grading").require_same
    same({("ada", "gates"): 3.0, ("ada", "why"): None}, {("ada", "gates"): 3.0, ("ada", "why"): None}, "here")
    for other in ({("ada", "gates"): 0.0}, {}, {("ada", "gates"): 3.0, ("ben", "gates"): 3.0}):
        with pytest.raises(AssertionError, match="here: expected the marks of the way before"):
            same({("ada", "gates"): 3.0}, other, "here")
