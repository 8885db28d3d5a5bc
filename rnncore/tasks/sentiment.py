"""Sentiment with negation: sentences from a small grammar, in which the same words in another order mean something else.

    sentence  ->  clause  |  clause but CLAUSE  |  although clause , CLAUSE  |  CLAUSE although clause
    clause    ->  the film was [negation] [degree] adjective  |  i [negation] liked the film  |  ...

The label is that of the clause in capitals, or of the only one; "not" and its relatives turn a clause round.
"the plot was good but the cast was not good" is negative; "the plot was not good but the cast was good" holds the same words.

Contents
    VOCABULARY                  the words; the token of a word is its place, 0 is padding
    sentiment_sentences         words and labels
    sentiment                   the same as arrays: tokens, lengths, targets
    decode_words                tokens -> words
    bag_of_words_baseline       accuracy of logistic regression on word counts
    best_bag_of_words           accuracy that no model of word counts can exceed

Source: the grammar is this course's own; negation as the test of order: Socher et al. (2013), section 5.4.
"""

import numpy as np

from rnncore.reference.activations import sigmoid
from rnncore.reference.shapes import shapes

__all__ = ["VOCABULARY", "bag_of_words_baseline", "best_bag_of_words", "decode_words", "sentiment", "sentiment_sentences"]

SUBJECTS = ["film", "plot", "cast", "music", "ending", "dialogue"]
ADJECTIVES = {"good": 1, "great": 1, "clever": 1, "moving": 1, "bad": 0, "dull": 0, "clumsy": 0, "weak": 0}
VERBS = {"liked": 1, "loved": 1, "enjoyed": 1, "hated": 0, "disliked": 0, "regretted": 0}
NEGATIONS = ["not", "never", "hardly"]
DEGREES = ["very", "really", "quite"]
VOCABULARY = ["<pad>", "the", "was", "i", "but", "although", ",", *SUBJECTS, *ADJECTIVES, *VERBS, *NEGATIONS, *DEGREES]


@shapes(rng="rng", count="size")
def sentiment_sentences(rng, count):
    """Draw sentences with their labels.

    Args:
        rng: a `numpy.random.Generator`.
        count: how many.
    Returns:
        A list of pairs (words, label): a list of str, and 1 for a positive sentence, 0 for a negative one.
    Raises:
        TypeError, ValueError: an argument is out of range; the sentence says which.

    >>> words, label = sentiment_sentences(np.random.default_rng(1), 1)[0]
    >>> isinstance(" ".join(words), str), label in (0, 1)
    (True, True)
    """
    return [_sentence(rng) for _ in range(count)]


@shapes(rng="rng", B="size")
def sentiment(rng, B):
    """Draw a batch of sentences, padded at the end to the longest.

    Args:
        rng: a `numpy.random.Generator`.
        B: how many sentences.
    Returns:
        tokens: (T, B), whole numbers below len(VOCABULARY), 0 after the end of a sentence; T is the largest length.
        lengths: (B,), how many words each has, from 4 up.
        targets: (B,), 1 for a positive sentence, 0 for a negative one.
    Raises:
        TypeError, ValueError: an argument is out of range; the sentence says which.
    """
    sentences = sentiment_sentences(rng, B)
    lengths = np.array([len(words) for words, _ in sentences])
    tokens = np.zeros((lengths.max(), B), dtype=np.int64)
    for b, (words, _) in enumerate(sentences):
        tokens[: len(words), b] = [VOCABULARY.index(word) for word in words]
    return tokens, lengths, np.array([label for _, label in sentences])


@shapes(tokens="int T")
def decode_words(tokens):
    """Turn the tokens of one sentence into words.

    Args:
        tokens: (T,), whole numbers below len(VOCABULARY); padding is left out.
    Returns:
        str, the words with spaces between them.
    Raises:
        TypeError, ValueError: tokens has the wrong type, shape or values; the sentence says which.
    """
    if tokens.min() < 0 or tokens.max() >= len(VOCABULARY):
        wrong = tokens[(tokens < 0) | (tokens >= len(VOCABULARY))][0]
        raise ValueError(f"decode_words: tokens must lie between 0 and {len(VOCABULARY) - 1}, got {wrong}.")
    return " ".join(VOCABULARY[token] for token in tokens if token)


@shapes(train_tokens="int T B", train_targets="int B", test_tokens="int S C", test_targets="int C")
def bag_of_words_baseline(train_tokens, train_targets, test_tokens, test_targets, *, l2=1e-3, steps=30):
    """Fit logistic regression to word counts and measure its accuracy on other sentences.

    Args:
        train_tokens: (T, B), as from `sentiment`.
        train_targets: (B,).
        test_tokens: (S, C).
        test_targets: (C,).
        l2: weight of the penalty ||w||^2 / 2, a positive number.
        steps: steps of Newton's method.
    Returns:
        The accuracy on the test sentences, from 0 to 1.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.
    """
    if not l2 > 0:
        raise ValueError(f"bag_of_words_baseline: l2 must be positive, got {l2}.")
    counts, w = _counts(train_tokens), np.zeros(len(VOCABULARY))
    for _ in range(steps):
        p = sigmoid(counts @ w)
        gradient = counts.T @ (p - train_targets) / len(p) + l2 * w
        curvature = (counts * (p * (1 - p))[:, None]).T @ counts / len(p) + l2 * np.eye(len(w))
        w = w - np.linalg.solve(curvature, gradient)
    return float(((_counts(test_tokens) @ w > 0) == test_targets).mean())


def best_bag_of_words():
    """The highest accuracy that any function of the word counts can expect, however clever.

    One clause (1/4 of the sentences) is always understood. Of two clauses, it cannot tell which is negated or which one counts: with
    one negation (1/2) it guesses; with none or two (1/2) it is right if both words agree (1/2), and guesses otherwise.

    Returns:
        1/4 + 3/4 * (1/2 * 1/2 + 1/2 * (1/2 + 1/2 * 1/2)) = 23/32.
    """
    return 23 / 32


def _sentence(rng):
    form = rng.integers(4)
    first, first_label = _clause(rng)
    if form == 0:
        return first, first_label
    second, second_label = _clause(rng)
    if form == 1:
        return [*first, "but", *second], second_label
    if form == 2:
        return ["although", *first, ",", *second], second_label
    return [*first, "although", *second], first_label


def _clause(rng):
    negated = rng.integers(2)
    negation = [_one_of(rng, NEGATIONS)] if negated else []
    subject = ["the", _one_of(rng, SUBJECTS)]
    if rng.integers(2):
        degree = [_one_of(rng, DEGREES)] if rng.integers(2) else []
        adjective = _one_of(rng, list(ADJECTIVES))
        return [*subject, "was", *negation, *degree, adjective], int(ADJECTIVES[adjective] != negated)
    verb = _one_of(rng, list(VERBS))
    return ["i", *negation, verb, *subject], int(VERBS[verb] != negated)


def _one_of(rng, words):
    return words[rng.integers(len(words))]


def _counts(tokens):
    """(B, V): how often each word occurs in each sentence; padding counts once, as a constant."""
    counts = np.stack([np.bincount(row, minlength=len(VOCABULARY)) for row in tokens.T]).astype(float)
    counts[:, 0] = 1
    return counts
