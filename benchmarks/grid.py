"""The grid of shapes, and timing several ways of doing the same thing side by side.

Other programs share the machine, so a time in seconds means little and a ratio means much more: every round runs all candidates
once, in random order, and a ratio is taken within its round. What is reported is the median over rounds, with the quartiles.
The clock counts processor time of this process, with one thread (see run.py); another clock can be passed for other devices.

Contents
    GRID, DTYPES     the shapes (B, T, D, H) and the floating-point types
    BOTH             what a row of the table is called that holds both passes
    interleave       time candidates, all in one process
    Timings          seconds by candidate and round; `ratio` between two of them
    Spread           median and quartiles
    geometric_mean   of ratios
"""

import time
from typing import NamedTuple

import numpy as np

GRID = [(1, 25, 64, 100), (16, 50, 32, 64), (32, 100, 64, 128), (64, 200, 128, 256)]
DTYPES = ["float32", "float64"]
BOTH = "forward and backward"


class Spread(NamedTuple):
    """Median and quartiles of a sample."""

    median: float
    low: float
    high: float

    def __str__(self):
        return f"{self.median:.2f} ({self.low:.2f} to {self.high:.2f})"


class Timings(NamedTuple):
    """Seconds per call."""

    seconds: dict  # name -> (rounds,)

    def ratio(self, name, over):
        """How much longer `name` takes than `over`, as a Spread over the rounds."""
        return _spread(self.seconds[name] / self.seconds[over])

    def median(self, name):
        return float(np.median(self.seconds[name]))


def interleave(candidates, *, quick=False, seed=0, clock=time.process_time):
    """Time candidates side by side.

    Args:
        candidates: dict from name to a function without arguments.
        quick: few rounds, for a look; otherwise 7 to 25, as many as fit into 20 seconds.
        seed: of the random order.
        clock: function without arguments that returns seconds; process time by default.
    Returns:
        Timings.
    """
    fewest, most, budget, block = (3, 3, 0.0, 0.005) if quick else (7, 25, 20.0, 0.02)
    rng = np.random.default_rng(seed)
    rounds = {name: [] for name in candidates}
    started = clock()
    while len(next(iter(rounds.values()))) < fewest or (len(next(iter(rounds.values()))) < most and clock() - started < budget):
        for name in rng.permutation(list(candidates)):
            rounds[name].append(_seconds_per_call(candidates[name], block, clock))
    return Timings({name: np.array(seconds) for name, seconds in rounds.items()})


def _seconds_per_call(function, block, clock):
    function()  # the last candidate's numbers are in the caches, not this one's
    calls, started = 0, clock()
    while True:
        function()
        calls += 1
        if (passed := clock() - started) >= block:
            return passed / calls


def _spread(values):
    low, median, high = np.quantile(values, [0.25, 0.5, 0.75])
    return Spread(float(median), float(low), float(high))


def geometric_mean(values):
    return float(np.exp(np.mean(np.log(list(values)))))
