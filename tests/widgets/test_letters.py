"""The networks that read letters: what the widgets load is what the script made, and what it wrote beside them is so."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from rnncore.reference import CELLS
from rnncore.tasks.text import language_reference, split_text
from rnncore.widgets.letters import (
    CELL_NAMES,
    INPUTS,
    LETTERS,
    WEIGHTS,
    draw_model,
    keep_gates,
    letter_model,
    read_letters,
    read_text,
    spread_at,
)
from rnncore.widgets.weights import DATA

SCRIPT = Path(__file__).parents[2] / "tools" / "weights" / "letters.py"
MADE = json.loads((DATA / "letters.json").read_text())


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("weights_letters", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("text", "words"), [("a1", "'1'"), ("naïve", "'ï'"), ("a\tb", r"'\\t'"), ("a", "at least 2")])
def test_other_characters_are_refused(text, words):
    with pytest.raises(ValueError, match=words) as caught:
        read_text("gates", text)
    assert str(caught.value).startswith("gates: text ") and str(caught.value).endswith(".")


def test_capitals_are_read_as_small_letters():
    assert read_text("gates", "The Cat") == "the cat"


@pytest.mark.parametrize("cell", CELL_NAMES)
@pytest.mark.parametrize("inputs", INPUTS)
def test_reading_is_the_forward_pass(cell, inputs):
    model, text = letter_model(cell, inputs, "trained"), "a cab"
    rows = model["input"]["weight"][[0, 26, 2, 0, 1]][:, None]
    kind = CELLS[CELL_NAMES[cell]]
    hs, state_T, steps = read_letters(cell, model, text)
    expected, last, _ = kind.forward(model["cell"], rows, kind.zero_state(1, 32))
    np.testing.assert_allclose(hs, expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(state_T, last, rtol=0, atol=1e-12)
    assert len(steps) == 5 and hs.shape == (5, 1, 32)
    assert (rows.shape[2] == 27) == (inputs == "one-hot")


def test_models_are_shared_and_cannot_be_changed():
    for weights in WEIGHTS:
        model = letter_model("GRU", "embedding", weights)
        assert model is letter_model("GRU", "embedding", weights)
        with pytest.raises(ValueError, match="read-only"):
            model["cell"]["weight_hh"][0] = 0


def test_one_hot_vectors_were_not_trained():
    for cell in CELL_NAMES:
        np.testing.assert_array_equal(letter_model(cell, "one-hot", "trained")["input"]["weight"], np.eye(27))


def test_gates_that_keep():
    """What is kept of the memory, and what is written, is the memory after the second letter."""
    for cell in ("LSTM", "GRU"):
        steps = read_letters(cell, letter_model(cell, "one-hot", "trained"), "abc")[2]
        before, after = (step.c if cell == "LSTM" else step.h for step in steps[1:])
        written = steps[1].i * steps[1].g if cell == "LSTM" else (1 - steps[1].z) * steps[1].n
        np.testing.assert_allclose(keep_gates(cell, steps)[1] * before + written, after, rtol=0, atol=1e-12)


def test_spread_by_hand():
    hs = np.array([[0.0, 1.0], [2.0, 1.0], [0.0, 3.0], [2.0, 3.0]])
    assert spread_at(hs, np.array([True, False, True, False])) == pytest.approx(0.5)
    assert spread_at(hs, np.array([True, False, False, False])) == 0


def test_files_are_small():
    assert (DATA / "letters.npz").stat().st_size < 200_000
    assert {(row["cell"], row["inputs"], row["seed"]) for row in MADE["reached"]} == {
        (c, i, s) for c in CELL_NAMES for i in INPUTS for s in range(3)
    }


def test_what_is_written_is_what_the_networks_do(script):
    """Measured again for the stored seed; the text differs a little from one Python to the next."""
    held_out = script.letters_of(split_text(language_reference())[1])
    for row in (row for row in MADE["reached"] if row["seed"] == 0):
        found = script.look_inside(row["cell"], letter_model(row["cell"], row["inputs"], "trained"), held_out)
        for name, value in found.items():
            assert value == pytest.approx(row[name], abs=0.03), f"{row['cell']} {row['inputs']}: {name}"


def test_every_seed_has_learned_and_does_what_the_widgets_say():
    pairs = MADE["nats per letter by counting"]["pairs of letters"]
    drawn = [_spread_as_drawn(cell, inputs, seed) for cell in CELL_NAMES for inputs in INPUTS for seed in range(3)]
    assert max(row["nats per letter"] for row in MADE["reached"]) < pairs - 0.5
    assert max(row["spread at spaces"] for row in MADE["reached"]) < 0.08 < min(drawn)
    for inputs in INPUTS:
        saturated = {
            cell: [row["saturated"] for row in MADE["reached"] if (row["cell"], row["inputs"]) == (cell, inputs)] for cell in CELL_NAMES
        }
        assert max(saturated["LSTM"]) < min(saturated["GRU"]) and max(saturated["GRU"]) < min(saturated["RNN"])


def _spread_as_drawn(cell, inputs, seed):
    text = "the value of the name is not the name of a class that is defined in the module"
    hs = read_letters(cell, draw_model(np.random.default_rng(seed), cell, inputs), text)[0]
    return spread_at(hs[:, 0], np.array(list(text)) == " ")


def test_script_trains(script, monkeypatch):
    monkeypatch.setattr(script, "EPOCHS", 1)
    tokens = script.letters_of(language_reference()[:60_000])
    model = script.train("GRU", "one-hot", 0, tokens[:30_000])
    assert script.held_out_loss("GRU", model, tokens[30_000:35_000]) < script.unigram_cross_entropy(
        tokens[:30_000], tokens[30_000:35_000], len(LETTERS)
    )
    np.testing.assert_array_equal(model["input"]["weight"], np.eye(27))
