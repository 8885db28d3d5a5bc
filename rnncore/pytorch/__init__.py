"""The mirror in PyTorch: the names, parameters and shapes of `rnncore.reference`, on tensors, CPU and GPU."""

from rnncore.pytorch.device import *  # noqa: F403
from rnncore.pytorch.rnn import *  # noqa: F403
