"""The parameter counter: its counts are those of torch."""

import itertools

import pytest
import torch

from rnncore.widgets import widget
from rnncore.widgets.parameter_counter import GATES, count_parameters

CASES = list(itertools.product(GATES, (1, 3), (False, True), (False, True)))
LAYERS = {"RNN": torch.nn.RNN, "GRU": torch.nn.GRU, "LSTM": torch.nn.LSTM}


@pytest.mark.parametrize(("cell", "layers", "bidirectional", "bias"), CASES)
def test_counts_equal_those_of_torch(cell, layers, bidirectional, bias):
    network = LAYERS[cell](5, 7, layers, bias=bias, bidirectional=bidirectional)
    output = torch.nn.Linear(14 if bidirectional else 7, 3)
    expected = sum(p.numel() for p in [*network.parameters(), *output.parameters()])
    counts = count_parameters(cell, 5, 7, layers, bidirectional=bidirectional, biases=2 if bias else 0, outputs=3)
    assert sum(counts.values()) == expected
    assert counts["output layer"] == sum(p.numel() for p in output.parameters())


def test_one_bias_gives_the_textbook_formula():
    assert sum(count_parameters("LSTM", 3, 8, biases=1).values()) == 4 * 8 * (3 + 8 + 1) == 384


def test_twice_the_units_are_four_times_the_recurrent_weights():
    small, large = (count_parameters("RNN", 64, hidden) for hidden in (128, 256))
    assert large["recurrent weights"] == 4 * small["recurrent weights"] and large["input weights"] == 2 * small["input weights"]


def test_the_bars_add_up_to_what_the_note_says():
    figure = widget("parameter_counter")(hidden=10, inputs=3, outputs=2)
    totals = [sum(trace["y"][k] for trace in figure.data) for k in range(3)]
    assert all(f"{cell} {total:,}" in figure.note for cell, total in zip(GATES, totals, strict=True))
