r"""The hidden states of RNN, LSTM and GRU while they read a text: every unit at every letter.

    norm           ||h_t||, at most sqrt(H): every entry lies between -1 and 1
    saturated      the share of units with |h_t| >= 0.95, where tanh is flat and passes little gradient
    at spaces      the variance of the states after a space, divided by that after all letters: 0 if a space wipes out what was read

Contents
    scaled           a network with all weights and biases of its cell times a factor
    order_at         the units, those on top that are highest at the spaces
    hidden_states    the figure

The networks are those of `letters.py`. The units are ordered by what they are at spaces: if a space always leaves the same state, it
shows as a column that runs smoothly from orange to blue.
"""

import numpy as np

from rnncore.plots import COLORS, DIVERGING, Figure
from rnncore.reference.diagnostics import saturation_fraction, state_statistics
from rnncore.widgets.base import Widget
from rnncore.widgets.controls import Choice, Slider, Text
from rnncore.widgets.letters import (
    CELL_NAMES,
    HIDDEN,
    INPUTS,
    WEIGHTS,
    letter_axis,
    letter_model,
    read_letters,
    read_text,
    spread_at,
    unit_axis,
    unit_heatmap,
)

__all__ = ["WIDGET", "hidden_states", "order_at", "scaled"]

DASHES = ("solid", "dash", "dot")
HEATMAPS = ([0.82, 1], [0.62, 0.8], [0.42, 0.6])  # where each stands, from the bottom


def scaled(model, gain):
    """Multiply all weights and biases of the cell by a factor.

    Args:
        model: a dict as `letter_model` gives it.
        gain: the factor.
    Returns:
        A dict of the same form.
    """
    return model | {"cell": {name: gain * array for name, array in model["cell"].items()}}


def order_at(hs, chosen):
    """Order the units by their mean at some steps.

    Args:
        hs: (T, H).
        chosen: (T,), True at those steps; all count if there are none.
    Returns:
        (H,): numbers of the units, counted from 0, the highest mean first.
    """
    return np.argsort(-(hs[chosen] if chosen.any() else hs).mean(axis=0), kind="stable")


def hidden_states(text, weights, inputs, gain):
    """Draw a heatmap of the states of each cell, and below them their norms and their saturated share."""
    text = read_text("hidden_states", text)
    states = {cell: read_letters(cell, scaled(letter_model(cell, inputs, weights), gain), text)[0] for cell in CELL_NAMES}
    statistics = {cell: state_statistics(hs) for cell, hs in states.items()}
    share = ", ".join(f"{cell} {saturation_fraction(hs):.0%}" for cell, hs in states.items())
    length = ", ".join(f"{cell} {s.norm.mean():.1f}" for cell, s in statistics.items())
    note = f"Saturated units: {share}. Mean norm of the state, of at most {np.sqrt(HIDDEN):.1f}: {length}."
    spaces = np.array(list(text)) == " "
    if spaces.sum() > 1:
        spread = ", ".join(f"{cell} {spread_at(hs[:, 0], spaces):.0%}" for cell, hs in states.items())
        note += f" Variance of the states at spaces, as a share of that at all letters: {spread}."
    alt = (
        f"Three heatmaps of {HIDDEN} units over the {len(text)} letters of “{text}”, one each for RNN, LSTM and GRU, {weights}. "
        f"Below, curves of the norm and of the saturated share of the state. {note}"
    )
    axes = zip(states.values(), ("y", "y2", "y3"), strict=True)
    data = [unit_heatmap(hs[:, 0], order_at(hs[:, 0], spaces), axis, (-1, 1), DIVERGING, "h") for hs, axis in axes]
    data += [_curve(i, cell, s.norm, "y4", "norm %{y:.2f}") for i, (cell, s) in enumerate(statistics.items())]
    data += [_curve(i, cell, 100 * s.saturated, "y5", "%{y:.0f} % saturated") for i, (cell, s) in enumerate(statistics.items())]
    return Figure(data, _layout(text, list(states)), alt, note=note)


def _curve(i, cell, values, axis, hover):
    """One measure of one cell over the letters."""
    return {
        "type": "scatter",
        "mode": "lines",
        "name": cell,
        "legendgroup": cell,
        "showlegend": axis == "y4",
        "x": np.arange(1, len(values) + 1),
        "y": values.round(2),
        "yaxis": axis,
        "xaxis": "x2",
        "line": {"color": COLORS[i], "width": 2, "dash": DASHES[i]},
        "hovertemplate": f"after letter %{{x}}: {hover}",
    }


def _layout(text, cells):
    """Five panels, one under the other; the letters stand above the first and below the last."""
    down = {"automargin": True, "zeroline": False}
    names = ("yaxis", "yaxis2", "yaxis3")
    return {
        "height": 620,
        "margin": {"l": 30, "r": 10, "t": 24, "b": 10},
        "xaxis": {**letter_axis(text), "side": "top", "anchor": "y"},
        "xaxis2": {**letter_axis(text), "anchor": "y5"},
        **{name: unit_axis(cell, domain) for name, cell, domain in zip(names, cells, HEATMAPS, strict=True)},
        "yaxis4": {**down, "title": {"text": "norm"}, "domain": [0.19, 0.33], "rangemode": "tozero", "nticks": 4},
        "yaxis5": {**down, "title": {"text": "saturated"}, "domain": [0, 0.14], "range": [-5, 105], "ticksuffix": " %", "nticks": 4},
        "legend": {"orientation": "h", "x": 0, "y": 0.33, "yanchor": "bottom"},
        "hovermode": "closest",
    }


WIDGET = Widget(
    "hidden_states",
    "Hidden states",
    "At every space the trained networks fall back to nearly the same state, whatever they have read; as first drawn they do not.",
    hidden_states,
    {
        "text": Text("Text (letters and spaces)", "the value of the name is not the name", 48),
        "weights": Choice("Weights", WEIGHTS, WEIGHTS[0]),
        "inputs": Choice("Letters come as", INPUTS, INPUTS[0]),
        "gain": Slider("All weights times", 0.25, 3.0, 0.25, 1.0),
    },
    precomputed=("weights", "inputs"),
)
