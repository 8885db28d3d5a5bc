"""From scores to the next character: temperature, top-k and top-p on a trained character model.

    p = softmax(logits / temperature)      top-k keeps the k most probable characters, top-p the fewest that reach p together
    a character is drawn from what is kept, rescaled, and becomes the next input

The model is a GRU that was trained on the Python language reference (tools/weights/sampling.py).
Source: top-k: Fan, Lewis and Dauphin (2018); top-p: Holtzman et al. (2020).
"""

import functools

import numpy as np

from rnncore.plots import COLORS, Figure, bars
from rnncore.reference.activations import softmax
from rnncore.reference.decoding import greedy_distribution, sample, temperature_distribution, top_k_distribution, top_p_distribution
from rnncore.reference.gru import gru_step_forward
from rnncore.tasks.text import Vocabulary
from rnncore.widgets.base import Widget
from rnncore.widgets.controls import Choice, Slider, Text
from rnncore.widgets.weights import load_weights

__all__ = ["WIDGET", "choose_from", "next_logits", "sampling"]

SHOWN = 12  # characters in the figure
WRITTEN = 100  # characters in the note
VOCABULARY = Vocabulary()
METHODS = ("temperature only", "top-k", "top-p", "greedy")


@functools.cache
def model():
    """The weights of the character model."""
    return load_weights("sampling")


def next_logits(tokens, h=None):
    """Let the model read.

    Args:
        tokens: (N,), whole numbers of the vocabulary, N at least 1.
        h: (1, H), the state to start from; None means zero.
    Returns:
        logits: (V,), scores of the character that comes next.
        h: (1, H), the state after reading.
    """
    params = model()
    h = np.zeros((1, params["rnn"]["weight_hh"].shape[1])) if h is None else h
    for token in tokens:
        h, _ = gru_step_forward(params["rnn"], params["embedding"]["weight"][token][None], h)
    return h[0] @ params["output"]["weight"].T + params["output"]["bias"], h


def choose_from(logits, method, temperature, k, p):
    """The distribution from which the next character is drawn.

    Args:
        logits: (V,).
        method: one of METHODS.
        temperature, k, p: as in `rnncore.reference.decoding`; k and p matter only to their own method.
    Returns:
        (V,), probabilities.
    """
    if method == "greedy":
        return greedy_distribution(logits)
    if method == "top-k":
        return top_k_distribution(logits, k, temperature=temperature)
    if method == "top-p":
        return top_p_distribution(logits, p, temperature=temperature)
    return temperature_distribution(logits, temperature)


def write(logits, h, method, temperature, k, p, seed):
    """Let the model write WRITTEN characters, drawn with a seed."""
    rng, tokens = np.random.default_rng(seed), []
    for _ in range(WRITTEN):
        tokens.append(int(sample(rng, choose_from(logits, method, temperature, k, p))))
        logits, h = next_logits(tokens[-1:], h)
    return VOCABULARY.decode(np.array(tokens))


def sampling(text, method, temperature, k, p, seed):
    """Draw the most probable next characters, before and after the choice of method, and let the model write on."""
    try:
        tokens = VOCABULARY.encode(text)
    except ValueError:
        raise ValueError("The model reads the characters of an English keyboard only; the text holds another one.") from None
    logits, h = next_logits(tokens)
    plain, drawn = softmax(logits), choose_from(logits, method, temperature, k, p)
    best = np.argsort(-logits, kind="stable")[:SHOWN]
    names = [_name(VOCABULARY.decode(np.array([token]))) for token in best]
    kept, entropy = int((drawn > 0).sum()), float(-(drawn[drawn > 0] * np.log2(drawn[drawn > 0])).sum())
    written = write(logits, h, method, temperature, k, p, seed).replace("\n", " ⏎ ")
    figure = bars(
        dict(zip(names, drawn[best], strict=True)),
        ylabel="probability",
        xlabel="next character",
        alt=f"Bars of the {SHOWN} most probable next characters after the text. The model gives {names[0]} {plain[best[0]]:.2f}; "
        f"with {method} it gets {drawn[best[0]]:.2f}, and {kept} of {len(drawn)} characters can be drawn.",
    )
    layout = {**figure.layout, "barmode": "group"}
    layout["xaxis"] = {**layout["xaxis"], "type": "category"}
    layout["yaxis"] = {**layout["yaxis"], "range": [0, 1]}
    data = [
        {"type": "bar", "name": name, "x": names, "y": values[best].round(4), "marker": {"color": color}}
        for name, values, color in (("the model's", plain, COLORS[4]), ("drawn from", drawn, COLORS[0]))
    ]
    note = f"{kept} character{'s' if kept > 1 else ''} can be drawn, entropy {entropy:z.2f} bits. The model writes on: {written}"
    return Figure(data, layout, figure.alt, note)


def _name(character):
    return {" ": "space", "\n": "line break"}.get(character, character)


WIDGET = Widget(
    "sampling",
    "Sampling the next character",
    "Raise the temperature and the bars level out: the text turns from repetition to sense to noise.",
    sampling,
    {
        "text": Text("The text so far", "If the ", 60),
        "method": Choice("Method", METHODS, "temperature only"),
        "temperature": Slider("Temperature", 0.1, 2.0, 0.1, 1.0),
        "k": Slider("k, for top-k", 1, 20, 1, 5, "characters"),
        "p": Slider("p, for top-p", 0.05, 1.0, 0.05, 0.9),
        "seed": Slider("Seed of the draws", 0, 20, 1, 0),
    },
    precomputed=("temperature",),
)
