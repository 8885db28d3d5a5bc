"""Lab 13, part 3: the forecast that costs nothing.

Contents
    naive    the check of `seasonal_naive`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab13.inputs import XS, draw_naive, walk

__all__ = ["naive"]


def seasonal_naive(xs, season, horizon):
    """Forecast each step by the last known value at the same place of the season."""
    places = len(xs) - season + np.arange(horizon) % season
    return xs[places]


def with_places(places):
    """The right function but for the places in the window, which are `places(T, season, steps)`."""
    return lambda xs, season, horizon: xs[places(len(xs), season, np.arange(horizon))]


def with_last(change):
    """The last season goes through `change(last, steps)`."""
    return lambda xs, season, horizon: change(xs[-season:], np.arange(horizon))


def what_repeats_is_forecast_without_error(function, rng):
    """A series that repeats itself is forecast to the last digit, wherever the window begins, and a constant added stays."""
    for season, T, horizon in ((3, 5, 7), (1, 2, 3), (4, 4, 6)):
        series = np.tile(rng.standard_normal((season, 2, 2)), (8, 1, 1))
        for start in range(2):
            xs, wanted = series[start : start + T], series[start + T : start + T + horizon]
            compare(f"the forecast of a series that repeats itself every {season} steps", function(xs, season, horizon), wanted)
    xs = walk(rng, float, 6, 2)[:, None]
    compare("the forecast after 10 was added to all", function(xs + 10, 4, 5), function(xs, 4, 5) + 10)


naive = Exercise(
    seasonal_naive,
    outputs=("predictions",),
    letters="TSBD",
    least={"S": 3},
    example=lambda: (XS, 3, 4),
    draw=draw_naive,
    properties=(what_repeats_is_forecast_without_error,),
    mistakes={
        "the last value is repeated, whatever the season": with_places(lambda T, S, k: np.full(len(k), T - 1)),
        "the value one season before the forecast begins is repeated: the place in the season must move on": with_places(
            lambda T, S, k: np.full(len(k), T - S)
        ),
        "the steps go on behind the last season from the start of the window; beyond one season, the last season repeats": with_places(
            lambda T, S, k: (T - S + k) % T
        ),
        "the places run off the end of the window, where nothing is known; every forecast comes from the last season": with_places(
            lambda T, S, k: T - S + k
        ),
        "beyond one season the last value is repeated; the season begins again": with_places(lambda T, S, k: np.minimum(T - S + k, T - 1)),
        "the first season of the window is taken; the last one is nearer": with_places(lambda T, S, k: k % S),
        "the place in the season is right, but it is taken from the first season of the window; the last one is nearer": with_places(
            lambda T, S, k: (T + k) % S
        ),
        "the season starts one step too late": with_places(lambda T, S, k: T - S + (k + 1) % S),
        "the season starts one step too early": with_places(lambda T, S, k: T - S + (k - 1) % S),
        "the season that is taken begins and ends one step too early; the last one ends with the window": with_places(
            lambda T, S, k: T - S - 1 + k % S
        ),
        "the season is one step too long": with_places(lambda T, S, k: (T - S - 1 + k % (S + 1)) % T),
        "the last season runs backwards": with_places(lambda T, S, k: T - 1 - k % S),
        "each value of the season stands there several times in a row: np.repeat where np.tile is meant": with_places(
            lambda T, S, k: T - S + k // -(-len(k) // S)
        ),
        "the window is repeated from its beginning, whatever the season": with_places(lambda T, S, k: k % T),
        "every season-th step of the window is taken": with_places(lambda T, S, k: (k * S) % T),
        "steps and season are exchanged: the last `horizon` steps are taken": with_places(lambda T, S, k: (T - len(k) + k) % T),
        "the last `horizon` steps are taken, whatever the season": lambda xs, season, horizon: xs[-horizon:],
        "the mean of the last season is forecast": with_last(lambda last, k: np.stack([last.mean(axis=0)] * len(k))),
        "the mean of the whole window is forecast": lambda xs, season, horizon: np.stack([xs.mean(axis=0)] * horizon),
        "one season only is forecast, whatever the horizon": with_last(lambda last, k: last),
        "the forecast ends with the season, though the horizon may be longer; the season begins again": with_last(
            lambda last, k: last[: len(k)]
        ),
        "the forecasts stand in one axis, without the axis of the steps": with_last(lambda last, k: last[k[0] % len(last)]),
        "the change over the last season is added: that is a forecast with a trend": lambda xs, season, horizon: (
            seasonal_naive(xs, season, horizon) + xs[-1] - xs[-season]
        ),
        "the batch comes first in the forecasts; time does, as in xs": with_last(lambda last, k: last[k % len(last)].swapaxes(0, 1)),
        "the seasons are cut along the batch and not along time": lambda xs, season, horizon: np.stack([xs[:, -1] for _ in range(horizon)]),
    },
)
