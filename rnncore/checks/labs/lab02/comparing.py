"""Lab 2, part 8: how far two gradients are apart.

Contents
    comparison    the check of `relative_error`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise

__all__ = ["comparison"]


def relative_error(g, n):
    """Compare two gradients entry by entry: their difference as a share of the larger one."""
    larger = np.maximum(np.abs(g), np.abs(n))
    return np.abs(g - n) / np.where(larger > 0, larger, 1)  # where both are zero: 0 / 1


def example():
    return np.array([0.5, -0.2, 0.0, 0.0, 3e-9]), np.array([0.4, -0.25, 0.0, 1e-12, -3e-9])


def draw_relative(rng, dtype, D, H):
    """Entries of all sizes and signs; some pairs equal, some zero on one side or on both, some with opposite signs."""
    for shape in ((H, D), (H + 3,), (1, D + 4)):
        g = rng.standard_normal(shape) * 10.0 ** rng.uniform(-9, 1, shape)
        places = rng.permutation(g.size)
        g.flat[places[4]] = rng.uniform(5, 9)
        n = g * (1 + rng.uniform(-0.5, 0.5, shape))
        g.flat[places[:2]], n.flat[places[1:3]] = 0, 0  # one zero in g alone, one pair of zeros, one zero in n alone
        n.flat[places[3]] *= -1
        yield g.astype(dtype), n.astype(dtype)


def over(scale):
    """|g - n| over `scale(|g|, |n|)`, and |g - n| where that is 0; what is not finite explains nothing."""

    def wrong(g, n):
        below = scale(np.abs(g), np.abs(n))
        return np.abs(g - n) / np.where(below > 0, below, 1)

    return wrong


def where_both_are_zero(value):
    return lambda g, n: np.where((g == 0) & (n == 0), value, relative_error(g, n)).astype(g.dtype)


def it_knows_no_scale_and_no_order(function, rng):
    """The same for (n, g), for a multiple of both and for the other sign; between 0 and 2; and right for a known share."""
    ((g, n), *_) = draw_relative(rng, np.float64, D=3, H=5)
    errors = function(g, n)
    compare("with g and n exchanged, errors", function(n, g), errors)
    compare("with both multiplied by -1000, errors", function(-1000 * g, -1000 * n), errors)
    compare("of g and -g, where g is not zero, errors", function(g[g != 0], -g[g != 0]), np.full(np.count_nonzero(g), 2.0))
    compare("of g and 4/5 of it, where g is not zero, errors", function(g[g != 0], 0.8 * g[g != 0]), np.full(np.count_nonzero(g), 0.2))
    compare("of g and g, errors", function(g, g.copy()), np.zeros(g.shape))


comparison = Exercise(
    relative_error,
    outputs=("errors",),
    letters="DH",
    example=example,
    draw=draw_relative,
    properties=(it_knows_no_scale_and_no_order,),
    mistakes={
        "a zero in one of the two alone gets the error 0; that is for two zeros": lambda g, n: (
            np.where((g == 0) | (n == 0), 0, relative_error(g, n)).astype(g.dtype)
        ),
        "two zeros get the error 1; they are equal, so it is 0": where_both_are_zero(1.0),
        "the difference is divided by |n| alone; divide by the larger of |g| and |n|": over(lambda g, n: n),
        "the difference is divided by |g| alone; divide by the larger of |g| and |n|": over(lambda g, n: g),
        "the difference is divided by |g| + |n|; divide by the larger one": over(lambda g, n: g + n),
        "the difference is divided by the mean of |g| and |n|; divide by the larger one": over(lambda g, n: (g + n) / 2),
        "the difference is divided by the smaller of |g| and |n|; divide by the larger one": over(np.minimum),
        "1e-8 is added below, which hides the errors of small gradients": over(lambda g, n: np.maximum(g, n) + 1e-8),
        "the divisor is at least 1e-8, which hides the errors of small gradients": over(lambda g, n: np.maximum(np.maximum(g, n), 1e-8)),
        "the divisor is at least 1, which hides the errors of small gradients": over(lambda g, n: np.maximum(np.maximum(g, n), 1)),
        "1e-8 is added to |g| + |n| below; divide by the larger one": over(lambda g, n: g + n + 1e-8),
        "the absolute value of the difference is missing": lambda g, n: (
            (g - n) / np.where(np.maximum(np.abs(g), np.abs(n)) > 0, np.maximum(np.abs(g), np.abs(n)), 1)
        ),
        "the larger of g and n is taken without their absolute values": lambda g, n: (
            np.abs(g - n) / np.where(np.maximum(g, n) != 0, np.maximum(g, n), 1)
        ),
        "the difference is not divided by anything": lambda g, n: np.abs(g - n),
        "the difference is divided by the largest entry of the arrays; each entry has its own scale": lambda g, n: (
            np.abs(g - n) / max(np.abs(g).max(), np.abs(n).max())
        ),
        "the difference is divided by the length of n; each entry has its own scale": lambda g, n: np.abs(g - n) / np.linalg.norm(n),
        "one number for the whole array is returned, |g - n| over |n|; return one for each entry": lambda g, n: (
            np.linalg.norm(g - n) / np.linalg.norm(n)
        ),
        "one number for the whole array is returned, |g - n| over the larger of |g| and |n|; return one for each entry": lambda g, n: (
            np.linalg.norm(g - n) / max(np.linalg.norm(g), np.linalg.norm(n))
        ),
        "only the largest error is returned; return one for each entry": lambda g, n: relative_error(g, n).max(),
        "only the mean of the errors is returned; return one for each entry": lambda g, n: relative_error(g, n).mean(),
        "the difference is squared": lambda g, n: (
            (g - n) ** 2 / np.where(np.maximum(np.abs(g), np.abs(n)) > 0, np.maximum(np.abs(g), np.abs(n)), 1)
        ),
        "the absolute values are subtracted, so that a wrong sign is not seen": lambda g, n: (
            np.abs(np.abs(g) - np.abs(n)) / np.where(np.maximum(np.abs(g), np.abs(n)) > 0, np.maximum(np.abs(g), np.abs(n)), 1)
        ),
        "the answer is whether they are close; return the error": lambda g, n: np.isclose(g, n),
    },
)
