"""What the mirror's argument check adds to the reference's: tensors, devices, and a fast look at the values."""

import numpy as np
import pytest
import torch

import rnncore.pytorch as mirror
from rnncore.pytorch import arguments
from rnncore.pytorch.arguments import _TensorCheck

T, B, D, H = 5, 2, 3, 4


def test_large_finite_numbers_are_no_infinity():
    xs = torch.full((2, 3, 4), 3e38)  # their sum is infinite in float32
    assert torch.isinf(xs.sum())
    mirror.linear_recurrence_forward(torch.zeros(2, 3, 4), xs, torch.zeros(3, 4))


@pytest.mark.parametrize("wrong", [torch.nan, torch.inf, -torch.inf])
def test_one_wrong_number_is_found(wrong):
    xs = torch.zeros(2, 3, 4)
    xs[1, 2, 3] = wrong
    with pytest.raises(ValueError, match=rf"b must hold finite numbers, got {wrong} at index \[1, 2, 3\]\."):
        mirror.linear_recurrence_forward(torch.zeros(2, 3, 4), xs, torch.zeros(3, 4))


def test_two_infinities_do_not_cancel():
    xs = torch.zeros(2, 3, 4)
    xs[0, 0, 0], xs[0, 0, 1] = torch.inf, -torch.inf
    with pytest.raises(ValueError, match=r"got inf at index \[0, 0, 0\]"):
        mirror.linear_recurrence_forward(torch.zeros(2, 3, 4), xs, torch.zeros(3, 4))


def test_one_device_in_a_call(rng):
    params = mirror.init_rnn(rng, D, H, device="cpu")
    with pytest.raises(ValueError, match=r"xs is on meta but params\['weight_ih'\] is on cpu: use one device in a call\."):
        mirror.rnn_forward(params, torch.zeros(T, B, D, device="meta"), torch.zeros(B, H))


def test_a_state_that_explodes_is_a_result(rng):
    """Only arguments are looked at: what a sequence arrives at is no bad input."""
    params = mirror.init_rnn(rng, D, H, device="cpu")
    params["weight_hh"] = torch.eye(H) * 1e30
    hs, _ = mirror.rnn_forward(params, torch.ones(T, B, D), torch.ones(B, H), nonlinearity="relu")
    assert not torch.isfinite(hs[-1]).any()


@pytest.mark.parametrize(
    ("xs", "words"),
    [
        (np.zeros((T, B, D), dtype=np.float32), r"rnn_forward: xs must be a tensor of shape \(T, B, D\), got a value of type ndarray\."),
        (torch.zeros(T, B, D, dtype=torch.complex64), r"xs must hold floating-point numbers, got torch.complex64\."),
        (torch.zeros(T, B, D, dtype=torch.bool), r"xs must hold floating-point numbers, got torch.bool\."),
        (None, r"xs must be a tensor of shape \(T, B, D\), got None\."),
    ],
)
def test_what_is_no_tensor_of_numbers(rng, xs, words):
    with pytest.raises(TypeError, match=words):
        mirror.rnn_forward(mirror.init_rnn(rng, D, H, device="cpu"), xs, torch.zeros(B, H))


def _call(**changed):
    arguments = {"a": torch.zeros(T, B, H), "b": torch.zeros(T, B, H), "state0": torch.zeros(B, H)}
    return mirror.linear_recurrence_forward(**arguments | changed)


def test_what_was_right_once_is_not_looked_at_again_but_its_numbers_are(monkeypatch):
    _call()
    monkeypatch.setattr(_TensorCheck, "call", lambda *_: pytest.fail("shapes that were right are looked at again"))
    _call(b=torch.ones(T, B, H))
    monkeypatch.undo()
    with pytest.raises(ValueError, match=r"b must hold finite numbers, got nan at index \[0, 0, 0\]\."):
        _call(b=torch.full((T, B, H), torch.nan))


@pytest.mark.parametrize(
    ("changed", "error", "words"),
    [
        ({"b": torch.zeros(T + 1, B, H)}, ValueError, rf"b must have shape \(T, B, H\), got \({T + 1}, {B}, {H}\)"),
        ({"state0": torch.zeros(B, H, dtype=torch.float64)}, TypeError, r"state0 is torch.float64 but a is torch.float32"),
        ({"state0": torch.zeros(B, H, device="meta")}, ValueError, r"state0 is on meta but a is on cpu"),
        (
            {"state0": np.zeros((B, H), dtype=np.float32)},
            TypeError,
            r"state0 must be a tensor of shape \(B, H\), got a value of type ndarray",
        ),
        ({"state0": None}, TypeError, r"state0 must be a tensor of shape \(B, H\), got None"),
    ],
)
def test_what_was_right_once_does_not_excuse_what_is_wrong(changed, error, words):
    for _ in range(2):
        _call()
        with pytest.raises(error, match=words):
            _call(**changed)


def test_only_so_many_shapes_are_remembered(monkeypatch):
    """Sequences come in any length: a program that runs for weeks keeps its memory."""
    monkeypatch.setattr(arguments, "MOST_FORMS", 2)
    seen = []

    @arguments.tensors(xs="T B")
    def function(xs):
        return xs

    check = _TensorCheck.call
    monkeypatch.setattr(_TensorCheck, "call", lambda self, *of: seen.append(of[-1]["xs"].shape[0]) or check(self, *of))
    for steps in (1, 2, 3, 3, 2, 1):
        function(torch.zeros(steps, B))
    assert seen == [1, 2, 3, 3]
