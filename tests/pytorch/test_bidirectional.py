"""Two directions on tensors give the reference's results, in one fused call and direction by direction."""

import numpy as np
import pytest
import torch

import rnncore.pytorch as mirror
from rnncore.checks import check_parity, compare
from rnncore.reference.bidirectional import BidirectionalState, bidirectional_backward, bidirectional_forward, init_bidirectional
from rnncore.reference.cells import CELLS
from rnncore.reference.tree import tree_map

T, B, D, H = 5, 2, 3, 4
GPU = pytest.param("cuda", marks=[pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")])
VARIANTS = [("rnn", {"nonlinearity": "relu"}), ("lstm", {}), ("lstm_layer_norm", {}), ("gru", {}), ("gru", {"reset": "before"})]


def arguments(name, rng):
    states = [tree_map(lambda s: s + rng.standard_normal(s.shape), CELLS[name].zero_state(B, H)) for _ in range(2)]
    return init_bidirectional(rng, D, H, cell=name), rng.standard_normal((T, B, D)), BidirectionalState(*states)


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize("lengths", [None, [2, 5], [1, 1]])
@pytest.mark.parametrize("merge", ["concat", "sum"])
@pytest.mark.parametrize(("name", "options"), VARIANTS)
def test_equals_the_reference(rng, device, lengths, merge, name, options):
    given = arguments(name, rng) if lengths is None else (*arguments(name, rng), np.array(lengths))
    same = {"rng": rng, "device": device, "cell": name, "merge": merge, **options}
    check_parity(bidirectional_forward, bidirectional_backward, mirror.bidirectional_forward, *given, **same)


def test_init_draws_the_reference_numbers():
    ours = mirror.init_bidirectional(np.random.default_rng(1), D, H, cell="rnn", device="cpu", dtype=torch.float64)
    compare("params", mirror.to_numpy(ours), init_bidirectional(np.random.default_rng(1), D, H, cell="rnn"), rtol=0, atol=0)


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        (lambda p, x, s: (p, x, s), {"merge": "mean"}, r"merge must be 'concat' or 'sum', got 'mean'\."),
        (lambda p, x, s: (p["forward"], x, s), {}, r"params must have exactly the keys forward, reverse, but lacks forward"),
        (lambda p, x, s: (p, x, tuple(s)), {}, r"state0 must be BidirectionalState\(forward, reverse\), got a value of type tuple\."),
        (lambda p, x, s: (p, x, s, torch.tensor([0, 1])), {}, r"lengths must lie between 1 and 5 \(T\), got 0, as an empty sequence"),
    ],
)
def test_bad_input_gets_a_sentence(rng, change, options, words):
    with pytest.raises((TypeError, ValueError), match=words):
        mirror.bidirectional_forward(*change(*tree_map(torch.tensor, list(arguments("gru", rng)))), cell="gru", **options)
