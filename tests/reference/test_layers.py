"""Embedding and linear layer against finite differences and torch."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore.checks import check_gradient, check_parity, check_purity
from rnncore.reference import (
    embedding_backward,
    embedding_forward,
    init_embedding,
    init_linear,
    linear_backward,
    linear_forward,
)

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


@settings(max_examples=30, deadline=None)
@given(axes=st.lists(st.integers(1, 4), max_size=3), D=st.integers(1, 4), V=st.integers(1, 5), seed=st.integers(0, 10**6))
def test_any_shape(axes, D, V, seed):
    """Both layers, with any leading axes or none, down to one entry."""
    rng, functional = np.random.default_rng(seed), torch.nn.functional
    given = init_embedding(rng, V, D), rng.integers(0, V, axes)
    everything(embedding_forward, embedding_backward, lambda p, t: functional.embedding(t, p["weight"]), *given, rng=rng)
    given = init_linear(rng, D, V), rng.standard_normal((*axes, D))
    everything(linear_forward, linear_backward, lambda p, x: functional.linear(x, p["weight"], p["bias"]), *given, rng=rng)


def test_dtype_follows_the_input(rng):
    x, tokens = rng.standard_normal((T, D)).astype(np.float32), rng.integers(0, V, T)
    y, cache = linear_forward(init_linear(rng, D, V, dtype=np.float32), x)
    dparams, dx = linear_backward(cache, y)
    assert {a.dtype for a in (y, dx, *dparams.values())} == {np.dtype(np.float32)}
    vectors, cache = embedding_forward(init_embedding(rng, V, D, dtype=np.float32), tokens)
    assert vectors.dtype == embedding_backward(cache, vectors)["weight"].dtype == np.float32
