"""Lab 10, encoder and decoder: what its eight functions must do, and which mistakes are likely.

    true_inputs.py         forced_inputs       the check of `teacher_forced_inputs`
    source.py              reading             the check of `read`
    target.py              writing             the check of `write`
    counted.py             loss                the check of `masked_loss`
    target_backward.py     writing_backward    the check of `write_backward`
    source_backward.py     reading_backward    the check of `read_backward`
    own_inputs.py          free_running        the check of `write_freely`
    mixture.py             scheduled           the check of `mixed_inputs`
    inputs.py              the chapter's numbers, and the inputs that are drawn

`teacher_forced_inputs` is that of `rnncore.reference`; the other right functions stand in these files, since the lab's are smaller than
those of the reference: a plain cell, no attention, and the best token always.
A mistake is a wrong function with the words for what is wrong in it; the words complete "This is what comes out when ...".
"""

from rnncore.checks.labs.lab10.counted import loss
from rnncore.checks.labs.lab10.mixture import scheduled
from rnncore.checks.labs.lab10.own_inputs import free_running
from rnncore.checks.labs.lab10.source import reading
from rnncore.checks.labs.lab10.source_backward import reading_backward
from rnncore.checks.labs.lab10.target import writing
from rnncore.checks.labs.lab10.target_backward import writing_backward
from rnncore.checks.labs.lab10.true_inputs import forced_inputs

__all__ = [
    "forced_inputs",
    "reading",
    "writing",
    "loss",
    "writing_backward",
    "reading_backward",
    "free_running",
    "scheduled",
]  # as in the lab
