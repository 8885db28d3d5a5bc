"""Linear attention: recurrent against quadratic form, finite differences and autograd."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore.checks import check_gradient, check_parity, check_purity, compare
from rnncore.reference.linear_attention import (
    LinearAttentionState,
    linear_attention_backward,
    linear_attention_forward,
    linear_attention_quadratic,
    linear_attention_step_backward,
    linear_attention_step_forward,
)

T, B, D, V = 5, 2, 3, 4
STEP = linear_attention_step_forward, linear_attention_step_backward
SEQUENCE = linear_attention_forward, linear_attention_backward


def arguments(rng, T=T, B=B, D=D, V=V):
    qs, ks, vs = (rng.standard_normal(shape) for shape in [(T, B, D), (T, B, D), (T, B, V)])
    qs, ks = (x + np.copysign(0.1, x) for x in (qs, ks))  # the second derivative of phi jumps at 0, which finite differences feel
    return qs, ks, vs, LinearAttentionState(rng.standard_normal((B, D, V)), rng.uniform(1, 2, (B, D)))


def empty(B=B, D=D, V=V):
    return LinearAttentionState(np.zeros((B, D, V)), np.zeros((B, D)))


def test_step_gradient(rng):
    qs, ks, vs, state = arguments(rng)
    check_gradient(*STEP, qs[0], ks[0], vs[0], state, rng=rng, tol=1e-10)


def test_sequence_gradient(rng):
    check_gradient(*SEQUENCE, *arguments(rng), rng=rng, tol=1e-10)


def test_pure(rng):
    qs, ks, vs, state = arguments(rng)
    check_purity(*STEP, qs[0], ks[0], vs[0], state, rng=rng)
    check_purity(*SEQUENCE, qs, ks, vs, state, rng=rng)


def test_equals_autograd_of_masked_attention(rng):
    def of_torch(qs, ks, vs, state0):
        q, k = (torch.nn.functional.elu(x) + 1 for x in (qs, ks))
        weights = torch.einsum("tbd,sbd->bts", q, k).tril()
        stored = torch.einsum("tbd,bdv->tbv", q, state0.S), torch.einsum("tbd,bd->tb", q, state0.z)
        o = (torch.einsum("bts,sbv->tbv", weights, vs) + stored[0]) / (weights.sum(2).T + stored[1])[..., None]
        state_T = LinearAttentionState(state0.S + torch.einsum("tbd,tbv->bdv", k, vs), state0.z + k.sum(0))
        return o, state_T

    check_parity(*SEQUENCE, of_torch, *arguments(rng), rng=rng)


@settings(max_examples=25, deadline=None)
@given(sizes=st.tuples(st.integers(1, 12), *[st.integers(1, 5)] * 3), seed=st.integers(0, 10**6))
def test_recurrent_equals_quadratic(sizes, seed):
    rng = np.random.default_rng(seed)
    qs, ks, vs, state0 = arguments(rng, *sizes)
    os, _, _ = linear_attention_forward(qs, ks, vs, empty(*sizes[1:]))
    compare("os", linear_attention_quadratic(qs, ks, vs), os, rtol=1e-12, atol=1e-12)
    check_gradient(*SEQUENCE, qs, ks, vs, state0, rng=rng, directions=1)  # near an empty state 1 / z bends too much to be measured
    assert (os <= np.maximum.accumulate(vs) + 1e-12).all() and (os >= np.minimum.accumulate(vs) - 1e-12).all()  # means of the past
    compare("first", os[0], vs[0])


def test_two_halves_with_the_state_carried_equal_the_whole(rng):
    qs, ks, vs, state0 = arguments(rng)
    os, state_T, _ = linear_attention_forward(qs, ks, vs, state0)
    first, carried, _ = linear_attention_forward(qs[:2], ks[:2], vs[:2], state0)
    second, end, _ = linear_attention_forward(qs[2:], ks[2:], vs[2:], carried)
    compare("os", np.concatenate([first, second]), os)
    compare("state", end, state_T)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_follows_the_input(rng, dtype):
    qs, ks, vs, (S, z) = arguments(rng)
    qs, ks, vs, S, z = (value.astype(dtype) for value in (qs, ks, vs, S, z))
    os, state_T, cache = linear_attention_forward(qs, ks, vs, LinearAttentionState(S, z))
    dqs, dks, dvs, dstate0 = linear_attention_backward(cache, np.ones_like(os))
    results = os, *state_T, dqs, dks, dvs, *dstate0, linear_attention_quadratic(qs, ks, vs)
    assert {value.dtype for value in results} == {np.dtype(dtype)}
