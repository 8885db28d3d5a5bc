"""Lab 13, part 5: the example that is most like what is asked.

Contents
    near    the check of `nearest`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab13.inputs import ASKED, FEATURES, draw_nearest

__all__ = ["near"]


def nearest(features, asked):
    """Find, for each row asked about, the row of features at the smallest distance."""
    return np.array([np.square(features - row).sum(axis=1).argmin() for row in asked])


def with_distance(distance):
    """The right function but for the distance, which is `distance(features, row)`."""
    return lambda features, asked: np.array([np.argmin(distance(features, row)) for row in asked])


def centred(features):
    return features - features.mean(axis=0)


def unit(rows):
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def distances(features, asked):
    return np.linalg.norm(features[:, None] - asked, axis=-1)  # (N, M)


def who_is_there_finds_itself(function, rng):
    """A row of the table is nearest to itself; moving and turning everything changes nothing; nothing lies nearer than the answer."""
    ((features, asked), _) = draw_nearest(rng, np.float64, N=30, M=20, F=4)
    compare("asked about its own rows in reverse, nearest", function(features, features[::-1].copy()), np.arange(30)[::-1])
    found = function(features, asked)
    turn, _ = np.linalg.qr(rng.standard_normal((4, 4)))
    compare("after everything was moved by 3, nearest", function(features + 3, asked + 3), found)
    compare("after everything was turned, nearest", function(features @ turn, asked @ turn), found)
    apart = np.linalg.norm(features[found] - asked, axis=1)
    compare("the distance to what nearest found", apart, distances(features, asked).min(axis=0))


near = Exercise(
    nearest,
    outputs=("found",),
    letters="NMF",
    least={"N": 25, "M": 20, "F": 4},
    example=lambda: (FEATURES, ASKED),
    draw=draw_nearest,
    properties=(who_is_there_finds_itself,),
    mistakes={
        "the farthest row is found: take the smallest distance": with_distance(lambda f, row: -np.square(f - row).sum(axis=1)),
        "the differences are added up with their sign; square them first": with_distance(lambda f, row: (f - row).sum(axis=1)),
        "the size of the sum of the differences is taken; square each difference first": with_distance(
            lambda f, row: np.abs((f - row).sum(axis=1))
        ),
        "the sizes of the differences are added up; the distance adds up their squares": with_distance(
            lambda f, row: np.abs(f - row).sum(axis=1)
        ),
        "only the largest difference counts; the distance adds up all squares": with_distance(lambda f, row: np.abs(f - row).max(axis=1)),
        "the largest product is taken, which favours long rows; take the smallest distance": with_distance(lambda f, row: -(f @ row)),
        "the smallest product is taken, which is no distance": with_distance(lambda f, row: f @ row),
        "rows are compared by their angle (cosine), whatever their length": with_distance(lambda f, row: -(unit(f) @ row)),
        "the lengths of the rows are compared; what counts is the length of their difference": with_distance(
            lambda f, row: np.abs(np.linalg.norm(f, axis=1) - np.linalg.norm(row))
        ),
        "in |a|^2 + |b|^2 - 2ab the 2 is missing": with_distance(lambda f, row: np.square(f).sum(axis=1) - f @ row),
        "in |a|^2 + |b|^2 - 2ab the sign of the product is wrong": with_distance(lambda f, row: np.square(f).sum(axis=1) + 2 * f @ row),
        "only the first number of each row is compared": with_distance(lambda f, row: np.square(f[:, 0] - row[0])),
        "the last number of each row is left out": with_distance(lambda f, row: np.square(f[:, :-1] - row[:-1]).sum(axis=1)),
        "only the features are centred; rows asked about must be moved by the same": with_distance(
            lambda f, row: np.square(centred(f) - row).sum(axis=1)
        ),
        "each side is standardised by itself, so that they are no longer comparable": lambda features, asked: nearest(
            centred(features) / features.std(axis=0), centred(asked) / (asked.std(axis=0) + (len(asked) == 1))
        ),
        "for each row of features the nearest row asked about is returned; it is the other way round": lambda features, asked: (
            distances(features, asked).argmin(axis=1)
        ),
        "one row is found for all together: compare each row asked about by itself": lambda features, asked: np.full(
            len(asked), distances(features, asked).sum(axis=1).argmin()
        ),
        "the smallest distances are returned; return the places of the rows": lambda features, asked: distances(features, asked).min(
            axis=0
        ),
        "the smallest squared distances are returned; return the places of the rows": lambda features, asked: (
            np.square(distances(features, asked)).min(axis=0)
        ),
        "the rows themselves are returned; return their places": lambda features, asked: features[nearest(features, asked)],
        "the places are counted from 1": lambda features, asked: nearest(features, asked) + 1,
        "the second nearest is found": with_distance(lambda f, row: np.argsort(np.argsort(np.square(f - row).sum(axis=1))) != 1),
        "the squares are added up over the examples, one sum for each feature; it is one sum for each example": lambda features,
        asked: np.array([np.square(features - row).sum(axis=0).argmin() for row in asked]),
        "the squares of a row are not added up, and the place is counted over all numbers": lambda features, asked: np.array(
            [np.square(features - row).argmin() for row in asked]
        ),
        "only the last row asked about is answered": lambda features, asked: nearest(features, asked)[-1:],
        "only the first row asked about is answered": lambda features, asked: nearest(features, asked)[:1],
        "all rows are returned, sorted by distance; return the first place of each": lambda features, asked: (
            distances(features, asked).argsort(axis=0).T
        ),
    },
)
