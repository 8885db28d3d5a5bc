r"""Beam search: keep the `width` most probable beginnings, extend each by every token, and keep the best again.

    log p(y) = sum_t log p(y_t | y_1 .. y_{t-1})
    score(y) = log p(y) / L^a                     a = 0: no normalisation; a = 1: mean log-probability of a token

Contents
    Hypothesis      one finished sequence
    beam_search

Every further token lowers log p, so without normalisation short sequences win. Within the search all beginnings have the same
length and compete by log p; the finished ones compete by score.
Source: length normalisation: Graves (2012); Wu et al. (2016), equation 14, with (5 + L) / 6 in the place of L.
"""

from typing import Any, NamedTuple

import numpy as np

from rnncore.reference.activations import log_softmax
from rnncore.reference.shapes import shapes
from rnncore.reference.tree import tree_map

__all__ = ["Hypothesis", "beam_search"]


class Hypothesis(NamedTuple):
    """One sequence that the search has found."""

    tokens: list  # L whole numbers, without the start token, with the end token if it was reached
    log_probability: float
    score: float  # log_probability / L^a


class Beam(NamedTuple):
    """The beginnings that are still open."""

    tokens: np.ndarray  # (W, t)
    log_p: np.ndarray  # (W,)
    state: Any  # tree of arrays (W, ...)


@shapes(max_length="size", width="size")
def beam_search(step, state, start, *, width, max_length, end=None, length_normalisation=0.0):
    """Search for the most probable sequence.

    Args:
        step: `logits, state = step(tokens, state)` with tokens (W,) and logits (W, V); W, the number of open beginnings, varies.
            A logit may be -inf for a token that must not come.
        state: what the first call of `step` gets: a tree of arrays (1, ...), or None.
        start: the token to begin with, a whole number.
        width: how many beginnings to keep. 1 is greedy search; V^max_length looks at every sequence.
        max_length: how many tokens a sequence has at most; what is open then counts as finished.
        end: the token that ends a sequence; None lets all run to max_length.
        length_normalisation: the exponent a, from 0 up.
    Returns:
        A list of `Hypothesis`, the best score first, at most `width` of them.
    Raises:
        TypeError, ValueError: an argument has the wrong type, shape or values; the sentence says which.

    >>> table = np.log(np.array([[0.1, 0.4, 0.5], [0.05, 0.9, 0.05], [0.3, 0.3, 0.4]]))  # p(next token | token)
    >>> follow = lambda tokens, state: (table[tokens], state)
    >>> [beam_search(follow, None, 0, width=w, max_length=2)[0].tokens for w in (1, 2)]  # 0.5 * 0.4 against 0.4 * 0.9
    [[2, 2], [1, 1]]
    """
    _check(start, end, length_normalisation)
    beam = Beam(np.zeros((1, 0), dtype=int), np.zeros(1), state)
    last, finished = np.array([start]), []
    for t in range(1, max_length + 1):
        logits, state = step(last, beam.state)
        _check_logits(logits, len(last))
        beam = _extend(beam, logits.astype(np.float64), state, width)
        last = beam.tokens[:, -1]
        done = np.full(len(last), t == max_length) if end is None else (last == end) | (t == max_length)
        for tokens, log_p in zip(beam.tokens[done].tolist(), beam.log_p[done].tolist(), strict=True):
            finished.append(Hypothesis(tokens, log_p, log_p / t**length_normalisation))
        beam, last = _select(beam, ~done), last[~done]
        if not len(last):
            break
    return sorted(finished, key=lambda hypothesis: -hypothesis.score)[:width]


def _extend(beam, logits, state, width):
    """Every beginning with every token after it, and of these the `width` most probable."""
    V = logits.shape[1]
    log_p = (beam.log_p[:, None] + log_softmax(logits)).ravel()  # (W * V,)
    best = np.argsort(-log_p, kind="stable")[:width]
    best = best[log_p[best] > -np.inf]
    parent, token = best // V, best % V
    tokens = np.concatenate([beam.tokens[parent], token[:, None]], axis=1)
    return Beam(tokens, log_p[best], _select(state, parent))


def _select(tree, rows):
    return tree_map(lambda leaf: None if leaf is None else leaf[rows], tree)


def _check(start, end, length_normalisation):
    for name, token in (("start", start), ("end", start if end is None else end)):
        if not isinstance(token, int | np.integer) or isinstance(token, bool):
            raise TypeError(f"beam_search: {name} must be a whole number, got {token!r}.")
    a = length_normalisation
    if not isinstance(a, int | float | np.number) or not 0 <= a < np.inf:
        raise ValueError(f"beam_search: length_normalisation must be a number from 0 up, got {a!r}.")


def _check_logits(logits, W):
    shape = np.shape(logits)
    if len(shape) != 2 or shape[0] != W or np.isnan(logits).any():
        got = "NaN" if len(shape) == 2 and shape[0] == W else f"shape {shape}"
        raise ValueError(f"beam_search: step must return logits of shape (W, V) with W = {W} and no NaN, got {got}.")
