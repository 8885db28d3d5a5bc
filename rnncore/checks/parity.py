"""Parity: a NumPy mirror pair against a PyTorch function of the same arguments, outputs and gradients alike.

Source: this course.
"""

from rnncore.checks.compare import compare
from rnncore.checks.pairs import argument_names, compare_each, differentiable, in_tuple, mirror, output_names, require_gradients
from rnncore.reference.tree import leaves, tree_map

__all__ = ["check_parity"]


def check_parity(forward, backward, torch_forward, *args, rng, tol=1e-10, device="cpu", data=(), **options):
    """Check that forward and backward agree with a PyTorch function and its automatic gradients.

    Args:
        forward, backward: functions that keep the mirror rule.
        torch_forward: `outputs = torch_forward(*args, **options)` on tensors: a tensor or a tuple of tensors.
        *args: NumPy arguments; trees are allowed. Whole numbers get no gradient.
        rng: a `numpy.random.Generator`.
        tol: an entry may differ by tol * (1 + |PyTorch's|).
        device: where the PyTorch function runs, in full float32: without TF32, whatever is set outside.
        data: names of floating-point arguments that have no gradient, such as targets.
        **options: further arguments of both functions.
    Raises:
        CheckFailed: names the output or the gradient, the index and both numbers.
    """
    import torch

    from rnncore.pytorch.device import tf32

    outputs, d_outputs, gradients = mirror(forward, backward, args, rng=rng, **options)
    wanted = differentiable(forward, args, data)
    numbers = {"rtol": tol, "atol": tol, "what": "PyTorch's"}

    def tensors(name, argument):
        has_gradient = name in [n for n, _ in wanted]
        return tree_map(lambda leaf: torch.tensor(leaf, device=device, requires_grad=has_gradient), argument)

    torch_args = {name: tensors(name, argument) for name, argument in zip(argument_names(forward, len(args)), args, strict=True)}
    torch_wanted = [torch_args[name] for name, _ in wanted]
    with tf32(False):
        torch_outputs = in_tuple(torch_forward(*torch_args.values(), **options))
        expected = tree_map(lambda tensor: tensor.detach().cpu().numpy(), torch_outputs)
        compare_each(forward.__name__, output_names(backward, len(outputs)), outputs, expected, **numbers)
        pairs = zip(leaves(torch_outputs), leaves(d_outputs), strict=True)
        loss = sum((output * torch.as_tensor(d_output, device=device)).sum() for (_, output), (_, d_output) in pairs)
        in_order = iter(torch.autograd.grad(loss, [leaf for _, leaf in leaves(torch_wanted)], materialize_grads=True))
    require_gradients(backward, gradients, wanted)
    for (name, _), got, argument in zip(wanted, gradients, torch_wanted, strict=True):
        compare(f"{backward.__name__}: d{name}", got, tree_map(lambda _: next(in_order).cpu().numpy(), argument), **numbers)
