"""Lab 8, bidirectional and deep: what its six functions must do, and which mistakes are likely.

    back_to_front.py      reversal         the check of `reverse_padded_forward`
    two_readers.py        both_forward     the check of `bidirectional_forward`
    two_gradients.py      both_backward    the check of `bidirectional_backward`
    layers.py             stack            the check of `stacked_forward`
    all_sequences.py      log_partition    the check of `crf_log_partition_forward`
    best_sequence.py      viterbi          the check of `crf_viterbi`
    inputs.py             the worked examples' numbers, and the inputs that are drawn

The two functions of a bidirectional layer and that of a stack are simpler here than in `rnncore.reference`: the cell is the plain one,
lengths are always given, and a stack consists of bidirectional layers.
A mistake is a wrong function with the words for what is wrong in it; the words complete "This is what comes out when ...".
"""

from rnncore.checks.labs.lab08.all_sequences import log_partition
from rnncore.checks.labs.lab08.back_to_front import reversal
from rnncore.checks.labs.lab08.best_sequence import viterbi
from rnncore.checks.labs.lab08.layers import stack
from rnncore.checks.labs.lab08.two_gradients import both_backward
from rnncore.checks.labs.lab08.two_readers import both_forward

__all__ = ["reversal", "both_forward", "both_backward", "stack", "log_partition", "viterbi"]  # as in the lab
