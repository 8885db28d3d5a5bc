"""What `Exercise` asks of tensors: kind, shape, dtype, device, numbers, and whether a gradient can go back through them.

Contents
    Differentiated          a result, and the gradients that go back through it
    is_tensor               whether a value is one; PyTorch is not loaded to find out
    require_same_tensor     compare a result with the right one
    gradients               send fixed numbers back through a result
    require_same_gradients  compare what arrives at the arguments
    works_on_another_device a property, by PyTorch's device `meta`, which keeps shapes and no numbers

This file loads no PyTorch: where there is a tensor, it has been loaded.
"""

import sys
from typing import NamedTuple

import numpy as np

from rnncore.checks.compare import CheckFailed
from rnncore.reference.tree import leaves, tree_map

__all__ = []


class Differentiated(NamedTuple):
    """What a function returned, and the gradients that go back through it, by the name of the argument's place."""

    value: object
    gradients: dict


def is_tensor(value):
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def require_same_tensor(name, got, want, compare_arrays):
    """Raise `CheckFailed` unless a tensor is as it should be; `compare_arrays(name, got, want)` does so for NumPy arrays."""
    if not is_tensor(got):
        kind = f"an array of shape {got.shape}" if isinstance(got, np.ndarray) else f"a {type(got).__name__}"
        kind = f"{kind} of {len(got)}" if isinstance(got, list | tuple) else kind
        raise CheckFailed(f"{name} must be a tensor of shape {tuple(want.shape)}, got {'None' if got is None else kind}.")
    if got.device != want.device:
        raise CheckFailed(f"{name} must be on the device {want.device}, got a tensor on {got.device}.")
    if got.shape == want.shape and got.dtype != want.dtype:
        wanted, given = (str(tensor.dtype).removeprefix("torch.") for tensor in (want, got))
        raise CheckFailed(f"{name} must have the dtype of the inputs, {wanted}, got {given}.")
    if want.device.type != "meta":
        compare_arrays(name, *(tensor.detach().cpu().numpy() for tensor in (got, want)))
    elif got.shape != want.shape:
        raise CheckFailed(f"{name} must have shape {tuple(want.shape)}, got {tuple(got.shape)}.")
    if got.requires_grad and not want.requires_grad:
        raise CheckFailed(f"{name} has the right numbers, but its requires_grad is True: PyTorch keeps a way back from it.")
    if want.requires_grad and not got.requires_grad:
        raise CheckFailed(f"{name} has the right numbers, but its requires_grad is False: no gradient can go back through it.")


def gradients(value, args, names):
    """The gradients at all tensors of the arguments that want one.

    What is sent back differs from entry to entry and from output to output: entry j of output k gets cos(j (k + 1)) / (k + 1). So an output
    of one number gets 1 if it comes first, 0.5 if it comes second.

    Args:
        value: what a function returned.
        args: its arguments.
        names: the names of the arguments.
    Returns:
        A dict from a place, such as "params['weight_ih']", to a gradient; None if the result hangs on no graph.
    """
    import torch

    places = {path: leaf for name, arg in zip(names, args, strict=False) for path, leaf in leaves(arg, name) if is_tensor(leaf)}
    places = {path: leaf for path, leaf in places.items() if leaf.requires_grad}
    ends = [(k, leaf) for k, (_, leaf) in enumerate(leaves(value)) if is_tensor(leaf) and leaf.requires_grad]
    devices = {leaf.device for leaf in places.values()}
    ends = [(k, leaf) for k, leaf in ends if leaf.device in devices]  # another device is another fault
    if not ends:
        return dict.fromkeys(places)
    sent = [torch.cos(torch.arange(end.numel(), dtype=end.dtype, device=end.device) * (k + 1)).view(end.shape) / (k + 1) for k, end in ends]
    options = {"retain_graph": True, "allow_unused": True, "materialize_grads": True}
    found = torch.autograd.grad([end for _, end in ends], list(places.values()), sent, **options)
    return dict(zip(places, found, strict=True))


def require_same_gradients(got, want, compare_arrays):
    """Raise `CheckFailed` unless the same gradients arrive."""
    for place, right in want.items():
        if right is None:  # the right result hangs on no graph either
            continue
        if got[place] is None or (right.device.type != "meta" and bool(right.any()) and not bool(got[place].any())):
            raise CheckFailed(f"the results are right, but no gradient reaches {place}: the way back is cut somewhere.")
        require_same_tensor(f"the gradient of {place}", got[place].detach(), right.detach(), compare_arrays)


def works_on_another_device(name, function, args):
    """Hold that a function makes what it makes on the device of its arguments.

    Args:
        name: the name of the function.
        function: the learner's, as a property gets it.
        args: its arguments; whole numbers stay on the CPU, as lengths do.
    Raises:
        CheckFailed: it stopped, or a result is elsewhere.
    """

    def move(leaf):
        if not is_tensor(leaf) or not leaf.is_floating_point():
            return leaf
        return leaf.detach().to("meta").requires_grad_(leaf.requires_grad)

    try:
        function(*tree_map(move, args))
    except CheckFailed as fault:
        message = str(fault).removeprefix(f"{name}: ")
        raise CheckFailed(f"{name}: with inputs on another device than the CPU, {message}") from None
