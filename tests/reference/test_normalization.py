"""Layer normalisation against finite differences and torch.nn.functional.layer_norm."""

from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore.checks import check_gradient, check_parity, check_purity, compare
from rnncore.reference.normalization import init_layer_norm, layer_norm_backward, layer_norm_forward

D = 7


def torch_layer_norm(params, x, eps=1e-5):
    return torch.nn.functional.layer_norm(x, x.shape[-1:], params["weight"], params["bias"], eps)


def arguments(rng, axes, D=D):
    return {"weight": rng.standard_normal(D), "bias": rng.standard_normal(D)}, 1 + 2 * rng.standard_normal((*axes, D))


@pytest.mark.parametrize("axes", [(), (2,), (5, 2)])
@pytest.mark.parametrize("eps", [1e-5, 0.1])
def test_against_differences_and_torch(rng, axes, eps):
    params, x = arguments(rng, axes)
    check_gradient(partial(layer_norm_forward, eps=eps), layer_norm_backward, params, x, rng=rng, tol=1e-10)
    check_parity(layer_norm_forward, layer_norm_backward, torch_layer_norm, params, x, rng=rng, eps=eps)
    check_purity(layer_norm_forward, layer_norm_backward, params, x, rng=rng, eps=eps)


@settings(max_examples=30, deadline=None)
@given(axes=st.lists(st.integers(1, 4), max_size=3), size=st.integers(1, 8), seed=st.integers(0, 10**6))
def test_any_shape(axes, size, seed):
    rng = np.random.default_rng(seed)
    params, x = arguments(rng, axes, size)
    check_parity(layer_norm_forward, layer_norm_backward, torch_layer_norm, params, x, rng=rng)


def test_mean_zero_variance_one(rng):
    y, _ = layer_norm_forward(init_layer_norm(D), 100 + 5 * rng.standard_normal((3, D)), eps=1e-12)
    compare("mean", y.mean(axis=-1), np.zeros(3))
    compare("variance", y.var(axis=-1), np.ones(3))


def test_equal_entries_give_the_bias_and_no_infinity(rng):
    params, _ = arguments(rng, ())
    y, cache = layer_norm_forward(params, np.full((2, D), 3.0))
    compare("y", y, np.tile(params["bias"], (2, 1)))
    assert np.isfinite(layer_norm_backward(cache, np.ones((2, D)))[1]).all()


def test_dtype_follows_the_input(rng):
    x = rng.standard_normal((2, D)).astype(np.float32)
    y, cache = layer_norm_forward(init_layer_norm(D, dtype=np.float32), x, eps=np.float64(1e-5))
    dparams, dx = layer_norm_backward(cache, y)
    assert {a.dtype for a in (y, dx, *dparams.values())} == {np.dtype(np.float32)}
