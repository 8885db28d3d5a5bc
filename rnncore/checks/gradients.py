"""The gradient check: a hand-derived backward pass against numbers that need no derivation.

Any pair of functions that keeps the mirror rule can be checked: the outputs are weighted with random numbers and summed to
one loss, whose derivative with respect to every entry of every argument is measured by moving that entry.
"""

import numpy as np

from rnncore.checks.compare import CheckFailed, compare
from rnncore.checks.pairs import differentiable, mirror, require_gradients
from rnncore.reference.tree import leaves, tree_map

__all__ = ["check_gradient", "numerical_gradient"]


def numerical_gradient(loss, array, *, eps=1e-3):
    """Measure d loss / d array by moving one entry at a time (central differences with four points, error of order eps^4).

    Args:
        loss: function without arguments that reads `array` and returns a number.
        array: float64 array that `loss` reads; moved during the call and put back.
        eps: how far an entry is moved.
    Returns:
        An array shaped as `array`.
    Raises:
        TypeError: `array` is no array of floating-point numbers.
        TypeError, ValueError: `loss` returns no number, or what it raises itself.
    Source: Fornberg (1988), table 1.

    >>> w = np.array([1.0, 2.0])
    >>> numerical_gradient(lambda: float((w**3).sum()), w).round(6).tolist()
    [3.0, 12.0]
    """
    if not isinstance(array, np.ndarray) or array.dtype.kind != "f":
        given = array.dtype if isinstance(array, np.ndarray) else f"a value of type {type(array).__name__}"
        raise TypeError(f"numerical_gradient: array must be a floating-point NumPy array, got {given}.")
    gradient = np.zeros_like(array)
    for index in np.ndindex(array.shape):
        gradient[index] = _slope(lambda step, at=index: _moved(loss, array, at, step), eps)
    return gradient


def _moved(loss, array, index, step):
    kept = array[index]
    array[index] = kept + step
    try:
        return float(loss())
    finally:
        array[index] = kept


def _slope(f, eps):
    return (8 * (f(eps) - f(-eps)) - (f(2 * eps) - f(-2 * eps))) / (12 * eps)


def check_gradient(forward, backward, *args, rng, tol=1e-8, eps=1e-3, directions=None, data=(), **options):
    """Check a hand-derived backward pass against numerical derivatives.

    Args:
        forward: `*outputs, cache = forward(*args, **options)`.
        backward: `gradients = backward(cache, *d_outputs)`, one for each argument that holds floating-point numbers, in order.
        *args: arguments in float64, whole numbers for tokens and targets; trees are allowed. They are not changed.
        rng: a `numpy.random.Generator`.
        tol: an entry may differ by tol * (1 + |measured|).
        eps: how far entries are moved.
        directions: None checks every entry; a number from 1 up checks that many random directions instead, for long sequences.
        data: names of floating-point arguments that have no gradient, such as targets.
        **options: further arguments of `forward` that have no gradient.
    Raises:
        CheckFailed: names the gradient, the index and both numbers, or the derivative that is not finite when it is measured.
        TypeError: an argument is not float64.
        ValueError: directions is below 1.
    Source: the idea is folklore; the four-point formula is in Fornberg (1988), table 1.
    """
    if directions is not None and directions < 1:
        raise ValueError(f"check_gradient: directions must be None or a whole number from 1 up, got {directions}.")
    args = tree_map(lambda leaf: np.array(leaf) if isinstance(leaf, np.ndarray) else leaf, tuple(args))
    _require_float64(args)
    wanted = differentiable(forward, args, data)
    _, d_outputs, gradients = mirror(forward, backward, args, rng=rng, **options)
    require_gradients(backward, gradients, wanted)

    def loss():
        *outputs, _ = forward(*args, **options)
        pairs = zip(leaves(tuple(outputs)), leaves(d_outputs), strict=True)
        with np.errstate(invalid="ignore", over="ignore"):  # what is not finite is said in a sentence
            return sum(float(np.sum(output * d_output)) for (_, output), (_, d_output) in pairs)

    for (name, argument), gradient in zip(wanted, gradients, strict=True):
        label = f"{backward.__name__}: d{name}"
        for (path, array), (grad_path, got) in zip(leaves(argument), leaves(gradient), strict=False):
            if path != grad_path or np.shape(got) != array.shape:
                raise CheckFailed(f"{label}{grad_path} must be d{name}{path} with shape {array.shape}, got {np.shape(got)}.")
            if directions is None:
                _compare_measured(label + path, got, numerical_gradient(loss, array, eps=eps), tol)
            for k in range(directions or 0):
                _check_direction(f"{label}{path} along random direction {k}", loss, array, got, rng, tol, eps)
        if len(leaves(argument)) != len(leaves(gradient)):
            raise CheckFailed(f"{label} must hold {len(leaves(argument))} arrays, got {len(leaves(gradient))}.")


def _check_direction(label, loss, array, gradient, rng, tol, eps):
    direction, kept = rng.standard_normal(array.shape), array.copy()
    direction /= np.linalg.norm(direction)

    def along(step):
        array[...] = kept + step * direction
        return float(loss())

    try:
        measured = _slope(along, eps)
    finally:
        array[...] = kept
    _compare_measured(label, np.sum(gradient * direction), measured, tol)


def _compare_measured(label, got, measured, tol):
    wrong = np.argwhere(~np.isfinite(measured))
    if len(wrong):
        index = tuple(map(int, wrong[0]))
        place, number = f"{list(index) or ''}", np.asarray(measured)[index]
        raise CheckFailed(f"{label}{place} cannot be checked: {number} was measured, as the outputs are not finite near these arguments.")
    compare(label, got, measured, rtol=tol, atol=tol, what="measured")


def _require_float64(args):
    for argument in args:
        kinds = [np.asarray(leaf).dtype for _, leaf in leaves(argument)]
        if any(kind.kind == "f" and kind != np.float64 for kind in kinds):
            raise TypeError(f"check_gradient: arguments must be float64, got {', '.join(sorted({str(k) for k in kinds}))}.")
