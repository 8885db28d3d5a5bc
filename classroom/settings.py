"""What a class adds to nbgrader's configuration; nbgrader_config.py calls it.

from classroom.settings import configure, harden
configure(c)           collect safely, show safely
harden(c, folder)      grade in a sandbox, with the verdict outside, whoever presses the button
"""

__all__ = ["configure", "harden"]


def configure(c):
    """Collect safely, show students' HTML safely, keep hidden tests out of feedback.

    Args:
        c: the configuration that nbgrader_config.py got from `get_config()`.
    """
    from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
    from nbgrader.preprocessors import GetGrades

    from classroom.reports.safe_html import FeedbackWithoutTests, clean, markdown

    c.ExchangeFactory.collect = "classroom.grading.collect.SafeCollect"
    c.HTMLExporter.sanitize_html = True
    c.HTMLExporter.filters = {"markdown2html": markdown, "clean_html": clean}
    c.HTMLExporter.preprocessors = ["classroom.reports.safe_html.SafeOutputs"]
    c.GenerateFeedback.preprocessors = [GetGrades, FeedbackWithoutTests, CSSHTMLHeaderPreprocessor]


def harden(c, folder):
    """Let `nbgrader autograde`, and so formgrader, grade as `python -m classroom grade` does, or refuse where there is no sandbox.

    Args:
        c: the configuration that nbgrader_config.py got from `get_config()`.
        folder: the course's folder.
    """
    from nbgrader.preprocessors import AssignLatePenalties, SaveAutoGrades

    from classroom.grading.steps import Explain, Grade

    c.Autograde.sanitize_preprocessors = [Grade]
    c.Autograde.autograde_preprocessors = [SaveAutoGrades, AssignLatePenalties, Explain]
    c.Grade.folder = c.Explain.folder = str(folder)
