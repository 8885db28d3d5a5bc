"""Shapes: what comes out of a mirror pair, in float64 and in float32.

Source: this course.
"""

import numpy as np

from rnncore.checks.compare import CheckFailed
from rnncore.checks.pairs import differentiable, draw_like, in_tuple, named_leaves, output_names, require_gradients
from rnncore.reference.tree import leaves, tree_map

__all__ = ["check_shapes"]


def check_shapes(forward, backward, *args, rng, outputs, data=(), **options):
    """Check the shape and the dtype of every output and every gradient.

    The pair runs twice, with all floating-point numbers in float64 and in float32: outputs have the dtype of the arguments, and each
    gradient has the shape and the dtype of its argument.

    Args:
        forward, backward: functions that keep the mirror rule.
        *args: arguments of `forward`; trees are allowed.
        rng: a `numpy.random.Generator`, for the output gradients.
        outputs: the shape of each output in order, such as `[(T, B, H), (B, H)]`; an output that is a tree has one for each of its arrays.
        data: names of floating-point arguments that have no gradient, such as targets.
        **options: further arguments of `forward` that have no gradient.
    Raises:
        CheckFailed: names the output or the gradient, what it is and what it must be.

    >>> from rnncore.reference import linear_backward, linear_forward
    >>> params, rng = {"weight": np.ones((4, 3)), "bias": np.ones(4)}, np.random.default_rng(0)
    >>> check_shapes(linear_forward, linear_backward, params, np.ones((2, 3)), rng=rng, outputs=[(2, 4)])
    >>> check_shapes(linear_forward, linear_backward, params, np.ones((2, 3)), rng=rng, outputs=[(4, 2)])
    Traceback (most recent call last):
    rnncore.checks.compare.CheckFailed: linear_forward: y must have shape (4, 2), got (2, 4).
    """
    for dtype in (np.float64, np.float32):
        _check(forward, backward, *_cast((args, options), dtype), np.dtype(dtype), rng, outputs, data)


def _cast(tree, dtype):
    def cast(leaf):
        return leaf.astype(dtype) if isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f" else leaf

    return tree_map(cast, tree)


def _check(forward, backward, args, options, dtype, rng, shapes, data):
    *outputs, cache = forward(*args, **options)
    named = named_leaves(output_names(backward, len(outputs)), outputs)
    if len(named) != len(shapes):
        got = ", ".join(name for name, _ in named) or "none"
        raise CheckFailed(f"{forward.__name__} must return {len(shapes)} arrays before its cache, got {got}.")
    for (name, leaf), shape in zip(named, shapes, strict=True):
        own = getattr(leaf, "dtype", dtype)
        _require(f"{forward.__name__}: {name}", leaf, shape, dtype if own.kind == "f" else own)  # whole numbers stay what they are

    gradients, wanted = in_tuple(backward(cache, *draw_like(outputs, rng))), differentiable(forward, args, data)
    require_gradients(backward, gradients, wanted)
    for (name, argument), gradient in zip(wanted, gradients, strict=True):
        label, paths = f"{backward.__name__}: d{name}", [path for path, _ in leaves(argument)]
        if [path for path, _ in leaves(gradient)] != paths:
            raise CheckFailed(f"{label} must hold the same arrays as {name}{': ' + ', '.join(paths) if paths != [''] else ''}.")
        for (path, leaf), (_, expected) in zip(leaves(gradient), leaves(argument), strict=True):
            _require(label + path, leaf, np.shape(expected), dtype)


def _require(name, leaf, shape, dtype):
    if not isinstance(leaf, np.ndarray | np.generic):
        raise CheckFailed(f"{name} must be an array of shape {shape}, got {'None' if leaf is None else type(leaf).__name__}.")
    if leaf.shape != tuple(shape):
        raise CheckFailed(f"{name} must have shape {shape}, got {leaf.shape}.")
    if leaf.dtype != dtype:
        raise CheckFailed(f"{name} must be {dtype}, as the arguments are, got {leaf.dtype}.")
