"""Lab 2, BPTT by hand: what its eight functions must do, and which mistakes are likely.

    parameters.py      unpacking     the check of `unpack`
    forward_pass.py    reading       the check of `sentence_forward`
    output_layer.py    output        the check of `output_backward`
    walking.py         walk          the check of `walk_back`
    summing.py         sums          the check of `sum_over_time`
    updating.py        update        the check of `take_step`
    measuring.py       measured      the check of `measure_gradient`
    comparing.py       comparison    the check of `relative_error`
    inputs.py      the numbers of the chapter, and the inputs that are drawn

The right functions stand in these files too: `rnncore.reference` splits the same work in other pieces. A mistake is a wrong function
with the words for what is wrong in it; the words complete "This is what comes out when ...".
"""

from rnncore.checks.labs.lab02.comparing import comparison
from rnncore.checks.labs.lab02.forward_pass import reading
from rnncore.checks.labs.lab02.measuring import measured
from rnncore.checks.labs.lab02.output_layer import output
from rnncore.checks.labs.lab02.parameters import unpacking
from rnncore.checks.labs.lab02.summing import sums
from rnncore.checks.labs.lab02.updating import update
from rnncore.checks.labs.lab02.walking import walk

__all__ = ["unpacking", "reading", "output", "walk", "sums", "update", "measured", "comparison"]  # as in the lab
