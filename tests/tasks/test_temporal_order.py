"""Temporal order: the two symbols, their places and classes, and both baselines."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rnncore.checks import compare
from rnncore.tasks.temporal_order import temporal_order, temporal_order_baseline


@given(T=st.integers(10, 120), B=st.integers(1, 5), seed=st.integers(0, 10**6))
def test_class_is_the_order_of_the_two_symbols(T, B, seed):
    tokens, targets = temporal_order(np.random.default_rng(seed), T, B)
    assert tokens.shape == (T, B) and targets.shape == (B,)
    assert (tokens[0] == 6).all() and (tokens[-1] == 7).all()
    for b in range(B):
        places = np.flatnonzero((tokens[:, b] == 4) | (tokens[:, b] == 5))
        assert len(places) == 2
        assert T // 10 <= places[0] < T // 5 and T // 2 <= places[1] < T * 6 // 10
        assert ["XX", "XY", "YX", "YY"][targets[b]] == "".join("XY"[token - 4] for token in tokens[places, b])
    assert tokens.max() <= 7 and tokens.min() >= 0 and ((tokens == 6) | (tokens == 7)).sum() == 2 * B


def test_places_at_length_100_are_those_of_the_paper(rng):
    tokens, _ = temporal_order(rng, 100, 3000)
    seen = np.flatnonzero(np.isin(tokens, (4, 5)).any(axis=1))
    assert np.array_equal(seen, [*range(10, 20), *range(50, 60)])


def test_baselines(rng):
    tokens, targets = temporal_order(rng, 20, 40_000)
    compare("classes", np.bincount(targets) / len(targets), np.full(4, 0.25), rtol=0, atol=0.01)
    cross_entropy, accuracy = temporal_order_baseline()
    assert (cross_entropy, accuracy) == (math.log(4), 0.25)
    xs = (tokens == 4).sum(axis=0)  # all that a bag of words knows: how many X
    counts = np.array([np.bincount(targets[xs == n], minlength=4) for n in range(3)])
    p = counts / counts.sum(axis=1, keepdims=True)
    best_cross_entropy, best_accuracy = temporal_order_baseline(bag_of_words=True)
    compare("accuracy", counts.max(axis=1).sum() / len(targets), best_accuracy, rtol=0, atol=0.01)
    compare("cross-entropy", -np.log(p[xs, targets]).mean(), best_cross_entropy, rtol=0, atol=0.01)
