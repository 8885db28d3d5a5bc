"""Hidden states: the colours are the states, and at a space the trained networks are where they always are."""

import numpy as np
import plotly.graph_objects as go
import pytest

from rnncore.reference import rnn_forward
from rnncore.widgets import widget
from rnncore.widgets.hidden_states import order_at, scaled
from rnncore.widgets.letters import CELL_NAMES, INPUTS, letter_model, read_letters, spread_at

TEXT = "no cat"


def test_heatmap_holds_every_state():
    figure = widget("hidden_states")(text=TEXT, gain=1.5, inputs="embedding")
    for trace, cell in zip(figure.data[:3], CELL_NAMES, strict=True):
        hs = read_letters(cell, scaled(letter_model(cell, "embedding", "trained"), 1.5), TEXT)[0][:, 0]
        units = [int(name.removeprefix("unit ")) for name in trace["y"]]
        assert sorted(units) == list(range(32))
        np.testing.assert_allclose(trace["z"], hs.T[units], rtol=0, atol=0.00501)
        assert (np.diff(trace["z"][:, 2]) <= 0).all()  # the space: from the highest unit to the lowest


def test_gain_multiplies_every_parameter():
    model = letter_model("RNN", "one-hot", "trained")
    params, xs = {name: 2 * array for name, array in model["cell"].items()}, np.eye(27)[[0, 1]][:, None]
    hs, _, _ = rnn_forward(params, xs, np.zeros((1, 32)))
    np.testing.assert_array_equal(read_letters("RNN", scaled(model, 2.0), "ab")[0], hs)


def test_curves_are_norm_and_saturated_share():
    figure = widget("hidden_states")(text=TEXT)
    for i, cell in enumerate(CELL_NAMES):
        hs = read_letters(cell, letter_model(cell, "one-hot", "trained"), TEXT)[0][:, 0]
        np.testing.assert_allclose(figure.data[3 + i]["y"], np.linalg.norm(hs, axis=1), rtol=0, atol=0.00501)
        np.testing.assert_allclose(figure.data[6 + i]["y"], 100 * (np.abs(hs) >= 0.95).mean(axis=1), rtol=0, atol=0.00501)
        assert f"{cell} {(np.abs(hs) >= 0.95).mean():.0%}" in figure.note


@pytest.mark.parametrize("inputs", INPUTS)
def test_a_space_wipes_out_what_was_read_only_after_training(inputs):
    """For the text that the widget starts with; tests/widgets/test_letters.py holds it for every seed that was trained."""
    text = widget("hidden_states").controls["text"].value
    spaces = np.array(list(text)) == " "
    for cell in CELL_NAMES:
        trained, drawn = (
            spread_at(read_letters(cell, letter_model(cell, inputs, w), text)[0][:, 0], spaces) for w in ("trained", "as first drawn")
        )
        assert trained < 0.06 and drawn > 0.1


def test_order_by_hand():
    hs = np.array([[0.1, 0.9, -0.5], [0.5, -0.9, 0.2]])
    assert order_at(hs, np.array([True, False])).tolist() == [1, 0, 2]
    assert order_at(hs, np.array([False, False])).tolist() == [0, 1, 2]


@pytest.mark.parametrize("text", ["ab", "a b", "   b", "Zebra", "x" * 48, "the quick brown fox jumps over the lazy dog end"])
def test_every_text_draws(text):
    figure = widget("hidden_states")(text=text)
    assert figure.layout["xaxis"]["ticktext"] == list(text.lower().replace(" ", "·"))
    assert ("at spaces" in figure.note) == (text.count(" ") > 1)
    go.Figure(figure.spec())


def test_wrong_text_is_refused():
    with pytest.raises(ValueError, match="hidden_states: text may hold the letters a to z and spaces, got '!'"):
        widget("hidden_states")(text="no!")
    with pytest.raises(ValueError, match="1 to 48 characters, got 49"):
        widget("hidden_states")(text="x" * 49)


def test_every_end_of_a_control_draws():
    found = widget("hidden_states")
    for name in ("weights", "inputs", "gain"):
        control = found.controls[name]
        for value in (control.low, control.high) if hasattr(control, "low") else control.options:
            figure = found(**{name: value})
            assert figure.payload() == found(**{name: value}).payload()
            go.Figure(figure.spec())
    assert len(found.to_html()) < 150_000 and len(found.frames()) == 4
