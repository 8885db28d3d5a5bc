"""A recurrent cell, step by step: the hand calculation of the chapter "The recurrent cell", with every number in the picture.

    a_t = x_t W_ih^T + h_{t-1} W_hh^T + b_ih,    h_t = tanh(a_t),    y_t = h_t W_ho^T,    p_t = softmax(y_t)

The reader adds something to one weight and to one input, which stand in frames. A number that has become larger than without these
edits is marked with an upward triangle, one that has become smaller with a downward triangle.
"""

from itertools import permutations

import numpy as np

from rnncore.plots import Figure
from rnncore.reference.activations import softmax
from rnncore.reference.layers import linear_forward
from rnncore.reference.rnn import rnn_forward
from rnncore.widgets.base import Widget
from rnncore.widgets.controls import Choice, Slider
from rnncore.widgets.matrices import INK, blank, bracketed, cells, edges, product

__all__ = ["EMBEDDINGS", "WEIGHTS", "WIDGET", "calculate", "unrolled_cell"]

WEIGHTS = {
    "W_ih": np.array([[0.5, -0.3], [0.2, 0.8], [-0.4, 0.1]]),  # (H, D)
    "W_hh": np.array([[0.6, -0.2, 0.3], [0.1, 0.7, -0.1], [-0.3, 0.4, 0.5]]),  # (H, H)
    "b_ih": np.array([0.1, -0.2, 0.0]),  # (H,)
    "W_ho": np.array([[0.9, 0.2, -0.4], [-0.5, 0.6, 0.8]]),  # (V, H)
}
EMBEDDINGS = {"I": (0.8, 0.3), "love": (0.9, 0.7), "AI": (0.6, 0.4)}
SENTENCES = tuple(" ".join(words) for words in permutations(EMBEDDINGS))
WEIGHT_EDITS = {
    f"{name}[{', '.join(str(i + 1) for i in place)}]": (name, place) for name, w in WEIGHTS.items() for place in np.ndindex(w.shape)
}
INPUT_EDITS = {f"x_{t + 1}[{d + 1}]": (t, d) for t, d in np.ndindex(3, 2)}
ROWS = {  # name of a row of numbers: how it is written beside the figure
    "x": "x<sub>t</sub>",
    "input": "x<sub>t</sub> W<sub>ih</sub><sup>T</sup>",
    "recurrent": "h<sub>t−1</sub> W<sub>hh</sub><sup>T</sup>",
    "a": "a<sub>t</sub>",
    "h": "h<sub>t</sub>",
    "y": "y<sub>t</sub>",
    "p": "p<sub>t</sub>",
}
WRITTEN = ("W<sub>ih</sub>", "W<sub>hh</sub>", "b<sub>ih</sub>", "W<sub>ho</sub><sup>T</sup>")  # W_ho turned, so that a row is a unit
WEIGHT_EDGES, WEIGHT_CENTRES = edges([2, 3, 1, 2])
ROW_EDGES, ROW_CENTRES = edges([2, 3, 3, 3, 3, 2, 2])


def calculate(weights, xs):
    """Compute every number of every step.

    Args:
        weights: dict of W_ih (H, D), W_hh (H, H), b_ih (H,), W_ho (V, H).
        xs: (T, D), the inputs of one sentence.
    Returns:
        A dict with an array (T, ...) for each of x (D), input, recurrent, a, h (H each), y and p (V each).
    """
    zeros = {"h": np.zeros(len(weights["b_ih"])), "y": np.zeros(len(weights["W_ho"]))}
    params = {"weight_ih": weights["W_ih"], "weight_hh": weights["W_hh"], "bias_ih": weights["b_ih"], "bias_hh": zeros["h"]}
    h = rnn_forward(params, xs[:, None], zeros["h"][None])[0][:, 0]  # (T, H)
    before = np.concatenate([zeros["h"][None], h[:-1]])  # h_{t-1}
    into, recurrent = xs @ weights["W_ih"].T, before @ weights["W_hh"].T
    y, _ = linear_forward({"weight": weights["W_ho"], "bias": zeros["y"]}, h)
    a = into + recurrent + weights["b_ih"]
    return {"x": xs, "input": into, "recurrent": recurrent, "a": a, "h": h, "y": y, "p": softmax(y)}


def unrolled_cell(step, input_number, input_change, weight, weight_change, sentence):
    """Draw the weights, and under them all numbers of the first `step` steps, marked where the edits have changed them."""
    words = sentence.split()
    old_xs = np.array([EMBEDDINGS[word] for word in words])  # (T, D)
    new_xs, (name, place) = old_xs.copy(), WEIGHT_EDITS[weight]
    new_xs[INPUT_EDITS[input_number]] += input_change
    new_weights = {**WEIGHTS, name: WEIGHTS[name].copy()}
    new_weights[name][place] += weight_change
    old, new = calculate(WEIGHTS, old_xs), calculate(new_weights, new_xs)
    states = "; ".join(f"h_{t + 1} = ({', '.join(f'{v:.6f}' for v in new['h'][t])})" for t in range(step))
    said = _effect(step, words, new, old)
    edits = f"{input_number} {input_change:+g} and {weight} {weight_change:+g}"
    alt = f"Every number of the first {step} of 3 steps of a recurrent cell that reads “{sentence}”, with {edits}. {states}. {said}"
    traces = [_weights(new_weights), _steps(step, words, new_weights, new, old)]
    layout = {**_layout(words), "shapes": _frames(step, *INPUT_EDITS[input_number], name, place)}
    return Figure(traces, layout, alt, note=f"{_by_hand(step, new_weights, new)} {said}")


def _weights(weights):
    """The four matrices, side by side."""
    blocks = []
    for name in WEIGHTS:
        new, old = _by_unit(name, weights), _by_unit(name, WEIGHTS)
        texts = [[f"{round(v, 2):g}{_mark(v, u)}" for v, u in zip(*rows, strict=True)] for rows in zip(new, old, strict=True)]
        blocks.append((new, texts, np.full(new.shape, name)))
    return cells(blocks, x=WEIGHT_EDGES, y=np.arange(4), across=True, size=10)


def _steps(step, words, weights, new, old):
    """One block of cells for each row of numbers."""
    blocks = []
    for name in ROWS:
        values, before = (np.where(np.arange(3) < step, numbers[name].T, np.nan) for numbers in (new, old))  # (size, T)
        texts = [[f"{v:.6f}{_mark(v, u)}" for v, u in zip(*rows, strict=True)] for rows in zip(values, before, strict=True)]
        hovers = [[_hover(name, i, t, words, weights, new, old) for t in range(3)] for i in range(len(values))]
        blocks.append((values, texts, hovers))
    return cells(blocks, x=np.arange(4), y=ROW_EDGES, panel="2")


def _frames(step, t, d, name, place):
    """Frames around the input and the weight that the edits are about."""
    row, column = (place[1], place[0]) if name == "W_ho" else (*place, 0)[:2]
    block = list(WEIGHTS).index(name)
    left = WEIGHT_CENTRES[block] - _by_unit(name, WEIGHTS).shape[1] / 2
    return [_frame(left + column, row, "")] + [_frame(t, d, "2")] * (t < step)


def _frame(x, y, panel):
    inside = {"x0": x + 0.06, "x1": x + 0.94, "y0": y + 0.1, "y1": y + 0.9, "xref": f"x{panel}", "yref": f"y{panel}"}
    return {"type": "rect", **inside, "line": {"color": INK, "width": 1.5}}


def _by_unit(name, weights):
    """A matrix with one row for each hidden unit: W_ho transposed, the bias as a column."""
    return weights[name].T if name == "W_ho" else weights[name].reshape(3, -1)


def _hover(name, i, t, words, weights, new, old):
    """How a number comes about, and what it was before the edits."""
    value = new[name][t, i]
    ways = {
        "x": lambda: f"word “{words[t]}”, number {i + 1}",
        "input": lambda: product(weights["W_ih"][i], new["x"][t], 2),
        "recurrent": lambda: product(weights["W_hh"][i], new["h"][t - 1] if t else np.zeros(3)),
        "a": lambda: _sum(t, i, weights, new),
        "h": lambda: f"tanh({new['a'][t, i]:.6f})",
        "y": lambda: product(weights["W_ho"][i], new["h"][t]),
        "p": lambda: f"exp({new['y'][t, i]:.6f}) / {np.exp(new['y'][t]).sum():.6f}",
    }
    was = f"<br>was {old[name][t, i]:.6f}" if _mark(value, old[name][t, i]) else ""
    return f"{ways[name]()}<br>= {value:.6f}{was}"


def _sum(t, unit, weights, numbers):
    """The three parts of a pre-activation."""
    return " + ".join(bracketed(part) for part in (numbers["input"][t, unit], numbers["recurrent"][t, unit], weights["b_ih"][unit]))


def _mark(value, before):
    """A triangle up or down where a number has changed by more than rounding."""
    return "▲" if value - before > 1e-12 else "▼" if before - value > 1e-12 else ""


def _effect(step, words, new, old):
    """How many of the numbers shown the edits have changed, and at which words."""
    changed = [sum(int((np.abs(new[name][t] - old[name][t]) > 1e-12).sum()) for name in ROWS) for t in range(step)]
    if not any(changed):
        return "No number differs from the hand calculation."
    return "Changed (▲ larger, ▼ smaller): " + ", ".join(f"{n} of 18 at “{word}”" for n, word in zip(changed, words, strict=False)) + "."


def _by_hand(step, weights, numbers):
    """The pre-activation and the state of the first unit at the last step shown."""
    a, h = numbers["a"][step - 1, 0], numbers["h"][step - 1, 0]
    return f"Unit 1 at step {step}: a = {_sum(step - 1, 0, weights, numbers)} = {a:.6f}, tanh(a) = {h:.6f}."


def _layout(words):
    heads = {f"{t + 1}: {word}": t + 0.5 for t, word in enumerate(words)}
    units = {f"unit {i + 1}": i + 0.5 for i in range(3)}
    return {
        "height": 600,
        "margin": {"l": 10, "r": 10, "t": 10, "b": 10},
        "xaxis": blank(dict(zip(WRITTEN, WEIGHT_CENTRES, strict=True)), side="top", anchor="y"),
        "yaxis": blank(units, domain=[0.85, 1.0], range=[3, 0]),
        "xaxis2": blank(heads, side="top", anchor="y2"),
        "yaxis2": blank(dict(zip(ROWS.values(), ROW_CENTRES, strict=True)), domain=[0.0, 0.77], range=[ROW_EDGES[-1], 0], anchor="x2"),
        "showlegend": False,
    }


WIDGET = Widget(
    "unrolled_cell",
    "A recurrent cell, step by step",
    "Change an input: its own column and every later one get triangles, never an earlier one; change a weight of W_hh, and the first "
    "column stays as it is, because h₀ is zero.",
    unrolled_cell,
    {
        "step": Slider("Steps taken", 1, 3, 1, 3),
        "input_number": Choice("Input to change", tuple(INPUT_EDITS), "x_1[1]"),
        "input_change": Slider("Add to the input", -0.5, 0.5, 0.25, 0.0),
        "weight": Choice("Weight to change", tuple(WEIGHT_EDITS), "W_hh[1, 1]"),
        "weight_change": Slider("Add to the weight", -1.0, 1.0, 0.1, 0.0),
        "sentence": Choice("Sentence", SENTENCES, "I love AI"),
    },
    precomputed=("step", "input_change"),
)
