"""Lab 11, attention: what its eight functions must do, and which mistakes are likely.

    forward_dot.py          dot_forward          the check of `dot_scores_forward`
    forward_softmax.py      softmax_forward      the check of `masked_softmax_forward`
    forward_sum.py          sum_forward          the check of `weighted_sum_forward`
    backward_sum.py         sum_backward         the check of `weighted_sum_backward`
    backward_softmax.py     softmax_backward     the check of `masked_softmax_backward`
    backward_dot.py         dot_backward         the check of `dot_scores_backward`
    forward_additive.py     additive_forward     the check of `additive_scores_forward`
    backward_additive.py    additive_backward    the check of `additive_scores_backward`
    inputs.py               the worked example's numbers, and the inputs that are drawn

A mistake is a wrong function with the words for what is wrong in it; the words complete "This is what comes out when ...".
"""

from rnncore.checks.labs.lab11.backward_additive import additive_backward
from rnncore.checks.labs.lab11.backward_dot import dot_backward
from rnncore.checks.labs.lab11.backward_softmax import softmax_backward
from rnncore.checks.labs.lab11.backward_sum import sum_backward
from rnncore.checks.labs.lab11.forward_additive import additive_forward
from rnncore.checks.labs.lab11.forward_dot import dot_forward
from rnncore.checks.labs.lab11.forward_softmax import softmax_forward
from rnncore.checks.labs.lab11.forward_sum import sum_forward

__all__ = [  # as in the lab
    "dot_forward",
    "softmax_forward",
    "sum_forward",
    "sum_backward",
    "softmax_backward",
    "dot_backward",
    "additive_forward",
    "additive_backward",
]
