"""Backpropagation through time, one step back after another: which terms the gradient of each weight sums.

    da_t = (W_ho^T dy_t + W_hh^T da_{t+1}) (1 - h_t^2)        from above, and from the future
    dW_ih = sum_t da_t x_t^T      dW_hh = sum_t da_t h_{t-1}^T      db_ih = sum_t da_t      dW_ho = sum_t dy_t h_t^T

A network with three units reads a sentence of made-up word vectors. Its output is a logit, its loss the cross-entropy with the label
in nats. Each term is what `rnn_step_backward` gives for one step. Gradients are small, so they are written in thousandths.
"""

import numpy as np

from rnncore.plots import COLORS, Figure
from rnncore.reference.layers import linear_backward, linear_forward
from rnncore.reference.losses import sigmoid_cross_entropy_backward, sigmoid_cross_entropy_forward
from rnncore.reference.rnn import rnn_forward, rnn_step_backward
from rnncore.widgets.base import Widget
from rnncore.widgets.controls import Choice, Slider, Switch
from rnncore.widgets.matrices import blank, bracketed, cells, edges

__all__ = ["EMBEDDINGS", "OUT", "PARAMS", "SENTENCES", "WIDGET", "bptt_steps", "walk_back"]

EMBEDDINGS = {
    "i": (0.1, 0.2, 0.3),
    "love": (0.4, 0.1, 0.5),
    "this": (0.3, 0.2, 0.1),
    "book": (0.6, 0.1, 0.4),
    "its": (0.1, 0.3, 0.6),
    "amazing": (0.5, 0.4, 0.2),
    "hate": (0.7, 0.8, 0.1),
}
SENTENCES = {"i love this book its amazing": 1, "i hate this book": 0}  # to the label
PARAMS = {
    "weight_ih": np.array([[0.2, 0.4, 0.1], [0.1, 0.3, 0.5], [0.4, 0.2, 0.3]]),
    "weight_hh": np.array([[0.3, 0.2, 0.1], [0.5, 0.4, 0.2], [0.1, 0.3, 0.4]]),
    "bias_ih": np.array([0.1, 0.1, 0.1]),
    "bias_hh": np.zeros(3),
}
OUT = {"weight": np.array([[0.3, 0.2, 0.4]]), "bias": np.array([0.1])}
GRADIENTS = {  # of a parameter: its name in rnncore, the gradient and the other factor in a term
    "W_ih": ("weight_ih", "da<sub>t</sub>", "x<sub>t</sub>"),
    "W_hh": ("weight_hh", "da<sub>t</sub>", "h<sub>t−1</sub>"),
    "b_ih": ("bias_ih", "da<sub>t</sub>", "1"),
    "W_ho": ("weight_ho", "dy<sub>t</sub>", "h<sub>t</sub>"),
}


def walk_back(params, out, xs, target, *, every_step=False):
    """Run BPTT and keep what each step contributes.

    Args:
        params: dict of weight_ih (H, D), weight_hh (H, H), bias_ih (H,), bias_hh (H,).
        out: dict of weight (1, H), bias (1,).
        xs: (T, D).
        target: 0 or 1.
        every_step: whether the loss is the mean over all steps; else it is that of the last step.
    Returns:
        A dict: loss; p (T,), the probability of label 1; h and before (T, H), the states after and before each step; dy (T, 1); above
        and future (T, H), the two parts of dh_t; da (T, H); terms, a dict with an array (T, ...) for each parameter.
    """
    T, H = len(xs), len(params["bias_ih"])
    hs, _, cache = rnn_forward(params, xs[:, None], np.zeros((1, H)))
    logits, out_cache = linear_forward(out, hs)  # (T, 1, 1)
    counts = np.ones_like(logits) if every_step else (np.arange(T) == T - 1).astype(float)[:, None, None]
    loss, loss_cache = sigmoid_cross_entropy_forward(logits, np.full_like(logits, target), mask=counts)
    dy = sigmoid_cross_entropy_backward(loss_cache)
    _, above = linear_backward(out_cache, dy)  # (T, 1, H)
    future, steps = [np.zeros((1, H))], []
    for step, dh in zip(reversed(cache.steps), above[::-1], strict=True):
        dparams, _, from_future = rnn_step_backward(step, dh + future[-1])
        steps.append(dparams)
        future.append(from_future)
    terms = {name: np.stack([step[name] for step in steps[::-1]]) for name in ("weight_ih", "weight_hh", "bias_ih")}
    terms["weight_ho"] = dy * hs  # (T, 1, H)
    numbers = {"h": hs, "before": np.stack([step.h for step in cache.steps]), "above": above, "future": np.stack(future[-2::-1])}
    numbers = {name: array[:, 0] for name, array in numbers.items()}
    return {"loss": float(loss), "p": loss_cache.probabilities.ravel(), "dy": dy[:, 0], "da": terms["bias_ih"], "terms": terms, **numbers}


def bptt_steps(step, parameter, sentence, recurrence, every_step):
    """Draw both factors of each term, the terms of the last `step` words and their sum, and under them the length of each term."""
    words = sentence.split()
    xs, taken = np.array([EMBEDDINGS[word] for word in words]), min(step, len(words))
    params = {**PARAMS, "weight_hh": recurrence * PARAMS["weight_hh"]}
    numbers = walk_back(params, OUT, xs, SENTENCES[sentence], every_step=every_step)
    terms = numbers["terms"][GRADIENTS[parameter][0]]  # (T, ...)
    factors = {"W_ih": xs, "W_hh": numbers["before"], "b_ih": np.ones((len(xs), 1)), "W_ho": numbers["h"]}[parameter]
    lengths = np.sqrt((terms.reshape(len(xs), -1) ** 2).sum(axis=1))
    seen = np.arange(len(xs)) >= len(xs) - taken
    trace, names, bottom = _ledger(parameter, terms, factors, numbers, seen)
    bars = {
        "type": "bar",
        "x": np.arange(len(xs)) + 0.5,
        "y": np.where(seen, 1000 * lengths, np.nan),
        "marker": {"color": COLORS[0]},
        "hovertext": [f"length of the term of “{w}”: {1000 * v:.3f}" for w, v in zip(words, lengths, strict=True)],
        "hoverinfo": "text",
        "yaxis": "y2",
    }
    said = _said(parameter, words, lengths, taken, numbers, every_step)
    alt = f"The gradient of {parameter} for “{sentence}” as a sum of one term for each word. {said}"
    return Figure([trace, bars], _layout(words, names, bottom, 1000 * lengths.max()), alt, note=said)


def _ledger(parameter, terms, factors, numbers, seen):
    """Rows of cells: the gradient at each step, the other factor, every entry of every term, and at the right the sum of the terms."""
    _, written, factor = GRADIENTS[parameter]
    gradient = numbers["dy" if parameter == "W_ho" else "da"]
    entries = terms.reshape(len(terms), -1)  # (T, entries)
    total = (entries * seen[:, None]).sum(axis=0)
    how = _how_dy if parameter == "W_ho" else _how_da
    back = [[how(t, i, numbers) for t in range(len(terms))] for i in range(gradient.shape[1])]
    made = [[_how_term(n, t, terms, factors, gradient) for t in range(len(terms))] for n in range(entries.shape[1])]
    blocks = [
        _block(np.where(seen[:, None], gradient, np.nan), 1000, back),
        _block(factors, 1, np.full(factors.T.shape, factor)),
        _block(np.where(seen[:, None], entries, np.nan), 1000, made, total=total),
    ]
    rows, centres = edges([len(values) for values, _, _ in blocks])
    index = [f"[{', '.join(str(i + 1) for i in place)}]" for place in np.ndindex(terms.shape[1:])]
    names = {written: centres[0], factor: centres[1]}
    names |= {f"d{parameter[0]}{place}": rows[-len(index) - 1 + n] + 0.5 for n, place in enumerate(index)}
    return cells(blocks, x=edges([len(terms), 1])[0], y=rows, size=10), names, rows[-1]


def _block(values, unit, hovers, total=None):
    """One block of the ledger: (values, texts, hovers), coloured by its own largest number, with a gap and a column for the sum."""
    columns = [values.T, np.full((values.shape[1], 2), np.nan)]
    if total is not None:
        columns[1][:, 1] = total
    shown = np.concatenate(columns, axis=1)
    texts = [[_written(unit * v) if unit > 1 else f"{v:.2g}" for v in row] for row in shown]
    sums = [["", f"sum: {unit * v:.3f}"] for v in columns[1][:, 1]]
    return shown / (np.nanmax(np.abs(shown)) or 1.0), texts, np.concatenate([hovers, sums], axis=1).astype(object)


def _written(value):
    """A number that fits a cell of a phone's width: "-52.4", "-315", and 0 without a sign."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:z.1f}"


def _how_dy(t, _, numbers):
    """How the gradient of the logit comes about."""
    return f"probability {numbers['p'][t]:.4f}<br>dy = {1000 * numbers['dy'][t, 0]:.3f}"


def _how_da(t, i, numbers):
    """How the gradient of a pre-activation comes about."""
    above, future, h = (numbers[name][t, i] for name in ("above", "future", "h"))
    return f"from above {1000 * above:.3f}<br>from the future {1000 * future:.3f}<br>times 1 - h² = {1 - h**2:.4f}"


def _how_term(n, t, terms, factors, gradient):
    """How one entry of one term comes about."""
    place = np.unravel_index(n, terms.shape[1:])
    left, right = gradient[t, place[0]], factors[t, place[-1] if factors.shape[1] > 1 else 0]
    return f"{bracketed(1000 * left, 3)}·{bracketed(right, 4)}<br>= {1000 * left * right:.3f}"


def _said(parameter, words, lengths, taken, numbers, every_step):
    share = lengths / lengths.sum() if lengths.any() else lengths
    last = ", ".join(f"“{word}” {part:.0%}" for word, part in zip(words[-1 : -taken - 1 : -1], share[::-1], strict=False))
    losses = "mean loss of all steps" if every_step else "loss"
    return (
        f"Probability of label 1: {numbers['p'][-1]:.3f}, {losses} {numbers['loss']:.4f}. After {taken} of {len(words)} steps back, "
        f"share of each term in the lengths of all {len(words)}: {last}. Gradients in thousandths."
    )


def _layout(words, names, bottom, highest):
    places = {f"{t + 1}: {word}": t + 0.5 for t, word in enumerate(words)} | {"sum": len(words) + 0.85}
    return {
        "height": 300 + 20 * round(bottom),
        "margin": {"l": 10, "r": 10, "t": 10, "b": 10},
        "xaxis": {**blank(places, side="top", anchor="y", range=[0, len(words) + 1.35]), "tickangle": -40},
        "yaxis": blank(names, domain=[0.28, 1.0], range=[bottom, 0]),
        "yaxis2": {
            "domain": [0.0, 0.24],
            "range": [0, 1.05 * highest or 1],
            "title": {"text": "term length", "font": {"size": 12}},
            "nticks": 4,
            "automargin": True,
        },
        "showlegend": False,
        "bargap": 0.3,
    }


WIDGET = Widget(
    "bptt_steps",
    "Backpropagation through time, one step back after another",
    "Each step back adds one term, and the last two words make most of the gradient; with a loss at every step the first words outweigh "
    "them.",
    bptt_steps,
    {
        "step": Slider("Steps back", 1, 6, 1, 6),
        "parameter": Choice("Gradient of", tuple(GRADIENTS), "W_ih"),
        "sentence": Choice("Sentence", tuple(SENTENCES), "i love this book its amazing"),
        "recurrence": Slider("W_hh times", 0.0, 2.0, 0.25, 1.0),
        "every_step": Switch("A loss at every step", False),
    },
    precomputed=("step", "parameter"),
)
