"""Declared shapes: what every array argument must look like, checked where the caller hands it over.

    @shapes(params={"weight_ih": "H D", "weight_hh": "H H"}, x="B D", h="B H")
    def step(params, x, h): ...

A letter means the same size wherever it appears in one call; `4H` is four times `H`; `...` stands for any
leading axes; a leading `int` or `bool` asks for whole numbers, or True and False, instead of floating-point numbers. An argument
whose default is `None` may be `None`. A dict describes a dict with exactly those keys, `State("B H", "B H")` a named tuple, a list
a list of as many entries, and a pair `(Cache, {"x": "B D"})` an earlier result whose fields only tell the sizes. Two
words stand for what is no array: `rng` for a random generator, `size` for a whole number from 1 up. Where the shape
depends on another argument, a function gives the specification from the dict of all arguments.

A call made by a function that was itself checked is not checked again: its arrays come from checked ones,
and a state that explodes half-way through a sequence is a result to look at, not bad input.

Source: axes as letters in a text, each of one size in a call, are known from `einops` and `jaxtyping`; the words are this course's own.
"""

import functools
import inspect
import threading
from typing import NamedTuple

import numpy as np

__all__ = ["shapes"]


class _Call(threading.local):
    """Whether this thread is inside a function that was checked."""

    checked = False


_call = _Call()


def shapes(**specs):
    """Declare the shapes of a function's arguments and check them at each call from outside.

    Args:
        **specs: one specification for each array argument, written as this file's docstring says.
    Returns:
        A decorator that leaves the function's behaviour as it is for valid arguments.
    Raises (when the decorated function is called):
        TypeError: an argument is not an array, or holds numbers of the wrong kind.
        ValueError: an argument has the wrong shape, no entries, an entry that is not finite, or wrong keys.
    """

    def decorate(function):
        bind, optional = binding(function)

        @functools.wraps(function)
        def checked(*args, **kwargs):
            if _call.checked:
                return function(*args, **kwargs)
            arguments = bind(*args, **kwargs)
            _Check().call(function, specs, optional, arguments)
            _call.checked = True
            try:
                return function(*args, **kwargs)
            finally:
                _call.checked = False

        checked.specs = specs  # the tests compare them with the docstring
        return checked

    return decorate


def binding(function):
    """A function that names the arguments of a call, as `inspect.Signature.bind` does at five times the price; and which may be None."""
    signature = inspect.signature(function)
    parameters = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    positional = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    defaults = {p.name: p.default for p in parameters if p.default is not p.empty}
    names, optional = {p.name for p in parameters}, {name for name, default in defaults.items() if default is None}

    def bind(*args, **kwargs):
        arguments = defaults | dict(zip(positional, args, strict=False)) | kwargs
        if len(args) > len(positional) or not names <= arguments.keys():
            signature.bind(*args, **kwargs)  # says what is wrong
        return arguments

    return bind, optional


class _Check:
    """The sizes seen so far in one call, and where each was first seen."""

    def __init__(self):
        self.sizes = {}  # "H" -> (size, name of the argument that set it)
        self.dtype = None  # (dtype, name of the argument that set it)
        self.later = []  # axes such as "4H", checked once H is known

    def call(self, function, specs, optional, arguments):
        """Check the arguments of one call; the sentence about a wrong one begins with the function's name."""
        try:
            for name, spec in specs.items():
                if name not in optional or arguments[name] is not None:
                    self.argument(name, spec(arguments) if callable(spec) else spec, arguments[name])
            self.multiples()
        except (TypeError, ValueError) as error:
            raise type(error)(f"{function.__name__}: {error}") from None

    def argument(self, name, spec, value):
        if isinstance(spec, dict):
            self._dict(name, spec, value)
        elif hasattr(spec, "_fields"):
            if not isinstance(value, type(spec)):
                raise TypeError(f"{name} must be {type(spec).__name__}({', '.join(spec._fields)}), got {_type(value)}.")
            for field, field_spec, field_value in zip(spec._fields, spec, value, strict=True):
                self.argument(f"{name}.{field}", field_spec, field_value)
        elif isinstance(spec, list):
            if not isinstance(value, list):
                raise TypeError(f"{name} must be a list of length {len(spec)}, got {_type(value)}.")
            if len(value) != len(spec):
                raise ValueError(f"{name} must be a list of length {len(spec)}, got length {len(value)}.")
            for k, (entry_spec, entry) in enumerate(zip(spec, value, strict=True)):
                self.argument(f"{name}[{k}]", entry_spec, entry)
        elif isinstance(spec, tuple):
            kind, fields = spec
            if not isinstance(value, kind):
                raise TypeError(f"{name} must be the {kind.__name__} that the forward pass returned, got {_type(value)}.")
            for field, field_spec in fields.items():
                self._sizes(f"{name}.{field}", parse(field_spec), getattr(value, field).shape)
        elif spec == "rng":
            if not isinstance(value, np.random.Generator):
                raise TypeError(f"{name} must be a numpy.random.Generator, got {_type(value)}.")
        elif spec == "size":
            if not isinstance(value, int | np.integer) or isinstance(value, bool):
                raise TypeError(f"{name} must be a whole number, got {value!r}.")
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}.")
        else:
            self._array(name, spec, value)

    def multiples(self):
        for name, factor, letter, size, pretty, shape in self.later:
            if letter in self.sizes and size != factor * self.sizes[letter][0]:
                known, where = self.sizes[letter]
                raise ValueError(
                    f"{name} must have shape {pretty}, got {shape}: "
                    f"{letter} is {known} in {where}, so {factor}{letter} is {factor * known}, not {size}."
                )

    def _dict(self, name, spec, value):
        if not isinstance(value, dict):
            raise TypeError(f"{name} must be a dict with the keys {', '.join(spec)}, got {_type(value)}.")
        missing, extra = [k for k in spec if k not in value], [k for k in value if k not in spec]
        if missing or extra:
            fault = f"lacks {', '.join(missing)}" if missing else f"also has {', '.join(map(str, extra))}"
            raise ValueError(f"{name} must have exactly the keys {', '.join(spec)}, but {fault}.")
        for key, key_spec in spec.items():
            self.argument(f"{name}['{key}']", key_spec, value[key])

    def _array(self, name, spec, value):
        spec = parse(spec)
        if isinstance(value, float):
            value = np.float64(value)
        if not isinstance(value, np.ndarray | np.generic):
            raise TypeError(f"{name} must be a NumPy array of shape {spec.pretty}, got {_type(value)}.")
        if value.dtype.kind not in LETTERS[spec.kind]:
            raise TypeError(f"{name} must hold {KINDS[spec.kind]}, got dtype {value.dtype}.")
        self._sizes(name, spec, value.shape)
        if spec.kind == "float":
            if self.dtype is None:
                self.dtype = (value.dtype, name)
            elif value.dtype != self.dtype[0]:
                raise TypeError(f"{name} is {value.dtype} but {self.dtype[1]} is {self.dtype[0]}: use one dtype in a call.")
            if not np.isfinite(value).all():
                index = tuple(int(i) for i in np.argwhere(~np.isfinite(value))[0])
                raise ValueError(f"{name} must hold finite numbers, got {value[index]} at index {list(index)}.")

    def _sizes(self, name, spec, shape):
        leading = len(shape) - len(spec.axes)
        if leading != 0 and not (spec.open and leading > 0):
            raise ValueError(f"{name} must have shape {spec.pretty}, got {shape}: {len(shape)} axes, not {len(spec.axes)}.")
        for (factor, letter), size in zip(spec.axes, shape[leading:], strict=True):
            if factor:
                self.later.append((name, factor, letter, size, spec.pretty, shape))
            elif size != self.sizes.setdefault(letter, (size, name))[0]:
                known, where = self.sizes[letter]
                raise ValueError(f"{name} must have shape {spec.pretty}, got {shape}: {letter} is {known} in {where}, not {size}.")
        if 0 in shape:
            raise ValueError(f"{name} must have shape {spec.pretty} with at least one entry, got {shape}.")


KINDS = {"float": "floating-point numbers", "int": "whole numbers", "bool": "True and False"}
LETTERS = {"float": "f", "int": "iu", "bool": "b"}  # NumPy's, for kinds of dtype


class Spec(NamedTuple):
    """What the specification of an array says."""

    kind: str  # a key of KINDS
    open: bool  # whether more axes may stand before
    axes: tuple  # (factor, letter) for each axis with a name; the factor is 0 where none is written
    pretty: str  # the shape, for a message


@functools.cache
def parse(text):
    """Read the specification of an array, such as "4H D" or "int ... B"."""
    words = text.split()
    kind = words.pop(0) if words[0] in KINDS else "float"
    named = [word for word in words if word != "..."]
    letters = [word.lstrip("0123456789") for word in named]
    factors = [int(word[: -len(letter)] or 0) for word, letter in zip(named, letters, strict=True)]
    pretty = "(" + ", ".join(words) + ("," if len(words) == 1 and named else "") + ")"
    return Spec(kind, "..." in words, tuple(zip(factors, letters, strict=True)), pretty)


def _type(value):
    return "None" if value is None else f"a value of type {type(value).__name__}"
