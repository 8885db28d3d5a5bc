"""Lab 2: whether its text is true, and what its checks say in cases of their own. What holds for every lab is in test_labs.py."""

import builtins
import re

import numpy as np
import pytest

import rnncore.reference as reference
from rnncore.checks.labs import lab02
from rnncore.reference.tree import tree_map
from rnncore.widgets import bptt_steps
from tests.labs.lab import ROOT
from tests.labs.labs import LABS, solved
from tests.labs.test_labs import failure


@pytest.fixture
def notebook(monkeypatch):
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    return solved("lab02")


def test_the_network_and_the_sentences_are_those_of_the_chapter(notebook):
    assert {word: tuple(vector) for word, vector in notebook["WORDS"].items()} == bptt_steps.EMBEDDINGS
    assert notebook["SENTENCES"] == bptt_steps.SENTENCES
    params = notebook["params"]
    for name, value in bptt_steps.PARAMS.items():
        assert (params[name] == value).all()
    assert (params["weight_ho"] == bptt_steps.OUT["weight"]).all() and (params["bias_ho"] == bptt_steps.OUT["bias"]).all()


def test_what_the_text_says_of_the_two_sentences_is_true(notebook):
    chapter = (ROOT / "book" / "bptt.md").read_text("utf8")
    love, hate = notebook["by_hand"].values()
    assert all((gradient < 0).all() for gradient in love.values()) and all((gradient > 0).all() for gradient in hate.values())
    assert all((array > 0).all() for name, array in notebook["params"].items() if name != "bias_hh")
    assert all(np.linalg.norm(hate[name]) > np.linalg.norm(love[name]) for name in love)
    assert f"{hate['bias_ho'][0]:.6f} {love['bias_ho'][0]:.6f}" == "0.678253 -0.314789"
    for gradients in (love, hate):  # the sums stand in the chapter, digit for digit
        for name in ("weight_ih", "weight_hh", "bias_ih"):
            rows = (" & ".join(f"{number:.6f}" for number in row) for row in np.atleast_2d(gradients[name]))
            assert all(row in chapter for row in rows)
    losses = [
        notebook["sentence_forward"](notebook["params"], notebook["embed"](s), np.array([y]))[2][0]
        for s, y in notebook["SENTENCES"].items()
    ]
    assert 2.9 < losses[1] / losses[0] < 3.1  # three times as large
    params, falling = notebook["params"], []
    for _ in range(4):
        loss, gradients = notebook["mean_over_sentences"](params)
        falling.append(loss)
        params = notebook["take_step"](params, gradients, 0.5)
    assert (np.diff(falling) < 0).all() and 0.709238 < falling[1] < 0.709238 + 0.005  # the chapter's is a little lower


def test_the_number_taken_from_the_chapter_is_the_one_it_prints():
    """The loss after one update of everything that the chapter trains."""
    model = {
        "embedding": {"weight": np.array(list(bptt_steps.EMBEDDINGS.values()))},
        "rnn": bptt_steps.PARAMS,
        "out": bptt_steps.OUT,
        "state0": np.zeros((1, 3)),
    }
    words = list(bptt_steps.EMBEDDINGS)

    def both(model):
        loss, total = 0.0, tree_map(np.zeros_like, model)
        for sentence, label in bptt_steps.SENTENCES.items():
            xs, embedding_cache = reference.embedding_forward(model["embedding"], np.array([[words.index(w)] for w in sentence.split()]))
            hs, h_T, cache = reference.rnn_forward(model["rnn"], xs, model["state0"])
            y, out_cache = reference.linear_forward(model["out"], h_T)
            one, loss_cache = reference.sigmoid_cross_entropy_forward(y, np.full_like(y, label))
            dout, dh_T = reference.linear_backward(out_cache, reference.sigmoid_cross_entropy_backward(loss_cache))
            drnn, dxs, dstate0 = reference.rnn_backward(cache, np.zeros_like(hs), dh_T)
            of = {"embedding": reference.embedding_backward(embedding_cache, dxs), "rnn": drnn, "out": dout, "state0": dstate0}
            loss, total = loss + one / 2, tree_map(lambda a, b: a + b / 2, total, of)
        return loss, total

    loss, gradient = both(model)
    after, _ = both(reference.sgd_step(model, gradient, lr=0.5))
    assert f"{loss:.6f} {after:.6f}" == "0.756008 0.709238" and "0.709238" in LABS["lab02"].source.read_text("utf8")


def test_what_the_text_says_of_the_witnesses_is_true(notebook):
    for sentence, label in notebook["SENTENCES"].items():
        derived = notebook["by_hand"][sentence]
        xs, targets = notebook["embed"](sentence), np.array([label])
        for name in derived:
            measured = notebook["measure_gradient"](notebook["params"], xs, targets, name, 1e-5)
            assert notebook["relative_error"](derived[name], measured).max() < 1e-7
        loss, third = notebook["third"][sentence]
        assert abs(loss - notebook["sentence_forward"](notebook["params"], xs, targets)[2][0]) < 1e-12
        assert third.keys() == derived.keys()
        assert all(notebook["relative_error"](derived[name], third[name]).max() < 1e-10 for name in derived)


def test_where_pytorch_is_missing_the_third_witness_says_so(notebook, monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name == "torch":
            raise ImportError("no torch here")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    assert notebook["by_autograd"](notebook["params"], notebook["embed"]("i hate this book"), np.array([0.0])) is None


def test_what_the_text_says_of_the_experiment_is_true(notebook):
    steps, errors = notebook["STEPS"], notebook["errors"]
    assert all(error.shape == (5, 23) for error in errors.values())
    fine, coarse = (np.median(errors[dtype], axis=0) for dtype in ("float64", "float32"))
    at = {float(f"1e{k}"): int(np.argmin(np.abs(np.log10(steps) - k))) for k in range(-12, 0)}
    # The lowest points.
    assert 1e-6 < steps[fine.argmin()] < 1e-4 and 2e-11 < fine.min() < 8e-10
    assert 1e-3 < steps[coarse.argmin()] < 1e-1 and 2e-5 < coarse.min() < 5e-4
    # Two powers of ten for one on the right, one for one on the left.
    assert 1.8 < np.log10(fine[at[1e-1]] / fine[at[1e-3]]) / 2 < 2.2
    assert 1.5 < np.log10(coarse[at[1e-1]] / coarse[at[1e-2]]) < 2.2
    assert 0.8 < np.log10(fine[at[1e-11]] / fine[at[1e-7]]) / 4 < 1.2
    assert 0.6 < np.log10(coarse[at[1e-5]] / coarse[at[1e-3]]) / 2 < 1.2
    # The line of 1 %, and the ends.
    assert errors["float64"][:, at[1e-5]].max() < 1e-6 and coarse[at[1e-5]] > 0.015
    assert coarse[0] < 0.01 and fine[0] < 0.01 and 2e-4 < fine[-1] < 5e-3
    assert (errors["float32"][:, at[1e-9] :] == 1).all()
    assert np.float32(0.5) + np.float32(1e-9) == np.float32(0.5)
    assert 4e8 < np.finfo(np.float32).eps / np.finfo(np.float64).eps < 6e8
    assert 100 * 202 + 101 == 20_301 and 2 * 20_301 == 40_602
    assert sum(array.size for array in notebook["unpack"](np.zeros(20_301), 100, 100).values()) == 20_301
    assert 2 * sum(array.size for array in notebook["params"].values()) == 56


@pytest.mark.parametrize("name", lab02.__all__)
def test_what_a_property_says_is_one_sentence_with_the_functions_name(name, monkeypatch):
    exercise = getattr(lab02, name)

    def broken(*args):
        return tree_map(lambda a: a * 1.001 if isinstance(a, np.ndarray) else a, right(*args))

    right = exercise.reference
    broken.__name__ = right.__name__
    monkeypatch.setattr(exercise, "reference", broken)
    assert failure(exercise, broken).startswith(f"{right.__name__}: ")


def test_words_alone_and_sentences_of_one_label_are_right_too():
    """What has no room in the drawn inputs: one word, one sentence, all labels the same."""
    params = lab02.reading.example()[0]
    for targets in (np.zeros(3), np.ones(3)):
        hs, p, losses = lab02.reading.reference(params, np.ones((1, 3, 3)), targets)
        assert hs.shape == (1, 3, 3) and np.allclose(losses, -np.log(p if targets[0] else 1 - p))


def test_no_division_by_zero_is_named_as_what_it_is():
    with np.errstate(all="ignore"):
        message = failure(lab02.comparison, lambda g, n: np.abs(g - n) / np.maximum(np.abs(g), np.abs(n)))
    assert message.endswith("errors[2] is nan but 0 was expected (1 of 5 entries differ).")


def test_the_teachers_page_quotes_the_checks():
    """Every second cell of the table of mistakes stands in the checks, word for word."""
    page = (ROOT / "book" / "teaching" / "lab02.md").read_text("utf8")
    table = page.split("## What goes wrong")[1].split("\n## ")[0]
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in table.splitlines() if line.startswith("|")]
    quoted = [row[-1].strip().replace("\\|", "|") for row in rows if set(row[-1]) - set("- ")][0:]
    words = {words for exercise in LABS["lab02"].exercises.values() for words in exercise.mistakes}
    assert len(quoted) > 16
    assert [quote for quote in quoted if quote not in words and quote != "what the check says"] == []
