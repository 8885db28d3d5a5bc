"""A class of three, from release to marks, with nbgrader's own commands, exchange folder and gradebook.

solved      the solution
untouched   what was fetched
half        one step wrong, two right, one not written, one that is not even Python, and whatever the lab has besides

What each lab's steps give, and what `half` hands in, stands in `CLASSES`.
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

ROOT = Path(__file__).parents[2]
CLASSES = {
    "lab01_recurrent_cell": {
        "points": {
            "check_step_forward": 3,
            "check_sequence_forward": 3,
            "check_step_backward": 5,
            "check_sequence_backward": 6,
            "check_prediction": 3,
        },
        "half": {
            "step_forward": """
def rnn_step_forward(params, x, h):
    a = x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"]
    return a, RNNStepCache(params, x, h, a, "tanh")
""",
            "sequence_forward": "solution",
            "step_backward": "solution",
            "prediction": "def predict(params, xs):\n    return sigmoid(",
        },
        "told": [
            "h_next[0, 0] is 0.9 but 0.716298 was expected. This is what comes out when tanh is left out",
            "rnn_backward on the worked example: it is not written yet; put your code in the place of `raise NotImplementedError()`.",
            "predict is not defined yet: run the cell in which you write it",
            "Your rnn_step_forward is not right yet. Below, the reference stands in for it.",
        ],
        "trains": "accuracy at the end",
    },
    "lab05_lstm": {
        "points": {
            "check_gates": 3,
            "check_step_forward": 3,
            "check_sequence_forward": 2,
            "check_step_backward": 6,
            "check_sequence_backward": 4,
            "check_forget_bias": 2,
        },
        "half": {
            "gates": """
def lstm_gates(params, x, h):
    a = x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"]
    i, f, g, o = np.split(sigmoid(a), 4, axis=1)
    return i, f, g, o
""",
            "step_forward": "solution",
            "sequence_forward": "solution",
            "step_backward": "def lstm_step_backward(cache, dstate_next):\n    return (",
            "forget_bias": """
def set_forget_bias(params, value):
    H = params["weight_hh"].shape[1]
    params["bias_ih"][H : 2 * H] = value
    params["bias_hh"][H : 2 * H] = 0
    return params
""",
        },
        "told": [
            "lstm_gates on the worked example: g[0, 0] is 0.65701 but 0.57167 was expected. This is what comes out when all four go",
            "lstm_step_backward is not defined yet: run the cell in which you write it",
            "lstm_backward on the worked example: it is not written yet; put your code in the place of `raise NotImplementedError()`.",
            "set_forget_bias on the worked example: the results are right, but it changed its argument params in place; work on a copy.",
            "Your lstm_gates is not right yet. Below, the reference stands in for it.",
        ],
        "trains": "mean squared error at the end",
    },
}
FOUND = sorted(path.stem for path in (ROOT / "solutions").glob("lab*.py"))
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


def hold_class(base, lab):
    """Do everything in a new folder, and return the folder of the course."""
    points, half = CLASSES[lab]["points"], CLASSES[lab]["half"]
    course, exchange = base / "course", base / "exchange"
    shutil.copytree(ROOT / "solutions", course / "solutions", ignore=shutil.ignore_patterns("__pycache__"))
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
    hand_in(homes["solved"], lab, {name.removeprefix("check_"): "solution" for name in points}, solutions)
    hand_in(homes["half"], lab, half, solutions)
    nbgrader(
        *((home, f"submit {lab} --course rnn --student {student}") for student, home in homes.items()),
        (course, f"collect {lab} --ExchangeCollect.check_owner=False"),
        (course, f"autograde {lab}"),
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


def test_every_lab_has_a_class():
    assert list(CLASSES) == FOUND


@pytest.mark.parametrize("lab", CLASSES)
def test_a_class_from_release_to_marks(lab, tmp_path):
    course = hold_class(tmp_path, lab)
    points, half = CLASSES[lab]["points"], CLASSES[lab]["half"]
    none = dict.fromkeys(points, 0)
    right = {f"check_{step}" for step, answer in half.items() if answer == "solution"}
    earned = {"solved": points, "untouched": none, "half": {**none, **{name: points[name] for name in right}}}

    # What is released and fetched is what is committed.
    committed = (ROOT / "labs" / lab / f"{lab}.ipynb").read_bytes()
    assert (course / "labs" / lab / f"{lab}.ipynb").read_bytes() == committed
    assert (tmp_path / "untouched" / lab / f"{lab}.ipynb").read_bytes() == committed

    # Each step gives its points, whatever became of the others; the exported scores are their sums.
    assert json.loads((course / "marks.json").read_text()) == earned
    assert sum(points.values()) == 20
    with open(course / "grades.csv", newline="") as file:
        scores = {(row["assignment"], row["student_id"]): float(row["score"]) for row in csv.DictReader(file)}
    assert scores == {(lab, student): sum(points.values()) for student, points in earned.items()}

    # The feedback that a learner fetches holds the checks' sentences; one who wrote nothing gets one for each step.
    text = feedback(tmp_path / "half" / lab)
    assert [sentence for sentence in CLASSES[lab]["told"] if sentence not in text] == []
    assert feedback(tmp_path / "untouched" / lab).count("it is not written yet; put your code in the place of") >= len(points)

    # The right answer raised nothing, wrote nothing to stderr, and trained nothing.
    nb = nbformat.read(course / "classroom-data" / "autograded" / "solved" / lab / f"{lab}.ipynb", 4)
    outputs = [output for cell in nb.cells for output in cell.get("outputs", [])]
    assert not any(output.output_type == "error" or output.get("name") == "stderr" for output in outputs)
    assert not any(CLASSES[lab]["trains"] in output.get("text", "") for output in outputs)


def feedback(folder):
    """The text of the page that a learner fetched."""
    (page,) = (folder / "feedback").rglob("*.html")
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", page.read_text("utf8"))).split())
