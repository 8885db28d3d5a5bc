"""The loss of a recurrent unit along one parameter: flat land, and a cliff; what a step does there with and without clipping.

    h_t = tanh(w h_{t-1} + b)      T steps from h_0 = -1, one unit, no input
    L(b) = (h_T - target)^2        target = -0.6, on the lower branch, just below the place where that branch ends
    a step                         b - rate * clip(dL/db)

Below a critical bias the unit stays in its lower state; above it, it slides to the upper one. The longer the sequence, the sharper
the change in h_T, and at the edge dL/db grows without bound while it is small on both sides.
Source: the picture follows Pascanu, Mikolov and Bengio (2013), "On the difficulty of training recurrent neural networks", section 2.3.
"""

import numpy as np

from rnncore.plots import COLORS, Figure, lines
from rnncore.reference.optim import clip_by_norm
from rnncore.tuned.rnn import rnn_backward, rnn_forward
from rnncore.widgets.base import Widget
from rnncore.widgets.controls import Slider

__all__ = ["WIDGET", "descend", "loss_along", "loss_cliff"]

TARGET, START_STATE = -0.6, -1.0
LOW, HIGH, POINTS, FINER = -0.2, 0.6, 121, 40
START = -0.1
UPDATES = 40


def loss_along(weight, biases, steps):
    """The loss and its derivative for several biases at once, from rnncore's forward and backward pass.

    Args:
        weight: w, a number.
        biases: (N,), values of b; each is one sequence of a batch, fed in as a constant input.
        steps: T.
    Returns:
        loss: (N,).
        slope: (N,), dL/db.
    """
    params = {"weight_ih": np.ones((1, 1)), "weight_hh": np.array([[float(weight)]]), "bias_ih": np.zeros(1), "bias_hh": np.zeros(1)}
    xs = np.tile(biases[None, :, None], (steps, 1, 1))  # (T, N, 1)
    hs, state_T, cache = rnn_forward(params, xs, np.full((len(biases), 1), START_STATE))
    error = state_T - TARGET
    _, dxs, _ = rnn_backward(cache, np.zeros_like(hs), 2 * error)
    return (error**2)[:, 0], dxs.sum(axis=0)[:, 0]


def descend(weight, steps, rate, max_norm):
    """Gradient descent on the bias, from START, without clipping and with it.

    Args:
        weight, steps: as in `loss_along`.
        rate: learning rate.
        max_norm: the bound on the gradient of the second descent.
    Returns:
        biases: (UPDATES + 1, 2).
        losses: (UPDATES + 1, 2).
    """
    bias, biases, losses = np.full(2, START), [], []
    for _ in range(UPDATES + 1):
        loss, slope = loss_along(weight, bias, steps)
        biases.append(bias)
        losses.append(loss)
        clipped, _ = clip_by_norm(slope[1:], max_norm)
        bias = bias - rate * np.concatenate([slope[:1], clipped])
    return np.array(biases), np.array(losses)


def places(weight, steps):
    """Values of b for the curves: a grid, and twice a finer one where the loss jumps most."""
    biases = np.linspace(LOW, HIGH, POINTS)
    for _ in range(2):
        jump = int(np.abs(np.diff(loss_along(weight, biases, steps)[0])).argmax())
        biases = np.insert(biases, jump + 1, np.linspace(biases[jump], biases[jump + 1], FINER + 2)[1:-1])
    return biases


def loss_cliff(weight, steps, rate, max_norm):
    """Draw the loss and the size of its slope along b, and the bias after each update with and without clipping."""
    biases = places(weight, steps)
    loss, slope = loss_along(weight, biases, steps)
    paths, losses = descend(weight, steps, rate, max_norm)
    steepest, updates = int(np.abs(slope).argmax()), np.arange(UPDATES + 1)
    ends = ", ".join(f"{name} {paths[-1, k]:.2f} (loss {losses[-1, k]:.3f})" for k, name in enumerate(("not clipped", "clipped")))
    found = f"slope {abs(slope[steepest]):.3g} at b = {biases[steepest]:.3f}"
    note = f"Steepest place: {found}. After {UPDATES} updates b is: {ends}."
    alt = f"Three panels. The loss along the bias b is steepest where it has {found}. The bias after {UPDATES} updates: {ends}."
    data = [
        _trace(biases, loss, "x", "y", COLORS[4]),
        _trace(biases, np.maximum(np.abs(slope), 1e-6), "x", "y2", COLORS[4]),
        _trace([LOW, HIGH], [max_norm, max_norm], "x", "y2", COLORS[2], name="bound of clipping", dash="dash"),
    ]
    for k, (name, color, symbol) in enumerate((("not clipped", COLORS[1], "x"), ("clipped", COLORS[0], "circle"))):
        seen, marker = (paths[:, k] >= LOW) & (paths[:, k] <= HIGH), {"symbol": symbol, "size": 9 - 3 * k, "color": color}
        data.append(_trace(paths[seen, k], losses[seen, k], "x", "y", color, name=name) | {"mode": "markers", "marker": marker})
        data.append(_trace(updates, paths[:, k], "x3", "y3", color) | {"mode": "lines+markers", "marker": {**marker, "size": 5}})
    return Figure(data, _layout(), alt, note)


def _trace(x, y, xaxis, yaxis, color, *, name="", dash="solid"):
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": [float(f"{value:.4g}") for value in x],
        "y": [float(f"{value:.3g}") for value in y],
        "xaxis": xaxis,
        "yaxis": yaxis,
        "line": {"color": color, "width": 2, "dash": dash},
        "showlegend": bool(name),
    }


def _layout():
    layout = lines({"": [0.0, 1.0]}, alt="layout", xlabel="bias b", ylabel="loss", height=620).layout
    axis = layout["yaxis"]
    layout["xaxis"] = {**layout["xaxis"], "range": [LOW, HIGH], "anchor": "y2"}
    layout["yaxis"] = {**axis, "domain": [0.72, 1.0], "range": [-0.2, 2.7]}
    layout["yaxis2"] = {
        **axis,
        "domain": [0.4, 0.66],
        "type": "log",
        "title": {"text": "size of dL/db"},
        "exponentformat": "power",
        "nticks": 6,
    }
    layout["xaxis3"] = {**layout["xaxis"], "range": [0, UPDATES], "anchor": "y3", "title": {"text": "update"}}
    layout["yaxis3"] = {**axis, "domain": [0.0, 0.26], "title": {"text": "bias b"}}
    layout["showlegend"] = True
    return layout


WIDGET = Widget(
    "loss_cliff",
    "Loss cliff",
    "At the edge one step without clipping lands far away, where the slope is flat and nothing brings it back; the clipped one returns.",
    loss_cliff,
    {
        "weight": Slider("Recurrent weight w", 1.2, 1.8, 0.1, 1.5),
        "steps": Slider("Steps T", 10, 100, 10, 50),
        "rate": Slider("Learning rate", 0.01, 0.1, 0.01, 0.05),
        "max_norm": Slider("Bound of clipping", 0.1, 5.0, 0.1, 1.0),
    },
    precomputed=("steps",),
)
