"""Declared shapes of tensors: the reference's specifications, checked at the mirror's public boundary.

    @tensors(params=PARAMS, xs="T B D", state0="B H")
    def rnn_forward(params, xs, state0): ...

The language of the specifications is that of `rnncore.reference.shapes`, so a cell's `PARAMS` and `STATE` serve both sides, and a mistake
gets the same sentence. What tensors have in addition, one device, is checked too. Values are looked at on the CPU alone: on a GPU the
question would hold up the program until everything before it is done. In a function that is being compiled nothing is checked.

For a small network a look at all arguments is much of the time. So a function whose specifications speak of tensors alone remembers which
shapes, types and devices it has found right: when they come again only the values are looked at.
"""

import functools
import math
import threading

import torch

from rnncore.reference.shapes import KINDS, _Check, _type, binding, parse

__all__ = []

_call = threading.local()

MOST_FORMS = 1000  # that a function remembers


def tensors(**specs):
    """Declare the shapes of a function's tensors and check them at each call from outside.

    Args:
        **specs: one specification for each argument, as in `rnncore.reference.shapes`.
    Returns:
        A decorator that leaves the function's behaviour as it is for valid arguments.
    Raises (when the decorated function is called):
        TypeError: an argument is not a tensor, or holds numbers of the wrong kind.
        ValueError: an argument has the wrong shape, device or keys, no entries, or an entry that is not finite.
    """

    def decorate(function):
        bind, optional = binding(function)
        right = set()  # what `_form` said of arguments that had no fault
        alone = all(_of_tensors(spec) for spec in specs.values())

        @functools.wraps(function)
        def checked(*args, **kwargs):
            if torch.compiler.is_compiling() or getattr(_call, "checked", False):
                return function(*args, **kwargs)
            arguments = bind(*args, **kwargs)
            floats = []
            form = _form([arguments[name] for name in specs], floats) if alone else None
            if form not in right or not all(map(_sum_is_finite, floats)):
                _TensorCheck().call(function, specs, optional, arguments)
                if alone and len(right) < MOST_FORMS:
                    right.add(form)
            _call.checked = True
            try:
                return function(*args, **kwargs)
            finally:
                _call.checked = False

        checked.specs = specs  # the tests compare them with the docstring
        return checked

    return decorate


class _TensorCheck(_Check):
    """The reference's check, with tensors in the place of arrays."""

    def __init__(self):
        super().__init__()
        self.device = None  # (device, name of the argument that set it)

    def _array(self, name, spec, value):
        spec = parse(spec)
        if not isinstance(value, torch.Tensor):
            raise TypeError(f"{name} must be a tensor of shape {spec.pretty}, got {_type(value)}.")
        if _kind(value.dtype) != spec.kind:
            raise TypeError(f"{name} must hold {KINDS[spec.kind]}, got {value.dtype}.")
        self._sizes(name, spec, tuple(value.shape))
        if spec.kind != "int":  # lengths may stay on the CPU, where packing wants them
            self._same_device(name, value)
        if spec.kind == "float":
            self._same_dtype(name, value)
            self._finite(name, value)

    def _same_device(self, name, value):
        device, device_name = self.device = self.device or (value.device, name)
        if value.device != device:
            raise ValueError(f"{name} is on {value.device} but {device_name} is on {device}: use one device in a call.")

    def _same_dtype(self, name, value):
        dtype, dtype_name = self.dtype = self.dtype or (value.dtype, name)
        if value.dtype != dtype:
            raise TypeError(f"{name} is {value.dtype} but {dtype_name} is {dtype}: use one dtype in a call.")

    def _finite(self, name, value):
        if not _sum_is_finite(value):
            wrong = torch.argwhere(~torch.isfinite(value)).tolist()
            if wrong:  # else it was only the sum that went to infinity
                raise ValueError(f"{name} must hold finite numbers, got {value[tuple(wrong[0])].item()} at index {wrong[0]}.")


def _sum_is_finite(value):
    """Whether all entries are finite, at a tenth of the price; no where large ones add up to infinity, yes where nobody may look."""
    return not value.is_cpu or math.isfinite(value.detach().sum())


def _of_tensors(spec):
    """Whether a specification speaks of tensors alone: not of generators and sizes, nor of other arguments."""
    if isinstance(spec, str):
        return spec not in ("rng", "size")
    parts = spec.values() if isinstance(spec, dict) else spec if isinstance(spec, tuple) and hasattr(spec, "_fields") else [None]
    return not callable(spec) and spec is not None and all(map(_of_tensors, parts))


def _form(value, floats):
    """All that `_TensorCheck` looks at but the numbers, as a key of a set; tensors that hold floating-point numbers go to the list."""
    if isinstance(value, torch.Tensor):
        if value.dtype.is_floating_point:
            floats.append(value)
        return value.shape, value.dtype, value.device
    if isinstance(value, dict):
        return tuple(value), *[_form(part, floats) for part in value.values()]
    if isinstance(value, (tuple, list)):
        return type(value), *[_form(part, floats) for part in value]
    return type(value)


def _kind(dtype):
    if dtype == torch.bool:
        return "bool"
    return "float" if dtype.is_floating_point else "int" if not dtype.is_complex else "complex"
