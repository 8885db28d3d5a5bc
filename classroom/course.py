"""A class as nbgrader sees it: its folders, its gradebook, its configuration.

course = open_course()        the folder in which one stands, with its nbgrader_config.py
course.submitted(student, lab), course.autograded(student, lab), course.students(lab)
"""

import re
import warnings
from glob import glob
from pathlib import Path
from typing import NamedTuple

__all__ = ["Course", "open_course"]


class Course(NamedTuple):
    """Where a class keeps its files.

    root: its folder, with nbgrader_config.py.
    coursedir: nbgrader's own `CourseDirectory`.
    config: nbgrader's configuration (traitlets).
    """

    root: Path
    coursedir: object
    config: object

    @property
    def data(self):
        """What a class makes: bundles, reports, tables, the secret of the seeds."""
        return self.root / "classroom-data"

    @property
    def bundles(self):
        return self.data / "bundles"

    @property
    def db_url(self):
        return self.coursedir.db_url

    def submitted(self, student, lab):
        return Path(self.coursedir.format_path(self.coursedir.submitted_directory, student, lab))

    def autograded(self, student, lab):
        return Path(self.coursedir.format_path(self.coursedir.autograded_directory, student, lab))

    def students(self, lab):
        """Names of those who handed in a lab, sorted."""
        from classroom.grading.collect import lock  # which imports nbgrader

        path, steps = self.coursedir.format_path, self.coursedir.submitted_directory
        pattern = re.compile(path(steps, "(?P<student>[^/]+)", re.escape(lab), escape=True))
        with lock(self.root):
            found = [pattern.fullmatch(folder) for folder in glob(path(steps, "*", lab)) if Path(folder).is_dir()]
        return sorted(match["student"] for match in found if match)


def open_course(root="."):
    """Read a class's configuration as `nbgrader` does.

    Args:
        root: folder with `nbgrader_config.py`.
    Returns:
        A `Course`.
    Raises:
        FileNotFoundError: there is no such file.
    """
    root = Path(root).resolve()
    if not (root / "nbgrader_config.py").is_file():
        raise FileNotFoundError(f"{root} has no nbgrader_config.py; run this in the course's folder, or name it with --course.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of nbgrader's imports
        from nbgrader.apps.baseapp import NbGrader
    app = NbGrader(log_level="ERROR")
    app.load_cwd_config = False  # only the course's own
    app.initialize([], root=str(root))
    return Course(root, app.coursedir, app.config)
