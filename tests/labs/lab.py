"""What the tests know of one lab; each has a file in tests/labs/cases/."""

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import jupytext

ROOT = Path(__file__).parents[2]


class Lab(NamedTuple):
    """One lab."""

    name: str  # lab01_recurrent_cell
    replaced: dict  # text of the reference -> text of the solution, both as `ast.unparse` writes them
    other: dict  # steps whose solution a learner writes otherwise -> why; they are compared in numbers
    points: dict  # check_STEP -> points
    half: dict  # STEP -> "solution", or the text that one of the students in the round trip hands in; not written where missing
    told: list  # sentences of the feedback that this student reads
    trains: str  # printed by the experiment, never while nbgrader grades
    manual: Mapping = MappingProxyType({})  # grade_id of what a person grades -> points
    shown: Callable = lambda args, results: {}  # (arguments, results by name) of a worked example -> more names that the text uses

    @property
    def source(self):
        return ROOT / "solutions" / f"{self.name}.py"

    @property
    def checks(self):
        return importlib.import_module(f"rnncore.checks.labs.{self.name[:5]}")

    @property
    def exercises(self):
        return {step: getattr(self.checks, step) for step in self.checks.__all__}

    @property
    def cells(self):
        return [cell.source for cell in jupytext.read(self.source).cells if cell.cell_type == "code"]
