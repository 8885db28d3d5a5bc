"""nbgrader for this course: where the labs are, where a class keeps its files, and how labs are graded.

Labs are written in solutions/ and built by `python solutions/build.py`, never by hand:

    _build/source/<lab>/<lab>.ipynb     with solutions, nbgrader's "source"
    labs/<lab>/<lab>.ipynb              what learners get, nbgrader's "release"

A class then runs in this folder; `nbgrader generate_assignment <lab> --force` enters a lab into the gradebook and writes the same
bytes to labs/ again. What a class makes lies in classroom-data/ and gradebook.db, which git ignores.
"""

import os
import sys
from pathlib import Path

from nbgrader.converters import Autograde

c = get_config()  # noqa: F821 (nbgrader defines it)
root = Path(__file__).resolve().parent
sys.path.insert(0, str(root))
os.environ["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", "")])  # nbgrader calls alembic by its name

from classroom.seeds import SeedInputs  # noqa: E402 (the course's folder is on the path now)
from classroom.settings import configure, harden  # noqa: E402

c.CourseDirectory.course_id = "rnn"
c.CourseDirectory.root = str(root)
c.CourseDirectory.source_directory = "_build/source"
c.CourseDirectory.release_directory = "labs"
c.CourseDirectory.submitted_directory = "classroom-data/submitted"
c.CourseDirectory.autograded_directory = "classroom-data/autograded"
c.CourseDirectory.feedback_directory = "classroom-data/feedback"
c.CourseDirectory.solution_directory = "classroom-data/solution"
c.CourseDirectory.source_with_tests_directory = "classroom-data/source_with_tests"
# PostgreSQL, say, from the environment; SQLite waits so many seconds while another process writes.
c.CourseDirectory.db_url = os.environ.get("CLASSROOM_GRADEBOOK") or f"sqlite:///{root / 'gradebook.db'}?timeout=60"

# What is never handed out, handed in or copied.
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", ".git", ".DS_Store", "*~", "*.tmp", "feedback"]
c.CourseDirectory.max_file_size = 10_000  # kilobytes; a lab with its figures has a few hundred
c.CourseDirectory.max_dir_size = 50_000

# Policy. Each check gives all of its points or none; a step can be earned whatever became of the steps before it. Each student's
# checks draw inputs of their own, the same whenever the submission is graded again. The last
# submission counts, and lateness costs nothing unless a teacher configures AssignLatePenalties. Locked cells are restored
# before grading, and checks that a learner deleted come back. No cell may run longer than 30 seconds: labs train only
# outside grading.
c.Autograde.autograde_preprocessors = [SeedInputs, *Autograde().autograde_preprocessors]
c.SeedInputs.folder = str(root / "classroom-data")
c.OverwriteCells.add_missing_cells = True
c.ExecutePreprocessor.timeout = 30
c.ExecutePreprocessor.interrupt_on_timeout = True
c.LimitOutput.max_lines = 500
c.LimitOutput.max_traceback = 100

# Submissions are collected, and shown, as what anybody may have written. With CLASSROOM_GRADING=sandbox they are graded so, too.
configure(c)
if os.environ.get("CLASSROOM_GRADING") == "sandbox":
    harden(c, root)
