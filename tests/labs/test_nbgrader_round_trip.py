"""A class of three, from release to marks, with nbgrader's own commands, exchange folder and gradebook.

solved      the solution
untouched   what was fetched
half        one step wrong, two right, one not written, one that is not even Python, and whatever the lab has besides

A lab may have answers that a person grades; then somebody enters marks for `solved` as formgrader does.

What each lab's steps give, and what `half` hands in, stands in tests/labs/cases/.
"""

import csv
import html
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tests.labs.lab import ROOT
from tests.labs.labs import LABS

STUDENTS = ("solved", "untouched", "half")
# What the gradebook holds, read in a process of its own like every other use of nbgrader here.
MARKS = """
import json
from nbgrader.api import Gradebook
with Gradebook("sqlite:///gradebook.db", "rnn") as gradebook:
    submissions = gradebook.assignment_submissions("{lab}")
    print(json.dumps({{s.student.id: {{grade.name: grade.score for grade in s.notebooks[0].grades}} for s in submissions}}))
    assert not any(s.needs_manual_grade for s in submissions)
"""
# What formgrader writes when a person marks the answers; who wrote none waits for no marks and gets 0.
BY_HAND = """
from nbgrader.api import Gradebook
with Gradebook("sqlite:///gradebook.db", "rnn") as gradebook:
    waiting = {{s.student.id for s in gradebook.assignment_submissions("{lab}") if s.needs_manual_grade}}
    assert waiting == {{"solved"}}, waiting
    for name, points in {manual}.items():
        grade = gradebook.find_grade(name, "{lab}", "{lab}", "solved")
        assert grade.needs_manual_grade and grade.auto_score is None
        grade.manual_score, grade.needs_manual_grade = points, False
    gradebook.db.commit()
"""


def hold_class(base, lab, points, half, manual):
    """Do everything in a new folder, and return the folder of the course."""
    course, exchange = base / "course", base / "exchange"
    shutil.copytree(ROOT / "solutions", course / "solutions", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "classroom", course / "classroom", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "book", course / "book", ignore=shutil.ignore_patterns("node_modules"))
    for name in ("nbgrader_config.py", "_config.yml"):  # the configuration's folder is the course's folder
        shutil.copy(ROOT / name, course)
    exchange.mkdir()
    exchange.chmod(0o777)
    homes = {student: base / student for student in STUDENTS}
    for home in homes.values():
        home.mkdir()
    # Nothing of the person who runs the tests is read or written.
    own = {"HOME": base, "JUPYTER_CONFIG_DIR": base / "config", "JUPYTER_DATA_DIR": base / "data", "IPYTHONDIR": base / "ipython"}
    environment = {**os.environ, **{key: str(value) for key, value in own.items()}, "PYTHONWARNINGS": "ignore", "OMP_NUM_THREADS": "1"}
    environment |= {"JUPYTER_PLATFORM_DIRS": "1", "OPENBLAS_NUM_THREADS": "1"}
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", "")])  # nbgrader calls alembic by name

    def run(command, **options):
        done = subprocess.run(command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
        assert done.returncode == 0, done.stdout[-5000:]
        return done.stdout

    def nbgrader(*commands):
        places = [f"--Exchange.root={exchange}", "--Exchange.cache=.cache"]  # each student has a cache of their own
        commands = [[str(folder), *words.split(), *places] for folder, words in commands]
        return run([sys.executable, str(Path(__file__).with_name("nbgrader_commands.py"))], input=json.dumps(commands))

    run([sys.executable, "solutions/build.py"], cwd=course)
    nbgrader(
        (course, f"generate_assignment {lab} --force"),
        (course, f"release_assignment {lab}"),
        *((home, f"fetch_assignment {lab} --course rnn") for home in homes.values()),
    )
    source = nbformat.read(course / "_build" / "source" / lab / f"{lab}.ipynb", 4)
    solutions = {cell.id: cell.source for cell in source.cells}
    hand_in(homes["solved"], lab, {name.removeprefix("check_"): "solution" for name in (*points, *manual)}, solutions)
    hand_in(homes["half"], lab, half, solutions)
    nbgrader(
        *((home, f"submit {lab} --course rnn --student {student}") for student, home in homes.items()),
        (course, f"collect {lab} --ExchangeCollect.check_owner=False"),
        (course, f"autograde {lab}"),
    )
    if manual:
        run([sys.executable, "-c", BY_HAND.format(lab=lab, manual=manual)], cwd=course)
    nbgrader(
        (course, f"generate_feedback {lab}"),
        (course, f"release_feedback {lab}"),
        *((home, f"fetch_feedback {lab} --course rnn --student {student}") for student, home in homes.items()),
        (course, "export --to grades.csv"),
    )
    (course / "marks.json").write_text(run([sys.executable, "-c", MARKS.format(lab=lab)], cwd=course))
    return course


def hand_in(home, lab, answers, solutions):
    path = home / lab / f"{lab}.ipynb"
    nb = nbformat.read(path, 4)
    for cell in nb.cells:
        if cell.id in answers:
            cell.source = solutions[cell.id] if answers[cell.id] == "solution" else answers[cell.id]
    nbformat.write(nb, path)


@pytest.mark.parametrize("name", LABS)
def test_a_class_from_release_to_marks(name, tmp_path):
    lab, points, half, manual = LABS[name].name, LABS[name].points, LABS[name].half, LABS[name].manual
    course = hold_class(tmp_path, lab, points, half, manual)
    none = dict.fromkeys({**points, **manual}, 0)
    right = {f"check_{step}" for step, answer in half.items() if answer == "solution"}
    earned = {"solved": {**points, **manual}, "untouched": none, "half": {**none, **{name: points[name] for name in right}}}

    # What is released and fetched is what is committed.
    committed = (ROOT / "labs" / lab / f"{lab}.ipynb").read_bytes()
    assert (course / "labs" / lab / f"{lab}.ipynb").read_bytes() == committed
    assert (tmp_path / "untouched" / lab / f"{lab}.ipynb").read_bytes() == committed

    # Each step gives its points, whatever became of the others; the exported scores are their sums.
    assert json.loads((course / "marks.json").read_text()) == earned
    assert sum(points.values()) + sum(manual.values()) == 20
    with open(course / "grades.csv", newline="") as file:
        scores = {(row["assignment"], row["student_id"]): float(row["score"]) for row in csv.DictReader(file)}
    assert scores == {(lab, student): sum(marks.values()) for student, marks in earned.items()}

    # The feedback that a learner fetches holds the checks' sentences; one who wrote nothing gets one for each step.
    text = feedback(tmp_path / "half" / lab)
    assert [sentence for sentence in LABS[name].told if sentence not in text] == []
    assert feedback(tmp_path / "untouched" / lab).count("it is not written yet; put your code in the place of") >= len(points)

    # The right answer raised nothing, wrote nothing to stderr, and trained nothing.
    nb = nbformat.read(course / "classroom-data" / "autograded" / "solved" / lab / f"{lab}.ipynb", 4)
    outputs = [output for cell in nb.cells for output in cell.get("outputs", [])]
    assert not any(output.output_type == "error" or output.get("name") == "stderr" for output in outputs)
    assert not any(LABS[name].trains in output.get("text", "") for output in outputs)


def feedback(folder):
    """The text of the page that a learner fetched."""
    (page,) = (folder / "feedback").rglob("*.html")
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", page.read_text("utf8"))).split())
