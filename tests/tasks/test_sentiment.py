"""Sentiment with negation: labels against a parser of its own, padding, and what word counts can reach."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore.checks import compare
from rnncore.tasks.sentiment import (
    ADJECTIVES,
    NEGATIONS,
    VERBS,
    VOCABULARY,
    bag_of_words_baseline,
    best_bag_of_words,
    decode_words,
    sentiment,
    sentiment_sentences,
)

POLARITY = ADJECTIVES | VERBS


def meaning(text):
    """Read the main clause only: after "but", before "although", or after the comma."""
    main = text.split(" , ")[1] if " , " in text else text.split(" but ")[-1].split(" although ")[0]
    words = main.split()
    (polarity,) = (POLARITY[word] for word in words if word in POLARITY)
    return polarity ^ any(word in NEGATIONS for word in words)


@settings(deadline=None)
@given(B=st.integers(1, 20), seed=st.integers(0, 10**6))
def test_labels_and_padding(B, seed):
    tokens, lengths, targets = sentiment(np.random.default_rng(seed), B)
    assert tokens.shape == (lengths.max(), B) and lengths.shape == targets.shape == (B,)
    for b in range(B):
        assert tokens[: lengths[b], b].all() and not tokens[lengths[b] :, b].any()
        assert meaning(decode_words(tokens[:, b])) == targets[b]


def test_every_word_occurs_and_labels_balance(rng):
    tokens, lengths, targets = sentiment(rng, 5000)
    assert set(np.unique(tokens)) == set(range(len(VOCABULARY))) and lengths.min() == 4
    assert abs(targets.mean() - 0.5) < 0.03


def test_the_same_words_in_another_order_mean_something_else(rng):
    seen = {}
    for words, label in sentiment_sentences(rng, 60_000):
        seen.setdefault(tuple(sorted(words)), set()).add(label)
    assert sum(len(labels) == 2 for labels in seen.values()) > 50


def test_logistic_regression_on_counts_is_near_chance(rng):
    """Each word stands as often in positive as in negative sentences, because negation is drawn by a fair coin."""
    train_tokens, _, train_targets = sentiment(rng, 3000)
    test_tokens, _, test_targets = sentiment(rng, 3000)
    accuracy = bag_of_words_baseline(train_tokens, train_targets, test_tokens, test_targets)
    assert abs(accuracy - 0.5) < 0.05
    learnable = (test_tokens == VOCABULARY.index("good")).any(axis=0).astype(int)  # so that the test above could fail
    labels = (train_tokens == VOCABULARY.index("good")).any(axis=0).astype(int)
    assert bag_of_words_baseline(train_tokens, labels, test_tokens, learnable) > 0.98


def test_best_bag_of_words(rng):
    """Words of one kind are exchangeable, so count kinds: what is left of a bag is few enough to be tabulated."""
    kinds = {word: "+" if value else "-" for word, value in POLARITY.items()} | {word: "not" for word in NEGATIONS}
    table = {}
    for words, label in sentiment_sentences(rng, 40_000):
        bag = tuple(sorted(kinds.get(word, word if word in ("was", "i", "but", "although", ",") else "") for word in words))
        table.setdefault(tuple(kind for kind in bag if kind), [0, 0])[label] += 1
    accuracy = sum(max(counts) for counts in table.values()) / sum(sum(counts) for counts in table.values())
    compare("accuracy", accuracy, best_bag_of_words(), rtol=0, atol=0.015)
