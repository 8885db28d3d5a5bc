"""The corpus that checks the checks: answers to the labs as learners write them, right ones in many styles and wrong ones of every kind.

    tests/corpus/labNN/STEP.py      the answers to one graded step, named as its check in rnncore.checks.labs.labNN

    @right                          the check must accept it, whatever its style
    @wrong("tanh is left out")      the check must reject it, and its message must have these words; a phrase that ends with a full
    @wrong(None)                    stop must end the message. None: the mistake is not expected to be named

Answers are written without the checks in view, as a learner would write them in the notebook.

Contents
    right, wrong    mark a function of a file as an answer
    Answer          one of them
    exercises       the checks of a lab by name
    answers         the answers of a lab
    judge           what the check says of an answer
"""

import contextlib
import importlib
import io
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rnncore.checks import CheckFailed

HERE = Path(__file__).parent
LABS = sorted(folder.name for folder in HERE.glob("lab*") if folder.is_dir())
SEEDS = range(3)


class Answer(NamedTuple):
    """A function that a learner might hand in."""

    step: str
    name: str
    function: Callable
    right: bool
    words: str | None  # that the message must have


def right(function):
    """Mark a right answer."""
    function.answer = (True, None)
    return function


def wrong(words):
    """Mark a wrong answer, with the words that its message must have."""

    def mark(function):
        function.answer = (False, words)
        return function

    return mark


def exercises(lab):
    """The checks of a lab: a dict from the name of a step to its `Exercise`, in the order of the lab."""
    module = importlib.import_module(f"rnncore.checks.labs.{lab}")
    return {name: getattr(module, name) for name in module.__all__}


def answers(lab):
    """The answers of a lab: a list of `Answer`, in the order of the steps and of the files."""
    found = []
    for step in exercises(lab):
        namespace = runpy.run_path(str(HERE / lab / f"{step}.py"))
        marked = {name: value for name, value in namespace.items() if hasattr(value, "answer")}
        found += [Answer(step, name, function, *function.answer) for name, function in marked.items()]
    return found


def judge(exercise, function, seed):
    """What a check says of a function: None if it accepts it, else the sentence."""
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            exercise.check(function, rng=np.random.default_rng(seed))
        except CheckFailed as failed:
            return str(failed)
    return None


def named(message, words):
    """Whether a message has the words that an answer wants."""
    return words is not None and (message.endswith(words) if words.endswith(".") else words in message)
