"""What a docstring says of shapes, against the values that are there.

    (T, B, 2H), zero after the end           one array
    A dict: weight (O, D), bias (O,)         each by its name; {weight (O, D), bias (O,)} is a dict inside
    LSTMState of (B, H)                      each of its fields
    LSTMState after the last step            each of its fields, by the comments in its class
    dict as the parameters; as state0        the same arrays of the same shapes as an argument
    (T, B, H) with merge="sum"               one array, if the argument has this value; else the shape that stands without a condition

A letter gets its size from the arguments; one that stands only under "Returns" is explained there, as in "N is the sum of the lengths".
"""

import re

import numpy as np
import torch

from rnncore.reference.cells import find_cell
from rnncore.reference.shapes import parse
from rnncore.reference.tree import leaves
from tests.test_api_reference import api

AXIS = r"(?:\d+[A-Z]\b|\w+)(?: [-+*/] \w+)*"
SHAPE = re.compile(rf"(?<!\w)\((?:\.\.\.|{AXIS},|(?:\.\.\.|{AXIS})(?:, {AXIS})+)?\)")
CELL = "the cell's parameters"


class Sizes:
    """What letters and names of arguments stand for in one call."""

    def __init__(self, arguments=(), texts=(), after=None):
        """Read the sizes off the arguments, with what "Args" says of each; `after` is the call of a forward pass before this one."""
        self.sizes, self.arguments = dict(after.sizes if after else ()), dict(after.arguments if after else ()) | dict(arguments)
        self.text, self.free = "", True  # the whole text, and whether a letter need not be known
        texts = dict(texts)
        for name, value in dict(arguments).items():
            self._number(name, texts.get(name, ""), value)
        for name, value in dict(arguments).items():
            self._match(texts.get(name, ""), value, name)
        self.free = False

    def match(self, text, value, name):
        """One sentence for each array in `value` that is not as `text` says, or of which it says nothing."""
        self.text = text
        return self._match(text, value, name)

    def _number(self, name, text, value):
        letter = re.match(r"([A-Z])(?:[,.;]|$| of )", text) or re.match(r"list of ([A-Z]) ", text)
        size = len(value) if isinstance(value, list) else value
        if isinstance(size, int | float) and not isinstance(size, bool):
            self.sizes |= {name: size} | ({letter[1]: size} if letter else {})

    def _match(self, text, value, where):
        if isinstance(value, np.ndarray | torch.Tensor):
            return self._array(text, value, where)
        if isinstance(value, dict) or hasattr(value, "_fields"):
            return self._named(text, value, where)
        if isinstance(value, list | tuple):
            return self._entries(text, value, where)
        shape = None if self.free else SHAPE.match(text)
        return [f"{where} is said to be {shape[0]}, but it is a {type(value).__name__}."] if shape and shape[0] != "()" else []

    def _entries(self, text, values, where):
        like = self._like(text)
        if like is not None:
            return unlike(where, values, like)
        shapes = self._shapes(text)
        faults, sizes = [], self.sizes
        for k, value in enumerate(values):
            if type(value) is tuple and len(value) == len(shapes):  # a pair, as in "inputs (T, B), targets (T, B)"
                faults += [x for shape, part in zip(shapes, value, strict=True) for x in self._match(shape, part, f"{where}[{k}]")]
                continue
            if k and "with H in the place of D" in text:
                self.sizes = sizes | {"D": sizes["H"]}
            faults += self._match(text, value, f"{where}[{k}]")
        self.sizes = sizes
        return faults

    def _named(self, text, value, where):
        branches = value if isinstance(value, dict) else dict(zip(value._fields, value, strict=True))
        said, like = {key: words for key, words in named_shapes(text).items() if key in branches}, self._like(text)
        if not said and like is not None:
            return unlike(where, value, like)
        if not said and CELL in text:
            axes = find_cell(self.arguments["cell"]).params
            said = {key: parse(axes[key]).pretty for key in axes}
        own = text.partition(f"{type(value).__name__} of ")[2]  # as in "(B, H), or LSTMState of (B, H)"
        alike = self._shapes(own or text) if isinstance(value, tuple) and not said else []
        said = said if isinstance(value, dict) else dict(api.field_comments(type(value))) | said
        faults = []
        for key, branch in branches.items():
            clause = re.search(rf"\b{key} is ([^;.]*)", self.text)
            words = alike[0] if alike else said.get(key) or (clause[1] if clause else text if CELL in text else "")
            words = words or named_shapes(self.text).get(key, "")
            faults += self._match(words, branch, f"{where}.{key}")
        return faults

    def _array(self, text, value, where):
        got = tuple(value.shape)
        for shape in self._shapes(text)[:1]:
            fault = self._axes(axes_of(shape), got)
            return [f"{where} is said to be {shape}, but it is {got}: {fault}."] if fault else []
        like = self._like(text)
        if like is not None:
            return unlike(where, value, like)
        if text.startswith("a scalar"):
            return [] if got == () else [f"{where} is said to be a scalar, but it is {got}."]
        return [f"{where} is {got}, of which nothing is said."]

    def _like(self, text):
        """The argument as which the text says that something is shaped, or None."""
        names = [found[1] for found in re.finditer(r"\b(?:as|of the type of|copy of|shape of|of shape) `?(\w+)", text)]
        names += ["params"] * bool(re.search(r"of every parameter|as the parameters", text)) + ["state0"] * ("as the state" in text)
        return next((self.arguments[name] for name in names if name in self.arguments), None)

    def _shapes(self, text):
        """The shapes in a text, but for those that stand there for another value of an argument, as in `(T, B, H) with merge="sum"`."""
        found = []
        for match in SHAPE.finditer(text):
            option = re.match(r' with (\w+)="(\w+)"', text[match.end() :])
            holds = option and self.arguments.get(option[1]) == option[2]
            if all(self._is_axis(axis) for axis in axes_of(match[0])) and (holds or not option):
                found = [match[0], *found] if holds else [*found, match[0]]
        return found

    def _is_axis(self, axis):
        return axis == "..." or all(re.fullmatch(r"\d*[A-Z]?", word) or word in self.sizes for word in re.findall(r"\w+", axis))

    def _axes(self, axes, shape):
        """What is wrong with a shape, or None."""
        if axes[:1] == ["..."]:
            cut = len(shape) - len(axes) + 1
            leading, axes, shape = shape[:cut], axes[1:], shape[cut:]
            if cut < 0 or self.sizes.setdefault("...", leading) != leading:
                return f"the leading axes are {self.sizes['...']}"
        if len(axes) != len(shape):
            return f"it has {len(shape)} axes"
        for axis, size in sorted(zip(axes, shape, strict=True), key=lambda pair: len(pair[0])):  # H before 4H
            for letter in re.findall(r"[A-Z]\b", axis):
                if not self._is_known(letter, axis, size):
                    return f"{letter} is not explained"
            if self._value(axis) != size:
                return f"{axis} is {self._value(axis)}, not {size}"
        return None

    def _is_known(self, letter, axis, size):
        """Whether the letter has a size; it may get the one that is there if the text says what it is."""
        given = None if self.free else re.search(rf"\b{letter} = ({AXIS})(?=[,;.]|$)", self.text)
        if given:
            self.sizes[letter] = self._value(given[1])
        elif letter not in self.sizes and axis == letter and (self.free or re.search(rf"\b{letter} (is|the|at most)\b", self.text)):
            self.sizes[letter] = size
        return letter in self.sizes

    def _value(self, axis):
        return round(eval(re.sub(r"\b(\d+)([A-Z])\b", r"\1 * \2", axis), {}, self.sizes))


def named_shapes(text):
    """A dict from each name to its shape, as in "weight (O, D), bias_ih, bias_hh, each (4H,)", or to what stands in the braces after it."""
    found, waiting, depth, start = {}, [], 0, 0
    for token in re.finditer(rf"\{{|\}}|{SHAPE.pattern}|\w+", text):
        depth += {"{": 1, "}": -1}.get(token[0], 0)
        start = token.end() if token[0] == "{" and depth == 1 else start
        words = text[start : token.start()] if token[0] == "}" and depth == 0 else token[0] if token[0].startswith("(") else None
        if words is not None and depth == 0:
            found, waiting = dict.fromkeys(waiting, words) | found, []  # the first mention counts
        elif depth == 0:
            waiting = [*waiting, token[0]]
    return found


def axes_of(shape):
    return [axis.strip(",") for axis in shape.strip("()").split(", ") if axis]


def unlike(where, value, like):
    """A sentence if the arrays of two trees differ in shape; `like` may also be a shape itself."""
    is_shape = isinstance(like, tuple) and all(isinstance(size, int) for size in like)
    got, expected = ({path: tuple(np.shape(leaf)) for path, leaf in leaves(tree)} for tree in (value, like))
    expected = {"": like} if is_shape else expected
    return [] if got == expected else [f"{where} is said to be shaped as {expected}, but it is {got}."]
