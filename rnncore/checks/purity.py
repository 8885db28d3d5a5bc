"""Purity: a mirror pair changes nothing it was given, and gives the same answer twice."""

import copy

import numpy as np

from rnncore.checks.compare import CheckFailed, compare
from rnncore.checks.gradients import mirror
from rnncore.reference.tree import leaves

__all__ = ["check_purity"]


def check_purity(forward, backward, *args, rng, **options):
    """Check that forward and backward have no side effects.

    Args:
        forward, backward: functions that keep the mirror rule.
        *args: arguments of `forward`.
        rng: a `numpy.random.Generator`.
        **options: further arguments of `forward`.
    Raises:
        CheckFailed: an argument or the cache was changed, a second call gave other numbers, or two gradients share memory.
    """
    before = copy.deepcopy(args)
    outputs, d_outputs, gradients = mirror(forward, backward, args, rng=rng, **options)
    *again, cache = forward(*args, **options)
    exact = {"rtol": 0, "atol": 0, "what": "returned the first time"}
    compare(f"{forward.__name__}: output of the second call", tuple(again), outputs, **exact)
    for time in ("second", "third"):  # the third reads a cache that the second has used
        result = backward(cache, *d_outputs)
        result = result if isinstance(result, tuple) else (result,)
        compare(f"{backward.__name__}: gradient of the {time} call", result, gradients, **exact)
    _unchanged(f"{forward.__name__} or {backward.__name__}: argument", args, before)
    arrays = [(path, leaf) for path, leaf in leaves(gradients) if isinstance(leaf, np.ndarray)]
    for i, (path, a) in enumerate(arrays):
        for other_path, b in arrays[:i]:
            if np.shares_memory(a, b):
                raise CheckFailed(f"{backward.__name__}: gradients{other_path} and gradients{path} share memory; return a copy.")


def _unchanged(name, args, before):
    for (path, now), (_, then) in zip(leaves(args), leaves(before), strict=True):
        if isinstance(now, np.ndarray) and not np.array_equal(now, then):
            raise CheckFailed(f"{name} {path} was changed in place; work on a copy.")
