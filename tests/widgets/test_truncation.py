"""Truncation: the sweep gives what `truncated_bptt` gives, and the claim of the widget holds for every network that it can draw."""

import numpy as np
import plotly.graph_objects as go
import pytest

from rnncore.reference import CELLS, full_bptt, truncated_bptt
from rnncore.widgets import widget
from rnncore.widgets.truncation import HIDDEN, SEQUENCES, STEPS, cosine, count_work, gradients_by_depth, make_problem, norm


def reference(problem, k1, k2):
    """The gradients by rnncore's own truncated BPTT."""
    cell = CELLS[problem.cell]

    def loss_gradient(t, state):
        return 0.0, state._replace(h=problem.dhs[t], c=0 * state.c) if problem.cell == "lstm" else problem.dhs[t]

    state0 = cell.zero_state(SEQUENCES, HIDDEN)
    return truncated_bptt(cell.step_forward, cell.step_backward, problem.params, problem.xs, state0, loss_gradient, k1=k1, k2=k2).dparams


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize(("k1", "k2"), [(1, 5), (5, 5), (7, 20), (9, 4)])
def test_sweep_gives_truncated_gradients(name, k1, k2):
    problem = make_problem(name, 0.9, 6, network=1)
    ours, theirs = gradients_by_depth(problem, problem.dhs, k1)[k2 - 1], reference(problem, k1, k2)
    for key, gradient in theirs.items():
        np.testing.assert_allclose(ours[key], gradient, rtol=0, atol=1e-12 * np.abs(gradient).max())


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
def test_last_entry_is_the_full_gradient(name):
    problem = make_problem(name, 0.9, 6)
    cell, state0 = CELLS[problem.cell], CELLS[problem.cell].zero_state(SEQUENCES, HIDDEN)
    full = full_bptt(cell.forward, cell.backward, problem.params, problem.xs, state0, lambda start, hs: (0.0, problem.dhs)).dparams
    for key, gradient in gradients_by_depth(problem, problem.dhs, 4)[-1].items():
        np.testing.assert_allclose(gradient, full[key], rtol=0, atol=1e-12 * np.abs(full[key]).max())


def test_losses_ask_for_the_input_d_steps_before():
    """Each loss pulls the answer, which is nearly 0 at the start, towards that input; the first d steps have none."""
    problem = make_problem("RNN", 1.0, 12)
    assert not problem.dhs[:12].any() and problem.dhs[12:].any(axis=2).all()
    inputs, pulls = problem.xs[:-12].reshape(-1, 2), problem.dhs[12:].reshape(-1, HIDDEN)
    fit, *_ = np.linalg.lstsq(inputs, pulls, rcond=None)
    assert np.linalg.norm(pulls - inputs @ fit) < 0.1 * np.linalg.norm(pulls)


def test_the_gradient_of_w_ih_turns_when_k2_passes_the_delay():
    start = {name: control.value for name, control in widget("truncation").controls.items()}
    assert (start["k1"], start["delay"], start["cell"], start["radius"]) == (4, 12, "RNN", 1.0) and start["k2"] <= 12
    for network in range(10):
        problem = make_problem("RNN", 1.0, 12, network)
        sums = gradients_by_depth(problem, problem.dhs, 4)
        turned = [cosine(s["weight_ih"], sums[-1]["weight_ih"]) for s in sums]
        assert max(turned[:12]) < 0.8 and min(turned[15:]) > 0.98  # k2 up to d, and from d + k1 on


def test_nothing_is_lost_where_gradients_vanish():
    """With a spectral radius of 0.5 the gradient does not reach back 12 steps, so a short k2 gives nearly all of it."""
    problem = make_problem("RNN", 0.5, 12)
    sums = gradients_by_depth(problem, problem.dhs, 1)
    assert cosine(sums[7]["weight_ih"], sums[-1]["weight_ih"]) > 0.999


def test_cosine_and_norm():
    assert cosine(np.array([3.0, 0.0]), np.array([1.0, 1.0])) == pytest.approx(np.sqrt(0.5))
    assert norm(np.array([3.0, 4.0]), np.array([0.0, 2.0])) == 2.5
    assert cosine(np.zeros(2), np.ones(2)) == norm(np.zeros(2), np.zeros(2)) == 0.0


@pytest.mark.parametrize(
    ("k1", "k2", "passes", "steps"), [(4, 4, 12, 48), (1, 48, 48, 48 * 49 // 2), (48, 48, 1, 48), (10, 3, 5, 15), (5, 6, 10, 59)]
)
def test_work_by_hand(k1, k2, passes, steps):
    """(5, 6): ends at 5, 10, ..., 45 and 48; the first goes back 5, the other nine 6."""
    assert count_work(STEPS, k1, k2) == (passes, steps)


def test_figure_shows_what_was_measured():
    figure = widget("truncation")(k1=10, k2=6, delay=5, cell="GRU", network=3)
    problem = make_problem("GRU", 1.0, 5, 3)
    truncated, full = reference(problem, 10, 6), reference(problem, STEPS, STEPS)
    expected = [measure(truncated[n], full[n]) for measure in (cosine, norm) for n in ("weight_ih", "weight_hh")]
    assert [trace["y"][5] for trace in figure.data[3:7]] == pytest.approx(expected, abs=5.1e-4)
    assert f"W_ih cosine {expected[0]:.2f}, norm {expected[2]:.2f}" in figure.note
    assert "5 passes go back over 30 steps" in figure.note and "Kept in memory: 6 of 48 steps" in figure.note
    assert "the losses of 18 steps send nothing back" in figure.note  # 4 of 10, four times, and 2 of the last 8
    goes_back, new = figure.data[:2]
    assert goes_back["x"][:6] == [4, 10, None, 14, 20, None] and new["x"][:6] == [4, 10, None, 14, 20, None]


def test_every_end_of_a_control_draws():
    found = widget("truncation")
    for name, control in found.controls.items():
        for value in (control.low, control.high) if hasattr(control, "low") else control.options:
            figure = found(**{name: value})
            assert figure.payload() == found(**{name: value}).payload()
            go.Figure(figure.spec())  # raises for an unknown property
    assert len(found.to_html()) < 150_000 and len(found.frames()) == 24
