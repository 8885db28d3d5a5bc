"""Which characters of a date a network looks at while it writes the date in another form.

    e_ts = score(h_t, k_s)        additive: v . tanh(W_q h_t + W_k k_s)      scaled dot: h_t . k_s / sqrt(H)
    w_ts = softmax over s of e_ts, with the mask only over the characters of the date
    the darker the cell (t, s), the larger the weight w_ts

The model is a trained encoder-decoder (tools/weights/attention_map.py). After the date stands padding, as in a batch with longer
dates; the encoder leaves zeros there. Without the mask these zeros compete for attention like everything else.
Source: Bahdanau, Cho and Bengio (2015); Luong, Pham and Manning (2015).
"""

import datetime
import functools
import json

import numpy as np

from rnncore.plots import Figure, heatmap
from rnncore.reference.encoder_decoder import decoder_forward, encoder_forward
from rnncore.widgets.base import Widget
from rnncore.widgets.controls import Choice, Slider, Switch, Text
from rnncore.widgets.weights import DATA, load_weights

__all__ = ["WIDGET", "attention_map", "read_date"]

ANSWER = "-0123456789"
START = len(ANSWER)
LENGTH = 10
SCORES = {"additive": "additive", "scaled dot": "scaled_dot"}


@functools.cache
def model():
    """The weights by score, and the characters that the models know."""
    return load_weights("attention_map"), json.loads((DATA / "attention_map.json").read_text("utf8"))["characters"]


def read_date(text, *, score="additive", padding=0, mask=True):
    """Write a date in the form 2021-03-05, each character chosen by the model and fed back.

    Args:
        text: the date, in characters that the model knows.
        score: "additive" or "scaled_dot".
        padding: how many empty places stand after the date.
        mask: whether attention is kept from the padding.
    Returns:
        written: str of ten characters.
        weights: (10, len(text) + padding), one row of attention for each character.
    Raises:
        ValueError: the text has a character that the model has never seen.
    """
    weights, characters = model()
    if unknown := sorted(set(text) - set(characters)):
        raise ValueError(f"The model has never seen {' '.join(unknown)}; it knows the characters of dates in nine languages.")
    params = weights[score]
    source = np.array([characters.index(c) + 1 for c in text] + [0] * padding)[:, None]  # (S, 1)
    keys, state, _ = encoder_forward(params["encoder"], source, lengths=np.array([len(text)]))
    shown = (np.arange(len(source)) < len(text))[:, None] if mask else None
    fed, written, rows = START, "", []
    for _ in range(LENGTH):
        logits, state, cache = decoder_forward(params["decoder"], np.array([[fed]]), state, keys, mask=shown, score=score)
        fed = int(logits[0, 0, :START].argmax())  # the start token is never an answer
        written += ANSWER[fed]
        rows.append(cache.attention.weights[0, 0])
    return written, np.array(rows)


def attention_map(date, score, mask, padding):
    """Draw the weights: a row for each character written, a column for each character read."""
    text = " ".join(date.split())
    written, weights = read_date(text, score=SCORES[score], padding=padding, mask=mask)
    columns = [c if c != " " else "␣" for c in text] + ["·"] * padding
    lost = float(weights[:, len(text) :].sum(axis=1).mean()) if padding else 0.0
    most = columns[int(weights[LENGTH - 1].argmax())]
    note = f"Written: {written}{'' if _is_day(written) else ', which is no day of the calendar'}. "
    note += f"Share of the attention that goes to the padding: {lost:.0%}."
    alt = (
        f"Heatmap of attention weights, ten rows for the characters of {written} and {len(columns)} columns for those of {text}, "
        f"{padding} of them padding. The last row looks most at {most}."
    )
    figure = heatmap(
        weights.round(3),
        alt=alt,
        xlabel="read",
        ylabel="written",
        x=columns,
        y=list(written),
        zlabel="weight",
        limits=(0.0, 1.0),
        height=360,
    )
    return Figure(figure.data, figure.layout, figure.alt, note)


def _is_day(text):
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True


WIDGET = Widget(
    "attention_map",
    "Attention map: reading a date",
    "Each row is one character being written: follow the dark cells from the year at the end of the date back to the day.",
    attention_map,
    {
        "date": Text("A date, as you would write it", "Friday, March 5, 2021", 40),
        "score": Choice("Score", tuple(SCORES), "additive"),
        "mask": Switch("Mask the padding", True),
        "padding": Slider("Padding after the date", 0, 12, 4, 4, "places"),
    },
    precomputed=("score", "mask", "padding"),
)
