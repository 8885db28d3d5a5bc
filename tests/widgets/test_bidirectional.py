"""The widget says what an output of a bidirectional layer depends on, and what wrong reversals do to it."""

import numpy as np
import pytest

from rnncore import BidirectionalState, LSTMState, bidirectional_forward, init_bidirectional, rnn_forward
from rnncore.checks import compare
from rnncore.widgets import widget
from rnncore.widgets.bidirectional import REVERSALS, SEEDS, alone, read, seen_from
from rnncore.widgets.bidirectional import D as INPUTS
from rnncore.widgets.bidirectional import H as UNITS
from rnncore.widgets.bidirectional import T as STEPS

WIDGET = widget("bidirectional")
RIGHT, FORGOTTEN, NOT_TURNED = REVERSALS


def by_hand(seed, length, reversal, x):
    """Both halves (T, H) of a tanh network, each as a loop of its own over the places in the order in which it reads them."""
    params = init_bidirectional(np.random.default_rng(seed), INPUTS, UNITS, cell="rnn")
    last = STEPS if reversal == FORGOTTEN else length
    halves = np.zeros((2, STEPS, UNITS))
    halves[0, :last] = rnn_forward(params["forward"], x[:last], np.zeros((1, UNITS)))[0][:, 0]
    back = rnn_forward(params["reverse"], x[:last][::-1], np.zeros((1, UNITS)))[0][:, 0]
    halves[1, :last] = back if reversal == NOT_TURNED else back[::-1]
    return halves


def inputs(seed, length, padding):
    rng = np.random.default_rng(seed)
    init_bidirectional(rng, INPUTS, UNITS, cell="rnn")  # the weights are drawn before the inputs
    x = rng.standard_normal((STEPS, 1, INPUTS))
    x[length:] = padding
    return x


@pytest.mark.parametrize("reversal", REVERSALS)
@pytest.mark.parametrize("length", [1, 5, STEPS])
def test_outputs_are_those_of_two_loops(reversal, length):
    ys, dependence = read("rnn", 3, length, reversal, 0.7)
    halves = by_hand(3, length, reversal, inputs(3, length, 0.7))
    compare("ys", ys, np.concatenate(halves, axis=1))
    assert dependence is None


@pytest.mark.parametrize("reversal", REVERSALS)
@pytest.mark.parametrize("at", [0, 3])
def test_dependence_against_differences(reversal, at):
    length, eps, x = 5, 1e-5, inputs(1, 5, 0.0)
    squares = np.zeros((2, STEPS))
    for s, j in np.ndindex(STEPS, INPUTS):
        step = np.zeros_like(x)
        step[s, 0, j] = eps
        slopes = (by_hand(1, length, reversal, x + step) - by_hand(1, length, reversal, x - step))[:, at] / (2 * eps)
        squares[:, s] += (slopes**2).sum(axis=1)
    compare("dependence", read("rnn", 1, length, reversal, 0.0, at)[1], np.sqrt(squares), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("reversal", REVERSALS)
def test_what_each_half_sees(cell, reversal):
    length = 6
    for seed in SEEDS:
        for at in range(length):
            forward, reverse = (list(seen_from(half)) for half in read(cell, seed, length, reversal, 0.0, at)[1])
            expected = {RIGHT: range(at, length), FORGOTTEN: range(at, STEPS), NOT_TURNED: range(length - 1 - at, length)}
            assert forward == list(range(at + 1))
            assert reverse == list(expected[reversal])


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_only_the_right_reversal_gives_the_outputs_of_the_sequence_alone(cell):
    for seed in SEEDS:
        right = alone(cell, seed, 6)
        for padding in (0.0, -2.0):
            compare("right", read(cell, seed, 6, RIGHT, padding)[0][:6], right)
            error = np.abs(read(cell, seed, 6, FORGOTTEN, padding)[0][:6] - right)
            assert error[:, :UNITS].max() < 1e-12 and error[:, UNITS:].max(axis=1).min() > 1e-4
            assert error[5, UNITS:].max() > 0.02  # worst next to the padding
        compare("no padding", read(cell, seed, STEPS, FORGOTTEN, 0.0)[0], alone(cell, seed, STEPS))
        assert np.abs(read(cell, seed, 6, NOT_TURNED, 0.0)[0][:6] - right).max() > 0.1


def test_alone_is_rnncores_layer():
    rng = np.random.default_rng(4)
    params = init_bidirectional(rng, INPUTS, UNITS, cell="lstm")
    zeros = LSTMState(np.zeros((1, UNITS)), np.zeros((1, UNITS)))
    ys, _, _ = bidirectional_forward(params, rng.standard_normal((STEPS, 1, INPUTS))[:3], BidirectionalState(zeros, zeros), cell="lstm")
    compare("alone", alone("lstm", 4, 3), ys[:, 0])


def test_the_figure_shows_these_numbers():
    figure = WIDGET(reversal=FORGOTTEN, cell="LSTM", position=4)
    runs = np.stack([read("lstm", seed, 6, FORGOTTEN, 0.0, 3)[1] for seed in SEEDS])  # (R, 2, T)
    errors = [
        np.linalg.norm(read("lstm", seed, 6, FORGOTTEN, 0.0)[0][:6, UNITS:] - alone("lstm", seed, 6)[:, UNITS:], axis=1) for seed in SEEDS
    ]
    for half, trace in enumerate(figure.data[:2]):
        seen = runs[:, half].min(axis=0) > 0
        compare("median", trace["y"][seen], np.median(runs[:, half], axis=0)[seen])
        compare("highest", (trace["y"] + trace["error_y"]["array"])[seen], runs[:, half].max(axis=0)[seen])
        compare("lowest", (trace["y"] - trace["error_y"]["arrayminus"])[seen], runs[:, half].min(axis=0)[seen])
        assert np.isnan(trace["y"][~seen]).all()
    assert np.isnan(figure.data[2]["y"]).all()
    compare("errors", figure.data[3]["y"], np.median(errors, axis=0))


def test_what_the_note_says():
    assert "the forward half sees inputs 1 to 3, the reverse half inputs 3 to 6." in WIDGET().note
    assert "none in the forward half, none in the reverse half" in WIDGET().note
    assert "the reverse half inputs 3 to 8." in WIDGET(reversal=FORGOTTEN).note
    assert "which is padding (the sequence has 6 steps): the forward half sees nothing" in WIDGET(position=7).note
    assert "the reverse half input 6." in WIDGET(position=1, reversal=NOT_TURNED).note
