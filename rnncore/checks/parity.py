"""Parity: a NumPy mirror pair against a PyTorch function of the same arguments, outputs and gradients alike."""

import inspect

import numpy as np

from rnncore.checks.compare import CheckFailed, compare
from rnncore.checks.gradients import mirror
from rnncore.reference.tree import leaves, tree_map

__all__ = ["check_parity"]


def check_parity(forward, backward, torch_forward, *args, rng, tol=1e-10, device="cpu", data=(), **options):
    """Check that forward and backward agree with a PyTorch function and its automatic gradients.

    Args:
        forward, backward: functions that keep the mirror rule.
        torch_forward: `outputs = torch_forward(*args, **options)` on tensors: a tensor or a tuple of tensors.
        *args: NumPy arguments; trees are allowed. Whole numbers get no gradient.
        rng: a `numpy.random.Generator`.
        tol: an entry may differ by tol * max(1, |PyTorch's|).
        device: where the PyTorch function runs.
        data: names of floating-point arguments that have no gradient, such as targets.
        **options: further arguments of both functions.
    Raises:
        CheckFailed: names the output or the gradient, the index and both numbers.
    """
    import torch

    outputs, d_outputs, gradients = mirror(forward, backward, args, rng=rng, **options)

    def tensor(leaf, differentiable):
        value = torch.tensor(leaf, device=device)
        return value.requires_grad_(differentiable and value.is_floating_point())

    names = inspect.signature(forward).parameters
    torch_args = tuple(tree_map(lambda leaf, d=name not in data: tensor(leaf, d), a) for name, a in zip(names, args, strict=False))
    torch_outputs = torch_forward(*torch_args, **options)
    torch_outputs = torch_outputs if isinstance(torch_outputs, tuple) else (torch_outputs,)
    numbers = {"rtol": tol, "atol": tol, "what": "PyTorch's"}
    compare(f"{forward.__name__}: outputs", outputs, tree_map(lambda t: t.detach().cpu().numpy(), torch_outputs), **numbers)
    loss = sum(
        (output * torch.as_tensor(d_output, device=device)).sum()
        for (_, output), (_, d_output) in zip(leaves(torch_outputs), leaves(d_outputs), strict=True)
    )
    wanted = [leaf for _, leaf in leaves(torch_args) if leaf.requires_grad]
    torch_gradients = torch.autograd.grad(loss, wanted, allow_unused=True)
    if len(leaves(gradients)) != len(wanted):
        raise CheckFailed(f"{backward.__name__} must return {len(wanted)} arrays, got {len(leaves(gradients))}.")
    for (path, got), leaf, expected in zip(leaves(gradients), wanted, torch_gradients, strict=True):
        expected = np.zeros(leaf.shape) if expected is None else expected.cpu().numpy()
        compare(f"{backward.__name__}: gradients{path}", got, expected, **numbers)
