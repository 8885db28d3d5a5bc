"""The library of a lab runs the lab's cells and gives no answer away: not by name, not by walking, not under another name."""

import copy
import importlib
import inspect
import itertools
import json
import os
import subprocess
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from classroom.grading.cut import Cut
from classroom.grading.library import RNNCORE, answers, cut_for, learners_library
from classroom.grading.package import Package
from classroom.grading.release import Cell, Release
from rnncore.checks.labs.results import alike
from tests.classroom.labs import LABS, released, solved

INSIDE = Path(__file__).with_name("inside_library.py")
SOURCE = Package(RNNCORE)


@pytest.fixture(scope="session")
def libraries(tmp_path_factory):
    return tmp_path_factory.mktemp("libraries")


def fingerprint(code):
    """What a function is made of, whatever its name and docstring."""
    return [code.co_code.hex(), list(code.co_names), list(code.co_varnames)]


def secrets(lab):
    """The fingerprints of a lab's answers: those of the checks, and those of all that has their names in rnncore."""
    checks = importlib.import_module(f"rnncore.checks.labs.{lab[:5]}")
    pairs = answers(released(lab), SOURCE)
    for exercise in (getattr(checks, step) for step in checks.__all__):
        pairs = pairs | {(exercise.reference.__module__, exercise.reference.__name__)}
    found = []
    for module, name in sorted(pairs):
        parts = compile(SOURCE.paths[module].read_text("utf8"), "<answer>", "exec").co_consts
        found += [fingerprint(code) for code in parts if inspect.iscode(code) and code.co_name == name]
    assert found
    return found


def look_inside(folder, lab, cells, by_name=True):
    """Run `inside_library.py` with nothing but a library on the path; what it reports."""
    names = [name for functions in released(lab).functions.values() for name in functions]
    given = "lstm_forward" if lab.startswith("lab12") else None  # the NumPy one, which the setup cell imports
    asked = {
        "library": str(folder),
        "secrets": secrets(lab),
        "names": [n for n in names if by_name and n != given],
        "cells": cells,
        "lab": lab[:5],
    }
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | {"NBGRADER_EXECUTION": "autograde"}
    done = subprocess.run(
        [sys.executable, "-I", str(INSIDE)], input=json.dumps(asked), env=environment, cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("lab", LABS)
def test_the_labs_cells_run_and_no_answer_can_be_reached(lab, libraries):
    cells = ["".join(cell["source"]) for cell in json.loads(solved(lab))["cells"] if cell["cell_type"] == "code"]
    told = look_inside(learners_library(released(lab), libraries), lab, cells)
    assert told["torch at import"] is False
    assert told["functions seen"] > 20 and told["answers"] == []
    assert told["ran"] == len(cells)


@pytest.mark.parametrize("by_name", [True, False])
def test_an_answer_that_is_there_is_found(libraries, by_name):
    lab = released("lab05_lstm")
    more = Cell("more", "code", "from rnncore.reference import lstm_step_forward as f, init_lstm")
    told = look_inside(learners_library(lab._replace(cells=(*lab.cells, more)), libraries), lab.lab, [], by_name=by_name)
    assert "rnncore.reference.lstm.lstm_step_forward" in told["answers"]


def kept_functions(cut):
    """The functions, classes and methods of a cut, as the real rnncore has them, by their full names."""
    for module in cut.kept:
        for statement in SOURCE.statements(module):
            for name in statement.binds if id(statement) in cut.kept[module] else ():
                value = getattr(importlib.import_module(module), name)
                if callable(value):
                    yield f"{module}.{name}", value
                if inspect.isclass(value):
                    yield from ((f"{module}.{name}.{k}", getattr(value, k)) for k, v in vars(value).items() if callable(getattr(value, k)))


def twins(cut, lab):
    """Kept functions that give what a learner's function should give, or its first result, for the same arguments in some order."""
    checks, found = importlib.import_module(f"rnncore.checks.labs.{lab[:5]}"), []
    functions = list(kept_functions(cut))
    for step in checks.__all__:
        exercise = getattr(checks, step)
        cases = [args for _, args in itertools.islice(exercise._cases(np.random.default_rng(0)), 3)]
        right = [exercise.reference(*copy.deepcopy(args)) for args in cases]
        orders = list(itertools.permutations(range(len(cases[0])))) if len(cases[0]) < 4 else [tuple(range(len(cases[0])))]
        for (name, function), order, cell in itertools.product(functions, orders, ((), ("rnn",), ("lstm",), ("gru",))):
            if all(_same(function, (*cell, *(args[k] for k in order)), want) for args, want in zip(cases, right, strict=True)):
                found.append((step, name))
    return found


def _same(function, args, want):
    try:
        inspect.signature(function).bind(*args)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            got = function(*copy.deepcopy(args))
            got = list(got) if inspect.isgenerator(got) else got
    except Exception:
        return False
    many = isinstance(got, tuple | list) and isinstance(want, tuple | list) and len(got) and len(want)
    return alike(got, want) or bool(many and alike(got[0], want[0])) or (isinstance(want, tuple) and alike(got, want[0]))


@pytest.mark.parametrize("lab", LABS)
def test_no_kept_function_is_an_answer_under_another_name(lab):
    assert twins(cut_for(released(lab), SOURCE), lab) == []


def test_a_twin_under_another_name_is_found():
    cut = Cut(SOURCE)
    cut.need("rnncore.reference.rnn", "rnn_step_forward")
    cut.need("rnncore.reference.masked", "masked_forward")
    cut.need("rnncore.tuned.rnn", "rnn_forward")
    assert {("step_forward", "rnncore.reference.rnn.rnn_step_forward"), ("sequence_forward", "rnncore.tuned.rnn.rnn_forward")} <= {
        *twins(cut, "lab01_recurrent_cell")
    }


@pytest.mark.parametrize("lab", LABS)
def test_no_kept_function_calls_an_answer(lab):
    assert cut_for(released(lab), SOURCE).reached == []


def test_which_answers_are_given_by_the_lab_itself():
    """The NumPy LSTM of lab 12 is there by name; there the answer is the one for tensors, with a gradient that it does not have."""
    given = {}
    for lab in LABS:
        names = {name for functions in released(lab).functions.values() for name in functions}
        cut = cut_for(released(lab), SOURCE)
        kept = {(m, n) for m in cut.kept for s in SOURCE.statements(m) if id(s) in cut.kept[m] for n in s.binds & names}
        given |= {lab: kept} if kept else {}
    assert given == {"lab12_pytorch_gpu": {("rnncore.reference.lstm", "lstm_forward")}}


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("from rnncore.reference import lstm_forward", "rnncore.reference.lstm_forward is not available while lab05_lstm is graded."),
        ("from rnncore import gru_forward", "rnncore.gru_forward is not available while lab05_lstm is graded."),
        ("from rnncore.reference.lstm import lstm_forward", "rnncore.reference.lstm.lstm_forward is not available while"),
        ("import rnncore; rnncore.lstm_backward", "rnncore.lstm_backward is not available while lab05_lstm is graded."),
        ("import rnncore.pytorch.lstm", "rnncore.pytorch is not available while lab05_lstm is graded."),
        ("from rnncore.tuned import rnn_forward", "rnncore.tuned is not available while lab05_lstm is graded."),
        ("import rnncore.reference.gru", "rnncore.reference.gru is not available while lab05_lstm is graded."),
        ("from rnncore.checks.labs import lab01", "rnncore.checks.labs.lab01 is not available while lab05_lstm is graded."),
        ("from rnncore.checks.labs import Exercise", "rnncore.checks.labs.Exercise is not available while lab05_lstm is graded."),
        ("from rnncore.checks import check_parity", "rnncore.checks.check_parity is not available while lab05_lstm is graded."),
    ],
)
def test_what_is_not_there_says_why(libraries, line, sentence):
    folder = learners_library(released("lab05_lstm"), libraries)
    code = f"import sys; sys.path.insert(0, {str(folder)!r})\n{line}"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True)
    assert done.stderr.splitlines()[-1].startswith(f"ImportError: {sentence}")


def test_a_kept_function_that_calls_an_answer_says_so_when_it_is_called(tmp_path):
    part = tmp_path / "real" / "rnncore" / "part.py"
    part.parent.mkdir(parents=True)
    part.with_name("__init__.py").write_text("from rnncore.part import *\n")
    part.write_text("def answer(x):\n    return x\n\n\ndef wrapper(x, right=True):\n    return answer(x) if right else -x\n")
    release = Release(
        "lab05_x",
        (Cell("setup", "code", "from rnncore import wrapper", locked=True), Cell("a", "code", "def answer(x): pass", solution=True)),
    )
    folder = learners_library(release, tmp_path / "made", part.parent)
    code = f"import sys; sys.path.insert(0, {str(folder)!r})\nfrom rnncore import wrapper\nassert wrapper(1, right=False) == -1\nwrapper(1)"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True)
    assert done.stderr.splitlines()[-1] == "ImportError: answer is not available while lab05_x is graded."


def test_the_stubs_stand_in_for_the_checks(libraries):
    folder = learners_library(released("lab05_lstm"), libraries)
    code = f"""import sys; sys.path.insert(0, {str(folder)!r})
from rnncore.checks.labs import grading, lab05
import rnncore.checks.labs.lab05 as again
assert again is lab05 and grading() and lab05.gates.or_reference(None) is None and lab05.gates.or_reference(len) is len
for step in lab05.__all__: getattr(lab05, step).check(None)
try: lab05.no_such_step
except ImportError: print("no")
except AttributeError: print("no")"""
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True)
    assert done.stdout.splitlines() == ["This check is run by the grader."] * 6 + ["no"], done.stderr


def test_a_library_is_made_once_and_anew_when_what_it_is_made_of_changes(tmp_path):
    release, rnncore = released("lab02_bptt_by_hand"), tmp_path / "real" / "rnncore"
    first = learners_library(release, tmp_path / "made", RNNCORE)
    seen = {path: path.stat().st_mtime_ns for path in first.rglob("*")}
    assert learners_library(release, tmp_path / "made", RNNCORE) == first
    assert {path: path.stat().st_mtime_ns for path in first.rglob("*")} == seen
    more = release._replace(cells=(*release.cells, Cell("more", "code", "from rnncore.reference import softmax")))
    assert learners_library(more, tmp_path / "made", RNNCORE) != first
    rnncore.parent.mkdir()
    for path in SOURCE.paths.values():
        (rnncore / path.relative_to(RNNCORE)).parent.mkdir(parents=True, exist_ok=True)
        (rnncore / path.relative_to(RNNCORE)).write_bytes(path.read_bytes())
    before = learners_library(release, tmp_path / "made", rnncore)
    with open(rnncore / "plots.py", "a") as file:
        file.write("\n")
    assert learners_library(release, tmp_path / "made", rnncore) != before
    assert not list((tmp_path / "made").glob(".building*"))


def test_many_builders_at_once_leave_one_complete_library(tmp_path):
    release, start = released("lab02_bptt_by_hand"), threading.Barrier(4)

    def build(_):
        start.wait()
        folder = learners_library(release, tmp_path)
        return folder, len(list(folder.rglob("*.py")))

    with ThreadPoolExecutor(4) as pool:
        told = set(pool.map(build, range(4)))
    assert len(told) == 1 and len(list(tmp_path.iterdir())) == 1


def test_a_build_that_fails_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("classroom.grading.library._files", lambda *_: {"a": b"", "a/b/c": b""})
    with pytest.raises(NotADirectoryError):
        learners_library(released("lab02_bptt_by_hand"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_data_that_lab_11_reads_is_there_and_no_other(libraries):
    folder = learners_library(released("lab11_attention"), libraries)
    assert sorted(p.name for p in folder.rglob("data/*")) == ["attention_map.json", "attention_map.npz"]
    assert not list(learners_library(released("lab05_lstm"), libraries).rglob("*.npz"))
