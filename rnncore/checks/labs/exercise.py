"""One function that a learner writes, and how it is checked.

    step = Exercise(rnn_step_forward, outputs=("h_next", "cache"), letters="BDH", example=..., draw=...)

    @step.mistake("tanh is left out")
    def no_tanh(params, x, h):
        ...

    step.check(learners_function)      one printed line, or `CheckFailed` with one or two sentences

The first sentence of a failure is the fact: which result, at which index, both numbers. The second names the mistake, and
is found by running likely mistakes on the same inputs: when one of them gives the learner's numbers, or stops with the
learner's error, its words are the diagnosis. So no message can point at a mistake that does not explain what was seen.

Inputs are a worked example whose numbers can be followed by hand, then fresh random ones at every call: other sizes, all
different, in float64 and in float32.
"""

import contextlib
import copy
import inspect
import os
import sys
import traceback
import warnings
from typing import NamedTuple

import numpy as np

from rnncore.checks.compare import CheckFailed, compare
from rnncore.reference.tree import leaves

__all__ = ["Exercise", "grading"]

TOLERANCE = {"float64": 1e-8, "float32": 1e-4}  # absolute and relative; another order of summation differs by less
FRESH = ("float64", "float64", "float32")  # dtypes of the random inputs


def grading():
    """True while nbgrader autogrades or validates a notebook, where nothing should train."""
    return "NBGRADER_EXECUTION" in os.environ


class Exercise:
    """One function that a learner writes.

    Args:
        reference: the right function; the learner's has the same name and arguments.
        outputs: names of what it returns, in order.
        letters: names of the axes in the inputs, such as "TBDH".
        example: `args = example()`, inputs small enough to follow by hand.
        draw: `draw(rng, dtype, **sizes)` yields one or more tuples of arguments; `sizes` has a number for each letter.
    """

    def __init__(self, reference, *, outputs, letters, example, draw):
        self.reference, self.name, self.outputs = reference, reference.__name__, outputs
        self.letters, self.example, self.draw = letters, example, draw
        self.mistakes = {}  # words -> the wrong function

    def mistake(self, words):
        """Register a likely wrong version of the function; `words` complete "This is what comes out when ..."."""

        def register(function):
            self.mistakes[words] = function
            return function

        return register

    def check(self, function, *, rng=None):
        """Check a learner's function and print one line if it is right.

        Args:
            function: the learner's function, or what `or_reference` made of it.
            rng: a `numpy.random.Generator` for the fresh inputs; a new one, different each time, if left out.
        Raises:
            CheckFailed: one sentence with the fact, and a second one with the likely mistake where it was recognised.
        """
        __tracebackhide__ = True  # the learner reads the sentence, not this file
        count = self._check(_written(function), rng or np.random.default_rng())
        print(f"{self.name} is right: the worked example and {count - 1} fresh inputs.")

    def or_reference(self, function):
        """Return the learner's function if it is right, else the reference, so that later steps can be done and graded."""
        function = _written(function)
        try:
            self._check(function, np.random.default_rng())
        except CheckFailed:
            print(f"Your {self.name} is not right yet. Below, the reference stands in for it.")

            def stand_in(*args, **kwargs):
                return self.reference(*args, **kwargs)

            stand_in.written = function  # a check that is run again looks at what the learner wrote
            return stand_in
        print(f"Below, your own {self.name} is used.")
        return function

    def _check(self, function, rng):
        __tracebackhide__ = True
        if not callable(function):
            raise CheckFailed(f"{self.name} is not defined yet: run the cell in which you write it, and mend that cell if it stops with an error.")
        cases = list(self._cases(rng))
        runs = [(case, _run(function, case.args)) for case in cases for _ in range(2)]  # all first: none may change an earlier result
        for i, (case, run) in enumerate(runs):
            where = case.where + (", in a second call with the same arguments" if i % 2 else "")
            try:
                self._require_right(function, run, self.reference(*case.args))
            except CheckFailed as fault:
                raise CheckFailed(f"{where}: {fault}{self._diagnosis(runs[::2], str(fault))}") from None
        return len(cases)

    def _cases(self, rng):
        yield _Case(f"{self.name} on the worked example", self.example())
        for dtype in FRESH:
            sizes = dict(zip(self.letters, (int(n) for n in rng.permutation(len(self.letters)) + 2), strict=True))
            where = f"{self.name} with " + ", ".join(f"{letter}={size}" for letter, size in sizes.items())
            for args in self.draw(rng, np.dtype(dtype), **sizes):
                yield _Case(where, args)

    def _require_right(self, function, run, expected):
        if run.error is not None:
            raise CheckFailed(_stopped(function, run.error))
        if run.value is None:
            raise CheckFailed(f"it returned None; end it with `return {', '.join(self.outputs)}`.")
        values, wanted = (run.value, expected) if len(self.outputs) > 1 else ((run.value,), (expected,))
        if not isinstance(values, tuple | list) or len(values) != len(wanted):
            raise CheckFailed(f"it must return {len(wanted)} values ({', '.join(self.outputs)}), got {_kind(values)}.")
        for name, value, want in zip(self.outputs, values, wanted, strict=True):
            _require_same(name, value, want)
        if run.changed:
            raise CheckFailed(f"the results are right, but the argument {run.changed} was changed in place; work on a copy.")

    def _diagnosis(self, runs, fault):
        """The words of the first mistake that explains everything, else of the first that explains the fault."""
        attempts = {words: [_run(mistake, case.args) for case, _ in runs] for words, mistake in self.mistakes.items()}
        for alike in (_same_outcome, lambda run, attempt: _same_fault(self, run, attempt, runs, fault)):
            for words, attempt in attempts.items():
                if all(alike(run, other) for (_, run), other in zip(runs, attempt, strict=True)):
                    return f" This is what comes out when {words}."
        return ""
