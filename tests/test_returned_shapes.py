"""What a docstring says under "Returns" is what comes back: every public function is called and each array's shape compared.

How shapes are written stands in `returned/matching.py`; arguments are drawn from the declared shapes (`returned/arguments.py`), or stand in
`returned/examples.py`. Backward passes get the cache of their forward pass.
"""

import inspect
import re

import numpy as np
import pytest

from rnncore.checks.pairs import draw_like
from rnncore.reference.lstm import LSTMState
from tests.returned.arguments import draw_arguments
from tests.returned.examples import EXAMPLES, NOT_COMPARED
from tests.returned.matching import Sizes, named_shapes
from tests.test_api_reference import FUNCTIONS, api, docstrings

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
    return [fault for (name, text), part in zip(said.items(), values, strict=True) for fault in faults_in(sizes, name, text, part)]


def faults_in(sizes, name, text, value):
    """What is wrong with one result; of a cache the fields that are arrays are compared with their comments, or with what the text says."""
    if name != "cache":
        return sizes.match(text, value, name or "the result")
    said = dict(api.field_comments(type(value))) | named_shapes(text)
    arrays = {field: part for field, part in value._asdict().items() if isinstance(part, np.ndarray)}
    return [fault for field, part in arrays.items() for fault in sizes.match(said.get(field, ""), part, f"cache.{field}")]


@pytest.mark.parametrize(("module", "function"), COMPARED)
def test_what_comes_back_has_the_shape_that_the_docstring_says(module, function):
    for given in examples_of(module, function.__name__):
        faults = faults_of(module, function, given)
        assert not faults, " ".join(faults)


def test_the_tables_name_functions_that_there_are():
    folders = {(case.values[0].__name__.split(".")[1], case.values[1].__name__) for case in FUNCTIONS}
    names = {name for _, name in folders} | {f"{folder}.{name}" for folder, name in folders}
    assert NAMES | EXAMPLES.keys() <= names
    assert not NAMES & EXAMPLES.keys()


def test_without_a_specification_or_an_example_a_function_cannot_be_called():
    from rnncore.reference.bptt import full_bptt

    with pytest.raises(LookupError, match="full_bptt: nothing tells what forward may be; give an example"):
        draw_arguments(full_bptt, texts_of(full_bptt, "Args"), {})


T, B, D, H = 5, 3, 2, 4
STATE = LSTMState(np.zeros((B, H)), np.zeros((B, H)))
PARAMS = {"weight": np.zeros((H, D)), "bias": np.zeros(H)}
SIZES_OF_A_CALL = Sizes(
    {"params": PARAMS, "xs": np.zeros((T, B, D)), "merge": "sum"}, {"params": "dict of weight (H, D)", "xs": "(T, B, D)"}
)


@pytest.mark.parametrize(
    ("text", "value", "words"),
    [
        ("(T, B, H), the states", np.zeros((T, B, H)), ""),
        ("(T, B, H), the states", np.zeros((B, T, H)), "r is said to be (T, B, H), but it is (3, 5, 4): T is 5, not 3."),
        ("(T, B, H), the states", np.zeros((B, H)), "it has 2 axes"),
        ("(T, B, H), the states", 0.5, "but it is a float"),
        ("the states", np.zeros((T, B, H)), "r is (5, 3, 4), of which nothing is said."),
        ("(T + 1, 2H)", np.zeros((T + 1, 2 * H)), ""),
        ("(T + 1, 2H)", np.zeros((T, 2 * H)), "T + 1 is 6, not 5"),
        ("(N, D)", np.zeros((9, D)), "N is not explained"),
        ("(N, D), N is the sum of the lengths", np.zeros((9, D)), ""),
        ("(T, N, D), with N = T - B + 1", np.zeros((T, B, D)), ""),
        ("(T, N, D), with N = T - B", np.zeros((T, B, D)), "N is 2, not 3"),
        ('(T, B, 2H), or (T, B, H) with merge="sum"', np.zeros((T, B, H)), ""),
        ('(T, B, H), or (T, B, 2H) with merge="concat"', np.zeros((T, B, 2 * H)), "H is 4, not 8"),
        ("A dict: weight (H, D), bias (H,)", PARAMS, ""),
        ("A dict: weight (D, H), bias (H,)", PARAMS, "r.weight is said to be (D, H)"),
        ("A dict: weight (H, D)", PARAMS, "r.bias is (4,), of which nothing is said."),
        ("A dict: inner {weight (H, D), bias (D,)}", {"inner": PARAMS}, "r.inner.bias is said to be (D,)"),
        ("dict as the parameters", PARAMS, ""),
        ("dict with the gradient of every parameter", {"weight": PARAMS["weight"]}, "r is said to be shaped as"),
        ("a list of such dicts, each weight, bias (H, D)", [PARAMS], "r[0].bias is said to be (H, D)"),
        ("LSTMState after the step", STATE, ""),
        ("LSTMState after the step", STATE._replace(c=np.zeros(H)), "r.c is said to be (B, H)"),
        ("LSTMState of (H,)", STATE, "r.h is said to be (H,)"),
        ("a list of pairs: inputs (T, B), targets (B,)", [(np.zeros((T, B)), np.zeros(T))], "r[0] is said to be (B,)"),
        ("(...), as many", np.zeros((T, B)), ""),
    ],
)
def test_a_wrong_or_a_silent_docstring_is_found(text, value, words):
    faults = " ".join(Sizes(after=SIZES_OF_A_CALL).match(text, value, "r"))
    assert words in faults and bool(words) == bool(faults)
