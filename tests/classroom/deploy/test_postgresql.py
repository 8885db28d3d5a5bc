"""PostgreSQL, started for real, as the gradebook: the same marks as SQLite's, from one machine or two, late or graded again."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from tests.classroom.conftest import LAB, ROOT, environment, move, nbgrader
from tests.classroom.deploy.conftest import require

PROGRAMS = [str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
STUDENTS = {"ada": "right", "ben": "wrong", "chen": "right", "dora": "wrong", "eve": "right", "finn": "wrong"}


@pytest.fixture(scope="module")
def server():
    """The address of a PostgreSQL of our own, on a socket in a folder of its own, without a network."""
    require("psycopg2")
    control = shutil.which("pg_ctl", path=os.pathsep.join([*PROGRAMS, os.environ["PATH"]]))
    if control is None:
        pytest.skip("no PostgreSQL on this machine: apt install postgresql")
    user = {"user": "postgres", "group": "postgres", "extra_groups": ()} if os.getuid() == 0 else {}  # it does not run as root
    folder = Path(tempfile.mkdtemp(prefix="rnn-pg-"))
    if user:
        shutil.chown(folder, user["user"], user["group"])

    def act(*arguments):
        command = [control, "-D", str(folder / "data"), "-s", *arguments]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, **user)
        assert done.returncode == 0, done.stdout + done.stderr

    try:
        act("initdb", "-o", "--username=class --auth=trust --encoding=UTF8 --no-sync")
        act("start", "-w", "-l", str(folder / "log"), "-o", f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off")
        yield f"postgresql+psycopg2://class@/postgres?host={folder}"
    finally:
        with contextlib.suppress(AssertionError):
            act("stop", "-m", "immediate")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def gradebook(folder, server):
    """Let the class of this test keep its marks in PostgreSQL, in a database of its own; return its address."""
    from sqlalchemy import create_engine, text

    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS grades"))
        connection.execute(text("CREATE DATABASE grades"))
    engine.dispose()
    address = server.replace("/postgres?", "/grades?")
    config = move(folder) / "nbgrader_config.py"
    config.write_text(config.read_text() + f"c.CourseDirectory.db_url = {address!r}\n")
    nbgrader(folder, "generate_assignment", LAB, "--force")
    return address


def marks(address):
    """Each student's points and penalty, and the comments."""
    with Gradebook(address, "rnn") as book:
        submissions = book.assignment_submissions(LAB)
        return {
            one.student.id: (one.score, one.late_submission_penalty, sorted(str(c.comment) for n in one.notebooks for c in n.comments))
            for one in submissions
        }


def test_the_marks_are_those_of_sqlite(folder, gradebook, hand_in, run):
    for student, answer in STUDENTS.items():
        hand_in(student, answer, when="2026-11-03 10:00:00 UTC" if student == "chen" else "2026-11-01 10:00:00 UTC")
    (folder / "classroom-data" / "due.csv").write_text("lab,due\nlab00_double,2026-11-02 10:00 +0000\n")
    done = run("grade", LAB)
    assert done.returncode == 0, done.stderr
    found = marks(gradebook)
    assert found["ada"][0] > found["ben"][0] and found["chen"][1] > 0 and not found["ada"][1]

    move(folder)  # SQLite again
    shutil.rmtree(folder / "classroom-data" / "bundles")
    assert run("grade", LAB).returncode == 0
    assert marks(f"sqlite:///{folder}/gradebook.db") == found


def test_two_machines_grade_at_once_and_then_again(folder, gradebook, hand_in, run, tmp_path):
    for student, answer in STUDENTS.items():
        hand_in(student, answer)
    other = shutil.copytree(folder, tmp_path / "other")
    config = (folder / "nbgrader_config.py").read_text()
    (other / "nbgrader_config.py").write_text(config.replace(str(folder), str(other)))
    graders = []
    for course, students in ((folder, sorted(STUDENTS)[:4]), (other, sorted(STUDENTS)[2:])):  # two of them by both
        command = [sys.executable, "-W", "ignore", "-m", "classroom", "--course", str(course), "grade", LAB]
        command += ["--parts", "tests.classroom.graders", "--student", *students]
        graders.append(subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
    for grader in graders:
        said, _ = grader.communicate(timeout=300)
        assert grader.returncode == 0, said
    found = marks(gradebook)
    assert found.keys() == STUDENTS.keys()
    assert all((found[who][0] > found["ben"][0]) == (STUDENTS[who] == "right") for who in STUDENTS)

    hand_in("ben", "right")
    done = run("regrade", LAB)
    assert done.returncode == 0, done.stderr
    again = marks(gradebook)
    assert again.pop("ben")[0] == again["ada"][0] and all(again[who] == found[who] for who in again)


def test_the_course_takes_the_gradebook_from_its_environment(server, monkeypatch):
    from traitlets.config.loader import PyFileConfigLoader

    def configured():
        return PyFileConfigLoader("nbgrader_config.py", path=str(ROOT)).load_config().CourseDirectory.db_url

    monkeypatch.delenv("CLASSROOM_GRADEBOOK", raising=False)
    assert configured() == f"sqlite:///{ROOT}/gradebook.db?timeout=60"
    monkeypatch.setenv("CLASSROOM_GRADEBOOK", server)
    assert configured() == server
