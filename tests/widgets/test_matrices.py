"""Matrices as cells: where they stand, and that the digits on them can be read."""

import numpy as np
import pytest

from rnncore.plots import DIVERGING
from rnncore.widgets.matrices import INK, cells, edges, product


def luminance(rgb):
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def rgb(color):
    return np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255


@pytest.mark.parametrize("value", np.linspace(-3, 3, 25))
def test_digits_have_contrast_on_every_cell(value):
    trace = cells([(np.full((1, 1), value), [["1"]], [[""]])], x=[0, 1], y=[0, 1])
    place = (trace["z"][0, 0] - trace["zmin"]) / (trace["zmax"] - trace["zmin"])
    stops, colors = zip(*DIVERGING, strict=True)
    cell = np.array([np.interp(place, stops, channel) for channel in zip(*map(rgb, colors), strict=True)])
    assert (luminance(cell) + 0.05) / (luminance(rgb(INK)) + 0.05) >= 4.5


def test_blocks_with_gaps_between_them():
    block = (np.ones((2, 2)), [["a", "b"], ["c", "d"]], [["e", "f"], ["g", "h"]])
    hole = (np.array([[np.nan, 2.0]]), [["x", "y"]], [["x", "y"]])
    rows, centres = edges([2, 1], gap=0.5)
    trace = cells([block, hole], x=np.arange(3), y=rows)
    assert trace["text"] == [["a", "b"], ["c", "d"], ["", ""], ["", "y"]]
    assert trace["hovertext"] == [["e", "f"], ["g", "h"], ["", ""], ["", "y"]]
    assert np.isnan(trace["z"]).tolist() == [[False] * 2, [False] * 2, [True] * 2, [True, False]]
    assert len(trace["y"]) == len(trace["z"]) + 1 and centres.tolist() == [1.0, 3.0]
    beside = cells([block, block], x=edges([2, 2])[0], y=np.arange(3), across=True)
    assert beside["text"] == [["a", "b", "", "a", "b"], ["c", "d", "", "c", "d"]]


def test_sums_of_products_are_written_with_their_signs():
    assert product([-0.5, 0.6], [1.0, -2.0], digits=1) == "-0.5·1.0 + 0.6·(-2.0)"
    assert product([0.0], [0.25], digits=2) == "0·0.25"
