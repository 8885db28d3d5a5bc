"""Copy memory: the layout of inputs and answers, and the cross-entropy of remembering nothing."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rnncore.checks import compare
from rnncore.tasks.copy_memory import copy_memory, copy_memory_baseline


@given(T=st.integers(1, 30), B=st.integers(1, 5), seed=st.integers(0, 10**6))
def test_layout(T, B, seed):
    tokens, targets = copy_memory(np.random.default_rng(seed), T, B)
    assert tokens.shape == targets.shape == (T + 20, B)
    assert ((tokens[:10] >= 1) & (tokens[:10] <= 8)).all()
    assert not tokens[10 : T + 9].any() and (tokens[T + 9] == 9).all() and not tokens[T + 10 :].any()
    assert not targets[: T + 10].any()
    assert np.array_equal(targets[T + 10 :], tokens[:10])


def test_all_symbols_occur(rng):
    tokens, _ = copy_memory(rng, 3, 500)
    assert (np.bincount(tokens[:10].ravel(), minlength=9)[1:] > 500).all()


def test_baseline_is_the_cross_entropy_of_the_memoryless_answer(rng):
    T = 13
    _, targets = copy_memory(rng, T, 50)
    p = np.zeros((T + 20, 9))
    p[: T + 10, 0], p[T + 10 :, 1:] = 1, 1 / 8
    cross_entropy = -np.log(p[np.arange(T + 20)[:, None], targets]).mean()
    compare("baseline", copy_memory_baseline(T), cross_entropy)
    compare("T = 100", copy_memory_baseline(100), 10 * math.log(8) / 120)
