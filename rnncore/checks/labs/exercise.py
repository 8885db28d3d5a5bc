"""One function that a learner writes, and how it is checked.

    step = Exercise(rnn_step_forward, outputs=("h_next", "cache"), letters="BDH", example=..., draw=...,
                    mistakes={"tanh is left out": lambda params, x, h: ...})
    step.check(the_learners_function)      one printed line, or `CheckFailed` with one or two sentences

The first sentence of a failure is the fact: which result, at which index, both numbers. The second names the mistake, and
is found by running likely mistakes on the same inputs: when one of them gives the learner's numbers, or stops with the
learner's error, its words are the diagnosis. So no message can point at a mistake that does not explain what was seen.

Inputs are a worked example whose numbers can be followed by hand, then fresh random ones at every call: other sizes, all
different, in float64 and in float32.

Source: this course; nbgrader sets `NBGRADER_EXECUTION`.
"""

import contextlib
import copy
import functools
import inspect
import os
import re
import sys
import traceback
import warnings
from typing import NamedTuple

import numpy as np

from rnncore.checks.compare import CheckFailed
from rnncore.checks.labs import tensors
from rnncore.checks.labs.results import alike, in_dtype_of, kind, like, require_same, require_same_array
from rnncore.reference.tree import leaves

__all__ = ["CheckStopped", "Exercise", "grading"]

FRESH = ("float64", "float64", "float32")  # dtypes of the random inputs
SEED = "RNN_LAB_SEED"  # environment variable, any text; set by who grades
MISSING = object()  # in the place of an array that a result of another structure does not have


def grading():
    """Tell whether nbgrader autogrades or validates a notebook, where nothing should train.

    Returns:
        True or False.
    """
    return "NBGRADER_EXECUTION" in os.environ


class CheckStopped(BaseException):
    """The learner's function cannot be called any more: it did not finish, or its process ended; the message completes "it ...".

    A grader raises it out of a call. It is no `Exception`, so that nothing takes it for one more error of the function: the check ends.
    """


class Exercise:
    """One function that a learner writes.

    Args:
        reference: the right function; the learner's has the same name and arguments.
        outputs: names of what it returns, in order.
        letters: names of the axes in the inputs, such as "TBDH".
        example: `args = example()`, inputs small enough to follow by hand.
        draw: `draw(rng, dtype, **sizes)` yields one or more tuples of arguments; `sizes` has a number for each letter.
        mistakes: dict from words to a likely wrong function; the words complete "This is what comes out when ...".
        properties: functions `hold(function, rng)` that ask something of the learner's function which needs no right answer, such as
            finite differences, and raise `CheckFailed` if it is not so. A wrong reference does not pass them.
        least: dict from a letter to the smallest size that is drawn for it, where that is not 2.
        gradients: whether the function works on tensors and what goes back through its results, to the arguments that want a gradient,
            belongs to the answer.
    """

    verdicts = None  # a dict, where a grader wants no function checked twice on the same inputs

    def __init__(self, reference, *, outputs, letters, example, draw, mistakes, properties=(), least=None, gradients=False):
        self.reference, self.name, self.outputs, self.letters = reference, reference.__name__, outputs, letters
        self.least = dict.fromkeys(letters, 2) | (least or {})
        self.example, self.draw, self.mistakes, self.properties, self.gradients = example, draw, mistakes, properties, gradients

    def check(self, function, *, rng=None):
        """Check a learner's function and print one line if it is right.

        Args:
            function: the learner's function, or what `or_reference` made of it.
            rng: a `numpy.random.Generator` for the fresh inputs; if left out, a new one, different each time, except where a grader has set
                `RNN_LAB_SEED`, so that grading a submission again draws the same inputs.
        Raises:
            CheckFailed: one sentence with the fact, and a second one with the likely mistake where it was recognised.
        """
        __tracebackhide__ = True  # the learner reads the sentence, not this file
        count = self._check(_written(function), rng)
        print(f"{self.name} is right: the worked example and {count - 1} fresh inputs.")

    def or_reference(self, function):
        """Return the learner's function if it is right, else the reference, so that later steps can be done and graded."""
        function = _written(function)
        try:
            self._check(function)
        except CheckFailed:
            print(f"Your {self.name} is not right yet. Below, the reference stands in for it.")

            @functools.wraps(self.reference)  # `check_gradient` asks for the names of its arguments
            def stand_in(*args, **kwargs):
                return self.reference(*args, **kwargs)

            stand_in.written = function  # a check that is run again looks at what the learner wrote
            return stand_in
        print(f"Below, your own {self.name} is used.")
        return function

    def _rng(self):
        seed = os.environ.get(SEED)
        return np.random.default_rng(None if seed is None else list(f"{seed} {self.name}".encode()))

    def _check(self, function, rng=None):
        __tracebackhide__ = True
        verdicts, key = {} if rng or self.verdicts is None else self.verdicts, (self, id(function))
        if key not in verdicts:
            try:
                verdict = self._checked(function, rng or self._rng())
            except CheckFailed as fault:
                verdict = fault
            except CheckStopped as stop:  # another kernel may let it end
                raise CheckFailed(f"{self.name}: it {stop}.") from None
            verdicts[key] = verdict, function  # while it is there, no other has its id
        verdict, _ = verdicts[key]
        if isinstance(verdict, CheckFailed):
            raise CheckFailed(*verdict.args)
        return verdict

    def _checked(self, function, rng):
        __tracebackhide__ = True
        if not callable(function):
            raise CheckFailed(
                f"{self.name} is not defined yet: run the cell in which you write it, and mend it if that cell stops with an error."
            )
        cases = list(self._cases(rng))
        expected = [self._outcome(self.reference(*args), args) for _, args in cases]

        @functools.cache
        def mistaken(words, case):
            """What a mistake makes of a case."""
            return self._run(self.mistakes[words], cases[case][1])

        first, second = ([self._run(function, args) for _, args in cases] for _ in range(2))
        for runs, note in ((first, ""), (second, ", called a second time")):
            for (where, _), run, want in zip(cases, runs, expected, strict=True):
                try:
                    self._require_right(function, run, want)
                except CheckFailed as fault:
                    words = self._diagnosis(mistaken, runs, run, want)
                    if not words:  # a second fault, float64 where float32 was expected, must not hide a mistake that is known
                        cast = {id(one): one._replace(value=in_dtype_of(one.value, w)) for one, w in zip(runs, expected, strict=True)}
                        words = self._diagnosis(mistaken, [cast[id(one)] for one in runs], cast[id(run)], want)
                    raise CheckFailed(f"{self.name}{where}{note}: {fault}{words}") from None
        for hold in self.properties:
            try:
                hold(self._quiet(function), rng)
            except CheckFailed as fault:
                message = str(fault)
                raise CheckFailed(message if message.startswith(self.name) else f"{self.name}: {message}") from None
        return len(cases)

    def _quiet(self, function):
        """The learner's function for a property: no warnings, an error is a sentence, and results have the structure of the right ones."""

        @functools.wraps(self.reference)
        def quiet(*args):
            # No copies: a gradient goes back to the arguments themselves, and what is shared with them can be seen.
            run, right = self._run(function, args, copied=False), self.reference(*args)
            self._require_right(function, run, self._outcome(right, args))
            return like(run.value.value if self.gradients else run.value, right)

        return quiet

    def _cases(self, rng):
        yield " on the worked example", self.example()
        for dtype in FRESH:
            order = rng.permutation(len(self.letters))
            sizes = {letter: int(n) + self.least[letter] for letter, n in zip(self.letters, order, strict=True)}
            for args in self.draw(rng, np.dtype(dtype), **sizes):
                yield " with " + ", ".join(f"{letter}={size}" for letter, size in sizes.items()), args

    def _outcome(self, value, args):
        """What is compared: the results and, where they belong to the answer, the gradients that go back through them."""
        if not self.gradients:
            return value
        return tensors.Differentiated(value, tensors.gradients(value, args, inspect.signature(self.reference).parameters))

    def _run(self, function, args, copied=True):
        """Call a function on copies; whatever it warns about or raises belongs to the result."""
        given = copy.deepcopy(args) if copied else args
        with warnings.catch_warnings(), contextlib.redirect_stderr(sys.stdout):
            warnings.simplefilter("ignore")
            try:
                value, error = self._outcome(function(*given), given), None
            except (Exception, SystemExit) as stop:
                value, error = None, stop
        names = inspect.signature(self.reference).parameters
        return _Run(value, error, [name for name, now, then in zip(names, given, args, strict=False) if not alike(now, then)])

    def _require_right(self, function, run, expected):
        if run.error is not None:
            raise CheckFailed(_stopped(function, self.name, run.error))
        result, gradients, right = run.value, {}, {}
        if self.gradients:
            (result, gradients), (expected, right) = run.value, expected
        if result is None:
            raise CheckFailed(f"it returned None; end it with `return {', '.join(self.outputs)}`.")
        many = len(self.outputs) > 1
        values, wanted = (result, expected) if many else ((result,), (expected,))
        if not isinstance(values, tuple | list) or len(values) != len(wanted):
            raise CheckFailed(f"it must return {len(wanted)} values ({', '.join(self.outputs)}), got {kind(values)}.")
        for name, value, want in zip(self.outputs, values, wanted, strict=True):
            require_same(name, value, want)
        tensors.require_same_gradients(gradients, right, require_same_array)
        if run.changed:
            raise CheckFailed(f"the results are right, but it changed its argument {run.changed[0]} in place; work on a copy.")

    def _diagnosis(self, mistaken, runs, failed, expected):
        """The words of the first mistake that explains every run, else of the first that explains the fault."""
        path = next((path for path, want in leaves(expected) if not alike(_leaf(failed, path), want)), None)
        if isinstance(failed.error, NotImplementedError) or (path is None and alike(failed.value, expected)):
            return ""  # nothing is written yet, or the numbers are right and the fault is another
        numbered = list(enumerate(runs))
        fault = [(case, run) for case, run in numbered if run is failed] if failed.error else numbered

        def same_fault(run, other):
            if failed.error or other.error:
                return _same_outcome(run, other)
            seen = _leaf(run, path)
            return seen is not MISSING and alike(seen, _leaf(other, path))

        # Without a path all that was expected is there and right; what is too much is found in the whole outcome alone.
        for seen, same in ((numbered, _same_outcome), (fault, same_fault))[: 1 if path is None else 2]:
            for words in self.mistakes:
                if all(same(run, mistaken(words, case)) for case, run in seen):
                    return f" This is what comes out when {words}."
        return ""


class _Run(NamedTuple):
    value: object
    error: BaseException | None
    changed: list  # names of the arguments that were changed in place


def _written(function):
    return getattr(function, "written", function)


def _same_outcome(run, other):
    if run.error or other.error:
        return type(run.error).__name__ == type(other.error).__name__ and str(run.error) == str(other.error)
    return alike(run.value, other.value)


def _leaf(run, path):
    return dict(leaves(run.value)).get(path, MISSING)


class Frame(NamedTuple):
    """Where an error passed."""

    name: str
    lineno: int
    line: str
    own: bool  # in the learner's cell
    applied: bool  # in a method of a class that the learner's function names, as of an autograd function that it applies


def _frames(function, error):
    code = getattr(inspect.unwrap(function), "__code__", None)
    names = code.co_names + code.co_freevars if code else ()
    for (frame, _), shown in zip(traceback.walk_tb(error.__traceback__), traceback.extract_tb(error.__traceback__), strict=True):
        *_, owner, _ = ["", *frame.f_code.co_qualname.split(".")]
        own = code is not None and shown.filename == code.co_filename
        yield Frame(shown.name, shown.lineno, shown.line, own, owner in names)


def _stopped(function, name, error):
    """Where the learner's function stopped, and why, in one sentence."""
    # An error that came from another process brings its frames along.
    frames = [Frame(*frame) for frame in getattr(error, "frames", None) or _frames(function, error)]
    own = [frame for frame in frames if frame.own]
    written = frames and (frames[-1].name == name or (own and own[-1] == frames[-1] and own[-1].applied))
    if isinstance(error, NotImplementedError) and not str(error) and written:
        return "it is not written yet; put your code in the place of `raise NotImplementedError()`."
    place = f" in line {own[-1].lineno} of its cell, `{own[-1].line}`" if own else ""
    said = re.sub(r"\. (?=[A-Z])", "; ", " ".join(str(error).split()).rstrip("."))
    return f"it stopped{place} with {type(error).__name__}: {said or 'no message'}."
