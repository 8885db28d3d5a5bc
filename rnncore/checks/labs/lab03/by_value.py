"""Lab 3, part 8: clipping by value.

Contents
    clipping_by_value    the check of `clip_by_value`
"""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.labs.exercise import Exercise
from rnncore.checks.labs.lab03.inputs import GRADS, draw_grads_and_value
from rnncore.reference.optim import clip_by_norm, clip_by_value

__all__ = ["clipping_by_value"]


def each(change):
    """`change(g, max_value)` for each array."""
    return lambda grads, max_value: {name: change(g, max_value) for name, g in grads.items()}


def by_largest(g, largest, max_value):
    return g * (min(1.0, max_value / largest) if largest > 0 else 1.0)


def largest_of_all(grads, max_value):
    largest = float(max(np.abs(g).max() for g in grads.values()))
    return {name: by_largest(g, largest, max_value) for name, g in grads.items()}


def entries_inside_stay(function, rng):
    """Entries inside the interval stay, the others come to its ends, and clipping twice is clipping once."""
    ((grads, value), *_) = draw_grads_and_value(rng, np.dtype(float), D=2, H=3)
    clipped = function(grads, value)
    for name, g in grads.items():
        inside = np.abs(g) <= value
        compare(f"in {name}, the entries inside the interval", clipped[name][inside], g[inside])
        compare(f"in {name}, the size of the entries outside", np.abs(clipped[name][~inside]), np.full(np.sum(~inside), value))
        compare(f"in {name}, the signs", np.sign(clipped[name]), np.sign(g))
    compare("what is clipped twice", function(clipped, value), clipped)


clipping_by_value = Exercise(
    clip_by_value,
    outputs=("clipped",),
    letters="DH",
    example=lambda: (GRADS, 1.0),
    draw=draw_grads_and_value,
    properties=(entries_inside_stay,),
    mistakes={
        "entries that are too negative are left: the interval has two ends": each(lambda g, c: np.minimum(g, c)),
        "only entries that are too negative are cut: the interval has two ends": each(lambda g, c: np.maximum(g, -c)),
        "negative entries become zero: the interval reaches from minus the bound to the bound": each(lambda g, c: np.clip(g, 0, c)),
        "the sign is lost: this is the smaller of the absolute value and the bound": each(lambda g, c: np.minimum(np.abs(g), c)),
        "the two ends of the interval are exchanged": each(lambda g, c: np.clip(g, c, -c)),
        "minimum and maximum are exchanged": each(lambda g, c: np.maximum(c, np.minimum(-c, g))),
        "the gradients are clipped by their norm; here each entry is cut for itself": lambda grads, c: clip_by_norm(grads, c)[0],
        "each array is clipped by its norm; here each entry is cut for itself": each(lambda g, c: clip_by_norm({"g": g}, c)[0]["g"]),
        "each array is divided by its largest entry; here each entry is cut for itself": each(
            lambda g, c: by_largest(g, float(np.abs(g).max()), c)
        ),
        "all arrays are divided by the largest entry of all; here each entry is cut for itself": largest_of_all,
        "entries that are too large become zero; they come to the end of the interval": each(
            lambda g, c: np.where(np.abs(g) > c, 0, g).astype(g.dtype)
        ),
        "entries that are too negative come to the upper end: they lose their sign": each(
            lambda g, c: np.where(np.abs(g) > c, c, g).astype(g.dtype)
        ),
        "every entry comes to an end of the interval, the small ones too": each(lambda g, c: (np.sign(g) * c).astype(g.dtype)),
        "entries that are too large come to 1 and not to the bound": each(
            lambda g, c: np.where(np.abs(g) > c, np.sign(g), g).astype(g.dtype)
        ),
        "the interval reaches from -1 to 1, whatever the bound": each(lambda g, c: np.clip(g, -1, 1)),
        "the small entries become zero, and the large ones stay": each(lambda g, c: np.where(np.abs(g) < c, 0, g).astype(g.dtype)),
        "Python's min and max are used, which compare two numbers; here each is an array of them": each(lambda g, c: max(-c, min(c, g))),
        "a smooth curve bends all entries; those inside the interval stay as they are": each(lambda g, c: c * np.tanh(g / c)),
        "nothing is clipped: the cut arrays are not used": each(lambda g, c: g.copy()),
        "the interval is twice as long: it reaches from minus the bound to the bound": each(lambda g, c: np.clip(g, -2 * c, 2 * c)),
        "the interval is half as long: it reaches from minus the bound to the bound": each(lambda g, c: np.clip(g, -c / 2, c / 2)),
        "the entries are multiplied by the bound": each(lambda g, c: g * c),
        "only the weights are cut; the biases have gradients, too": lambda grads, c: {
            **clip_by_value(grads, c),
            **{name: g for name, g in grads.items() if "bias" in name},
        },
    },
)
