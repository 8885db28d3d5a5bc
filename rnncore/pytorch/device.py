"""Where tensors live, and moving parameters between NumPy and PyTorch."""

import torch

from rnncore.reference.tree import tree_map

__all__ = ["pick_device", "to_numpy", "to_torch"]


def pick_device(device="auto"):
    """Turn a device's name into a `torch.device`.

    Args:
        device: "auto" takes the first GPU if there is one, else the CPU; any name PyTorch knows is taken as it is.
    Returns:
        A `torch.device`.
    """
    if device != "auto":
        return torch.device(device)
    accelerator = torch.accelerator.current_accelerator(check_available=True)
    return accelerator or torch.device("cpu")


def to_torch(tree, device="auto", dtype=None):
    """Copy a tree of NumPy arrays to tensors.

    Args:
        tree: nested dicts and tuples of arrays; parameters of `rnncore.reference` for example.
        device: see `pick_device`.
        dtype: PyTorch dtype of the floating-point tensors; None keeps each array's own.
    Returns:
        The same tree of tensors, which share no memory with the arrays.
    """
    device = pick_device(device)

    def convert(array):
        tensor = torch.tensor(array)
        return tensor.to(device, dtype if tensor.is_floating_point() else None)  # in one go: some devices have no float64

    return tree_map(convert, tree)


def to_numpy(tree):
    """Copy a tree of tensors to NumPy arrays.

    Args:
        tree: nested dicts and tuples of tensors, on any device, with or without gradient.
    Returns:
        The same tree of arrays, which share no memory with the tensors.
    """
    return tree_map(lambda tensor: tensor.detach().cpu().numpy().copy(), tree)
