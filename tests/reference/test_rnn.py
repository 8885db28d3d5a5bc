"""The vanilla RNN against finite differences, torch.nn and plain loops."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore.checks import check_gradient, check_parity, check_purity, check_shapes, compare
from rnncore.reference import init_rnn, rnn_backward, rnn_forward, rnn_step_backward, rnn_step_forward

T, B, D, H = 5, 2, 3, 4  # all different, so that no transposed array passes
NONLINEARITIES = ["tanh", "relu"]


def arguments(rng, T=T, B=B, D=D, H=H):
    return init_rnn(rng, D, H), rng.standard_normal((T, B, D)), rng.standard_normal((B, H))


@pytest.mark.parametrize("nonlinearity", NONLINEARITIES)
def test_step_gradient(rng, nonlinearity):
    params, xs, h = arguments(rng)
    check_gradient(rnn_step_forward, rnn_step_backward, params, xs[0], h, rng=rng, tol=1e-10, nonlinearity=nonlinearity)


@pytest.mark.parametrize("nonlinearity", NONLINEARITIES)
def test_sequence_gradient(rng, nonlinearity):
    check_gradient(rnn_forward, rnn_backward, *arguments(rng), rng=rng, tol=1e-10, nonlinearity=nonlinearity)


def test_long_sequence_gradient_along_random_directions(rng):
    params, xs, state0 = arguments(rng, T=200, B=3, D=5, H=16)
    check_gradient(rnn_forward, rnn_backward, params, xs, state0, rng=rng, directions=2)


def torch_rnn(params, xs, state0, nonlinearity):
    H, D = params["weight_ih"].shape
    layer = torch.nn.RNN(D, H, nonlinearity=nonlinearity, dtype=torch.float64)
    flat = {name + "_l0": value for name, value in params.items()}
    hs, state_T = torch.func.functional_call(layer, flat, (xs, state0[None]))
    return hs, state_T[0]


@pytest.mark.parametrize("nonlinearity", NONLINEARITIES)
def test_sequence_equals_torch_nn(rng, nonlinearity):
    check_parity(rnn_forward, rnn_backward, torch_rnn, *arguments(rng), rng=rng, tol=1e-10, nonlinearity=nonlinearity)


@pytest.mark.parametrize("nonlinearity", NONLINEARITIES)
def test_step_equals_torch_cell(rng, nonlinearity):
    def torch_nn(params, x, h, nonlinearity):
        cell = torch.nn.RNNCell(D, H, nonlinearity=nonlinearity, dtype=torch.float64)
        return torch.func.functional_call(cell, params, (x, h))

    params, xs, h = arguments(rng)
    check_parity(rnn_step_forward, rnn_step_backward, torch_nn, params, xs[0], h, rng=rng, nonlinearity=nonlinearity)


def test_pure(rng):
    params, xs, state0 = arguments(rng)
    check_purity(rnn_step_forward, rnn_step_backward, params, xs[0], state0, rng=rng)
    check_purity(rnn_forward, rnn_backward, params, xs, state0, rng=rng)


@pytest.mark.parametrize("nonlinearity", NONLINEARITIES)
@settings(max_examples=25, deadline=None)
@given(sizes=st.tuples(*[st.integers(1, 6)] * 4), seed=st.integers(0, 10**6))
def test_any_shape(nonlinearity, sizes, seed):
    """Gradients hold and a batch equals its rows alone, down to T = B = D = H = 1."""
    rng = np.random.default_rng(seed)
    params, xs, state0 = arguments(rng, *sizes)
    if nonlinearity == "tanh":  # a difference may step over the corner of relu
        check_gradient(rnn_forward, rnn_backward, params, xs, state0, rng=rng, directions=1)
    check_parity(rnn_forward, rnn_backward, torch_rnn, params, xs, state0, rng=rng, nonlinearity=nonlinearity)
    hs, state_T, _ = rnn_forward(params, xs, state0, nonlinearity=nonlinearity)
    assert np.array_equal(hs[-1], state_T)
    for b in range(sizes[1]):
        alone, _, _ = rnn_forward(params, xs[:, b : b + 1], state0[b : b + 1], nonlinearity=nonlinearity)
        compare("one row alone", alone[:, 0], hs[:, b])


def test_two_halves_with_the_state_carried_equal_the_whole(rng):
    params, xs, state0 = arguments(rng)
    hs, state_T, cache = rnn_forward(params, xs, state0)
    first, carried, first_cache = rnn_forward(params, xs[:2], state0)
    second, end, second_cache = rnn_forward(params, xs[2:], carried)
    compare("states", np.concatenate([first, second]), hs)
    dhs, dstate_T = rng.standard_normal(hs.shape), rng.standard_normal(state_T.shape)
    dparams, dxs, dstate0 = rnn_backward(cache, dhs, dstate_T)
    dparams_2, dxs_2, dcarried = rnn_backward(second_cache, dhs[2:], dstate_T)
    dparams_1, dxs_1, dstate0_1 = rnn_backward(first_cache, dhs[:2], dcarried)
    compare("dparams", {k: dparams_1[k] + dparams_2[k] for k in dparams}, dparams)
    compare("dxs", np.concatenate([dxs_1, dxs_2]), dxs)
    compare("dstate0", dstate0_1, dstate0)
    assert np.array_equal(end, state_T)


def test_no_gradient_for_the_last_state_means_zero(rng):
    hs, state_T, cache = rnn_forward(*arguments(rng))
    dhs = rng.standard_normal(hs.shape)
    compare("gradients", rnn_backward(cache, dhs), rnn_backward(cache, dhs, np.zeros_like(state_T)))


def test_shapes_and_dtypes(rng):
    params, xs, state0 = arguments(rng)
    check_shapes(rnn_step_forward, rnn_step_backward, params, xs[0], state0, rng=rng, outputs=[(B, H)])
    check_shapes(rnn_forward, rnn_backward, params, xs, state0, rng=rng, outputs=[(T, B, H), (B, H)])


def test_init_matches_torch_in_bound_and_shape(rng):
    params = init_rnn(rng, 30, 100)
    for name, value in torch.nn.RNN(30, 100).named_parameters():
        assert params[name.removesuffix("_l0")].shape == tuple(value.shape)
    largest = max(np.abs(value).max() for value in params.values())
    assert 0.095 < largest <= 0.1  # 1 / sqrt(100)
