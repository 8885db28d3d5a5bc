"""Embedding, linear layer, layer norm, activations, dropout and first states on tensors give the reference's results."""

import numpy as np
import pytest
import torch

import rnncore.pytorch as mirror
from rnncore import reference
from rnncore.checks import check_parity, compare
from rnncore.reference import activations
from rnncore.reference.lstm import LSTMState
from rnncore.reference.tree import leaves, tree_map

T, B, D, H, V = 5, 2, 3, 4, 7
GPU = pytest.param("cuda", marks=[pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")])
EXACT = {"rtol": 0, "atol": 0}
LEADING = [(T, B), (1, 3), (4, 1), (B,), ()]


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize("axes", LEADING)
def test_embedding_and_linear(rng, device, axes):
    same = {"rng": rng, "device": device}
    tokens = np.asarray(rng.integers(0, V, axes))
    pair = reference.embedding_forward, reference.embedding_backward
    check_parity(*pair, mirror.embedding_forward, reference.init_embedding(rng, V, D), tokens, **same)
    pair = reference.linear_forward, reference.linear_backward
    check_parity(*pair, mirror.linear_forward, reference.init_linear(rng, D, H), rng.standard_normal((*axes, D)), **same)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int32, torch.int64])
def test_tokens_of_any_whole_numbers(rng, dtype):
    params = mirror.init_embedding(rng, V, D, device="cpu")
    assert torch.equal(mirror.embedding_forward(params, torch.tensor([6, 0], dtype=dtype)), params["weight"][[6, 0]])


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize("axes", LEADING)
def test_layer_norm(rng, device, axes):
    params = tree_map(lambda p: p + rng.standard_normal(p.shape), reference.init_layer_norm(D))
    pair = reference.layer_norm_forward, reference.layer_norm_backward
    check_parity(*pair, mirror.layer_norm_forward, params, rng.standard_normal((*axes, D)), rng=rng, device=device, eps=1e-3)


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize("name", activations.__all__)
def test_activations(rng, device, name):
    for scores in (rng.standard_normal((T, B, V)), np.array([1000.0, -1000.0, 0.0])):
        got = getattr(mirror, name)(torch.tensor(scores, device=device))
        compare(name, mirror.to_numpy(got), getattr(reference, name)(scores))


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize("shape", [(T, B, D), (B, D), (D,)])
def test_dropout(rng, device, shape):
    mask = reference.dropout_mask(rng, shape, 0.5)
    given = rng.standard_normal((T, B, D)), mask
    same = {"rng": rng, "device": device, "data": ["mask"]}
    check_parity(reference.dropout_forward, reference.dropout_backward, mirror.dropout_forward, *given, **same)


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize(("T", "B"), [(T, B), (1, 3), (4, 1)])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "lstm_peephole", "lstm_layer_norm", "lstm_coupled"])
def test_recurrent_dropout(rng, device, cell, T, B):
    kind = reference.CELLS[cell]
    state0 = tree_map(lambda s: s + rng.standard_normal(s.shape), kind.zero_state(B, H))
    given = kind.init(rng, D, H), rng.standard_normal((T, B, D)), state0, reference.dropout_mask(rng, (B, H), 0.5)
    pair = reference.recurrent_dropout_forward, reference.recurrent_dropout_backward
    check_parity(*pair, mirror.recurrent_dropout_forward, *given, rng=rng, device=device, data=["mask"], cell=cell)


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize("B", [B, 1])
@pytest.mark.parametrize("lstm", [False, True])
def test_learned_state(rng, device, B, lstm):
    v = LSTMState(rng.standard_normal(H), rng.standard_normal(H)) if lstm else rng.standard_normal(H)
    forward = mirror.learned_state_forward

    def one_output(params, batch_size):  # a named tuple alone is one output, and a number came as a tensor
        return (forward(params, int(batch_size)),)

    check_parity(reference.learned_state_forward, reference.learned_state_backward, one_output, v, B, rng=rng, device=device)


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize("ended", [None, [True, False]])
def test_carried_state_has_no_history(rng, device, ended):
    arrays = LSTMState(rng.standard_normal((B, H)), rng.standard_normal((B, H)))
    state_T = tree_map(lambda s: torch.tensor(s, device=device, requires_grad=True), arrays)
    got = mirror.carried_state(state_T, None if ended is None else torch.tensor(ended, device=device))
    compare("state0", mirror.to_numpy(got), reference.carried_state(arrays, None if ended is None else np.array(ended)), **EXACT)
    assert not got.h.requires_grad and got.h.data_ptr() != state_T.h.data_ptr()


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize("cell", reference.CELLS)
def test_zero_state(device, cell):
    got = mirror.zero_state(B, H, cell=cell, device=device, dtype=torch.float64)
    compare("state0", mirror.to_numpy(got), reference.zero_state(B, H, cell=cell), **EXACT)
    assert all(leaf.device.type == device and leaf.dtype == torch.float64 for _, leaf in leaves(got))


@pytest.mark.parametrize(
    ("name", "sizes"),
    [("init_embedding", (V, D)), ("init_linear", (D, H)), ("dropout_mask", ((T, B, D), 0.3)), ("init_self_attention", (8,))],
)
def test_random_numbers_are_those_of_the_reference(name, sizes):
    ours = getattr(mirror, name)(np.random.default_rng(1), *sizes, device="cpu", dtype=torch.float64)
    compare(name, mirror.to_numpy(ours), getattr(reference, name)(np.random.default_rng(1), *sizes), **EXACT)
    assert all(leaf.dtype == torch.float32 for _, leaf in leaves(getattr(mirror, name)(np.random.default_rng(1), *sizes, device="cpu")))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: mirror.embedding_forward({"weight": torch.zeros(V, D)}, torch.tensor([7])), r"tokens must lie between 0 and 6, got 7\."),
        (
            lambda: mirror.embedding_forward({"weight": torch.zeros(V, D)}, torch.tensor([1.0])),
            r"tokens must hold whole numbers, got torch",
        ),
        (lambda: mirror.linear_forward({"weight": torch.zeros(H, D)}, torch.zeros(D)), r"params must have exactly the keys weight, bias"),
        (
            lambda: mirror.linear_forward({"weight": torch.zeros(H, D), "bias": torch.zeros(H)}, torch.zeros(H)),
            r"D is 3 in params\['weight'\]",
        ),
        (
            lambda: mirror.layer_norm_forward(mirror.init_layer_norm(D, device="cpu"), torch.zeros(B, D), eps=0),
            r"eps must be positive, got 0",
        ),
        (lambda: mirror.layer_norm_forward(mirror.init_layer_norm(D, device="cpu"), torch.zeros(B, H)), r"x must have shape \(\.\.\., D\)"),
        (lambda: mirror.dropout_forward(torch.zeros(T, B, D), torch.zeros(T, B)), r"mask must have the shape of x, \(5, 2, 3\), or of its"),
        (
            lambda: mirror.dropout_mask(np.random.default_rng(), (B, D), 1.0, device="cpu"),
            r"rate must be at least 0 and below 1, got 1\.0\.",
        ),
        (lambda: mirror.zero_state(0, H, device="cpu"), r"zero_state: batch_size must be at least 1, got 0\."),
        (lambda: mirror.learned_state_forward(torch.zeros(B, H), 3), r"params must have shape \(H,\), got \(2, 4\)"),
        (
            lambda: mirror.carried_state(torch.zeros(B, H), torch.tensor([True])),
            r"ended must have shape \(B,\), got \(1,\): B is 2 in state_T",
        ),
        (lambda: mirror.softmax(torch.tensor([1, 2])), r"softmax: logits must hold floating-point numbers, got torch\.int64\."),
    ],
)
def test_bad_input_gets_a_sentence(call, words):
    with pytest.raises((TypeError, ValueError), match=words):
        call()


@pytest.mark.parametrize("cell", ["gru", "rnn_residual"])
def test_a_mask_that_would_erase_the_memory_is_refused(rng, cell):
    params, xs = mirror.TENSOR_CELLS[cell].init(rng, D, H, device="cpu"), torch.zeros(T, B, D)
    with pytest.raises(ValueError, match=rf"cell must not carry h past the products, .* but {cell}_forward does\."):
        mirror.recurrent_dropout_forward(params, xs, torch.zeros(B, H), torch.ones(B, H), cell=cell)
