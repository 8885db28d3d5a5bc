"""Who checks the checks of lab 1: right answers pass in any style, wrong ones fail with their own diagnosis."""

import ast
import inspect
import re
import textwrap
from pathlib import Path

import jupytext
import numpy as np
import pytest

import rnncore.reference as reference
from rnncore.checks import CheckFailed, compare
from rnncore.checks.labs import lab01

SOURCE = Path(__file__).parents[2] / "solutions" / "lab01_recurrent_cell.py"
EXERCISES = {name: getattr(lab01, name) for name in lab01.__all__}
MISTAKES = [pytest.param(e, words, id=f"{name}: {words}") for name, e in EXERCISES.items() for words in e.mistakes]

# What a learner writes first calls the backward pass of a step at every step and adds up; the reference forms the sums at once.
STEP_BY_STEP = ["sequence_backward"]

# The lab is tanh only; where the reference asks its argument `nonlinearity`, the lab has tanh.
TANH_ONLY = {
    "_activation(a, nonlinearity)": "np.tanh(a)",
    "_slope(h_next, nonlinearity)": "(1 - h_next ** 2)",
    "params, x, h, h_next, nonlinearity = cache": "params, x, h, h_next, _ = cache",
    "RNNStepCache(params, x, h, h_next, nonlinearity)": "RNNStepCache(params, x, h, h_next, 'tanh')",
    ", nonlinearity=nonlinearity": "",
    ", *, nonlinearity='tanh'": "",
}


def failure(exercise, function, seed=0):
    with pytest.raises(CheckFailed) as caught:
        exercise.check(function, rng=np.random.default_rng(seed))
    message = str(caught.value)
    assert "\n" not in message
    assert len(re.findall(r"[.;:] (?=This is)|\. (?=[A-Z])", message)) <= 1, f"more than two sentences: {message}"
    return message


@pytest.fixture(scope="module")
def cells():
    return [cell.source for cell in jupytext.read(SOURCE).cells if cell.cell_type == "code"]


@pytest.mark.parametrize("name", EXERCISES)
def test_the_reference_passes_with_one_line(name, capfd):
    for seed in range(20):
        assert EXERCISES[name].check(EXERCISES[name].reference, rng=np.random.default_rng(seed)) is None
    out, err = capfd.readouterr()
    assert err == "" and out.count("\n") == 20 and f"{EXERCISES[name].name} is right" in out


@pytest.mark.parametrize(("exercise", "words"), MISTAKES)
def test_every_mistake_is_rejected_and_named(exercise, words):
    for seed in range(2):
        assert failure(exercise, exercise.mistakes[words], seed).endswith(f" This is what comes out when {words}.")


@pytest.mark.parametrize("name", EXERCISES)
def test_what_is_wrong_in_any_exercise(name):
    exercise = EXERCISES[name]
    outputs = ", ".join(exercise.outputs)

    def first_array(result, change):
        """The right result, with its first array changed."""
        if isinstance(result, dict):
            return {key: first_array(value, change) if i == 0 else value for i, (key, value) in enumerate(result.items())}
        return (first_array(result[0], change), *result[1:]) if isinstance(result, tuple) else change(result)

    def but(change):
        return lambda *args: first_array(exercise.reference(*args), change)

    class AlwaysEqual(np.ndarray):
        def __eq__(self, other):
            return True

        def __sub__(self, other):
            return np.zeros(self.shape)

    assert "is not defined yet" in failure(exercise, None)
    assert f"it returned None; end it with `return {outputs}`" in failure(exercise, lambda *args: None)
    assert "got a list of" in failure(exercise, but(lambda a: a.tolist()))
    assert re.search(r"must have the dtype of the inputs, float\d\d, got int64", failure(exercise, but(lambda a: a.astype(int))))
    assert "must have the dtype of the inputs, float32, got float64" in failure(exercise, but(lambda a: a.astype(np.float64)))
    assert "must have shape" in failure(exercise, but(lambda a: a[None]))
    assert "is nan but" in failure(exercise, but(lambda a: a * np.nan))
    assert "was expected" in failure(exercise, but(lambda a: a + 1e-3))
    assert "was expected" in failure(exercise, but(lambda a: (a + 1).view(AlwaysEqual)))
    assert "it stopped in line" in failure(exercise, lambda *args: 1 / 0)
    assert "ZeroDivisionError: division by zero" in failure(exercise, lambda *args: 1 / 0)
    assert "with SystemExit: no message" in failure(exercise, lambda *args: exit_quietly())


def exit_quietly():
    raise SystemExit


def test_an_untouched_function_is_told_from_an_error():
    def rnn_step_forward(params, x, h):
        raise NotImplementedError()

    def rnn_forward(params, xs, state0):
        return rnn_step_forward(params, xs[0], state0)

    assert "it is not written yet; put your code" in failure(lab01.step_forward, rnn_step_forward)
    assert "it stopped in line" in failure(lab01.sequence_forward, rnn_forward)


def test_a_second_call_must_give_the_same():
    total = 0

    def remembers(params, xs):
        nonlocal total
        total += 1
        return lab01.prediction.reference(params, xs) * (1 if total <= 4 else 0.5)

    assert failure(lab01.prediction, remembers).startswith("predict on the worked example, called a second time: p[0] is")


def test_fresh_inputs_differ_each_time():
    seen = []

    def watch(params, x, h):
        seen.append(x.tobytes())
        return reference.rnn_step_forward(params, x, h)

    lab01.step_forward.check(watch)
    lab01.step_forward.check(watch)
    assert len(set(seen)) == 1 + 3 + 3  # the worked example, and what each check drew


def test_or_reference(capsys):
    def wrong(params, x, h):
        return x, None

    stand_in = lab01.step_forward.or_reference(wrong)
    lab01.sequence_forward.check(lambda params, xs, state0: unrolled(stand_in, params, xs, state0))
    with pytest.raises(CheckFailed):
        lab01.step_forward.check(stand_in)  # still the learner's answer
    assert lab01.step_forward.or_reference(reference.rnn_step_forward) is reference.rnn_step_forward
    assert lab01.step_forward.or_reference(None)(*lab01.step_forward.example())[0].shape == (1, 1)
    assert "is not right yet" in capsys.readouterr().out


def unrolled(step, params, xs, state0):
    steps, h = [], state0
    for x in xs:
        h, cache = step(params, x, h)
        steps.append(cache)
    hs = np.stack([cache.h_next for cache in steps])
    return hs, h, reference.RNNCache(steps, hs)


@pytest.mark.parametrize("name", [name for name in EXERCISES if name not in STEP_BY_STEP])
def test_solutions_equal_the_reference(name):
    def normal(text):
        function = ast.parse(textwrap.dedent(text)).body[0]
        body = function.body[1:] if ast.get_docstring(function) else function.body
        return f"def {function.name}({ast.unparse(function.args)}):\n" + textwrap.indent(ast.unparse(body), "    ")

    exercise = EXERCISES[name]
    wanted = normal(inspect.getsource(inspect.unwrap(exercise.reference)))
    for general, tanh in TANH_ONLY.items():
        wanted = wanted.replace(general, tanh)
    module = ast.parse(SOURCE.read_text("utf8"))
    written = [node for node in module.body if isinstance(node, ast.FunctionDef) and node.name == exercise.name]
    assert [normal(ast.unparse(node)) for node in written] == [normal(wanted)]


@pytest.mark.parametrize("dstate_T", [None, "given"])
def test_the_solution_that_adds_up_step_by_step_equals_the_reference(dstate_T, rng):
    module = ast.parse(SOURCE.read_text("utf8"))
    solution = [node for node in module.body if isinstance(node, ast.FunctionDef) and node.name == "rnn_backward"]
    namespace = {"np": np, "rnn_step_backward": reference.rnn_step_backward}
    exec(compile(ast.Module(solution, []), str(SOURCE), "exec"), namespace)
    T, B, D, H = 6, 3, 4, 5
    xs, dhs, (state0, dstate) = rng.standard_normal((T, B, D)), rng.standard_normal((T, B, H)), rng.standard_normal((2, B, H))
    *_, cache = reference.rnn_forward(reference.init_rnn(rng, D, H), xs, state0)
    args = (cache, dhs, None if dstate_T is None else dstate)
    compare("gradients", namespace["rnn_backward"](*args), reference.rnn_backward(*args), rtol=1e-12, atol=1e-12)


def test_worked_examples_in_the_text_are_those_of_the_checks(cells):
    examples = [cell for cell in cells if cell.startswith("# Worked example")]
    assert len(examples) == len(EXERCISES)
    namespace = {"np": np, "sigmoid": reference.sigmoid}
    order = (lab01.step_forward, lab01.sequence_forward, lab01.step_backward, lab01.sequence_backward, lab01.prediction)
    for cell, exercise in zip(examples, order, strict=True):
        *body, last = ast.parse(cell).body
        exec(compile(ast.Module(body, []), "example", "exec"), namespace)
        shown = eval(compile(ast.Expression(last.value), "example", "eval"), namespace)
        result = exercise.reference(*exercise.example())
        results = dict(zip(exercise.outputs, result if isinstance(result, tuple) else (result,), strict=True))
        right = {"a": np.arctanh(results["h_next"])} if "h_next" in results else {}
        right |= results.pop("dparams", {}) | results
        for name, value in shown.items():
            compare(name, np.ravel(value), np.ravel(right[name]), rtol=0, atol=6e-7)
        assert len(shown) >= 1


def test_the_solved_lab_runs_and_its_text_is_true(cells, monkeypatch, capsys):
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    notebook = {}
    for cell in cells:
        exec(cell, notebook)
    assert "stands in" not in capsys.readouterr().out
    four, eight, sixteen = (notebook["accuracy"][f"{length} words"] for length in (4, 8, 16))
    assert four[:, 9:].min() > 0.99  # learned within 200 steps by every seed
    assert np.abs(np.median(eight, axis=0)[:4] - 0.5).max() < 0.1 and np.median(eight[:, -1]) > 0.9  # nothing for a while, then a rise
    assert np.median(sixteen, axis=0).max() < 0.65  # most have not begun
    reach = np.array(notebook["reach"])
    assert reach[:, 0].max() < 1e-3
    logarithm = np.log(reach)
    assert all(np.corrcoef(np.arange(16), line)[0, 1] > 0.98 for line in logarithm)  # nearly a straight line


def test_nothing_trains_while_nbgrader_grades(cells, monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    notebook = {}
    for cell in cells:
        exec(cell, notebook)
    assert notebook["accuracy"] == {}
