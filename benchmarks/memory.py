"""Memory of the tuned layers with tracemalloc, in units of T B H numbers: what the cache holds after the forward pass, and the peaks.

The cache is a whole number of arrays, and about 2 KiB of Python objects, which the target, taken at the largest shape and with two
decimals, does not see. The peak of the forward pass adds copies of the weights and a few arrays of one step.

Contents
    traced      what a function leaves allocated, and the peak while it runs
    measure     one row of the table
"""

import tracemalloc

from grid import DTYPES, GRID
from layers import CELLS, data
from report import Section, Target, note

LIMIT = {"RNN": 2, "LSTM": 7, "GRU": 5}
READING = "A row is one layer: 6 in the column cache means six arrays as large as its hidden states, and the arguments do not count."


def traced(function):
    """Run a function and trace what it allocates, NumPy's arrays among it.

    Returns:
        result: of the function.
        kept: bytes that are still allocated after it, the result's among them.
        peak: the most bytes that were allocated at one time while it ran. Both count from what there was before.
    """
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        result = function()
        now, peak = tracemalloc.get_traced_memory()
        return result, now - before, peak - before
    finally:
        tracemalloc.stop()


def measure(name, shape, dtype):
    """One row: memory beyond what there was before, divided by T B H and the size of a number."""
    forward, backward = CELLS[name].tuned
    given = data(name, shape, dtype)
    unit = given.dhs.nbytes

    def cache_alone():
        return forward(given.params, given.xs, given.state0)[-1]

    _, kept, peak = traced(cache_alone)
    _, _, both = traced(lambda: backward(cache_alone(), given.dhs))
    labels = {"layer": name, "dtype": dtype, "(B, T, D, H)": shape}
    return labels | {"cache": kept / unit, "peak of forward": peak / unit, "peak of forward and backward": both / unit}


def sections(quick):
    rows = [measure(name, shape, dtype) for name in CELLS for dtype in DTYPES for shape in (GRID[1:3] if quick else GRID[1:])]
    cache = {row["layer"]: row["cache"] for row in rows if row["dtype"] == "float64"}  # of the largest shape, which comes last
    targets = [Target(f"{name}, numbers in the cache per T B H", round(cache[name], 2), LIMIT[name]) for name in CELLS]
    return [Section("Memory", note(__doc__), READING, rows, targets)]
