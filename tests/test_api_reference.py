"""The reference section shows every public name, and each docstring says what it must: shapes, results, errors, source."""

import ast
import doctest
import importlib
import inspect
import re
import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "book" / "reference").glob("*.md"))


def load(name):
    """A file of book/_ext."""
    sys.path.insert(0, str(ROOT / "book" / "_ext"))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.pop(0)


docstrings, names_of, api = load("docstrings"), load("api_names"), load("api_reference")
MODULES = names_of.public_modules()
SOURCES = docstrings.read_bib((ROOT / "book" / "references.bib").read_text("utf8"))
OWN = [(module, name) for module in MODULES for name in module.__all__ if not names_of.is_borrowed(module, name)]
FUNCTIONS = [
    pytest.param(module, inspect.unwrap(getattr(module, name)), id=f"{module.__name__}.{name}")
    for module, name in OWN
    if inspect.isfunction(inspect.unwrap(getattr(module, name)))
]


def test_every_file_that_exports_names_stands_on_one_page_of_the_table_of_contents():
    toc = yaml.safe_load((ROOT / "book" / "_toc.yml").read_text("utf8"))
    listed = re.findall(r"book/reference/\w+", str(toc))
    assert sorted(listed) == [f"book/reference/{page.stem}" for page in PAGES]
    shown = Counter(name for page in PAGES for name in re.findall(r"```\{api\} ([\w.]+)", page.read_text("utf8")))
    assert shown == Counter(module.__name__ for module in MODULES)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_every_public_name_has_an_entry(module):
    text = api.write_module(module)
    for name in module.__all__:
        short = names_of.full_names(module)[name].rpartition(".")[2] if not names_of.is_borrowed(module, name) else name
        shown = re.search(rf"^`+\{{py:\w+\}} {short}\b", text, re.MULTILINE) or f".{name}`" in text
        assert shown, f"{module.__name__}: {name} is missing; name it under Contents."


@pytest.mark.parametrize(("module", "name"), OWN, ids=lambda value: getattr(value, "__name__", value))
def test_every_entry_says_what_the_name_is(module, name):
    value = inspect.unwrap(getattr(module, name))
    if inspect.isfunction(value) or inspect.isclass(value):
        first = docstrings.parse(value.__doc__)[0]
        assert first.kind == "paragraph" and not first.content.startswith(f"{name}("), "a docstring begins with a sentence"
    else:
        contents = [names for names, text in docstrings.entries(module.__doc__, "Contents") if text]
        assert name in ", ".join(contents).split(", "), "a constant is explained under Contents"


@pytest.mark.parametrize(("module", "function"), FUNCTIONS)
def test_a_docstring_names_arguments_results_errors_and_source(module, function):
    parameters = inspect.signature(function).parameters.values()
    stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    expected = {stars.get(p.kind, "") + p.name for p in parameters}
    named = {name for names, _ in docstrings.entries(function.__doc__, "Args") for name in names.split(", ")}
    assert named == expected, "Args names each argument, and nothing else"
    kinds = {block.kind for block in docstrings.parse(function.__doc__)}
    if returns_something(function):
        assert "Returns" in kinds
    if expected:
        assert "Raises" in kinds


@pytest.mark.parametrize(("module", "name"), OWN, ids=lambda value: getattr(value, "__name__", value))
def test_every_function_and_class_has_a_source(module, name):
    """The source stands in its docstring or in that of its file."""
    value = inspect.unwrap(getattr(module, name))
    if inspect.isfunction(value) or inspect.isclass(value):
        assert "Source" in {block.kind for text in (value.__doc__, module.__doc__) for block in docstrings.parse(text)}


@pytest.mark.parametrize(("module", "function"), FUNCTIONS)
def test_a_docstring_gives_the_shapes_that_the_code_checks(module, function):
    specs = getattr(getattr(module, function.__name__), "specs", {})
    for names, text in docstrings.entries(function.__doc__, "Args"):
        for name in names.split(", "):
            for shape in shapes_of(specs.get(name)):
                assert shape in text, f"{name} must be described as {shape}"


def test_the_fields_that_a_cache_inherits_are_shown_too():
    from rnncore.tuned.lstm_peephole import LSTMPeepholeCache

    comments = dict(api.field_comments(LSTMPeepholeCache))
    assert tuple(comments) == LSTMPeepholeCache._fields and comments["xs"] == "(T, B, D)"


def returns_something(function):
    """Whether a function has a `return` with a value; functions inside it do not count."""
    found, todo = False, api.syntax_of(function).body
    while todo:
        node, *todo = todo
        if not isinstance(node, ast.FunctionDef | ast.Lambda):
            found |= isinstance(node, ast.Return) and node.value is not None
            todo += ast.iter_child_nodes(node)
    return found


def shapes_of(spec):
    """What a docstring has to say of a specification of `rnncore.reference.shapes`."""
    if isinstance(spec, dict):
        return [word for name, inner in spec.items() for word in (name, *shapes_of(inner))]
    if hasattr(spec, "_fields"):
        return [shape for inner in spec for shape in shapes_of(inner)]
    if not isinstance(spec, str) or spec in ("rng", "size"):
        return []
    axes = [axis for axis in spec.split() if axis not in ("int", "bool")]
    return ["(" + ", ".join(axes) + ("," if len(axes) == 1 and axes != ["..."] else "") + ")"] if axes else []


def texts():
    for module in MODULES:
        yield module.__name__, module.__doc__
        for name in module.__all__:
            yield f"{module.__name__}.{name}", inspect.unwrap(getattr(module, name)).__doc__


@pytest.mark.parametrize(("where", "text"), list(texts()), ids=lambda value: value[:60] if "\n" not in (value or "\n") else "")
def test_every_source_stands_in_the_bibliography(where, text):
    for match in docstrings.CITATION.finditer(" ".join((text or "").split())):
        assert len(docstrings.sources_of(match[0], SOURCES)) == 1, f"{where}: {match[0]}"


def test_every_year_in_a_source_belongs_to_a_citation():
    for where, text in texts():
        for _, source in docstrings.entries(text, "Source"):
            rest = docstrings.CITATION.sub("", source)
            assert not re.search(r"\b(1[89]|20)\d\d\b", rest), f"{where}: {source}"


def test_the_examples_of_the_first_page_are_right():
    text = (ROOT / "book" / "reference" / "index.md").read_text("utf8").replace("```", "")
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner()
    runner.run(parser.get_doctest(text, {}, "index.md", None, 0))
    assert runner.summarize(verbose=False).attempted > 0 and runner.failures == 0


def test_a_docstring_is_taken_apart():
    text = """Say hello.

        h = a

        b
    Args:
        xs, ys: (T, B), first
            and second.
    Returns:
        Nothing.
    Raises (later):
        ValueError: xs is odd.
    Source: Elman (1990),
    section 1.

    >>> 1 + 1
    2
    """
    kinds = [tuple(block) for block in docstrings.parse(text)]
    assert kinds == [
        ("paragraph", "Say hello.", ""),
        ("literal", "h = a\n\nb", ""),
        ("Args", [("xs, ys", "(T, B), first and second.")], ""),
        ("Returns", [("", "Nothing.")], ""),
        ("Raises", [("ValueError", "xs is odd.")], "later"),
        ("Source", [("", "Elman (1990), section 1.")], ""),
        ("example", ">>> 1 + 1\n2", ""),
    ]


@pytest.mark.parametrize(
    ("citation", "keys"),
    [
        ("Elman (1990)", ["elman1990"]),
        ("Gers, Schmidhuber and Cummins (2000)", ["gers2000forget"]),
        ("Gers and Schmidhuber (2000)", ["gers2000peephole"]),
        ("Karpathy et al. (2015)", ["karpathy2015"]),
        ("Elman (1991)", []),
        ("Jordan and Elman (1990)", []),
    ],
)
def test_a_citation_finds_its_source(citation, keys):
    assert [source.key for source in docstrings.sources_of(citation, SOURCES)] == keys


def test_a_bare_name_is_found_where_a_reader_means_it():
    from rnncore.pytorch import lstm as torch_lstm

    assert names_of.find_name("lstm_forward") == "rnncore.lstm_forward"
    assert names_of.find_name("lstm_forward", torch_lstm) == "rnncore.pytorch.lstm_forward"
    assert names_of.find_name("masking.py", torch_lstm) == "rnncore.pytorch.masking"
    assert names_of.find_name("no_such_name") is None


def test_a_page_says_which_chapters_use_a_file():
    from rnncore.checks.labs import lab01
    from rnncore.reference import crf, rnn
    from rnncore.tasks import text

    chapters = ["book/character_language_model", "book/recurrent_cell"]
    lab = "labs/lab01_recurrent_cell/lab01_recurrent_cell"
    assert names_of.used_in(rnn, [*chapters, lab]) == [*chapters, lab]
    assert names_of.used_in(text, chapters) == chapters[:1]
    assert names_of.used_in(lab01, [*chapters, lab]) == [lab]
    assert names_of.used_in(crf, [*chapters, lab]) == []
