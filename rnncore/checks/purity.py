"""Purity: a mirror pair changes nothing it was given, gives the same answer twice, and hands out memory of its own.

Whoever gets an output or a gradient may write into it, so an output shares no memory with an argument, and a gradient shares none with
an argument, an output gradient, the cache or another gradient. The cache is for backward alone, and may hold arguments and outputs as
they are; one output may be a view of another, as the last state is of all states.

Source: this course; that backward gives the same answer twice is asked by `torch.autograd.gradcheck` too.
"""

import copy
import itertools

import numpy as np

from rnncore.checks.compare import CheckFailed
from rnncore.checks.pairs import argument_names, compare_each, differentiable, draw_like, in_tuple, named_leaves, output_names

__all__ = ["check_purity"]


def check_purity(forward, backward, *args, rng, data=(), **options):
    """Check that forward and backward have no side effects.

    Args:
        forward, backward: functions that keep the mirror rule.
        *args: arguments of `forward`.
        rng: a `numpy.random.Generator`.
        data: names of floating-point arguments that have no gradient, such as targets.
        **options: further arguments of `forward`.
    Raises:
        CheckFailed: an argument, the cache or an output gradient was changed, a second call gave other numbers, or an output or a gradient
            shares memory with what it must not; the sentence names both.
    """
    given = _arguments(forward, args, options)
    before = copy.deepcopy(given)
    *outputs, cache = _called(forward, *args, **options)
    names, first_outputs = output_names(backward, len(outputs)), copy.deepcopy(outputs)
    _require_apart(forward, _arrays(names, outputs), given)

    passed = (cache, *draw_like(outputs, rng))
    gradients = in_tuple(_called(backward, *passed))
    d_names, first_gradients = _gradient_names(forward, args, data, len(gradients)), copy.deepcopy(gradients)
    _require_unchanged(backward, given, before)  # reached through a cache that is no tree
    new = _arrays(d_names, gradients)
    _require_apart(backward, new, given | _arguments(backward, passed, {}))
    for pair in itertools.combinations(new.items(), 2):
        _require_apart(backward, *({name: array} for name, array in pair))

    *again, new_cache = _called(forward, *args, **options)
    returned = {"rtol": 0, "atol": 0, "what": "returned the first time"}
    compare_each(f"{forward.__name__}, second call", names, again, first_outputs, **returned)
    for call, its_cache in (("second", cache), ("third", new_cache)):  # the second reads a cache that the first has used
        result = in_tuple(_called(backward, its_cache, *passed[1:]))
        compare_each(f"{backward.__name__}, {call} call", d_names, result, first_gradients, **returned)


def _called(function, *args, **options):
    """What a function returns, after a look at its arguments."""
    before = copy.deepcopy(_arguments(function, args, options))
    result = function(*args, **options)
    _require_unchanged(function, _arguments(function, args, options), before)
    return result


def _arguments(function, args, options):
    return _arrays((*argument_names(function, len(args)), *options), (*args, *options.values()))


def _gradient_names(forward, args, data, count):
    names = ["d" + name for name, _ in differentiable(forward, args, data)]
    return names if len(names) == count else [f"gradients[{k}]" for k in range(count)]


def _arrays(names, trees):
    return {name: leaf for name, leaf in named_leaves(names, trees) if isinstance(leaf, np.ndarray)}


def _require_unchanged(function, now, before):
    for name in before | now:
        if name not in now or name not in before or not _same(now[name], before[name]):
            raise CheckFailed(f"{function.__name__} changed {name} in place; work on a copy.")


def _same(a, b):
    return np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")


def _require_apart(function, new, held):
    for (name, array), (other, kept) in itertools.product(new.items(), held.items()):
        if np.shares_memory(array, kept):
            raise CheckFailed(f"{function.__name__}: {name} and {other} share memory; return a copy.")
