"""What is compared: the students' own cells, with what was handed out as template."""

import json
import re
import sys
from pathlib import Path

import pytest

from classroom.grading.bundle import Bundle
from classroom.reports.similarity import report
from tests.classroom.graders import Cell, Release

LONG = "def double(x):\n" + "".join(f"    total_{n} = x * {n} + total_{n - 1}\n" for n in range(1, 30)) + "    return total_29\n"
OTHER = "def double(x):\n    return sum(value for value in (x, x))\n" + "".join(f"print([{n}] ** 2, sep={n})\n" for n in range(30))


def bundle(student, source, status="graded"):
    locked = {"cell_type": "code", "source": ["import math"], "metadata": {"nbgrader": {"locked": True, "grade": False, "solution": False}}}
    own = {"cell_type": "code", "source": source, "metadata": {"nbgrader": {"solution": True, "grade": False}}}
    return Bundle("lab05", student, {}, status, "", [], [], {}, "", json.dumps({"cells": [locked, own]}))


BUNDLES = [bundle("ada", LONG), bundle("ben", LONG), bundle("cem", OTHER), bundle("dot", LONG, status="refused")]
RELEASE = Release(
    "lab05", (Cell("setup", "code", "import math", False, False, True, False, 0, ""), Cell(None, "markdown", "# Text", *[False] * 4, 0, ""))
)


class Detector:
    def __init__(self, **options):
        Detector.options = options

    def run(self):
        (folder,), (template,) = self.options["test_dirs"], self.options["boilerplate_dirs"]
        Detector.files = {path.name: path.read_text() for path in Path(folder).iterdir()}
        Detector.template = [path.read_text() for path in Path(template).iterdir()]

    def generate_html_report(self):
        pass


def test_own_cells_are_compared_and_the_release_is_template():
    assert report(BUNDLES, RELEASE, "r.html", detector=Detector) == 3
    assert Detector.files == {"ada.py": LONG, "ben.py": LONG, "cem.py": OTHER} and Detector.template == ["import math"]
    assert Detector.options["out_file"] == "r.html"


def test_without_it_the_sentence_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "copydetect", None)
    with pytest.raises(ModuleNotFoundError, match="`pip install copydetect`"):
        report(BUNDLES, RELEASE, "r.html")


@pytest.mark.filterwarnings("ignore")
def test_copydetect_finds_the_pair(tmp_path):
    pytest.importorskip("copydetect", reason="copydetect is an optional extra")
    report(BUNDLES, RELEASE, tmp_path / "r.html")
    assert "Number above display threshold: 2 (66.67%)" in " ".join(re.sub("<[^>]+>", " ", (tmp_path / "r.html").read_text()).split())
