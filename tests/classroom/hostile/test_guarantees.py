"""The table in the teachers' guide says what the hostile submissions test, and its limits are those of the code."""

import inspect
import re
from collections import Counter

from classroom.grading.cells import OUTPUT
from classroom.grading.judge import judge
from classroom.sandbox.kernel import Limits
from tests.classroom.hostile.cases import CASES
from tests.classroom.labs import ROOT

TEXT = (ROOT / "book" / "teaching" / "grading.md").read_text("utf8")


def test_every_guarantee_is_in_the_table_with_the_number_of_submissions_that_test_it():
    rows = dict(re.findall(r"^\| (.+?) \| (\d+) \|$", TEXT.partition("## What it does not")[0], re.MULTILINE))
    assert rows == {sentence: str(count) for sentence, count in Counter(one.guarantee for one in CASES).items()}


def test_there_are_at_least_thirty_submissions_each_of_its_own():
    assert len(CASES) == len({one.name for one in CASES}) >= 30


def test_the_limits_are_those_of_the_code():
    seconds = {name: parameter.default for name, parameter in inspect.signature(judge).parameters.items() if name.endswith("_s")}
    limits = Limits()
    assert dict(re.findall(r"^\| (.+?) \| (.*\d.*?) \|$", TEXT.partition("## Limits")[2], re.MULTILINE)) == {
        "memory of all processes of a submission together": f"{limits.memory_mb // 1024} GB",
        "processes and threads": f"{limits.processes}",
        "a learner's functions in one check": f"{seconds['step_s']} seconds",
        "one cell": f"{seconds['cell_s']} seconds",
        "a notebook as a whole": f"{seconds['total_s'] // 60} minutes",
        "a file written": f"{limits.file_mb} MB",
        "output": f"{limits.output_mb} MB; {OUTPUT >> 20} MB in a cell",
    }
