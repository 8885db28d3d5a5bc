"""What a class adds to nbgrader's configuration; nbgrader_config.py calls it.

from classroom.settings import configure
configure(c)
"""

__all__ = ["configure"]


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
