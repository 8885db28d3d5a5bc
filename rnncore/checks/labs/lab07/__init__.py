"""Lab 7, batches of unequal length: what its eight functions must do, and which mistakes are likely.

    filling.py            pad               the check of `pad_sequences`
    what_is_real.py       mask              the check of `length_mask`
    holding.py            masked_forward    the check of `masked_rnn_forward`
    own_end.py            last_state        the check of `last_state_forward`
    real_steps.py         masked_loss       the check of `masked_cross_entropy`
    without_padding.py    pack              the check of `pack_forward`
    padding_again.py      unpack            the check of `unpack_forward`
    similar_lengths.py    bucket            the check of `bucketed`
    inputs.py             the worked examples' numbers, and the inputs that are drawn

A mistake is a wrong function with the words for what is wrong in it; the words complete "This is what comes out when ...".
"""

from rnncore.checks.labs.lab07.filling import pad
from rnncore.checks.labs.lab07.holding import masked_forward
from rnncore.checks.labs.lab07.own_end import last_state
from rnncore.checks.labs.lab07.padding_again import unpack
from rnncore.checks.labs.lab07.real_steps import masked_loss
from rnncore.checks.labs.lab07.similar_lengths import bucket
from rnncore.checks.labs.lab07.what_is_real import mask
from rnncore.checks.labs.lab07.without_padding import pack

__all__ = ["pad", "mask", "masked_forward", "last_state", "masked_loss", "pack", "unpack", "bucket"]  # as in the lab
