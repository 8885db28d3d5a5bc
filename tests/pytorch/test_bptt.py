"""Backpropagation through time on tensors gives the reference's gradients, in full, in chunks, and for all k1 and k2."""

import numpy as np
import pytest
import torch

import rnncore.pytorch as mirror
from rnncore.checks import compare
from rnncore.reference import bptt as reference
from rnncore.reference.cells import CELLS
from rnncore.reference.tree import leaves, tree_map

T, B, D, H = 7, 2, 3, 4
GPU = pytest.param("cuda", marks=[pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")])


class Problem:
    """A cell, its arguments, and the loss sum(w * h^3) written both ways."""

    def __init__(self, name, device, rng):
        self.cell, self.tensor_cell, self.device = CELLS[name], mirror.TENSOR_CELLS[name], device
        state0 = tree_map(lambda s: s + rng.standard_normal(s.shape), self.cell.zero_state(B, H))
        self.arrays = self.cell.init(rng, D, H), rng.standard_normal((T, B, D)), state0
        self.tensors = mirror.to_torch(self.arrays, device=device)
        self.w = rng.standard_normal((T, B, H))

    def loss_gradient(self, start, hs):
        w = self.w[start : start + len(hs)]
        return float((w * hs**3).sum()), 3 * w * hs**2

    def step_loss_gradient(self, t, state):
        loss, dh = self.loss_gradient(t, self.hidden(state)[None])
        return loss, state._replace(h=dh[0], c=np.zeros_like(state.c)) if hasattr(state, "h") else dh[0]

    def loss(self, start, hs):
        return (torch.tensor(self.w[start : start + len(hs)], device=self.device) * hs**3).sum()

    def step_loss(self, t, state):
        return self.loss(t, self.hidden(state)[None])

    @staticmethod
    def hidden(state):
        return state.h if hasattr(state, "h") else state


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize("name", ["rnn", "lstm", "lstm_peephole", "gru"])
@pytest.mark.parametrize("k", [None, 1, 3, T, T + 5])
def test_full_and_chunked(rng, device, name, k):
    p = Problem(name, device, rng)
    functions = p.cell.forward, p.cell.backward
    if k is None:
        expected = reference.full_bptt(*functions, *p.arrays, p.loss_gradient)
        got = mirror.full_bptt(p.tensor_cell.forward, *p.tensors, p.loss)
    else:
        expected = reference.chunked_bptt(*functions, *p.arrays, p.loss_gradient, k=k)
        got = mirror.chunked_bptt(p.tensor_cell.forward, *p.tensors, p.loss, k=k)
    compare("result", mirror.to_numpy(got), expected)


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize("name", ["rnn", "lstm", "lstm_peephole", "gru"])
@pytest.mark.parametrize("segment", [None, 1, 3, T, T + 5])
def test_checkpointed(rng, device, name, segment):
    p = Problem(name, device, rng)
    expected = reference.full_bptt(p.cell.forward, p.cell.backward, *p.arrays, p.loss_gradient)
    got = mirror.checkpointed_bptt(p.tensor_cell.forward, *p.tensors, p.loss, segment=segment)
    compare("result", mirror.to_numpy(got), expected)


def test_checkpointing_keeps_the_graph_of_one_segment_at_a_time(rng):
    p, recorded = Problem("rnn", "cpu", rng), []

    def forward(*arguments):
        recorded.append(torch.is_grad_enabled() and len(arguments[1]))
        return mirror.rnn_forward(*arguments)

    mirror.checkpointed_bptt(forward, *p.tensors, p.loss, segment=3)
    assert recorded == [False, False, False, 1, 3, 3]


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize("name", ["rnn", "lstm", "lstm_peephole", "gru"])
@pytest.mark.parametrize(("k1", "k2"), [(1, 1), (1, 3), (2, 5), (3, 3), (3, 2), (T, T), (2, T + 4)])
def test_general_k1_k2(rng, device, name, k1, k2):
    p = Problem(name, device, rng)
    expected = reference.truncated_bptt(p.cell.step_forward, p.cell.step_backward, *p.arrays, p.step_loss_gradient, k1=k1, k2=k2)
    got = mirror.truncated_bptt(p.tensor_cell.step_forward, *p.tensors, p.step_loss, k1=k1, k2=k2)
    compare("result", mirror.to_numpy(got), expected)


def test_options_reach_the_cell(rng):
    p = Problem("gru", "cpu", rng)
    after, before = (mirror.full_bptt(mirror.gru_forward, *p.tensors, p.loss, reset=reset).loss for reset in ("after", "before"))
    assert abs(after - before) > 1e-3


def test_results_carry_no_graph_and_arguments_no_gradient(rng):
    p = Problem("lstm", "cpu", rng)
    params = tree_map(lambda tensor: tensor.requires_grad_(), p.tensors[0])
    for result in (
        mirror.full_bptt(mirror.lstm_forward, params, *p.tensors[1:], p.loss),
        mirror.chunked_bptt(mirror.lstm_forward, params, *p.tensors[1:], p.loss, k=2),
        mirror.checkpointed_bptt(mirror.lstm_forward, params, *p.tensors[1:], p.loss, segment=2),
        mirror.truncated_bptt(mirror.lstm_step_forward, params, *p.tensors[1:], p.step_loss, k1=2, k2=3),
    ):
        assert not any(leaf.requires_grad for _, leaf in leaves(result))
    assert all(tensor.grad is None for tensor in params.values())


def test_a_loss_of_one_step_gives_the_others_zero(rng):
    """With k2 = 1 a loss at the first step alone leaves no trace in the later passes."""
    p = Problem("rnn", "cpu", rng)
    result = mirror.truncated_bptt(mirror.rnn_step_forward, *p.tensors, lambda t, h: h.sum() * (t == 0), k1=1, k2=1)
    whole = mirror.full_bptt(mirror.rnn_forward, *p.tensors, lambda start, hs: hs[0].sum())
    compare("dparams", mirror.to_numpy(result.dparams), mirror.to_numpy(whole.dparams))


@pytest.mark.parametrize(
    ("function", "change", "options", "words"),
    [
        (
            "full_bptt",
            {"xs": np.zeros((T, B, D))},
            {},
            r"full_bptt: xs must be a tensor with time as its first axis, got a value of type ndarray\.",
        ),
        ("full_bptt", {"xs": torch.zeros(0, B, D)}, {}, r"full_bptt: xs must hold at least one time step, got shape \(0, 2, 3\)\."),
        ("full_bptt", {"loss": 3}, {}, r"full_bptt: expected a function, got a value of type int\."),
        ("chunked_bptt", {}, {"k": 0}, r"chunked_bptt: k must be at least 1, got 0\."),
        ("truncated_bptt", {}, {"k1": 1.5, "k2": 1}, r"truncated_bptt: k1 must be a whole number, got 1\.5\."),
        ("truncated_bptt", {}, {"k1": 1, "k2": 0}, r"truncated_bptt: k2 must be at least 1, got 0\."),
    ],
)
def test_bad_input_gets_a_sentence(rng, function, change, options, words):
    p = Problem("rnn", "cpu", rng)
    given = dict(zip(("params", "xs", "state0"), p.tensors, strict=True)) | {"loss": p.loss} | change
    with pytest.raises((TypeError, ValueError), match=words):
        getattr(mirror, function)(mirror.rnn_forward, **given, **options)
