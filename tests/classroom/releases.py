"""A lab as its source gives it, and as it is handed out; built when it is asked for, so that nothing need have been built before."""

import functools
import runpy

import nbformat

from classroom.grading.release import from_notebook
from tests.labs.lab import ROOT


@functools.cache
def _build():
    return runpy.run_path(str(ROOT / "solutions" / "build.py"))["notebook"]


def source(lab):
    """The notebook with solutions."""
    return _build()(ROOT / "solutions" / f"{lab}.py")


def released(lab):
    """The notebook that learners get."""
    return nbformat.read(ROOT / "labs" / lab / f"{lab}.ipynb", 4)


def release(lab):
    return from_notebook(ROOT / "labs" / lab / f"{lab}.ipynb")
