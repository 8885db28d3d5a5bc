"""The labs, for the tests.

LABS      name of a lab, such as lab01 -> what tests/labs/cases/ says of it
FOUND     the sources there are
solved    run a solved source, once, and return the names it defines
"""

import functools
import importlib
import os
from pathlib import Path

from tests.labs.lab import ROOT

CASES = sorted(path.stem for path in (Path(__file__).parent / "cases").glob("lab*.py"))
LABS = {name: importlib.import_module(f"tests.labs.cases.{name}").LAB for name in CASES}
FOUND = sorted(path.stem for path in (ROOT / "solutions").glob("lab*.py"))


@functools.cache
def solved(name):
    """Run the solved source of a lab outside grading; return the names it defines."""
    assert "NBGRADER_EXECUTION" not in os.environ
    notebook = {}
    for cell in LABS[name].cells:
        exec(cell, notebook)
    return notebook
