"""One linear recurrence as a loop and as a tree: how many rounds, how much work, and that the values are equal.

    h_t = a_t h_{t-1} + b_t
    (a_2, b_2) after (a_1, b_1) = (a_2 a_1, a_2 b_1 + b_2)            one combination

Before the first round place t holds the map of its own step; a round combines the maps of many pairs of places at once. A place has its
state h_t when its map covers all steps from 1 to t. Until then its b is the state that would come from a start at zero some steps ago.

    loop                  T - 1 rounds          T - 1 combinations, of which each needs only the half for b
    fast scan             ceil(log2 T) rounds   about T log2 T combinations; `linear_recurrence_scan_forward`
    two sweeps            about 2 log2 T        fewer than 2 T combinations: up a tree, then down again

Source: fast scan: Hillis and Steele (1986); two sweeps: Blelloch (1990), here in the form of Brent and Kung (1982), in which the state at a
step includes that step.
"""

import numpy as np

from rnncore.plots import COLORS, Figure
from rnncore.reference.linear_recurrence import linear_recurrence_forward, linear_recurrence_scan_forward
from rnncore.widgets.base import Widget
from rnncore.widgets.controls import Choice, Slider

__all__ = ["FORMS", "WIDGET", "follow", "inputs_of", "parallel_scan", "schedule"]

LOOP, FAST, SWEEPS = FORMS = ("loop", "fast scan", "two sweeps")
KINDS = ("random", "one pulse", "all ones")
COLOR = dict(zip(FORMS, COLORS, strict=False))


def schedule(form, steps):
    """Say which places are combined in which round.

    Args:
        form: one of `FORMS`.
        steps: T.
    Returns:
        A list with one list of pairs for each round: (target, source), where the map at target takes in the one at source < target.
    """
    if form == LOOP:
        return [[(t, t - 1)] for t in range(1, steps)]
    distances = [2**k for k in range(steps.bit_length()) if 2**k < steps]
    if form == FAST:
        return [[(t, t - d) for t in range(d, steps)] for d in distances]
    up = [[(t, t - d) for t in range(2 * d - 1, steps, 2 * d)] for d in distances]
    down = [[(t, t - d) for t in range(3 * d - 1, steps, 2 * d)] for d in reversed(distances)]
    return [pairs for pairs in up + down if pairs]


def follow(rounds, a, b):
    """Carry out a schedule.

    Args:
        rounds: as from `schedule`.
        a, b: (T,), the recurrence; h_0 is zero.
    Returns:
        values: (rounds + 1, T), the b of each place before the first round and after each.
        covered: (rounds + 1, T), how many steps the map of each place covers then; at place t, counted from 0, t + 1 is all.
    """
    a, values, covered = a.copy(), [b], [np.ones(len(b), dtype=int)]
    for pairs in rounds:
        target, source = np.array(pairs).T
        b, count = values[-1].copy(), covered[-1].copy()
        b[target] = b[target] + a[target] * b[source]  # the right side is read before anything is written
        a[target] = a[target] * a[source]
        count[target] = count[target] + count[source]
        values.append(b)
        covered.append(count)
    return np.stack(values), np.stack(covered)


def inputs_of(kind, steps):
    """The b of each step, (T,)."""
    if kind == "random":
        return np.random.default_rng(0).standard_normal(steps)
    return np.eye(steps)[0] if kind == "one pulse" else np.ones(steps)


def parallel_scan(rounds, form, steps, keep, kind):
    """Draw the tree, the values that loop and tree hold after so many rounds, and what each form needs in all."""
    a, b = np.full(steps, keep), inputs_of(kind, steps)
    plan = schedule(form, steps)
    done = min(rounds, len(plan))
    values, covered = follow(plan, a, b)
    exact = linear_recurrence_forward(a[:, None, None], b[:, None, None], np.zeros((1, 1)))[0].ravel()
    scan = linear_recurrence_scan_forward(a[:, None, None], b[:, None, None], np.zeros((1, 1)))[0].ravel() if form == FAST else values[-1]
    known = covered[done] == np.arange(steps) + 1
    traces = [*_tree(plan, covered, done, form), *_values(exact, min(rounds + 1, steps), values[done], known, form), *_costs(steps)]
    said = _said(rounds, form, steps, int(known.sum()), float(np.abs(scan - exact).max()))
    how = "as a loop" if form == LOOP else f"as a loop and as a scan ({form})"
    alt = f"The recurrence h_t = {keep:g} h_(t-1) + b_t over {steps} steps, {kind} inputs, {how}. {said}"
    return Figure(traces, _layout(len(plan), steps), alt, note=said)


def _tree(plan, covered, done, form):
    """Lines for the combinations, those of later rounds faint, and a marker for each map: full if it covers all steps so far."""
    steps = covered.shape[1]
    rails = [(t + 1, 0, t + 1, len(plan)) for t in range(steps)]  # a place keeps its map until it is combined
    pairs = [(source + 1, r, target + 1, r + 1) for r, pairs in enumerate(plan) for target, source in pairs]
    past, future = [line for line in pairs if line[1] < done], [line for line in pairs if line[1] >= done]
    nodes = [(t, 0) for t in range(steps)] + [(t, r + 1) for r, pairs in enumerate(plan[:done]) for t, _ in pairs]
    marker = {"symbol": _symbols(covered[r, t] == t + 1 for t, r in nodes), "size": 8, "color": COLOR[form]}
    texts = [f"steps {t + 2 - covered[r, t]} to {t + 1}" for t, r in nodes]
    place = {"x": [t + 1 for t, _ in nodes], "y": [r for _, r in nodes]}
    return [
        _lines(rails, "rgba(127,127,127,0.35)", 1),
        _lines(future, "rgba(127,127,127,0.8)", 1, dash="dot"),
        _lines(past, COLOR[form], 1.5),
        {"type": "scatter", "mode": "markers", **place, "marker": marker, "hovertext": texts, "hoverinfo": "text", "showlegend": False},
    ]


def _lines(ends, color, width, dash="solid"):
    """Straight lines (x0, y0, x1, y1) as one trace."""
    x, y = ([v for line in ends for v in (line[i], line[i + 2], None)] for i in (0, 1))
    line = {"color": color, "width": width, "dash": dash}
    return {"type": "scatter", "mode": "lines", "x": x, "y": y, "line": line, "hoverinfo": "skip", "showlegend": False}


def _symbols(full):
    return ["diamond" if yes else "diamond-open" for yes in full]


def _values(exact, looped, values, known, form):
    """The states; those that the loop has by now; and what the tree holds by now."""
    t, axis, hover = np.arange(1, len(exact) + 1), {"type": "scatter", "yaxis": "y2"}, {"hovertemplate": "step %{x}: %{y:.4f}"}
    line = {"mode": "lines", "line": {"color": "#7f7f7f", "width": 1}, "hoverinfo": "skip"}
    ring = {"mode": "markers", "marker": {"symbol": "circle-open", "size": 13, "color": COLOR[LOOP]}, **hover}
    tree = {"mode": "markers", "marker": {"symbol": _symbols(known), "size": 7, "color": COLOR[form]}, **hover}
    traces = [
        {**axis, "name": "h<sub>t</sub>", "x": t, "y": exact, **line},
        {**axis, "name": LOOP, "x": t[:looped], "y": exact[:looped], **ring},
        {**axis, "name": form, "x": t, "y": values, **tree},
    ]
    return traces[:2] if form == LOOP else traces


def _costs(steps):
    """Rounds and combinations of each form, as bars with their numbers."""
    plans = {form: schedule(form, steps) for form in FORMS}
    counts = [len(plan) for plan in plans.values()], [sum(map(len, plan)) for plan in plans.values()]
    bar = {"type": "bar", "orientation": "h", "y": list(FORMS), "marker": {"color": list(COLOR.values())}, "showlegend": False}
    more = {"textposition": "outside", "cliponaxis": False, "hoverinfo": "skip"}
    return [
        {**bar, **more, "x": count, "text": [str(n) for n in count], "xaxis": f"x{n}", "yaxis": f"y{n + 1}"}
        for n, count in zip((2, 3), counts, strict=True)
    ]


def _said(rounds, form, steps, known, difference):
    looped = min(rounds + 1, steps)
    last = "no difference" if difference == 0 else f"at most {difference:.1g} apart, which is rounding"
    now = f"After {rounds} round{'s' * (rounds != 1)} the loop has {looped} of {steps} states"
    if form == LOOP:
        return f"{now}: one more in each round."
    thousand = [len(schedule(f, 1024)) for f in (LOOP, form)]
    return (
        f"{now}, the {form} {known}. In the end the values are the same: {last}. "
        f"With 1024 steps the loop takes {thousand[0]} rounds, the {form} {thousand[1]}."
    )


def _layout(rounds, steps):
    axis = {"automargin": True, "zeroline": False}
    ticks = {"tickmode": "array", "tickvals": list(range(rounds + 1)), "ticktext": ["start", *map(str, range(1, rounds + 1))]}
    if rounds > 8:
        ticks = {"dtick": 5}
    small = {**axis, "showticklabels": False, "showgrid": False, "rangemode": "tozero"}
    order = {**axis, "autorange": "reversed", "showgrid": False, "domain": [0.0, 0.13]}
    return {
        "height": 620,
        "margin": {"l": 10, "r": 24, "t": 10, "b": 10},
        "xaxis": {
            **axis,
            "title": {"text": "step t", "standoff": 6},
            "range": [0.5, steps + 0.5],
            "showgrid": False,
            "dtick": 1 if steps <= 8 else 3,
            "tick0": 1,
            "anchor": "y2",
        },
        "yaxis": {
            **axis,
            **ticks,
            "title": {"text": "round"},
            "showgrid": False,
            "range": [1.06 * rounds, -0.06 * rounds],
            "domain": [0.6, 1.0],
        },
        "yaxis2": {**axis, "title": {"text": "value"}, "nticks": 5, "domain": [0.31, 0.55]},
        "xaxis2": {**small, "title": {"text": "rounds"}, "domain": [0.0, 0.42], "anchor": "y3"},
        "xaxis3": {**small, "title": {"text": "combinations"}, "domain": [0.55, 0.97], "anchor": "y4"},
        "yaxis3": {**order, "anchor": "x2"},
        "yaxis4": {**order, "anchor": "x3", "showticklabels": False},
        "legend": {"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom"},
        "bargap": 0.25,
    }


WIDGET = Widget(
    "parallel_scan",
    "The same recurrence as a loop and as a tree",
    "After four rounds the scan has all sixteen states and the loop five: few rounds, paid for with more combinations, and equal values.",
    parallel_scan,
    {
        "rounds": Slider("Rounds done", 0, 15, 1, 4),
        "form": Choice("Form", FORMS, FAST),
        "steps": Slider("Steps T", 2, 16, 1, 16),
        "keep": Slider("Kept at each step, a", 0.0, 1.0, 0.05, 0.9),
        "kind": Choice("Inputs b", KINDS, "random"),
    },
    precomputed=("rounds",),
)
