"""Lab 12, PyTorch and the GPU: what its eight functions must do, and which mistakes are likely.

    device_choice.py       device         the check of `choose_device`
    into_tensors.py        tensors        the check of `to_state_dict`
    out_of_tensors.py      arrays         the check of `to_params`
    forward_sequence.py    sequence       the check of `lstm_forward`
    own_backward.py        custom_step    the check of `lstm_step`
    truncated_chunk.py     chunk          the check of `chunk_gradients`
    packed_sequences.py    packed         the check of `packed_states`
    streaming.py           stream         the check of `read_stream`
    inputs.py              the worked examples' numbers, and the inputs that are drawn

The right functions stand beside their checks: there is no NumPy code that they mirror. A mistake is a wrong function with the words for
what is wrong in it; the words complete "This is what comes out when ...". Whoever imports this loads PyTorch.
"""

from rnncore.checks.labs.lab12.device_choice import device
from rnncore.checks.labs.lab12.forward_sequence import sequence
from rnncore.checks.labs.lab12.into_tensors import tensors
from rnncore.checks.labs.lab12.out_of_tensors import arrays
from rnncore.checks.labs.lab12.own_backward import custom_step
from rnncore.checks.labs.lab12.packed_sequences import packed
from rnncore.checks.labs.lab12.streaming import stream
from rnncore.checks.labs.lab12.truncated_chunk import chunk

__all__ = ["device", "tensors", "arrays", "sequence", "custom_step", "chunk", "packed", "stream"]  # as in the lab
