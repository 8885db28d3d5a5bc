"""Small arguments for a public function, drawn from the shapes that it declares: all sizes differ, so no axis can be taken for another."""

import inspect
import re

import numpy as np
import torch

from rnncore.reference.shapes import parse
from rnncore.reference.tree import tree_map

SIZES = {"T": 10, "B": 3, "D": 2, "H": 4, "S": 11, "V": 7, "Q": 9, "K": 5, "A": 13, "E": 14, "O": 15, "N": 17, "U": 19, "C": 6}
LENGTHS = [1, 10, 6]  # B of them; T is the largest, and N their sum


def draw_arguments(function, texts, given):
    """Arguments of a function by name.

    Args:
        function: with `specs`, where it declares shapes.
        texts: dict from the name of an argument to what the docstring says of it.
        given: dict of arguments that need not be drawn; arrays become tensors for a function of the mirror.
    Returns:
        A dict of the arguments that the function needs.
    Raises:
        LookupError: an argument can neither be drawn nor is it given.
    """
    parameters, specs = inspect.signature(function).parameters, getattr(function, "specs", {})
    arguments = ({"device": "cpu"} if "device" in parameters else {}) | given
    known = {name: p.default for name, p in parameters.items()} | arguments
    for name, parameter in parameters.items():
        if name in given or parameter.default is not parameter.empty or parameter.kind is parameter.VAR_KEYWORD:
            continue
        spec, letter = specs.get(name), letter_of(name, texts.get(name, ""))
        if name == "rng":
            arguments[name] = np.random.default_rng(0)
        elif spec in ("size", None) and letter:
            arguments[name] = SIZES[letter]
        elif spec in ("size", None):
            raise LookupError(f"{function.__name__}: nothing tells what {name} may be; give an example.")
        else:
            arguments[name] = draw(name, spec(known) if callable(spec) else spec)
    takes_tensors = "pytorch" in function.__module__ and function.__name__ != "to_torch"
    return tree_map(as_tensor, arguments) if takes_tensors else arguments


def letter_of(name, text):
    """The letter that a whole number stands for: its name, or what its description begins with, as in "D, at least 1"."""
    found = re.match(r"([A-Z])(?:[,.;]|$| of )", name if len(name) == 1 else text)
    return found and found[1]


def draw(name, spec):
    """Arrays as a specification of `rnncore.reference.shapes` describes them."""
    if not isinstance(spec, str):
        return tree_map(lambda leaf: draw(name, leaf), spec)
    kind, is_open, axes, _ = parse(spec)
    shape = (SIZES["T"], SIZES["B"]) * is_open + tuple((factor or 1) * SIZES[letter] for factor, letter in axes)
    rng = np.random.default_rng(len(shape))
    if name == "lengths":
        return np.array(LENGTHS)
    return {"float": rng.random(shape), "int": rng.integers(0, 2, shape), "bool": np.ones(shape, bool)}[kind]


def as_tensor(leaf):
    return torch.tensor(leaf, dtype=torch.float32 if leaf.dtype.kind == "f" else None) if isinstance(leaf, np.ndarray) else leaf
