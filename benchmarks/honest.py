"""A class whose students hand in honest work: answers of tests/corpus, right and wrong, solutions, and notebooks nobody wrote in.

Contents
    make_course     a course's folder with one lab and its submissions, as nbgrader has them after collecting
    submissions     the notebooks: the first is the solution, the second is blank, in the others each step is answered for itself
    answers         what learners might write for a step, as the text of a cell
"""

import ast
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
RIGHT, EMPTY = 0.75, 0.1  # of the steps, as in a class where most is right when it is handed in; the others are wrong
EVERY = 12  # of so many students one hands in the solution and one a blank notebook


def make_course(folder, lab, count):
    """Make a course with one lab that is in the gradebook.

    Args:
        folder: where to; it becomes the course's folder.
        lab: the lab's name, such as lab05_lstm.
        count: how many students hand in.
    Returns:
        The environment in which the course's commands run; nothing of the user's own configuration is read.
    """
    source = runpy.run_path(str(ROOT / "solutions" / "build.py"))["notebook"](ROOT / "solutions" / f"{lab}.py")
    place = folder / "_build" / "source" / lab / f"{lab}.ipynb"
    place.parent.mkdir(parents=True)
    nbformat.write(source, place)
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    own = {"HOME": "home", "JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "IPYTHONDIR": "ipython", "XDG_CACHE_HOME": "cache"}
    environment = {key: value for key, value in os.environ.items() if key != "CLASSROOM_GRADING"}
    environment |= {key: str(folder / "own" / name) for key, name in own.items()}
    path = os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", "")])
    environment |= {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore", "JUPYTER_PLATFORM_DIRS": "1", "PATH": path}
    command(folder, environment, "nbgrader", "generate_assignment", lab)
    released = nbformat.read(folder / "labs" / lab / f"{lab}.ipynb", 4)
    for number, notebook in enumerate(submissions(released, source, count)):
        home = folder / "classroom-data" / "submitted" / f"student{number:03}" / lab
        home.mkdir(parents=True)
        nbformat.write(notebook, home / f"{lab}.ipynb")
        (home / "timestamp.txt").write_text("2026-01-01 12:00:00 UTC")
    return environment


def command(folder, environment, *words):
    """Run `python -m ...` in a course's folder; a RuntimeError with its last words if it fails."""
    done = subprocess.run([sys.executable, "-m", *words], cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)} ended with {done.returncode}: {(done.stdout + done.stderr)[-2000:]}")


def submissions(released, source, count, seed=0):
    """What `count` students hand in.

    Args:
        released: the notebook that they got, an nbformat node.
        source: the same with the solutions.
        count: how many.
        seed: of the choice of answers.
    Yields:
        nbformat nodes.
    """
    rng = np.random.default_rng(seed)
    known = answers(released)
    solved = {cell.id: cell.source for cell in source.cells if cell.metadata.get("nbgrader", {}).get("solution")}
    for number in range(count):
        kind = number % EVERY
        notebook = nbformat.from_dict(json.loads(json.dumps(released)))
        for cell in notebook.cells:
            if kind == 0 and cell.id in solved:
                cell.source = solved[cell.id]
            elif kind > 1 and cell.id in known:
                luck, written = rng.random(), known[cell.id]
                if luck >= EMPTY:
                    cell.source = str(rng.choice(written[luck < EMPTY + RIGHT] or written[True]))
        yield notebook


def answers(released):
    """What learners might write, only what needs nothing but what the lab imports and lets them write in other steps.

    Args:
        released: the notebook that learners get.
    Returns:
        dict from a step, which is the name of its cell, to {True: right answers, False: wrong ones}, lists of texts.
    """
    steps = {cell.id: cell for cell in released.cells if cell.cell_type == "code" and cell.metadata.get("nbgrader")}
    asked = {step: functions(cell.source) for step, cell in steps.items() if cell.metadata.nbgrader.solution}
    given = {name for step, cell in steps.items() if step not in asked for node in ast.parse(cell.source).body for name in imported(node)}
    corpus = ROOT / "tests" / "corpus" / next(name for name in given if re.fullmatch(r"lab\d\d", name))
    found = {}
    for step, (function, *_) in asked.items():
        others = {name for other in asked if other != step for name in asked[other]}
        found[step] = written((corpus / f"{step}.py").read_text("utf8"), function, given | others)
    return found


def functions(source):
    return [node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]


def written(text, function, given):
    """The answers in one file of the corpus, each with what it needs from the file, under the name that the lab asks for."""
    statements = ast.parse(text).body
    found = {True: [], False: []}
    for answer in statements:
        mark, *decorators = getattr(answer, "decorator_list", None) or [None]
        if mark is None:
            continue
        needed, before = {answer.name}, set()
        while needed != before:  # and what is needed by what is needed
            before = set(needed)
            needed = needed.union(*(names(node) for node in statements if binds(node) & needed)) - {"right", "wrong"}
        others = [node for node in statements if binds(node) & needed and node is not answer]
        course = [node for node in others if isinstance(node, ast.ImportFrom) and node.module.startswith(("rnncore", "tests"))]
        if all(binds(node) & needed <= given for node in course):
            parts = [ast.get_source_segment(text, node) for node in others if node not in course]
            parts += ["\n".join([*(f"@{ast.unparse(one)}" for one in decorators), ast.get_source_segment(text, answer)])]
            found[ast.unparse(mark) == "right"].append("\n\n".join([*parts, f"{function} = {answer.name}"]))
    return found


def binds(node):
    """The names that a statement gives a value."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    return imported(node) | {name.id for name in ast.walk(node) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)}


def imported(node):
    """The names that a statement imports."""
    return {one.asname or one.name.split(".")[0] for one in node.names} if isinstance(node, ast.Import | ast.ImportFrom) else set()


def names(node):
    """The names that stand in a statement."""
    return {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
