"""What goes around a layer against its parts: two directions, two layers, and sequences of unequal length, for RNN, LSTM and GRU.

Every candidate calls the cell that the registry names, so a ratio shows what the code around the cell adds. The parts of two directions
are the two layers, the reversals, the concatenation and its gradient; those of a stack are two layers, one after the other; those of a
layer with lengths are the layer without, the padding of inputs, states and their gradients set to zero, and the last states picked.
Lengths are once drawn between T/2 and T, where there is padding, and once all T, where there is none; for the first, the ratio
to the layer that knows no lengths and leaves the padding alone is given too. Both sides give the same gradients, which is checked
before anything is timed.

Before anything is timed, one large array is made and freed. After that the C library keeps what is freed, instead of handing it back to
the system at one size and not at another, which would make one side pay for fresh pages by chance.

Contents
    given                             a cell with its arguments
    bidirectional, stacked, masked    each gives two pairs of functions, forward and both passes: composed, and its parts
    pairs                             all of them by name
    alone                             the layer without lengths
    measure                           two rows of the table
    targets                           what is compared with the limit
"""

from typing import Any, NamedTuple

import numpy as np
from grid import BOTH, DTYPES, GRID, interleave
from report import Section, Target, note

from rnncore import (
    BidirectionalState,
    Cell,
    bidirectional_backward,
    bidirectional_forward,
    find_cell,
    init_bidirectional,
    init_stacked,
    length_mask,
    stacked_backward,
    stacked_forward,
)
from rnncore.checks import compare

LAYERS = ["RNN", "LSTM", "GRU"]
SHAPES = GRID[:3]  # in the largest, products take nearly all the time
LIMIT = 1.15
READING = "A ratio of 1 means that what goes around the cell costs nothing, and below 1 that it saves work."


class Given(NamedTuple):
    """A cell and its arguments, the same at each call."""

    cell: Cell
    rng: np.random.Generator
    hidden: int
    xs: np.ndarray  # (T, B, D)
    state0: Any
    dhs: np.ndarray  # (T, B, H)


def given(name, shape, dtype):
    """Draw the arguments of a cell."""
    (B, T, D, H), rng, cell = shape, np.random.default_rng(0), find_cell(name.lower())
    xs, dhs = rng.standard_normal((T, B, D)).astype(dtype), rng.standard_normal((T, B, H)).astype(dtype)
    return Given(cell, rng, H, xs, cell.zero_state(B, H, dtype), dhs)


def bidirectional(data):
    """Two directions, side by side, against two layers with the reversals and the concatenation."""
    cell, rng, H, xs, state0, dhs = data
    params = init_bidirectional(rng, xs.shape[2], H, cell=cell, dtype=xs.dtype)
    dys = np.concatenate([dhs, dhs[::-1]], axis=2)  # (T, B, 2H)

    def forward():
        return bidirectional_forward(params, xs, BidirectionalState(state0, state0), cell=cell)

    def parts_forward():
        hs, h_state, h_cache = cell.forward(params["forward"], xs, state0)
        rs, r_state, r_cache = cell.forward(params["reverse"], xs[::-1], state0)
        return np.concatenate([hs, rs[::-1]], axis=2), BidirectionalState(h_state, r_state), (h_cache, r_cache)

    def parts_backward(caches):
        h_dparams, h_dxs, h_dstate0 = cell.backward(caches[0], dys[..., :H])
        r_dparams, r_dxs, r_dstate0 = cell.backward(caches[1], dys[::-1, :, H:])
        return {"forward": h_dparams, "reverse": r_dparams}, h_dxs + r_dxs[::-1], BidirectionalState(h_dstate0, r_dstate0)

    return _runs(forward, lambda cache: bidirectional_backward(cache, dys)), _runs(parts_forward, parts_backward)


def stacked(data):
    """A stack of two layers against the two layers."""
    cell, rng, H, xs, state0, dhs = data
    params = init_stacked(rng, xs.shape[2], H, 2, cell=cell, dtype=xs.dtype)

    def forward():
        return stacked_forward(params, xs, [state0, state0], cell=cell)

    def parts_forward():
        below, below_state, below_cache = cell.forward(params[0], xs, state0)
        hs, state, cache = cell.forward(params[1], below, state0)
        return hs, [below_state, state], (below_cache, cache)

    def parts_backward(caches):
        dparams, dbelow, dstate0 = cell.backward(caches[1], dhs)
        below_dparams, dxs, below_dstate0 = cell.backward(caches[0], dbelow)
        return [below_dparams, dparams], dxs, [below_dstate0, dstate0]

    return _runs(forward, lambda cache: stacked_backward(cache, dhs)), _runs(parts_forward, parts_backward)


def masked(data, shortest):
    """One layer that is told the lengths, from `shortest` to T, against the same layer with the padding set to zero around it."""
    cell, rng, H, xs, state0, dhs = data
    T, B, D = xs.shape
    params = cell.init(rng, D, H, dtype=xs.dtype)
    lengths = rng.integers(shortest, T, B, endpoint=True)
    lengths[0] = T
    padding = np.nonzero(~length_mask(lengths, T))  # of each entry: its step, its sequence
    dhs = dhs * length_mask(lengths, T)[..., None]  # no loss looks at the padding, so the gradients are the same

    def emptied(arrays):
        if len(padding[0]):
            arrays = arrays.copy()
            arrays[padding] = 0
        return arrays

    def forward():
        return stacked_forward([params], xs, [state0], lengths, cell=cell)

    def backward(cache):
        (dparams,), dxs, (dstate0,) = stacked_backward(cache, dhs)
        return dparams, dxs, dstate0

    def parts_forward():
        hs, state_T, cache = cell.forward(params, emptied(xs), state0)
        if len(padding[0]):
            hs[padding] = 0
            state_T = hs[lengths - 1, np.arange(B)]
        return hs, state_T, cache

    return _runs(forward, backward), _runs(parts_forward, lambda cache: cell.backward(cache, emptied(dhs)))


def alone(data):
    """The layer that knows no lengths."""
    cell, rng, H, xs, state0, dhs = data
    params = cell.init(rng, xs.shape[2], H, dtype=xs.dtype)
    return _runs(lambda: cell.forward(params, xs, state0), lambda cache: cell.backward(cache, dhs))


def _runs(forward, backward):
    """Forward, and forward and backward."""

    def both():
        *_, cache = forward()
        return backward(cache)

    return forward, both


def pairs(data):
    """Every arrangement: name -> composed, parts."""
    T = len(data.xs)
    return {
        "two directions": bidirectional(data),
        "two layers": stacked(data),
        "lengths T/2 to T": masked(data, max(1, T // 2)),
        "lengths all T": masked(data, T),
    }


def measure(name, shape, dtype, quick):
    """Two rows of the table, forward and forward with backward."""
    data = given(name, shape, dtype)
    found, rows = pairs(data), []
    tolerance = 1e-10 if dtype == "float64" else 2e-3
    for arrangement, (composed, parts) in found.items():
        compare(f"{name}, {arrangement}", composed[1](), parts[1](), rtol=tolerance, atol=tolerance, what="its parts'")
    for passes, which in (("forward", 0), (BOTH, 1)):
        candidates = {arrangement: composed[which] for arrangement, (composed, _) in found.items()}
        candidates |= {f"parts of {arrangement}": parts[which] for arrangement, (_, parts) in found.items()}
        candidates["layer"] = alone(data)[which]
        timings = interleave(candidates, quick=quick)
        ratios = {f"{arrangement} / parts": timings.ratio(arrangement, f"parts of {arrangement}") for arrangement in found}
        ratios["lengths T/2 to T / layer"] = timings.ratio("lengths T/2 to T", "layer")
        rows.append({"layer": name, "dtype": dtype, "(B, T, D, H)": shape, "passes": passes} | ratios)
    return rows


def targets(rows):
    """At most the parts plus 15 %, on forward and backward together: the worst row of each layer and arrangement."""
    rows = [row for row in rows if row["passes"] == BOTH]
    found = []
    for layer in dict.fromkeys(row["layer"] for row in rows):
        mine = [row for row in rows if row["layer"] == layer]
        for column in (column for column in mine[0] if column.endswith("/ parts")):
            found.append(Target(f"{layer}, {column}, worst", max(row[column].median for row in mine), LIMIT))
    return found


def sections(quick):
    np.ones(31 * 2**20, np.uint8)  # just under 32 MiB, the largest block from which glibc learns
    shapes = SHAPES[:1] if quick else SHAPES
    rows = [row for name in LAYERS for dtype in DTYPES for shape in shapes for row in measure(name, shape, dtype, quick)]
    return [Section("Around a layer", note(__doc__), READING, rows, targets(rows))]
