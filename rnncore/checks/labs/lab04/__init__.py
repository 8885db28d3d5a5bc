"""Lab 4, truncated BPTT: what its seven functions must do, and which mistakes are likely.

    carrying.py        state        the check of `carried_state`
    in_chunks.py       chunks       the check of `rnn_chunked_bptt`
    in_windows.py      windows      the check of `rnn_truncated_bptt`
    angles.py          bias         the check of `gradient_bias`
    side_by_side.py    streams      the check of `stream_batches`
    one_chunk.py       gradient     the check of `chunk_gradient`
    by_place.py        places       the check of `losses_by_place`
    inputs.py          the worked examples' numbers, and the inputs that are drawn

A mistake is a wrong function with the words for what is wrong in it; the words complete "This is what comes out when ...".
"""

from rnncore.checks.labs.lab04.angles import bias
from rnncore.checks.labs.lab04.by_place import places
from rnncore.checks.labs.lab04.carrying import state
from rnncore.checks.labs.lab04.in_chunks import chunks
from rnncore.checks.labs.lab04.in_windows import windows
from rnncore.checks.labs.lab04.one_chunk import gradient
from rnncore.checks.labs.lab04.side_by_side import streams

__all__ = ["state", "chunks", "windows", "bias", "streams", "gradient", "places"]  # as in the lab
