"""Marks as CSV: names as people have them, no formulas, and the totals of the gradebook."""

import csv
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from classroom.reports.export import Row, canvas, moodle, safe
from tests.classroom.conftest import LAB

MOST = {"lab01": 10.0, "lab05": 7.5}
ROWS = [
    Row("ada", "Ada", 'O\'Neil, "Jr."', "ada@x.de", "17", {"lab01": 9.25, "lab05": None}, []),
    Row("=1+1", "@SUM(A1)", "Ünal ゆき", "-x@y.de", "", {"lab01": 0.0, "lab05": 7.5}, []),
]


def test_canvas_has_its_columns_and_points_possible():
    lines = list(csv.reader(canvas(ROWS, MOST).splitlines()))
    assert lines == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "lab01", "lab05"],
        ["    Points Possible", "", "", "", "", "10", "7.5"],
        ['O\'Neil, "Jr.", Ada', "17", "", "ada", "", "9.25", ""],
        ["Ünal ゆき, @SUM(A1)", "", "", "'=1+1", "", "0", "7.5"],
    ]


def test_moodle_has_columns_that_say_who_it_is():
    lines = list(csv.reader(moodle(ROWS, MOST).splitlines()))
    assert lines[0] == [
        "First name",
        "Last name",
        "Username",
        "ID number",
        "Email address",
        "Assignment: lab01 (Real)",
        "Assignment: lab05 (Real)",
    ]
    assert lines[1] == ["Ada", 'O\'Neil, "Jr."', "ada", "17", "ada@x.de", "9.25", ""]
    assert lines[2] == ["'@SUM(A1)", "Ünal ゆき", "'=1+1", "", "'-x@y.de", "0", "7.5"]


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "\t=1", "\r=1", " =1", "＝1", "\n"])
def test_no_cell_starts_a_formula(text):
    assert safe(text) == "'" + text


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
def test_totals_are_those_of_the_gradebook(folder, course, hand_in, run):
    for name, answer in (("ada", "right"), ("ben", "half")):
        hand_in(name, answer)
    run("grade", LAB)
    with Gradebook(course.db_url, "rnn") as gradebook:
        gradebook.update_or_create_student("cem", first_name="Cem", last_name="Ö")
        gradebook.find_grade("why", LAB, LAB, "ada").manual_score = 4
        gradebook.find_grade("why", LAB, LAB, "ada").needs_manual_grade = False
        gradebook.find_submission_notebook(LAB, LAB, "ada").late_submission_penalty = 1.5
        gradebook.db.commit()
    done = run("export", "canvas", LAB)
    assert done.stderr == f"ben: {LAB} still waits for a teacher's mark.\n"
    lines = list(csv.reader((course.data / "reports/canvas.csv").read_text().splitlines()))
    assert [(line[0], line[-1]) for line in lines] == [
        ("Student", LAB), ("    Points Possible", "9"), ("ada", "7.5"), ("ben", "3"), ("Ö, Cem", "")
    ]  # fmt: skip
    assert run("export", "moodle", "lab99").returncode == 1
    page = run("dashboard", LAB).stdout.strip()
    assert page.endswith(f"reports/{LAB}.html") and "2 submissions" in Path(page).read_text()
