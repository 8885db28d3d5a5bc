"""Sine mixtures: targets one step later, the linear rule that generates them, persistence."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore.checks import compare
from rnncore.tasks.sines import sine_mixtures, sine_mixtures_baseline, sine_mixtures_linear


@settings(deadline=None)
@given(T=st.integers(1, 30), B=st.integers(1, 4), waves=st.integers(1, 3), seed=st.integers(0, 10**6))
def test_targets_are_the_inputs_one_step_later(T, B, waves, seed):
    xs, targets = sine_mixtures(np.random.default_rng(seed), T, B, waves=waves, noise=0.1)
    assert xs.shape == targets.shape == (T, B, 1)
    assert np.array_equal(xs[1:], targets[:-1])
    assert not np.shares_memory(xs, targets)


@pytest.mark.parametrize("waves", [1, 2, 3])
def test_without_noise_a_linear_rule_is_exact_and_needs_all_its_terms(rng, waves):
    xs, targets = sine_mixtures(rng, 200, 20, waves=waves)
    assert sine_mixtures_linear(xs, targets, waves=waves) < 1e-20
    if waves > 1:
        assert sine_mixtures_linear(xs, targets, waves=waves - 1) > 1e-8
    compare("variance", xs.var(), 0.5, rtol=0.1)


def test_baselines_with_noise(rng):
    xs, targets = sine_mixtures(rng, 400, 50, waves=1, noise=0.1)
    persistence, linear = sine_mixtures_baseline(xs, targets), sine_mixtures_linear(xs, targets, waves=1)
    assert persistence == float(np.mean((targets - xs) ** 2))
    assert 0.1**2 < linear < persistence


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype(rng, dtype):
    assert {a.dtype for a in sine_mixtures(rng, 5, 2, dtype=dtype)} == {np.dtype(dtype)}
