"""A mirror pair, `*outputs, cache = forward(*args)` and `gradients = backward(cache, *d_outputs)`: run once, and its values by name.

The names stand in the signatures: those of the arguments in `forward`, those of the outputs in `backward`, whose argument `dhs` is the
gradient with respect to the output `hs`.

Source: this course.
"""

import inspect

import numpy as np

from rnncore.checks.compare import CheckFailed, compare
from rnncore.reference.tree import leaves, tree_map

__all__ = ["mirror"]


def mirror(forward, backward, args, *, rng, **options):
    """Run a mirror pair once with random output gradients.

    Args:
        forward, backward: functions that keep the mirror rule.
        args: tuple of the arguments of `forward`.
        rng: a `numpy.random.Generator`, for the output gradients.
        **options: further arguments of `forward` that have no gradient.
    Returns:
        outputs: tuple.
        d_outputs: tuple of arrays like the outputs, drawn from a normal distribution.
        gradients: tuple, one entry for each argument that has a gradient.
    Raises:
        TypeError, ValueError: what the two functions raise.
    """
    *outputs, cache = forward(*args, **options)
    outputs = tree_map(np.copy, tuple(outputs))  # as they were before backward could touch them
    d_outputs = draw_like(outputs, rng)
    return outputs, d_outputs, in_tuple(backward(cache, *d_outputs))


def draw_like(outputs, rng):
    """Arrays from a normal distribution, with the shapes and dtypes of the outputs."""
    return tree_map(lambda o: rng.standard_normal(np.shape(o)).astype(np.asarray(o).dtype)[()], tuple(outputs))


def in_tuple(values):
    """A tuple as it is, a single value as a tuple of one; a named tuple, such as a state, is a single value."""
    return values if isinstance(values, tuple) and not hasattr(values, "_fields") else (values,)


def argument_names(function, count):
    """Names of the first `count` arguments; `args[0]`, `args[1]` for those behind a star, `argument 2` for one too many."""
    names = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL:
            names += [f"{parameter.name}[{k}]" for k in range(count - len(names))]
        elif parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            names.append(parameter.name)
    return (names + [f"argument {k}" for k in range(len(names), count)])[:count]


def output_names(backward, count):
    """Names of the outputs: `hs` where backward calls the gradient `dhs`, else `outputs[0]`."""
    d_names = argument_names(backward, 1 + count)[1:]
    known = [name.removeprefix("d") for name in d_names if name.startswith("d") and not name.startswith("d_") and len(name) > 1]
    return known if len(known) == count else [f"outputs[{k}]" for k in range(count)]


def named_leaves(names, trees):
    """The leaves of all trees in order, each as a pair (name and path, leaf)."""
    return [leaf for name, tree in zip(names, trees, strict=True) for leaf in leaves(tree, name)]


def differentiable(forward, args, data=()):
    """Pairs (name, argument) of the arguments that hold floating-point numbers, or nothing, and that `data` does not name."""

    def floats(argument):
        kinds = [np.asarray(leaf).dtype.kind for _, leaf in leaves(argument)]
        return not kinds or "f" in kinds  # the gradient of a dict without parameters is one, too

    pairs = zip(argument_names(forward, len(args)), args, strict=True)
    return [(name, argument) for name, argument in pairs if name not in data and floats(argument)]


def require_gradients(backward, gradients, wanted):
    """Check that there is one gradient for each pair (name, argument)."""
    if len(gradients) != len(wanted):
        raise CheckFailed(f"{backward.__name__} must return {', '.join('d' + name for name, _ in wanted)}, got {len(gradients)} gradients.")


def compare_each(where, names, got, expected, **numbers):
    """Compare one value after the other, each called by its name."""
    if len(got) != len(expected):
        raise CheckFailed(f"{where} returned {len(got)} values, but {len(expected)} were expected.")
    for name, g, e in zip(names, got, expected, strict=True):
        compare(f"{where}: {name}", g, e, **numbers)
