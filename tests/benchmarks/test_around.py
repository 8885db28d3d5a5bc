"""What goes around a layer: both sides of every ratio run and agree, and a limit can be missed."""

import numpy as np
import pytest

from rnncore.checks import CheckFailed

SHAPE = (5, 6, 3, 4)


def test_quick_sections(load, monkeypatch):
    around = load("around")
    monkeypatch.setattr(around, "SHAPES", [SHAPE])
    (section,) = around.sections(quick=True)
    assert len(section.rows) == 3 * 2 * 2 and len(section.targets) == 3 * 4
    assert all(ratio.median > 0 for row in section.rows for name, ratio in row.items() if name.endswith("/ parts"))


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
def test_forward_passes_agree_up_to_the_lengths(load, name):
    pairs = load("around").pairs(load("around").given(name, SHAPE, "float64"))
    assert list(pairs) == ["two directions", "two layers", "lengths T/2 to T", "lengths all T"]
    for arrangement, ((composed, _), (parts, _)) in pairs.items():
        got, expected = composed()[0], parts()[0]
        inside = got != 0 if arrangement == "lengths T/2 to T" else np.ones_like(got, bool)
        assert inside[:3].all()
        np.testing.assert_allclose(got[inside], expected[inside], rtol=1e-12)


def test_gradients_that_differ_are_not_timed(load, monkeypatch):
    around = load("around")
    wrong = around.stacked_backward
    monkeypatch.setattr(around, "stacked_backward", lambda cache, dhs: wrong(cache, 2 * dhs))
    with pytest.raises(CheckFailed, match="RNN, two layers"):
        around.measure("RNN", SHAPE, "float64", quick=True)


def test_a_layer_that_costs_too_much_around_it_is_named(load):
    around, Spread = load("around"), load("grid").Spread

    def row(layer, passes, ratio):
        return {"layer": layer, "passes": passes, "two layers / parts": Spread(ratio, ratio, ratio)}

    rows = [row("RNN", around.BOTH, 1.1), row("RNN", "forward", 9.0), row("GRU", around.BOTH, 1.0), row("GRU", around.BOTH, 1.2)]
    assert [(target.name, target.met) for target in around.targets(rows)] == [
        ("RNN, two layers / parts, worst", True),
        ("GRU, two layers / parts, worst", False),
    ]
