"""The hardened way as steps of nbgrader's own `autograde`, so that formgrader's button and the command line take it, too.

    c.Autograde.sanitize_preprocessors = [Grade]
    c.Autograde.autograde_preprocessors = [SaveAutoGrades, AssignLatePenalties, Explain]

`classroom.settings.harden(c)` says it. One submission after the other, in this process; `python -m classroom grade` is faster, goes on
after a stop, and replaces a grader that hangs.
"""

import nbformat
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Unicode

from classroom import parts
from classroom.course import open_course
from classroom.grading import bundle as bundles
from classroom.grading.bundle import Bundle
from classroom.grading.gradebook import Writer
from classroom.grading.runner import Tasks
from classroom.grading.task import grade

__all__ = ["Explain", "Grade"]


class Grade(NbGraderPreprocessor):
    """Replace what was handed in by the notebook as it was graded: learner's cells in the sandbox, checks here."""

    folder = Unicode(".", help="the course's folder").tag(config=True)

    def preprocess(self, nb, resources):
        course, names = open_course(self.folder), resources["nbgrader"]
        release, text = parts.release(course, names["assignment"])
        task = Tasks(course, names["assignment"], release, text, parts.find).of(names["student"])
        made = Bundle.of(grade(task))
        bundles.write(course.bundles, made)
        return nbformat.reads(made.notebook, as_version=4), resources


class Explain(NbGraderPreprocessor):
    """Write the sentences of the checks as comments into the gradebook, where the student's feedback has them."""

    folder = Unicode(".", help="the course's folder").tag(config=True)

    def preprocess(self, nb, resources):
        course, names = open_course(self.folder), resources["nbgrader"]
        made = bundles.read(course.bundles, names["assignment"], names["student"], None)
        Writer(course).explain(made, nb)
        return nb, resources
