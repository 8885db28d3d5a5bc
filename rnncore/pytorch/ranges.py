"""Checks that a shape's letters cannot state: the functions of `rnncore.reference.ranges`, on tensors.

Each raises one sentence that names the argument, what was given and what was expected. Values are looked at on the CPU alone, as in
`arguments.py`: on a GPU the question would hold up the program.
"""

import torch

__all__ = []


def looked_at(values):
    """Whether values may be looked at: on the CPU, and not in a function that is being compiled."""
    return values.device.type == "cpu" and not torch.compiler.is_compiling()


def check_range(name, values, low, high):
    """Refuse values below `low` or above `high`; name is "function: argument"."""
    if not looked_at(values):
        return
    outside = values[~((values >= low) & (values <= high))]  # NaN is outside too
    if outside.numel():
        raise ValueError(f"{name} must lie between {low} and {high}, got {outside.flatten()[0].item()}.")


def check_axes(name, value, axes):
    """Refuse a tensor whose shape is not `axes`."""
    if value.shape != axes:
        raise ValueError(f"{name} must have shape {tuple(axes)}, got {tuple(value.shape)}.")
