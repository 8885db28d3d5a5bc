"""Bracket matching: how deep is each place, and does every bracket close the one that was opened last?

Contents
    bracket_depth              tokens and the number of open brackets after each step; a counter solves it
    bracket_depth_baseline     mean squared error of answering the mean depth of each step
    bracket_validity           tokens and whether they match; it takes a stack
    bracket_validity_baseline  cross-entropy and accuracy of a model that only counts tokens
    is_balanced                the definition, as a loop with a stack

Tokens: 0 is "(", 1 is ")", 2 is "[", 3 is "]". An unmatched sequence is a matched one with two places swapped, so both hold the same
tokens equally often.
Source: the language is named after Dyck; Chomsky and Schützenberger (1963). As a task for recurrent networks: Suzgun et al. (2019), "LSTM
Networks Can Perform Dynamic Counting".
"""

import math

import numpy as np

from rnncore.reference.shapes import shapes

__all__ = ["bracket_depth", "bracket_depth_baseline", "bracket_validity", "bracket_validity_baseline", "is_balanced"]


@shapes(rng="rng", T="size", B="size")
def bracket_depth(rng, T, B):
    """Draw matched sequences, each shape of nesting equally likely, each pair round or square.

    Args:
        rng: a `numpy.random.Generator`.
        T: steps, an even number.
        B: how many sequences.
    Returns:
        tokens: (T, B), whole numbers from 0 to 3.
        targets: (T, B), how many brackets are open after the step; the last row is 0.
    Raises:
        TypeError, ValueError: an argument is out of range; the sentence says which.
    """
    _check_even("bracket_depth", T)
    tokens = np.stack([_balanced(rng, T) for _ in range(B)], axis=1)
    return tokens, np.cumsum(1 - 2 * (tokens % 2), axis=0)


@shapes(train="int T B", test="int T C")
def bracket_depth_baseline(train, test):
    """Mean squared error of answering, at each step, the mean depth of that step in other sequences.

    Args:
        train: (T, B), depths that are averaged.
        test: (T, C), depths that are predicted.
    Returns:
        The mean squared error on `test`.
    Raises:
        TypeError, ValueError: an argument has the wrong type or shape; the sentence says which.
    """
    return float(np.square(test - train.mean(axis=1, keepdims=True)).mean())


@shapes(rng="rng", T="size", B="size")
def bracket_validity(rng, T, B):
    """Draw sequences of which each is matched with probability 1/2.

    Args:
        rng: a `numpy.random.Generator`.
        T: steps, an even number.
        B: how many sequences.
    Returns:
        tokens: (T, B), whole numbers from 0 to 3.
        targets: (B,), 1 where the brackets match, else 0.
    Raises:
        TypeError, ValueError: an argument is out of range; the sentence says which.
    """
    _check_even("bracket_validity", T)
    targets = rng.integers(0, 2, B)
    tokens = [_balanced(rng, T) for _ in range(B)]
    tokens = [row if target else _spoiled(rng, row) for row, target in zip(tokens, targets, strict=True)]
    return np.stack(tokens, axis=1), targets


def bracket_validity_baseline():
    """What guessing reaches, and any model that sees only how often each token occurs.

    Returns:
        cross_entropy: log 2, in nats.
        accuracy: 1/2.
    """
    return math.log(2), 0.5


@shapes(tokens="int T")
def is_balanced(tokens):
    """Decide whether every bracket closes the one that was opened last, and none stays open.

    Args:
        tokens: (T,), whole numbers from 0 to 3.
    Returns:
        True or False.
    Raises:
        TypeError, ValueError: tokens has the wrong type, shape or values; the sentence says which.

    >>> is_balanced(np.array([0, 2, 3, 1])), is_balanced(np.array([0, 2, 1, 3]))
    (True, False)
    """
    if tokens.min() < 0 or tokens.max() > 3:
        raise ValueError(f"is_balanced: tokens must lie between 0 and 3, got {tokens[(tokens < 0) | (tokens > 3)][0]}.")
    stack = []
    for token in tokens.tolist():
        if token % 2 == 0:
            stack.append(token)
        elif not stack or stack.pop() != token - 1:
            return False
    return not stack


def _balanced(rng, T):
    """One matched sequence; of the ways to go on, each that leads to a full sequence is equally likely."""
    tokens, stack = [], []
    for left in range(T, 0, -1):  # steps that are left, this one too
        depth = len(stack)
        p_open = (left - depth) * (depth + 2) / (2 * left * (depth + 1))  # ballot numbers
        if rng.random() < p_open:
            stack.append(2 * int(rng.integers(0, 2)))
            tokens.append(stack[-1])
        else:
            tokens.append(stack.pop() + 1)
    return np.array(tokens)


def _spoiled(rng, tokens):
    """Two places swapped, so that the brackets no longer match; the first and the last always do."""
    while True:
        i, j = rng.integers(0, len(tokens), 2)
        swapped = tokens.copy()
        swapped[[i, j]] = tokens[[j, i]]
        if not is_balanced(swapped):
            return swapped


def _check_even(where, T):
    if T % 2:
        raise ValueError(f"{where}: T must be even, as brackets come in pairs, got {T}.")
