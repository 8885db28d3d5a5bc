"""Lab 6, the GRU: what its seven functions must do, and which mistakes are likely.

    forward_step.py         step_forward         the check of `gru_step_forward`
    before_product.py       reset_before         the check of `gru_step_forward_before`
    forward_sequence.py     sequence_forward     the check of `gru_forward`
    backward_step.py        step_backward        the check of `gru_step_backward`
    backward_sequence.py    sequence_backward    the check of `gru_backward`
    swapping.py             update_gate          the check of `swap_update_gate`
    counting.py             parameters           the check of `count_parameters`
    inputs.py               the worked example's numbers, and the inputs that are drawn

A mistake is a wrong function with the words for what is wrong in it; the words complete "This is what comes out when ...".
"""

from rnncore.checks.labs.lab06.backward_sequence import sequence_backward
from rnncore.checks.labs.lab06.backward_step import step_backward
from rnncore.checks.labs.lab06.before_product import reset_before
from rnncore.checks.labs.lab06.counting import parameters
from rnncore.checks.labs.lab06.forward_sequence import sequence_forward
from rnncore.checks.labs.lab06.forward_step import step_forward
from rnncore.checks.labs.lab06.swapping import update_gate

__all__ = [  # as in the lab
    "step_forward",
    "reset_before",
    "sequence_forward",
    "step_backward",
    "sequence_backward",
    "update_gate",
    "parameters",
]
