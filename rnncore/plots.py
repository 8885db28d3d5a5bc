"""Figures: pure functions from numbers to a plotly figure, with the text that says the same to who cannot see it.

Contents
    COLORS       colours of curves: distinguishable with any colour vision, in either theme
    DIVERGING    colours of a matrix, from blue over a light middle to red
    SEQUENTIAL   colours of a matrix, from light to dark
    Figure       a plotly figure as plain data, with its alternative text
    lines        curves; several runs of one thing become their median and a band from lowest to highest
    heatmap      a matrix as colours
    bars         named quantities, with the spread of several runs
    STATIC       name of the environment variable that is set while the site's notebooks are executed

A Jupyter front end draws a `Figure` from its plotly data; the built site finds the same data in the page and draws it in the
colours of the reader's theme. Only NumPy is imported: plotly itself is not needed to make a figure.

Source: a figure is data as plotly's documentation describes it; the choice of figures and colours is this course's own.
"""

import json
import os
from html import escape

import numpy as np

__all__ = ["COLORS", "DIVERGING", "SEQUENTIAL", "STATIC", "Figure", "bars", "heatmap", "lines"]

STATIC = "RNNCORE_STATIC"

# Distinguishable with any colour vision, and at least 3:1 against both the light and the dark page.
COLORS = ("#0077bb", "#d55e00", "#009e73", "#b8609a", "#7f7f7f", "#a6761d")
DIVERGING = ((0.0, "#0b5fa5"), (0.25, "#6fa8d6"), (0.5, "#f4f1ea"), (0.75, "#e58a4e"), (1.0, "#b03a06"))
SEQUENTIAL = ((0.0, "#f4f1ea"), (0.35, "#8fbfd9"), (0.7, "#2f7db5"), (1.0, "#08306b"))


class Figure:
    """A plotly figure as plain data.

    Args:
        data: list of traces (dicts), as plotly describes them.
        layout: dict, as plotly describes it.
        alt: what the figure shows, in one or two sentences, for a reader who cannot see it.
        note: a line or two of text that belongs under the figure, such as a measured number or a generated text.
    Raises:
        ValueError: alt is empty.
    """

    def __init__(self, data, layout, alt, note=""):
        if not alt or not alt.strip():
            raise ValueError("Figure: alt must say what the figure shows, got an empty text.")
        self.data, self.layout, self.alt, self.note = list(data), dict(layout), " ".join(alt.split()), note

    def spec(self):
        """The figure as one JSON-ready dict with the keys data and layout; numbers keep five significant digits."""
        return _plain({"data": self.data, "layout": self.layout})

    def payload(self):
        """The figure with its texts: a JSON-ready dict with the keys data, layout, alt and note."""
        return {**self.spec(), "alt": self.alt, "note": self.note}

    def to_html(self):
        """The figure as the HTML that the site's script draws; without JavaScript the site shows a picture instead."""
        alt, note = escape(self.alt), escape(self.note)
        without = f'<img src="{self._picture()}" alt="{alt}">' if os.environ.get(STATIC) else alt
        return (
            f'<div class="rnn-figure"><div class="rnn-plot" role="img" aria-label="{alt}" '
            f'style="min-height:{self.layout.get("height", HEIGHT)}px"><noscript>{without}</noscript></div>'
            f'<output class="rnn-note">{note}</output>{script(self.spec())}</div>'
        )

    def _picture(self):
        from rnncore.pictures import data_uri, to_svg

        return data_uri(to_svg(self))

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"application/vnd.plotly.v1+json": self.spec(), "text/html": self.to_html(), "text/plain": self.alt}


HEIGHT = 340


def script(value):
    """A value as JSON in an element that a page carries and does not run."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False, ensure_ascii=False).replace("<", "\\u003c")
    return f'<script type="application/json">{text}</script>'


def lines(series, *, alt, xlabel, ylabel, x=None, log_y=False, height=HEIGHT):
    """Draw curves.

    Args:
        series: dict from name to values: (N,) for one curve, (R, N) for R runs of it, drawn as their median
            with a band from the lowest to the highest run. NaN leaves a gap.
        alt: alternative text.
        xlabel, ylabel: axis titles, with units.
        x: (N,) positions; 1, 2, ... if left out. A dict from name to positions where curves differ.
        log_y: True for a logarithmic vertical axis.
        height: in pixels.
    Returns:
        A `Figure`.
    Raises:
        ValueError: alt is empty, or what should be drawn is not numbers.
    """
    traces = []
    for i, (name, values) in enumerate(series.items()):
        color, values = COLORS[i % len(COLORS)], np.asarray(values, dtype=float)
        at = x.get(name) if isinstance(x, dict) else x
        at = np.arange(1, values.shape[-1] + 1) if at is None else np.asarray(at)
        line = {"type": "scatter", "mode": "lines", "name": name, "legendgroup": name, "x": at, "line": {"color": color, "width": 2.2}}
        if values.ndim == 1:
            traces.append({**line, "y": values})
            continue
        low, high = values.min(axis=0), values.max(axis=0)
        edge = {
            "type": "scatter",
            "mode": "lines",
            "legendgroup": name,
            "x": at,
            "line": {"width": 0},
            "hoverinfo": "skip",
            "showlegend": False,
        }
        traces += [{**edge, "y": low}, {**edge, "y": high, "fill": "tonexty", "fillcolor": _faint(color)}]
        traces.append({**line, "y": np.median(values, axis=0)})
    layout = _layout(xlabel, ylabel, height)
    layout["showlegend"] = len(series) > 1
    if log_y:
        layout["yaxis"] |= {"type": "log", "exponentformat": "power", **_decades(series.values())}
    return Figure(traces, layout, alt)


def heatmap(values, *, alt, xlabel, ylabel, x=None, y=None, zlabel="", limits=None, height=HEIGHT):
    """Draw a matrix as colours: diverging around zero if the limits are symmetric, else from light to dark.

    Args:
        values: (rows, columns).
        alt: alternative text.
        xlabel, ylabel: axis titles.
        x, y: names of columns and rows; they may repeat (characters of a text).
        zlabel: what the colours mean.
        limits: (low, high) of the colours; symmetric around zero if left out and a value is negative.
        height: in pixels.
    Returns:
        A `Figure`.
    Raises:
        ValueError: alt is empty, or what should be drawn is not numbers.
    """
    values = np.asarray(values, dtype=float)
    if limits is None:
        top = float(np.nanmax(np.abs(values))) or 1.0
        limits = (-top, top) if np.nanmin(values) < 0 else (0.0, top)
    scale = DIVERGING if limits[0] == -limits[1] else SEQUENTIAL
    trace = {
        "type": "heatmap",
        "z": values,
        "zmin": limits[0],
        "zmax": limits[1],
        "colorscale": scale,
        "colorbar": {"title": {"text": zlabel, "side": "right"}, "thickness": 12, "outlinewidth": 0},
    }
    layout = _layout(xlabel, ylabel, height)
    for axis, names, size in (("x", x, values.shape[1]), ("y", y, values.shape[0])):
        trace[axis] = np.arange(size)
        if names is not None:
            layout[f"{axis}axis"] |= {"tickmode": "array", "tickvals": np.arange(size), "ticktext": [str(n) for n in names]}
    layout["xaxis"]["tickangle"] = 0
    layout["yaxis"]["autorange"] = "reversed"  # row 0 on top, as a matrix is written
    return Figure([trace], layout, alt)


def bars(values, *, alt, ylabel, xlabel="", height=HEIGHT):
    """Draw named quantities side by side.

    Args:
        values: dict from name to one number, or to (R,) numbers of R runs: their median, with whiskers to the lowest and highest.
        alt: alternative text.
        ylabel, xlabel: axis titles, with units.
        height: in pixels.
    Returns:
        A `Figure`.
    Raises:
        ValueError: alt is empty, or what should be drawn is not numbers.
    """
    runs = [np.atleast_1d(np.asarray(v, dtype=float)) for v in values.values()]
    middle = [float(np.median(r)) for r in runs]
    trace = {"type": "bar", "x": list(values), "y": middle, "marker": {"color": [COLORS[i % len(COLORS)] for i in range(len(runs))]}}
    if any(r.size > 1 for r in runs):
        above = [float(r.max() - m) for r, m in zip(runs, middle, strict=True)]
        below = [float(m - r.min()) for r, m in zip(runs, middle, strict=True)]
        trace["error_y"] = {"type": "data", "symmetric": False, "array": above, "arrayminus": below, "color": "#7f7f7f"}
    return Figure([trace], _layout(xlabel, ylabel, height), alt)


def _decades(values):
    """Over two decades and more, ticks at powers of ten only, at most eight of them."""
    values = np.concatenate([np.ravel(np.asarray(v, dtype=float)) for v in values])
    values = values[np.isfinite(values) & (values > 0)]
    span = np.log10(values.max() / values.min()) if values.size else 0
    return {"dtick": int(np.ceil(span / 8))} if span >= 2 else {}


def _layout(xlabel, ylabel, height):
    axis = {"automargin": True, "zeroline": False}
    return {
        "height": height,
        "margin": {"l": 10, "r": 10, "t": 10, "b": 10},
        "xaxis": {**axis, "title": {"text": xlabel}},
        "yaxis": {**axis, "title": {"text": ylabel}},
        "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
        "hovermode": "closest",
    }


def _faint(color):
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.22)"


def _plain(value):
    """Arrays to lists, numbers to five significant digits, NaN and infinity to None: what JSON can hold."""
    if isinstance(value, dict):
        return {key: _plain(v) for key, v in value.items()}
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, float | np.floating):
        return float(f"{value:.5g}") if np.isfinite(value) else None
    return int(value) if isinstance(value, np.integer) else value
