"""The adding problem: what is in it, and that always answering 1 costs 1/6."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnncore.checks import compare
from rnncore.tasks.adding import adding_baseline, adding_problem


@given(T=st.integers(2, 30), B=st.integers(1, 5), seed=st.integers(0, 10**6))
def test_target_is_the_sum_of_the_marked_numbers(T, B, seed):
    xs, targets = adding_problem(np.random.default_rng(seed), T, B)
    assert xs.shape == (T, B, 2) and targets.shape == (B, 1)
    numbers, markers = xs[..., 0], xs[..., 1]
    assert ((numbers >= 0) & (numbers < 1)).all() and set(np.unique(markers)) <= {0.0, 1.0}
    assert (markers[: T // 2].sum(axis=0) == 1).all() and (markers[T // 2 :].sum(axis=0) == 1).all()
    for b in range(B):
        first, second = np.flatnonzero(markers[:, b])
        compare("target", targets[b, 0], numbers[first, b] + numbers[second, b])


def test_baseline(rng):
    _, targets = adding_problem(rng, 20, 100_000)
    compare("error of answering 1", np.square(targets - 1).mean(), adding_baseline(), rtol=0.02)
    compare("baseline", adding_baseline(), 0.1667, rtol=0, atol=5e-5)
    assert np.square(targets - 0.9).mean() > np.square(targets - 1).mean()


def test_every_place_of_each_half_is_marked(rng):
    xs, _ = adding_problem(rng, 7, 2000)
    assert (xs[..., 1].sum(axis=1) > 0).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_same_rng_same_data(dtype):
    first, second = (adding_problem(np.random.default_rng(3), 9, 2, dtype=dtype) for _ in range(2))
    compare("data", first, second, rtol=0, atol=0)
    assert {array.dtype for array in first} == {np.dtype(dtype)}
