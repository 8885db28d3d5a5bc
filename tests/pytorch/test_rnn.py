"""The PyTorch mirror gives the reference's results, on the CPU and, where there is one, on the GPU."""

import numpy as np
import pytest
import torch

import rnncore.pytorch as mirror
from rnncore.checks import check_parity, compare
from rnncore.reference import init_rnn, rnn_backward, rnn_forward, rnn_step_backward, rnn_step_forward

T, B, D, H = 5, 2, 3, 4
GPU = pytest.param("cuda", marks=[pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")])


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
def test_equals_the_reference(rng, device, nonlinearity):
    params, xs, state0 = init_rnn(rng, D, H), rng.standard_normal((T, B, D)), rng.standard_normal((B, H))
    same = {"rng": rng, "device": device, "nonlinearity": nonlinearity}
    check_parity(rnn_forward, rnn_backward, mirror.rnn_forward, params, xs, state0, **same)
    check_parity(rnn_step_forward, rnn_step_backward, mirror.rnn_step_forward, params, xs[0], state0, **same)


def test_init_draws_the_reference_numbers():
    ours = mirror.init_rnn(np.random.default_rng(1), D, H, device="cpu", dtype=torch.float64)
    compare("params", mirror.to_numpy(ours), init_rnn(np.random.default_rng(1), D, H), rtol=0, atol=0)


def test_parameters_travel_both_ways(rng):
    params = {"rnn": init_rnn(rng, D, H), "tokens": np.arange(3)}
    tensors = mirror.to_torch(params, device="cpu", dtype=torch.float32)
    assert tensors["rnn"]["weight_hh"].dtype == torch.float32 and tensors["tokens"].dtype == torch.int64
    tensors["rnn"]["bias_ih"].fill_(7)
    assert not (params["rnn"]["bias_ih"] == 7).any(), "copied, not shared"
    back = mirror.to_numpy(tensors)
    compare("weights", back["rnn"]["weight_ih"], params["rnn"]["weight_ih"], atol=1e-7)


@pytest.mark.parametrize(
    ("xs", "state0", "words"),
    [
        (torch.zeros(T, B), torch.zeros(B, H), r"xs must have shape \(T, B, D\), got \(5, 2\): 2 axes, not 3\."),
        (torch.zeros(T, B, D + 1), torch.zeros(B, H), r"got \(5, 2, 4\): D is 3 in params\['weight_ih'\], not 4\."),
        (torch.zeros(0, B, D), torch.zeros(B, H), r"with at least one entry, got \(0, 2, 3\)\."),
        (torch.zeros(T, B, D), torch.zeros(B + 1, H), r"state0 must have shape \(B, H\), got \(3, 4\): B is 2 in xs, not 3\."),
        (torch.full((T, B, D), torch.nan), torch.zeros(B, H), r"xs must hold finite numbers"),
        (torch.zeros(T, B, D, dtype=torch.int64), torch.zeros(B, H), r"xs must hold floating-point numbers, got torch.int64"),
        (torch.zeros(T, B, D, dtype=torch.float64), torch.zeros(B, H), r"xs is torch.float64 but params\['weight_ih'\] is torch.float32"),
    ],
)
def test_bad_input_gets_a_sentence(rng, xs, state0, words):
    params = mirror.init_rnn(rng, D, H, device="cpu")
    with pytest.raises((TypeError, ValueError), match=words):
        mirror.rnn_forward(params, xs, state0)


def test_unknown_nonlinearity(rng):
    params = mirror.init_rnn(rng, D, H, device="cpu")
    with pytest.raises(ValueError, match="nonlinearity must be 'tanh' or 'relu', got 'sin'"):
        mirror.rnn_step_forward(params, torch.zeros(B, D), torch.zeros(B, H), nonlinearity="sin")
