"""Gates: what is drawn are the gates of rnncore, and the two half-lives agree where they must."""

import numpy as np
import plotly.graph_objects as go
import pytest

from rnncore.reference import CELLS, sigmoid, step_jacobian
from rnncore.widgets import widget
from rnncore.widgets.gates import computed_share, half_life, measured_share, shifted
from rnncore.widgets.letters import CELL_NAMES, INPUTS, WEIGHTS, keep_gates, letter_model, read_letters

TEXT = "the name of"


@pytest.mark.parametrize(
    ("shown", "lstm", "gru"), [("keep: f, z", "f", "z"), ("write: i, 1 − z", "i", "z"), ("show, reset: o, r", "o", "r")]
)
def test_heatmaps_hold_the_gates(shown, lstm, gru):
    figure = widget("gates")(text=TEXT, shown=shown, forget_bias=1)
    for trace, cell, name in zip(figure.data[:2], ("LSTM", "GRU"), (lstm, gru), strict=True):
        steps = read_letters(cell, shifted(letter_model(cell, "one-hot", "trained"), 1), TEXT)[2]
        values = np.stack([getattr(step, name)[0] for step in steps])
        values = 1 - values if shown.startswith("write") and cell == "GRU" else values
        units = [int(unit.removeprefix("unit ")) for unit in trace["y"]]
        np.testing.assert_allclose(trace["z"], values.T[units], rtol=0, atol=0.00501)
        assert (np.diff(values.mean(axis=0)[units]) <= 0).all()


def test_only_the_gate_that_keeps_is_shifted():
    """At the first letter h is 0, so f and z move by exactly the shift and no other gate moves."""
    for cell, others in (("LSTM", ("i", "g", "o")), ("GRU", ("r",))):
        model = letter_model(cell, "one-hot", "trained")
        before, after = (read_letters(cell, m, "ab")[2] for m in (model, shifted(model, 2)))
        logit = [np.log(gate / (1 - gate)) for gate in (keep_gates(cell, before)[0], keep_gates(cell, after)[0])]
        np.testing.assert_allclose(logit[1] - logit[0], 2, rtol=0, atol=1e-9)
        for name in others:
            np.testing.assert_array_equal(getattr(before[0], name), getattr(after[0], name))


@pytest.mark.parametrize("cell", ["LSTM", "GRU"])
@pytest.mark.parametrize("weights", WEIGHTS)
def test_measured_share_is_the_jacobian(cell, weights):
    """After one letter and after two: the diagonal of the (product of the) step Jacobians."""
    model = letter_model(cell, "one-hot", weights)
    kind, (_, _, steps) = CELLS[CELL_NAMES[cell]], read_letters(cell, model, "the")
    measured = measured_share(cell, model, "the")
    state = kind.zero_state(1, 32)
    first, second = (step_jacobian(kind.step_backward, step, state)[0] for step in steps[1:])
    memory = slice(-32, None)  # c of the LSTM comes after h
    np.testing.assert_allclose(measured[0], 1, rtol=0, atol=1e-10)
    np.testing.assert_allclose(measured[1], np.diag(first[memory, memory]), rtol=0, atol=1e-3)
    np.testing.assert_allclose(measured[2], np.diag((second @ first)[memory, memory]), rtol=0, atol=1e-3)


def test_computed_share_is_the_product_of_gates():
    steps = read_letters("GRU", letter_model("GRU", "embedding", "trained"), "tree")[2]
    left = computed_share("GRU", steps)
    assert left.shape == (4, 32) and (left[0] == 1).all()
    np.testing.assert_allclose(left[3], steps[1].z[0] * steps[2].z[0] * steps[3].z[0], rtol=1e-12)


@pytest.mark.parametrize("factor", [0.5, 0.731, 0.9])
def test_half_life_of_a_gate_that_stays(factor):
    """log(1/2) / log(f); the straight line between two letters errs by less than a tenth of a letter."""
    assert half_life(factor ** np.arange(40)) == pytest.approx(np.log(0.5) / np.log(factor), abs=0.1)


def test_half_life_by_hand():
    assert half_life(np.array([1.0, 0.75, 0.25])) == 1.5
    assert half_life(np.array([1.0, 0.9, 0.8])) == float("inf")


@pytest.mark.parametrize("inputs", INPUTS)
def test_a_higher_forget_bias_lengthens_a_memory(inputs):
    """Step by step, computed and measured, for the text that the widget starts with."""
    text = widget("gates").controls["text"].value
    for cell in ("LSTM", "GRU"):
        lives = []
        for shift in range(-2, 5):
            model = shifted(letter_model(cell, inputs, "trained"), shift)
            computed = computed_share(cell, read_letters(cell, model, text)[2]).mean(axis=1)
            lives.append((half_life(computed), half_life(np.abs(measured_share(cell, model, text)).mean(axis=1))))
        for computed, measured in lives:
            assert computed == measured or measured == pytest.approx(computed, rel=0.25)
        assert all(a < b or a == b == float("inf") for a, b in zip([c for c, _ in lives], [c for c, _ in lives[1:]], strict=False))


def test_as_first_drawn_the_half_life_is_that_of_the_bias():
    """The LSTM starts with a bias of 1, so 1 + 1 gives sigmoid(2) = 0.88 and 5.5 letters."""
    figure = widget("gates")(weights="as first drawn", forget_bias=1)
    computed = half_life(np.array(figure.data[2]["y"]))
    assert computed == pytest.approx(np.log(0.5) / np.log(sigmoid(np.array(2.0))), rel=0.05)
    assert f"LSTM computed {computed:.1f}" in figure.note


@pytest.mark.parametrize("text", ["ab", "  b", "Zebra", "the quick brown fox jumps over the lazy dog end"])
def test_every_text_draws(text):
    go.Figure(widget("gates")(text=text).spec())


def test_wrong_text_is_refused():
    with pytest.raises(ValueError, match="gates: text may hold the letters a to z and spaces, got '3'"):
        widget("gates")(text="r3d")


def test_every_end_of_a_control_draws():
    found = widget("gates")
    for name in ("forget_bias", "shown", "weights", "inputs"):
        control = found.controls[name]
        for value in (control.low, control.high) if hasattr(control, "low") else control.options:
            figure = found(**{name: value})
            assert figure.payload() == found(**{name: value}).payload()
            go.Figure(figure.spec())
    assert len(found.to_html()) < 150_000 and len(found.frames()) == 7
