"""The mirror in PyTorch: the names, parameters, shapes and results of `rnncore.reference`, on tensors, CPU and GPU.

Functions return what the reference returns, without the cache: PyTorch's autograd is the backward pass. Where PyTorch has a fused function
it is called; cells that have none run by `custom_cell.py`. Functions that make tensors take `device` and `dtype`, those that draw take the
reference's `rng` and draw its numbers. Shapes, dtypes and devices are always checked, values on the CPU alone.

What has no file here:

    optim           `torch.optim` does the same steps: SGD, Adam and AdamW, and the clipping of `torch.nn.utils`
    schedules       plain numbers: set `group["lr"]` of an optimiser to what they return
    diagnostics     they read arrays: bring parameters and states over by `to_numpy`

What the reference has no file for:

    arguments       the check of tensors            device        where tensors live
    fused           PyTorch's recurrent kernels     state_dict    modules of `torch.nn` to the reference's parameters and back
    custom_cell     the template of all other cells                         lstm_slopes   the way back that its LSTMs share
    rooms           memory that its small problems use again
"""

# ruff: noqa: F403
from rnncore.pytorch.activations import *
from rnncore.pytorch.attention import *
from rnncore.pytorch.attention_pooling import *
from rnncore.pytorch.attention_scores import *
from rnncore.pytorch.beam import *
from rnncore.pytorch.bidirectional import *
from rnncore.pytorch.bptt import *
from rnncore.pytorch.cells import *
from rnncore.pytorch.checkpointing import *
from rnncore.pytorch.crf import *
from rnncore.pytorch.decoder_inputs import *
from rnncore.pytorch.decoding import *
from rnncore.pytorch.device import *
from rnncore.pytorch.dropout import *
from rnncore.pytorch.encoder_decoder import *
from rnncore.pytorch.gru import *
from rnncore.pytorch.gru_conventions import *
from rnncore.pytorch.init import *
from rnncore.pytorch.initial_state import *
from rnncore.pytorch.layers import *
from rnncore.pytorch.linear_attention import *
from rnncore.pytorch.linear_recurrence import *
from rnncore.pytorch.losses import *
from rnncore.pytorch.lstm import *
from rnncore.pytorch.lstm_coupled import *
from rnncore.pytorch.lstm_layer_norm import *
from rnncore.pytorch.lstm_peephole import *
from rnncore.pytorch.masked import *
from rnncore.pytorch.masking import *
from rnncore.pytorch.min_gru import *
from rnncore.pytorch.min_lstm import *
from rnncore.pytorch.multihead import *
from rnncore.pytorch.normalization import *
from rnncore.pytorch.packing import *
from rnncore.pytorch.recurrent_dropout import *
from rnncore.pytorch.rnn import *
from rnncore.pytorch.rnn_residual import *
from rnncore.pytorch.stacked import *
from rnncore.pytorch.state_dict import *
from rnncore.pytorch.viterbi import *
