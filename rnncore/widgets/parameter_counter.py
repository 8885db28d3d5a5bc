"""How many parameters a recurrent network has, block by block.

    one direction of one layer    gates (H D + H H) + biases gates H,     gates = 1 (RNN), 3 (GRU), 4 (LSTM)
    a layer above                 its input has H numbers, or 2 H below two directions
    output layer                  V (H or 2 H) + V

The counts are those of `torch.nn.RNN`, `GRU` and `LSTM` with `torch.nn.Linear`; "two biases" is what these have.
"""

from rnncore.plots import COLORS, Figure, bars
from rnncore.widgets.base import Widget
from rnncore.widgets.controls import Choice, Slider, Switch

__all__ = ["WIDGET", "count_parameters", "parameter_counter"]

GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}


def count_parameters(cell, inputs, hidden, layers=1, *, bidirectional=False, biases=2, outputs=0):
    """Count the parameters of a network by kind.

    Args:
        cell: "RNN", "GRU" or "LSTM".
        inputs: D.
        hidden: H.
        layers: number of layers, from 1 up.
        bidirectional: whether each layer reads in both directions.
        biases: bias vectors for each gate: 0, 1 or 2.
        outputs: V, the size of a linear output layer; 0 for none.
    Returns:
        A dict of ints: input weights, recurrent weights, biases, output layer.
    """
    rows, directions = GATES[cell] * hidden, 2 if bidirectional else 1
    below = [inputs] + [directions * hidden] * (layers - 1)
    return {
        "input weights": directions * rows * sum(below),
        "recurrent weights": directions * layers * rows * hidden,
        "biases": directions * layers * biases * rows,
        "output layer": outputs * (directions * hidden + 1),
    }


def parameter_counter(inputs, hidden, layers, bidirectional, biases, outputs):
    """Draw the counts of the three cells side by side, one colour for each kind of parameter."""
    options = {"layers": layers, "bidirectional": bidirectional, "biases": int(biases), "outputs": outputs}
    counts = {cell: count_parameters(cell, inputs, hidden, **options) for cell in GATES}
    totals = {cell: sum(kinds.values()) for cell, kinds in counts.items()}
    said = ", ".join(f"{cell} {total:,}" for cell, total in totals.items())
    figure = bars(totals, ylabel="parameters", alt=f"Bars of the number of parameters: {said}.")
    data = [
        {"type": "bar", "name": kind, "x": list(GATES), "y": [counts[cell][kind] for cell in GATES], "marker": {"color": color}}
        for kind, color in zip(counts["RNN"], COLORS, strict=False)
    ]
    return Figure(data, {**figure.layout, "barmode": "stack"}, figure.alt, note=f"Parameters in all: {said}.")


WIDGET = Widget(
    "parameter_counter",
    "Parameter counter",
    "Double the hidden units: the recurrent weights grow fourfold and soon outweigh everything else.",
    parameter_counter,
    {
        "inputs": Slider("Input size D", 1, 512, 1, 64),
        "hidden": Slider("Hidden units H", 1, 512, 1, 128),
        "layers": Slider("Layers", 1, 4, 1, 1),
        "bidirectional": Switch("Both directions", False),
        "biases": Choice("Bias vectors per gate", ("0", "1", "2"), "2"),
        "outputs": Slider("Output size V", 0, 512, 1, 0),
    },
    precomputed=("layers", "bidirectional"),
)
