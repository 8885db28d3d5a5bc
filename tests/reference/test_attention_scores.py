"""The four scores against finite differences and torch."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore.checks import check_gradient, check_parity, check_purity, compare
from rnncore.reference.attention_scores import (
    additive_scores_backward,
    additive_scores_forward,
    dot_scores_backward,
    dot_scores_forward,
    init_additive_scores,
    init_multiplicative_scores,
    multiplicative_scores_backward,
    multiplicative_scores_forward,
)

T, B, S, Q, K, A = 3, 2, 5, 4, 6, 7


def everything(forward, backward, torch_forward, *args, rng, **options):
    check_gradient(forward, backward, *args, rng=rng, tol=1e-10, **options)
    check_parity(forward, backward, torch_forward, *args, rng=rng, **options)
    check_purity(forward, backward, *args, rng=rng, **options)


@pytest.mark.parametrize("scaled", [False, True])
def test_dot(rng, scaled):
    def torch_scores(queries, keys, scaled):
        q, k = queries.transpose(0, 1), keys.transpose(0, 1)  # (B, T, K), (B, S, K)
        return (q @ k.mT / (K**0.5 if scaled else 1)).transpose(0, 1)

    queries, keys = rng.standard_normal((T, B, K)), rng.standard_normal((S, B, K))
    everything(dot_scores_forward, dot_scores_backward, torch_scores, queries, keys, rng=rng, scaled=scaled)


def test_multiplicative_equals_torch_bilinear(rng):
    def torch_scores(params, queries, keys):
        pairs = torch.broadcast_tensors(queries[:, :, None, :1], keys.transpose(0, 1)[None, ..., :1])[0].shape[:3]
        q, k = queries[:, :, None].expand(*pairs, Q).contiguous(), keys.transpose(0, 1)[None].expand(*pairs, K).contiguous()
        return torch.nn.functional.bilinear(q, k, params["weight"][None])[..., 0]

    params = init_multiplicative_scores(rng, Q, K)
    queries, keys = rng.standard_normal((T, B, Q)), rng.standard_normal((S, B, K))
    everything(multiplicative_scores_forward, multiplicative_scores_backward, torch_scores, params, queries, keys, rng=rng)


def test_additive(rng):
    def torch_scores(params, queries, keys):
        """One pair of a query and a key at a time."""
        W, U, v = params["weight_query"], params["weight_key"], params["v"]
        rows = [[[torch.tanh(W @ q[b] + U @ k[b]) @ v for k in keys] for b in range(B)] for q in queries]
        return torch.stack([torch.stack([torch.stack(over_s) for over_s in over_b]) for over_b in rows])

    params = init_additive_scores(rng, Q, K, A)
    queries, keys = rng.standard_normal((T, B, Q)), rng.standard_normal((S, B, K))
    everything(additive_scores_forward, additive_scores_backward, torch_scores, params, queries, keys, rng=rng)


def test_multiplicative_with_the_identity_is_the_dot_product(rng):
    queries, keys = rng.standard_normal((T, B, K)), rng.standard_normal((S, B, K))
    compare("scores", multiplicative_scores_forward({"weight": np.eye(K)}, queries, keys)[0], dot_scores_forward(queries, keys)[0])


def test_scaling_keeps_the_size_of_the_scores(rng):
    """Between vectors of independent standard normal entries the dot product has variance K, the scaled one variance 1."""
    spread = {}
    for size in (16, 256):
        queries, keys = rng.standard_normal((50, 4, size)), rng.standard_normal((60, 4, size))
        spread[size] = [dot_scores_forward(queries, keys, scaled=scaled)[0].std() for scaled in (False, True)]
    assert abs(spread[16][0] - 4) < 0.2 and abs(spread[256][0] - 16) < 0.8
    assert all(abs(scaled - 1) < 0.05 for _, scaled in spread.values())


@settings(max_examples=20, deadline=None)
@given(sizes=st.tuples(*[st.integers(1, 5)] * 6), seed=st.integers(0, 10**6))
def test_any_shape(sizes, seed):
    T, B, S, Q, K, A = sizes
    rng = np.random.default_rng(seed)
    queries, keys = rng.standard_normal((T, B, Q)), rng.standard_normal((S, B, K))
    multiplicative, additive = init_multiplicative_scores(rng, Q, K), init_additive_scores(rng, Q, K, A)
    check_gradient(multiplicative_scores_forward, multiplicative_scores_backward, multiplicative, queries, keys, rng=rng, directions=1)
    check_gradient(additive_scores_forward, additive_scores_backward, additive, queries, keys, rng=rng, directions=1)
    check_gradient(dot_scores_forward, dot_scores_backward, rng.standard_normal((T, B, K)), keys, rng=rng, directions=1, scaled=True)


def test_dtype_follows_the_input(rng):
    queries, keys = rng.standard_normal((T, B, K)).astype(np.float32), rng.standard_normal((S, B, K)).astype(np.float32)
    scores, cache = dot_scores_forward(queries, keys, scaled=True)
    arrays = [scores, *dot_scores_backward(cache, scores)]
    params = init_multiplicative_scores(rng, K, K, dtype=np.float32)
    scores, cache = multiplicative_scores_forward(params, queries, keys)
    dparams, *rest = multiplicative_scores_backward(cache, scores)
    arrays += [scores, *dparams.values(), *rest]
    params = init_additive_scores(rng, K, K, A, dtype=np.float32)
    scores, cache = additive_scores_forward(params, queries, keys)
    dparams, *rest = additive_scores_backward(cache, scores)
    arrays += [scores, *dparams.values(), *rest]
    assert {a.dtype for a in arrays} == {np.dtype(np.float32)}
