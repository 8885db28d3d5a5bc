"""Figures: plain data, alternative text always, and plotly itself accepts them."""

import json

import numpy as np
import plotly.graph_objects as go
import pytest

from rnncore.plots import Figure, bars, heatmap, lines

LABELS = {"alt": "what is seen", "xlabel": "step", "ylabel": "norm"}


def figures(rng):
    yield lines({"one": rng.random(5), "runs": rng.random((3, 5))}, **LABELS, log_y=True)
    yield lines({"a": [1, 2], "b": [3, 4, 5]}, x={"a": [0, 1], "b": [0, 1, 2]}, **LABELS)
    yield heatmap(rng.standard_normal((2, 3)), x="aab", y=["u", "v"], **LABELS)
    yield heatmap(rng.random((2, 3)), **LABELS)
    yield bars({"a": 1.0, "b": rng.random(4)}, alt="what is seen", ylabel="loss")


def test_plotly_accepts_every_figure(rng):
    for figure in figures(rng):
        go.Figure(figure.spec())  # raises for an unknown property
        bundle = figure._repr_mimebundle_()
        assert json.loads(json.dumps(bundle["application/vnd.plotly.v1+json"])) == figure.spec()
        assert 'aria-label="what is seen"' in bundle["text/html"] and bundle["text/plain"] == "what is seen"


def test_runs_become_their_median_and_a_band():
    low, high, middle = lines({"loss": [[1, 5], [2, 6], [9, 7]]}, **LABELS).spec()["data"]
    assert (low["y"], high["y"], middle["y"]) == ([1, 5], [9, 7], [2, 6])


def test_bars_show_the_spread():
    trace = bars({"a": [1.0, 2.0, 4.0]}, alt="a", ylabel="y").spec()["data"][0]
    assert trace["y"] == [2.0] and trace["error_y"]["array"] == [2.0] and trace["error_y"]["arrayminus"] == [1.0]


def test_colours_are_symmetric_around_zero_when_signs_mix():
    trace = heatmap([[-1.0, 3.0]], **LABELS).spec()["data"][0]
    assert (trace["zmin"], trace["zmax"]) == (-3.0, 3.0)


def test_data_cannot_break_out_of_the_page():
    markup = Figure([{"name": "</script><script>alert(1)"}], {}, alt='a "quoted" <text>').to_html()
    assert markup.count("</script>") == 1 and "&quot;quoted&quot; &lt;text&gt;" in markup


def test_not_finite_becomes_a_gap():
    assert lines({"a": [1.0, np.nan, np.inf]}, **LABELS).spec()["data"][0]["y"] == [1.0, None, None]


@pytest.mark.parametrize("alt", ["", "  ", None])
def test_a_figure_without_text_is_refused(alt):
    with pytest.raises(ValueError, match="alt must say what the figure shows"):
        Figure([], {}, alt=alt)
