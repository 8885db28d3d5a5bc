"""What the tests know of the labs: their sources, their checks, and how their solutions differ from the reference.

    LABS      name of a lab -> Lab
    FOUND     the sources there are
    solved    run a solved source, once, and return the names it defines
"""

import functools
import importlib
import os
from pathlib import Path
from typing import NamedTuple

import jupytext

ROOT = Path(__file__).parents[2]


class Lab(NamedTuple):
    """One lab."""

    name: str  # lab01_recurrent_cell
    replaced: dict  # text of the reference -> text of the solution, both as `ast.unparse` writes them
    other: dict  # steps whose solution a learner writes otherwise -> why; they are compared in numbers

    @property
    def source(self):
        return ROOT / "solutions" / f"{self.name}.py"

    @property
    def checks(self):
        return importlib.import_module(f"rnncore.checks.labs.{self.name[:5]}")

    @property
    def exercises(self):
        return {step: getattr(self.checks, step) for step in self.checks.__all__}

    @property
    def cells(self):
        return [cell.source for cell in jupytext.read(self.source).cells if cell.cell_type == "code"]


LABS = {
    "lab01": Lab(
        "lab01_recurrent_cell",
        # The lab is tanh only; where the reference asks its argument `nonlinearity`, the lab has tanh.
        replaced={
            "_activation(a, nonlinearity)": "np.tanh(a)",
            "_slope(h_next, nonlinearity)": "(1 - h_next ** 2)",
            "params, x, h, h_next, nonlinearity = cache": "params, x, h, h_next, _ = cache",
            "RNNStepCache(params, x, h, h_next, nonlinearity)": "RNNStepCache(params, x, h, h_next, 'tanh')",
            ", nonlinearity=nonlinearity": "",
            ", *, nonlinearity='tanh'": "",
        },
        other={"sequence_backward": "it calls the backward pass of a step at every step and adds up; the reference forms the sums at once"},
    ),
    "lab05": Lab(
        "lab05_lstm",
        replaced={
            # The gates are a function of their own.
            "a = x @ params['weight_ih'].T + params['bias_ih'] + h @ params['weight_hh'].T + params['bias_hh']\n"
            "    a_i, a_f, a_g, a_o = a.reshape(len(a), 4, -1).swapaxes(0, 1)\n"
            "    i, f, g, o = (sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o))": "i, f, g, o = lstm_gates(params, x, h)",
            # The reference guards itself against a value that is no number.
            "if not np.isfinite(value):\n"
            "        raise ValueError(f'set_forget_bias: value must be a finite number, got {value}.')\n"
            "    ": "",
        },
        other={
            "step_backward": "it is one function; the reference has the gates' part apart, because the sequence uses that alone",
            "sequence_backward": "it calls the backward pass of a step at every step and adds up; the reference forms the sums at once",
        },
    ),
}
FOUND = sorted(path.stem for path in (ROOT / "solutions").glob("lab*.py"))


@functools.cache
def solved(name):
    """Run the solved source of a lab outside grading; return the names it defines."""
    assert "NBGRADER_EXECUTION" not in os.environ
    notebook = {}
    for cell in LABS[name].cells:
        exec(cell, notebook)
    return notebook
