"""LSTM and GRU against finite differences, torch.nn and each other's conventions; the conversions: test_gru_conventions.py."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore.checks import check_gradient, check_parity, check_purity, check_shapes, compare
from rnncore.reference.activations import sigmoid
from rnncore.reference.gru import gru_backward, gru_forward, gru_step_backward, gru_step_forward, init_gru
from rnncore.reference.lstm import LSTMState, init_lstm, lstm_backward, lstm_forward, lstm_step_backward, lstm_step_forward

T, B, D, H = 5, 2, 3, 4  # all different, so that no transposed array passes
RESETS = ["after", "before"]


def lstm_arguments(rng, T=T, B=B, D=D, H=H):
    state = LSTMState(rng.standard_normal((B, H)), rng.standard_normal((B, H)))
    return init_lstm(rng, D, H), rng.standard_normal((T, B, D)), state


def gru_arguments(rng, T=T, B=B, D=D, H=H):
    return init_gru(rng, D, H), rng.standard_normal((T, B, D)), rng.standard_normal((B, H))


def layer(kind, params):
    return kind, {name + "_l0": value for name, value in params.items()}


def torch_lstm(params, xs, state):
    call = torch.func.functional_call
    hs, (h, c) = call(*layer(torch.nn.LSTM(D, H, dtype=torch.float64), params), (xs, (state.h[None], state.c[None])))
    return hs, LSTMState(h[0], c[0])


def torch_gru(params, xs, state):
    hs, h = torch.func.functional_call(*layer(torch.nn.GRU(D, H, dtype=torch.float64), params), (xs, state[None]))
    return hs, h[0]


def test_lstm_gradients(rng):
    params, xs, state = lstm_arguments(rng)
    check_gradient(lstm_step_forward, lstm_step_backward, params, xs[0], state, rng=rng, tol=1e-10)
    check_gradient(lstm_forward, lstm_backward, params, xs, state, rng=rng, tol=1e-10)


@pytest.mark.parametrize("reset", RESETS)
def test_gru_gradients(rng, reset):
    params, xs, h = gru_arguments(rng)
    check_gradient(gru_step_forward, gru_step_backward, params, xs[0], h, rng=rng, tol=1e-10, reset=reset)
    check_gradient(gru_forward, gru_backward, params, xs, h, rng=rng, tol=1e-10, reset=reset)


def test_equal_torch_nn(rng):
    check_parity(lstm_forward, lstm_backward, torch_lstm, *lstm_arguments(rng), rng=rng)
    check_parity(gru_forward, gru_backward, torch_gru, *gru_arguments(rng), rng=rng)


def test_pure(rng):
    params, xs, state = lstm_arguments(rng)
    check_purity(lstm_step_forward, lstm_step_backward, params, xs[0], state, rng=rng)
    check_purity(lstm_forward, lstm_backward, params, xs, state, rng=rng)
    params, xs, h = gru_arguments(rng)
    for reset in RESETS:
        check_purity(gru_step_forward, gru_step_backward, params, xs[0], h, rng=rng, reset=reset)
        check_purity(gru_forward, gru_backward, params, xs, h, rng=rng, reset=reset)


@settings(max_examples=20, deadline=None)
@given(sizes=st.tuples(*[st.integers(1, 5)] * 4), seed=st.integers(0, 10**6), reset=st.sampled_from(RESETS))
def test_any_shape(sizes, seed, reset):
    rng = np.random.default_rng(seed)
    check_gradient(lstm_forward, lstm_backward, *lstm_arguments(rng, *sizes), rng=rng, directions=1)
    check_gradient(gru_forward, gru_backward, *gru_arguments(rng, *sizes), rng=rng, directions=1, reset=reset)


def test_no_gradient_for_the_last_state_means_zero(rng):
    hs, _, cache = lstm_forward(*lstm_arguments(rng))
    dhs, zero = rng.standard_normal(hs.shape), np.zeros((B, H))
    compare("LSTM gradients", lstm_backward(cache, dhs), lstm_backward(cache, dhs, LSTMState(zero, zero)))
    hs, _, cache = gru_forward(*gru_arguments(rng))
    compare("GRU gradients", gru_backward(cache, dhs), gru_backward(cache, dhs, zero))


def test_shapes_and_dtypes(rng):
    params, xs, state = lstm_arguments(rng)
    check_shapes(lstm_step_forward, lstm_step_backward, params, xs[0], state, rng=rng, outputs=[(B, H), (B, H)])
    check_shapes(lstm_forward, lstm_backward, params, xs, state, rng=rng, outputs=[(T, B, H), (B, H), (B, H)])
    params, xs, h = gru_arguments(rng)
    check_shapes(gru_step_forward, gru_step_backward, params, xs[0], h, rng=rng, outputs=[(B, H)])
    check_shapes(gru_forward, gru_backward, params, xs, h, rng=rng, outputs=[(T, B, H), (B, H)])


def test_forget_bias_adds_up_to_what_was_asked(rng):
    params = init_lstm(rng, D, H, forget_bias=1.0)
    assert ((params["bias_ih"] + params["bias_hh"])[H : 2 * H] == 1).all()
    assert not ((params["bias_ih"] + params["bias_hh"])[:H] == 1).any()


def test_the_cell_path_is_the_product_of_forget_gates(rng):
    """With no input and no recurrence, dc_T / dc_0 is f^T: sigmoid(1)^100 is about 2.5e-14."""
    params = {name: np.zeros_like(value) for name, value in init_lstm(rng, 1, 1).items()}
    params["bias_ih"][1] = 1.0
    zero = np.zeros((1, 1))
    hs, _, cache = lstm_forward(params, np.zeros((100, 1, 1)), LSTMState(zero, zero))
    _, _, dstate0 = lstm_backward(cache, np.zeros_like(hs), LSTMState(zero, np.ones((1, 1))))
    compare("dc", dstate0.c[0, 0], float(sigmoid(1.0)) ** 100, rtol=1e-12, atol=0)
    assert 2.4e-14 < dstate0.c[0, 0] < 2.6e-14


def test_the_two_resets_differ_and_agree_where_they_must(rng):
    params, xs, h = gru_arguments(rng)
    after, before = (gru_forward(params, xs, h, reset=reset)[0] for reset in RESETS)
    assert np.abs(after - before).max() > 1e-3
    # Without recurrent candidate weights and bias, nothing is left to reset.
    alike = {name: value.copy() for name, value in params.items()}
    alike["weight_hh"][2 * H :] = 0
    alike["bias_hh"][2 * H :] = 0
    after, before = (gru_forward(alike, xs, h, reset=reset)[0] for reset in RESETS)
    compare("states", after, before)
