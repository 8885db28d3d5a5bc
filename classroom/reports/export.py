"""Marks for a learning platform: CSV that Canvas and Moodle import.

Canvas  "How do I import grades in the Gradebook?" (Canvas Instructor Guide): the columns Student, ID, SIS User ID, SIS Login ID and
        Section, then a column for each assignment, and a row "Points Possible" under the header.
Moodle  "Grade import" (docs.moodle.org): any columns under a header; the teacher says at the import which one identifies a student,
        such as the email address or the ID number, and which grade item each other column goes to.

Marks come from nbgrader's gradebook, with manual marks and late penalties. An empty cell is a lab that was not handed in; both platforms
leave such a mark as it is.

    rows(course, labs)      one entry a student
    canvas(rows, labs), moodle(rows, labs)     CSV text
"""

import csv
import io
import re
from typing import NamedTuple

__all__ = ["Row", "canvas", "moodle", "rows", "safe"]

FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")  # what a spreadsheet takes for the start of a formula


class Row(NamedTuple):
    """One student.

    marks: dict from labs to points, None where nothing was handed in.
    open: labs of which a part still waits for a teacher.
    """

    student: str
    first_name: str
    last_name: str
    email: str
    lms_id: str
    marks: dict
    open: list


def rows(course, labs):
    """Read the marks of some labs.

    Args:
        course: a `Course`.
        labs: their names.
    Returns:
        list of `Row`, and a dict from labs to the points that can be had.
    Raises:
        nbgrader's MissingEntry: there is no such lab.
    """
    from nbgrader.api import Gradebook, MissingEntry

    with Gradebook(course.db_url, course.coursedir.course_id) as gradebook:
        most, found = {lab: gradebook.find_assignment(lab).max_score for lab in labs}, []
        for student in gradebook.students:
            marks, waits = dict.fromkeys(labs), []
            for lab in labs:
                try:
                    submission = gradebook.find_submission(lab, student.id)
                except MissingEntry:
                    continue
                marks[lab] = max(0.0, submission.score - (submission.late_submission_penalty or 0.0))
                waits += [lab] if submission.needs_manual_grade else []
            names = (text or "" for text in (student.first_name, student.last_name, student.email, student.lms_user_id))
            found.append(Row(student.id, *names, marks, waits))
        return sorted(found, key=lambda row: (row.last_name, row.first_name, row.student)), most


def canvas(rows, most):
    """CSV for Canvas.

    Args:
        rows: list of `Row`.
        most: dict from labs to the points that can be had.
    Returns:
        Text.
    """
    lines = [["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *most]]
    lines.append(["    Points Possible", "", "", "", "", *map(_number, most.values())])
    for row in rows:
        name = ", ".join(filter(None, [row.last_name, row.first_name])) or row.student
        lines.append([name, row.lms_id, "", row.student, "", *(_number(row.marks[lab]) for lab in most)])
    return _csv(lines)


def moodle(rows, most):
    """CSV for Moodle.

    Args:
        rows: list of `Row`.
        most: dict from labs to the points that can be had.
    Returns:
        Text.
    """
    lines = [["First name", "Last name", "Username", "ID number", "Email address", *(f"Assignment: {lab} (Real)" for lab in most)]]
    for row in rows:
        marks = (_number(row.marks[lab]) for lab in most)
        lines.append([row.first_name, row.last_name, row.student, row.lms_id, row.email, *marks])
    return _csv(lines)


def safe(text):
    """A cell that no spreadsheet takes for a formula.

    >>> safe("=1+1"), safe("-x"), safe("O'Neil, Ada"), safe("    Points Possible")
    ("'=1+1", "'-x", "O'Neil, Ada", '    Points Possible')
    """
    text = str(text)
    return "'" + text if FORMULA.match(text) else text


def _number(value):
    return "" if value is None else f"{value:.4f}".rstrip("0").rstrip(".")


def _csv(lines):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([[safe(cell) for cell in line] for line in lines])
    return text.getvalue()
