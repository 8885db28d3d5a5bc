"""In float32 the mirror stays near the reference in float64: outputs and gradients, to a ten-thousandth of the largest entry."""

import inspect

import numpy as np
import pytest
import torch

import rnncore.pytorch as mirror
from rnncore import reference
from rnncore.checks import compare
from rnncore.checks import mirror as both_ways
from rnncore.reference.cells import CELLS
from rnncore.reference.tree import leaves, tree_map

S, T, B, D, H, U, V = 9, 12, 3, 5, 8, 7, 6
GPU = pytest.param("cuda", marks=[pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")])
on_each_device = pytest.mark.parametrize("device", ["cpu", GPU])
KERNELS = [("rnn", {}), ("rnn", {"nonlinearity": "relu"}), ("lstm", {}), ("gru", {})]
LENGTHS = np.array([12, 1, 7])


def check(name, *args, rng, device, of=None, data=(), **options):
    """`{name}_forward` and its gradients, on both sides, or the functions of the cell `of`."""
    forward, backward = (getattr(of or reference, part if of else f"{name}_{part}") for part in ("forward", "backward"))
    torch_forward = mirror.TENSOR_CELLS[name].forward if of else getattr(mirror, f"{name}_forward")
    outputs, d_outputs, gradients = both_ways(forward, backward, args, rng=rng, **options)

    def single(leaf, differentiable=False):
        tensor = torch.as_tensor(leaf, device=device)
        return tensor.float().requires_grad_(differentiable) if tensor.is_floating_point() else tensor

    names = inspect.signature(forward).parameters
    given = [tree_map(lambda leaf, d=argument not in data: single(leaf, d), a) for argument, a in zip(names, args, strict=False)]
    torch_options = {key: single(value) if isinstance(value, np.ndarray) else value for key, value in options.items()}
    with mirror.tf32(False):
        got = torch_forward(*given, **torch_options)
        got = got if type(got) is tuple else (got,)
        loss = sum((g * single(d)).sum() for (_, g), (_, d) in zip(leaves(got), leaves(d_outputs), strict=True))
        wanted = [leaf for _, leaf in leaves(given) if leaf.requires_grad]
        torch_gradients = torch.autograd.grad(loss, wanted)
    near("outputs", [leaf for _, leaf in leaves(got)], leaves(outputs))
    near("gradients", torch_gradients, leaves(gradients))


def near(what, tensors, expected):
    for tensor, (path, array) in zip(tensors, expected, strict=True):
        assert tensor.dtype == torch.float32
        compare(what + path, tensor.detach().cpu().numpy(), array, rtol=0, atol=1e-4 * np.abs(array).max())


def state_of(name, rng):
    return tree_map(lambda s: s + rng.standard_normal(s.shape), CELLS[name].zero_state(B, H))


@on_each_device
@pytest.mark.parametrize(("name", "options"), KERNELS)
def test_fused_cells(rng, device, name, options):
    xs, same = rng.standard_normal((T, B, D)), {"rng": rng, "device": device, **options}
    check(name, CELLS[name].init(rng, D, H), xs, state_of(name, rng), of=CELLS[name], **same)
    check("masked", CELLS[name].init(rng, D, H), xs, state_of(name, rng), LENGTHS, cell=name, **same)
    check("stacked", reference.init_stacked(rng, D, H, 2, cell=name), xs, [state_of(name, rng) for _ in range(2)], cell=name, **same)
    states = reference.BidirectionalState(state_of(name, rng), state_of(name, rng))
    check("bidirectional", reference.init_bidirectional(rng, D, H, cell=name), xs, states, cell=name, **same)


@on_each_device
@pytest.mark.parametrize("score", ["dot", "scaled_dot", "multiplicative", "additive"])
def test_attention(rng, device, score):
    mask = reference.length_mask(np.array([9, 1, 4]), S)
    given = rng.standard_normal((T, B, H)), rng.standard_normal((S, B, H)), rng.standard_normal((S, B, D))
    check("attention", reference.init_attention(rng, H, H, score=score), *given, rng=rng, device=device, score=score, mask=mask)


@on_each_device
def test_crf(rng, device):
    params = {name: rng.standard_normal(value.shape) for name, value in reference.init_crf(rng, V).items()}
    emissions, tags = rng.standard_normal((T, B, V)), rng.integers(0, V, (T, B))
    same = {"rng": rng, "device": device}
    check("crf_loss", params, emissions, tags, LENGTHS, **same)
    check("crf_log_partition", params, emissions, LENGTHS, **same)
    tensors = mirror.to_torch((params, emissions), device=device, dtype=torch.float32)
    near("marginals", [mirror.crf_marginals(*tensors)], [("", reference.crf_marginals(params, emissions))])
    (tags, score), (best, expected) = mirror.crf_viterbi(*tensors), reference.crf_viterbi(params, emissions)
    assert tags.tolist() == best.tolist()
    near("score", [score], [("", expected)])


@on_each_device
def test_losses(rng, device):
    logits, mask, same = 3 * rng.standard_normal((T, B, V)), rng.random((T, B)), {"rng": rng, "device": device, "data": ["targets"]}
    check("softmax_cross_entropy", logits, rng.integers(0, V, (T, B)), mask=mask, **same)
    check("sigmoid_cross_entropy", logits, rng.random((T, B, V)), mask=mask, **same)
    check("mean_squared_error", logits, rng.standard_normal((T, B, V)), mask=mask, **same)


@on_each_device
@pytest.mark.parametrize("score", [None, "additive"])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_encoder_decoder(rng, device, score, cell):
    params = reference.init_encoder_decoder(rng, U, V, D, H, score=score, cell=cell)
    given, same = (params, rng.integers(0, U, (S, B)), rng.integers(0, V, (T, B))), {"rng": rng, "device": device}
    check("encoder_decoder", *given, score=score, cell=cell, lengths=np.array([9, 1, 4]), **same)
