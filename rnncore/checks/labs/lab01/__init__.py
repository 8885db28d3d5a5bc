"""Lab 1, the recurrent cell: what its five functions must do, and which mistakes are likely.

    forward_step.py         step_forward         the check of `rnn_step_forward`
    forward_sequence.py     sequence_forward     the check of `rnn_forward`
    backward_step.py        step_backward        the check of `rnn_step_backward`
    backward_sequence.py    sequence_backward    the check of `rnn_backward`
    probability.py          prediction           the check of the numbers that one output layer gives
    inputs.py               the worked example's numbers, and the inputs that are drawn

A mistake is a wrong function with the words for what is wrong in it; the words complete "This is what comes out when ...".
"""

from rnncore.checks.labs.lab01.backward_sequence import sequence_backward
from rnncore.checks.labs.lab01.backward_step import step_backward
from rnncore.checks.labs.lab01.forward_sequence import sequence_forward
from rnncore.checks.labs.lab01.forward_step import step_forward
from rnncore.checks.labs.lab01.probability import prediction

__all__ = ["step_forward", "sequence_forward", "step_backward", "sequence_backward", "prediction"]  # as in the lab
