"""Checks that a shape's letters cannot state: values within a range, equal leading axes.

Each raises one sentence that names the argument, what was given and what was expected.
"""

__all__ = []


def check_range(name, values, low, high):
    """Refuse values below `low` or above `high`; name is "function: argument"."""
    outside = values[~((values >= low) & (values <= high))]  # NaN is outside too
    if outside.size:
        raise ValueError(f"{name} must lie between {low} and {high}, got {outside.flat[0]}.")


def check_axes(name, value, axes):
    """Refuse an array whose shape is not `axes`."""
    if value.shape != axes:
        raise ValueError(f"{name} must have shape {axes}, got {value.shape}.")


def check_leading_axes(name, value, axes):
    """Refuse an array whose shape without the last axis is not `axes`."""
    if value.shape[:-1] != axes:
        raise ValueError(f"{name} must have shape {axes} and one more axis, got {value.shape}.")
