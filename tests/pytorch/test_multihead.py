"""Self-attention in heads and linear attention on tensors give the reference's results."""

import numpy as np
import pytest
import torch

import rnncore.pytorch as mirror
from rnncore.checks import check_parity, compare
from rnncore.reference import linear_attention, multihead
from rnncore.reference.linear_attention import LinearAttentionState
from rnncore.reference.masking import length_mask
from rnncore.reference.tree import tree_map

T, B, N, E, D, V = 5, 2, 3, 12, 4, 6
GPU = pytest.param("cuda", marks=[pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")])
SIZES = [(T, B), (1, 3), (4, 1)]


def attention_arguments(rng, T=T, B=B):
    params = tree_map(lambda p: p + 0.1 * rng.standard_normal(p.shape), multihead.init_self_attention(rng, E))  # biases that are not zero
    return params, rng.standard_normal((T, B, E))


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(("T", "B"), SIZES)
def test_self_attention(rng, device, padded, causal, T, B):
    mask = length_mask(np.array([1 + b % T for b in range(B)]), T) if padded else None

    def torch_forward(*args, mask, **options):
        return mirror.self_attention_forward(*args, mask=None if mask is None else torch.tensor(mask, device=device), **options)

    pair, same = (multihead.self_attention_forward, multihead.self_attention_backward), {"rng": rng, "device": device}
    check_parity(*pair, torch_forward, *attention_arguments(rng, T, B), num_heads=N, causal=causal, mask=mask, **same)


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("padded", [False, True])
def test_without_weights_the_outputs_are_the_same(rng, device, causal, padded):
    params, xs = mirror.to_torch(attention_arguments(rng), device=device)
    mask = mirror.length_mask(torch.tensor([2, 5], device=device), T) if padded else None
    (with_weights, _), (ys, weights) = (
        mirror.self_attention_forward(params, xs, num_heads=N, causal=causal, mask=mask, need_weights=need) for need in (True, False)
    )
    assert weights is None
    torch.testing.assert_close(ys, with_weights, rtol=0, atol=1e-12)


def linear_arguments(rng, T=T, B=B):
    state0 = LinearAttentionState(rng.standard_normal((B, D, V)), rng.random((B, D)))
    return rng.standard_normal((T, B, D)), rng.standard_normal((T, B, D)), rng.standard_normal((T, B, V)), state0


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize(("T", "B"), SIZES)
def test_linear_attention(rng, device, T, B):
    qs, ks, vs, state0 = linear_arguments(rng, T, B)
    same = {"rng": rng, "device": device}
    pair = linear_attention.linear_attention_forward, linear_attention.linear_attention_backward
    check_parity(*pair, mirror.linear_attention_forward, qs, ks, vs, state0, **same)
    pair = linear_attention.linear_attention_step_forward, linear_attention.linear_attention_step_backward
    check_parity(*pair, mirror.linear_attention_step_forward, qs[0], ks[0], vs[0], state0, **same)
    got = mirror.linear_attention_quadratic(*mirror.to_torch((qs, ks, vs), device=device))
    compare("os", mirror.to_numpy(got), linear_attention.linear_attention_quadratic(qs, ks, vs))


def test_small_features_are_not_rounded_to_zero():
    """elu(x) + 1 would be 0 here, and every output 0 / 0."""
    qs, vs = torch.full((3, 1, 2), -50.0), torch.tensor([1.0, 2.0, 3.0])[:, None, None]
    os = mirror.linear_attention_quadratic(qs, qs, vs)
    torch.testing.assert_close(os.flatten(), torch.tensor([1.0, 1.5, 2.0]))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"num_heads": 5}, r"num_heads must divide 12, the size of the entries of xs, got 5\."),
        ({"num_heads": 0}, r"num_heads must be at least 1, got 0\."),
        ({"num_heads": N, "mask": torch.zeros(T, B, dtype=torch.bool)}, r"but step 0 of sequence 0 sees none\."),
        (
            {"num_heads": N, "mask": torch.tensor([[True, False]] + [[True, True]] * (T - 1)), "causal": True},
            r"step 0 of sequence 1 sees none",
        ),
        ({"num_heads": N, "mask": torch.ones(T, B)}, r"mask must hold True and False, got torch\.float32\."),
        ({"num_heads": N, "mask": torch.ones(T, B, dtype=torch.bool, device="meta")}, r"mask is on meta but params.* is on cpu"),
    ],
)
def test_bad_heads_get_a_sentence(rng, options, words):
    params, xs = tree_map(torch.tensor, attention_arguments(rng))
    with pytest.raises((TypeError, ValueError), match=words):
        mirror.self_attention_forward(params, xs, **options)


def test_bad_linear_attention_gets_a_sentence(rng):
    qs, ks, vs, state0 = tree_map(torch.tensor, linear_arguments(rng))
    with pytest.raises(
        ValueError, match=r"linear_attention_forward: ks must have shape \(T, B, D\), got \(5, 2, 3\): D is 4 in qs, not 3\."
    ):
        mirror.linear_attention_forward(qs, ks[..., 1:], vs, state0)
    with pytest.raises(TypeError, match=r"state must be LinearAttentionState\(S, z\), got a value of type tuple\."):
        mirror.linear_attention_step_forward(qs[0], ks[0], vs[0], tuple(state0))
    with pytest.raises(ValueError, match=r"vs must have shape \(T, B, V\), got \(4, 2, 6\)"):
        mirror.linear_attention_quadratic(qs, ks, vs[1:])
