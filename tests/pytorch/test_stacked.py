"""Stacks of layers on tensors give the reference's results, in one fused call and layer by layer."""

import numpy as np
import pytest
import torch

import rnncore.pytorch as mirror
from rnncore.checks import check_parity, compare
from rnncore.reference.cells import CELLS
from rnncore.reference.stacked import init_stacked, stacked_backward, stacked_forward
from rnncore.reference.tree import tree_map

T, B, D, H, L = 5, 2, 3, 4, 3
GPU = pytest.param("cuda", marks=[pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")])
VARIANTS = [("rnn", {"nonlinearity": "relu"}), ("lstm", {}), ("lstm_coupled", {}), ("gru", {}), ("gru", {"reset": "before"})]


def arguments(name, rng):
    state0 = [tree_map(lambda s: s + rng.standard_normal(s.shape), CELLS[name].zero_state(B, H)) for _ in range(L)]
    return init_stacked(rng, D, H, L, cell=name), rng.standard_normal((T, B, D)), state0


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize("lengths", [None, [5, 2]])
@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize(("name", "options"), VARIANTS)
def test_equals_the_reference(rng, device, lengths, residual, name, options):
    given = arguments(name, rng) if lengths is None else (*arguments(name, rng), np.array(lengths))
    same = {"rng": rng, "device": device, "cell": name, "residual": residual, **options}
    check_parity(stacked_forward, stacked_backward, mirror.stacked_forward, *given, **same)


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize("shape", [(T, B, H), (B, H)])
def test_dropout_masks(rng, device, shape):
    masks = [rng.integers(0, 2, shape) / 0.5 for _ in range(L - 1)]

    def torch_forward(*args, masks, **options):
        return mirror.stacked_forward(*args, masks=mirror.to_torch(masks, device=device), **options)

    given = arguments("lstm", rng)
    check_parity(stacked_forward, stacked_backward, torch_forward, *given, rng=rng, device=device, cell="lstm", masks=masks)


def test_init_draws_the_reference_numbers():
    ours = mirror.init_stacked(np.random.default_rng(1), D, H, L, cell="gru", device="cpu", dtype=torch.float64)
    compare("params", mirror.to_numpy(ours), init_stacked(np.random.default_rng(1), D, H, L, cell="gru"), rtol=0, atol=0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda p, x, s: (p[0], x, s), r"params must be a list of length 1, got a value of type dict\."),
        (lambda p, x, s: (p, x, s[:2]), r"state0 must be a list of length 3, got length 2\."),
        (lambda p, x, s: (p[::-1], x, s), r"stacked_forward: .* got"),
        (lambda p, x, s: (p, x, s, torch.tensor([6, 1])), r"stacked_forward: lengths must lie between 1 and 5 \(T\), got 6\."),
    ],
)
def test_bad_input_gets_a_sentence(rng, change, words):
    with pytest.raises((TypeError, ValueError), match=words):
        mirror.stacked_forward(*change(*tree_map(torch.tensor, list(arguments("rnn", rng)))), cell="rnn")


def test_bad_masks_and_layers(rng):
    given = tree_map(torch.tensor, list(arguments("rnn", rng)))
    masks = [torch.ones(2, B, H, dtype=torch.float64)] * (L - 1)
    with pytest.raises(ValueError, match=r"masks\[0\] must have shape \(T, B, H\) or \(B, H\) with T = 5, got \(2, 2, 4\)\."):
        mirror.stacked_forward(*given, cell="rnn", masks=masks)
    with pytest.raises(ValueError, match="layers must be a whole number from 1 up, got 0"):
        mirror.init_stacked(rng, D, H, 0)
