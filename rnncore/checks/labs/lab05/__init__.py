"""Lab 5, the LSTM: what its six functions must do, and which mistakes are likely.

    four_gates.py           gates                the check of `lstm_gates`
    forward_step.py         step_forward         the check of `lstm_step_forward`
    forward_sequence.py     sequence_forward     the check of `lstm_forward`
    backward_step.py        step_backward        the check of `lstm_step_backward`
    backward_sequence.py    sequence_backward    the check of `lstm_backward`
    keeping.py              forget_bias          the check of `set_forget_bias`
    inputs.py               the worked example's numbers, and the inputs that are drawn

A mistake is a wrong function with the words for what is wrong in it; the words complete "This is what comes out when ...".
"""

from rnncore.checks.labs.lab05.backward_sequence import sequence_backward
from rnncore.checks.labs.lab05.backward_step import step_backward
from rnncore.checks.labs.lab05.forward_sequence import sequence_forward
from rnncore.checks.labs.lab05.forward_step import step_forward
from rnncore.checks.labs.lab05.four_gates import gates
from rnncore.checks.labs.lab05.keeping import forget_bias

__all__ = ["gates", "step_forward", "sequence_forward", "step_backward", "sequence_backward", "forget_bias"]  # as in the lab
