"""Initialisers draw the reference's numbers, as tensors."""

import numpy as np
import pytest
import torch

import rnncore.pytorch as mirror
from rnncore import reference
from rnncore.checks import compare
from rnncore.reference import init

D, H = 3, 5
GPU = pytest.param("cuda", marks=[pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")])
DRAWN = [name for name in init.__all__ if name not in ("identity", "set_forget_bias")]


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize(("out_features", "in_features"), [(H, D), (D, H), (1, 1)])
def test_the_reference_numbers(device, name, out_features, in_features):
    settings = {"gain": 1.5, "gates": 4}
    expected = getattr(reference, name)(np.random.default_rng(1), out_features, in_features, **settings)
    got = getattr(mirror, name)(np.random.default_rng(1), out_features, in_features, **settings, device=device, dtype=torch.float64)
    compare(name, mirror.to_numpy(got), expected, rtol=0, atol=0)
    assert getattr(mirror, name)(np.random.default_rng(1), out_features, in_features, device=device).dtype == torch.float32


@pytest.mark.parametrize("device", ["cpu", GPU])
def test_identity_and_forget_bias(rng, device):
    compare("identity", mirror.to_numpy(mirror.identity(H, scale=0.5, gates=3, device=device)), reference.identity(H, scale=0.5, gates=3))
    params = reference.init_lstm(rng, D, H)
    tensors = {name: p.requires_grad_() for name, p in mirror.to_torch(params, device=device).items()}
    changed = mirror.set_forget_bias(tensors, 3)
    compare("params", mirror.to_numpy(changed), reference.set_forget_bias(params, 3), rtol=0, atol=0)
    compare("kept", mirror.to_numpy(tensors), params, rtol=0, atol=0)
    assert not any(changed[name].requires_grad or changed[name].data_ptr() == tensors[name].data_ptr() for name in params)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: mirror.he_normal(np.random.default_rng(), H, 0), r"he_normal: in_features must be at least 1, got 0\."),
        (lambda: mirror.orthogonal(np.random.default_rng(), H, D, gain=0), r"orthogonal: gain must be positive, got 0\."),
        (lambda: mirror.xavier_uniform(1, H, D), r"rng must be a numpy\.random\.Generator, got a value of type int\."),
        (lambda: mirror.identity(H, scale=np.inf), r"identity: scale must be a finite number, got inf\."),
        (lambda: mirror.set_forget_bias({}, 1.0), r"set_forget_bias: params must have exactly the keys weight_ih"),
        (
            lambda: mirror.set_forget_bias(mirror.init_lstm(np.random.default_rng(), D, H), np.nan),
            r"value must be a finite number, got nan\.",
        ),
    ],
)
def test_bad_input_gets_a_sentence(call, words):
    with pytest.raises((TypeError, ValueError), match=words):
        call()
