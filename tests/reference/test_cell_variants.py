"""The cells beside RNN, LSTM and GRU, against finite differences, automatic differentiation and one another."""

from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import layer_norm

import rnncore.reference as reference
from rnncore.checks import check_gradient, check_parity, check_purity, compare
from rnncore.reference.cells import CELLS, find_cell
from rnncore.reference.lstm import LSTMState, init_lstm, lstm_backward, lstm_forward
from rnncore.reference.lstm_coupled import lstm_coupled_backward, lstm_coupled_forward
from rnncore.reference.lstm_layer_norm import init_lstm_layer_norm, lstm_layer_norm_step_forward
from rnncore.reference.lstm_peephole import init_lstm_peephole, lstm_peephole_backward, lstm_peephole_forward
from rnncore.reference.rnn import init_rnn, rnn_backward, rnn_forward, rnn_step_forward
from rnncore.reference.rnn_residual import rnn_residual_backward, rnn_residual_forward, rnn_residual_step_forward
from rnncore.reference.sequence import add_to_hidden
from rnncore.reference.tree import leaves, tree_map

T, B, D, H = 5, 2, 3, 4
CLEAR = {
    name: cell._replace(forward=getattr(reference, f"{name}_forward"), backward=getattr(reference, f"{name}_backward"))
    for name, cell in CELLS.items()
}
OPTIONS = {"rnn_residual": [{}, {"scale": 0.3}], "lstm_layer_norm": [{}, {"eps": 0.01}], "lstm_peephole": [{}], "lstm_coupled": [{}]}
VARIANTS = [pytest.param(name, options, id=f"{name}{options or ''}") for name, many in OPTIONS.items() for options in many]


def arguments(rng, name, T=T, B=B, D=D, H=H):
    """Everything drawn from a normal distribution, gains and peepholes too, so that no factor of 1 or 0 hides a mistake."""
    cell = CLEAR[name]
    params = tree_map(lambda p: p + 0.3 * rng.standard_normal(p.shape), cell.init(rng, D, H))
    state0 = tree_map(lambda s: rng.standard_normal(s.shape), cell.zero_state(B, H))
    return params, rng.standard_normal((T, B, D)), state0


def lstm_like(p, x, state, name, eps=1e-5, scale=1.0):
    """One step of each variant on tensors, written from the papers and apart from the reference."""
    if name == "rnn_residual":
        return state + scale * torch.tanh(x @ p["weight_ih"].T + p["bias_ih"] + state @ p["weight_hh"].T + p["bias_hh"])
    h, c = state
    if name == "lstm_layer_norm":
        a = layer_norm(x @ p["weight_ih"].T, (4 * H,), p["gain_ih"], p["bias_ih"], eps)
        a = a + layer_norm(h @ p["weight_hh"].T, (4 * H,), p["gain_hh"], p["bias_hh"], eps)
    else:
        a = torch.nn.functional.linear(x, p["weight_ih"], p["bias_ih"]) + torch.nn.functional.linear(h, p["weight_hh"], p["bias_hh"])
    gates = list(a.split(H, dim=1))
    i = torch.sigmoid(gates[0] + (p["weight_ci"] * c if "weight_ci" in p else 0))
    f = 1 - i if name == "lstm_coupled" else torch.sigmoid(gates[1] + (p["weight_cf"] * c if "weight_cf" in p else 0))
    c = f * c + i * torch.tanh(gates[-2])
    o = torch.sigmoid(gates[-1] + (p["weight_co"] * c if "weight_co" in p else 0))
    shown = layer_norm(c, (H,), p["gain_c"], p["bias_c"], eps) if name == "lstm_layer_norm" else c
    return LSTMState(o * torch.tanh(shown), c)


@pytest.mark.parametrize(("name", "options"), VARIANTS)
def test_gradients(rng, name, options):
    cell, (params, xs, state0) = CLEAR[name], arguments(rng, name)
    accuracy = {"tol": 1e-9, "eps": 3e-4}  # a small eps, as norm bends sharply where it divides by little
    check_gradient(partial(cell.step_forward, **options), cell.step_backward, params, xs[0], state0, rng=rng, **accuracy)
    check_gradient(partial(cell.forward, **options), cell.backward, params, xs, state0, rng=rng, **accuracy)


@pytest.mark.parametrize(("name", "options"), VARIANTS)
def test_equals_autograd(rng, name, options):
    cell, (params, xs, state0) = CLEAR[name], arguments(rng, name)

    def torch_sequence(params, xs, state, **options):
        hs = []
        for x in xs:
            state = lstm_like(params, x, state, name, **options)
            hs.append(state if name == "rnn_residual" else state.h)
        return torch.stack(hs), state

    check_parity(cell.forward, cell.backward, torch_sequence, params, xs, state0, rng=rng, **options)

    def torch_step(params, x, state, **options):
        return (lstm_like(params, x, state, name, **options),)

    check_parity(cell.step_forward, cell.step_backward, torch_step, params, xs[0], state0, rng=rng, **options)


@pytest.mark.parametrize("name", OPTIONS)
def test_pure(rng, name):
    cell, (params, xs, state0) = CLEAR[name], arguments(rng, name)
    check_purity(cell.step_forward, cell.step_backward, params, xs[0], state0, rng=rng)
    check_purity(cell.forward, cell.backward, params, xs, state0, rng=rng)


@pytest.mark.parametrize("name", OPTIONS)
@settings(max_examples=12, deadline=None)
@given(sizes=st.tuples(*[st.integers(1, 6)] * 4), seed=st.integers(0, 10**6))
def test_any_shape(name, sizes, seed):
    rng = np.random.default_rng(seed)
    cell, (params, xs, state0) = CLEAR[name], arguments(rng, name, *sizes)
    forward = partial(cell.forward, eps=0.1) if name == "lstm_layer_norm" else cell.forward  # two equal entries make norm a step
    check_gradient(forward, cell.backward, params, xs, state0, rng=rng, directions=1, tol=1e-7)
    hs, state_T, _ = cell.forward(params, xs, state0)
    for b in range(sizes[1]):
        alone, alone_T, _ = cell.forward(params, xs[:, b : b + 1], tree_map(lambda s, b=b: s[b : b + 1], state0))
        compare("one row alone", alone[:, 0], hs[:, b])
        compare("its last state", alone_T, tree_map(lambda s, b=b: s[b : b + 1], state_T))


@pytest.mark.parametrize("name", CELLS)
def test_the_registry_keeps_its_word(rng, name):
    """Shapes, gates, dtype and the missing gradient of the last state, for every cell there is."""
    cell = find_cell(name)
    params = cell.init(rng, D, H, dtype=np.float32)
    assert set(params) == set(cell.params)
    assert params["weight_ih"].shape == (cell.gates * H, D) and params["weight_hh"].shape == (cell.gates * H, H)
    state0 = cell.zero_state(B, H, np.float32)
    xs = rng.standard_normal((T, B, D)).astype(np.float32)
    hs, state_T, cache = cell.forward(params, xs, state0)
    dhs = np.ones_like(hs)
    gradients = cell.backward(cache, dhs)
    assert {a.dtype for _, a in leaves((hs, state_T, gradients))} == {np.dtype(np.float32)}
    compare("no gradient for the last state", gradients, cell.backward(cache, dhs, tree_map(np.zeros_like, state_T)), rtol=0, atol=0)
    step, _ = cell.step_forward(params, xs[0], state0)
    compare("first step", step[0] if isinstance(step, tuple) else step, hs[0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("T", [1, 5])
@pytest.mark.parametrize("name", CLEAR)
def test_a_sequence_is_a_loop_over_its_steps(rng, name, T):
    """The sums over time are formed once after the loop; adding up the gradients of the steps gives the same."""
    cell, (params, xs, state0) = CLEAR[name], arguments(rng, name, T=T)
    hs, state_T, cache = cell.forward(params, xs, state0)
    dhs = rng.standard_normal(hs.shape)
    state, steps, dparams, dxs, dstate = state0, [], tree_map(np.zeros_like, params), [], state_T
    for x in xs:
        state, step = cell.step_forward(params, x, state)
        steps.append(step)
    compare("state_T", state, state_T, rtol=0, atol=0)
    for step, dh in zip(steps[::-1], dhs[::-1], strict=True):
        step_dparams, dx, dstate = cell.step_backward(step, add_to_hidden(dstate, dh))
        dparams = tree_map(np.add, dparams, step_dparams)
        dxs.append(dx)
    compare("gradients", cell.backward(cache, dhs, state_T), (dparams, np.stack(dxs[::-1]), dstate), rtol=1e-12, atol=1e-12)


def test_peepholes_at_zero_leave_the_lstm(rng):
    params, xs, state0 = arguments(rng, "lstm")
    none = {name: np.zeros(H) for name in ("weight_ci", "weight_cf", "weight_co")}
    hs, state_T, cache = lstm_peephole_forward(params | none, xs, state0)
    expected, expected_T, expected_cache = lstm_forward(params, xs, state0)
    compare("hs", (hs, state_T), (expected, expected_T))
    dparams, dxs, dstate0 = lstm_peephole_backward(cache, hs, state_T)
    e_dparams, e_dxs, e_dstate0 = lstm_backward(expected_cache, hs, state_T)
    compare("gradients", ({k: dparams[k] for k in e_dparams}, dxs, dstate0), (e_dparams, e_dxs, e_dstate0))


def test_coupled_is_the_lstm_whose_forget_rows_are_minus_the_input_rows(rng):
    params, xs, state0 = arguments(rng, "lstm_coupled")
    full = {name: np.concatenate([p[:H], -p[:H], p[H:]]) for name, p in params.items()}
    hs, state_T, cache = lstm_coupled_forward(params, xs, state0)
    expected, expected_T, expected_cache = lstm_forward(full, xs, state0)
    compare("hs", (hs, state_T), (expected, expected_T))
    dparams, dxs, dstate0 = lstm_coupled_backward(cache, hs)
    e_dparams, e_dxs, e_dstate0 = lstm_backward(expected_cache, hs)
    compare("gradients", (dxs, dstate0), (e_dxs, e_dstate0))
    compare("dparams", dparams, {k: np.concatenate([d[:H] - d[H : 2 * H], d[2 * H :]]) for k, d in e_dparams.items()})


def test_the_coupled_cell_state_is_an_average(rng):
    params, xs, state0 = arguments(rng, "lstm_coupled", T=50)
    state0 = LSTMState(state0.h, np.clip(state0.c, -1, 1))
    params, xs = {k: 5 * v for k, v in params.items()}, 10 * xs
    state = state0
    for x in xs:
        state, _ = CLEAR["lstm_coupled"].step_forward(params, x, state)
        assert np.abs(state.c).max() <= 1


def test_residual_adds_what_the_plain_cell_would_be(rng):
    params, xs, h = arguments(rng, "rnn")
    plain, _ = rnn_step_forward(params, xs[0], h)
    h_next, _ = rnn_residual_step_forward(params, xs[0], h, scale=0.25)
    compare("h_next", h_next, h + 0.25 * plain)


def test_a_residual_network_keeps_the_gradient_that_a_plain_one_loses(rng):
    params, xs, _ = arguments(rng, "rnn", T=100)
    params = init_rnn(rng, D, H)
    norms = {}
    for forward, backward in ((rnn_forward, rnn_backward), (rnn_residual_forward, rnn_residual_backward)):
        options = {"scale": 0.01} if forward is rnn_residual_forward else {}
        hs, state_T, cache = forward(params, xs, np.zeros((B, H)), **options)
        _, _, dstate0 = backward(cache, np.zeros_like(hs), np.ones_like(state_T))
        norms[forward.__name__] = np.linalg.norm(dstate0)
    assert norms["rnn_forward"] < 1e-6 and norms["rnn_residual_forward"] > 0.1


def test_a_numpy_number_as_scale_keeps_float32(rng):
    params, xs, state0 = tree_map(lambda a: a.astype(np.float32), arguments(rng, "rnn_residual"))
    hs, *_, cache = rnn_residual_forward(params, xs, state0, scale=np.float64(0.5))
    assert hs.dtype == np.float32 and rnn_residual_backward(cache, hs)[1].dtype == np.float32


def test_layer_norm_does_not_mind_the_size_of_weights_or_inputs(rng):
    """Both products are normalised, so scaling weights or inputs changes nothing; the cell state is summed as it is."""
    params, xs, state = arguments(rng, "lstm_layer_norm")
    expected, _ = lstm_layer_norm_step_forward(params, xs[0], state, eps=1e-12)
    larger = params | {"weight_ih": 7 * params["weight_ih"], "weight_hh": 3 * params["weight_hh"]}
    compare("larger weights", lstm_layer_norm_step_forward(larger, 10 * xs[0], state, eps=1e-12)[0], expected, rtol=1e-8, atol=1e-8)
    keep = init_lstm_layer_norm(rng, D, H, forget_bias=50.0)
    keep["bias_ih"][:H] = -50.0  # nothing is written
    after, _ = lstm_layer_norm_step_forward(keep, xs[0], state)
    compare("c", after.c, state.c)


def test_forget_bias(rng):
    plain, peephole, norm = (init(rng, D, H, forget_bias=2.0) for init in (init_lstm, init_lstm_peephole, init_lstm_layer_norm))
    for params in (plain, peephole, norm):
        compare("b_f", params["bias_ih"][H : 2 * H] + params["bias_hh"][H : 2 * H], np.full(H, 2.0))
    assert (norm["bias_ih"][:H] == 0).all() and (norm["gain_c"] == 1).all()
