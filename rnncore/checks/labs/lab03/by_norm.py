"""Lab 3, part 7: clipping by norm.

Contents
    clipping_by_norm    the check of `clip_by_norm`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab03.inputs import GRADS, draw_grads
from rnncore.reference.optim import clip_by_norm, clip_by_value

__all__ = ["clipping_by_norm"]


def whole(grads):
    """The norm of all gradients together, a Python number."""
    return float(np.sqrt(sum(np.sum(np.square(g, dtype=np.float64)) for g in grads.values())))


def sizes(grads):
    return [float(np.linalg.norm(g)) for g in grads.values()]


def scaled(grads, scale):
    return {name: g * float(scale) for name, g in grads.items()}


def ratio(max_norm, norm):
    return max_norm / norm if norm > 0 else 1.0


def with_scale(scale):
    """The right function but for the scale, which is `scale(norm, max_norm)`."""
    return lambda grads, max_norm: (scaled(grads, scale(whole(grads), max_norm)), whole(grads))


def with_norm(measure):
    """The right function but for the norm, which is `measure(grads)`, for the scale and as a result."""
    return lambda grads, max_norm: (scaled(grads, min(1.0, ratio(max_norm, measure(grads)))), measure(grads))


def and_norm(change):
    """The right gradients, and `change(clipped, norm, max_norm)` in the place of the norm."""

    def wrong(grads, max_norm):
        clipped, norm = clip_by_norm(grads, max_norm)
        return clipped, float(change(clipped, norm, max_norm))

    return wrong


def apart(grads, max_norm):
    return {name: clip_by_norm({name: g}, max_norm)[0][name] for name, g in grads.items()}, whole(grads)


def the_direction_stays(function, rng):
    """What comes out is never longer than the bound, points where the gradient pointed, and twice the gradient gives the same."""
    (grads, low), (_, high), _ = draw_grads(rng, np.dtype(float), D=2, H=3)
    flat = np.concatenate([g.ravel() for g in grads.values()])
    for bound in (low, high):
        clipped, norm = function(grads, bound)
        result = np.concatenate([clipped[name].ravel() for name in grads])
        compare("norm", norm, np.linalg.norm(flat), rtol=1e-5)
        compare("the length of what comes out", np.linalg.norm(result), min(bound, np.linalg.norm(flat)))
        compare("the direction of what comes out", result / np.linalg.norm(result), flat / np.linalg.norm(flat))
    compare("twice the gradient, clipped,", function(scaled(grads, 2), low)[0], function(grads, low)[0])


clipping_by_norm = Exercise(
    clip_by_norm,
    outputs=("clipped", "norm"),
    letters="DH",
    example=lambda: (GRADS, 1.0),
    draw=draw_grads,
    properties=(the_direction_stays,),
    mistakes={
        "each array is clipped for itself, which changes the direction; one factor belongs to all": apart,
        "each array is clipped for itself, and the norm is that of the last one": lambda grads, max_norm: (
            apart(grads, max_norm)[0],
            sizes(grads)[-1],
        ),
        "each entry is cut for itself: that is clipping by value": lambda grads, max_norm: (
            clip_by_value(grads, max_norm),
            whole(grads),
        ),
        "short gradients are stretched to the bound; clipping only shortens": with_scale(lambda norm, c: ratio(c, norm)),
        "the larger of 1 and the ratio is taken: short gradients are stretched and long ones are left": with_scale(
            lambda norm, c: max(1.0, ratio(c, norm))
        ),
        "the ratio is upside down: the norm by the bound": with_scale(lambda norm, c: norm / c if norm > c else 1.0),
        "the ratio is upside down, and the smaller of it and 1 is taken": with_scale(lambda norm, c: min(1.0, norm / c)),
        "gradients that are too long are brought to length 1 and not to the bound": with_scale(
            lambda norm, c: 1 / norm if norm > c else 1.0
        ),
        "gradients that are too long are multiplied by the bound and not divided by their norm": with_scale(
            lambda norm, c: c if norm > c else 1.0
        ),
        "gradients that are too long become zero": with_scale(lambda norm, c: 0.0 if norm > c else 1.0),
        "every gradient is brought to length 1": with_scale(lambda norm, c: ratio(1, norm)),
        "nothing is clipped: the new gradients are not used": with_scale(lambda norm, c: 1.0),
        "the bound is squared": with_scale(lambda norm, c: min(1.0, ratio(c**2, norm))),
        "the square root of the norm is forgotten": with_norm(lambda grads: whole(grads) ** 2),
        "the norms of the arrays are added; their squares are added, and the root is taken at the end": with_norm(
            lambda grads: sum(sizes(grads))
        ),
        "the largest norm of an array is used; all gradients together are one long vector": with_norm(lambda grads: max(sizes(grads))),
        "the norm is that of the last array: it is overwritten in the loop": with_norm(lambda grads: sizes(grads)[-1]),
        "the norm is that of the first array only": with_norm(lambda grads: sizes(grads)[0]),
        "the largest entry is used as the norm": with_norm(lambda grads: float(max(np.abs(g).max() for g in grads.values()))),
        "absolute values are added; the norm is the root of the sum of squares": with_norm(
            lambda grads: float(sum(np.abs(g).sum() for g in grads.values()))
        ),
        "the squares are averaged and not added": with_norm(
            lambda grads: whole(grads) / np.sqrt(sum(g.size for g in grads.values())).item()
        ),
        "each array's mean of squares is added": with_norm(
            lambda grads: np.sqrt(sum(np.mean(np.square(g, dtype=np.float64)) for g in grads.values())).item()
        ),
        "the returned norm is that after clipping; the one before shows the spikes": and_norm(lambda clipped, norm, c: whole(clipped)),
        "the scale is returned in the place of the norm": and_norm(lambda clipped, norm, c: min(1.0, ratio(c, norm))),
        "the bound is returned in the place of the norm": and_norm(lambda clipped, norm, c: c),
        "the returned norm is squared": and_norm(lambda clipped, norm, c: norm**2),
        "the bias is left as it was; the factor belongs to all gradients": lambda grads, max_norm: (
            {**clip_by_norm(grads, max_norm)[0], **{name: g for name, g in grads.items() if "bias" in name}},
            whole(grads),
        ),
        "nothing guards the division by a norm of zero": lambda grads, max_norm: (
            scaled(grads, min(1.0, max_norm / whole(grads))),
            whole(grads),
        ),
    },
)
