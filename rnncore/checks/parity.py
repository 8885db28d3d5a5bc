"""Parity: a NumPy mirror pair against a PyTorch function of the same arguments, outputs and gradients alike."""

import numpy as np

from rnncore.checks.compare import compare
from rnncore.checks.gradients import mirror
from rnncore.reference.tree import leaves, tree_map

__all__ = ["check_parity"]


def check_parity(forward, backward, torch_forward, *args, rng, tol=1e-10, device="cpu", **options):
    """Check that forward and backward agree with a PyTorch function and its automatic gradients.

    Args:
        forward, backward: functions that keep the mirror rule.
        torch_forward: `outputs = torch_forward(*args, **options)` on tensors: a tensor or a tuple of tensors.
        *args: NumPy arguments; trees are allowed. Whole numbers get no gradient.
        rng: a `numpy.random.Generator`.
        tol: an entry may differ by tol * max(1, |PyTorch's|).
        device: where the PyTorch function runs.
        **options: further arguments of both functions.
    Raises:
        CheckFailed: names the output or the gradient, the index and both numbers.
    """
    import torch

    outputs, d_outputs, gradients = mirror(forward, backward, args, rng=rng, **options)

    def tensor(leaf):
        value = torch.tensor(leaf, device=device)
        return value.requires_grad_(value.is_floating_point())

    torch_args = tuple(tree_map(tensor, a) for a in args)
    torch_outputs = torch_forward(*torch_args, **options)
    torch_outputs = torch_outputs if isinstance(torch_outputs, tuple) else (torch_outputs,)
    numbers = {"rtol": tol, "atol": tol, "what": "PyTorch's"}
    compare(f"{forward.__name__}: outputs", outputs, tree_map(lambda t: t.detach().cpu().numpy(), torch_outputs), **numbers)
    loss = sum(
        (output * torch.as_tensor(d_output, device=device)).sum()
        for (_, output), (_, d_output) in zip(leaves(torch_outputs), leaves(d_outputs), strict=True)
    )
    differentiable = [arg for arg in torch_args if any(leaf.requires_grad for _, leaf in leaves(arg))][: len(gradients)]
    wanted = [leaf for _, leaf in leaves(tuple(differentiable))]
    torch_gradients = torch.autograd.grad(loss, wanted, allow_unused=True)
    for (path, got), leaf, expected in zip(leaves(gradients), wanted, torch_gradients, strict=True):
        expected = np.zeros(leaf.shape) if expected is None else expected.cpu().numpy()
        compare(f"{backward.__name__}: gradients{path}", got, expected, **numbers)
