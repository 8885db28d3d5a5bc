r"""How much of a gradient arrives, step by step, at the states before it: RNN, LSTM and GRU side by side.

    dL/ds_{t-1} = J_t^T dL/ds_t,     J_t = ds_t / ds_{t-1}                 s is h; for the LSTM h and c side by side
    J_t = diag(1 - h_t^2) W_hh                                             RNN with tanh: a product of T such matrices
    dc_t / dc_{t-1} = f_t,     dh_t / dh_{t-1} = z_t + ...                 LSTM and GRU: a gate stands where the matrix stood

Contents
    draw_networks       untrained networks whose recurrent blocks have a given spectral radius
    measure_flow        ||dL/ds_t|| at every step, and the Jacobian of the last one
    gradient_flow       the figure

A gradient of length 1 enters at the last hidden state and nowhere else. A step can lengthen it at most by the largest singular value
of its Jacobian.
Source: Bengio, Simard and Frasconi (1994); Pascanu, Mikolov and Bengio (2013); forget bias: Gers, Schmidhuber and Cummins (2000).
"""

from functools import cache

import numpy as np

from rnncore.plots import COLORS, Figure
from rnncore.reference.cells import CELLS
from rnncore.reference.diagnostics import singular_values, spectral_radius
from rnncore.reference.init import orthogonal
from rnncore.reference.lstm import LSTMState
from rnncore.reference.sequence import sequence_forward
from rnncore.reference.shapes import shapes
from rnncore.reference.tree import leaves
from rnncore.widgets.base import Widget
from rnncore.widgets.controls import Choice, Slider

__all__ = ["WIDGET", "draw_networks", "gradient_flow", "measure_flow"]

NAMES = {"RNN": "rnn", "LSTM": "lstm", "GRU": "gru"}
HIDDEN, INPUTS, SEQUENCES, MOST_STEPS = 32, 8, 8, 100
KEEPS = slice(HIDDEN, 2 * HIDDEN)  # the rows of the gate that keeps: f of i, f, g, o and z of r, z, n
LOWEST, HIGHEST = -16, 12  # powers of ten that the axis may reach
DASHES = ("solid", "dash", "dot")


@cache
def _drawn(weights, network):
    """The networks of a seed with recurrent blocks of spectral radius 1, inputs (T, B, D) and a last gradient (B, H)."""
    rng = np.random.default_rng(network)
    networks = {}
    for name, cell in NAMES.items():
        gates = CELLS[cell].gates
        params = CELLS[cell].init(rng, INPUTS, HIDDEN)
        if weights == "orthogonal":
            blocks = orthogonal(rng, HIDDEN, HIDDEN, gates=gates)
        else:
            blocks = rng.standard_normal((gates, HIDDEN, HIDDEN))
            blocks = (blocks / spectral_radius(blocks)[:, None, None]).reshape(-1, HIDDEN)
        networks[name] = params | {"weight_hh": blocks}
    xs, dh_T = rng.standard_normal((MOST_STEPS, SEQUENCES, INPUTS)), rng.standard_normal((SEQUENCES, HIDDEN))
    return networks, xs, dh_T / np.linalg.norm(dh_T, axis=1, keepdims=True)


def draw_networks(weights, radius, forget_bias, network):
    """Draw an RNN, an LSTM and a GRU of 32 units as PyTorch does, but for the recurrent weights and one bias.

    Args:
        weights: "orthogonal" or "random" (normal), for each recurrent block of 32 x 32.
        radius: spectral radius of each of these blocks.
        forget_bias: bias of the gate that keeps: f of the LSTM, z of the GRU.
        network: seed.
    Returns:
        A dict from name to parameters.
    """
    networks = {}
    for name, params in _drawn(weights, network)[0].items():
        params = {key: array.copy() for key, array in params.items()}
        params["weight_hh"] *= radius
        if name != "RNN":
            params["bias_ih"][KEEPS], params["bias_hh"][KEEPS] = forget_bias, 0
        networks[name] = params
    return networks


@shapes(xs="T B D", dh_T="B H")
def measure_flow(name, params, xs, dh_T, **options):
    """Send a gradient back through a sequence.

    Args:
        name: "RNN", "LSTM" or "GRU".
        params: of that cell.
        xs: (T, B, D).
        dh_T: (B, H), gradient with respect to the last hidden state.
        **options: of the cell, such as nonlinearity="relu".
    Returns:
        norms: (T + 1, B), ||dL/ds_t|| for t = 0 .. T.
        jacobian: (S, S), ds_T / ds_{T-1} of the first sequence; S is H, or 2H for the LSTM.
    """
    cell, zeros = CELLS[NAMES[name]], np.zeros_like(dh_T)
    _, _, kept = sequence_forward(cell.step_forward, params, xs, cell.zero_state(*dh_T.shape), **options)
    dstate = LSTMState(dh_T, zeros) if name == "LSTM" else dh_T
    norms = [_length(dstate)]
    for step in reversed(kept.steps):
        *_, dstate = cell.step_backward(step, dstate)
        norms.append(_length(dstate))
    return np.stack(norms[::-1]), _jacobian(cell.step_backward, kept.steps[-1], dstate)


def _length(dstate):
    """(B,): Euclidean norm of the gradient of each sequence."""
    return np.sqrt(sum((part**2).sum(axis=1) for _, part in leaves(dstate)))


def _jacobian(step_backward, step, state):
    """(S, S): as `step_jacobian` for the first sequence, but all S unit vectors go back at once, as a batch."""
    H = step.h.shape[1]
    S = H * len(leaves(state))
    step = step._replace(**{name: np.repeat(v[:1], S, axis=0) for name, v in step._asdict().items() if isinstance(v, np.ndarray)})
    unit = np.split(np.eye(S), S // H, axis=1)
    *_, rows = step_backward(step, type(state)(*unit) if S > H else unit[0])
    return np.concatenate([part for _, part in leaves(rows)], axis=1)


def gradient_flow(radius, forget_bias, weights, activation, steps, network):
    """Draw the gradient norms of the three cells over time, and below them the singular values of their last Jacobians."""
    networks = draw_networks(weights, radius, forget_bias, network)
    _, xs, dh_T = _drawn(weights, network)
    flows = {}
    for name, params in networks.items():
        options = {"nonlinearity": activation} if name == "RNN" else {}
        norms, jacobian = measure_flow(name, params, xs[:steps], dh_T, **options)
        flows[name] = norms, singular_values(jacobian)
    left = {name: float(np.median(norms[0])) for name, (norms, _) in flows.items()}
    said = ", ".join(f"{name} {value:.2g}" for name, value in left.items())
    stretch = ", ".join(f"{name} {values[0]:.2f}" for name, (_, values) in flows.items())
    norm = singular_values(networks["RNN"]["weight_hh"])[0]
    note = (
        f"Left of a gradient of length 1 after {steps} steps back, median of {SEQUENCES} sequences (band: all): {said}. Largest singular "
        f"value of the last step's Jacobian: {stretch}. W_hh of the RNN: spectral radius {radius:.2f}, norm {norm:.2f}."
    )
    alt = (
        f"Above, the length of the gradient at each of {steps} steps, on a logarithmic axis: 1 at the last step, at step 0 {said}. "
        f"Below, the singular values of the last step's Jacobian, largest first: they start at {stretch}."
    )
    data = [trace for i, name in enumerate(flows) for trace in _traces(name, *flows[name], COLORS[i], DASHES[i])]
    return Figure(data, _layout(steps, [norms for norms, _ in flows.values()]), alt, note=note)


def _traces(name, norms, values, color, dash):
    """A band and a median over time, and a curve of singular values."""
    T = len(norms) - 1
    some = np.unique(np.linspace(0, T, min(T, 10) + 1).round().astype(int))  # the band needs fewer points than the curve
    low, high = _shown(norms.min(axis=1)[some], 2), _shown(norms.max(axis=1)[some], 2)
    red, green, blue = (int(color[k : k + 2], 16) for k in (1, 3, 5))
    band = {"type": "scatter", "mode": "lines", "x": [*some, *some[::-1]], "y": [*low, *high[::-1]], "fill": "toself", "line": {"width": 0}}
    band |= {"fillcolor": f"rgba({red},{green},{blue},0.2)", "hoverinfo": "skip", "showlegend": False, "legendgroup": name}
    curve = {"type": "scatter", "mode": "lines", "name": name, "legendgroup": name, "line": {"color": color, "width": 2.2, "dash": dash}}
    over_time = {"y": _shown(np.median(norms, axis=1)), "x0": 0, "dx": 1, "hovertemplate": "step %{x}: %{y:.2e}"}
    by_rank = {"y": np.round(values, 3), "x0": 1, "dx": 1, "yaxis": "y2", "xaxis": "x2", "hovertemplate": "number %{x}: %{y:.3f}"}
    return [band, curve | over_time, curve | by_rank | {"showlegend": False}]


def _shown(values, digits=3):
    """A few digits of each value; what is 0, or far outside of any axis, leaves a gap."""
    return [float(f"{v:.{digits}g}") if 1e-40 < v < 1e40 else None for v in values]


def _layout(steps, norms):
    """Two panels, one under the other, each with a line at 1."""
    axis = {"automargin": True, "zeroline": False, "nticks": 6}
    low, high = (np.log10(np.clip(bound, 1e-40, 1e40)) for bound in (np.min(norms), np.max(norms)))
    low, high = max(min(np.floor(low), -6), LOWEST), min(max(np.ceil(high), 1), HIGHEST)
    one = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": 1, "y1": 1}
    one["line"] = {"color": COLORS[4], "width": 1, "dash": "dot"}
    return {
        "height": 560,
        "margin": {"l": 10, "r": 10, "t": 10, "b": 10},
        "xaxis": {**axis, "title": {"text": "time step t", "standoff": 6}, "range": [0, steps], "anchor": "y"},
        "yaxis": {
            **axis,
            "type": "log",
            "exponentformat": "power",
            "title": {"text": "‖dL/ds<sub>t</sub>‖"},
            "domain": [0.42, 1],
            "range": [low, high],
            "dtick": int(np.ceil((high - low) / 8)),
        },
        "xaxis2": {
            **axis,
            "title": {"text": "k-th singular value, last step", "standoff": 6},
            "range": [1, 2 * HIDDEN],
            "anchor": "y2",
        },
        "yaxis2": {**axis, "title": {"text": "σ<sub>k</sub>(J<sub>T</sub>)"}, "domain": [0, 0.29], "rangemode": "tozero"},
        "shapes": [one, {**one, "yref": "y2"}],
        "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
        "hovermode": "closest",
    }


WIDGET = Widget(
    "gradient_flow",
    "Gradient flow",
    "The gradient enters on the right and travels left: the RNN loses it, LSTM and GRU keep it, until you drag the forget bias to 0.",
    gradient_flow,
    {
        "radius": Slider("Spectral radius of W_hh", 0.6, 1.4, 0.2, 0.8),
        "forget_bias": Slider("Forget bias (LSTM f, GRU z)", 0, 4, 1, 4),
        "weights": Choice("Recurrent weights", ("orthogonal", "random"), "orthogonal"),
        "activation": Choice("Activation of the RNN", ("tanh", "relu"), "tanh"),
        "steps": Slider("Steps T", 10, MOST_STEPS, 10, 50, "steps"),
        "network": Slider("Network drawn, seed", 0, 9, 1, 0),
    },
    precomputed=("radius", "forget_bias"),
)
