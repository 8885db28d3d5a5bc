"""Small networks that read letters: what the widgets hidden_states and gates look into.

    text -> 26 letters and the space -> one-hot vectors (27) or an embedding (8) -> RNN, LSTM or GRU (32 units)

Contents
    LETTERS, CELL_NAMES, INPUTS, WEIGHTS    what there is to choose from
    read_text       a typed text as letters
    draw_model      the parameters of one network before training
    letter_model    the parameters of one network, trained or as first drawn
    read_letters    the states after each letter, and what the steps kept
    keep_gates      of those steps: f of the LSTM, z of the GRU
    spread_at       how much the states at some steps differ, against all
    letter_axis, unit_axis, unit_heatmap    what the two figures have in common

The trained networks learned to predict the next letter of the Python language reference (`rnncore.tasks.text`). They lie in
data/letters.npz, rounded to float16; tools/weights/letters.py made them and wrote beside them how long it took and what they reached.
"""

import string
from functools import cache

import numpy as np

from rnncore.reference.cells import CELLS
from rnncore.reference.layers import embedding_forward, init_embedding
from rnncore.reference.sequence import sequence_forward
from rnncore.tasks.text import Vocabulary
from rnncore.widgets.weights import load_weights

__all__ = [
    "CELL_NAMES",
    "INPUTS",
    "LETTERS",
    "WEIGHTS",
    "draw_model",
    "keep_gates",
    "letter_axis",
    "letter_model",
    "read_letters",
    "read_text",
    "spread_at",
    "unit_axis",
    "unit_heatmap",
]

LETTERS = Vocabulary(string.ascii_lowercase + " ")
CELL_NAMES = {"RNN": "rnn", "LSTM": "lstm", "GRU": "gru"}
INPUTS = ("one-hot", "embedding")
WEIGHTS = ("trained", "as first drawn")
HIDDEN, EMBEDDING = 32, 8


def read_text(where, text):
    """Turn a typed text into the letters that the networks know.

    Args:
        where: name of the widget, for the message.
        text: letters a to z and spaces; capitals are read as small letters.
    Returns:
        The text in small letters.
    Raises:
        ValueError: another character stands in the text, or fewer than two characters.
    """
    text = text.lower()
    for character in text:
        if character not in LETTERS.characters:
            raise ValueError(f"{where}: text may hold the letters a to z and spaces, got {character!r}.")
    if len(text) < 2:
        raise ValueError(f"{where}: text must have at least 2 characters, got {len(text)}.")
    return text


def draw_model(rng, cell, inputs):
    """Draw the parameters of a network before training.

    Args:
        rng: a `numpy.random.Generator`.
        cell: "RNN", "LSTM" or "GRU".
        inputs: "one-hot" or "embedding".
    Returns:
        A dict: input, the table with a row for each letter, and cell, the parameters of the cell. One-hot vectors are a table too:
        the identity, which is not trained. The forget gate of the LSTM starts with a bias of 1.
    """
    table = np.eye(len(LETTERS)) if inputs == "one-hot" else init_embedding(rng, len(LETTERS), EMBEDDING)["weight"]
    options = {"forget_bias": 1.0} if cell == "LSTM" else {}
    return {"input": {"weight": table}, "cell": CELLS[CELL_NAMES[cell]].init(rng, table.shape[1], HIDDEN, **options)}


@cache
def letter_model(cell, inputs, weights):
    """Find a network; its arrays are shared between calls and cannot be written to.

    Args:
        cell: "RNN", "LSTM" or "GRU".
        inputs: "one-hot" or "embedding".
        weights: "trained" or "as first drawn", the same network before training.
    Returns:
        A dict as `draw_model` gives it, in float64.
    """
    model = draw_model(np.random.default_rng(0), cell, inputs)
    if weights == "trained":
        model = load_weights("letters")[f"{cell} {inputs}"]
    for params in model.values():
        for array in params.values():
            array.flags.writeable = False
    return model


def read_letters(cell, model, text, state0=None):
    """Let a network read a text.

    Args:
        cell: "RNN", "LSTM" or "GRU".
        model: a dict as `letter_model` gives it.
        text: T letters, as `read_text` gives them.
        state0: the state before the first letter, of B sequences; zeros of one if left out.
    Returns:
        hs: (T, B, H), the hidden states.
        state_T: the state after the last letter.
        steps: the cache of each step.
    """
    kind = CELLS[CELL_NAMES[cell]]
    state0 = kind.zero_state(1, HIDDEN) if state0 is None else state0
    B = (state0.h if cell == "LSTM" else state0).shape[0]
    xs, _ = embedding_forward(model["input"], np.repeat(LETTERS.encode(text)[:, None], B, axis=1))
    hs, state_T, kept = sequence_forward(kind.step_forward, model["cell"], xs, state0)
    return hs, state_T, kept.steps


def keep_gates(cell, steps):
    """The gate that keeps: f of the LSTM, z of the GRU.

    Args:
        cell: "LSTM" or "GRU".
        steps: the cache of each step.
    Returns:
        (T, B, H).
    """
    return np.stack([step.f if cell == "LSTM" else step.z for step in steps])


def spread_at(hs, chosen):
    """How much the states of some steps differ from one another, against those of all steps: 0 if they are the same.

    Args:
        hs: (T, H).
        chosen: (T,), True at those steps, at least at one.
    Returns:
        The variance of the chosen states, summed over the units, divided by that of all.
    """
    return float(hs[chosen].var(axis=0).sum() / hs.var(axis=0).sum())


def letter_axis(text):
    """A horizontal axis that shows the letters of a text, counted from 1, spaces as dots, as large as fits on a phone."""
    return {
        "tickmode": "array",
        "tickvals": np.arange(1, len(text) + 1),
        "ticktext": list(text.replace(" ", "·")),
        "tickangle": 0,
        "tickfont": {"size": 11 if len(text) <= 40 else 9},
        "range": [0.5, len(text) + 0.5],
        "ticks": "",
        "showgrid": False,
        "zeroline": False,
    }


def unit_axis(title, domain):
    """A vertical axis over units, the first on top."""
    bare = {"autorange": "reversed", "showticklabels": False, "ticks": "", "showgrid": False, "zeroline": False}
    return {"title": {"text": title}, "domain": domain, **bare}


def unit_heatmap(values, order, axis, limits, colorscale, title):
    """A heatmap: units down, letters across.

    Args:
        values: (T, H).
        order: (H,), numbers of the units from top to bottom.
        axis: "y", "y2", ...; the first one also gets the scale of the colours.
        limits: lowest and highest value that the colours show.
        colorscale: as plotly describes it.
        title: of the scale.
    Returns:
        A plotly trace.
    """
    ticks = [limits[0], sum(limits) / 2, limits[1]]
    return {
        "type": "heatmap",
        "z": values.T[order].round(2),
        "x0": 1,
        "dx": 1,
        "y": [f"unit {unit}" for unit in order],
        "yaxis": axis,
        "zmin": limits[0],
        "zmax": limits[1],
        "colorscale": colorscale,
        "showscale": axis == "y",
        "colorbar": {"thickness": 8, "len": 0.6, "y": 1, "yanchor": "top", "outlinewidth": 0, "tickvals": ticks, "title": {"text": title}},
        "hovertemplate": "%{y} at letter %{x}: %{z:.2f}<extra></extra>",
    }
