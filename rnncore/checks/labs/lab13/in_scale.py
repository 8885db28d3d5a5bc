"""Lab 13, part 4: an error in units of the naive forecast.

Contents
    error    the check of `scaled_error`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab13.inputs import EARLIER, PREDICTIONS, TARGETS, draw_error, walk

__all__ = ["error"]


def scaled_error(targets, predictions, earlier, season):
    """Divide each absolute error by what the seasonal naive forecast gets wrong on the earlier steps, and take the mean (MASE)."""
    scale = np.abs(earlier[season:] - earlier[:-season]).mean(axis=0)
    return float((np.abs(targets - predictions) / scale).mean())


def scale_of(earlier, season):
    return np.abs(earlier[season:] - earlier[:-season]).mean(axis=0)


def with_scale(scale):
    """The right function but for the scale, which is `scale(earlier, season, targets)`."""
    return lambda targets, predictions, earlier, season: float(np.mean(np.abs(targets - predictions) / scale(earlier, season, targets)))


def with_errors(measure):
    """The right scale; the result is `measure(targets - predictions, scale)`."""
    return lambda targets, predictions, earlier, season: measure(targets - predictions, scale_of(earlier, season))


def differences(earlier, season):
    return earlier[season:] - earlier[:-season]


def the_naive_forecast_has_error_one(function, rng):
    """On the earlier steps themselves the naive forecast has error 1; other units of a series change nothing; twice off is twice."""
    for season in (1, 3):
        earlier = walk(rng, float, 9, 4)
        ones = function(earlier[season:, None], earlier[:-season, None], earlier, season)
        compare("the error of the seasonal naive forecast on the earlier steps", np.array(ones), np.array(1.0))
        targets, predictions = walk(rng, float, 5, 4)[:, None], walk(rng, float, 5, 4)[:, None]
        before = function(targets, predictions, earlier, season)
        units = np.array([1.0, 10.0, 0.01, 3.0])
        after = function(targets * units, predictions * units, earlier * units, season)
        compare("the error after each series was given another unit", np.array(after), np.array(before))
        twice = function(targets, targets + 2 * (predictions - targets), earlier, season)
        compare("the error of predictions that are twice as far off", np.array(twice), np.array(2 * before))


error = Exercise(
    scaled_error,
    outputs=("error",),
    letters="KBDNS",
    example=lambda: (TARGETS, PREDICTIONS, EARLIER, 2),
    draw=draw_error,
    properties=(the_naive_forecast_has_error_one,),
    mistakes={
        "nothing is divided: this is the mean absolute error": with_errors(lambda e, scale: float(np.abs(e).mean())),
        "all series share one scale; each is divided by its own": with_scale(
            lambda earlier, season, targets: np.abs(differences(earlier, season)).mean()
        ),
        "the errors of all series are added up before they are divided, by their common scale; divide each series first": with_errors(
            lambda e, scale: float(np.abs(e).sum() / scale.sum())
        ),
        "the scale compares neighbouring steps, whatever the season": with_scale(
            lambda earlier, season, targets: np.abs(np.diff(earlier, axis=0)).mean(axis=0)
        ),
        "np.diff is given the season as n: that repeats the difference; it does not reach back over a season": with_scale(
            lambda earlier, season, targets: (np.abs(np.diff(earlier, n=season, axis=0)).mean(axis=0) if season < len(earlier) else np.nan)
        ),
        "the scale is the mean of signed differences, where ups and downs cancel; take their size first": with_scale(
            lambda earlier, season, targets: differences(earlier, season).mean(axis=0)
        ),
        "the scale is the size of the mean difference; take the size of each first": with_scale(
            lambda earlier, season, targets: np.abs(differences(earlier, season).mean(axis=0))
        ),
        "the scale is the standard deviation of the earlier values": with_scale(lambda earlier, season, targets: earlier.std(axis=0)),
        "the scale is the mean size of the earlier values; it is that of their seasonal differences": with_scale(
            lambda earlier, season, targets: np.abs(earlier).mean(axis=0)
        ),
        "the scale is taken from the targets: at the time of the forecast they are not known": with_scale(
            lambda earlier, season, targets: np.abs(targets).mean(axis=(0, 1))
        ),
        "the scale is a sum; it is a mean over the steps": with_scale(
            lambda earlier, season, targets: np.abs(differences(earlier, season)).sum(axis=0)
        ),
        "the scale is divided by all N steps; there are N - season differences": with_scale(
            lambda earlier, season, targets: np.abs(differences(earlier, season)).sum(axis=0) / len(earlier)
        ),
        "the scale is a median; it is a mean over the steps": with_scale(
            lambda earlier, season, targets: np.median(np.abs(differences(earlier, season)), axis=0)
        ),
        "the scale is the root of the mean squared difference": with_scale(
            lambda earlier, season, targets: np.sqrt(np.square(differences(earlier, season)).mean(axis=0))
        ),
        "the scale is the mean squared difference": with_scale(
            lambda earlier, season, targets: np.square(differences(earlier, season)).mean(axis=0)
        ),
        "only every season-th step is compared; each step has one a season before it": with_scale(
            lambda earlier, season, targets: np.abs(np.diff(earlier[::season], axis=0)).mean(axis=0)
        ),
        "the targets are counted into the scale: at the time of the forecast they are not known": with_scale(
            lambda earlier, season, targets: scale_of(np.concatenate([earlier, targets[:, 0]]), season)
        ),
        "errors and differences are both squared; their size is meant": lambda targets, predictions, earlier, season: float(
            (np.square(targets - predictions) / np.square(differences(earlier, season)).mean(axis=0)).mean()
        ),
        "np.roll wraps the end of the series round to its start, and those differences count": with_scale(
            lambda earlier, season, targets: np.abs(earlier - np.roll(earlier, season, axis=0)).mean(axis=0)
        ),
        "the errors are squared; their size is meant": with_errors(lambda e, scale: float((np.square(e) / scale).mean())),
        "the scaled errors are squared; their size is meant": with_errors(lambda e, scale: float(np.square(e / scale).mean())),
        "this is the root of the mean squared scaled error; the mean size is meant": with_errors(
            lambda e, scale: float(np.sqrt(np.square(e / scale).mean()))
        ),
        "the errors keep their sign, so that too high and too low cancel": with_errors(lambda e, scale: float((e / scale).mean())),
        "the size is taken of the mean and not of each error": with_errors(lambda e, scale: float(abs((e / scale).mean()))),
        "the errors are multiplied by the scale": with_errors(lambda e, scale: float((np.abs(e) * scale).mean())),
        "the scaled errors are summed; a mean is asked for": with_errors(lambda e, scale: float((np.abs(e) / scale).sum())),
        "the median is returned; a mean is asked for": with_errors(lambda e, scale: float(np.median(np.abs(e) / scale))),
        "one error for each series is returned; take the mean over the series, too": with_errors(
            lambda e, scale: (np.abs(e) / scale).mean(axis=(0, 1))
        ),
        "the errors are relative to the targets; their unit is the naive forecast's error": with_scale(
            lambda earlier, season, targets: np.abs(targets)
        ),
    },
)
