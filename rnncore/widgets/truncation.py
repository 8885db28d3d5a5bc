r"""Truncated BPTT: how far back each pass goes, what it costs, and how far its gradient is from the full one.

    task        y_t = x_{t-d}: say at every step which input came d steps before
    full        dW = sum over the losses s and the steps t <= s of what loss s sends to step t
    k1, k2      after every k1 steps a pass goes back over the last k2; it brings the losses of the last k1 steps
    cosine      <dW', dW> / (||dW'|| ||dW||)      direction of the truncated gradient dW' against the full one dW
    norm        ||dW'|| / ||dW||                  its length

Contents
    Problem, make_problem    an untrained network that has read its inputs, and the gradient of each loss
    gradients_by_depth       the truncated gradient for one k1 and every k2, in one sweep
    cosine, norm
    count_work               passes, and steps they go back
    truncation               the figure

W_ih has to meet the input d steps back, W_hh carries it through all steps between: so the gradient of W_hh improves with every step of
k2, and that of W_ih is far off until k2 exceeds d.
Source: Williams and Peng (1990); the names k1, k2: Sutskever (2013), section 2.8.6.
"""

from typing import NamedTuple

import numpy as np

from rnncore.plots import COLORS, Figure
from rnncore.reference.cells import CELLS
from rnncore.reference.init import orthogonal
from rnncore.reference.layers import linear_backward, linear_forward
from rnncore.reference.losses import mean_squared_error_backward, mean_squared_error_forward
from rnncore.reference.sequence import add_to_hidden, sequence_forward
from rnncore.reference.shapes import shapes
from rnncore.reference.tree import tree_map
from rnncore.widgets.base import Widget
from rnncore.widgets.controls import Choice, Slider

__all__ = ["WIDGET", "Problem", "cosine", "count_work", "gradients_by_depth", "make_problem", "norm", "truncation"]

NAMES = {"RNN": "rnn", "LSTM": "lstm", "GRU": "gru"}
STEPS, SEQUENCES, HIDDEN, INPUTS = 48, 32, 16, 2
FORGET_BIAS = 2.0  # of f of the LSTM and z of the GRU, so that something reaches back at all
MATRICES = {"weight_ih": "W<sub>ih</sub>", "weight_hh": "W<sub>hh</sub>"}


class Problem(NamedTuple):
    """A network that has read its inputs."""

    cell: str  # a name in `CELLS`
    params: dict
    xs: np.ndarray  # (T, B, D)
    dhs: np.ndarray  # (T, B, H): row t is the gradient of the loss of step t with respect to the state of step t
    steps: list  # the cache of each step


def make_problem(name, radius, delay, network=0):
    """Draw a network, let it read random inputs, and compare what a linear layer reads from its state with the input d steps before.

    Args:
        name: "RNN", "LSTM" or "GRU".
        radius: spectral radius of each recurrent block, which is orthogonal.
        delay: d, from 1 to 47.
        network: seed.
    Returns:
        A `Problem` of 48 steps; the loss is the mean over the steps that have an input d steps before.
    """
    rng = np.random.default_rng(network)
    cell = CELLS[NAMES[name]]
    params = cell.init(rng, INPUTS, HIDDEN) | {"weight_hh": orthogonal(rng, HIDDEN, HIDDEN, gain=radius, gates=cell.gates)}
    if name != "RNN":
        params["bias_ih"][HIDDEN : 2 * HIDDEN], params["bias_hh"][HIDDEN : 2 * HIDDEN] = FORGET_BIAS, 0
    output = {"weight": 0.01 * rng.standard_normal((INPUTS, HIDDEN)), "bias": np.zeros(INPUTS)}
    xs = rng.standard_normal((STEPS, SEQUENCES, INPUTS))
    hs, _, kept = sequence_forward(cell.step_forward, params, xs, cell.zero_state(SEQUENCES, HIDDEN))
    answers, read = linear_forward(output, hs[delay:])
    _, scored = mean_squared_error_forward(answers, xs[:-delay])
    dhs = np.zeros_like(hs)
    _, dhs[delay:] = linear_backward(read, mean_squared_error_backward(scored))
    return Problem(NAMES[name], params, xs, dhs, kept.steps)


def _ends(T, k1):
    """The steps after which a pass goes back, counted from 0: every k1-th, and the last."""
    return np.unique([*range(k1 - 1, T, k1), T - 1])


@shapes(dhs="T B H")
def gradients_by_depth(problem, dhs, k1):
    """Let the passes of all ends go back together, one step deeper each time, and note what has been summed until then.

    Args:
        problem: a `Problem`.
        dhs: (T, B, H), as in it.
        k1: steps between two passes.
    Returns:
        A list of T dicts: entry k2 - 1 holds the gradients that `truncated_bptt` gives for k1 and k2; the last one is the full gradient.
    """
    cell, (T, B, H) = CELLS[problem.cell], dhs.shape
    ends = _ends(T, k1)
    new = np.diff(ends, prepend=-1)  # the last steps of each pass, whose losses it is the first to bring
    first = problem.steps[0]._asdict().items()
    kept = {name: np.stack([getattr(step, name) for step in problem.steps]) for name, v in first if isinstance(v, np.ndarray)}
    dstate = cell.zero_state(len(ends) * B, H)
    total, sums = tree_map(np.zeros_like, problem.params), []
    for age in range(T):
        over = np.searchsorted(ends, age)  # passes that have gone back to the first step
        dstate, ends, new = tree_map(lambda part, rows=over * B: part[rows:], dstate), ends[over:], new[over:]
        at = ends - age
        dstate = add_to_hidden(dstate, (dhs[at] * (age < new)[:, None, None]).reshape(-1, H))
        step = problem.steps[0]._replace(**{name: values[at].reshape(-1, values.shape[2]) for name, values in kept.items()})
        dparams, _, dstate = cell.step_backward(step, dstate)
        total = tree_map(np.add, total, dparams)
        sums.append(total)
    return sums


def cosine(a, b):
    """The cosine of the angle between two arrays; 0 if one of them is 0."""
    length = np.linalg.norm(a) * np.linalg.norm(b)
    return float((a * b).sum() / length) if length else 0.0


def norm(a, b):
    """The length of one array in units of another; 0 if both are 0."""
    length = np.linalg.norm(b)
    return float(np.linalg.norm(a) / length) if length else 0.0


def count_work(T, k1, k2):
    """Count what the passes do.

    Args:
        T: steps.
        k1, k2: as in `truncated_bptt`.
    Returns:
        passes: how many there are.
        steps: how many steps they go back, together; the full pass goes back T.
    """
    ends = _ends(T, k1)
    return len(ends), int(np.minimum(ends + 1, k2).sum())


def truncation(k2, k1, delay, cell, radius, network):
    """Draw the passes over time, cosine and norm of the truncated gradient for every k2, and memory and work."""
    problem = make_problem(cell, radius, delay, network)
    sums = gradients_by_depth(problem, problem.dhs, k1)
    cosines, norms = ({name: [measure(s[name], sums[-1][name]) for s in sums] for name in MATRICES} for measure in (cosine, norm))
    passes, work = count_work(STEPS, k1, k2)
    at = {name: f"cosine {cosines[name][k2 - 1]:.2f}, norm {norms[name][k2 - 1]:.2f}" for name in MATRICES}
    lost = sum(max(0, end - before - k2) for end, before in zip(_ends(STEPS, k1), [-1, *_ends(STEPS, k1)], strict=False))
    note = (
        f"Against the full gradient: W_ih {at['weight_ih']}; W_hh {at['weight_hh']}. {_plural(passes, 'pass', 'passes')} go back over "
        f"{work} steps in all; the full pass over {STEPS}. Kept in memory: {k2} of {STEPS} steps."
        + (f" As k2 is below k1, the losses of {lost} steps send nothing back." if lost else "")
    )
    alt = (
        f"Above, a timeline of {STEPS} steps: after every {k1} a pass goes back over at most {k2}; the loss needs the input {delay} steps "
        f"before. In the middle, cosine and norm of the truncated gradient for every k2; at k2 = {k2}: W_ih {at['weight_ih']}; "
        f"W_hh {at['weight_hh']}. Below, bars: {k2} of {STEPS} steps in memory, {work} steps of work against {STEPS}."
    )
    data = [*_timeline(k1, k2, delay), *_curves(cosines, "cosine", "solid"), *_curves(norms, "norm", "dot"), _costs(k2, work)]
    return Figure(data, _layout(k2, passes), alt, note=note)


def _plural(count, one, many):
    return f"{count} {one if count == 1 else many}"


def _timeline(k1, k2, delay):
    """Each pass as a line over the steps that it goes back, thick where it brings new losses; below all, the delay."""
    ends = _ends(STEPS, k1) + 1  # counted from 1
    starts = np.maximum(ends - k2, 0)
    news = np.maximum(starts, np.concatenate([[0], ends[:-1]]))
    rows = np.arange(1, len(ends) + 1)
    line = {"type": "scatter", "mode": "lines", "hovertemplate": "pass %{y}, step %{x}"}
    delayed = {"x": [STEPS - delay, STEPS], "y": [0, 0], "mode": "lines+markers", "line": {"color": COLORS[2], "width": 2}}
    delayed |= {"marker": {"symbol": ["circle", "square"], "size": 8}, "hovertemplate": "input at step %{x}" + f", asked for {delay} later"}
    return [
        line | {"name": "goes back", "x": _segments(starts, ends), "y": np.repeat(rows, 3), "line": {"color": COLORS[0], "width": 1.5}},
        line | {"name": "new losses", "x": _segments(news, ends), "y": np.repeat(rows, 3), "line": {"color": COLORS[1], "width": 4}},
        line | {"name": "delay d"} | delayed,
    ]


def _segments(starts, ends):
    """Start, end and a gap for each line."""
    return [value for start, end in zip(starts, ends, strict=True) for value in (int(start), int(end), None)]


def _curves(measured, kind, dash):
    """A curve over k2 for each matrix."""
    trace = {"type": "scatter", "mode": "lines", "x0": 1, "dx": 1, "xaxis": "x2", "yaxis": "y2", "legend": "legend2"}
    return [
        trace
        | {"name": f"{kind} {MATRICES[name]}", "y": np.round(values, 3), "line": {"color": color, "width": 2.2, "dash": dash}}
        | {"hovertemplate": "k2 = %{x}: %{y:.3f}"}
        for (name, values), color in zip(measured.items(), (COLORS[0], COLORS[1]), strict=True)
    ]


def _costs(k2, work):
    """Memory and work as bars, in steps."""
    return {
        "type": "bar",
        "orientation": "h",
        "y": ["work", "memory"],
        "x": [work, k2],
        "text": [f"{work} steps", f"{k2} steps"],
        "textposition": "auto",
        "marker": {"color": COLORS[4]},
        "insidetextfont": {"color": "#000000"},
        "xaxis": "x3",
        "yaxis": "y3",
        "showlegend": False,
        "hoverinfo": "skip",
    }


def _layout(k2, passes):
    """Three panels, one under the other, and lines at k2 and at the cost of the full pass."""
    axis = {"automargin": True, "zeroline": False, "nticks": 6}
    across = {"type": "line", "line": {"color": COLORS[4], "width": 1.5, "dash": "dash"}}
    legend = {"orientation": "h", "x": 0, "yanchor": "bottom"}
    return {
        "height": 620,
        "margin": {"l": 10, "r": 10, "t": 10, "b": 10},
        "xaxis": {**axis, "title": {"text": "time step", "standoff": 6}, "range": [0, STEPS + 0.5], "anchor": "y"},
        "yaxis": {
            **axis,
            "title": {"text": "pass", "standoff": 6},
            "range": [-0.5 - passes / 20, passes + 0.7],
            "domain": [0.71, 1],
            "nticks": 4,
        },
        "xaxis2": {**axis, "title": {"text": "k2, steps a pass goes back", "standoff": 6}, "range": [0, STEPS + 0.5], "anchor": "y2"},
        "yaxis2": {**axis, "domain": [0.24, 0.48], "nticks": 5},
        "xaxis3": {**axis, "title": {"text": f"steps (full BPTT: {STEPS} for both)", "standoff": 6}, "anchor": "y3"},
        "yaxis3": {**axis, "domain": [0, 0.1]},
        "shapes": [
            {**across, "xref": "x2", "yref": "y2 domain", "x0": k2, "x1": k2, "y0": 0, "y1": 1},
            {**across, "xref": "x3", "yref": "y3 domain", "x0": STEPS, "x1": STEPS, "y0": 0, "y1": 1},
        ],
        "legend": {**legend, "y": 1},
        "legend2": {**legend, "y": 0.48},
        "hovermode": "closest",
    }


WIDGET = Widget(
    "truncation",
    "Truncated backpropagation",
    "Drag k2 past the delay d: only then does the gradient of W_ih turn to where the full gradient points.",
    truncation,
    {
        "k2": Slider("k2, how far a pass goes back", 2, STEPS, 2, 8, "steps"),
        "k1": Slider("k1, from pass to pass", 1, STEPS // 2, 1, 4, "steps"),
        "delay": Slider("Delay d of the task", 1, STEPS // 2, 1, 12, "steps"),
        "cell": Choice("Cell", tuple(NAMES), "RNN"),
        "radius": Slider("Spectral radius of W_hh", 0.5, 1.2, 0.1, 1.0),
        "network": Slider("Network drawn, seed", 0, 9, 1, 0),
    },
    precomputed=("k2",),
)
