r"""The gates of LSTM and GRU while they read a text, and how long a memory lives behind them.

    LSTM    c_t = f_t * c_{t-1} + i_t * g_t,       h_t = o_t * tanh(c_t)        f keeps, i writes, o shows
    GRU     h_t = z_t * h_{t-1} + (1 - z_t) * n_t                               z keeps, 1 - z writes, r resets
    left of a memory after k letters    computed: f_1 f_2 ... f_k (LSTM), z_1 z_2 ... z_k (GRU)
    half-life of a gate that stays at f    log(1/2) / log(f) letters

Contents
    shifted           a network with a number added to the bias of the gate that keeps
    computed_share    the product of the gates
    measured_share    the same by experiment: nudge a unit, read on, see what is left of the nudge in that unit
    half_life         from the share left after each letter
    gates             the figure

The product follows a memory along the straight way through its own unit. The experiment also sees what comes back to the unit by way
of the others. The networks are those of `letters.py`.
Source: Gers, Schmidhuber and Cummins (2000); Cho et al. (2014).
"""

import numpy as np

from rnncore.plots import COLORS, SEQUENTIAL, Figure
from rnncore.reference.lstm import LSTMState
from rnncore.widgets.base import Widget
from rnncore.widgets.controls import Choice, Slider, Text
from rnncore.widgets.letters import (
    HIDDEN,
    INPUTS,
    WEIGHTS,
    keep_gates,
    letter_axis,
    letter_model,
    read_letters,
    read_text,
    unit_axis,
    unit_heatmap,
)

__all__ = ["WIDGET", "computed_share", "gates", "half_life", "measured_share", "shifted"]

CELLS = ("LSTM", "GRU")
NUDGE = 1e-4
SHOWN = {
    "keep: f, z": {"LSTM": ("f", lambda step: step.f), "GRU": ("z", lambda step: step.z)},
    "write: i, 1 − z": {"LSTM": ("i", lambda step: step.i), "GRU": ("1 − z", lambda step: 1 - step.z)},
    "show, reset: o, r": {"LSTM": ("o", lambda step: step.o), "GRU": ("r", lambda step: step.r)},
}


def shifted(model, amount):
    """Add a number to the bias of the gate that keeps: rows H to 2H, f of the LSTM and z of the GRU.

    Args:
        model: a dict as `letter_model` gives it.
        amount: what is added.
    Returns:
        A dict of the same form.
    """
    bias = model["cell"]["bias_ih"].copy()
    bias[HIDDEN : 2 * HIDDEN] += amount
    return model | {"cell": model["cell"] | {"bias_ih": bias}}


def computed_share(cell, steps):
    """Multiply the gates that keep, from the second letter on.

    Args:
        cell: "LSTM" or "GRU".
        steps: the cache of each of T steps.
    Returns:
        (T, H): what is left of a memory of each unit, 0, 1, ... T - 1 letters after the first one.
    """
    keeps = keep_gates(cell, steps)[1:, 0]
    return np.concatenate([np.ones((1, HIDDEN)), np.cumprod(keeps, axis=0)])


def measured_share(cell, model, text):
    """Nudge the memory of each unit after the first letter, one unit in each row of a batch, and read on.

    Args:
        cell: "LSTM" or "GRU"; the memory is c or h.
        model: a dict as `letter_model` gives it.
        text: T letters, at least 2.
    Returns:
        (T, H): the difference that is left in the nudged unit, divided by the nudge.
    """
    _, state, _ = read_letters(cell, model, text[0])
    nudges = np.concatenate([np.zeros((1, HIDDEN)), NUDGE * np.eye(HIDDEN)])  # the first row is left alone
    state = LSTMState(np.repeat(state.h, HIDDEN + 1, axis=0), state.c + nudges) if cell == "LSTM" else state + nudges
    _, last, steps = read_letters(cell, model, text[1:], state)
    memory = np.stack([step.c if cell == "LSTM" else step.h for step in steps] + [last.c if cell == "LSTM" else last])  # (T, 1 + H, H)
    return (np.diagonal(memory[:, 1:], axis1=1, axis2=2) - memory[:, 0]) / NUDGE


def half_life(share):
    """Find when half of a memory is left, by a straight line between the letter before and the letter after.

    Args:
        share: (T,), what is left after 0, 1, ... T - 1 letters, starting with 1.
    Returns:
        Letters; infinity if more than half is left at the end.
    """
    below = np.flatnonzero(share <= 0.5)
    if not below.size:
        return float("inf")
    k = below[0]
    return float(k - 1 + (share[k - 1] - 0.5) / (share[k - 1] - share[k]))


def gates(text, forget_bias, shown, weights, inputs):
    """Draw a heatmap of one gate of each cell, and below them what is left of a memory, computed and measured."""
    text = read_text("gates", text)
    values, shares, said = {}, {}, []
    for cell in CELLS:
        model = shifted(letter_model(cell, inputs, weights), forget_bias)
        _, _, steps = read_letters(cell, model, text)
        letter, gate = SHOWN[shown][cell]
        values[f"{cell}  {letter}"] = np.stack([gate(step)[0] for step in steps])  # (T, H)
        computed, measured = computed_share(cell, steps).mean(axis=1), np.abs(measured_share(cell, model, text)).mean(axis=1)
        shares[cell] = computed, measured
        mean = keep_gates(cell, steps).mean()
        said.append(
            f"{cell} computed {_letters(computed)}, measured {_letters(measured)} "
            f"(a gate that stays at its mean of {mean:.2f}: {np.log(0.5) / np.log(mean):.1f})"
        )
    note = f"Half-life of a memory of the first letter, mean of {HIDDEN} units, in letters: {'; '.join(said)}."
    alt = (
        f"Two heatmaps of {HIDDEN} units over the {len(text)} letters of “{text}”: the gates {' and '.join(values)}, from closed, 0, to "
        f"open, 1. Below, the share of a memory that is left letter by letter, computed as lines and measured as dots. {note}"
    )
    data = [unit_heatmap(v, _open_first(v), axis, (0, 1), SEQUENTIAL, "gate") for v, axis in zip(values.values(), ("y", "y2"), strict=True)]
    data += [trace for i, (cell, (computed, measured)) in enumerate(shares.items()) for trace in _curves(i, cell, computed, measured)]
    return Figure(data, _layout(text, list(values)), alt, note=note)


def _open_first(values):
    """The units, (H,), those on top whose gate (T, H) is the most open on average."""
    return np.argsort(-values.mean(axis=0), kind="stable")


def _letters(share):
    """A half-life in words."""
    life = half_life(share)
    return f"{life:.1f}" if np.isfinite(life) else f"over {len(share) - 1}"


def _curves(i, cell, computed, measured):
    """What is left of a memory of one cell: computed as a line, measured as dots."""
    trace = {"type": "scatter", "x": np.arange(1, len(computed) + 1), "xaxis": "x2", "yaxis": "y3"}
    trace["hovertemplate"] = "after letter %{x}: %{y:.3f}"
    dots = {"color": COLORS[i + 1], "size": 6, "symbol": ("circle", "diamond-open")[i]}
    return [
        {
            **trace,
            "name": cell,
            "y": computed.round(4),
            "mode": "lines",
            "line": {"color": COLORS[i + 1], "width": 2, "dash": ("solid", "dash")[i]},
        },
        {**trace, "name": "measured", "showlegend": i == 0, "legendrank": 2000, "y": measured.round(4), "mode": "markers", "marker": dots},
    ]


def _layout(text, names):
    """Three panels, one under the other; the letters stand above the first and below the last."""
    down = {"automargin": True, "zeroline": False}
    half = {"type": "line", "xref": "x2 domain", "yref": "y3", "x0": 0, "x1": 1, "y0": 0.5, "y1": 0.5}
    return {
        "height": 620,
        "margin": {"l": 30, "r": 10, "t": 24, "b": 10},
        "xaxis": {**letter_axis(text), "side": "top", "anchor": "y"},
        "xaxis2": {**letter_axis(text), "anchor": "y3"},
        "yaxis": unit_axis(names[0], [0.73, 1]),
        "yaxis2": unit_axis(names[1], [0.43, 0.7]),
        "yaxis3": {**down, "title": {"text": "memory left"}, "domain": [0, 0.28], "rangemode": "tozero", "nticks": 5},
        "shapes": [{**half, "line": {"color": COLORS[4], "width": 1, "dash": "dot"}}],
        "legend": {"orientation": "h", "x": 0, "y": 0.28, "yanchor": "bottom"},
        "hovermode": "closest",
    }


WIDGET = Widget(
    "gates",
    "Gates and the half-life of a memory",
    "Dark rows are units that keep what they hold; drag the forget bias up, and a memory of the first letter lives longer.",
    gates,
    {
        "text": Text("Text (letters and spaces)", "the value of the name is not the name", 48),
        "forget_bias": Slider("Added to the forget bias (LSTM f, GRU z)", -2, 4, 1, 0),
        "shown": Choice("Gate", tuple(SHOWN), "keep: f, z"),
        "weights": Choice("Weights", WEIGHTS, WEIGHTS[0]),
        "inputs": Choice("Letters come as", INPUTS, INPUTS[0]),
    },
    precomputed=("forget_bias",),
)
