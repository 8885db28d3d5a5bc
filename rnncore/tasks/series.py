"""Real series, from data that plotly ships: weekly share prices, and numbers about 142 countries.

Contents
    share_prices          105 weeks of 2018 and 2019, 6 companies
    country_statistics    12 years from 1952 to 2007, 142 countries
    split_in_time         earlier part, later part
    windows               all windows of T steps with the steps that follow
    random_windows        some of them, drawn
    persistence_error     mean squared error of answering the last value

Both are short: enough to learn how to window, to scale and to be beaten by persistence, not enough to boast.
Source: the package plotly (MIT licence), folder package_data/datasets: stocks.csv, relative to the first week; gapminder.csv, from
www.gapminder.org. The files are read as they lie; neither pandas nor a plot is needed. plotly is found when a series is asked for.
"""

import csv
import gzip
import importlib.util
import io
from pathlib import Path

import numpy as np

from rnncore.reference.shapes import shapes

__all__ = ["country_statistics", "persistence_error", "random_windows", "share_prices", "split_in_time", "windows"]

STATISTICS = {"life expectancy": "lifeExp", "population": "pop", "income per head": "gdpPercap"}


def share_prices():
    """Weekly closing prices of six companies, each divided by its price in the first week.

    Returns:
        dates: list of 105 str, such as "2018-01-01", seven days apart.
        names: list of 6 str, the symbols of the shares.
        values: (105, 6), float64.
    Raises:
        ModuleNotFoundError: plotly is not installed, or ships other data.
    """
    header, *rows = _table("stocks")
    return [row[0] for row in rows], header[1:], np.array([[float(value) for value in row[1:]] for row in rows])


def country_statistics(name="life expectancy"):
    """One number for each country every five years.

    Args:
        name: "life expectancy" in years, "population", or "income per head" in dollars of equal purchasing power.
    Returns:
        years: (12,), whole numbers from 1952 to 2007.
        countries: list of 142 str, in alphabetical order.
        values: (12, 142), float64.
    Raises:
        ValueError: the name is not one of the three.
        ModuleNotFoundError: plotly is not installed, or ships other data.
    """
    if name not in STATISTICS:
        raise ValueError(f"country_statistics: name must be one of {', '.join(map(repr, STATISTICS))}, got {name!r}.")
    header, *rows = _table("gapminder")
    country, year, value = (header.index(column) for column in ("country", "year", STATISTICS[name]))
    table = {(int(row[year]), row[country]): float(row[value]) for row in rows}
    years, countries = sorted({y for y, _ in table}), sorted({c for _, c in table})
    return np.array(years), countries, np.array([[table[y, c] for c in countries] for y in years])


@shapes(values="T D")
def split_in_time(values, fraction=0.8):
    """Cut a series into an earlier part to learn from and a later part to be tested on.

    Args:
        values: (T, D).
        fraction: share of the earlier part, between 0 and 1.
    Returns:
        earlier: (N, D), with N = fraction * T, rounded.
        later: (T - N, D).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values, or a part would be empty.
    """
    cut = round(fraction * len(values)) if 0 < fraction < 1 else 0
    if not 0 < cut < len(values):
        raise ValueError(f"split_in_time: fraction must leave both parts at least one of {len(values)} steps, got {fraction}.")
    return values[:cut].copy(), values[cut:].copy()


@shapes(values="N D", T="size", horizon="size")
def windows(values, T, *, horizon=1):
    """Cut a series into all windows of T steps and what follows each.

    Args:
        values: (N, D), N at least T + horizon.
        T: steps of a window.
        horizon: how many steps follow.
    Returns:
        xs: (T, B, D), with B = N - T - horizon + 1; window b starts at step b.
        targets: (horizon, B, D), the steps after it.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values, or the series is too short.

    >>> xs, targets = windows(np.arange(5.0)[:, None], T=3)
    >>> xs[:, :, 0].T.tolist(), targets[0, :, 0].tolist()
    ([[0.0, 1.0, 2.0], [1.0, 2.0, 3.0]], [3.0, 4.0])
    """
    count = len(values) - T - horizon + 1
    if count < 1:
        raise ValueError(f"windows: values must have at least T + horizon = {T + horizon} steps, got {len(values)}.")
    places = np.arange(T + horizon)[:, None] + np.arange(count)  # (T + horizon, B)
    return values[places[:T]], values[places[T:]]


@shapes(rng="rng", values="N D", T="size", B="size", horizon="size")
def random_windows(rng, values, T, B, *, horizon=1):
    """Draw windows, each start equally likely, with replacement.

    Args:
        rng: a `numpy.random.Generator`.
        values: (N, D), N at least T + horizon.
        T: steps of a window.
        B: how many windows.
        horizon: how many steps follow.
    Returns:
        xs: (T, B, D).
        targets: (horizon, B, D).
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values, or the series is too short.
    """
    xs, targets = windows(values, T, horizon=horizon)
    chosen = rng.integers(0, xs.shape[1], B)
    return xs[:, chosen], targets[:, chosen]


@shapes(xs="T B D", targets="K B D")
def persistence_error(xs, targets):
    """Mean squared error of answering the last value of each window for every step that follows.

    Args:
        xs: (T, B, D).
        targets: (K, B, D), the K steps that follow each window.
    Returns:
        The mean squared error.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    return float(np.square(targets - xs[-1]).mean())


def _table(name):
    spec = importlib.util.find_spec("plotly")
    beside = Path(__file__).parent / "datasets"  # in JupyterLite, which has no plotly in Python: tools/pyodide.py copies them there
    folder = Path(spec.origin).parent / "package_data" / "datasets" if spec else beside
    file = folder / f"{name}.csv.gz"
    if not file.exists():
        raise ModuleNotFoundError(f"series: plotly with its data set {name!r} is not installed; install plotly 6 or later.")
    return list(csv.reader(io.StringIO(gzip.decompress(file.read_bytes()).decode())))
