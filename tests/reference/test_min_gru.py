"""minGRU against finite differences, autograd, its own steps, and loop against scan."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore.checks import check_gradient, check_parity, check_purity, compare
from rnncore.reference.min_gru import init_min_gru, min_gru_backward, min_gru_forward, min_gru_step_backward, min_gru_step_forward

T, B, D, H = 5, 2, 3, 4
FORMS = pytest.mark.parametrize("form", ["loop", "scan"])


def arguments(rng, T=T, B=B, D=D, H=H):
    return init_min_gru(rng, D, H), rng.standard_normal((T, B, D)), rng.standard_normal((B, H))


def of_torch(params, xs, state0, form="loop"):
    h, hs = state0, []
    for x in xs.unbind(0):
        a_z, n = torch.nn.functional.linear(x, params["weight_ih"], params["bias_ih"]).chunk(2, dim=1)
        h = torch.lerp(h, n, torch.sigmoid(a_z))
        hs.append(h)
    return torch.stack(hs), h


def test_step_gradient(rng):
    params, xs, h = arguments(rng)
    check_gradient(min_gru_step_forward, min_gru_step_backward, params, xs[0], h, rng=rng, tol=1e-10)


@FORMS
def test_sequence_gradient(rng, form):
    check_gradient(min_gru_forward, min_gru_backward, *arguments(rng), rng=rng, tol=1e-10, form=form)


@FORMS
def test_equals_autograd(rng, form):
    check_parity(min_gru_forward, min_gru_backward, of_torch, *arguments(rng), rng=rng, form=form)


@FORMS
def test_pure(rng, form):
    params, xs, state0 = arguments(rng)
    check_purity(min_gru_forward, min_gru_backward, params, xs, state0, rng=rng, form=form)
    check_purity(min_gru_step_forward, min_gru_step_backward, params, xs[0], state0, rng=rng)


@settings(max_examples=25, deadline=None)
@given(sizes=st.tuples(st.integers(1, 20), *[st.integers(1, 5)] * 3), seed=st.integers(0, 10**6))
def test_any_shape(sizes, seed):
    """Scan, loop and steps agree to 1e-12, forward and backward."""
    rng = np.random.default_rng(seed)
    params, xs, state0 = arguments(rng, *sizes)
    hs, state_T, cache = min_gru_forward(params, xs, state0)
    scanned, scanned_T, scan_cache = min_gru_forward(params, xs, state0, form="scan")
    compare("scan", (scanned, scanned_T), (hs, state_T), rtol=1e-12, atol=1e-12)
    dhs, dstate_T = rng.standard_normal(hs.shape), rng.standard_normal(state_T.shape)
    gradients = min_gru_backward(cache, dhs, dstate_T)
    compare("gradients", min_gru_backward(scan_cache, dhs, dstate_T), gradients, rtol=1e-12, atol=1e-12)
    h, steps = state0, []
    for t, x in enumerate(xs):
        h, step = min_gru_step_forward(params, x, h)
        steps.append(step)
        compare(f"h_{t + 1}", h, hs[t], rtol=1e-12, atol=1e-12)
    dh, dparams = dstate_T, {name: np.zeros_like(value) for name, value in params.items()}
    for t in reversed(range(len(xs))):
        step_dparams, dx, dh = min_gru_step_backward(steps[t], dh + dhs[t])
        compare(f"dx_{t + 1}", dx, gradients[1][t])
        dparams = {name: dparams[name] + step_dparams[name] for name in dparams}
    compare("dparams", dparams, gradients[0])
    compare("dstate0", dh, gradients[2])


def test_no_gradient_for_the_last_state_means_zero(rng):
    hs, state_T, cache = min_gru_forward(*arguments(rng))
    compare("gradients", min_gru_backward(cache, hs), min_gru_backward(cache, hs, np.zeros_like(state_T)))


@FORMS
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_follows_the_input(rng, form, dtype):
    params, xs, state0 = arguments(rng)
    params, xs, state0 = {k: v.astype(dtype) for k, v in params.items()}, xs.astype(dtype), state0.astype(dtype)
    hs, state_T, cache = min_gru_forward(params, xs, state0, form=form)
    dparams, dxs, dstate0 = min_gru_backward(cache, np.ones_like(hs))
    assert {a.dtype for a in (hs, state_T, dxs, dstate0, *dparams.values())} == {np.dtype(dtype)}


def test_init_bound(rng):
    params = init_min_gru(rng, 100, 30)
    assert params["weight_ih"].shape == (60, 100) and params["bias_ih"].shape == (60,)
    assert 0.095 < max(np.abs(value).max() for value in params.values()) <= 0.1  # 1 / sqrt(100)
