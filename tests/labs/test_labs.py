"""Who checks the checks of every lab: right answers pass, wrong ones fail with their own diagnosis, texts and solutions are true."""

import ast
import inspect
import re
import textwrap
import time

import numpy as np
import pytest
import torch

import rnncore.reference as reference
from rnncore.checks import CheckFailed, compare
from rnncore.reference.tree import leaves, tree_map
from tests.labs.labs import FOUND, LABS, solved

STEPS = [pytest.param(lab, step, id=f"{name}-{step}") for name, lab in LABS.items() for step in lab.exercises]
MISTAKES = [
    pytest.param(exercise, words, id=f"{name}-{step}: {words}")
    for name, lab in LABS.items()
    for step, exercise in lab.exercises.items()
    for words in exercise.mistakes
]


def gives(kind, lab, step):
    """Whether a step's results hold something of a kind."""
    exercise = lab.exercises[step]
    return any(isinstance(leaf, kind) for _, leaf in leaves(exercise.reference(*exercise.example())))


def failure(exercise, function, seed=0):
    with pytest.raises(CheckFailed) as caught:
        exercise.check(function, rng=np.random.default_rng(seed))
    message = str(caught.value)
    assert "\n" not in message
    assert len(re.findall(r"[.;:] (?=This is)|\. (?=[A-Z])", message)) <= 1, f"more than two sentences: {message}"
    return message


def test_every_lab_is_known_here():
    assert [lab.name for lab in LABS.values()] == FOUND and [name[:5] for name in FOUND] == list(LABS)


@pytest.mark.parametrize(("lab", "step"), STEPS)
def test_the_reference_passes_with_one_line(lab, step, capfd):
    exercise = lab.exercises[step]
    for seed in range(20):
        assert exercise.check(exercise.reference, rng=np.random.default_rng(seed)) is None
    out, err = capfd.readouterr()
    assert err == "" and out.count("\n") == 20 and f"{exercise.name} is right" in out


@pytest.mark.parametrize(("exercise", "words"), MISTAKES)
def test_every_mistake_is_rejected_and_named(exercise, words):
    for seed in range(2):
        assert failure(exercise, exercise.mistakes[words], seed).endswith(f" This is what comes out when {words}.")


@pytest.mark.parametrize(("lab", "step"), STEPS)
def test_what_is_wrong_in_any_exercise(lab, step):
    exercise = lab.exercises[step]
    outputs = ", ".join(exercise.outputs)

    def but(change):
        """The right function, with its first array of floating-point numbers changed."""

        def other(*args):
            result = exercise.reference(*args)
            first = next((leaf for _, leaf in leaves(result) if is_float(leaf)), None)
            return tree_map(lambda leaf: change(leaf) if leaf is first else leaf, result)

        return other

    class AlwaysEqual(np.ndarray):
        def __eq__(self, other):
            return True

        def __sub__(self, other):
            return np.zeros(self.shape)

    assert "is not defined yet" in failure(exercise, None)
    assert f"it returned None; end it with `return {outputs}`" in failure(exercise, lambda *args: None)
    assert "it stopped in line" in failure(exercise, lambda *args: 1 / 0)
    assert "ZeroDivisionError: division by zero" in failure(exercise, lambda *args: 1 / 0)
    assert "with SystemExit: no message" in failure(exercise, lambda *args: exit_quietly())
    if not any(is_float(leaf) for _, leaf in leaves(exercise.reference(*exercise.example()))):
        return  # whole numbers, True and False: test_exercise_results.py
    assert "got a list of" in failure(exercise, but(lambda a: a.tolist()))
    assert re.search(r"must have the dtype of the inputs, float\d\d, got int64", failure(exercise, but(lambda a: a.astype(int))))
    dtypes = set()
    exercise.check(but(lambda a: dtypes.add(str(a.dtype)) or a), rng=np.random.default_rng(0))
    if "float32" in dtypes:  # a few are float64 whatever comes in, such as bits from nats
        assert "must have the dtype of the inputs, float32, got float64" in failure(exercise, but(lambda a: a.astype(np.float64)))
    assert "must have shape" in failure(exercise, but(lambda a: a[None]))
    assert "is nan but" in failure(exercise, but(lambda a: a * np.nan))
    assert "was expected" in failure(exercise, but(lambda a: a + 1e-3))
    assert "was expected" in failure(exercise, but(lambda a: (a + 1).view(AlwaysEqual)))


def is_float(leaf):
    return isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f"


@pytest.mark.parametrize(("lab", "step"), [step for step in STEPS if gives(torch.Tensor, *step.values)])
def test_what_is_wrong_in_any_tensor(lab, step):
    exercise = lab.exercises[step]

    def but(change):
        """The right result, with its first tensor changed."""
        places = iter([change])
        return lambda *args: tree_map(lambda leaf: next(places, lambda same: same)(leaf), exercise.reference(*args))

    def everywhere(change):
        return lambda *args: tree_map(change, exercise.reference(*args))

    def numbers(tensor):
        return tensor.detach().cpu().numpy()

    assert "must be a tensor of shape" in failure(exercise, everywhere(numbers))
    assert "got an array of shape" in failure(exercise, but(numbers))
    assert re.search("got a (list of|float)", failure(exercise, everywhere(torch.Tensor.tolist)))
    assert "must have the dtype of the inputs, float64, got int64" in failure(exercise, everywhere(lambda a: a.detach().long()))
    assert "must have the dtype of the inputs, float32, got float64" in failure(exercise, everywhere(torch.Tensor.double))
    assert "must be on the device cpu, got a tensor on meta" in failure(exercise, everywhere(lambda a: a.to("meta")))
    assert "must have shape" in failure(exercise, but(lambda a: a[None]))
    assert "is nan but" in failure(exercise, but(lambda a: a * torch.nan))
    assert "was expected" in failure(exercise, but(lambda a: a + 1e-3))
    if exercise.gradients:
        assert "its requires_grad is False" in failure(exercise, everywhere(torch.Tensor.detach))
        words = failure(exercise, everywhere(lambda a: 2 * a - a.detach()))
        assert "the gradient of" in words and "was expected" in words
        assert "no gradient reaches" in failure(exercise, everywhere(lambda a: a.detach().requires_grad_() * 1))
    else:
        assert "its requires_grad is True" in failure(exercise, everywhere(lambda a: a.clone().requires_grad_()))


def exit_quietly():
    raise SystemExit


def functions(lab):
    """The functions of a solved lab by name: their syntax, and themselves."""
    module = ast.parse(lab.source.read_text("utf8"))
    names = {exercise.name for exercise in lab.exercises.values()}
    written = {node.name: node for node in module.body if isinstance(node, ast.FunctionDef) and node.name in names}
    namespace = {"np": np, **{name: value for name, value in vars(reference).items() if name not in names}}
    # Beside the functions, what they may call: imports, classes, and functions that the lab gives; not those of the experiment.
    kinds = ast.Import | ast.ImportFrom | ast.ClassDef | ast.FunctionDef
    nodes = [node for node in module.body if isinstance(node, kinds) and (node in written.values() or not with_defaults(node))]
    exec(compile(ast.Module(nodes, []), str(lab.source), "exec"), namespace)
    return written, namespace


def with_defaults(node):
    return isinstance(node, ast.FunctionDef) and bool(node.args.defaults or node.args.kw_defaults)


@pytest.mark.parametrize(("lab", "step"), STEPS)
def test_solutions_equal_the_reference(lab, step):
    def normal(text):
        function = ast.parse(textwrap.dedent(text)).body[0]
        body = function.body[1:] if ast.get_docstring(function) else function.body
        return f"def {function.name}({ast.unparse(function.args)}):\n" + textwrap.indent(ast.unparse(body), "    ")

    exercise = lab.exercises[step]
    written, namespace = functions(lab)
    wanted = normal(inspect.getsource(inspect.unwrap(exercise.reference)))
    for general, own in lab.replaced.items():
        wanted = wanted.replace(general, own)
    assert (normal(ast.unparse(written[exercise.name])) == normal(wanted)) == (step not in lab.other)
    for seed in range(3):
        sizes = dict(zip(exercise.letters, (6, 3, 4, 5, 2, 7), strict=False))
        for args in exercise.draw(np.random.default_rng(seed), np.dtype("float64"), **sizes):
            own, right = (arrays(function(*args)) for function in (namespace[exercise.name], exercise.reference))
            compare(exercise.name, own, right, rtol=1e-12, atol=1e-12)


def arrays(result):
    return {path: number(leaf) for path, leaf in leaves(result)}


def number(leaf):
    """What can be compared: a tensor as an array, a text as the numbers of its letters."""
    if isinstance(leaf, torch.Tensor):
        return np.zeros(leaf.shape) if leaf.is_meta else leaf.detach().numpy()
    return np.array([ord(letter) for letter in leaf]) if isinstance(leaf, str) else leaf


@pytest.mark.parametrize("name", LABS)
def test_worked_examples_in_the_text_are_those_of_the_checks(name):
    examples = [cell for cell in LABS[name].cells if cell.startswith("# Worked example")]
    exercises = LABS[name].exercises
    assert len(examples) == len(exercises)
    namespace = {"np": np, **vars(reference)}
    for cell, exercise in zip(examples, exercises.values(), strict=True):
        *body, last = ast.parse(cell).body
        exec(compile(ast.Module(body, []), "example", "exec"), namespace)
        shown = eval(compile(ast.Expression(last.value), "example", "eval"), namespace)
        right = named_results(LABS[name], exercise)
        for key, value in shown.items():
            compare(key, *(np.concatenate([np.ravel(leaf) for leaf in arrays(v).values()]) for v in (value, right[key])), rtol=0, atol=6e-7)
        assert len(shown) >= 1


def named_results(lab, exercise):
    """The right results of a worked example, under the names that the text uses."""
    args = exercise.example()
    result = exercise.reference(*args)
    results = dict(zip(exercise.outputs, result if isinstance(result, tuple) and len(exercise.outputs) > 1 else (result,), strict=True))
    named = dict(results)
    for value in (value for name, value in results.items() if name != "cache"):
        named |= value if isinstance(value, dict) else value._asdict() if hasattr(value, "_asdict") else {}
    return {**named, **results, **lab.shown(args, results)}


@pytest.mark.parametrize("name", LABS)
def test_the_solved_lab_runs_with_the_learners_own_functions(name, monkeypatch, capsys):
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    notebook = solved(name)
    for exercise in LABS[name].exercises.values():
        assert notebook[exercise.name].__code__.co_filename == "<string>", f"the reference stands in for {exercise.name}"


@pytest.mark.parametrize("name", LABS)
def test_nothing_trains_while_nbgrader_grades_and_grading_is_quick(name, monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    for _ in range(2):  # the first time loads what is loaded at its first use, such as PyTorch and parts of it
        notebook, start = {}, time.process_time()
        for cell in LABS[name].cells:
            exec(cell, notebook)
    assert time.process_time() - start < 3  # seconds; what starts the kernel is not part of it
    assert all(value == {} for key, value in notebook.items() if key in ("accuracy", "errors"))
    assert {"accuracy", "errors"} & notebook.keys()


WITH_PROPERTIES = [case for case in STEPS if case.values[0].exercises[case.values[1]].properties]


@pytest.mark.parametrize(("lab", "step"), WITH_PROPERTIES)
def test_a_property_finds_what_a_wrong_reference_hides(lab, step, monkeypatch):
    """The reference is broken in the way of a mistake, and the answer is, too: only the property can tell."""
    exercise, caught, missed = lab.exercises[step], [], []
    for words, mistake in exercise.mistakes.items():
        broken = named_like(exercise.reference, mistake)
        monkeypatch.setattr(exercise, "reference", broken)
        try:
            exercise.check(broken, rng=np.random.default_rng(0))
        except CheckFailed as failed:
            caught.append((words, str(failed)))
        except Exception:  # the mistake is that it stops, or that its results do not fit together
            continue
        else:
            missed.append(words)
        finally:
            monkeypatch.undo()
    assert all(said.startswith(f"{exercise.name}: ") and "This is what comes out when" not in said for _, said in caught)
    assert len(caught) >= (10 * len(missed) if "backward" in step else 5), missed  # finite differences find nearly everything


def named_like(function, other):
    def broken(*args):
        return other(*args)

    broken.__name__, broken.__signature__ = function.__name__, inspect.signature(function)
    return broken
