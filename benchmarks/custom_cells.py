"""Cells without a fused kernel, of the PyTorch mirror on the CPU, forward and backward, against `torch.nn` and against the eager loop.

Every candidate computes the gradients of the inputs and of all parameters. "eager" is the same cell's step in a loop over `unbind`,
recorded step by step by autograd. The columns nn.LSTM, nn.GRU and nn.RNN say how many times as long as each of these a cell takes.
"""

from typing import NamedTuple

import numpy as np
import torch
from grid import DTYPES, GRID, interleave
from report import Section, Target, note

from rnncore.checks import compare
from rnncore.pytorch import find_tensor_cell, to_torch
from rnncore.reference.cells import CELLS as REFERENCE
from rnncore.reference.tree import tree_map

CELLS = {
    "LSTM, peephole": ("lstm_peephole", {}),
    "LSTM, coupled": ("lstm_coupled", {}),
    "LSTM, layer norm": ("lstm_layer_norm", {}),
    "RNN, residual": ("rnn_residual", {}),
    "GRU, reset before": ("gru", {"reset": "before"}),
}
MODULES = {"nn.LSTM": torch.nn.LSTM, "nn.GRU": torch.nn.GRU, "nn.RNN": torch.nn.RNN}
LIMIT = {"float32": 3, "float64": 1.25}  # times nn.LSTM
TOLERANCE = {"float32": 1e-4, "float64": 1e-10}
LONG = (16, 400, 32, 64)  # (B, T, D, H)
READING = "A ratio to a layer of torch.nn is above 1 where the cell takes longer; eager / cell is above 1 where the template saves time."


class Problem(NamedTuple):
    """A cell with its arguments, the same numbers on every device."""

    name: str
    options: dict
    params: dict
    xs: torch.Tensor  # (T, B, D)
    state0: object
    dhs: torch.Tensor  # (T, B, H)


def problem(name, options, shape, dtype, device="cpu"):
    """Random arguments; parameters and inputs ask for their gradient."""
    (B, T, D, H), rng = shape, np.random.default_rng(0)
    cell, draw = REFERENCE[name], lambda *sizes: rng.standard_normal(sizes)
    state0 = tree_map(lambda h: draw(*h.shape), cell.zero_state(B, H))  # from zeros, layer norm would divide by almost nothing
    arrays = cell.init(rng, D, H), draw(T, B, D), state0, draw(T, B, H)
    params, xs, state0, dhs = to_torch(arrays, device=device, dtype=getattr(torch, dtype))
    return Problem(name, options, tree_map(lambda p: p.requires_grad_(), params), xs.requires_grad_(), state0, dhs)


def gradients(p, hs):
    """Of xs, then of the parameters."""
    return torch.autograd.grad(hs, [p.xs, *p.params.values()], p.dhs)


def template(p):
    """The mirror's own way."""
    forward = find_tensor_cell(p.name).forward
    return lambda: gradients(p, forward(p.params, p.xs, p.state0, **p.options)[0])


def eager(p):
    """The step in a loop, recorded by autograd, without the checks of its arguments."""
    step = find_tensor_cell(p.name).step_forward.__wrapped__

    def both():
        state, hs = p.state0, []
        for x in p.xs.unbind():
            state = step(p.params, x, state, **p.options)
            hs.append(state.h if hasattr(state, "h") else state)
        return gradients(p, torch.stack(hs))

    return both


def module(kind, p):
    """A layer of `torch.nn` over the same inputs."""
    layer = kind(p.xs.shape[2], p.dhs.shape[2], dtype=p.xs.dtype, device=p.xs.device)
    return lambda: torch.autograd.grad(layer(p.xs)[0], [p.xs, *layer.parameters()], p.dhs)


def reference_gradients(p):
    """The same gradients from the reference, in NumPy and float64."""

    def array(tensor):
        return tensor.detach().cpu().double().numpy()

    cell, (params, xs, state0) = REFERENCE[p.name], tree_map(array, (p.params, p.xs, p.state0))
    *_, cache = cell.forward(params, xs, state0, **p.options)
    dparams, dxs, _ = cell.backward(cache, array(p.dhs))
    return [dxs, *dparams.values()]


def check(label, name, options, shape, dtype, ways, device="cpu"):
    """Stop the benchmark if a way does not give the reference's gradients: |difference| at most tolerance times the largest entry.

    Sequences are cut to 25 steps: over 100 steps a network with layer norm enlarges the rounding of float32 to one part in a thousand,
    in the reference too.
    """
    B, T, D, H = shape
    p = problem(name, options, (B, min(T, 25), D, H), dtype, device)
    for way in ways:
        for argument, ours, theirs in zip(["xs", *p.params], way(p)(), reference_gradients(p), strict=True):
            close = {"rtol": 0, "atol": TOLERANCE[dtype] * float(np.abs(theirs).max()), "what": "the reference's"}
            compare(f"{label}, {way.__name__}: d{argument}", ours.detach().cpu().numpy(), theirs, **close)


def measure(label, shape, dtype, quick):
    """One row of the table."""
    p = problem(*CELLS[label], shape, dtype)
    candidates = {"cell": template(p), "eager": eager(p)} | {name: module(kind, p) for name, kind in MODULES.items()}
    check(label, *CELLS[label], shape, dtype, (template, eager))
    timings = interleave(candidates, quick=quick)
    ratios = {name: timings.ratio("cell", name) for name in MODULES} | {"eager / cell": timings.ratio("eager", "cell")}
    return {"layer": label, "dtype": dtype, "(B, T, D, H)": shape} | ratios | {"cell, ms": timings.median("cell") * 1e3}


def growth(label, quick):
    """How much longer T = 400 takes than T = 100."""
    (B, T, D, H), (name, options) = LONG, CELLS[label]
    candidates = {steps: template(problem(name, options, (B, steps, D, H), "float32")) for steps in (T, T // 4)}
    return {"layer": label, "T = 400 / T = 100": interleave(candidates, quick=quick).ratio(T, T // 4)}


def targets(rows, lengths):
    """The limits of the performance goals: the worst shape counts."""
    found = []
    for label in CELLS:
        for dtype in DTYPES:
            ratios = [row["nn.LSTM"].median for row in rows if (row["layer"], row["dtype"]) == (label, dtype)]
            found.append(Target(f"{label} {dtype}, cell / nn.LSTM, worst", max(ratios), LIMIT[dtype]))
    column = "T = 400 / T = 100"
    return found + [Target(f"{row['layer']}, {column}", row[column].median, 5) for row in lengths]


def sections(quick):
    grid = GRID[:3] if quick else GRID
    rows = [measure(label, shape, dtype, quick) for label in CELLS for dtype in DTYPES for shape in grid]
    lengths = [growth(label, quick) for label in CELLS]
    long = f"Time of the template for two lengths, (B, D, H) = {LONG[0], *LONG[2:]}, float32."
    return [
        Section("Custom cells", note(__doc__), READING, rows, targets(rows, lengths)),
        Section("Custom cells, length", long, "A ratio of 4 means that the time is linear in T.", lengths, []),
    ]
