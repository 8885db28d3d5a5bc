"""Every hostile submission gets the mark that its honest answers are worth, and nothing that it may not read comes back with it."""

import contextlib
import json
import os
import socket
import threading

import pytest

from classroom.grading.doctor import Refused, find, repair
from classroom.grading.judge import judge
from classroom.grading.library import learners_library
from classroom.sandbox.kernel import Limits, SandboxUnavailable, open_kernel
from tests.classroom.hostile.case import CANARY
from tests.classroom.hostile.cases import CASES
from tests.classroom.hostile.submission import LAB
from tests.classroom.labs import released

LIMITS = Limits(memory_mb=700, processes=48, cpu_s=60, wall_s=300, file_mb=32, output_mb=4)
BUDGET = {"step_s": 6, "cell_s": 10, "total_s": 200}


@pytest.fixture(scope="session")
def release():
    return released(LAB)


@pytest.fixture(scope="session")
def library(release, tmp_path_factory):
    path = learners_library(release, tmp_path_factory.mktemp("library"))
    try:
        open_kernel(path).close()
    except SandboxUnavailable as error:
        pytest.skip(str(error))
    return path


@pytest.fixture
def secrets(tmp_path, monkeypatch):
    """What no student may read, where students have looked for it: returns a dict of what stands for it in the submissions."""
    beside = tmp_path / "submitted" / "victim" / LAB
    beside.mkdir(parents=True)
    for path in (beside / f"{LAB}.ipynb", tmp_path / "gradebook.db", tmp_path / "secret"):
        path.write_text(f"{CANARY} of {path.name}")
    monkeypatch.setenv("COURSE_SECRET", CANARY)
    monkeypatch.setenv("HOSTILE_SECRET", str(tmp_path / "secret"))
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=answer, args=(server,), daemon=True).start()
        yield {"PORT": str(server.getsockname()[1]), "GRADEBOOK": str(tmp_path / "gradebook.db")}
    assert (tmp_path / "gradebook.db").read_text() == f"{CANARY} of gradebook.db"


def answer(server):
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection:
            connection.sendall(CANARY.encode())


@pytest.mark.parametrize("one", CASES, ids=[one.name for one in CASES])
def test_it_gets_what_its_honest_answers_are_worth(one, release, library, secrets, tmp_path):
    submission = one.submission()
    for cell in submission.notebook.cells:
        for word, meant in secrets.items():
            cell.source = cell.source.replace(word, meant)
    folder = tmp_path / "submitted" / "student" / LAB
    submission.write(folder)
    alive = descendants()
    try:
        repaired = repair(find(folder, release), release)
    except Refused as refusal:
        points, told, back = 0, [str(refusal)], ""
    else:
        judged = judge(repaired.notebook, release, seed=CANARY, library=library, limits=LIMITS, **BUDGET | one.budget)
        points = sum(check.points for check in judged.checks)
        told = [*repaired.findings, *judged.flags, *(check.message for check in judged.checks)]
        back = json.dumps(judged.notebook)
        assert all(check.passed or check.message for check in judged.checks), "a check that gave no points says nothing"
        assert len(back) < 4_000_000
    assert points == one.points, told
    assert one.says in " ".join(told), told
    assert CANARY not in back and CANARY not in " ".join(told)
    assert descendants() <= alive, "a process was left behind"


def descendants():
    """Processes that this one has started, and those that they have, as far as they have not ended."""
    parents = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{name}/stat") as file:
            state, parent, *_ = file.read().rpartition(")")[2].split()
            if state != "Z":
                parents[int(name)] = int(parent)
    found = {os.getpid()}
    while more := {number for number, parent in parents.items() if parent in found} - found:
        found |= more
    return found
