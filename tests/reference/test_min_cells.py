"""minGRU and minLSTM against finite differences, autograd, their own steps, and loop against scan."""

from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import linear

import rnncore.reference as reference
from rnncore.checks import check_gradient, check_parity, check_purity, compare

T, B, D, H = 5, 2, 3, 4
FORMS = pytest.mark.parametrize("form", ["loop", "scan"])


def min_gru_of_torch(params, x, h):
    a_z, n = linear(x, params["weight_ih"], params["bias_ih"]).chunk(2, dim=1)
    return torch.lerp(h, n, torch.sigmoid(a_z))


def min_lstm_of_torch(params, x, h):
    a_i, a_f, g = linear(x, params["weight_ih"], params["bias_ih"]).chunk(3, dim=1)
    i, f = torch.sigmoid(a_i), torch.sigmoid(a_f)
    return f / (f + i) * h + i / (f + i) * g  # as in the paper


def cell(name, gates, of_torch):
    """The functions of one cell under short names."""
    names = ("forward", "backward", "step_forward", "step_backward")
    functions = {short: getattr(reference, f"{name}_{short}") for short in names}
    return pytest.param(SimpleNamespace(init=getattr(reference, f"init_{name}"), gates=gates, of_torch=of_torch, **functions), id=name)


CELLS = pytest.mark.parametrize("cell", [cell("min_gru", 2, min_gru_of_torch), cell("min_lstm", 3, min_lstm_of_torch)])


def arguments(cell, rng, T=T, B=B, D=D, H=H):
    return cell.init(rng, D, H), rng.standard_normal((T, B, D)), rng.standard_normal((B, H))


def torch_sequence(step, params, xs, state0, form):
    h, hs = state0, []
    for x in xs.unbind(0):
        h = step(params, x, h)
        hs.append(h)
    return torch.stack(hs), h


@CELLS
def test_step_gradient(cell, rng):
    params, xs, h = arguments(cell, rng)
    check_gradient(cell.step_forward, cell.step_backward, params, xs[0], h, rng=rng, tol=1e-10)


@CELLS
@FORMS
def test_sequence_gradient(cell, rng, form):
    check_gradient(cell.forward, cell.backward, *arguments(cell, rng), rng=rng, tol=1e-10, form=form)


@CELLS
@FORMS
def test_equals_autograd(cell, rng, form):
    check_parity(cell.forward, cell.backward, partial(torch_sequence, cell.of_torch), *arguments(cell, rng), rng=rng, form=form)


@CELLS
@FORMS
def test_pure(cell, rng, form):
    params, xs, state0 = arguments(cell, rng)
    check_purity(cell.forward, cell.backward, params, xs, state0, rng=rng, form=form)
    check_purity(cell.step_forward, cell.step_backward, params, xs[0], state0, rng=rng)


@CELLS
@settings(max_examples=25, deadline=None)
@given(sizes=st.tuples(st.integers(1, 20), *[st.integers(1, 5)] * 3), seed=st.integers(0, 10**6))
def test_any_shape(cell, sizes, seed):
    """Scan, loop and steps agree to 1e-12, forward and backward."""
    rng = np.random.default_rng(seed)
    params, xs, state0 = arguments(cell, rng, *sizes)
    hs, state_T, cache = cell.forward(params, xs, state0)
    scanned, scanned_T, scan_cache = cell.forward(params, xs, state0, form="scan")
    compare("scan", (scanned, scanned_T), (hs, state_T), rtol=1e-12, atol=1e-12)
    dhs, dstate_T = rng.standard_normal(hs.shape), rng.standard_normal(state_T.shape)
    gradients = cell.backward(cache, dhs, dstate_T)
    compare("gradients", cell.backward(scan_cache, dhs, dstate_T), gradients, rtol=1e-12, atol=1e-12)
    h, steps = state0, []
    for t, x in enumerate(xs):
        h, step = cell.step_forward(params, x, h)
        steps.append(step)
        compare(f"h_{t + 1}", h, hs[t], rtol=1e-12, atol=1e-12)
    dh, dparams = dstate_T, {name: np.zeros_like(value) for name, value in params.items()}
    for t in reversed(range(len(xs))):
        step_dparams, dx, dh = cell.step_backward(steps[t], dh + dhs[t])
        compare(f"dx_{t + 1}", dx, gradients[1][t])
        dparams = {name: dparams[name] + step_dparams[name] for name in dparams}
    compare("dparams", dparams, gradients[0])
    compare("dstate0", dh, gradients[2])


@pytest.mark.parametrize("shift", [-800.0, -60.0, 60.0, 800.0])
def test_min_lstm_gates_that_have_rounded_to_zero_or_one(rng, shift):
    """f / (f + i) would be 0 / 0 there; the shares still follow the difference of the pre-activations."""
    params, xs, state0 = reference.init_min_lstm(rng, D, H), rng.standard_normal((T, B, D)), rng.standard_normal((B, H))
    shifted = params | {"bias_ih": params["bias_ih"] + np.repeat([shift, shift, 0.0], H)}
    hs, _, cache = reference.min_lstm_forward(shifted, xs, state0)
    a = xs @ params["weight_ih"].T + params["bias_ih"]
    kept = 1 / (1 + np.exp(a[..., :H] - a[..., H : 2 * H])) if shift < 0 else np.full((T, B, H), 0.5)
    compare("kept share", cache.k, kept)
    assert all(np.isfinite(value).all() for value in reference.min_lstm_backward(cache, hs)[0].values())


@CELLS
def test_no_gradient_for_the_last_state_means_zero(cell, rng):
    hs, state_T, cache = cell.forward(*arguments(cell, rng))
    compare("gradients", cell.backward(cache, hs), cell.backward(cache, hs, np.zeros_like(state_T)))


@CELLS
@FORMS
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_follows_the_input(cell, rng, form, dtype):
    params, xs, state0 = arguments(cell, rng)
    params, xs, state0 = {k: v.astype(dtype) for k, v in params.items()}, xs.astype(dtype), state0.astype(dtype)
    hs, state_T, cache = cell.forward(params, xs, state0, form=form)
    dparams, dxs, dstate0 = cell.backward(cache, np.ones_like(hs))
    assert {a.dtype for a in (hs, state_T, dxs, dstate0, *dparams.values())} == {np.dtype(dtype)}


@CELLS
def test_init_bound(cell, rng):
    params, rows = cell.init(rng, 100, 30), cell.gates * 30
    assert params["weight_ih"].shape == (rows, 100) and params["bias_ih"].shape == (rows,)
    assert 0.095 < max(np.abs(value).max() for value in params.values()) <= 0.1  # 1 / sqrt(100)
