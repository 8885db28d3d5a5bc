"""Embedding, linear layer and losses against finite differences and torch."""

import numpy as np
import torch

from rnncore import (
    embedding_backward,
    embedding_forward,
    init_embedding,
    init_linear,
    linear_backward,
    linear_forward,
    sigmoid,
    sigmoid_cross_entropy_backward,
    sigmoid_cross_entropy_forward,
    softmax,
    softmax_cross_entropy_backward,
    softmax_cross_entropy_forward,
)
from rnncore.checks import check_gradient, check_parity, check_purity

T, B, D, V = 5, 2, 3, 7


def everything(forward, backward, torch_forward, *args, rng):
    check_gradient(forward, backward, *args, rng=rng, tol=1e-10)
    check_parity(forward, backward, torch_forward, *args, rng=rng)
    check_purity(forward, backward, *args, rng=rng)


def test_embedding(rng):
    tokens = rng.integers(0, V, (T, B))
    tokens[0] = tokens[1]  # a token that occurs twice gets both gradients
    params = init_embedding(rng, V, D)
    everything(embedding_forward, embedding_backward, lambda p, t: torch.nn.functional.embedding(t, p["weight"]), params, tokens, rng=rng)


def test_linear_with_any_leading_axes(rng):
    params = init_linear(rng, D, V)
    for axes in [(T, B), (B,), (2, 3, 4)]:
        x = rng.standard_normal((*axes, D))
        everything(linear_forward, linear_backward, lambda p, x: torch.nn.functional.linear(x, p["weight"], p["bias"]), params, x, rng=rng)


def test_softmax_cross_entropy(rng):
    def torch_loss(logits, targets):
        return torch.nn.functional.cross_entropy(logits.reshape(-1, V), targets.reshape(-1))

    logits, targets = rng.standard_normal((T, B, V)), rng.integers(0, V, (T, B))
    everything(softmax_cross_entropy_forward, softmax_cross_entropy_backward, torch_loss, logits, targets, rng=rng)


def test_sigmoid_cross_entropy(rng):
    logits, targets = rng.standard_normal((T, B)), rng.random((T, B))
    torch_loss = torch.nn.functional.binary_cross_entropy_with_logits
    check_gradient(sigmoid_cross_entropy_forward, sigmoid_cross_entropy_backward, logits, targets, rng=rng, tol=1e-10, data=["targets"])
    check_parity(sigmoid_cross_entropy_forward, sigmoid_cross_entropy_backward, torch_loss, logits, targets, rng=rng, data=["targets"])
    check_purity(sigmoid_cross_entropy_forward, sigmoid_cross_entropy_backward, logits, targets, rng=rng)


def test_huge_scores_do_not_overflow():
    logits = np.array([[1000.0, 0.0, -1000.0]])
    loss, cache = softmax_cross_entropy_forward(logits, np.array([0]))
    assert loss == 0 and np.isfinite(softmax_cross_entropy_backward(cache)).all()
    assert softmax_cross_entropy_forward(logits, np.array([2]))[0] == 2000
    assert np.array_equal(softmax(logits), [[1, 0, 0]])
    assert np.array_equal(sigmoid(np.array([-1000.0, 0, 1000])), [0, 0.5, 1])
    assert sigmoid_cross_entropy_forward(np.array([1000.0]), np.array([0.0]))[0] == 1000


def test_dtype_follows_the_input(rng):
    logits = rng.standard_normal((T, V)).astype(np.float32)
    loss, cache = softmax_cross_entropy_forward(logits, rng.integers(0, V, T))
    assert loss.dtype == softmax_cross_entropy_backward(cache).dtype == np.float32
    loss, cache = sigmoid_cross_entropy_forward(logits, np.ones_like(logits))
    assert loss.dtype == sigmoid_cross_entropy_backward(cache).dtype == np.float32
