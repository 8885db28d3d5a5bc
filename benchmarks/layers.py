"""RNN, LSTM and GRU: the tuned tier against torch.nn, against the matrix products alone, and against the clear tier.

Every candidate but the products computes the same gradients: of the inputs, of both weights, of the biases and of the first state.
Forward alone runs under `no_grad` in PyTorch, while the tiers here always keep what backward needs. The limits are on both passes together.
"""

from typing import NamedTuple

import numpy as np
import torch
from grid import BOTH, DTYPES, GRID, geometric_mean, interleave
from report import Section, Target, note

import rnncore.reference as clear
import rnncore.tuned as tuned
from rnncore.checks import compare
from rnncore.reference.gru import gru_backward, gru_forward, init_gru
from rnncore.reference.lstm import LSTMState, init_lstm, lstm_backward, lstm_forward
from rnncore.tuned.products import weight_product


class Cell(NamedTuple):
    gates: int
    init: object
    tuned: tuple  # forward, backward
    clear: tuple
    torch_nn: type


CELLS = {
    "RNN": Cell(1, clear.init_rnn, (tuned.rnn_forward, tuned.rnn_backward), (clear.rnn_forward, clear.rnn_backward), torch.nn.RNN),
    "LSTM": Cell(4, init_lstm, (tuned.lstm_forward, tuned.lstm_backward), (lstm_forward, lstm_backward), torch.nn.LSTM),
    "GRU": Cell(3, init_gru, (tuned.gru_forward, tuned.gru_backward), (gru_forward, gru_backward), torch.nn.GRU),
}
READING = "A ratio says how many times as long the first takes as the second, so tuned / torch below 1 means that PyTorch is slower."
GEOMETRIC_MEAN = {"RNN": 0.6, "LSTM": 0.9, "GRU": 0.6}


class Data(NamedTuple):
    params: dict
    xs: np.ndarray  # (T, B, D)
    state0: object
    dhs: np.ndarray  # (T, B, H)


def data(name, shape, dtype):
    """Arguments for a cell, the same at each call."""
    (B, T, D, H), rng = shape, np.random.default_rng(0)
    params = CELLS[name].init(rng, D, H, dtype=dtype)
    xs, dhs = rng.standard_normal((T, B, D)).astype(dtype), rng.standard_normal((T, B, H)).astype(dtype)
    h = np.zeros((B, H), dtype)
    return Data(params, xs, LSTMState(h, h) if name == "LSTM" else h, dhs)


def numpy_runs(pair, given):
    """Forward, and forward and backward, of one tier."""
    forward, backward = pair

    def both():
        *_, cache = forward(given.params, given.xs, given.state0)
        return backward(cache, given.dhs)

    return lambda: forward(given.params, given.xs, given.state0), both


def torch_runs(torch_nn, given):
    """The same with an eager torch.nn layer and autograd."""
    D = given.xs.shape[2]
    xs, dhs = torch.from_numpy(given.xs).requires_grad_(), torch.from_numpy(given.dhs)
    layer = torch_nn(D, given.dhs.shape[2], dtype=xs.dtype)
    layer.load_state_dict({name + "_l0": torch.from_numpy(value) for name, value in given.params.items()})
    states = [torch.from_numpy(h)[None].requires_grad_() for h in (given.state0 if isinstance(given.state0, tuple) else [given.state0])]
    state0 = tuple(states) if len(states) > 1 else states[0]

    def forward():
        with torch.no_grad():
            return layer(xs, state0)

    return forward, lambda: torch.autograd.grad(layer(xs, state0)[0], [xs, *states, *layer.parameters()], dhs)


def products_only(given):
    """The floor: the matrix products that a layer needs, each over all gates, into arrays that exist already; and nothing else."""
    T, B, D = given.xs.shape
    W_ih, W_hh = given.params["weight_ih"], given.params["weight_hh"]
    W_ih_T, W_hh_T = np.ascontiguousarray(W_ih.T), np.ascontiguousarray(W_hh.T)
    xs = given.xs.reshape(T * B, D)
    das, dh = xs @ W_ih_T, np.empty_like(given.dhs[0])  # (T B, gates H), (B, H)
    a, a_t = np.empty_like(das), np.empty_like(das[:B])
    steps, dxs = das.reshape(T, B, -1), np.empty_like(xs)

    def forward():
        np.matmul(xs, W_ih_T, out=a)
        for h in given.dhs:
            np.matmul(h, W_hh_T, out=a_t)

    def both():
        forward()
        for da in steps:
            np.matmul(da, W_hh, out=dh)
        weight_product(steps, given.xs)
        weight_product(steps, given.dhs)
        np.matmul(das, W_ih, out=dxs)

    return forward, both


def measure(name, shape, dtype, quick):
    """Two rows of the table, forward and forward with backward."""
    cell, given = CELLS[name], data(name, shape, dtype)
    runs = {
        "torch": torch_runs(cell.torch_nn, given),
        "products": products_only(given),
        "clear": numpy_runs(cell.clear, given),
        "tuned": numpy_runs(cell.tuned, given),
    }
    tolerance = 1e-8 if dtype == "float64" else 2e-3
    compare("tuned dxs", runs["tuned"][1]()[1], runs["torch"][1]()[0].numpy(), rtol=tolerance, atol=tolerance, what="PyTorch's")
    rows = []
    for passes, which in (("forward", 0), (BOTH, 1)):
        timings = interleave({candidate: pair[which] for candidate, pair in runs.items()}, quick=quick)
        labels = {"layer": name, "dtype": dtype, "(B, T, D, H)": shape, "passes": passes}
        ratios = {f"tuned / {other}": timings.ratio("tuned", other) for other in ("torch", "products")}
        clear_ratio = {"clear / tuned": timings.ratio("clear", "tuned")}
        rows.append(labels | ratios | clear_ratio | {"tuned, ms": timings.median("tuned") * 1e3})
    return rows


def targets(rows):
    """The limits of the performance goals, all on forward and backward together."""
    rows = [row for row in rows if row["passes"] == BOTH]
    found = []

    def worst(name, column, limit, chosen):
        chosen = [row[column].median for row in chosen]
        if chosen:
            found.append(Target(name, max(chosen), limit))

    for layer in CELLS:
        mine = [row for row in rows if row["layer"] == layer]
        mean = geometric_mean(row["tuned / torch"].median for row in mine)
        found.append(Target(f"{layer}, tuned / torch, geometric mean", mean, GEOMETRIC_MEAN[layer]))
        for dtype in DTYPES:
            limit = 1.75 if (layer, dtype) == ("LSTM", "float32") else 1.25
            worst(f"{layer} {dtype}, tuned / torch, worst", "tuned / torch", limit, [row for row in mine if row["dtype"] == dtype])
        large = [row for row in mine if row["(B, T, D, H)"] >= GRID[2]]
        small = [row for row in mine if row["(B, T, D, H)"] < GRID[2]]
        worst(f"{layer}, tuned / products from {GRID[2]} up, worst", "tuned / products", 1.6, large)
        worst(f"{layer}, tuned / products below, worst", "tuned / products", 4, small)
        worst(f"{layer}, clear / tuned, worst", "clear / tuned", 2, mine)
    return found


def sections(quick):
    grid = GRID[:3] if quick else GRID
    rows = [row for name in CELLS for dtype in DTYPES for shape in grid for row in measure(name, shape, dtype, quick)]
    return [Section("Layers", note(__doc__), READING, rows, targets(rows))]
