"""minLSTM against finite differences, autograd, its own steps, and loop against scan."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore.checks import check_gradient, check_parity, check_purity, compare
from rnncore.reference.min_lstm import init_min_lstm, min_lstm_backward, min_lstm_forward, min_lstm_step_backward, min_lstm_step_forward

T, B, D, H = 5, 2, 3, 4
FORMS = pytest.mark.parametrize("form", ["loop", "scan"])


def arguments(rng, T=T, B=B, D=D, H=H):
    return init_min_lstm(rng, D, H), rng.standard_normal((T, B, D)), rng.standard_normal((B, H))


def of_torch(params, xs, state0, form="loop"):
    h, hs = state0, []
    for x in xs.unbind(0):
        a_i, a_f, g = torch.nn.functional.linear(x, params["weight_ih"], params["bias_ih"]).chunk(3, dim=1)
        i, f = torch.sigmoid(a_i), torch.sigmoid(a_f)
        h = f / (f + i) * h + i / (f + i) * g  # as in the paper
        hs.append(h)
    return torch.stack(hs), h


def test_step_gradient(rng):
    params, xs, h = arguments(rng)
    check_gradient(min_lstm_step_forward, min_lstm_step_backward, params, xs[0], h, rng=rng, tol=1e-10)


@FORMS
def test_sequence_gradient(rng, form):
    check_gradient(min_lstm_forward, min_lstm_backward, *arguments(rng), rng=rng, tol=1e-10, form=form)


@FORMS
def test_equals_autograd(rng, form):
    check_parity(min_lstm_forward, min_lstm_backward, of_torch, *arguments(rng), rng=rng, form=form)


@FORMS
def test_pure(rng, form):
    params, xs, state0 = arguments(rng)
    check_purity(min_lstm_forward, min_lstm_backward, params, xs, state0, rng=rng, form=form)
    check_purity(min_lstm_step_forward, min_lstm_step_backward, params, xs[0], state0, rng=rng)


@settings(max_examples=25, deadline=None)
@given(sizes=st.tuples(st.integers(1, 20), *[st.integers(1, 5)] * 3), seed=st.integers(0, 10**6))
def test_any_shape(sizes, seed):
    """Scan, loop and steps agree to 1e-12, forward and backward."""
    rng = np.random.default_rng(seed)
    params, xs, state0 = arguments(rng, *sizes)
    hs, state_T, cache = min_lstm_forward(params, xs, state0)
    scanned, scanned_T, scan_cache = min_lstm_forward(params, xs, state0, form="scan")
    compare("scan", (scanned, scanned_T), (hs, state_T), rtol=1e-12, atol=1e-12)
    dhs, dstate_T = rng.standard_normal(hs.shape), rng.standard_normal(state_T.shape)
    gradients = min_lstm_backward(cache, dhs, dstate_T)
    compare("gradients", min_lstm_backward(scan_cache, dhs, dstate_T), gradients, rtol=1e-12, atol=1e-12)
    h, steps = state0, []
    for t, x in enumerate(xs):
        h, step = min_lstm_step_forward(params, x, h)
        steps.append(step)
        compare(f"h_{t + 1}", h, hs[t], rtol=1e-12, atol=1e-12)
    dh, dparams = dstate_T, {name: np.zeros_like(value) for name, value in params.items()}
    for t in reversed(range(len(xs))):
        step_dparams, dx, dh = min_lstm_step_backward(steps[t], dh + dhs[t])
        compare(f"dx_{t + 1}", dx, gradients[1][t])
        dparams = {name: dparams[name] + step_dparams[name] for name in dparams}
    compare("dparams", dparams, gradients[0])
    compare("dstate0", dh, gradients[2])


@pytest.mark.parametrize("shift", [-800.0, -60.0, 60.0, 800.0])
def test_gates_that_have_rounded_to_zero_or_one(rng, shift):
    """f / (f + i) would be 0 / 0 there; the shares still follow the difference of the pre-activations."""
    params, xs, state0 = arguments(rng)
    shifted = params | {"bias_ih": params["bias_ih"] + np.repeat([shift, shift, 0.0], H)}
    hs, _, cache = min_lstm_forward(shifted, xs, state0)
    a = xs @ params["weight_ih"].T + params["bias_ih"]
    kept = 1 / (1 + np.exp(a[..., :H] - a[..., H : 2 * H])) if shift < 0 else np.full((T, B, H), 0.5)
    compare("kept share", cache.k, kept)
    assert all(np.isfinite(value).all() for value in min_lstm_backward(cache, hs)[0].values())


def test_no_gradient_for_the_last_state_means_zero(rng):
    hs, state_T, cache = min_lstm_forward(*arguments(rng))
    compare("gradients", min_lstm_backward(cache, hs), min_lstm_backward(cache, hs, np.zeros_like(state_T)))


@FORMS
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_follows_the_input(rng, form, dtype):
    params, xs, state0 = arguments(rng)
    params, xs, state0 = {k: v.astype(dtype) for k, v in params.items()}, xs.astype(dtype), state0.astype(dtype)
    hs, state_T, cache = min_lstm_forward(params, xs, state0, form=form)
    dparams, dxs, dstate0 = min_lstm_backward(cache, np.ones_like(hs))
    assert {a.dtype for a in (hs, state_T, dxs, dstate0, *dparams.values())} == {np.dtype(dtype)}


def test_init_bound(rng):
    params = init_min_lstm(rng, 100, 30)
    assert params["weight_ih"].shape == (90, 100) and params["bias_ih"].shape == (90,)
    assert 0.095 < max(np.abs(value).max() for value in params.values()) <= 0.1  # 1 / sqrt(100)
