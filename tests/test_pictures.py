"""Pictures: every kind of trace and mark in an SVG that says the figure's numbers, and the same SVG each time."""

import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from rnncore.pictures import data_uri, to_svg
from rnncore.plots import COLORS, STATIC, Figure, bars, heatmap, lines

LABELS = {"alt": "seen", "xlabel": "step", "ylabel": "norm & more"}


def texts(svg):
    return ["".join(one.itertext()).strip() for one in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def path_ends(svg, color):
    """First and last point of the first line of a colour."""
    path = next(one for one in re.findall(r'd="([^"]*)"[^>]*stroke: (#\w+)', svg) if one[1] == color)[0]
    points = [tuple(map(float, point.split())) for point in re.findall(r"[ML] ([-\d.]+ [-\d.]+)", path)]
    return points[0], points[-1]


def test_the_same_figure_gives_the_same_picture(rng):
    figure = lines({"a": rng.random(20), "b": rng.random((3, 20))}, **LABELS)
    assert to_svg(figure) == to_svg(figure) and to_svg(figure) != to_svg(lines({"a": [1, 2]}, **LABELS))


def test_a_curve_goes_where_its_numbers_go():
    svg = to_svg(lines({"rising": [1.0, 2.0, 3.0], "falling": [3.0, 2.0, 1.0]}, **LABELS))
    (x0, y0), (x1, y1) = path_ends(svg, COLORS[0])
    assert x0 < x1 and y0 > y1, "up is less in SVG"
    (_, y0), (_, y1) = path_ends(svg, COLORS[1])
    assert y0 < y1
    assert {"step", "norm & more", "rising", "falling"} <= set(texts(svg))


def test_a_logarithmic_axis():
    svg = to_svg(lines({"a": [1.0, 1e-2, 1e-4]}, **LABELS, log_y=True))
    assert {"1", "0.01", "10⁻⁴"} <= set(texts(svg))
    points = re.findall(r"[ML] ([\d.]+) ([\d.]+)", re.search(rf'd="([^"]*)"[^>]*stroke: {COLORS[0]}', svg)[1])
    heights = np.array(points, dtype=float)[:, 1]
    np.testing.assert_allclose(np.diff(heights)[0], np.diff(heights)[1], atol=0.2)


def test_a_heatmap_writes_its_numbers_and_names():
    figure = heatmap([[0.1, -0.2], [0.3, np.nan]], x="ab", y=["u", "v"], **LABELS)
    figure.data[0] |= {"texttemplate": "%{z:.2f}"}
    found = texts(to_svg(figure))
    assert {"0.10", "-0.20", "0.30", "a", "b", "u", "v"} <= set(found) and "nan" not in " ".join(found)


def test_bars_stack_and_stand_side_by_side():
    data = [
        {"type": "bar", "name": n, "x": ["p", "q"], "y": y, "marker": {"color": c}}
        for n, y, c in (("a", [1, 2], "#111111"), ("b", [3, 1], "#222222"))
    ]

    def boxes(mode):
        svg = to_svg(Figure(data, {"barmode": mode}, "seen"))
        shapes = re.findall(r'd="([^"]*)"[^>]*fill: (#111111|#222222)', svg)
        numbers = [(np.array(re.findall(r"[\d.]+ [\d.]+", d)[:4]), color) for d, color in shapes]
        return {
            c: [np.array([p.split() for p in one], dtype=float) for one, color in numbers if color == c][-2:]
            for c in ("#111111", "#222222")
        }

    stacked, grouped = boxes("stack"), boxes("group")
    assert stacked["#111111"][0][:, 1].min() == stacked["#222222"][0][:, 1].max(), "the second stands on the first"
    assert grouped["#111111"][0][:, 0].max() <= grouped["#222222"][0][:, 0].min() + 0.2, "the second stands beside the first"


def test_panels_marks_and_words():
    data = [
        {"type": "scatter", "mode": "lines", "line": {"shape": "hv", "dash": "dot"}, "y": [1, 2]},
        {
            "type": "scatter",
            "mode": "markers+text",
            "text": ["one", "two"],
            "x": [0, 1],
            "y": [1, 2],
            "xaxis": "x2",
            "yaxis": "y2",
            "textposition": "top center",
        },
        {
            "type": "scatter",
            "mode": "markers",
            "x": [0, 1],
            "y": [1, 2],
            "marker": {"color": [0.0, 1.0], "symbol": ["x", "circle-open"], "size": [4, 9]},
        },
    ]
    layout = {
        "xaxis2": {"anchor": "y2", "title": {"text": "below"}},
        "yaxis": {"domain": [0.6, 1], "range": [0, 4]},
        "yaxis2": {"domain": [0, 0.4], "autorange": "reversed"},
        "annotations": [
            {"text": "here<br>H<sub>2</sub>", "x": 0.5, "y": 1.5},
            {"text": "corner", "xref": "paper", "yref": "paper", "x": 0, "y": 1, "showarrow": False},
        ],
        "shapes": [
            {"type": "line", "x0": 0, "x1": 1, "y0": 0, "y1": 1, "yref": "y domain"},
            {"type": "rect", "x0": 0, "x1": 1, "y0": 1, "y1": 2, "fillcolor": "rgba(0,0,0,0.2)"},
        ],
    }
    found = texts(to_svg(Figure(data, layout, "seen")))
    assert {"one", "two", "below", "corner"} <= set(found) and any("H_2" in one for one in found)


def test_cells_lie_where_the_heatmap_says():
    """By the places of cells, by their borders, or by the first place and the distance."""
    z = [[1.0, 2.0, 3.0]]
    given = ({"x": [5, 6, 7], "y": [0]}, {"x": [4.5, 5.5, 6.5, 7.5], "y": [-0.5, 0.5]}, {"x0": 5, "dx": 1})
    pictures = {to_svg(Figure([{"type": "heatmap", "z": z, **where}], {"xaxis": {"tickvals": [5, 7]}}, "seen")) for where in given}
    assert len(pictures) == 1
    assert pictures != {to_svg(Figure([{"type": "heatmap", "z": z}], {"xaxis": {"tickvals": [5, 7]}}, "seen"))}


def test_whiskers_and_transparent_colours():
    spread = {"type": "data", "array": [0.5, None], "arrayminus": [0.25, None]}
    svg = to_svg(Figure([{"y": [1, 2], "error_y": spread}], {"shapes": [{"type": "rect", "fillcolor": "rgba(0,0,0,0.2)"}]}, "seen"))
    assert svg.count("stroke: #7f7f7f") >= 3 and re.search(r"opacity: 0?\.2\b", svg)


def test_what_is_not_known_is_said():
    with pytest.raises(ValueError, match="a trace must be one of scatter, scattergl, bar, heatmap, got 'pie'"):
        to_svg(Figure([{"type": "pie"}], {}, "seen"))
    with pytest.raises(ValueError, match="a shape must be one of line, rect, circle, got 'path'"):
        to_svg(Figure([{"y": [1, 2]}], {"shapes": [{"type": "path"}]}, "seen"))


def test_an_address_can_stand_in_a_page():
    svg = to_svg(bars({"50 % <b>": 1.0, "#": [1.0, 2.0]}, alt="seen", ylabel='"'))
    uri = data_uri(svg)
    assert not set('"<>#&\n') & set(uri)


def test_only_the_site_carries_pictures(monkeypatch):
    figure = lines({"a": [1, 2]}, **LABELS)
    monkeypatch.delenv(STATIC, raising=False)
    assert "<img" not in figure.to_html()
    monkeypatch.setenv(STATIC, "1")
    assert '<noscript><img src="data:image/svg+xml,' in figure.to_html() and 'alt="seen"' in figure.to_html()
