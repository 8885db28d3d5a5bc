"""When a result of a learner is as good as the right one, for `Exercise`.

Contents
    require_same         compare structure, kind, shape, dtype and numbers; what differs is said in one sentence
    require_same_array   the same for NumPy arrays
    alike                whether two results are the same, NaN and infinities included
    like                 a right result in the structure of another
    in_dtype_of          a result in the precision of another
    kind                 what a value is, in words

A list is as good as a tuple, and a number of NumPy's as one of Python's; the precision of an array belongs to the answer.
"""

import itertools

import numpy as np

from rnncore.checks.compare import CheckFailed, compare
from rnncore.checks.labs import tensors
from rnncore.reference.tree import tree_map

__all__ = []

TOLERANCE = {"float64": 1e-8, "float32": 1e-4}  # absolute and relative; another order of summation differs by less
NUMBER = 1e-5  # relative, for a number that is no array: it may have been added up in float32


def like(got, want):
    """A right result in the structure of another: a list is as good as a tuple, and the order of a dict means nothing."""
    if isinstance(want, dict):
        return {key: like(got[key], value) for key, value in want.items()}
    if isinstance(want, tuple) and not hasattr(want, "_fields"):
        return tuple(like(value, wanted) for value, wanted in zip(got, want, strict=True))
    return got


def in_dtype_of(got, want):
    """The same tree with floats in the precision of the right ones."""
    if isinstance(got, dict) and isinstance(want, dict):
        return {key: in_dtype_of(value, want.get(key)) for key, value in got.items()}
    if isinstance(got, list | tuple) and isinstance(want, list | tuple):
        values = [in_dtype_of(value, wanted) for value, wanted in itertools.zip_longest(got, want[: len(got)])]
        return got._make(values) if hasattr(got, "_make") else type(got)(values)
    if isinstance(got, np.ndarray) and isinstance(want, np.ndarray) and got.dtype.kind == want.dtype.kind == "f":
        with np.errstate(over="ignore"):
            return got.astype(want.dtype)
    return got


def alike(got, want):
    """Whether two results are the same, with NaN and infinities at the same places."""
    try:
        require_same("", _as_numbers(got), _as_numbers(want))
    except CheckFailed:
        return False
    return True


def _as_numbers(value):
    """The same tree with numbers that can be compared in the places of NaN and the infinities, and two numbers for a complex one."""
    if isinstance(value, dict | list | tuple):
        return tree_map(_as_numbers, value)
    if isinstance(value, np.ndarray | np.generic | complex) and np.iscomplexobj(value):
        value = np.stack([np.real(value), np.imag(value)])
    if isinstance(value, np.ndarray | np.floating) and value.dtype.kind == "f":
        return np.nan_to_num(value, nan=3e30, posinf=2e30, neginf=-2e30)
    return value


def require_same(name, got, want):
    """Compare a result with the right one: structure, kind, shape, dtype, numbers."""
    if isinstance(want, dict):
        if not isinstance(got, dict) or got.keys() != want.keys():
            raise CheckFailed(f"{name} must be a dict with the keys {', '.join(want)}, got {kind(got)}.")
        for key in want:
            require_same(f"{name}['{key}']", got[key], want[key])
    elif hasattr(want, "_fields"):
        if not isinstance(got, type(want)):
            raise CheckFailed(f"{name} must be {type(want).__name__}({', '.join(want._fields)}), got {kind(got)}.")
        for field, value, wanted in zip(want._fields, got, want, strict=True):
            require_same(f"{name}.{field}", value, wanted)
    elif isinstance(want, list | tuple):
        if not isinstance(got, list | tuple) or len(got) != len(want):
            raise CheckFailed(f"{name} must hold {len(want)} entries, got {kind(got)}.")
        for i, (value, wanted) in enumerate(zip(got, want, strict=True)):
            require_same(f"{name}[{i}]", value, wanted)
    elif isinstance(want, np.ndarray):
        require_same_array(name, got, want)
    elif tensors.is_tensor(want):
        tensors.require_same_tensor(name, got, want, require_same_array)
    elif isinstance(want, float | np.floating):
        _require_same_number(name, got, want)
    elif type(_plain(got)) is not type(want) or got != want:
        raise CheckFailed(f"{name} must be {want!r}, got {kind(got)}.")


def _plain(value):
    """A whole number of NumPy's is as good as one of Python's."""
    return int(value) if isinstance(value, np.integer) else value


def require_same_array(name, got, want):
    if not isinstance(got, np.ndarray):
        raise CheckFailed(f"{name} must be a NumPy array of shape {want.shape}, got {kind(got)}.")
    if got.shape == want.shape and got.dtype != want.dtype and not (_whole(got) and _whole(want)):
        must = {"b": "hold True and False", "i": "hold whole numbers"}.get(want.dtype.kind, f"have the dtype of the inputs, {want.dtype}")
        raise CheckFailed(f"{name} must {must}, got {got.dtype}.")
    tolerance = TOLERANCE.get(str(want.dtype), 0)
    compare(name, got.real, want, rtol=tolerance, atol=tolerance)  # a complex one comes here with a wrong shape alone


def _whole(array):
    return array.dtype.kind in "iu"  # of any size


def _require_same_number(name, got, want):
    """A number is as good as an array without axes, in whatever precision it was computed."""
    number = isinstance(got, int | float | np.number | np.ndarray) and not isinstance(got, bool) and not np.iscomplexobj(got)
    if not number or np.shape(got) != ():
        raise CheckFailed(f"{name} must be a number, got {kind(got)}.")
    tolerance = max(TOLERANCE.get(str(np.asarray(one).dtype), 0) for one in (got, want))
    compare(name, got, want, rtol=max(NUMBER, tolerance), atol=tolerance)


def kind(value):
    if tensors.is_tensor(value):
        return f"a tensor of shape {tuple(value.shape)}"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, dict):
        return f"a dict with the keys {', '.join(map(str, value))}"
    if isinstance(value, list | tuple):
        return f"a {type(value).__name__} of {len(value)}"
    if isinstance(value, int | float | str | np.number):
        return f"{type(value).__name__} {str(value)[:40]}"
    return "None" if value is None else type(value).__name__
