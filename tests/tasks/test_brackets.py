"""Brackets: against the definition, the number of matched sequences, and counting alone."""

import itertools
import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rnncore.checks import compare
from rnncore.tasks.brackets import bracket_depth, bracket_depth_baseline, bracket_validity, bracket_validity_baseline, is_balanced


@given(half=st.integers(1, 12), B=st.integers(1, 5), seed=st.integers(0, 10**6))
def test_depth(half, B, seed):
    tokens, depths = bracket_depth(np.random.default_rng(seed), 2 * half, B)
    assert tokens.shape == depths.shape == (2 * half, B)
    for b in range(B):
        assert is_balanced(tokens[:, b])
        for t in range(2 * half):
            text = "".join("()[]"[token] for token in tokens[: t + 1, b])
            assert depths[t, b] == sum(text.count(c) for c in "([") - sum(text.count(c) for c in ")]")


@given(half=st.integers(1, 12), B=st.integers(1, 8), seed=st.integers(0, 10**6))
def test_validity(half, B, seed):
    tokens, targets = bracket_validity(np.random.default_rng(seed), 2 * half, B)
    assert tokens.shape == (2 * half, B)
    assert [is_balanced(row) for row in tokens.T] == (targets == 1).tolist()
    counts = np.stack([np.bincount(row, minlength=4) for row in tokens.T])
    assert (counts[:, 0] == counts[:, 1]).all() and (counts[:, 2] == counts[:, 3]).all()  # counting tells nothing


def test_is_balanced_counts_all_matched_sequences():
    """Catalan number times 2 for each pair; each is found by crossing out neighbours "()" and "[]" until nothing is left."""

    def by_crossing_out(text):
        while "()" in text or "[]" in text:
            text = text.replace("()", "").replace("[]", "")
        return text == ""

    for half in (1, 2, 3):
        words = list(itertools.product(range(4), repeat=2 * half))
        assert all(is_balanced(np.array(word)) == by_crossing_out("".join("()[]"[t] for t in word)) for word in words)
        assert sum(is_balanced(np.array(word)) for word in words) == 2**half * math.comb(2 * half, half) // (half + 1)


def test_every_shape_of_nesting_is_equally_likely(rng):
    _, depths = bracket_depth(rng, 8, 7000)
    shapes, counts = np.unique(depths, axis=1, return_counts=True)
    assert shapes.shape[1] == 14  # the Catalan number of 4
    compare("counts", counts / 500, np.ones(14), rtol=0, atol=0.2)


def test_baselines(rng):
    _, targets = bracket_validity(rng, 10, 4000)
    assert bracket_validity_baseline() == (math.log(2), 0.5)
    assert abs(targets.mean() - 0.5) < 0.03
    (_, train), (_, test) = (bracket_depth(rng, 12, 2000) for _ in range(2))
    error = bracket_depth_baseline(train, test)
    assert error == float(np.mean([(test[t] - train[t].mean()) ** 2 for t in range(12)]))
    compare("error", error, train.var(axis=1).mean(), rtol=0.1)
