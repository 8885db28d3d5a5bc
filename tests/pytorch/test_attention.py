"""Attention on tensors gives the reference's results for every score, with and without a mask."""

import numpy as np
import pytest
import torch

import rnncore.pytorch as mirror
from rnncore.checks import check_parity, compare
from rnncore.reference import attention, attention_pooling, attention_scores

T, S, B, Q, K, E, A = 3, 5, 2, 4, 6, 7, 8
GPU = pytest.param("cuda", marks=[pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")])
SCORES = ["dot", "scaled_dot", "multiplicative", "additive"]


def with_tensor_mask(function, device):
    """check_parity hands options on as they are; a mask must become a tensor."""

    def wrapped(*args, mask=None, **options):
        return function(*args, mask=None if mask is None else torch.tensor(mask, device=device), **options)

    return wrapped


def mask_of(masked):
    return np.arange(S)[:, None] < np.array([5, 2]) if masked else None


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("score", SCORES)
def test_attention_equals_the_reference(rng, device, masked, score):
    size = Q if "dot" in score else K
    params = attention.init_attention(rng, Q, size, A, score=score)
    given = params, rng.standard_normal((T, B, Q)), rng.standard_normal((S, B, size)), rng.standard_normal((S, B, E))
    torch_forward = with_tensor_mask(mirror.attention_forward, device)
    same = {"rng": rng, "device": device, "score": score, "mask": mask_of(masked)}
    check_parity(attention.attention_forward, attention.attention_backward, torch_forward, *given, **same)


@pytest.mark.parametrize("device", ["cpu", GPU])
def test_the_parts_equal_the_reference(rng, device):
    same = {"rng": rng, "device": device}
    queries, keys = rng.standard_normal((T, B, Q)), rng.standard_normal((S, B, Q))
    for scaled in (False, True):
        pair = attention_scores.dot_scores_forward, attention_scores.dot_scores_backward
        check_parity(*pair, mirror.dot_scores_forward, queries, keys, scaled=scaled, **same)
    pair = attention.weighted_sum_forward, attention.weighted_sum_backward
    check_parity(*pair, mirror.weighted_sum_forward, rng.random((T, B, S)), rng.standard_normal((S, B, E)), **same)
    for mask in (None, rng.random((B, S)) < 0.5):
        if mask is not None:
            mask[:, 0] = True
        given = (rng.standard_normal((T, B, S)),) if mask is None else (rng.standard_normal((T, B, S)), mask)
        check_parity(attention.masked_softmax_forward, attention.masked_softmax_backward, mirror.masked_softmax_forward, *given, **same)


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize("masked", [False, True])
def test_pooling_equals_the_reference(rng, device, masked):
    params, xs = attention_pooling.init_attention_pooling(rng, E), rng.standard_normal((S, B, E))
    pair = attention_pooling.attention_pooling_forward, attention_pooling.attention_pooling_backward
    torch_forward = with_tensor_mask(mirror.attention_pooling_forward, device)
    check_parity(*pair, torch_forward, params, xs, rng=rng, device=device, mask=mask_of(masked))


def test_init_draws_the_reference_numbers():
    exact, ours = {"rtol": 0, "atol": 0}, {"device": "cpu", "dtype": torch.float64}
    for score in SCORES:
        expected = attention.init_attention(np.random.default_rng(1), Q, Q, A, score=score)
        got = mirror.init_attention(np.random.default_rng(1), Q, Q, A, score=score, **ours)
        compare(score, mirror.to_numpy(got), expected, **exact)
    for name, sizes in (("additive_scores", (Q, K, A)), ("multiplicative_scores", (Q, K))):
        expected = getattr(attention_scores, f"init_{name}")(np.random.default_rng(1), *sizes)
        compare(name, mirror.to_numpy(getattr(mirror, f"init_{name}")(np.random.default_rng(1), *sizes, **ours)), expected, **exact)
    expected = attention_pooling.init_attention_pooling(np.random.default_rng(1), E)
    compare("pooling", mirror.to_numpy(mirror.init_attention_pooling(np.random.default_rng(1), E, **ours)), expected, **exact)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda q, k: mirror.attention_forward({}, q, k, k, score="cosine"), r"score must be one of dot, .*, got 'cosine'\."),
        (lambda q, k: mirror.attention_forward({}, q, k[..., 1:], k, score="dot"), r"keys must have shape \(S, B, K\), got \(5, 2, 3\)"),
        (
            lambda q, k: mirror.attention_forward({}, q, k, k, score="dot", mask=torch.zeros(S, B, dtype=torch.bool)),
            r"hides all keys from the query at index \[0, 0\]\.",
        ),
        (
            lambda q, k: mirror.attention_forward({}, q, k, k, score="dot", mask=torch.ones(S, B)),
            r"mask must hold True and False, got torch",
        ),
        (
            lambda q, k: mirror.masked_softmax_forward(q, torch.ones(7, Q, dtype=torch.bool)),
            r"mask must have shape \(3, 2, 4\) or one that PyTorch stretches to it, got \(7, 4\)\.",
        ),
        (lambda q, k: mirror.additive_scores_forward({}, q, k), r"params must have exactly the keys weight_query, weight_key, v"),
        (lambda q, k: mirror.weighted_sum_forward(q, k), r"values must have shape \(S, B, E\), got \(5, 2, 4\): S is 4 in weights, not 5"),
        (lambda q, k: mirror.attention_pooling_forward({"query": q[0, 0, 1:]}, k), r"xs must have shape \(T, B, D\).*D is 3"),
    ],
)
def test_bad_input_gets_a_sentence(call, words):
    with pytest.raises((TypeError, ValueError), match=words):
        call(torch.zeros(T, B, Q), torch.zeros(S, B, Q))
