"""Backpropagation through time in full, truncated and checkpointed, for RNN, LSTM and GRU: peak memory as T grows, and time.

Memory is what tracemalloc sees beyond the arguments, in units of B H numbers, the size of one hidden state; shapes are those of the grid's
second row, in float64. Chunks, and the general truncation with k1 = k2, go back over 16 steps. Checkpoints lie 2 sqrt(T) steps apart.
A line a + b sqrt(T) is fitted to the peaks of the checkpointed pass by least squares; the peaks of the full one, which grow as T,
leave 1 - R^2 near 0.03 in the same fit.

Contents
    Problem        a cell, its arguments and a loss
    passes         the four ways to get the gradient
    measure        one row of the table
    unexplained    1 - R^2 of the fit
    targets        what is compared with the limits
"""

from typing import Any, NamedTuple

import numpy as np
from grid import GRID, interleave
from memory import traced
from report import Section, Target, note

from rnncore import Cell, checkpointed_bptt, chunked_bptt, find_cell, full_bptt, truncated_bptt
from rnncore.reference.tree import leaves, tree_map

LAYERS = ["RNN", "LSTM", "GRU"]
B, _, D, H = GRID[1]
STEPS, WINDOW = [64, 128, 256, 512, 1024], 16
FLAT, UNEXPLAINED, TIME, EQUAL = 1.05, 0.01, 1.5, 1e-12  # the limits
READING = (
    "Read the peaks of a layer downwards: where T doubles, the full pass takes twice the memory, the truncated ones the same, "
    "and checkpoints less than one and a half times as much."
)


class Problem(NamedTuple):
    """A cell and its arguments; the loss is half the squared distance of the hidden states from wanted ones, a sum without cancellation."""

    cell: Cell
    params: dict
    xs: np.ndarray  # (T, B, D)
    state0: Any
    wanted: np.ndarray  # (T, B, H)

    def loss_of_steps(self, start, hs):
        error = hs - self.wanted[start : start + len(hs)]
        return _half_square(error), error

    def loss_of_step(self, t, state):
        if hasattr(state, "h"):
            error = state.h - self.wanted[t]
            return _half_square(error), tree_map(np.zeros_like, state)._replace(h=error)
        error = state - self.wanted[t]
        return _half_square(error), error


def _half_square(error):
    return float(np.vdot(error, error)) / 2


def problem(name, T):
    """Draw a problem, the same at each call."""
    rng, cell = np.random.default_rng(0), find_cell(name.lower())
    params = cell.init(rng, D, H)
    return Problem(cell, params, rng.standard_normal((T, B, D)), cell.zero_state(B, H), rng.standard_normal((T, B, H)))


def passes(given):
    """The ways to get the gradient: name -> function without arguments."""
    cell, *arguments, _ = given
    sequence = (cell.forward, cell.backward, *arguments, given.loss_of_steps)
    step = (cell.step_forward, cell.step_backward, *arguments, given.loss_of_step)
    return {
        "full": lambda: full_bptt(*sequence),
        "chunked": lambda: chunked_bptt(*sequence, k=WINDOW),
        "truncated": lambda: truncated_bptt(*step, k1=WINDOW, k2=WINDOW),
        "checkpointed": lambda: checkpointed_bptt(*sequence),
    }


def measure(name, T, quick):
    """One row of the table."""
    given = problem(name, T)
    ways = passes(given)
    row = {"layer": name, "T": T}
    for way, run in ways.items():
        row[f"{way}, peak"] = traced(run)[2] / given.wanted[0].nbytes
    row["checkpointed / full, time"] = interleave({way: ways[way] for way in ("full", "checkpointed")}, quick=quick).ratio(
        "checkpointed", "full"
    )
    row["largest difference"] = difference(ways["checkpointed"](), ways["full"]())
    return row


def difference(result, exact):
    """The largest difference of any number of two results, relative to the largest number of its array."""
    pairs = zip(leaves(result), leaves(exact), strict=True)
    return max(float(np.max(np.abs(np.subtract(a, b))) / np.max(np.abs(b))) for (_, a), (_, b) in pairs)


def unexplained(steps, peaks):
    """Fit a + b sqrt(T) by least squares.

    Returns:
        1 - R^2: the part of the variance that the line does not explain.
    """
    columns = np.stack([np.ones(len(steps)), np.sqrt(steps)], axis=1)  # (len(steps), 2)
    residual = np.asarray(peaks) - columns @ np.linalg.lstsq(columns, peaks)[0]
    return float(np.sum(residual**2) / np.sum((peaks - np.mean(peaks)) ** 2))


def targets(rows):
    """The limits on memory, time and equality, for each layer over all its T."""
    found = []
    for layer in dict.fromkeys(row["layer"] for row in rows):
        column = {key: [row[key] for row in rows if row["layer"] == layer] for key in rows[0]}
        flat = {way: max(column[f"{way}, peak"]) / min(column[f"{way}, peak"]) for way in ("chunked", "truncated")}
        found += [Target(f"{layer}, {way} BPTT, largest peak over smallest", ratio, FLAT) for way, ratio in flat.items()]
        curve = unexplained(column["T"], column["checkpointed, peak"])
        slowest = max(ratio.median for ratio in column["checkpointed / full, time"])
        found.append(Target(f"{layer}, checkpointed BPTT, peak, 1 - R^2 of a + b sqrt(T)", curve, UNEXPLAINED))
        found.append(Target(f"{layer}, checkpointed / full BPTT, time, worst", slowest, TIME))
        found.append(Target(f"{layer}, checkpointed and full BPTT, largest difference", max(column["largest difference"]), EQUAL))
    return found


def sections(quick):
    rows = [measure(name, T, quick) for name in LAYERS for T in (STEPS[:3] if quick else STEPS)]
    return [Section("Backpropagation through time", note(__doc__), READING, rows, targets(rows))]
