"""Distributions against their definitions, sampling against them, and the writing loop."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore.checks import compare
from rnncore.reference.activations import softmax
from rnncore.reference.decoding import (
    generate,
    greedy_distribution,
    sample,
    temperature_distribution,
    top_k_distribution,
    top_p_distribution,
)

T, B, V = 3, 2, 7


def greedy(logits):
    return logits.argmax(axis=-1)


def plain_top_p(p, probabilities):
    """The definition for one distribution: take tokens, best first, until they reach p."""
    kept, total = np.zeros_like(probabilities), 0.0
    for token in sorted(range(len(probabilities)), key=lambda i: -probabilities[i]):
        if total >= p:
            break
        kept[token] = probabilities[token]
        total += probabilities[token]
    return kept / kept.sum()


@settings(max_examples=50, deadline=None)
@given(sizes=st.tuples(*[st.integers(1, 6)] * 3), seed=st.integers(0, 10**6), temperature=st.floats(0.1, 10))
def test_distributions_equal_their_definitions(sizes, seed, temperature):
    rng = np.random.default_rng(seed)
    logits = 2 * rng.standard_normal(sizes)
    k, p = int(rng.integers(1, sizes[2] + 1)), rng.uniform(0.05, 0.95)
    scaled = torch.softmax(torch.tensor(logits) / temperature, -1).numpy()
    compare("temperature", temperature_distribution(logits, temperature), scaled)
    top_k = top_k_distribution(logits, k, temperature=temperature)
    threshold = torch.topk(torch.tensor(logits), k).values[..., -1:].numpy()
    compare("top-k", top_k, np.where(logits >= threshold, scaled, 0) / np.where(logits >= threshold, scaled, 0).sum(-1, keepdims=True))
    top_p = top_p_distribution(logits, p, temperature=temperature)
    for index in np.ndindex(sizes[:2]):
        compare("top-p", top_p[index], plain_top_p(p, scaled[index]))
    for distribution in (top_k, top_p, greedy_distribution(logits)):
        compare("sums", distribution.sum(axis=-1), np.ones(sizes[:2]))


def test_limits(rng):
    """Everything kept is the softmax; the best token alone is greedy; so is a temperature near 0; a high one is uniform."""
    logits = rng.standard_normal((T, B, V))
    best = greedy_distribution(logits)
    assert np.array_equal(best.argmax(axis=-1), logits.argmax(axis=-1))
    compare("k = V", top_k_distribution(logits, V), softmax(logits))
    compare("p = 1", top_p_distribution(logits, 1), softmax(logits))
    compare("temperature 1", temperature_distribution(logits, 1), softmax(logits))
    compare("k = 1", top_k_distribution(logits, 1), best)
    compare("p near 0", top_p_distribution(logits, 1e-9), best)
    for tiny in (1e-6, 5e-324):
        compare("temperature near 0", temperature_distribution(logits, tiny), best)
    compare("temperature near infinity", temperature_distribution(logits, 1e300), np.full((T, B, V), 1 / V))


def test_ties_go_to_the_first():
    logits = np.zeros((B, 4))
    assert np.array_equal(greedy_distribution(logits), [[1, 0, 0, 0]] * B)
    assert np.array_equal(top_k_distribution(logits, 2), [[0.5, 0.5, 0, 0]] * B)
    assert np.array_equal(top_p_distribution(logits, 0.5), [[0.5, 0.5, 0, 0]] * B)
    assert np.array_equal(top_p_distribution(logits, 0.75)[0] > 0, [True, True, True, False])


def test_sample_draws_each_token_as_often_as_it_should(rng):
    probabilities = np.array([[0.0, 0.5, 0.2, 0.0, 0.3, 0.0], [1.0, 0, 0, 0, 0, 0]])
    n = 20_000
    tokens = sample(rng, np.broadcast_to(probabilities, (n, 2, 6)))
    assert tokens.shape == (n, 2)
    frequencies = np.stack([(tokens == token).mean(axis=0) for token in range(6)], axis=-1)
    assert np.abs(frequencies - probabilities).max() < 4 * np.sqrt(0.25 / n)
    assert not frequencies[probabilities == 0].any()


def test_sample_at_the_ends_of_the_range():
    """The smallest and the largest number that a generator can give."""

    class Fixed(np.random.Generator):
        def __init__(self, value):
            super().__init__(np.random.PCG64(0))
            self.value = value

        def random(self, size):
            return np.full(size, self.value)

    for dtype in (np.float32, np.float64):
        probabilities = np.array([0, 0.1, 0.2, 0.7, 0], dtype=dtype)
        assert sample(Fixed(0.0), probabilities) == 1
        assert sample(Fixed(1 - 2**-53), probabilities) == 3


def test_sampling_is_repeatable(rng):
    probabilities = softmax(rng.standard_normal((T, B, V)))
    assert np.array_equal(sample(np.random.default_rng(3), probabilities), sample(np.random.default_rng(3), probabilities))


def test_generate_feeds_each_choice_back(rng):
    table = rng.standard_normal((V, V))
    calls = []

    def step(tokens, state):
        calls.append((tokens.copy(), state))
        return table[tokens], state + 1

    start = np.array([1, 4])
    tokens = generate(step, 0, start, choose=greedy, max_length=T)
    assert tokens.shape == (T, B)
    assert [state for _, state in calls] == [0, 1, 2]
    assert np.array_equal([fed for fed, _ in calls], [start, *tokens[:-1]])
    assert np.array_equal(tokens, [table[fed].argmax(axis=-1) for fed, _ in calls])


def test_generate_stops_when_all_have_ended():
    def count(tokens, state):
        return np.eye(V)[(tokens + 1) % V], state

    tokens = generate(count, None, np.array([0, 3]), choose=greedy, max_length=9, end=5)
    assert tokens.T.tolist() == [[1, 2, 3, 4, 5], [4, 5, 5, 5, 5]]
    assert generate(count, None, np.array([0, 3]), choose=greedy, max_length=2, end=5).T.tolist() == [[1, 2], [4, 5]]


def test_dtype_follows_the_input(rng):
    logits = rng.standard_normal((T, V)).astype(np.float32)
    functions = [
        greedy_distribution,
        lambda x: temperature_distribution(x, 0.5),
        lambda x: top_k_distribution(x, 3),
        lambda x: top_p_distribution(x, 0.5),
    ]
    assert all(function(logits).dtype == np.float32 for function in functions)


@pytest.mark.parametrize("function", [greedy_distribution, lambda x: top_k_distribution(x, 3), lambda x: top_p_distribution(x, 0.5)])
def test_nothing_changes_in_place(rng, function):
    logits = rng.standard_normal((T, B, V))
    before = logits.copy()
    function(logits)
    assert np.array_equal(logits, before)
