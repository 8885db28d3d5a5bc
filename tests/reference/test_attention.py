"""Attention and attention pooling against finite differences and torch, and what a mask hides."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore.checks import check_gradient, check_parity, check_purity, compare
from rnncore.reference.attention import (
    attention_backward,
    attention_forward,
    init_attention,
    masked_softmax_backward,
    masked_softmax_forward,
    weighted_sum_backward,
    weighted_sum_forward,
)
from rnncore.reference.attention_pooling import attention_pooling_backward, attention_pooling_forward, init_attention_pooling
from rnncore.reference.masking import length_mask

T, B, S, Q, K, E = 3, 2, 5, 4, 6, 7
SCORES = ["dot", "scaled_dot", "multiplicative", "additive"]


def arguments(rng, score, T=T, B=B, S=S, Q=Q, K=K, E=E):
    Q = K if score in ("dot", "scaled_dot") else Q
    params = init_attention(rng, Q, K, 8, score=score)
    return params, rng.standard_normal((T, B, Q)), rng.standard_normal((S, B, K)), rng.standard_normal((S, B, E))


def without_empty_params(forward, backward, params):
    """`check_gradient` counts gradients of arrays: leave out the {} of the dot scores, and its {}."""
    if params:
        return forward, backward, (params,)

    def forward_2(queries, keys, values, **options):
        return forward({}, queries, keys, values, **options)

    def backward_2(cache, *d_outputs):
        dparams, *rest = backward(cache, *d_outputs)
        assert dparams == {}
        return tuple(rest)

    return forward_2, backward_2, ()


def torch_attention(params, queries, keys, values, score, mask):
    """The definition, batch first, one equation after the other."""
    q, k, v = queries.transpose(0, 1), keys.transpose(0, 1), values.transpose(0, 1)  # (B, T, Q), (B, S, K), (B, S, E)
    if score == "additive":
        hidden = torch.tanh((q @ params["weight_query"].T)[:, :, None] + (k @ params["weight_key"].T)[:, None])
        scores = hidden @ params["v"]
    else:
        scores = {"dot": lambda: q @ k.mT, "scaled_dot": lambda: q @ k.mT / K**0.5, "multiplicative": lambda: q @ params["weight"] @ k.mT}[
            score
        ]()
    if mask is not None:
        scores = scores.masked_fill(~torch.tensor(mask).T[:, None], -torch.inf)
    weights = torch.softmax(scores, -1)
    return (weights @ v).transpose(0, 1), weights.transpose(0, 1)


@pytest.mark.parametrize("mask", [None, length_mask(np.array([2, 5]), S)], ids=["whole", "masked"])
@pytest.mark.parametrize("score", SCORES)
def test_attention(rng, score, mask):
    params, *arrays = arguments(rng, score)
    forward, backward, first = without_empty_params(attention_forward, attention_backward, params)
    args, options = (*first, *arrays), {"score": score, "mask": mask}
    check_gradient(forward, backward, *args, rng=rng, tol=1e-10, **options)
    check_parity(forward, backward, lambda *a, **o: torch_attention(*((() if first else ({},)) + a), **o), *args, rng=rng, **options)
    check_purity(attention_forward, attention_backward, params, *arrays, rng=rng, **options)


@pytest.mark.parametrize("mask", [None, length_mask(np.array([2, 5]), S)], ids=["whole", "masked"])
def test_scaled_dot_equals_torch(rng, mask):
    def torch_function(queries, keys, values, score, mask):
        q, k, v = (a.transpose(0, 1) for a in (queries, keys, values))
        allowed = None if mask is None else torch.tensor(mask).T[:, None]  # (B, 1, S)
        return torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=allowed).transpose(0, 1)

    def forward(queries, keys, values, **options):
        contexts, _, cache = attention_forward({}, queries, keys, values, **options)
        return contexts, cache

    def backward(cache, dcontexts):
        return attention_backward(cache, dcontexts)[1:]

    check_parity(forward, backward, torch_function, *arguments(rng, "scaled_dot")[1:], rng=rng, score="scaled_dot", mask=mask)


def test_softmax_and_sum(rng):
    scores, mask = rng.standard_normal((T, B, S)), rng.random((T, 1, S)) < 0.5
    mask[..., 2] = True

    def torch_softmax(scores, mask):
        return torch.softmax(scores.masked_fill(~mask, -torch.inf), -1)

    check_gradient(masked_softmax_forward, masked_softmax_backward, scores, mask, rng=rng, tol=1e-10)
    check_parity(masked_softmax_forward, masked_softmax_backward, torch_softmax, scores, mask, rng=rng)
    check_purity(masked_softmax_forward, masked_softmax_backward, scores, mask, rng=rng)
    weights, values = rng.random((T, B, S)), rng.standard_normal((S, B, E))
    check_gradient(weighted_sum_forward, weighted_sum_backward, weights, values, rng=rng, tol=1e-10)
    check_parity(weighted_sum_forward, weighted_sum_backward, lambda w, v: torch.einsum("tbs,sbe->tbe", w, v), weights, values, rng=rng)
    check_purity(weighted_sum_forward, weighted_sum_backward, weights, values, rng=rng)


@settings(max_examples=25, deadline=None)
@given(sizes=st.tuples(*[st.integers(1, 5)] * 6), score=st.sampled_from(SCORES), seed=st.integers(0, 10**6))
def test_padding_might_as_well_not_be_there(sizes, score, seed):
    """Each sequence of a padded batch gets what it gets alone, cut to its length; padded keys and values get gradient zero."""
    rng = np.random.default_rng(seed)
    T, B, S, *_ = sizes
    params, queries, keys, values = arguments(rng, score, *sizes)
    lengths = rng.integers(1, S + 1, B)
    contexts, weights, cache = attention_forward(params, queries, keys, values, score=score, mask=length_mask(lengths, S))
    compare("sums", weights.sum(axis=-1), np.ones((T, B)))
    _, _, dkeys, dvalues = attention_backward(cache, np.ones_like(contexts))
    for b, n in enumerate(lengths):
        alone = attention_forward(params, queries[:, b : b + 1], keys[:n, b : b + 1], values[:n, b : b + 1], score=score)
        compare("context alone", alone[0][:, 0], contexts[:, b])
        compare("weights alone", alone[1][:, 0], weights[:, b, :n])
        assert not weights[:, b, n:].any() and not dkeys[n:, b].any() and not dvalues[n:, b].any()


@pytest.mark.parametrize("score", SCORES)
def test_the_order_of_the_keys_does_not_matter(rng, score):
    """Attention looks up by content: keys and values reordered together give the same contexts."""
    params, queries, keys, values = arguments(rng, score)
    order = rng.permutation(S)
    contexts, weights, _ = attention_forward(params, queries, keys, values, score=score)
    again, reordered, _ = attention_forward(params, queries, keys[order], values[order], score=score)
    compare("contexts", again, contexts)
    compare("weights", reordered, weights[..., order])


def test_no_gradient_for_the_weights_means_zero(rng):
    contexts, weights, cache = attention_forward(*arguments(rng, "additive"))
    dcontexts = rng.standard_normal(contexts.shape)
    compare("gradients", attention_backward(cache, dcontexts), attention_backward(cache, dcontexts, np.zeros_like(weights)))


def test_huge_scores_do_not_overflow():
    weights, _ = masked_softmax_forward(np.array([1000.0, -1000.0, 1e300]), np.array([True, True, False]))
    assert np.array_equal(weights, [1, 0, 0])


def torch_pooling(params, xs, mask):
    scores = xs @ params["query"]  # (T, B)
    if mask is not None:
        scores = scores.masked_fill(~torch.tensor(mask), -torch.inf)
    weights = torch.softmax(scores, 0)
    return (weights[..., None] * xs).sum(0), weights


@pytest.mark.parametrize("mask", [None, length_mask(np.array([5, 1]), 5)], ids=["whole", "masked"])
def test_pooling(rng, mask):
    args = init_attention_pooling(rng, K), rng.standard_normal((5, B, K))
    check_gradient(attention_pooling_forward, attention_pooling_backward, *args, rng=rng, tol=1e-10, mask=mask)
    check_parity(attention_pooling_forward, attention_pooling_backward, torch_pooling, *args, rng=rng, mask=mask)
    check_purity(attention_pooling_forward, attention_pooling_backward, *args, rng=rng, mask=mask)


@settings(max_examples=20, deadline=None)
@given(sizes=st.tuples(*[st.integers(1, 6)] * 3), seed=st.integers(0, 10**6))
def test_pooling_with_a_query_of_zero_is_the_mean(sizes, seed):
    rng = np.random.default_rng(seed)
    xs = rng.standard_normal(sizes)
    compare("pooled", attention_pooling_forward({"query": np.zeros(sizes[2])}, xs)[0], xs.mean(axis=0))
    check_gradient(attention_pooling_forward, attention_pooling_backward, init_attention_pooling(rng, sizes[2]), xs, rng=rng, directions=1)


@pytest.mark.parametrize("score", SCORES)
def test_dtype_follows_the_input(rng, score):
    params, *arrays = arguments(rng, score)
    params = {name: value.astype(np.float32) for name, value in params.items()}
    contexts, weights, cache = attention_forward(params, *(a.astype(np.float32) for a in arrays), score=score)
    dparams, *rest = attention_backward(cache, contexts, weights)
    assert {a.dtype for a in (contexts, weights, *dparams.values(), *rest)} == {np.dtype(np.float32)}
    pooled, weights, cache = attention_pooling_forward(init_attention_pooling(rng, K, dtype=np.float32), arrays[1].astype(np.float32))
    dparams, dxs = attention_pooling_backward(cache, pooled)
    assert {a.dtype for a in (pooled, weights, dxs, *dparams.values())} == {np.dtype(np.float32)}
