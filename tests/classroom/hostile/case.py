"""One submission that tries something, what it may get, and what is said of it.

Its mark is what an honest student with the same right answers would have: an attempt wins nothing and, unless it breaks the step that it
stands in, loses nothing.
"""

import textwrap
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from tests.classroom.hostile.submission import FULL, STEPS, Submission

CANARY = "canary-9f2e"  # stands in every file and variable that no student may read; it must never come back
REST = FULL - STEPS["step_forward"]  # all points but those of the first step
CASES = []


class Case(NamedTuple):
    """One submission."""

    name: str
    guarantee: str  # the sentence in the instructors' guide that it stands for
    submission: Callable  # () -> Submission
    points: float
    says: str = ""  # a part of what the student or the teacher is told
    budget: Mapping = MappingProxyType({})  # seconds, where a case uses up what it is given


def case(guarantee, points, says="", **budget):
    """Enter a function that makes a submission."""

    def enter(function):
        CASES.append(Case(function.__name__, guarantee, function, points, says, budget))
        return function

    return enter


def first_step(body):
    """All answers are right but the first, whose function has this body."""
    body = textwrap.indent(textwrap.dedent(body), "    ")
    return Submission().answer("step_forward", f"def rnn_step_forward(params, x, h):\n{body}")


def tampering(source):
    """No answer at all, and a cell that changes what it can reach."""
    return Submission(answered=False).add(source)


def reading(source):
    """All answers right, and a cell that prints what it can get."""
    return Submission().add(source)
