"""Where tensors live, moving parameters between NumPy and PyTorch, and how exactly a GPU multiplies in float32.

Contents
    pick_device         "auto" -> the GPU if there is one
    to_torch, to_numpy  trees of arrays to tensors and back
    tf32                TF32 allowed or not, for all products alike

Source: names of devices and settings are PyTorch's, the functions are this course's own.
"""

import contextlib

import torch

from rnncore.reference.tree import tree_map

__all__ = ["pick_device", "tf32", "to_numpy", "to_torch"]


def pick_device(device="auto"):
    """Turn a device's name into a `torch.device`.

    Args:
        device: "auto" takes the first GPU if there is one, else the CPU; any name PyTorch knows is taken as it is.
    Returns:
        A `torch.device`.
    Raises:
        RuntimeError: PyTorch knows no device of this name.
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
        The same tree of tensors, shaped as tree, which share no memory with the arrays.
    Raises:
        RuntimeError: PyTorch knows no device of this name.
        TypeError: a leaf is neither an array nor a number.
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
        The same tree of arrays, shaped as tree, which share no memory with the tensors.
    Raises:
        AttributeError: a leaf is no tensor.
    """
    return tree_map(lambda tensor: tensor.detach().cpu().numpy().copy(), tree)


@contextlib.contextmanager
def tf32(allowed):
    """Allow TF32 in products and in cuDNN, or in neither, and put both settings back at the end.

    TF32 rounds the factors of a float32 product to 10 bits after the point, on GPUs that can. PyTorch has two settings with different
    defaults, off for products and on for cuDNN, so that a fused layer and the same layer written out may differ in the fourth digit.
    Set both alike to compare; float64 is not affected.

    Args:
        allowed: True or False.
    Returns:
        A context manager.
    Raises:
        Nothing.

    >>> with tf32(False):
    ...     torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    (False, False)
    """
    settings = torch.backends.cuda.matmul, torch.backends.cudnn
    before = [setting.allow_tf32 for setting in settings]
    try:
        for setting in settings:
            setting.allow_tf32 = allowed
        yield
    finally:
        for setting, value in zip(settings, before, strict=True):
            setting.allow_tf32 = value
