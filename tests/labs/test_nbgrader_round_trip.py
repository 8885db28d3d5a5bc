"""A class of three, from release to marks, with nbgrader's own commands, exchange folder and gradebook.

solved      the solution
untouched   what was fetched
half        one step wrong, two right, one not written, one that is not even Python
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

ROOT = Path(__file__).parents[2]
LAB = "lab01_recurrent_cell"
POINTS = {
    "check_step_forward": 3,
    "check_sequence_forward": 3,
    "check_step_backward": 5,
    "check_sequence_backward": 6,
    "check_prediction": 3,
}
HALF = {
    "step_forward": """
def rnn_step_forward(params, x, h):
    a = x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"]
    return a, RNNStepCache(params, x, h, a, "tanh")
""",
    "sequence_forward": "solution",
    "step_backward": "solution",
    "prediction": "def predict(params, xs):\n    return sigmoid(",
}
EARNED = {
    "solved": POINTS,
    "untouched": dict.fromkeys(POINTS, 0),
    "half": {**dict.fromkeys(POINTS, 0), "check_sequence_forward": 3, "check_step_backward": 5},
}
# What the gradebook holds, read in a process of its own like every other use of nbgrader here.
MARKS = """
import json
from nbgrader.api import Gradebook
with Gradebook("sqlite:///gradebook.db", "rnn") as gradebook:
    submissions = gradebook.assignment_submissions("{lab}")
    print(json.dumps({{s.student.id: {{grade.name: grade.score for grade in s.notebooks[0].grades}} for s in submissions}}))
    assert not any(s.needs_manual_grade for s in submissions)
"""


def hold_class(base):
    """Do everything in a new folder, and return the folder of the course."""
    course, exchange = base / "course", base / "exchange"
    shutil.copytree(ROOT / "solutions", course / "solutions", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "book", course / "book", ignore=shutil.ignore_patterns("node_modules"))
    for name in ("nbgrader_config.py", "_config.yml"):  # the configuration's folder is the course's folder
        shutil.copy(ROOT / name, course)
    exchange.mkdir()
    exchange.chmod(0o777)
    homes = {student: base / student for student in EARNED}
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
        (course, f"generate_assignment {LAB} --force"),
        (course, f"release_assignment {LAB}"),
        *((home, f"fetch_assignment {LAB} --course rnn") for home in homes.values()),
    )
    source = nbformat.read(course / "_build" / "source" / LAB / f"{LAB}.ipynb", 4)
    solutions = {cell.id: cell.source for cell in source.cells}
    hand_in(homes["solved"], {name.removeprefix("check_"): "solution" for name in POINTS}, solutions)
    hand_in(homes["half"], HALF, solutions)
    nbgrader(
        *((home, f"submit {LAB} --course rnn --student {student}") for student, home in homes.items()),
        (course, f"collect {LAB} --ExchangeCollect.check_owner=False"),
        (course, f"autograde {LAB}"),
        (course, f"generate_feedback {LAB}"),
        (course, f"release_feedback {LAB}"),
        *((home, f"fetch_feedback {LAB} --course rnn --student {student}") for student, home in homes.items()),
        (course, "export --to grades.csv"),
    )
    (course / "marks.json").write_text(run([sys.executable, "-c", MARKS.format(lab=LAB)], cwd=course))
    return course


def hand_in(home, answers, solutions):
    path = home / LAB / f"{LAB}.ipynb"
    nb = nbformat.read(path, 4)
    for cell in nb.cells:
        if cell.id in answers:
            cell.source = solutions[cell.id] if answers[cell.id] == "solution" else answers[cell.id]
    nbformat.write(nb, path)


def test_a_class_from_release_to_marks(tmp_path):
    course = hold_class(tmp_path)

    # What is released and fetched is what is committed.
    committed = (ROOT / "labs" / LAB / f"{LAB}.ipynb").read_bytes()
    assert (course / "labs" / LAB / f"{LAB}.ipynb").read_bytes() == committed
    assert (tmp_path / "untouched" / LAB / f"{LAB}.ipynb").read_bytes() == committed

    # Each step gives its points, whatever became of the others; the exported scores are their sums.
    assert json.loads((course / "marks.json").read_text()) == EARNED
    assert sum(POINTS.values()) == 20
    with open(course / "grades.csv", newline="") as file:
        scores = {(row["assignment"], row["student_id"]): float(row["score"]) for row in csv.DictReader(file)}
    assert scores == {(LAB, student): sum(points.values()) for student, points in EARNED.items()}

    # The feedback that a learner fetches holds the checks' sentences.
    (page,) = (tmp_path / "half" / LAB / "feedback").rglob("*.html")
    text = " ".join(html.unescape(re.sub(r"<[^>]+>", "", page.read_text("utf8"))).split())
    assert "h_next[0, 0] is 0.9 but 0.716298 was expected. This is what comes out when tanh is left out" in text
    assert "rnn_backward on the worked example: it is not written yet; put your code in the place of `raise NotImplementedError()`." in text
    assert "predict is not defined yet: run the cell in which you write it" in text
    assert "Your rnn_step_forward is not right yet. Below, the reference stands in for it." in text

    # The right answer raised nothing, wrote nothing to stderr, and trained nothing.
    nb = nbformat.read(course / "classroom-data" / "autograded" / "solved" / LAB / f"{LAB}.ipynb", 4)
    outputs = [output for cell in nb.cells for output in cell.get("outputs", [])]
    assert not any(output.output_type == "error" or output.get("name") == "stderr" for output in outputs)
    assert not any("accuracy at the end" in output.get("text", "") for output in outputs)
