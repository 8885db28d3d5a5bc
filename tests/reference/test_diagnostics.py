"""Diagnostics: Jacobians against finite differences and closed form, gradient norms against BPTT, statistics against counting."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore.checks import compare, numerical_gradient
from rnncore.reference.diagnostics import (
    dead_fraction,
    gradient_norms,
    product_jacobians,
    rnn_step_jacobian,
    saturation_fraction,
    singular_values,
    spectral_radius,
    state_statistics,
    step_jacobian,
    step_jacobians,
)
from rnncore.reference.gru import gru_backward, gru_forward, gru_step_backward, gru_step_forward, init_gru
from rnncore.reference.lstm import LSTMState, init_lstm, lstm_backward, lstm_forward, lstm_step_backward, lstm_step_forward
from rnncore.reference.rnn import init_rnn, rnn_backward, rnn_forward, rnn_step_backward, rnn_step_forward

T, B, D, H = 5, 2, 3, 4
CELLS = {
    "rnn": (init_rnn, rnn_step_forward, rnn_step_backward, rnn_forward, rnn_backward),
    "lstm": (init_lstm, lstm_step_forward, lstm_step_backward, lstm_forward, lstm_backward),
    "gru": (init_gru, gru_step_forward, gru_step_backward, gru_forward, gru_backward),
}


def arguments(rng, cell, T=T, B=B, D=D, H=H):
    h, c = rng.standard_normal((2, B, H))
    return CELLS[cell][0](rng, D, H), rng.standard_normal((T, B, D)), LSTMState(h, c) if cell == "lstm" else h


def side_by_side(state):
    return np.concatenate(state, axis=1) if isinstance(state, LSTMState) else state


@pytest.mark.parametrize("cell", CELLS)
def test_step_jacobian_is_the_derivative(rng, cell):
    params, xs, state = arguments(rng, cell)
    _, step_forward, step_backward, *_ = CELLS[cell]
    state_next, cache = step_forward(params, xs[0], state)
    J = step_jacobian(step_backward, cache, state_next)
    S = side_by_side(state).shape[1]
    assert J.shape == (B, S, S)
    parts = state if cell == "lstm" else (state,)
    for b in range(B):
        for i in range(S):

            def output(b=b, i=i):
                return float(side_by_side(step_forward(params, xs[0], state)[0])[b, i])

            row = np.concatenate([numerical_gradient(output, part) for part in parts], axis=1)  # (B, S)
            compare(f"row {i} of sequence {b}", J[b, i], row[b])
            compare("other sequences", np.delete(row, b, axis=0), np.zeros((B - 1, S)))


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
def test_closed_form_of_the_rnn(rng, nonlinearity):
    params, xs, h = arguments(rng, "rnn")
    h_next, cache = rnn_step_forward(params, xs[0], h, nonlinearity=nonlinearity)
    compare("closed form", rnn_step_jacobian(cache), step_jacobian(rnn_step_backward, cache, h_next), rtol=1e-14, atol=1e-14)


def test_closed_form_takes_the_slope_after_the_step(rng):
    """Folklore 7: diag(1 - h_t^2) W_hh; with the slope at h_{t-1}, or transposed, it is wrong."""
    params, xs, _ = arguments(rng, "rnn")
    h = np.tanh(rng.standard_normal((B, H)))
    h_next, cache = rnn_step_forward(params, xs[0], h)
    J = step_jacobian(rnn_step_backward, cache, h_next)
    compare("J", J, (1 - h_next**2)[:, :, None] * params["weight_hh"])
    assert np.abs(J - (1 - h**2)[:, :, None] * params["weight_hh"]).max() > 0.01
    assert np.abs(J.transpose(0, 2, 1) - J).max() > 0.01


@pytest.mark.parametrize("cell", CELLS)
def test_product_carries_the_gradient_from_the_last_state_to_each(rng, cell):
    params, xs, state0 = arguments(rng, cell)
    _, step_forward, step_backward, forward, backward = CELLS[cell]
    products = product_jacobians(step_jacobians(step_forward, step_backward, params, xs, state0))
    S = side_by_side(state0).shape[1]
    assert products.shape == (T, B, S, S)
    dlast = rng.standard_normal((B, S))
    dstate_T = LSTMState(*np.split(dlast, 2, axis=1)) if cell == "lstm" else dlast
    norms = gradient_norms(step_forward, step_backward, params, xs, state0, dstate_T)
    assert norms.shape == (T + 1, B)
    compare("at the last state", norms[-1], np.linalg.norm(dlast, axis=1))
    compare("by the product", norms[:-1], np.linalg.norm(np.einsum("bi,tbij->tbj", dlast, products), axis=2))
    _, _, cache = forward(params, xs, state0)
    dstate0 = backward(cache, np.zeros((T, B, H)), dstate_T)[2]
    compare("at the first state", norms[0], np.linalg.norm(side_by_side(dstate0), axis=1))


@pytest.mark.parametrize("cell", CELLS)
def test_norms_with_gradients_at_every_step(rng, cell):
    params, xs, state0 = arguments(rng, cell)
    _, step_forward, step_backward, forward, backward = CELLS[cell]
    dhs, zero = rng.standard_normal((T, B, H)), np.zeros((B, H))
    kept = dhs.copy()
    norms = gradient_norms(step_forward, step_backward, params, xs, state0, LSTMState(zero, zero) if cell == "lstm" else zero, dhs)
    compare("at the last state", norms[-1], np.linalg.norm(dhs[-1], axis=1))
    carried = state0
    for t in range(T):  # dL/ds_t comes from the steps after t, and dhs[t - 1] enters at s_t
        later = backward(forward(params, xs[t:], carried)[2], dhs[t:])[2]
        if t:
            later = later._replace(h=later.h + dhs[t - 1]) if cell == "lstm" else later + dhs[t - 1]
        compare(f"at state {t}", norms[t], np.linalg.norm(side_by_side(later), axis=1))
        carried = step_forward(params, xs[t], carried)[0]
    compare("dhs", dhs, kept, rtol=0, atol=0)


@settings(max_examples=25, deadline=None)
@given(sizes=st.tuples(*[st.integers(1, 5)] * 4), cell=st.sampled_from(sorted(CELLS)), seed=st.integers(0, 10**6))
def test_any_shape(sizes, cell, seed):
    """The largest singular value of the product bounds what the gradient can do, and the spectral radius is below it."""
    rng = np.random.default_rng(seed)
    params, xs, state0 = arguments(rng, cell, *sizes)
    _, step_forward, step_backward, *_ = CELLS[cell]
    J = step_jacobians(step_forward, step_backward, params, xs, state0)
    products = product_jacobians(J)
    largest = singular_values(products)[..., 0]
    dstate_T = LSTMState(*rng.standard_normal((2, *state0.h.shape))) if cell == "lstm" else rng.standard_normal(state0.shape)
    norms = gradient_norms(step_forward, step_backward, params, xs, state0, dstate_T)
    assert (norms[:-1] <= largest * norms[-1] * (1 + 1e-12) + 1e-15).all()
    assert (spectral_radius(J) <= singular_values(J)[..., 0] * (1 + 1e-6) + 1e-9).all()
    compare("bound by the steps", np.minimum(largest[0], singular_values(J)[..., 0].prod(axis=0)), largest[0])


def test_known_singular_values_and_radii(rng):
    Q, _ = np.linalg.qr(rng.standard_normal((3, 4, 4)))
    compare("orthogonal", singular_values(2 * Q), np.full((3, 4), 2.0))
    compare("orthogonal", spectral_radius(2 * Q), np.full(3, 2.0))
    rotation = np.array([[0.0, -3.0], [3.0, 0.0]])  # eigenvalues 3i and -3i
    compare("rotation", spectral_radius(rotation), 3.0)
    values = rng.standard_normal((4, 3))
    compare("diagonal", singular_values(np.eye(3) * values[:, None]), -np.sort(-np.abs(values), axis=1))


def test_statistics_by_counting():
    hs = np.array([[[0.0, 1.0], [0.6, 0.8]], [[-1.0, 0.0], [0.5, -0.5]], [[0.0, 0.0], [0.0, 0.96]]])  # (3, 2, 2)
    statistics = state_statistics(hs)
    compare("norm", statistics.norm, np.array([1.0, (1 + 0.5**0.5) / 2, 0.48]))
    compare("mean", statistics.mean, np.array([0.6, -0.25, 0.24]))
    compare("std", statistics.std, np.array([hs[t].std() for t in range(3)]))
    compare("saturated", statistics.saturated, np.full(3, 0.25))
    compare("saturated", state_statistics(hs, threshold=0.8).saturated, np.array([0.5, 0.25, 0.25]))
    assert saturation_fraction(hs) == 3 / 12
    assert saturation_fraction(np.array([0.01, 0.5, 0.99, 0.05]), low=0.05) == 3 / 4


def test_dead_units_are_zero_everywhere(rng):
    params, xs, h = arguments(rng, "rnn", T=20, H=4)
    alive = params | {"bias_ih": np.array([5.0, -50.0, 5.0, -50.0])}
    hs, _, cache = rnn_forward(alive, xs, np.abs(h), nonlinearity="relu")
    assert dead_fraction(hs) == 0.5
    dparams, *_ = rnn_backward(cache, np.ones_like(hs))
    assert not dparams["weight_ih"][[1, 3]].any()
    once = np.zeros((3, 2, 2))
    once[1, 1, 0] = 0.1
    assert dead_fraction(once) == 0.5


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_follows_the_input(rng, dtype):
    params, xs, h = arguments(rng, "rnn")
    params, xs, h = {k: v.astype(dtype) for k, v in params.items()}, xs.astype(dtype), h.astype(dtype)
    J = step_jacobians(rnn_step_forward, rnn_step_backward, params, xs, h)
    results = J, product_jacobians(J), singular_values(J), spectral_radius(J)
    norms = gradient_norms(rnn_step_forward, rnn_step_backward, params, xs, h, h)
    assert {a.dtype for a in (*results, norms, *state_statistics(xs))} == {np.dtype(dtype)}
