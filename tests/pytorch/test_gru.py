"""The GRU on tensors gives the reference's results in both conventions, on the CPU and, where there is one, on the GPU."""

import numpy as np
import pytest
import torch

import rnncore.pytorch as mirror
from rnncore.checks import check_parity, compare
from rnncore.reference.gru import gru_backward, gru_forward, gru_step_backward, gru_step_forward, init_gru

T, B, D, H = 5, 2, 3, 4
GPU = pytest.param("cuda", marks=[pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")])


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize("reset", ["after", "before"])
@pytest.mark.parametrize(("T", "B"), [(T, B), (1, 3), (4, 1)])
def test_equals_the_reference(rng, device, reset, T, B):
    params, xs, state0 = init_gru(rng, D, H), rng.standard_normal((T, B, D)), rng.standard_normal((B, H))
    same = {"rng": rng, "device": device, "reset": reset}
    check_parity(gru_forward, gru_backward, mirror.gru_forward, params, xs, state0, **same)
    check_parity(gru_step_forward, gru_step_backward, mirror.gru_step_forward, params, xs[0], state0, **same)


def test_the_two_conventions_differ(rng):
    params = mirror.init_gru(rng, D, H, device="cpu")
    xs, state0 = torch.ones(T, B, D), torch.ones(B, H)
    after, before = (mirror.gru_forward(params, xs, state0, reset=reset)[0] for reset in ("after", "before"))
    assert (after - before).abs().max() > 1e-3


def test_init_draws_the_reference_numbers():
    ours = mirror.init_gru(np.random.default_rng(1), D, H, device="cpu", dtype=torch.float64)
    compare("params", mirror.to_numpy(ours), init_gru(np.random.default_rng(1), D, H), rtol=0, atol=0)


@pytest.mark.parametrize(
    ("xs", "state0", "options", "words"),
    [
        (torch.zeros(T, B, D), torch.zeros(B, H), {"reset": "during"}, r"reset must be 'after' or 'before', got 'during'\."),
        (torch.zeros(T, B, D + 1), torch.zeros(B, H), {}, r"xs must have shape \(T, B, D\), got \(5, 2, 4\): D is 3 in params"),
        (torch.zeros(T, 0, D), torch.zeros(0, H), {}, r"xs must have shape \(T, B, D\) with at least one entry"),
        (torch.zeros(T, B, D), torch.full((B, H), torch.nan), {}, r"state0 must hold finite numbers, got nan at index \[0, 0\]"),
        (np.zeros((T, B, D)), torch.zeros(B, H), {}, r"xs must be a tensor of shape \(T, B, D\), got a value of type ndarray"),
    ],
)
def test_bad_input_gets_a_sentence(rng, xs, state0, options, words):
    params = mirror.init_gru(rng, D, H, device="cpu")
    with pytest.raises((TypeError, ValueError), match=words):
        mirror.gru_forward(params, xs, state0, **options)
