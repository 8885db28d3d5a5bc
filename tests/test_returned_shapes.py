"""What a docstring says under "Returns" is what comes back: every public function is called and each array's shape compared.

How shapes are written stands in `returned/matching.py`; arguments are drawn from the declared shapes (`returned/arguments.py`), or stand in
`returned/examples.py`. Backward passes get the cache of their forward pass.
"""

import inspect
import re

import numpy as np
import pytest

from rnncore.checks.pairs import draw_like
from tests.returned.arguments import draw_arguments
from tests.returned.examples import EXAMPLES, NOT_COMPARED
from tests.returned.matching import Sizes
from tests.test_api_reference import FUNCTIONS, docstrings

NAMES = {name for names in NOT_COMPARED.values() for name in names.split()}
COMPARED = [case for case in FUNCTIONS if case.values[1].__name__ not in NAMES]


def texts_of(function, section):
    """A dict from each name to what the docstring says of it."""
    return {name: text for names, text in docstrings.entries(function.__doc__, section) for name in names.split(", ")}


def examples_of(module, name):
    """A list of dicts with arguments; a backward pass has those of its forward pass."""
    name = re.sub("_backward$", "_forward", name)
    given = EXAMPLES.get(f"{module.__name__.split('.')[1]}.{name}", EXAMPLES.get(name, {}))
    return given if isinstance(given, list) else [given]


def called(module, name, given):
    """Call a function: what it returns, and the sizes of this call."""
    public = getattr(module, name)
    function, forward = inspect.unwrap(public), name.removesuffix("backward") + "forward"
    texts, parameters = texts_of(function, "Args"), inspect.signature(function).parameters
    if name.endswith("_backward"):
        (*outputs, cache), sizes = called(module, forward, given)
        arguments = dict(zip(parameters, (cache, *draw_like(outputs, np.random.default_rng(0))), strict=False))
        return public(*arguments.values()), Sizes(arguments, after=sizes)
    arguments = draw_arguments(public, texts, given)
    defaults = {parameter.name: parameter.default for parameter in parameters.values() if parameter.default is not parameter.empty}
    return public(**arguments), Sizes(defaults | arguments, texts)


def faults_of(module, function, given):
    """What the docstring says wrongly, or does not say, of what a function returns."""
    value, sizes = called(module, function.__name__, given)
    said = texts_of(function, "Returns")
    several = isinstance(value, tuple) and not hasattr(value, "_fields")
    values = value if several else (value,)
    if len(values) != len(said):
        return [f"{len(values)} values come back, but {', '.join(said) or 'one'} is described."]
    return [
        fault
        for (name, text), part in zip(said.items(), values, strict=True)
        if name != "cache"  # only its backward pass reads it
        for fault in sizes.match(text, part, name or "the result")
    ]


@pytest.mark.parametrize(("module", "function"), COMPARED)
def test_what_comes_back_has_the_shape_that_the_docstring_says(module, function):
    for given in examples_of(module, function.__name__):
        faults = faults_of(module, function, given)
        assert not faults, " ".join(faults)
