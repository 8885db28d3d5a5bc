"""Masks, packing and cells over sequences of unequal length give the reference's results."""

import numpy as np
import pytest
import torch

import rnncore.pytorch as mirror
from rnncore.checks import check_parity, compare
from rnncore.reference import masked, masking, packing
from rnncore.reference.cells import CELLS
from rnncore.reference.tree import tree_map

T, B, D, H = 5, 4, 3, 2
GPU = pytest.param("cuda", marks=[pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")])
LENGTHS = [[2, 5, 2, 4], [1, 1, 1, 1], [5, 5, 5, 5], [1, 2, 3, 4]]
VARIANTS = [(name, {}) for name in CELLS] + [("gru", {"reset": "before"}), ("rnn", {"nonlinearity": "relu"})]


def arguments(name, rng):
    cell = CELLS[name]
    return cell.init(rng, D, H), rng.standard_normal((T, B, D)), tree_map(lambda s: s + rng.standard_normal(s.shape), cell.zero_state(B, H))


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize("lengths", LENGTHS)
def test_layout(rng, device, lengths):
    lengths, xs = np.array(lengths), rng.standard_normal((T, B, D))
    batch_sizes, order = mirror.packed_layout(torch.tensor(lengths, device=device))
    expected = packing.packed_layout(lengths)
    assert batch_sizes.tolist() == expected[0].tolist() and order.tolist() == expected[1].tolist()
    same = {"rng": rng, "device": device}
    check_parity(packing.pack_forward, packing.pack_backward, mirror.pack_forward, xs, lengths, **same)
    data, _ = packing.pack_forward(xs, lengths)
    check_parity(packing.unpack_forward, packing.unpack_backward, mirror.unpack_forward, data, lengths, steps=T + 1, **same)
    check_parity(packing.unpack_forward, packing.unpack_backward, mirror.unpack_forward, data, lengths, **same)


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize("lengths", LENGTHS)
def test_masking(rng, device, lengths):
    lengths, xs = np.array(lengths), rng.standard_normal((T, B, D))
    mask = mirror.length_mask(torch.tensor(lengths, device=device), T)
    assert mask.tolist() == masking.length_mask(lengths, T).tolist()
    for name in ("reverse_padded", "last_state"):
        pair = getattr(masking, f"{name}_forward"), getattr(masking, f"{name}_backward")
        check_parity(*pair, getattr(mirror, f"{name}_forward"), xs, lengths, rng=rng, device=device)


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize(("name", "options"), VARIANTS)
def test_cells_over_unequal_lengths(rng, device, name, options, lengths):
    params, xs, state0 = arguments(name, rng)
    lengths, same = np.array(lengths), {"rng": rng, "device": device, "cell": name, **options}
    check_parity(masked.masked_forward, masked.masked_backward, mirror.masked_forward, params, xs, state0, lengths, **same)
    data, _ = packing.pack_forward(xs, lengths)
    check_parity(packing.packed_forward, packing.packed_backward, mirror.packed_forward, params, data, state0, lengths, **same)


@pytest.mark.parametrize("name", ["lstm", "lstm_peephole"])
def test_padding_has_no_influence(rng, name):
    params, xs, state0 = tree_map(torch.tensor, arguments(name, rng))
    lengths = torch.tensor(LENGTHS[0])
    hs, state_T = mirror.masked_forward(params, xs, state0, lengths, cell=name)
    other = torch.where(mirror.length_mask(lengths, T)[:, :, None], xs, 1e6)
    again, state_again = mirror.masked_forward(params, other, state0, lengths, cell=name)
    compare("hs", again.numpy(), hs.numpy(), rtol=0, atol=0)
    compare("state_T", mirror.to_numpy(state_again), mirror.to_numpy(state_T), rtol=0, atol=0)


def test_a_cell_of_your_own(rng):
    """Where a name is taken, a TensorCell is too."""
    params, xs, state0 = tree_map(torch.tensor, arguments("rnn", rng))
    eager = mirror.TENSOR_CELLS["rnn"]._replace(kernel=lambda **options: None)
    lengths = torch.tensor(LENGTHS[0])
    ours = mirror.masked_forward(params, xs, state0, lengths, cell=eager)
    torch.testing.assert_close(ours, mirror.masked_forward(params, xs, state0, lengths, cell="rnn"), rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: mirror.length_mask(torch.tensor([3, 0]), 3), r"length_mask: lengths must lie between 1 and 3 \(T\), got 0, as an empty"),
        (lambda: mirror.length_mask(torch.tensor([1.0]), 3), r"lengths must hold whole numbers, got torch.float32"),
        (lambda: mirror.packed_layout(torch.tensor([2, -1])), r"packed_layout: lengths must lie between 1 and 2 \(T\), got -1\."),
        (lambda: mirror.pack_forward(torch.zeros(T, 2, D), torch.tensor([6, 1])), r"lengths must lie between 1 and 5 \(T\), got 6\."),
        (lambda: mirror.pack_forward(torch.zeros(T, 2, D), torch.tensor([1])), r"lengths must have shape \(B,\), got \(1,\): B is 2 in xs"),
        (lambda: mirror.unpack_forward(torch.zeros(4, D), torch.tensor([2, 1])), r"add up to the 4 rows of data, got \[2, 1\]\."),
        (lambda: mirror.reverse_padded_forward(torch.zeros(T, 1, D), torch.tensor([9])), r"between 1 and 5 \(T\), got 9\."),
        (lambda: mirror.last_state_forward(torch.zeros(T, 1, H), torch.tensor([9])), r"between 1 and 5 \(T\), got 9\."),
        (lambda: mirror.find_tensor_cell("qrnn"), r"cell must be a TensorCell or one of rnn, .*, got 'qrnn'\."),
        (lambda: mirror.find_tensor_cell(3), r"cell must be a name or a TensorCell, got a value of type int\."),
    ],
)
def test_bad_input_gets_a_sentence(call, words):
    with pytest.raises((TypeError, ValueError), match=words):
        call()


def test_bad_lengths_of_a_cell(rng):
    params, xs, state0 = tree_map(torch.tensor, arguments("gru", rng))
    with pytest.raises(ValueError, match=r"masked_forward: lengths must lie between 1 and 5 \(T\), got 6\."):
        mirror.masked_forward(params, xs, state0, torch.tensor([6, 1, 1, 1]), cell="gru")
    with pytest.raises(ValueError, match=r"packed_forward: lengths must be at least 1 and add up to the 5 rows of data"):
        mirror.packed_forward(params, xs[:, 0], state0, torch.tensor([6, 1, 1, 1]), cell="gru")
