"""A notebook that is graded: honest ones of all labs, and cells that do what they should not.

The kernel is an ordinary one, without a sandbox: what is tested here stands on top of it.
"""

import copy
import time
from collections import Counter
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.utils import determine_grade

from classroom.grading import kernels, learner
from classroom.grading.judge import judge
from classroom.sandbox.kernel import open_kernel
from rnncore.checks import CheckFailed
from rnncore.checks.labs import lab05
from rnncore.checks.labs.exercise import CheckStopped, Exercise
from tests.classroom.labs import ROOT, released, solved, untouched
from tests.labs.labs import LABS

PLAIN = "none-for-tests"
NAMES = [LABS[name].name for name in LABS]
SETUP = """import numpy as np

from rnncore.checks.labs import grading, lab01

for name in ("rnn_step_forward", "rnn_forward"):
    globals().setdefault(name)"""
RIGHT = "def rnn_step_forward(params, x, h):\n    from rnncore.reference import rnn_step_forward\n    return rnn_step_forward(params, x, h)"
FORWARD = "def rnn_forward(params, xs, state0):\n    from rnncore.reference import rnn_forward\n    return rnn_forward(params, xs, state0)"
LOOP = """def rnn_forward(params, xs, state0):
    from rnncore.reference import RNNCache
    hs, steps, h = [], [], state0
    for x in xs:
        h, step = rnn_step_forward(params, x, h)
        hs.append(h)
        steps.append(step)
    return np.stack(hs), h, RNNCache(steps, np.stack(hs))"""
CHECK, CHECK_FORWARD = "lab01.step_forward.check(rnn_step_forward)", "lab01.sequence_forward.check(rnn_forward)"
USE = "rnn_step_forward = lab01.step_forward.or_reference(rnn_step_forward)"


def a_release(**cells):
    """A release of these cells: name=(source, kind), the kind being "locked", "solution" or a number of points."""
    found = []
    for name, (text, kind) in cells.items():
        points = kind if isinstance(kind, int) else 0
        more = {"grade": points > 0, "solution": kind == "solution", "locked": kind != "solution", "task": False, "points": points}
        found.append(SimpleNamespace(name=name, cell_type="code", source=text, **more))
    return SimpleNamespace(lab="lab01_recurrent_cell", cells=tuple(found))


RELEASE = a_release(
    setup=(SETUP, "locked"),
    step=("def rnn_step_forward(params, x, h):\n    raise NotImplementedError()", "solution"),
    check_step=(CHECK, 3),
    use_step=(USE, "locked"),
    sequence=("def rnn_forward(params, xs, state0):\n    raise NotImplementedError()", "solution"),
    check_sequence=(CHECK_FORWARD, 4),
)


def handed_in(release=RELEASE, between=(), **answers):
    """The notebook of this release with these answers; cells without a name stand behind the one that is named in `between`."""
    nb = new_notebook()
    for cell in release.cells:
        meta = {key: getattr(cell, key) for key in ("grade", "solution", "locked", "task", "points")}
        text = answers.get(cell.name, cell.source)
        nb.cells.append(
            new_code_cell(text, metadata={"nbgrader": {**meta, "grade_id": cell.name, "schema_version": 3, "cell_type": "code"}})
        )
        nb.cells += [new_code_cell(text) for behind, text in between if behind == cell.name]
    return nb


def graded(notebook, release=RELEASE, **options):
    return judge(notebook, release, seed="a seed", library=ROOT, backend=PLAIN, **options)


def marks(judged):
    return {check.name: check.points for check in judged.checks}


def said(judged):
    return {check.name: check.message for check in judged.checks}


def output(judged, name):
    return next(cell.outputs for cell in judged.notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == name)


def plainly(notebook, monkeypatch):
    """The sentences that plain nbgrader's kernel gives: all cells one after the other in one namespace."""
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    monkeypatch.setenv("RNN_LAB_SEED", "a seed")
    namespace, found = {}, {}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            try:
                exec(cell.source, namespace)
            except CheckFailed as failed:
                found[cell.metadata.nbgrader.grade_id] = str(failed)
            except Exception:
                continue
    return found


@pytest.mark.parametrize("lab", ["lab05_lstm"])
def test_the_solution_has_all_points_and_the_release_none(lab, monkeypatch, capsys):
    the_solution_has_all_points_and_the_release_none(lab, monkeypatch)


def the_solution_has_all_points_and_the_release_none(lab, monkeypatch):
    points = next(case.points for case in LABS.values() if case.name == lab)
    checked, times = Exercise._checked, Counter()
    with monkeypatch.context() as patch:
        patch.setattr(Exercise, "_checked", lambda step, *args: times.update([step]) or checked(step, *args))
        judged = graded(nbformat.reads(solved(lab), 4), released(lab))
    assert set(times.values()) == {1} and Exercise.verdicts is None  # what is right is checked once, and forgotten with the notebook
    assert marks(judged) == points and judged.flags == [] and all(check.passed for check in judged.checks)
    for cell in judged.notebook.cells:
        assert not any(one.output_type == "error" for one in cell.get("outputs", []))
        if cell.metadata.get("nbgrader", {}).get("grade") and cell.cell_type == "code":
            assert determine_grade(cell) == (points[cell.metadata.nbgrader.grade_id],) * 2
    nbformat.validate(judged.notebook)
    blank = nbformat.reads(untouched(lab), 4)
    judged = graded(copy.deepcopy(blank), released(lab))
    assert marks(judged) == dict.fromkeys(points, 0) and judged.flags == []
    assert said(judged) == plainly(blank, monkeypatch)


def test_an_error_output_is_the_sentence_and_shows_nothing_of_the_check():
    judged = graded(handed_in(sequence=FORWARD))
    assert marks(judged) == {"check_step": 0, "check_sequence": 4}
    (failed,) = output(judged, "check_step")
    assert (failed.output_type, failed.ename) == ("error", "CheckFailed")
    assert failed.evalue == said(judged)["check_step"]
    assert "it is not written yet" in failed.evalue and len(failed.traceback) == 1 and failed.evalue in failed.traceback[0]
    assert "Below, the reference stands in for it." in output(judged, "use_step")[0].text


def test_a_stand_in_serves_the_learners_code_and_a_later_definition_counts():
    judged = graded(handed_in(sequence=LOOP))
    assert marks(judged) == {"check_step": 0, "check_sequence": 4}
    judged = graded(handed_in(between=[("step", RIGHT), ("sequence", "rnn_forward = 5")], sequence=LOOP))
    assert marks(judged) == {"check_step": 3, "check_sequence": 0}
    assert "rnn_forward is not defined yet" in said(judged)["check_sequence"]


@pytest.mark.parametrize(
    "answer", ["def rnn_step_forward(", "del rnn_step_forward", "raise SystemExit", "%%notthere", "\ud800"[:0] or "x" * 100_000]
)
def test_an_answer_that_is_none(answer):
    judged = graded(handed_in(step=answer, sequence=FORWARD))
    assert marks(judged) == {"check_step": 0, "check_sequence": 4}
    assert said(judged)["check_step"].startswith("rnn_step_forward is not defined yet")


ENDLESS = "def rnn_step_forward(params, x, h):\n    while True:\n        pass"
STUBBORN = ENDLESS.replace("    while", "    import contextlib\n    while").replace(
    "pass", "with contextlib.suppress(BaseException):\n            while True: pass"
)
LEAVING = "def rnn_step_forward(params, x, h):\n    import os\n    os._exit(0)"


@pytest.mark.parametrize(
    ("answer", "words", "lost"),
    [
        (ENDLESS, "rnn_step_forward: it did not finish within 1 seconds.", False),
        (STUBBORN, "rnn_step_forward: it did not finish within 1 seconds.", True),
        (LEAVING, "rnn_step_forward: it ended its process.", True),
    ],
)
def test_a_function_that_never_returns_costs_its_own_step_alone(answer, words, lost, monkeypatch):
    monkeypatch.setattr(learner, "GRACE", 0.5)
    judged = graded(handed_in(step=answer, sequence=FORWARD, between=[("step", "kept = 1"), ("use_step", "kept + 1")]), step_s=1)
    assert marks(judged) == {"check_step": 0, "check_sequence": 4}
    assert said(judged)["check_step"] == words
    assert bool(judged.flags) == lost
    assert "stands in" in output(judged, "use_step")[0].text
    assert [cell.outputs[0].data["text/plain"] for cell in judged.notebook.cells if cell.source == "kept + 1"] == ["2"]


def test_a_function_that_leaves_something_behind_costs_its_own_step_alone():
    """The process ends when nothing is called: at another moment each time, while a later cell or a later check runs."""
    slow = f"import time\ntime.sleep(0.5)\n{FORWARD}"
    for seconds in (0.05, 0.3):
        leaving = f"def rnn_step_forward(params, x, h):\n    import os, threading\n    threading.Timer({seconds}, os._exit, [0]).start()"
        judged = graded(handed_in(step=leaving, sequence=slow))
        assert marks(judged) == {"check_step": 0, "check_sequence": 4}, judged.flags


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("while True: pass", "did not finish within 1 seconds"),
        ("import os, signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass", "did not finish within 1 seconds"),
        ("import os\nos._exit(0)", "ended its process"),
    ],
)
def test_a_cell_that_never_returns_is_left_out(cell, words):
    start = time.monotonic()
    judged = graded(handed_in(step=RIGHT, sequence=FORWARD, between=[("step", cell)]), cell_s=1)
    assert marks(judged) == {"check_step": 3, "check_sequence": 4}
    assert any(words in flag for flag in judged.flags)
    assert time.monotonic() - start < 30
    nbformat.validate(judged.notebook)


def test_who_ends_every_kernel_has_no_more_kernels():
    opened = []

    def opener(*args, **options):
        opened.append(1)
        return open_kernel(*args, **options)

    ending = [("step", "import os\nos._exit(0)")] * kernels.OPENED
    judged = judge(handed_in(step=RIGHT, sequence=FORWARD, between=ending), RELEASE, seed="", library=ROOT, backend=PLAIN, opener=opener)
    assert len(opened) == kernels.OPENED
    assert marks(judged) == {"check_step": 0, "check_sequence": 0}
    assert "ended too often" in said(judged)["check_step"]
    assert any("was not run" in str(cell.outputs) for cell in judged.notebook.cells)


def test_the_whole_notebook_has_an_end():
    slow = [("use_step", "import time\ntime.sleep(1)")] * 8
    start = time.monotonic()
    judged = graded(handed_in(step=RIGHT, sequence=FORWARD, between=slow), total_s=5)
    assert time.monotonic() - start < 10
    assert marks(judged) == {"check_step": 3, "check_sequence": 0}
    assert any("used all of its 5 seconds" in flag for flag in judged.flags)


def test_what_a_cell_writes_has_an_end():
    flood = "for _ in range(20):\n    print('a' * 100_000)"
    flood += "\nfrom IPython.display import display\ndisplay({'text/html': 'b' * 1_500_000}, raw=True)"
    odd = "from IPython.display import display\ndisplay({'text/plain': 5, 'a': {}}, raw=True)\nimport sys\nprint('\\ud800')"
    judged = graded(handed_in(step=RIGHT, sequence=FORWARD, between=[("step", flood), ("step", odd)]))
    assert marks(judged) == {"check_step": 3, "check_sequence": 4}
    assert len(nbformat.writes(judged.notebook)) < 2 << 20
    assert any("wrote more than 1 MB" in flag for flag in judged.flags)
    nbformat.validate(judged.notebook)


def test_a_learner_cannot_reach_the_verdict():
    """The check's name inside is the learner's own business; so is the environment, and what locked cells say in the notebook."""
    cheat = (
        "import rnncore.checks.labs.exercise as e, builtins, os\ne.Exercise.check = lambda *a, **k: print('right')\n"
        "lab01.step_forward.check = print\nassert 'RNN_LAB_SEED' not in os.environ and os.environ['NBGRADER_EXECUTION']\n"
        "from rnncore.checks import compare\nprint('reached')"
    )
    nb = handed_in(between=[("step", cheat)], sequence=FORWARD, check_step="print('right')", check_sequence="1 / 0")
    judged = graded(nb)
    assert marks(judged) == {"check_step": 0, "check_sequence": 4}
    assert any("reached" in str(cell.outputs) for cell in judged.notebook.cells)
    assert [cell.source for cell in judged.notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")] == [CHECK, CHECK_FORWARD]


def test_lies_of_the_kernel_give_no_points(monkeypatch):
    """The learner's code writes to the wall itself, and puts itself in the place of what serves it."""
    monkeypatch.setattr(learner, "GRACE", 0.5)
    for lie in (
        "import rnn_wall\nrnn_wall.serve = lambda: None",
        "import rnn_wall\nrnn_wall.server.sock.sendall(b'x' * 1000)",
        "import rnn_wall\nrnn_wall.server.sock.close()",
        "import rnn_wall\nrnn_wall.Server.do = lambda self, head, values: ([1, 2, 3], {'names': [['function', 0]] * 9})",
        "import builtins\nbuiltins.__import__ = None",
        "get_ipython().run_cell = None",
    ):
        judged = graded(handed_in(step=RIGHT, between=[("step", lie)]), step_s=1, cell_s=2)
        assert marks(judged)["check_sequence"] == 0 and marks(judged)["check_step"] in (0, 3)
        assert judged.flags and all(said(judged)[name] for name, points in marks(judged).items() if not points)


def test_points_in_part_and_numbers_that_are_none():
    cells = {
        f"check_{k}": (text, 4)
        for k, text in enumerate(("1.5", "4", "0.0", "5.0", "float('nan')", "'text'", "None", "-1", "1 / 0", "a = 1", "[1, 2]"))
    }
    of = a_release(setup=(SETUP, "locked"), **cells)
    judged = graded(handed_in(of), of)
    assert list(marks(judged).values()) == [1.5, 4, 0, 0, 0, 4, 4, 0, 0, 4, 4]
    assert [check.passed for check in judged.checks][:3] == [False, True, False]
    assert sum("stopped with" in flag for flag in judged.flags) == 1 and "1 / 0" not in said(judged)["check_8"]


def test_a_check_that_is_not_in_the_notebook_gives_nothing():
    nb = handed_in(step=RIGHT, sequence=FORWARD)
    nb.cells = [cell for cell in nb.cells if cell.metadata.nbgrader.grade_id != "check_step"]
    judged = graded(nb)
    assert marks(judged) == {"check_step": 0, "check_sequence": 4} and "not in the notebook" in said(judged)["check_step"]


def test_a_helper_that_is_locked_is_there_on_both_sides():
    of = a_release(
        setup=(SETUP, "locked"),
        helper=("def twice(x):\n    return 2 * x", "locked"),
        step=("def rnn_step_forward(params, x, h):\n    pass", "solution"),
        check_step=("assert lab01 and twice(rnn_step_forward(1, 2, 3)) == 12\n1.0", 3),
    )
    judged = graded(handed_in(of, step="def rnn_step_forward(params, x, h):\n    return twice(x + 1)"), of)
    assert marks(judged) == {"check_step": 1}


def test_without_a_sandbox_there_is_no_grading():
    def none(*_, **__):
        raise RuntimeError("no sandbox")

    with pytest.raises(RuntimeError, match="no sandbox"):
        judge(handed_in(), RELEASE, seed="", library=ROOT, opener=none)


@pytest.mark.parametrize("right", [True, False])
def test_a_function_is_not_checked_twice_in_one_notebook(monkeypatch, right):
    monkeypatch.setattr(Exercise, "verdicts", {})
    calls, step = [], lab05.gates

    def written(*args):
        calls.append(args)
        return step.reference(*args) if right else None

    def message(**more):
        try:
            step.check(written, **more)
        except CheckFailed as fault:
            return str(fault)
        return ""

    first, before = message(), len(calls)
    assert (not first) is right and before
    assert (step.or_reference(written) is written) is right and message() == first and len(calls) == before
    assert (not message(rng=np.random.default_rng(0))) is right and len(calls) > before  # other inputs


def test_a_function_that_could_not_be_called_to_its_end_is_checked_again(monkeypatch):
    monkeypatch.setattr(Exercise, "verdicts", {})
    step, stops = lab05.gates, [True]

    def written(*args):
        if stops:
            raise CheckStopped("ended its process")
        return step.reference(*args)

    with pytest.raises(CheckFailed, match="ended its process"):
        step.check(written)
    stops.clear()
    step.check(written)


if __name__ == "__main__":  # all labs, which takes some minutes
    import sys

    for lab in sys.argv[1:] or NAMES:
        with pytest.MonkeyPatch.context() as patch:
            the_solution_has_all_points_and_the_release_none(lab, patch)
            print(lab, "the solution has all points; the release has none and the same sentences", flush=True)
