"""The conversions of a GRU's parameters on tensors: the reference's numbers, on the same device and of the same dtype."""

import numpy as np
import pytest
import torch

import rnncore.pytorch as mirror
from rnncore.checks import compare
from rnncore.reference.gru import init_gru
from rnncore.reference.gru_conventions import move_reset_gate, swap_update_gate

T, B, D, H = 5, 2, 3, 4
GPU = pytest.param("cuda", marks=[pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")])
CONVERSIONS = [
    (mirror.swap_update_gate, swap_update_gate, {}),
    (mirror.move_reset_gate, move_reset_gate, {"to": "after"}),
    (mirror.move_reset_gate, move_reset_gate, {"to": "before"}),
]
BY_NAME = {"ids": lambda value: getattr(value, "__name__", "")}


@pytest.fixture
def params(rng):
    """Parameters that can be converted in every direction; one reset gate is a constant."""
    params = init_gru(rng, D, H)
    params["weight_hh"][2 * H :] *= np.eye(H)
    params["bias_hh"][2 * H :] = 0
    params["weight_ih"][1] = params["weight_hh"][1] = 0
    return params


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize(("ours", "theirs", "options"), CONVERSIONS, **BY_NAME)
def test_equals_the_reference(params, device, dtype, ours, theirs, options):
    given = mirror.to_torch(params, device=device, dtype=dtype)
    converted, expected = ours(given, **options), theirs(mirror.to_numpy(given), **options)
    assert {(value.device, value.dtype, value.requires_grad) for value in converted.values()} == {(given["bias_ih"].device, dtype, False)}
    compare("converted", mirror.to_numpy(converted), expected, rtol=0, atol=0)


@pytest.mark.parametrize(("to", "other"), [("after", "before"), ("before", "after")])
def test_the_states_are_the_same_on_the_other_side_of_the_product(rng, params, to, other):
    params = mirror.to_torch(params, device="cpu")
    xs, h = torch.tensor(rng.standard_normal((T, B, D))), torch.tensor(rng.standard_normal((B, H)))
    hs, _ = mirror.gru_forward(params, xs, h, reset=other)
    moved, _ = mirror.gru_forward(mirror.move_reset_gate(params, to=to), xs, h, reset=to)
    compare("hs", moved.numpy(), hs.numpy(), rtol=0, atol=1e-12)


@pytest.mark.parametrize(("ours", "theirs", "options"), CONVERSIONS, **BY_NAME)
def test_the_argument_stays_as_it_is(params, ours, theirs, options):
    """A module's parameters, which have a gradient, can be converted, too."""
    given = {name: torch.nn.Parameter(value) for name, value in mirror.to_torch(params, device="cpu").items()}
    converted = ours(given, **options)
    compare("params", mirror.to_numpy(given), params, rtol=0, atol=0)
    assert not any(converted[name].data_ptr() == given[name].data_ptr() for name in given)


def test_bfloat16_is_converted_without_loss(params):
    given = mirror.to_torch(params, device="cpu", dtype=torch.bfloat16)
    twice = mirror.swap_update_gate(mirror.swap_update_gate(given))
    assert all(torch.equal(twice[name], given[name]) and twice[name].dtype == torch.bfloat16 for name in given)


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ("before", r"units 0 and 1 listen to unit 0, and the reset gates of 0 and 1 differ\."),
        ("after", r"unit 0 listens to units 0 and 1, and the reset gates of 0 and 1 differ\."),
        ("never", r"to must be 'after' or 'before', got 'never'\."),
    ],
)
def test_what_cannot_be_converted_gets_a_sentence(rng, to, words):
    with pytest.raises(ValueError, match=words):
        mirror.move_reset_gate(mirror.init_gru(rng, D, H, device="cpu"), to=to)


def test_arrays_are_refused(params):
    with pytest.raises(TypeError, match=r"params\['weight_ih'\] must be a tensor of shape \(3H, D\), got a value of type ndarray\."):
        mirror.swap_update_gate(params)
