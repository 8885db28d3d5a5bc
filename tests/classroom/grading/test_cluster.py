"""The same work over Dask: marks are those of one machine, a worker that dies is replaced, and what is missing is said."""

import sys

import pytest

from classroom.grading import fingerprint
from classroom.grading.cluster import Cluster
from classroom.grading.task import Stop
from tests.classroom import marks
from tests.classroom.conftest import LAB, environment

ANSWERS = {"ada": "right", "ben": "wrong", "cem": "die", "dot": "half", "eva": "raise", "fay": "hang"}

pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")  # of nbgrader's, where a test uses its gradebook


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory):
    distributed = pytest.importorskip("distributed", reason="Dask's distributed is not installed")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment(GRADER_LOG=str(tmp_path_factory.mktemp("dask") / "log")).items():
            patch.setenv(name, value)
        with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", host="127.0.0.1") as cluster:
            yield cluster.scheduler_address


@pytest.mark.filterwarnings("default")  # of Dask's own
def test_dask_gives_what_one_machine_gives(scheduler, course, hand_in, run):
    for name, answer in ANSWERS.items():
        hand_in(name, answer)
    done = run("grade", LAB, "--scheduler", scheduler, "--limit", 5)
    assert done.returncode == 0 and "6 graded, 0 skipped, 3 to look at." in done.stdout, done.stderr
    over_dask = marks.bundled(course, LAB), marks.of(course, LAB)
    run("grade", LAB, "--limit", 5)
    assert (marks.bundled(course, LAB), marks.of(course, LAB)) == over_dask
    hand_in("gus", "stop")
    done = run("regrade", LAB, "--student", "gus", "--scheduler", scheduler)
    assert done.returncode == 1 and done.stderr == "There is no sandbox.\n"


@pytest.mark.filterwarnings("default")
def test_a_machine_that_goes_away_costs_nobody_a_mark(scheduler, course, hand_in, run):
    for n in range(4):
        hand_in(f"s{n}", "right")
    hand_in("s4", "right, but take its parent")
    done = run("grade", LAB, "--scheduler", scheduler, "--limit", 60)
    assert "5 graded, 0 skipped, 0 to look at." in done.stdout, done.stdout + done.stderr
    assert marks.bundled(course, LAB) == {f"s{n}": ("graded", 5) for n in range(5)}


@pytest.mark.filterwarnings("default")
def test_a_machine_with_another_course_is_not_used(scheduler, monkeypatch):
    monkeypatch.setattr(fingerprint, "checks", lambda: "other")
    with pytest.raises(Stop, match="has other checks than this machine"):
        list(Cluster("tests.classroom.graders:grade", scheduler=scheduler).run(["ada"], None))


def test_without_dask_it_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(Stop, match="`pip install distributed`"):
        list(Cluster("tests.classroom.graders:grade", scheduler="tcp://127.0.0.1:1").run(["ada"], None))
