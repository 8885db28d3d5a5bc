"""Lab 9, part 6: from a uniform number to a token.

Contents
    draw    the check of `draw_tokens`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab09.inputs import PROBABILITIES, draw_uniform

__all__ = ["draw"]


def draw_tokens(probabilities, u):
    reached = np.cumsum(probabilities, axis=1)  # (B, V)
    return (reached <= u[:, None]).sum(axis=1)


def with_tokens(change):
    """What `change(tokens, V)` makes of the right result."""
    return lambda probabilities, u: change(draw_tokens(probabilities, u), probabilities.shape[1])


def with_u(change):
    """The right function, with other numbers than u."""
    return lambda probabilities, u: draw_tokens(probabilities, change(u))


def sorted_first(probabilities, u, *, translate):
    """The intervals are laid out from the most probable token on."""
    order = np.argsort(-probabilities, axis=1, kind="stable")
    place = draw_tokens(np.take_along_axis(probabilities, order, axis=1), u)
    return order[np.arange(len(u)), place] if translate else place


def the_shares_are_the_probabilities(function, rng):
    """Of n evenly spaced u each token gets its share of n, but for rounding, in the order of the tokens; one of probability 0 gets none."""
    q, n = np.array([0.0, 0.35, 0.0, 0.4, 0.25, 0.0]), 1000
    tokens = function(np.tile(q, (n, 1)), (np.arange(n) + 0.5) / n)
    shares = (tokens[:, None] == np.arange(6)).mean(axis=0)
    compare("of 1000 evenly spaced u, the shares of the tokens", shares, q, atol=0.0011)
    compare("for rising u, the steps down between the tokens", np.minimum(np.diff(tokens), 0), np.zeros(n - 1))
    compare("with u = 0 and first probabilities 0, 0.4, 0.6, the token", function(np.array([[0, 0.4, 0.6]]), np.zeros(1)), np.ones(1))


draw = Exercise(
    draw_tokens,
    outputs=("tokens",),
    letters="BV",
    example=lambda: (np.repeat(PROBABILITIES, 3, axis=0), np.array([0.1, 0.3, 0.8])),
    draw=draw_uniform,
    properties=(the_shares_are_the_probabilities,),
    mistakes={
        "u is compared with the single probabilities; it is compared with their running sum": lambda probabilities, u: (
            (probabilities > u[:, None]).argmax(axis=1)
        ),
        "the most probable token is taken, and u is not used": lambda probabilities, u: probabilities.argmax(axis=1),
        "u is multiplied by V and rounded down: every token has the same chance": lambda probabilities, u: (
            (u * probabilities.shape[1]).astype(int)
        ),
        "the token before the right one is returned, whose running sum is not above u yet": with_tokens(lambda tokens, V: tokens - 1),
        "the token after the right one is returned": with_tokens(lambda tokens, V: tokens + 1),
        "the token before the right one is returned, or the first": with_tokens(lambda tokens, V: np.maximum(tokens - 1, 0)),
        "at u = 0 a first token of probability 0 is drawn: the running sum must be above u, not only reach it": lambda probabilities, u: (
            (np.cumsum(probabilities, axis=1) < u[:, None]).sum(axis=1)
        ),
        "the tokens whose running sum is above u are counted; count those whose running sum is not": lambda probabilities, u: (
            (np.cumsum(probabilities, axis=1) > u[:, None]).sum(axis=1)
        ),
        "the first running sum below u decides; the first one above u does": lambda probabilities, u: (
            (np.cumsum(probabilities, axis=1) < u[:, None]).argmax(axis=1)
        ),
        "u lies along the tokens; it needs a second axis, so that each row meets its own": lambda probabilities, u: (
            (np.cumsum(probabilities, axis=1) <= u).sum(axis=1)
        ),
        "the probability nearest to u decides; the first running sum above u does": lambda probabilities, u: (
            np.abs(probabilities - u[:, None]).argmin(axis=1)
        ),
        "u is counted from the other end, where 1 - u can be 1": with_u(lambda u: 1 - u),
        "the running sum nearest to u decides; the first one above u does": lambda probabilities, u: (
            np.abs(np.cumsum(probabilities, axis=1) - u[:, None]).argmin(axis=1)
        ),
        "the running sum goes on from row to row; each row has its own": lambda probabilities, u: (
            (np.cumsum(probabilities).reshape(probabilities.shape) <= u[:, None]).sum(axis=1)
        ),
        "the running sum goes down the batch; it goes along the tokens, axis 1": lambda probabilities, u: (
            (np.cumsum(probabilities, axis=0) <= u[:, None]).sum(axis=1)
        ),
        "the comparisons are added up over the batch; each row has its own token": lambda probabilities, u: (
            (np.cumsum(probabilities, axis=1) <= u[:, None]).sum(axis=0)
        ),
        "the comparisons are added up over everything; each row has its own token": lambda probabilities, u: (
            np.asarray((np.cumsum(probabilities, axis=1) <= u[:, None]).sum())
        ),
        "all rows use the first u; each has its own": with_u(lambda u: np.full_like(u, u[0])),
        "all rows use the last u; each has its own": with_u(lambda u: np.full_like(u, u[-1])),
        "u is counted from the other end: 1 - u stands in its place": with_u(lambda u: 1 - u - 1e-12),
        "u is ignored and a half stands in its place": with_u(lambda u: np.full_like(u, 0.5)),
        "the places in the sorted order are returned; return the tokens, and nothing needs sorting": lambda probabilities, u: (
            sorted_first(probabilities, u, translate=False)
        ),
        "the tokens are sorted by their probability first; the intervals stand in the order of the tokens": lambda probabilities, u: (
            sorted_first(probabilities, u, translate=True)
        ),
        "a row with a 1 at the token is returned for each token; return its number": lambda probabilities, u: (
            np.eye(probabilities.shape[1], dtype=int)[draw_tokens(probabilities, u)]
        ),
        "the probabilities of the tokens are returned; return their numbers": lambda probabilities, u: (
            probabilities[np.arange(len(u)), draw_tokens(probabilities, u)]
        ),
    },
)
