"""One function that a learner writes, and how it is checked.

    step = Exercise(rnn_step_forward, outputs=("h_next", "cache"), letters="BDH", example=..., draw=...,
                    mistakes={"tanh is left out": lambda params, x, h: ...})
    step.check(the_learners_function)      one printed line, or `CheckFailed` with one or two sentences

The first sentence of a failure is the fact: which result, at which index, both numbers. The second names the mistake, and
is found by running likely mistakes on the same inputs: when one of them gives the learner's numbers, or stops with the
learner's error, its words are the diagnosis. So no message can point at a mistake that does not explain what was seen.

Inputs are a worked example whose numbers can be followed by hand, then fresh random ones at every call: other sizes, all
different, in float64 and in float32.
"""

import contextlib
import copy
import functools
import inspect
import itertools
import os
import re
import sys
import traceback
import warnings
from typing import NamedTuple

import numpy as np

from rnncore.checks.compare import CheckFailed, compare
from rnncore.checks.labs import tensors
from rnncore.reference.tree import leaves, tree_map

__all__ = ["Exercise", "grading"]

TOLERANCE = {"float64": 1e-8, "float32": 1e-4}  # absolute and relative; another order of summation differs by less
NUMBER = 1e-5  # relative, for a number that is no array: it may have been added up in float32
FRESH = ("float64", "float64", "float32")  # dtypes of the random inputs
SEED = "RNN_LAB_SEED"  # environment variable, any text; set by who grades
MISSING = object()  # in the place of an array that a result of another structure does not have


def grading():
    """Tell whether nbgrader autogrades or validates a notebook, where nothing should train.

    Returns:
        True or False.
    """
    return "NBGRADER_EXECUTION" in os.environ


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
        count = self._check(_written(function), rng or self._rng())
        print(f"{self.name} is right: the worked example and {count - 1} fresh inputs.")

    def or_reference(self, function):
        """Return the learner's function if it is right, else the reference, so that later steps can be done and graded."""
        function = _written(function)
        try:
            self._check(function, self._rng())
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

    def _check(self, function, rng):
        __tracebackhide__ = True
        if not callable(function):
            raise CheckFailed(
                f"{self.name} is not defined yet: run the cell in which you write it, and mend it if that cell stops with an error."
            )
        cases = list(self._cases(rng))
        expected = [self._outcome(self.reference(*args), args) for _, args in cases]
        first, second = ([self._run(function, args) for _, args in cases] for _ in range(2))
        for runs, note in ((first, ""), (second, ", called a second time")):
            for (where, _), run, want in zip(cases, runs, expected, strict=True):
                try:
                    self._require_right(function, run, want)
                except CheckFailed as fault:
                    words = self._diagnosis(cases, runs, run, want)
                    if not words:  # a second fault, float64 where float32 was expected, must not hide a mistake that is known
                        cast = {id(one): one._replace(value=_in_dtype_of(one.value, w)) for one, w in zip(runs, expected, strict=True)}
                        words = self._diagnosis(cases, [cast[id(one)] for one in runs], cast[id(run)], want)
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
            return _like(run.value.value if self.gradients else run.value, right)

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
        return _Run(value, error, [name for name, now, then in zip(names, given, args, strict=False) if not _alike(now, then)])

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
            raise CheckFailed(f"it must return {len(wanted)} values ({', '.join(self.outputs)}), got {_kind(values)}.")
        for name, value, want in zip(self.outputs, values, wanted, strict=True):
            _require_same(name, value, want)
        tensors.require_same_gradients(gradients, right, _require_same_array)
        if run.changed:
            raise CheckFailed(f"the results are right, but it changed its argument {run.changed[0]} in place; work on a copy.")

    def _diagnosis(self, cases, runs, failed, expected):
        """The words of the first mistake that explains every run, else of the first that explains the fault."""
        path = next((path for path, want in leaves(expected) if not _alike(_leaf(failed, path), want)), None)
        if path is None and _alike(failed.value, expected):  # the numbers are right, the fault is another
            return ""
        pairs = [(run, args) for run, (_, args) in zip(runs, cases, strict=True)]
        fault = [pair for pair in pairs if pair[0] is failed] if failed.error else pairs

        def same_fault(run, other):
            if failed.error or other.error:
                return _same_outcome(run, other)
            seen = _leaf(run, path)
            return seen is not MISSING and _alike(seen, _leaf(other, path))

        # Without a path all that was expected is there and right; what is too much is found in the whole outcome alone.
        for seen, same in ((pairs, _same_outcome), (fault, same_fault))[: 1 if path is None else 2]:
            for words, mistake in self.mistakes.items():
                if all(same(run, self._run(mistake, args)) for run, args in seen):
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
        return type(run.error) is type(other.error) and str(run.error) == str(other.error)
    return _alike(run.value, other.value)


def _leaf(run, path):
    return dict(leaves(run.value)).get(path, MISSING)


def _like(got, want):
    """A right result in the structure of another: a list is as good as a tuple, and the order of a dict means nothing."""
    if isinstance(want, dict):
        return {key: _like(got[key], value) for key, value in want.items()}
    if isinstance(want, tuple) and not hasattr(want, "_fields"):
        return tuple(_like(value, wanted) for value, wanted in zip(got, want, strict=True))
    return got


def _in_dtype_of(got, want):
    """The same tree with floats in the precision of the right ones."""
    if isinstance(got, dict) and isinstance(want, dict):
        return {key: _in_dtype_of(value, want.get(key)) for key, value in got.items()}
    if isinstance(got, list | tuple) and isinstance(want, list | tuple):
        values = [_in_dtype_of(value, wanted) for value, wanted in itertools.zip_longest(got, want[: len(got)])]
        return got._make(values) if hasattr(got, "_make") else type(got)(values)
    if isinstance(got, np.ndarray) and isinstance(want, np.ndarray) and got.dtype.kind == want.dtype.kind == "f":
        with np.errstate(over="ignore"):
            return got.astype(want.dtype)
    return got


def _alike(got, want):
    """Whether two results are the same, with NaN and infinities at the same places."""
    try:
        _require_same("", _as_numbers(got), _as_numbers(want))
    except CheckFailed:
        return False
    return True


def _as_numbers(value):
    """The same tree with numbers that can be compared in the places of NaN and the infinities, and two numbers for a complex one."""
    if isinstance(value, dict | list | tuple):
        return tree_map(_as_numbers, value)
    if isinstance(value, np.ndarray | np.generic | complex) and np.iscomplexobj(value):
        value = np.stack([np.real(value), np.imag(value)])
    if isinstance(value, np.ndarray | np.floating) and value.dtype.kind == "f":
        return np.nan_to_num(value, nan=3e30, posinf=2e30, neginf=-2e30)
    return value


def _require_same(name, got, want):
    """Compare a result with the right one: structure, kind, shape, dtype, numbers."""
    if isinstance(want, dict):
        if not isinstance(got, dict) or got.keys() != want.keys():
            raise CheckFailed(f"{name} must be a dict with the keys {', '.join(want)}, got {_kind(got)}.")
        for key in want:
            _require_same(f"{name}['{key}']", got[key], want[key])
    elif hasattr(want, "_fields"):
        if not isinstance(got, type(want)):
            raise CheckFailed(f"{name} must be {type(want).__name__}({', '.join(want._fields)}), got {_kind(got)}.")
        for field, value, wanted in zip(want._fields, got, want, strict=True):
            _require_same(f"{name}.{field}", value, wanted)
    elif isinstance(want, list | tuple):
        if not isinstance(got, list | tuple) or len(got) != len(want):
            raise CheckFailed(f"{name} must hold {len(want)} entries, got {_kind(got)}.")
        for i, (value, wanted) in enumerate(zip(got, want, strict=True)):
            _require_same(f"{name}[{i}]", value, wanted)
    elif isinstance(want, np.ndarray):
        _require_same_array(name, got, want)
    elif tensors.is_tensor(want):
        tensors.require_same_tensor(name, got, want, _require_same_array)
    elif isinstance(want, float | np.floating):
        _require_same_number(name, got, want)
    elif type(_plain(got)) is not type(want) or got != want:
        raise CheckFailed(f"{name} must be {want!r}, got {_kind(got)}.")


def _plain(value):
    """A whole number of NumPy's is as good as one of Python's."""
    return int(value) if isinstance(value, np.integer) else value


def _require_same_array(name, got, want):
    if not isinstance(got, np.ndarray):
        raise CheckFailed(f"{name} must be a NumPy array of shape {want.shape}, got {_kind(got)}.")
    if got.shape == want.shape and got.dtype != want.dtype and not (_whole(got) and _whole(want)):
        must = {"b": "hold True and False", "i": "hold whole numbers"}.get(want.dtype.kind, f"have the dtype of the inputs, {want.dtype}")
        raise CheckFailed(f"{name} must {must}, got {got.dtype}.")
    tolerance = TOLERANCE.get(str(want.dtype), 0)
    compare(name, got.real, want, rtol=tolerance, atol=tolerance)  # a complex one comes here with a wrong shape alone


def _whole(array):
    return array.dtype.kind in "iu"  # of any size


def _require_same_number(name, got, want):
    """A number is as good as an array without axes, in whatever precision it was computed."""
    number = isinstance(got, int | float | np.number | np.ndarray) and not isinstance(got, bool) and not np.iscomplexobj(got)
    if not number or np.shape(got) != ():
        raise CheckFailed(f"{name} must be a number, got {_kind(got)}.")
    tolerance = max(TOLERANCE.get(str(np.asarray(one).dtype), 0) for one in (got, want))
    compare(name, got, want, rtol=max(NUMBER, tolerance), atol=tolerance)


def _stopped(function, name, error):
    """Where the learner's function stopped, and why, in one sentence."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if code and frame.filename == code.co_filename]
    written = frames[-1].name == name or (own and own[-1] == frames[-1] and _in_a_class_of(code, error.__traceback__))
    if isinstance(error, NotImplementedError) and not str(error) and written:
        return "it is not written yet; put your code in the place of `raise NotImplementedError()`."
    place = f" in line {own[-1].lineno} of its cell, `{own[-1].line}`" if own else ""
    said = re.sub(r"\. (?=[A-Z])", "; ", " ".join(str(error).split()).rstrip("."))
    return f"it stopped{place} with {type(error).__name__}: {said or 'no message'}."


def _in_a_class_of(code, trace):
    """Whether an error came from a method of a class that a function names, as of an autograd function that it applies."""
    while trace.tb_next:
        trace = trace.tb_next
    *_, owner, _ = ["", *trace.tb_frame.f_code.co_qualname.split(".")]
    return owner in code.co_names + code.co_freevars


def _kind(value):
    if tensors.is_tensor(value):
        return f"a tensor of shape {tuple(value.shape)}"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, dict):
        return f"a dict with the keys {', '.join(map(str, value))}"
    if isinstance(value, list | tuple):
        return f"a {type(value).__name__} of {len(value)}"
    if isinstance(value, int | float | str | np.number):
        return f"{type(value).__name__} {str(value)[:40]}"
    return "None" if value is None else type(value).__name__
