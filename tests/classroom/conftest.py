"""A class with one small lab, made by nbgrader's own commands once and copied for each test."""

import contextlib
import io
import os
import shutil
import signal
import subprocess
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from classroom.__main__ import main

ROOT = Path(__file__).resolve().parents[2]
LAB = "lab00_double"
CHECK = "assert double(1) == 2\n### BEGIN HIDDEN TESTS\nsecret_check(double)\n### END HIDDEN TESTS"
CONFIG = """
c = get_config()  # noqa
import sys
sys.path.insert(0, {root!r})
from classroom.settings import configure
c.CourseDirectory.course_id = "rnn"
c.CourseDirectory.source_directory = "source"
c.CourseDirectory.release_directory = "labs"
c.CourseDirectory.submitted_directory = "classroom-data/submitted"
c.CourseDirectory.autograded_directory = "classroom-data/autograded"
c.CourseDirectory.feedback_directory = "classroom-data/feedback"
c.CourseDirectory.root = {course!r}
c.CourseDirectory.db_url = "sqlite:///{course}/gradebook.db?timeout=60"
c.AssignLatePenalties.plugin_class = "classroom.grading.late.DailyPenalty"
configure(c)
"""


def environment(**more):
    """nbgrader calls programs that lie beside Python."""
    return os.environ | {"PYTHONPATH": str(ROOT), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"} | more


def cell(source, name, kind="code", **metadata):
    make = new_code_cell if kind == "code" else new_markdown_cell
    known = {"grade_id": name, "grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3, "cell_type": kind}
    return make(source, metadata={"nbgrader": known | metadata})


def source():
    return new_notebook(
        cells=[
            cell("import math", "setup", locked=True),
            cell("### BEGIN SOLUTION\ndef double(x): return 2 * x\n### END SOLUTION", "double", solution=True),
            cell(CHECK, "check_double", grade=True, locked=True, points=3),
            new_markdown_cell("Play with it."),
            cell("### BEGIN SOLUTION\ndef half(x): return x / 2\n### END SOLUTION", "half", solution=True),
            cell("assert half(2) == 1", "check_half", grade=True, locked=True, points=2),
            cell("Why?", "why", "markdown", grade=True, solution=True, points=4),
        ]
    )  # fmt: skip


def nbgrader(course, *arguments):
    command = [sys.executable, "-W", "ignore", "-m", "nbgrader", *arguments]
    done = subprocess.run(command, cwd=course, capture_output=True, text=True, env=environment())
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def move(course):
    """Let a course's configuration name the folder in which it is."""
    (course / "nbgrader_config.py").write_text(CONFIG.format(root=str(ROOT), course=str(course)))
    return course


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    course = tmp_path_factory.mktemp("template")
    (course / "source" / LAB).mkdir(parents=True)
    nbformat.write(source(), course / "source" / LAB / f"{LAB}.ipynb")
    move(course)
    nbgrader(course, "generate_assignment", LAB)
    return course


@pytest.fixture
def folder(template, tmp_path):
    """The folder of a class in which nobody has handed in anything."""
    return move(Path(shutil.copytree(template, tmp_path / "course")))


@pytest.fixture
def course(folder):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from classroom.course import open_course

        return open_course(folder)


@pytest.fixture
def hand_in(folder):
    """hand_in(student, answer): what the solution cells say decides what the grader of these tests makes of it."""

    def hand_in(student, answer, written="Because.", when="2026-11-01 10:00:00 UTC"):
        notebook = nbformat.read(folder / "labs" / LAB / f"{LAB}.ipynb", as_version=4)
        for one in notebook.cells:
            if one.metadata.get("nbgrader", {}).get("solution"):
                one.source = f"# {answer}" if one.cell_type == "code" else written
        place = folder / "classroom-data" / "submitted" / student / LAB
        place.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, place / f"{LAB}.ipynb")
        (place / "timestamp.txt").write_text(when)
        return place

    return hand_in


@pytest.fixture
def run(folder, monkeypatch):
    """run("grade", LAB, ...): the class's command with the grader of these tests; `start=True` starts it in a process of its own."""

    def run(*arguments, start=False, **more):
        arguments = ["--course", str(folder), *map(str, arguments)]
        arguments += ["--parts", "tests.classroom.graders"] if arguments[2] in ("grade", "regrade") else []
        if start:
            command = [sys.executable, "-W", "ignore", "-m", "classroom", *arguments]
            pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
            hears = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}  # a shell's background job would not
            return subprocess.Popen(command, cwd=ROOT, env=environment(**more), **pipes, **hears)
        out, err, mask = io.StringIO(), io.StringIO(), os.umask(0o022)
        with monkeypatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            for name, value in environment(**more).items():
                patch.setenv(name, value)
            code = main(arguments)
        os.umask(mask)
        return SimpleNamespace(returncode=code, stdout=out.getvalue(), stderr=err.getvalue())

    return run
