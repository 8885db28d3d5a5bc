"""Lab 6: whether its text is true, and what its checks say in cases of their own. What holds for every lab is in test_labs.py."""

import inspect
import re

import numpy as np
import pytest

import rnncore.reference as reference
from rnncore.checks import check_gradient, compare
from rnncore.checks.labs import lab06
from rnncore.reference.tree import tree_map
from rnncore.tasks.copy_memory import copy_memory
from tests.labs.lab import ROOT
from tests.labs.labs import LABS, solved
from tests.labs.test_labs import failure


@pytest.fixture
def notebook(monkeypatch):
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    return solved("lab06")


def test_what_the_text_says_of_the_experiment_is_true(notebook):
    plain, gru, lstm = (notebook["errors"][cell] for cell in notebook["CELLS"])
    assert all(losses.shape == (3, 14) for losses in (plain, gru, lstm))
    first_hundred = [np.median(losses[:, 3]) for losses in (plain, gru, lstm)]
    assert first_hundred[1] < 0.9 < min(first_hundred[0], first_hundred[2])  # the GRU starts first
    assert gru[:, -1].max() < 1 / 3
    assert lstm[:, -1].max() < 0.8 and np.median(gru[:, -1]) < np.median(lstm[:, -1]) < np.median(plain[:, -1])
    assert lstm[:, -1].max() > 1.5 * lstm[:, -1].min()  # seeds far apart
    assert 0.5 < np.median(plain[:, -1]) < 1
    assert notebook["train"]("plain cell", 12)[1][-1] < 0.3  # a plain cell can


def test_what_the_text_says_of_reading_with_other_equations_is_true(notebook):
    accuracy = {name: np.array(shares) for name, shares in notebook["accuracy"].items()}
    assert accuracy["as trained"].min() > 0.75
    assert np.abs(accuracy["1 - z, converted"] - accuracy["as trained"]).max() < 0.01
    for name in ("1 - z", "reset before"):
        assert accuracy[name].max() < 0.65 and np.median(accuracy[name]) < 0.5
    tokens, _ = notebook["test_sequences"](0)
    params = notebook["trained"]["GRU"][0]["cell"]
    hs, _ = notebook["read"]("GRU", params, tokens)
    step, convert = notebook["READINGS"]["1 - z, converted"]
    compare("states of the converted network", notebook["read_with"](step, convert(params), tokens), hs)


def test_the_small_task_is_the_books_task_made_smaller(notebook):
    small, large = (
        notebook["small_copy"](np.random.default_rng(3), 5, wait=7, symbols=8, length=10),
        copy_memory(np.random.default_rng(3), 7, 5),
    )
    compare("tokens and targets", small, large)
    tokens, targets = notebook["small_copy"](np.random.default_rng(0), 50)
    assert tokens.shape == targets.shape == (16, 50) and tokens.max() == 5 and targets.max() == 4
    assert (tokens[:3] == targets[13:]).all()  # thirteen steps from a symbol to its answer
    assert round(notebook["BASELINE"], 2) == 0.26 and np.isclose(notebook["BASELINE"], 3 * np.log(4) / 16)


def test_the_cells_of_the_experiment_have_as_many_parameters(notebook):
    for kind, init in {"rnn": reference.init_rnn, "gru": reference.init_gru, "lstm": reference.init_lstm}.items():
        drawn = sum(value.size for value in init(np.random.default_rng(0), 6, notebook["UNITS"][kind]).values())
        assert 0.98 * notebook["BUDGET"] <= drawn <= notebook["BUDGET"]
    assert notebook["UNITS"]["gru"] == 32


def test_the_worked_examples_are_the_two_steps_that_the_book_works_by_hand():
    text = (ROOT / "book" / "gru.md").read_text("utf8")
    hs, _, cache = reference.gru_forward(*lab06.sequence_forward.example())
    dparams, _, dstate0 = reference.gru_backward(*lab06.sequence_backward.example())
    for number in (*hs.ravel(), cache.steps[0].r, cache.steps[1].n, dstate0, dparams["bias_ih"][2], dparams["bias_hh"][2]):
        assert f"{float(np.ravel(number)[0]):.6f}" in text
    h = lab06.reset_before.example()[2]
    for x in lab06.sequence_forward.example()[1]:
        h, _ = lab06.reset_before.reference(lab06.reset_before.example()[0], x, h)
    assert f"{h.item():.6f}" in text  # exercise 2 there


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_step_of_the_other_convention_is_that_of_the_reference(dtype):
    for args in lab06.reset_before.draw(np.random.default_rng(0), np.dtype(dtype), B=3, D=2, H=4):
        own, right = lab06.reset_before.reference(*args), reference.gru_step_forward(*args, reset="before")
        assert own[1].reset == right[1].reset == "before"
        compare("h_next", own[0], right[0])
        compare("cache", own[1]._replace(reset=0), right[1]._replace(reset=0))
    assert set(inspect.signature(lab06.reset_before.reference).parameters) == {"params", "x", "h"}


def test_a_whole_number_of_numpy_is_right_and_a_float_is_not():
    def as_numpy(D, H, biases):
        return {cell: np.int32(n) for cell, n in lab06.parameters.reference(D, H, biases).items()}

    lab06.parameters.check(as_numpy, rng=np.random.default_rng(0))
    wrong = failure(lab06.parameters, lambda D, H, biases: {**as_numpy(D, H, biases), "gru": np.float64(312)})
    assert "counts['gru'] must be 312, got float64 312.0." in wrong
    wrong = failure(lab06.parameters, lambda D, H, biases: {**as_numpy(D, H, biases), "gru": np.int64(311)})
    assert "counts['gru'] must be 312, got int64 311." in wrong


def test_the_gradient_check_of_the_notebook_runs_with_stand_ins():
    def unwritten(*args):
        raise NotImplementedError()

    forward, backward = lab06.sequence_forward.or_reference(unwritten), lab06.sequence_backward.or_reference(unwritten)
    rng = np.random.default_rng(1)
    args = reference.init_gru(rng, 3, 4), rng.standard_normal((5, 2, 3)), np.tanh(rng.standard_normal((2, 4)))
    check_gradient(forward, backward, *args, rng=rng)


@pytest.mark.parametrize("name", lab06.__all__)
def test_what_a_property_says_is_one_sentence_with_the_functions_name(name, monkeypatch):
    exercise = getattr(lab06, name)
    right = exercise.reference

    def broken(*args):
        return tree_map(lambda a: a * 1.001 if isinstance(a, np.ndarray) else a + 1 if isinstance(a, int) else a, right(*args))

    broken.__name__, broken.__signature__ = right.__name__, inspect.signature(right)
    monkeypatch.setattr(exercise, "reference", broken)
    assert failure(exercise, broken).startswith(f"{right.__name__}: ")


def test_the_teachers_page_quotes_the_checks():
    page = (ROOT / "book" / "teaching" / "lab06.md").read_text("utf8")
    words = {words for exercise in LABS["lab06"].exercises.values() for words in exercise.mistakes}
    rows = [line.split("|") for line in page.partition("What goes wrong")[2].partition("\n## ")[0].splitlines() if line.startswith("|")]
    quoted = [row[2].strip() for row in rows if not re.match(r"[-:\s]+$", row[2]) and row[2].strip() != "what the check says"]
    assert (
        len(quoted) >= 14
        and [sentence for sentence in quoted if sentence.replace("`", "") not in {w.replace("`", "") for w in words}] == []
    )
    for check, points in LABS["lab06"].points.items():
        assert re.search(rf"\| `{LABS['lab06'].exercises[check.removeprefix('check_')].name}` \| {points} \|", page)
