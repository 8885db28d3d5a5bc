"""A student's work outlives a second fetch, a lab that is released again, and a full disk; each with nbgrader's own commands.

The restart of the hub is part of test_class.py.
"""

import json
import os
import shutil
import stat
import subprocess
import sys

import nbformat
import pytest

from tests.classroom.hub.course import HUB, ROOT, environment, make_course, run

LAB = "lab01_recurrent_cell"
NOTEBOOK = f"{LAB}/{LAB}.ipynb"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A course folder with a demo class."""
    course = make_course(tmp_path_factory.mktemp("kept") / "course", [LAB])
    assert "1 of them released" in run(course, course, sys.executable, "-m", "classroom.hub.prepare", "--demo")
    return course


@pytest.fixture
def student(prepared, request):
    """A function that runs nbgrader as a student of the demo does, in a home of the test's own."""
    home = prepared / "classroom-data" / "homes" / request.node.name
    home.mkdir(parents=True)
    own = {"JUPYTER_CONFIG_PATH": str(prepared / HUB / "student"), "JUPYTERHUB_USER": request.node.name, "HOME": str(home)}
    own["JUPYTER_DATA_DIR"] = str(home / ".data")

    def nbgrader(*words, before=(), status=0):
        return run(prepared, home, *before, sys.executable, "-m", "nbgrader", *words, status=status, **own)

    nbgrader.home, nbgrader.name = home, request.node.name
    return nbgrader


def work(path):
    """Change a solution cell as a student does, and return the notebook's bytes."""
    nb = nbformat.read(path, 4)
    next(cell for cell in nb.cells if cell.metadata.get("nbgrader", {}).get("solution")).source += "\n# an evening's work"
    nbformat.write(nb, path)
    return path.read_bytes()


def teach(course, *commands):
    """Run nbgrader's commands as the teacher, in one process."""
    given = json.dumps([[str(course), *words.split()] for words in commands])
    teacher = {"JUPYTER_CONFIG_PATH": str(course / HUB / "teacher"), "CLASSROOM_DEMO": "1"}
    return run(course, course, sys.executable, ROOT / "tests" / "labs" / "nbgrader_commands.py", given=given, **teacher)


def submissions(course, name):
    return sorted(path.name for path in (course / "classroom-data/exchange/rnn/inbound").iterdir() if name in path.name)


def test_a_second_fetch_brings_back_what_is_missing_and_touches_nothing_else(student):
    student("fetch_assignment", LAB)
    mine = work(student.home / NOTEBOOK)
    (student.home / LAB / "notes.txt").write_text("mine")
    student("fetch_assignment", LAB)
    assert (student.home / NOTEBOOK).read_bytes() == mine
    (student.home / NOTEBOOK).rename(student.home / LAB / "mine.ipynb")
    assert "Brought back" in student("fetch_assignment", LAB)
    assert "an evening's work" not in (student.home / NOTEBOOK).read_text()
    assert (student.home / LAB / "mine.ipynb").read_bytes() == mine
    assert sorted(path.name for path in (student.home / LAB).iterdir()) == [f"{LAB}.ipynb", "mine.ipynb", "notes.txt"]


def test_a_lab_released_again_leaves_fetched_copies_alone_and_grades_them_by_the_new_checks(prepared, student):
    student("fetch_assignment", LAB)
    mine = work(student.home / NOTEBOOK)
    source = prepared / "solutions" / f"{LAB}.py"
    old = source.read_text()
    try:
        source.write_text(old.replace('"points": 6}', '"points": 7}', 1))
        assert source.read_text() != old
        run(prepared, prepared, sys.executable, "solutions/build.py")
        teach(prepared, f"generate_assignment {LAB} --force", f"release_assignment {LAB} --force")
        student("fetch_assignment", LAB)
        assert (student.home / NOTEBOOK).read_bytes() == mine
        student("submit", LAB)
        teach(prepared, f"collect {LAB}", f"autograde {LAB} --student {student.name}")
        graded = nbformat.read(prepared / "classroom-data/autograded" / student.name / NOTEBOOK, 4)
        points = [cell.metadata.nbgrader.points for cell in graded.cells if cell.metadata.get("nbgrader", {}).get("grade")]
        assert sum(points) == 21 and any("an evening's work" in cell.source for cell in graded.cells)
    finally:
        source.write_text(old)
        run(prepared, prepared, sys.executable, "solutions/build.py")
        teach(prepared, f"generate_assignment {LAB} --force", f"release_assignment {LAB} --force")


def test_what_a_class_makes_is_closed_to_others(prepared):
    for name, mode in (("classroom-data", 0o700), ("gradebook.db", 0o600), ("classroom-data/people.csv", 0o600)):
        assert stat.S_IMODE((prepared / name).stat().st_mode) == mode, name


def test_preparing_again_changes_nothing(prepared, student):
    student("fetch_assignment", LAB)
    student("submit", LAB)

    def state():
        data = prepared / "classroom-data"
        files = {path: path.read_bytes() for path in data.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
        return files, run(prepared, prepared, sys.executable, "-m", "nbgrader", "db", "student", "list").count("(")

    before = state()
    run(prepared, prepared, sys.executable, "-m", "classroom.hub.prepare", "--demo")
    assert state() == before


@pytest.fixture
def small_disk(student):
    """The start of a command that gives it a home on a full disk: this many bytes, in a mount of its own; the exchange stays as it is."""
    command = ["bwrap", "--dev-bind", "/", "/", "--size", "8192", "--tmpfs"]
    if not shutil.which("bwrap") or subprocess.run([*command, "/tmp", "true"], capture_output=True).returncode:
        pytest.skip("bubblewrap, which gives a test a small disk, is not installed or may not run here")
    return command


def test_fetching_to_a_full_disk_leaves_nothing_half_done_and_can_be_repeated(student, small_disk):
    show = ["sh", "-c", '"$@"; code=$?; echo LEFT $(ls -A); exit $code', "sh"]
    said = student("fetch_assignment", LAB, before=[*small_disk, student.home, "--chdir", student.home, *show], status=None)
    assert "FetchWhole changed nothing, because files could not be copied" in said and "No space left" in said, said
    assert LAB not in said.partition("LEFT")[2], said
    student("fetch_assignment", LAB)
    assert (student.home / NOTEBOOK).stat().st_size > 8192


def test_submitting_to_a_full_exchange_says_so_and_leaves_nothing_to_collect(prepared, student, small_disk):
    student("fetch_assignment", LAB)
    mine = work(student.home / NOTEBOOK)
    inbound = prepared / "classroom-data/exchange/rnn/inbound"
    said = student("submit", LAB, before=[*small_disk, inbound, "--chdir", student.home], status=None)
    assert "SubmitWhole changed nothing, because files could not be copied" in said and "No space left" in said, said
    assert (student.home / NOTEBOOK).read_bytes() == mine
    assert submissions(prepared, student.name) == [] and not list((student.home / ".data").rglob(f"*{LAB}*"))
    student("submit", LAB)
    (name,) = submissions(prepared, student.name)
    assert (inbound / name / f"{LAB}.ipynb").read_bytes() == mine


def test_submitting_from_a_full_home_says_so_and_leaves_nothing_to_collect(prepared, student, small_disk):
    student("fetch_assignment", LAB)
    (student.home / ".data").mkdir(exist_ok=True)
    said = student("submit", LAB, before=[*small_disk, student.home / ".data", "--chdir", student.home], status=None)
    assert "SubmitWhole changed nothing" in said and "No space left" in said, said
    assert submissions(prepared, student.name) == []


def test_saving_a_notebook_on_a_full_disk_keeps_the_last_version(student, small_disk):
    """What Jupyter's server does at a save, with the copy of the notebook that fits."""
    save = (
        "from jupyter_server.services.contents.filemanager import FileContentsManager as Files\n"
        "files = Files(root_dir='.')\n"
        "files.save({'type': 'file', 'format': 'text', 'content': 'first'}, 'work.txt')\n"
        "try:\n    files.save({'type': 'file', 'format': 'text', 'content': 'x' * 20000}, 'work.txt')\n"
        "except Exception as error:\n    print('FAILED', error)\n"
        "print('KEPT', open('work.txt').read()[:10])\n"
    )
    command = [*small_disk, student.home, "--chdir", student.home, sys.executable, "-c", save]
    done = subprocess.run(command, env=environment(student.home), text=True, capture_output=True)
    assert "FAILED" in done.stdout and "KEPT first" in done.stdout, done.stdout + done.stderr
    assert os.path.isdir(student.home)
