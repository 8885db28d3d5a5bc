"""The mirror in PyTorch: the names, parameters and shapes of `rnncore.reference`, on tensors, CPU and GPU."""

from rnncore.pytorch.attention import *  # noqa: F403
from rnncore.pytorch.attention_pooling import *  # noqa: F403
from rnncore.pytorch.attention_scores import *  # noqa: F403
from rnncore.pytorch.bidirectional import *  # noqa: F403
from rnncore.pytorch.bptt import *  # noqa: F403
from rnncore.pytorch.cells import *  # noqa: F403
from rnncore.pytorch.crf import *  # noqa: F403
from rnncore.pytorch.device import *  # noqa: F403
from rnncore.pytorch.gru import *  # noqa: F403
from rnncore.pytorch.linear_recurrence import *  # noqa: F403
from rnncore.pytorch.lstm import *  # noqa: F403
from rnncore.pytorch.lstm_coupled import *  # noqa: F403
from rnncore.pytorch.lstm_layer_norm import *  # noqa: F403
from rnncore.pytorch.lstm_peephole import *  # noqa: F403
from rnncore.pytorch.masked import *  # noqa: F403
from rnncore.pytorch.masking import *  # noqa: F403
from rnncore.pytorch.min_gru import *  # noqa: F403
from rnncore.pytorch.min_lstm import *  # noqa: F403
from rnncore.pytorch.packing import *  # noqa: F403
from rnncore.pytorch.rnn import *  # noqa: F403
from rnncore.pytorch.rnn_residual import *  # noqa: F403
from rnncore.pytorch.stacked import *  # noqa: F403
from rnncore.pytorch.state_dict import *  # noqa: F403
from rnncore.pytorch.viterbi import *  # noqa: F403
