"""Parity: the definition, and that nothing less than all bits helps."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rnncore.tasks.parity import parity, parity_baseline


@given(T=st.integers(1, 30), B=st.integers(1, 5), seed=st.integers(0, 10**6))
def test_definition(T, B, seed):
    tokens, targets = parity(np.random.default_rng(seed), T, B)
    assert tokens.shape == targets.shape == (T, B)
    for b in range(B):
        odd = 0
        for t in range(T):
            odd ^= int(tokens[t, b])
            assert targets[t, b] == odd


def test_baseline_all_bits_but_one_tell_nothing(rng):
    tokens, targets = parity(rng, 5, 40_000)
    assert parity_baseline() == (math.log(2), 0.5)
    seen = tokens[:4].T @ (1 << np.arange(4))  # every pattern of the first four bits
    odd = np.array([targets[-1][seen == pattern].mean() for pattern in range(16)])
    assert np.abs(odd - 0.5).max() < 0.05
