"""The code of the chapters keeps the rules of all code here, in lines that fit beside a table of contents."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CHAPTERS = [path for path in sorted((ROOT / "book").glob("*.md")) if "{code-cell}" in path.read_text("utf8")]
CELL = re.compile(r"```\{code-cell\} python\n(?::[a-z]+:[^\n]*\n)*\n?(.*?)```", re.DOTALL)


def ruff(code, *arguments):
    command = [sys.executable, "-m", "ruff", *arguments, "--stdin-filename", "chapter.py", "-"]
    result = subprocess.run(command, input=code, capture_output=True, text=True, cwd=ROOT)
    return result.stdout + result.stderr if result.returncode else ""


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_cells_are_formatted(path):
    for code in CELL.findall(path.read_text("utf8")):
        assert not ruff(code, "format", "--diff", "--line-length", "88")


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_cells_pass_the_linter(path):
    code = "\n\n".join(CELL.findall(path.read_text("utf8")))
    # A cell imports what it introduces, where it introduces it, and ends with the value it shows.
    assert not ruff(code, "check", "--extend-ignore", "E402,B018,I001,F811")


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_picture_has_a_text_and_every_figure_too(path):
    text = path.read_text("utf8")
    for block in re.findall(r"```\{figure\}.*?```", text, re.DOTALL):
        assert re.search(r":alt: \S", block), block
    assert not re.search(r"!\[\]\(", text)
