"""Lab 13, part 4: an error in units of the naive forecast."""

import numpy as np

from tests.corpus.answers import right, wrong


@right
def in_two_lines(targets, predictions, earlier, season):
    scale = np.mean(np.abs(earlier[season:] - earlier[:-season]), axis=0)
    return np.mean(np.abs(predictions - targets) / scale)


@right
def loops(targets, predictions, earlier, season):
    K, B, D = targets.shape
    total = 0.0
    for d in range(D):
        steps = [abs(float(earlier[t, d]) - float(earlier[t - season, d])) for t in range(season, len(earlier))]
        scale = sum(steps) / len(steps)
        for k in range(K):
            for b in range(B):
                total += abs(float(targets[k, b, d]) - float(predictions[k, b, d])) / scale
    return total / (K * B * D)


@right
def series_by_series(targets, predictions, earlier, season):
    found = []
    for d in range(earlier.shape[1]):
        u = earlier[:, d].astype(float)
        mae = np.abs(targets[..., d] - predictions[..., d]).mean()
        found.append(mae / np.abs(u[season:] - u[: len(u) - season]).mean())
    return float(np.mean(found))


@right
def mean_first_then_divided(targets, predictions, earlier, season):
    mae = np.abs(targets - predictions).mean(axis=(0, 1))  # (D,)
    naive = np.abs(earlier[:-season] - earlier[season:]).sum(axis=0) / (len(earlier) - season)
    return (mae / naive).mean().item()


@right
def with_einsum(targets, predictions, earlier, season):
    inverse = 1 / np.abs(earlier[season:] - earlier[:-season]).mean(0)
    return np.einsum("kbd,d->", np.abs(targets - predictions), inverse) / targets.size


@right
def with_the_forecast(targets, predictions, earlier, season):
    forecasts = np.empty_like(earlier[season:])
    for t in range(season, len(earlier)):
        forecasts[t - season] = earlier[t - season]
    scale = np.absolute(earlier[season:] - forecasts).mean(axis=0, keepdims=True)
    return np.average(np.absolute((targets - predictions) / scale[None]))


@wrong("nothing is divided")
def mean_absolute_error(targets, predictions, earlier, season):
    return np.abs(targets - predictions).mean()


@wrong("all series share one scale")
def one_scale(targets, predictions, earlier, season):
    return np.abs(targets - predictions).mean() / np.abs(earlier[season:] - earlier[:-season]).mean()


@wrong("whatever the season")
def neighbours(targets, predictions, earlier, season):
    return (np.abs(targets - predictions) / np.abs(earlier[1:] - earlier[:-1]).mean(axis=0)).mean()


@wrong("np.diff is given the season as n")
def diff_n(targets, predictions, earlier, season):
    return (np.abs(targets - predictions) / np.abs(np.diff(earlier, season, axis=0)).mean(axis=0)).mean()


@wrong("where ups and downs cancel")
def signed_scale(targets, predictions, earlier, season):
    return (np.abs(targets - predictions) / (earlier[season:] - earlier[:-season]).mean(axis=0)).mean()


@wrong("the errors are squared")
def squared(targets, predictions, earlier, season):
    scale = np.abs(earlier[season:] - earlier[:-season]).mean(axis=0)
    return ((targets - predictions) ** 2 / scale).mean()


@wrong("the root of the mean squared scaled error")
def root(targets, predictions, earlier, season):
    scale = np.abs(earlier[season:] - earlier[:-season]).mean(axis=0)
    return np.sqrt((((targets - predictions) / scale) ** 2).mean())


@wrong("too high and too low cancel")
def no_abs(targets, predictions, earlier, season):
    scale = np.abs(earlier[season:] - earlier[:-season]).mean(axis=0)
    return ((targets - predictions) / scale).mean()


@wrong("the scale is the standard deviation")
def by_deviation(targets, predictions, earlier, season):
    return (np.abs(targets - predictions) / earlier.std(axis=0)).mean()


@wrong("one error for each series")
def per_series(targets, predictions, earlier, season):
    scale = np.abs(earlier[season:] - earlier[:-season]).mean(axis=0)
    return (np.abs(targets - predictions) / scale).mean(axis=(0, 1))


@wrong("there are N - season differences")
def divided_by_all(targets, predictions, earlier, season):
    scale = np.abs(earlier[season:] - earlier[:-season]).sum(axis=0) / len(earlier)
    return (np.abs(targets - predictions) / scale).mean()


@wrong("np.roll wraps the end")
def rolled(targets, predictions, earlier, season):
    scale = np.abs(earlier - np.roll(earlier, season, axis=0)).mean(axis=0)
    return (np.abs(targets - predictions) / scale).mean()


@wrong("the errors are relative to the targets")
def relative(targets, predictions, earlier, season):
    return (np.abs(targets - predictions) / np.abs(targets)).mean()


@wrong("a mean is asked for")
def summed(targets, predictions, earlier, season):
    scale = np.abs(earlier[season:] - earlier[:-season]).mean(axis=0)
    return (np.abs(targets - predictions) / scale).sum()


@wrong(None)
def scale_from_targets(targets, predictions, earlier, season):
    naive = np.abs(np.diff(targets, axis=0)).mean(axis=(0, 1)) if len(targets) > 1 else 1.0
    return (np.abs(targets - predictions) / naive).mean()


@wrong("the scale is a sum")
def scale_summed(targets, predictions, earlier, season):
    scale = np.abs(earlier[season:] - earlier[:-season]).sum(axis=0)
    return np.mean(np.abs(targets - predictions) / scale)


@wrong("the errors of all series are added up before they are divided")
def ratio_of_sums(targets, predictions, earlier, season):
    mae = np.abs(targets - predictions).sum(axis=(0, 1))
    scale = np.abs(earlier[season:] - earlier[:-season]).mean(axis=0)
    return mae.sum() / scale.sum()


@right
def with_a_roll_cut_off(targets, predictions, earlier, season):
    scale = np.mean(np.abs(np.roll(earlier, -season, axis=0) - earlier)[:-season], axis=0)
    return np.einsum("kbd,d->", np.abs(targets - predictions), 1 / scale) / targets.size


@wrong("errors and differences are both squared")
def both_squared(targets, predictions, earlier, season):
    scale = np.square(earlier[season:] - earlier[:-season]).mean(axis=0)
    return (np.square(targets - predictions) / scale).mean()


@wrong("the targets are counted into the scale")
def targets_in_the_scale(targets, predictions, earlier, season):
    whole = np.concatenate([earlier, targets[:, 0]])
    scale = np.abs(whole[season:] - whole[:-season]).mean(axis=0)
    return (np.abs(targets - predictions) / scale).mean()


@wrong("only every season-th step")
def every_season(targets, predictions, earlier, season):
    picked = earlier[::season]
    scale = np.abs(picked[1:] - picked[:-1]).mean(axis=0)
    return (np.abs(targets - predictions) / scale).mean()


@wrong("the scale is the size of the mean difference")
def signs_cancel_in_scale(targets, predictions, earlier, season):
    scale = np.abs((earlier[season:] - earlier[:-season]).mean(axis=0))
    return (np.abs(targets - predictions) / scale).mean()
