"""What a bidirectional layer sees at one position, from each side, in a sequence with padding behind it.

    y_t = [h_t ; r_t],    h_t has read x_1 .. x_t,    r_t has read x_L .. x_t, from the last input of the sequence back

    |dy_t / dx_s| = sqrt(sum_ij (d y_t[i] / d x_s[j])^2)      how strongly the output at t depends on the input at s

Three ways to reverse: within the length L of the sequence, which is right; all T places, so that the reverse half reads the padding first
("lengths forgotten"); and within the length, but with its states left in the order in which they were read ("not turned back").
The gradients are exact, by `bidirectional_backward`; five networks with random weights and inputs show the spread.
"""

import numpy as np

from rnncore.plots import COLORS, Figure
from rnncore.reference.bidirectional import BidirectionalState, bidirectional_backward, bidirectional_forward, init_bidirectional
from rnncore.reference.lstm import LSTMState
from rnncore.reference.masking import reverse_padded_backward, reverse_padded_forward
from rnncore.widgets.base import Widget
from rnncore.widgets.controls import Choice, Slider

__all__ = ["REVERSALS", "WIDGET", "alone", "bidirectional", "read", "seen_from"]

T, D, H = 8, 4, 8
SEEDS = range(5)
REVERSALS = ("right", "lengths forgotten", "not turned back")
HALVES = ("forward", "reverse")
ROUNDING = 1e-12


def read(cell, seed, length, reversal, padding, at=None):
    """Run one network over one padded sequence, and find what its output at one position depends on.

    Args:
        cell: "rnn", "lstm" or "gru".
        seed: of weights and inputs.
        length: L, how many of the T inputs belong to the sequence.
        reversal: one of `REVERSALS`.
        padding: the number that stands in the padding.
        at: a position from 0 up whose gradients are wanted, or None.
    Returns:
        ys: (T, 2H), the outputs.
        dependence: (2, T), |dh_t/dx_s| and |dr_t/dx_s| for t = at and each s; None without `at`.
    """
    rng = np.random.default_rng(seed)
    params = init_bidirectional(rng, D, H, cell=cell)
    x = rng.standard_normal((T, 1, D))
    x[length:] = padding
    copies = 2 * H  # one for each number of the output, so that one pass back gives all their gradients
    xs = np.repeat(x, copies, axis=1)
    lengths = None if reversal == "lengths forgotten" else np.full(copies, length)
    ys, _, cache = bidirectional_forward(params, xs, _state0(cell, copies), lengths, cell=cell)
    turn = None
    if reversal == "not turned back":
        r, turn = reverse_padded_forward(ys[:, :, H:], lengths)
        ys = np.concatenate([ys[:, :, :H], r], axis=2)
    if at is None:
        return ys[:, 0], None
    dys = np.zeros_like(ys)
    dys[at] = np.eye(copies)
    if turn is not None:
        dys[:, :, H:] = reverse_padded_backward(turn, dys[:, :, H:].copy())
    _, dxs, _ = bidirectional_backward(cache, dys)  # (T, 2H, D)
    return ys[:, 0], np.sqrt((dxs.reshape(T, 2, H, D) ** 2).sum(axis=(2, 3))).T


def alone(cell, seed, length):
    """The outputs (L, 2H) of the same network for the same sequence without any padding."""
    rng = np.random.default_rng(seed)
    params = init_bidirectional(rng, D, H, cell=cell)
    x = rng.standard_normal((T, 1, D))[:length]
    return bidirectional_forward(params, x, _state0(cell, 1), cell=cell)[0][:, 0]


def seen_from(dependence):
    """The positions, from 0 up, on which an output depends at all; dependence is (T,) for one network or (R, T) for several."""
    return np.flatnonzero((np.atleast_2d(dependence) > 0).any(axis=0))


def bidirectional(position, reversal, length, cell, padding):
    """Draw, above, on what both halves of the output at `position` depend; below, how far each output is from the right one."""
    name, at = cell.lower(), position - 1
    runs = [read(name, seed, length, reversal, padding, at) for seed in SEEDS]
    dependence = np.stack([dependence for _, dependence in runs], axis=1)  # (2, R, T)
    right = np.stack([alone(name, seed, length) for seed in SEEDS])  # (R, L, 2H)
    wrong = (np.stack([ys[:length] for ys, _ in runs]) - right).reshape(len(SEEDS), length, 2, H)
    error = np.sqrt((wrong**2).sum(axis=3)).transpose(2, 0, 1)  # (2, R, L)
    traces = [_seen(half, dependence[half]) for half in (0, 1)] + [_error(half, error[half]) for half in (0, 1)]
    said = _said(position, length, dependence, error)
    alt = f"{cell}, {T} places of which {length} belong to the sequence, {padding:g} in the others, reversal: {reversal}. {said}"
    return Figure(traces, _layout(position, length, float(error.max())), alt, note=said)


def _state0(cell, batch):
    zeros = np.zeros((batch, H))
    state = LSTMState(zeros, zeros) if cell == "lstm" else zeros
    return BidirectionalState(state, state)


def _seen(half, runs):
    """How strongly one half of the output depends on each input; nothing where it does not."""
    return {
        **_middle(half, np.where(runs > 0, runs, np.nan)),
        "type": "scatter",
        "mode": "lines+markers",
        "name": f"{HALVES[half]} half",
        "marker": {"symbol": ("circle", "diamond-open")[half], "size": 10},
        "line": {"color": COLORS[half], "dash": ("solid", "dot")[half]},
        "hovertemplate": "depends on input %{x}: %{y:.4f}<extra>" + HALVES[half] + "</extra>",
    }


def _error(half, runs):
    """How far one half of each output is from that of the sequence alone."""
    return {
        **_middle(half, np.where(runs > ROUNDING, runs, np.nan)),
        "type": "bar",
        "showlegend": False,
        "marker": {"color": COLORS[half], "pattern": {"shape": ("", "/")[half]}},
        "hovertemplate": "output %{x} is off by %{y:.4f}<extra>" + HALVES[half] + "</extra>",
        "yaxis": "y2",
    }


def _middle(half, runs):
    """What both kinds of trace share: at each position the median of (R, N) runs, with whiskers to the lowest and the highest."""
    low, middle, high = np.sort(runs, axis=0)[[0, len(runs) // 2, -1]]
    whiskers = {"type": "data", "symmetric": False, "array": high - middle, "arrayminus": middle - low, "thickness": 1, "color": "#7f7f7f"}
    return {"x": np.arange(1, runs.shape[1] + 1), "y": middle, "error_y": whiskers, "legendgroup": HALVES[half]}


def _said(position, length, dependence, error):
    """Which inputs each half sees, and the largest error."""
    sees = [_listed(seen_from(half) + 1) for half in dependence]
    worst = [float(np.median(half.max(axis=1))) for half in error]
    off = [f"{w:.2g} in the {name} half" if w > ROUNDING else f"none in the {name} half" for w, name in zip(worst, HALVES, strict=True)]
    where = "" if position <= length else f", which is padding (the sequence has {length} steps)"
    return (
        f"Output at position {position}{where}: the forward half sees {sees[0]}, the reverse half {sees[1]}. Largest error of an output "
        f"against the sequence alone, median of {len(SEEDS)} networks: {off[0]}, {off[1]}."
    )


def _listed(positions):
    """Positions as text: neighbours as a range."""
    if not len(positions):
        return "nothing"
    groups = np.split(positions, np.flatnonzero(np.diff(positions) > 1) + 1)
    return f"input{'s' if len(positions) > 1 else ''} " + ", ".join(f"{g[0]} to {g[-1]}" if len(g) > 1 else str(g[0]) for g in groups)


def _layout(position, length, worst):
    lines = {"yref": "paper", "y0": 0, "y1": 1}
    shapes = [{"type": "line", "x0": position, "x1": position, **lines, "line": {"color": "#7f7f7f", "dash": "dash"}}]
    captions = []
    if length < T:
        grey = {"fillcolor": "rgba(127,127,127,0.2)", "line": {"width": 0}, "layer": "below"}
        shapes.append({"type": "rect", "x0": length + 0.5, "x1": T + 0.5, **lines, **grey})
        place = {"x": (length + T + 1) / 2, "y": 0.36, "xref": "x", "yref": "paper"}
        captions.append({"text": "padding" if length < T - 1 else "pad", "showarrow": False, **place})
    axis = {"zeroline": False, "automargin": True}
    return {
        "height": 460,
        "margin": {"l": 10, "r": 10, "t": 10, "b": 10},
        "xaxis": {**axis, "title": {"text": "position"}, "dtick": 1, "range": [0.5, T + 0.5], "anchor": "y2"},
        "yaxis": {
            **axis,
            "title": {"text": "depends on input"},
            "type": "log",
            "dtick": 1,
            "range": [-3.2, 0.4],
            "exponentformat": "power",
            "domain": [0.4, 1.0],
        },
        "yaxis2": {**axis, "title": {"text": "output off by"}, "range": [0, 1.1 * max(worst, 0.1)], "nticks": 4, "domain": [0.0, 0.32]},
        "legend": {"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom"},
        "shapes": shapes,
        "annotations": captions,
    }


WIDGET = Widget(
    "bidirectional",
    "What a bidirectional layer sees",
    "The forward half sees the inputs up to its position, the reverse half those from there to the end of the sequence; with the lengths "
    "forgotten, the reverse half sees the padding too, and its outputs are wrong.",
    bidirectional,
    {
        "position": Slider("Output at position", 1, T, 1, 3),
        "reversal": Choice("Reversal", REVERSALS, "right"),
        "length": Slider("Length of the sequence", 1, T, 1, 6, "steps"),
        "cell": Choice("Cell", ("RNN", "LSTM", "GRU"), "GRU"),
        "padding": Slider("Number in the padding", -2.0, 2.0, 0.5, 0.0),
    },
    precomputed=("position", "reversal"),
)
