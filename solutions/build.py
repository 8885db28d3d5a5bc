"""Build the labs: solutions/labNN_topic.py becomes the notebook with solutions, and nbgrader makes of it what learners get.

    python solutions/build.py            write _build/source/ and labs/
    python solutions/build.py --check    change nothing; exit 1 if labs/ is not what solutions/ gives

A lab is a percent-format text (jupytext). A cell that nbgrader must know carries nbgrader's metadata, without the keys that have
their default value:

    # %% nbgrader={"grade_id": "step", "solution": true}                                        learners write here
    # %% nbgrader={"grade_id": "check_step", "grade": true, "locked": true, "points": 3}        gives the points
    # %% nbgrader={"grade_id": "setup", "locked": true}                                         must stay as it is
    # %% [markdown] nbgrader={"grade_id": "report", "grade": true, "solution": true, "points": 2}    a person gives the points

Between `### BEGIN SOLUTION` and `### END SOLUTION` stands what learners do not get. A link to the book is written
[text](book:page#anchor); here it is checked and becomes an address of the published book.
"""

import argparse
import ast
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import jupytext
import nbformat
import yaml
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.nbgraderformat import MetadataValidator

ROOT = Path(__file__).resolve().parents[1]
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
DEFAULTS = {"grade": False, "locked": False, "schema_version": 3, "solution": False, "task": False}
MARKERS = {"SOLUTION": "solution", "HIDDEN TESTS": "grade"}  # kind of region -> the key its cell must have
BOOK_LINK = re.compile(r"\]\(book:([^)#\s]*)(?:#([^)\s]*))?\)")
OWN_LINK = re.compile(r"\]\([^):]*(?:book|_build)/[^)]*\)|\]\([^):]*\.md[)#]")


class BadSource(Exception):
    """A lab's text cannot be built; the message is one sentence."""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if labs/ is not what solutions/ gives")
    arguments = parser.parse_args()
    try:
        notebooks = {path.stem: notebook(path) for path in sorted((ROOT / "solutions").glob("lab*.py"))}
        with tempfile.TemporaryDirectory() as folder:
            built = Path(folder)
            for lab, nb in notebooks.items():
                write(nb, built / "source" / lab / f"{lab}.ipynb")
            release(built)
            return check(built) if arguments.check else install(built, notebooks)
    except BadSource as error:
        print(error, file=sys.stderr)
        return 1


def check(built):
    wrong = [path for path in files(built / "labs") | files(ROOT / "labs") if not same(built / "labs" / path, ROOT / "labs" / path)]
    for path in sorted(wrong):
        print(f"labs/{path} is not what solutions/ gives: run `python solutions/build.py` and commit what it changes.", file=sys.stderr)
    return 1 if wrong else 0


def install(built, notebooks):
    for lab, nb in notebooks.items():
        graded = [cell.metadata.nbgrader for cell in nb.cells if cell.metadata.get("nbgrader", {}).get("grade")]
        points, manual = sum(cell["points"] for cell in graded), sum(cell["solution"] for cell in graded)
        checks = f"{len(graded) - manual} checks" + (f", {manual} answers graded by hand" if manual else "")
        new, old = built / "labs" / lab, ROOT / "labs" / lab
        state = "unchanged" if all(same(new / path.name, old / path.name) for path in new.iterdir()) else "written"
        if worked_in(old / f"{lab}.ipynb"):
            state = "kept, because somebody has worked in it; move it away to get the new one"
        elif state == "written":
            copy(new, old)
        copy(built / "source" / lab, ROOT / "_build" / "source" / lab)
        print(f"labs/{lab}: {checks}, {points:g} points, {state}")
    for stray in {path.parts[0] for path in files(ROOT / "labs")} - notebooks.keys():
        shutil.rmtree(ROOT / "labs" / stray)
        print(f"labs/{stray}: removed, it has no source in solutions/")
    return 0


def files(folder):
    found = {path.relative_to(folder) for path in folder.glob("lab*/**/*") if path.is_file()}
    return {path for path in found if not any(part.startswith(".") for part in path.parts)}


def same(a, b):
    return a.is_file() and b.is_file() and a.read_bytes() == b.read_bytes()


def copy(new, old):
    shutil.rmtree(old, ignore_errors=True)
    shutil.copytree(new, old)


def worked_in(path):
    """Has a learner run cells of this notebook? What is built here has no outputs."""
    if not path.is_file():
        return False
    return any(cell.get("outputs") or cell.get("execution_count") for cell in nbformat.read(path, as_version=4).cells)


def notebook(path):
    """Read a lab's text and return the notebook with solutions, or raise `BadSource`."""
    if not re.fullmatch(r"lab\d\d_[a-z0-9_]+", path.stem):
        raise BadSource(
            f"solutions/{path.name}: a lab's file is named lab, two digits, _ and a topic in small letters, such as lab01_topic.py."
        )
    cells, seen = [], set()
    for i, cell in enumerate(jupytext.read(path).cells):
        meta = cell.metadata.get("nbgrader", {})
        # From the text alone, so that two builds agree.
        cell_id = meta.get("grade_id") or f"c{i:02d}-{hashlib.sha256(cell.source.encode()).hexdigest()[:8]}"
        where = f"solutions/{path.name}, cell {meta.get('grade_id') or repr(cell.source[:40])}"
        if cell_id in seen:
            raise BadSource(f"{where}: the grade_id is used twice; give each cell its own.")
        seen.add(cell_id)
        check_cell(where, cell, meta)
        source = BOOK_LINK.sub(lambda match, where=where: address(where, *match.groups()), cell.source)
        new = new_code_cell if cell.cell_type == "code" else new_markdown_cell
        cells.append(new(source, id=cell_id, metadata={"nbgrader": {**DEFAULTS, **meta}} if meta else {}))
        validate(where, cells[-1])
    if not any(cell.metadata.get("nbgrader", {}).get("grade") for cell in cells):
        raise BadSource(f'solutions/{path.name}: the lab has no graded cell; give a check "grade": true and points.')
    return new_notebook(cells=cells, metadata=METADATA, nbformat_minor=5)


def check_cell(where, cell, meta):
    """What nbgrader would not say, or say badly."""
    for kind, key in MARKERS.items():
        marks = [line.strip() for line in cell.source.splitlines() if f"BEGIN {kind}" in line or f"END {kind}" in line]
        if marks != [f"### BEGIN {kind}", f"### END {kind}"] * (len(marks) // 2):
            raise BadSource(f"{where}: each ### BEGIN {kind} needs one ### END {kind} after it, each on a line of its own.")
        if marks and not meta.get(key):
            raise BadSource(f'{where}: it has a ### BEGIN {kind} but not "{key}": true in its metadata.')
    if meta.get("solution") and "### BEGIN SOLUTION" not in cell.source:
        raise BadSource(f"{where}: a solution cell needs a ### BEGIN SOLUTION and a ### END SOLUTION around what learners write.")
    if cell.cell_type == "code":
        try:
            ast.parse(cell.source)
        except SyntaxError as error:
            raise BadSource(f"{where}: line {error.lineno} is not Python: {error.msg}.") from None
    elif OWN_LINK.search(cell.source):
        raise BadSource(f"{where}: {OWN_LINK.search(cell.source)[0][2:-1]} leads nowhere in a learner's folder; write (book:page#anchor).")


def validate(where, cell):
    if "nbgrader" not in cell.metadata:
        return
    unknown = cell.metadata.nbgrader.keys() - {*DEFAULTS, "grade_id", "points"}
    if unknown:
        raise BadSource(f"{where}: nbgrader has no key {', '.join(sorted(unknown))}.")
    try:
        MetadataValidator().validate_cell(cell)
    except Exception as error:  # nbgrader and jsonschema raise several kinds
        raise BadSource(f"{where}: nbgrader does not accept its metadata: {str(error).splitlines()[0]}.") from None


def address(where, page, anchor):
    """The published address of a place in the book, which must exist."""
    text = ROOT / "book" / f"{page}.md"
    if not text.is_file():
        raise BadSource(f"{where}: the link book:{page} leads nowhere, there is no book/{page}.md.")
    labels = re.findall(r"^\((.+)\)=$", text.read_text("utf8"), re.MULTILINE)
    anchors = [re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-") for label in labels]  # as Sphinx makes them
    if anchor and anchor not in anchors:
        raise BadSource(f"{where}: the link book:{page}#{anchor} leads nowhere, no label (...)= in book/{page}.md gives that anchor.")
    base = yaml.safe_load((ROOT / "_config.yml").read_text("utf8"))["html"]["baseurl"].rstrip("/")
    return f"]({base}/book/{page}.html{'#' + anchor if anchor else ''})"


def write(nb, path):
    nbformat.validate(nb)
    path.parent.mkdir(parents=True)
    path.write_text(nbformat.writes(nb) + "\n", encoding="utf8")


def release(built):
    """Let nbgrader make built/labs/ from built/source/, with the course's configuration and nobody's own."""
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", "--assignment=lab*", "--no-db"]
    command += [f"--CourseDirectory.{key}={value}" for key, value in {"root": built, "source_directory": "source"}.items()]
    environment = {**os.environ, "JUPYTER_CONFIG_DIR": str(built / "no_config"), "JUPYTER_CONFIG_PATH": ""}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise BadSource(f"nbgrader could not make the release:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


if __name__ == "__main__":
    sys.exit(main())
