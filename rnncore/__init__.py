"""rnncore: recurrent networks to read, check and run.

    rnncore.reference   NumPy, gradients by hand, to read; also importable from here
    rnncore.tuned       the functions over a sequence, same results, written for speed; these are what `rnncore.lstm_forward` is
    rnncore.pytorch     the same names on tensors, CPU and GPU
    rnncore.checks      gradient check, purity, parity with torch, the labs' checks
    rnncore.tasks       data for experiments
    rnncore.plots       figures
    rnncore.pictures    the same as SVG, where there is no JavaScript (needs matplotlib)
    rnncore.widgets     figures with controls
    rnncore.quiz        self-check questions

Importing this package loads NumPy and nothing else.
"""

from rnncore.reference import *  # noqa: F403
from rnncore.tuned import *  # noqa: F403  # the same names again: what runs
from rnncore.tuned.masked import *  # noqa: F403  # and this one by itself, as the cells that it finds by name need rnncore.tuned

__version__ = "0.1.0"
