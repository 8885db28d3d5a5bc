"""The one writer: from bundles into nbgrader's gradebook and the autograded folder, with nbgrader's own code.

    Writer(course).write(bundle)     as after `nbgrader autograde`: formgrader, manual grading and feedback go on from here
    Writer(course).has(bundle)       whether this very result is written, for the time it came in and the due date that counts

Writing twice is the same as writing once, and the notebook is put into the autograded folder last, with what was written in its
metadata; so a writer that was killed leaves nothing that writing again does not put right. What a teacher wrote, marks and comments, is
kept.
"""

import functools
import json
import re
import warnings
from pathlib import Path

import nbformat
from sqlalchemy.exc import SAWarning

from classroom.grading import late
from classroom.grading.collect import lock

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of nbgrader's imports
    from nbgrader.api import Gradebook, MissingEntry
    from nbgrader.converters import Autograde
    from nbgrader.preprocessors import AssignLatePenalties, SaveAutoGrades
    from nbgrader.utils import is_grade, is_solution, is_task, parse_utc

__all__ = ["Writer", "comments"]


def _quiet(method):
    """nbgrader 0.9 makes SQLAlchemy 2 warn at every submission; nobody who grades can do anything about it."""

    @functools.wraps(method)
    def quiet(*args):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)
            return method(*args)

    return quiet


class Writer:
    """Writes results into a class's gradebook.

    Args:
        course: a `Course`.
    """

    def __init__(self, course):
        self.course = course
        configured = Autograde(config=course.config).autograde_preprocessors
        known = (step for step in configured if isinstance(step, type) and issubclass(step, SaveAutoGrades | AssignLatePenalties))
        self.steps = [step(config=course.config) for step in known]

    @_quiet
    def has(self, bundle):
        """Tell whether this result is in the autograded folder and its submission in the gradebook, and lateness is as it was then."""
        try:
            notebook = json.loads(self._place(bundle).read_text(encoding="utf-8"))
            with self._gradebook() as gradebook:
                return notebook["metadata"].get("classroom") == self._written(gradebook, bundle, self._submitted(bundle))
        except (FileNotFoundError, ValueError, MissingEntry):
            return False

    @_quiet
    def write(self, bundle):
        """Write a result.

        Args:
            bundle: a `Bundle`.
        Raises:
            MissingEntry: the gradebook has no such lab; `nbgrader generate_assignment` enters it.
        """
        notebook = nbformat.reads(bundle.notebook, as_version=4)
        submitted = self._submitted(bundle)
        with self._gradebook() as gradebook:
            gradebook.find_assignment(bundle.lab)
            gradebook.update_or_create_student(bundle.student)
            gradebook.update_or_create_submission(bundle.lab, bundle.student, **({"timestamp": submitted} if submitted else {}))
            late.enter(gradebook, self.course.data, bundle.lab, bundle.student)
            written = self._written(gradebook, bundle, submitted)
        names = {"notebook": bundle.lab, "assignment": bundle.lab, "student": bundle.student, "db_url": self.course.db_url}
        for step in self.steps:
            notebook, _ = step.preprocess(notebook, {"nbgrader": names})
        self.explain(bundle, notebook)
        notebook.metadata["classroom"] = written
        place = self._place(bundle)
        place.parent.mkdir(parents=True, exist_ok=True)
        if submitted:
            _replace(place.with_name("timestamp.txt"), submitted.strftime("%Y-%m-%d %H:%M:%S.%f UTC"))
        _replace(place, nbformat.writes(notebook))

    def explain(self, bundle, notebook):
        """Write the sentences of the checks as comments, and mark what a teacher should look at.

        Args:
            bundle: a `Bundle` whose notebook is in the gradebook.
            notebook: it, as an nbformat node.
        """
        said = comments(notebook, bundle.checks)
        with self._gradebook() as gradebook:
            submission = gradebook.find_submission_notebook(bundle.lab, bundle.lab, bundle.student)
            for comment in submission.comments:
                if comment.name in said:
                    comment.auto_comment = said[comment.name]
            if bundle.status != "graded":
                for grade in submission.grades:
                    grade.needs_manual_grade = True
            gradebook.db.commit()

    def _written(self, gradebook, bundle, submitted):
        """What a mark in the gradebook depends on: the result, when it came in, when it was due."""
        due, extension = late.terms(gradebook, self.course.data, bundle.lab, bundle.student)
        times = {"submitted": submitted, "due": due, "extension": extension}
        return {"result": bundle.digest} | {name: str(value) for name, value in times.items()}

    def _submitted(self, bundle):
        path = self.course.submitted(bundle.student, bundle.lab) / "timestamp.txt"
        try:
            with lock(self.course.root):
                return parse_utc(path.read_text(encoding="utf-8").strip() or None)
        except (FileNotFoundError, ValueError, OverflowError):
            return None

    def _place(self, bundle):
        return self.course.autograded(bundle.student, bundle.lab) / f"{bundle.lab}.ipynb"

    def _gradebook(self):
        return Gradebook(self.course.db_url, self.course.coursedir.course_id)


def comments(notebook, checks):
    """The sentences of the checks that did not pass, by the name of the cell in which the student answered.

    Args:
        notebook: nbformat node.
        checks: dicts with name, passed and message.
    Returns:
        dict from names of solution cells to Markdown.
    """
    messages = {check["name"]: check["message"] for check in checks if not check["passed"] and check["message"]}
    found, answer = {}, None
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if is_solution(cell) or is_task(cell):
            answer = name
        elif is_grade(cell) and name in messages and answer:
            found[answer] = "\n\n".join(filter(None, [found.get(answer), as_markdown(messages[name])]))
    return found


def as_markdown(sentence):
    """A sentence as Markdown that looks like it: `code` stays code, all else is text.

    >>> print(as_markdown("h_next[0, 1] is *wrong* in line 2, `h_next = x`."))
    h\\_next\\[0, 1\\] is \\*wrong\\* in line 2, `h_next = x`.
    """
    parts = re.split(r"(`[^`\n]*`)", " ".join(sentence.split()))
    return "".join(part if n % 2 else re.sub(r"([\\`*_\[\]<>#$|~!])", r"\\\1", part) for n, part in enumerate(parts))


def _replace(path, text):
    """Write a file so that it is there whole or not at all; what a writer that was killed left beside it is written over."""
    new = Path(path).with_name(f".{path.name}.tmp")
    new.write_text(text, encoding="utf-8")
    new.replace(path)
