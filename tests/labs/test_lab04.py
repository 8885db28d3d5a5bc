"""Lab 4: whether its text is true, and what its checks say in cases of their own. What holds for every lab is in test_labs.py."""

import numpy as np
import pytest

from rnncore.checks.labs import lab04
from rnncore.reference import linear_forward, rnn_forward, softmax_cross_entropy_forward
from rnncore.reference.tree import tree_map
from tests.labs.lab import ROOT
from tests.labs.labs import solved
from tests.labs.test_labs import failure


def test_what_the_text_says_of_the_bias_is_true(monkeypatch):
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    notebook = solved("lab04")
    cosines, errors = ([notebook[name][way] for way in WAYS] for name in ("cosines", "errors"))
    assert all(values.shape == (5, 15) for values in (*cosines, *errors))
    chunks, last, forgets = cosines
    assert notebook["KS"] == list(range(1, 16)) and notebook["DELAY"] == 6
    assert max(chunks[:, :6].max(), last[:, :6].max()) < 0.6
    assert last[:, 6].min() > 0.97
    assert 0.65 < np.median(chunks[:, 6]) < 0.92 and chunks[:, 6].max() < last[:, 6].min() - 0.05
    assert (np.diff(np.median(chunks, axis=0)[6:]) > -0.01).all() and chunks[:, -1].min() > 0.95
    assert np.abs(np.median(forgets, axis=0)[1:6] - 0.9).max() < 0.05 and forgets[:, 6:].min() > 0.98
    chunks, last, forgets = errors
    assert all(values[:, 0].min() > 0.6 and values[:, 0].max() < 1 for values in errors)
    assert all((np.diff(np.median(values, axis=0)) < 0.02).all() for values in errors)
    assert last[:, 5].max() < 0.25 and forgets[:, 5].max() < 0.1 < chunks[:, -1].min()
    tenth = np.median(notebook["seventh"]["forget"]) / np.median(notebook["seventh"]["keep"])
    assert 0.05 < tenth < 0.15
    assert sum(place + 1 >= 7 for place in range(14)) == 8 and sum(place + 1 >= 7 for place in range(7)) == 1


WAYS = ("chunks of k", "last k steps", "last k steps, forgets")


def test_what_the_text_says_of_the_carried_state_is_true(monkeypatch):
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    notebook = solved("lab04")
    losses = {name: notebook["losses"][f"trained {name[0]}, reads {name[1]}"] for name in HABITS}
    assert all(values.shape == (4, 8) for values in losses.values())
    both, reset_after_carried, carried_after_reset, neither = losses.values()
    pairs = reference_bigram(notebook)
    for values in (both, carried_after_reset):  # level, at about a third of a nat
        assert np.abs(values - 1 / 3).max() < 0.08
        assert np.ptp(np.median(values, axis=0)) < 0.1
    assert reset_after_carried[:, 0].min() > np.log(notebook["V"]) and notebook["V"] == 27  # worse than an even guess, and more than 3
    assert np.abs(neither[:, 0] - 1.7).max() < 0.1 and np.abs(neither[:, 0] - pairs).max() < 0.15
    for values in (reset_after_carried, neither):  # within six places down to the others
        assert np.abs(values - both)[:, 6:].max() < 0.1
        assert (np.diff(np.median(values, axis=0)[:4]) < 0).all()
    assert both.mean(axis=1).max() < neither.mean(axis=1).min() - 0.1  # carried beats reset, for every seed
    assert neither.mean(axis=1).max() < reset_after_carried.mean(axis=1).min()
    assert both.mean(axis=1).max() < carried_after_reset.mean(axis=1).min() + 0.01  # nearly as well


HABITS = (("carried", "carried"), ("carried", "reset"), ("reset", "carried"), ("reset", "reset"))


def test_mixing_and_shuffling_can_go_wrong(monkeypatch):
    """What the text says of chunks of two steps, and the teacher's page of rows that are shuffled between chunks."""
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    notebook = solved("lab04")
    rng, params = np.random.default_rng(0), notebook["networks"]["carried"][0]
    state, first = np.zeros((32, 48)), []
    for inputs, targets in notebook["test_batches"]:
        state = rng.permutation(state)
        hs, state, _ = rnn_forward(params["rnn"], params["embedding"]["weight"][inputs], state)
        logits, _ = linear_forward(params["output"], hs[0])
        first.append(softmax_cross_entropy_forward(logits, targets[0])[0])
    assert np.mean(first) > 4.5 > 1.1 * notebook["losses"]["trained carried, reads reset"][0, 0]

    monkeypatch.setitem(notebook, "T", 2)
    batches = notebook["stream_batches"](notebook["test_tokens"], 2, 32)
    carried, reset = (
        [notebook["losses_by_place"](notebook["train"](seed, carry), batches, True).mean() for seed in range(2)] for carry in (True, False)
    )
    assert max(carried) < 0.5 and min(reset) > 2 * max(carried)


def reference_bigram(notebook):
    return notebook["bigram_cross_entropy"](notebook["train_tokens"], notebook["test_tokens"], notebook["V"])


def test_what_is_too_much_is_named():
    """All that is expected is there and right; a chunk more is there, too."""

    def with_the_rest(tokens, T, B):
        S = (len(tokens) - 1) // B
        xs, ys = tokens[: S * B].reshape(B, S).T, tokens[1 : S * B + 1].reshape(B, S).T
        return [(xs[start : start + T], ys[start : start + T]) for start in range(0, S, T)]

    assert failure(lab04.streams, with_the_rest) == (
        "stream_batches on the worked example: batches must hold 2 entries, got a list of 3. "
        "This is what comes out when the last, shorter chunk is kept; what does not fill a chunk is left out."
    )


def test_sequences_are_long_enough_to_be_cut_more_than_once():
    """A letter may have a least size of its own; all sizes still differ, and the message names them as they are."""
    for exercise in (lab04.chunks, lab04.windows):
        for where, (_, xs, state0, *_) in list(exercise._cases(np.random.default_rng(0)))[1:]:
            sizes = *xs.shape, state0.shape[1]
            assert sizes[0] >= 6 and len(set(sizes)) == 4 and min(sizes) >= 2
            assert where == " with " + ", ".join(f"{letter}={size}" for letter, size in zip("TBDH", sizes, strict=True))


@pytest.mark.parametrize("name", lab04.__all__)
def test_what_a_property_says_is_one_sentence_with_the_functions_name(name, monkeypatch):
    exercise = getattr(lab04, name)

    def broken(*args):
        return tree_map(lambda a: (a + a // 40 if a.dtype.kind == "i" else a * 1.001) if isinstance(a, np.ndarray) else a, right(*args))

    right = exercise.reference
    broken.__name__ = right.__name__
    monkeypatch.setattr(exercise, "reference", broken)
    assert failure(exercise, broken).startswith(f"{right.__name__}: ")


def test_cutting_by_hand_as_in_the_chapter():
    """The four ways of the chapter's linear unit, with a cell that is nearly linear: small inputs, and a bias of zero."""
    params = {"weight_ih": np.ones((1, 1)), "weight_hh": np.array([[0.5]]), "bias_ih": np.zeros(1), "bias_hh": np.zeros(1)}
    xs, dhs, small = np.array([8.0, 0, 0, 4]).reshape(4, 1, 1), np.ones((4, 1, 1)), 1e-5
    chunked, truncated = lab04.chunks.reference, lab04.windows.reference
    for right, (dparams, _, _) in {
        (22, 19): chunked(params, small * xs, np.zeros((1, 1)), dhs, 4),
        (16, 16): chunked(params, small * xs, np.zeros((1, 1)), dhs, 2),
        (20, 16): truncated(params, small * xs, np.zeros((1, 1)), dhs, 1, 2),
        (22, 16.0): truncated(params, small * xs, np.zeros((1, 1)), dhs, 2, 3),
    }.items():
        got = [dparams[name].item() / small for name in ("weight_hh", "weight_ih")]
        assert np.allclose(got, right, rtol=1e-6)


def test_the_teachers_page_quotes_the_checks():
    """The second column of its table of mistakes holds words of the checks, and each of the graded parts has two rows or more."""
    page = (ROOT / "book" / "teaching" / "lab04.md").read_text("utf8")
    table = page.split("## What goes wrong")[1].split("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line.startswith("|")][2:]
    words = {mistake for name in lab04.__all__ for mistake in getattr(lab04, name).mistakes}
    assert [said for _, said in rows if said not in words] == []
    parts = [did.split(":")[0] for did, _ in rows]
    assert parts == sorted(parts) and all(2 <= parts.count(part) <= 4 for part in "1234678")
