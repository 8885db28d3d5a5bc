"""Multi-head self-attention against finite differences and torch.nn.MultiheadAttention."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore.checks import check_gradient, check_parity, check_purity, compare
from rnncore.reference.masking import length_mask
from rnncore.reference.multihead import init_self_attention, self_attention_backward, self_attention_forward
from rnncore.reference.tree import leaves, tree_map

T, B, N, E = 5, 2, 3, 12
PAIR = (self_attention_forward, self_attention_backward)


def arguments(rng, T=T, B=B, E=E):
    params = tree_map(lambda a: a + 0.1 * rng.standard_normal(a.shape), init_self_attention(rng, E))  # biases that are not zero
    return params, rng.standard_normal((T, B, E))


def torch_attention(params, xs, num_heads, causal, mask):
    layer = torch.nn.MultiheadAttention(xs.shape[2], num_heads, dtype=torch.float64)
    flat = {"in_proj_weight": params["in_proj_weight"], "in_proj_bias": params["in_proj_bias"]}
    flat |= {"out_proj." + name: value for name, value in params["out_proj"].items()}
    hidden = {
        "key_padding_mask": None if mask is None else ~torch.tensor(mask).T,
        "attn_mask": torch.ones(len(xs), len(xs), dtype=bool).triu(1) if causal else None,
    }
    ys, weights = torch.func.functional_call(layer, flat, (xs, xs, xs), hidden | {"average_attn_weights": False})
    return ys, weights.permute(2, 0, 1, 3)  # (B, N, T, T) -> (T, B, N, T)


@pytest.mark.parametrize("mask", [None, length_mask(np.array([2, 5]), T)], ids=["whole", "padded"])
@pytest.mark.parametrize("causal", [False, True])
def test_self_attention(rng, causal, mask):
    args, options = arguments(rng), {"num_heads": N, "causal": causal, "mask": mask}
    check_gradient(*PAIR, *args, rng=rng, tol=1e-10, **options)
    check_parity(*PAIR, torch_attention, *args, rng=rng, **options)
    check_purity(*PAIR, *args, rng=rng, **options)


@settings(max_examples=20, deadline=None)
@given(sizes=st.tuples(*[st.integers(1, 5)] * 4), causal=st.booleans(), seed=st.integers(0, 10**6))
def test_a_padded_batch_equals_its_sequences_alone(sizes, causal, seed):
    T, B, N, D = sizes
    rng = np.random.default_rng(seed)
    params, xs = arguments(rng, T, B, N * D)
    lengths = rng.integers(1, T + 1, B)
    mask = length_mask(lengths, T)
    ys, weights, _ = self_attention_forward(params, xs, num_heads=N, causal=causal, mask=mask)
    compare("sums", weights.sum(axis=-1), np.ones((T, B, N)))
    for b, n in enumerate(lengths):
        alone, alone_weights, _ = self_attention_forward(params, xs[:n, b : b + 1], num_heads=N, causal=causal)
        compare("alone", alone[:, 0], ys[:n, b])
        compare("weights alone", alone_weights[:, 0], weights[:n, b, :, :n])
    check_gradient(*PAIR, params, xs, rng=rng, directions=1, num_heads=N, causal=causal, mask=mask)


def test_causal_steps_do_not_see_the_future(rng):
    params, xs = arguments(rng)
    later = xs.copy()
    later[3:] += 1
    before, changed = (self_attention_forward(params, x, num_heads=N, causal=True)[0] for x in (xs, later))
    compare("first three steps", changed[:3], before[:3], rtol=0, atol=1e-12)
    assert (changed[3:] != before[3:]).any()
    assert (self_attention_forward(params, later, num_heads=N)[0][:3] != self_attention_forward(params, xs, num_heads=N)[0][:3]).any()


def test_without_a_mask_the_order_of_the_steps_does_not_matter(rng):
    params, xs = arguments(rng)
    order = rng.permutation(T)
    ys = self_attention_forward(params, xs, num_heads=N)[0]
    compare("ys", self_attention_forward(params, xs[order], num_heads=N)[0], ys[order])


def test_init_matches_torch_in_bound_and_shape(rng):
    params, layer = init_self_attention(rng, 32), torch.nn.MultiheadAttention(32, 4)
    state = layer.state_dict()
    assert {path.replace("']['", ".")[2:-2]: tuple(a.shape) for path, a in leaves(params)} == {k: tuple(v.shape) for k, v in state.items()}
    bound = np.sqrt(6 / 128)
    assert (
        0.99 * bound < np.abs(params["in_proj_weight"]).max() <= bound
        and 0.99 * bound < state["in_proj_weight"].abs().max() <= bound * 1.0001
    )


def test_dtype_follows_the_input(rng):
    params, xs = init_self_attention(rng, E, dtype=np.float32), rng.standard_normal((T, B, E)).astype(np.float32)
    ys, weights, cache = self_attention_forward(params, xs, num_heads=N, causal=True)
    gradients = self_attention_backward(cache, ys, weights)
    assert {leaf.dtype for _, leaf in leaves((ys, weights, gradients))} == {np.dtype(np.float32)}
