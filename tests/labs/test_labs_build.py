"""solutions/build.py: the same bytes each time, no solution in labs/, drift and bad sources told in one sentence."""

import importlib.util
import os
import shutil
import subprocess
import sys
import warnings
from collections import Counter
from pathlib import Path

import jupytext
import nbformat
import pytest

ROOT = Path(__file__).parents[2]
LABS = sorted(path.stem for path in (ROOT / "solutions").glob("lab*.py"))
LAB = "lab01_recurrent_cell"
GRADED = '# %% nbgrader={"grade_id": "check", "grade": true, "locked": true, "points": 1}\nassert True\n'


@pytest.fixture
def builder(tmp_path, monkeypatch):
    """The build script as a module, in a folder with a copy of what it reads and writes."""
    spec = importlib.util.spec_from_file_location("labs_build", ROOT / "solutions" / "build.py")
    module = importlib.util.module_from_spec(spec)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of nbgrader's own imports, which differ from Python to Python
        spec.loader.exec_module(module)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    for name in ("solutions", "labs", "book", "classroom"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("node_modules", "__pycache__", ".ipynb_checkpoints"))
    for name in ("_config.yml", "nbgrader_config.py"):
        shutil.copy(ROOT / name, tmp_path)
    return module


@pytest.fixture
def build(builder, monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["build.py", *arguments])
        code = builder.main()
        return code, *capsys.readouterr()

    return run


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.ipynb")}


def test_building_gives_what_is_committed_byte_for_byte(build, tmp_path):
    committed = contents(tmp_path / "labs")
    assert sorted(path.parts[0] for path in committed) == LABS
    shutil.rmtree(tmp_path / "labs")
    code, out, err = build()
    assert (code, err) == (0, "") and out.splitlines()[0] == f"labs/{LAB}: 5 checks, 20 points, written"
    assert "labs/lab13_capstone: 5 checks, 4 answers graded by hand, 20 points, written" in out.splitlines()
    source = contents(tmp_path / "_build")
    assert contents(tmp_path / "labs") == committed
    assert "unchanged" in build()[1]
    assert contents(tmp_path / "labs") == committed and contents(tmp_path / "_build") == source


def test_drift_is_found_and_mended_but_work_is_kept(build, tmp_path):
    text, release = tmp_path / "solutions" / f"{LAB}.py", tmp_path / "labs" / LAB / f"{LAB}.ipynb"
    text.write_text(text.read_text("utf8").replace("Lab 1: the recurrent cell", "Lab 1"), "utf8")
    shutil.copytree(release.parent, tmp_path / "labs" / "lab99_gone")
    (tmp_path / "labs" / "README.md").write_text("stays")
    before = contents(tmp_path / "labs")
    code, out, err = build("--check")
    told = "is not what solutions/ gives: run `python solutions/build.py` and commit what it changes."
    assert (code, out) == (1, "") and contents(tmp_path / "labs") == before
    assert err.splitlines() == [f"labs/{LAB}/{LAB}.ipynb {told}", f"labs/lab99_gone/{LAB}.ipynb {told}"]

    nb = nbformat.read(release, 4)
    nb.cells[1].execution_count = 1  # a learner has run it
    nbformat.write(nb, release)
    worked = release.read_bytes()
    code, out, _ = build()
    assert code == 0 and "kept, because somebody has worked in it" in out and "labs/lab99_gone: removed" in out
    assert release.read_bytes() == worked and (tmp_path / "labs" / "README.md").exists()
    release.unlink()
    assert "written" in build()[1]
    assert build("--check") == (0, "", "")
    assert not (tmp_path / "labs" / "lab99_gone").exists()


@pytest.mark.parametrize("lab", LABS)
def test_no_line_of_a_solution_is_released(lab):
    """Each line of a solution stands in the release as often as in the text around the solutions, hints for example."""
    solution, around = Counter(), Counter()
    for cell in jupytext.read(ROOT / "solutions" / f"{lab}.py").cells:
        inside = False
        for line in map(str.strip, cell.source.splitlines()):
            if line in ("### BEGIN SOLUTION", "### END SOLUTION"):
                inside = line == "### BEGIN SOLUTION"
            elif line:
                (solution if inside else around)[line] += 1
    release = nbformat.read(ROOT / "labs" / lab / f"{lab}.ipynb", 4)
    released = Counter(line.strip() for cell in release.cells for line in cell.source.splitlines())
    assert len(solution) >= 5
    assert {line: released[line] for line in solution} == {line: around[line] for line in solution}
    assert not any("SOLUTION" in line for line in released)
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in release.cells)


def test_the_notebook_is_minimal_and_its_links_are_the_published_book():
    release = nbformat.read(ROOT / "labs" / LAB / f"{LAB}.ipynb", 4)
    assert set(release.metadata) == {"kernelspec", "language_info"} and dict(release.metadata.language_info) == {"name": "python"}
    text = "\n".join(cell.source for cell in release.cells)
    assert "](book:" not in text
    assert "](https://rnn-course.github.io/rnn-course/book/recurrent_cell.html#recurrent-cell-step)" in text
    ids = {cell.id for cell in release.cells}
    assert {"step_forward", "check_step_forward"} <= ids and len(ids) == len(release.cells)


BAD = {  # words of the sentence -> metadata of the cell, its source
    "cell check: the grade_id is used twice": ('{"grade_id": "check", "locked": true}', "1"),
    "cell a: each ### BEGIN SOLUTION needs one ### END SOLUTION": ('{"grade_id": "a", "solution": true}', "### BEGIN SOLUTION\n1"),
    "after it, each on a line of its own": ('{"grade_id": "a", "solution": true}', "### END SOLUTION\n### BEGIN SOLUTION"),
    "each ### BEGIN SOLUTION needs": ('{"grade_id": "a", "solution": true}', "# BEGIN SOLUTION\n1\n# END SOLUTION"),
    'it has a ### BEGIN SOLUTION but not "solution": true': ("{}", "### BEGIN SOLUTION\n1\n### END SOLUTION"),
    "cell a: a solution cell needs a ### BEGIN SOLUTION": ('{"grade_id": "a", "solution": true}', "1"),
    'it has a ### BEGIN HIDDEN TESTS but not "grade": true': ("{}", "### BEGIN HIDDEN TESTS\n1\n### END HIDDEN TESTS"),
    "its metadata: nbgrader cell 'a' does not have points": ('{"grade_id": "a", "grade": true, "locked": true}', "1"),
    "its metadata: -1 is less than the minimum": ('{"grade_id": "a", "grade": true, "points": -1}', "1"),
    "nbgrader cell does not have a grade_id": ('{"locked": true}', "1"),
    "cell a: nbgrader has no key graded": ('{"grade_id": "a", "graded": true}', "1"),
    "line 1 is not Python: invalid syntax": ("{}", "1 +"),
    "there is no book/nowhere.md": ("markdown", "# [x](book:nowhere)"),
    "book:recurrent_cell#nowhere leads nowhere, no label": ("markdown", "# [x](book:recurrent_cell#nowhere)"),
    "../book/index.md leads nowhere in a learner's folder": ("markdown", "# [x](../book/index.md)"),
}
GRADED = '# %% nbgrader={"grade_id": "check", "grade": true, "locked": true, "points": 1}\nassert True\n'


@pytest.mark.parametrize(("words", "metadata", "source"), [(words, *cell) for words, cell in BAD.items()], ids=BAD)
def test_bad_sources_get_a_sentence(builder, words, metadata, source):
    head = "# %% [markdown]" if metadata == "markdown" else f"# %% nbgrader={metadata}" if metadata != "{}" else "# %%"
    path = builder.ROOT / "solutions" / "lab02_bad.py"
    path.write_text(f"{GRADED}\n{head}\n{source}\n")
    with pytest.raises(builder.BadSource) as caught:
        builder.notebook(path)
    message = str(caught.value)
    assert message.startswith("solutions/lab02_bad.py, cell ") and words in message and "\n" not in message and message.endswith(".")


def test_bad_files_get_a_sentence(builder):
    ungraded = builder.ROOT / "solutions" / "lab02_bad.py"
    ungraded.write_text("# %%\n1\n")
    with pytest.raises(builder.BadSource, match="the lab has no graded cell"):
        builder.notebook(ungraded)
    with pytest.raises(builder.BadSource, match="a lab's file is named lab, two digits"):
        builder.notebook(ungraded.rename(ungraded.with_name("lab2_Bad.py")))


def test_the_command_stops_at_a_bad_source(tmp_path):
    shutil.copytree(ROOT / "solutions", tmp_path / "solutions", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "solutions" / "lab01_bad.py").write_text("# %%\n1 +\n")
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "solutions/build.py", "--check"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "") and done.stderr.startswith("solutions/lab01_bad.py, cell ")
    assert done.stderr.count("\n") == 1
