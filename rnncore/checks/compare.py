"""Comparing numbers, with a sentence that names the place where they differ.

Source: the bound, atol + rtol * |expected|, is that of `numpy.isclose`; the sentences are this course's own.
"""

import numpy as np

from rnncore.reference.tree import leaves

__all__ = ["CheckFailed", "compare"]


class CheckFailed(AssertionError):
    """A check did not hold; the message says what was checked, where it fails and both numbers."""

    def _render_traceback_(self):
        """What a notebook shows in place of a traceback: the sentence, which names the place itself."""
        return [f"\x1b[31mCheckFailed\x1b[39m: {self}"]


def compare(name, got, expected, *, rtol=1e-10, atol=1e-10, what="expected"):
    """Check that two arrays, or two trees of arrays, agree.

    Infinity agrees with infinity of the same sign only, and NaN with NaN only: no finite number is near them.

    Args:
        name: how to call `got` in the message.
        got: an array, a number, or a tree (nested dicts and tuples) of them.
        expected: the same structure.
        rtol, atol: an entry may differ by atol + rtol * |expected entry|.
        what: how to call `expected` in the message.
    Raises:
        CheckFailed: the structure, a shape or an entry differs; the sentence names the worst entry and both numbers.

    >>> compare("dh", np.array([1.0, 2.5]), np.array([1.0, 2.0]))
    Traceback (most recent call last):
    rnncore.checks.compare.CheckFailed: dh[1] is 2.5 but 2 was expected (1 of 2 entries differ).
    """
    got_leaves, expected_leaves = leaves(got), leaves(expected)
    if [path for path, _ in got_leaves] != [path for path, _ in expected_leaves]:
        raise CheckFailed(f"{name} must hold {_paths(expected_leaves)}, but it holds {_paths(got_leaves)}.")
    for (path, g), (_, e) in zip(got_leaves, expected_leaves, strict=True):
        _compare_arrays(name + path, g, e, rtol, atol, what)


def _compare_arrays(name, got, expected, rtol, atol, what):
    if got is None:
        raise CheckFailed(f"{name} is None; it must be an array of shape {np.shape(expected)}.")
    try:
        g, e = np.asarray(got, dtype=float), np.asarray(expected, dtype=float)
    except (TypeError, ValueError):
        raise CheckFailed(f"{name} must be an array of shape {np.shape(expected)}, got {type(got).__name__}.") from None
    if g.shape != e.shape:
        raise CheckFailed(f"{name} must have shape {e.shape}, got {g.shape}.")
    with np.errstate(invalid="ignore", over="ignore"):
        excess = np.abs(g - e) - (atol + rtol * np.abs(e))
    if (excess <= 0).all():  # not so where one of the two is not finite: the difference, or the bound, is NaN or infinite
        return
    same = (g == e) | (np.isnan(g) & np.isnan(e))
    excess = np.where(np.isfinite(g) & np.isfinite(e), excess, np.where(same, 0.0, np.inf))
    wrong = int((excess > 0).sum())
    if wrong:
        index = np.unravel_index(int(np.argmax(excess)), e.shape)
        place = "[" + ", ".join(map(str, index)) + "]" if index else ""
        count = f" ({wrong} of {e.size} entries differ)" if e.size > 1 else ""
        raise CheckFailed(f"{name}{place} is {_number(g[index], e[index])} but {_number(e[index], g[index])} was {what}{count}.")


def _number(value, other):
    """Enough digits to tell the number from the other one."""
    return next((s for digits in (6, 9, 12, 17) if (s := f"{value:.{digits}g}") != f"{other:.{digits}g}"), f"{value}")


def _paths(tree_leaves):
    paths = [path or "one array" for path, _ in tree_leaves]
    return ", ".join(paths) if paths else "nothing"
