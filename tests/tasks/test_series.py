"""Real series: what plotly ships, windows that do not leak, persistence."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncore.checks import compare
from rnncore.tasks import series
from rnncore.tasks.series import country_statistics, persistence_error, random_windows, share_prices, split_in_time, windows


def test_share_prices():
    pytest.importorskip("plotly")
    dates, names, values = share_prices()
    assert values.shape == (len(dates), len(names)) == (105, 6)
    assert np.isfinite(values).all() and (values > 0).all() and (values[0] == 1).all()
    days = np.array(dates, dtype="datetime64[D]")
    assert (np.diff(days) == np.timedelta64(7, "D")).all()


@pytest.mark.parametrize("name", ["life expectancy", "population", "income per head"])
def test_country_statistics(name):
    pytest.importorskip("plotly")
    years, countries, values = country_statistics(name)
    assert values.shape == (12, 142) and len(countries) == len(set(countries)) == 142
    assert years.tolist() == list(range(1952, 2008, 5))
    assert np.isfinite(values).all() and (values > 0).all()
    if name == "life expectancy":
        assert 20 < values.min() < 30 and 80 < values.max() < 85  # Rwanda 1992, Japan 2007
        assert countries[values[-1].argmax()] == "Japan"


@given(N=st.integers(2, 20), T=st.integers(1, 8), horizon=st.integers(1, 4), D=st.integers(1, 3))
def test_windows(N, T, horizon, D):
    values = np.arange(float(N * D)).reshape(N, D)
    if T + horizon > N:
        with pytest.raises(ValueError, match="at least T"):
            windows(values, T, horizon=horizon)
        return
    xs, targets = windows(values, T, horizon=horizon)
    assert xs.shape == (T, N - T - horizon + 1, D) and targets.shape == (horizon, N - T - horizon + 1, D)
    for b in range(xs.shape[1]):
        assert np.array_equal(np.concatenate([xs[:, b], targets[:, b]]), values[b : b + T + horizon])
    some, _ = random_windows(np.random.default_rng(0), values, T, 5, horizon=horizon)
    assert some.shape == (T, 5, D) and set(some[0, :, 0]) <= set(xs[0, :, 0])


def test_parts_do_not_overlap():
    values = np.arange(10.0)[:, None]
    earlier, later = split_in_time(values, 0.7)
    assert np.array_equal(np.concatenate([earlier, later]), values) and len(earlier) == 7
    xs, targets = windows(earlier, 3, horizon=2)
    assert max(xs.max(), targets.max()) < later.min()


def test_persistence():
    xs, targets = windows(np.array([0.0, 1.0, 3.0, 6.0])[:, None], 2)
    compare("error", persistence_error(xs, targets), ((3 - 1) ** 2 + (6 - 3) ** 2) / 2)


def test_without_plotly_one_sentence_says_so(monkeypatch):
    monkeypatch.setattr(series.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match="install plotly"):
        share_prices()


def test_plotly_is_not_imported():
    """In an interpreter of its own, as here another test may have imported it."""
    pytest.importorskip("plotly")
    code = "import sys; from rnncore.tasks.series import share_prices; share_prices(); print('plotly' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "False"
