"""Gradient flow: the numbers are rnncore's, and what the widget says holds for every network that it can draw."""

import numpy as np
import plotly.graph_objects as go
import pytest

from rnncore.reference import CELLS, LSTMState, gradient_norms, rnn_step_jacobian, singular_values, spectral_radius, step_jacobian
from rnncore.widgets import widget
from rnncore.widgets.gradient_flow import NAMES, draw_networks, measure_flow

KINDS = ("orthogonal", "random")


def left_after(name, params, rng, steps=50):
    """What is left of a gradient of length 1: the median of 8 sequences."""
    dh_T = rng.standard_normal((8, 32))
    norms, _ = measure_flow(name, params, rng.standard_normal((steps, 8, 8)), dh_T / np.linalg.norm(dh_T, axis=1, keepdims=True))
    return np.median(norms[0])


@pytest.mark.parametrize(("name", "nonlinearity"), [("RNN", "tanh"), ("RNN", "relu"), ("LSTM", None), ("GRU", None)])
def test_norms_and_jacobian_are_those_of_the_reference(rng, name, nonlinearity):
    cell, options = CELLS[NAMES[name]], {"nonlinearity": nonlinearity} if nonlinearity else {}
    params, xs, dh_T = draw_networks("random", 1.2, 1, 3)[name], rng.standard_normal((7, 5, 8)), rng.standard_normal((5, 32))
    norms, jacobian = measure_flow(name, params, xs, dh_T, **options)
    state0 = cell.zero_state(5, 32)
    dstate_T = LSTMState(dh_T, np.zeros_like(dh_T)) if name == "LSTM" else dh_T
    expected = gradient_norms(cell.step_forward, cell.step_backward, params, xs, state0, dstate_T, **options)
    np.testing.assert_allclose(norms, expected, rtol=1e-12)
    state = state0
    for x in xs:
        state, step = cell.step_forward(params, x, state, **options)
    np.testing.assert_allclose(jacobian, step_jacobian(cell.step_backward, step, state)[0], rtol=0, atol=1e-14)
    if name == "RNN":
        np.testing.assert_allclose(jacobian, rnn_step_jacobian(step)[0], rtol=0, atol=1e-14)


def test_gradient_is_the_change_of_the_loss(rng):
    """L = v . h_T: the length of dL/dh_0 against finite differences along every axis."""
    params, xs, v = draw_networks("orthogonal", 0.8, 0, 1)["GRU"], rng.standard_normal((6, 1, 8)), rng.standard_normal((1, 32))
    norms, _ = measure_flow("GRU", params, xs, v)
    forward, eps = CELLS["gru"].forward, 1e-5
    slopes = [(forward(params, xs, s * eps * unit[None])[1] * v).sum() * s / (2 * eps) for unit in np.eye(32) for s in (1.0, -1.0)]
    slopes = np.reshape(slopes, (32, 2)).sum(axis=1)
    assert norms[0, 0] == pytest.approx(np.linalg.norm(slopes), rel=1e-6)


@pytest.mark.parametrize(("weights", "radius"), [("orthogonal", 0.6), ("random", 1.4)])
def test_networks_are_what_the_controls_say(weights, radius):
    for name, params in draw_networks(weights, radius, 3, 2).items():
        blocks = params["weight_hh"].reshape(-1, 32, 32)
        np.testing.assert_allclose(spectral_radius(blocks), radius, rtol=1e-12)
        if weights == "orthogonal":
            np.testing.assert_allclose(singular_values(blocks), radius, rtol=1e-12)
        if name != "RNN":
            assert (params["bias_ih"] + params["bias_hh"])[32:64].tolist() == [3] * 32


@pytest.mark.parametrize("weights", KINDS)
def test_gates_keep_what_the_rnn_loses_until_the_forget_bias_is_0(rng, weights):
    start = {name: control.value for name, control in widget("gradient_flow").controls.items()}
    assert (start["radius"], start["forget_bias"], start["activation"], start["steps"]) == (0.8, 4, "tanh", 50)
    for network in range(10):
        kept = {name: left_after(name, params, rng) for name, params in draw_networks(weights, 0.8, 4, network).items()}
        lost = {name: left_after(name, params, rng) for name, params in draw_networks(weights, 0.8, 0, network).items()}
        assert kept["RNN"] < 1e-6 and 0.1 < kept["LSTM"] < 10 and 0.1 < kept["GRU"] < 1
        assert max(lost.values()) < 1e-6


def test_figure_shows_what_was_measured():
    figure = widget("gradient_flow")(weights="random", steps=20, network=4)
    params = draw_networks("random", 0.8, 4, 4)["RNN"]
    assert f"spectral radius 0.80, norm {np.linalg.norm(params['weight_hh'], 2):.2f}." in figure.note
    curves = {trace["name"]: trace["y"] for trace in figure.data if "name" in trace and trace.get("yaxis") is None}
    ranks = [trace["y"] for trace in figure.data if trace.get("yaxis") == "y2"]
    assert list(curves) == ["RNN", "LSTM", "GRU"] and all(len(y) == 21 for y in curves.values())
    assert [len(values) for values in ranks] == [32, 64, 32] and all((np.diff(values) <= 0).all() for values in ranks)
    for name, y in curves.items():
        assert y[-1] == 1 and f"{name} {y[0]:.2g}" in figure.note


def test_relu_explodes_where_tanh_does_not():
    notes = {a: widget("gradient_flow")(radius=1.4, weights="random", activation=a, steps=100).data[1]["y"][0] for a in ("tanh", "relu")}
    assert notes["relu"] > 1e6 > 1e3 > notes["tanh"]


def test_every_end_of_a_control_draws():
    found = widget("gradient_flow")
    for name, control in found.controls.items():
        for value in (control.low, control.high) if hasattr(control, "low") else control.options:
            figure = found(**{name: value})
            assert figure.payload() == found(**{name: value}).payload()
            go.Figure(figure.spec())  # raises for an unknown property
            low, high = figure.layout["yaxis"]["range"]
            assert low < 0 < high and figure.layout["yaxis"]["dtick"] >= 1
    assert len(found.to_html()) < 150_000 and len(found.frames()) == 25
