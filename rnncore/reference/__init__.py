"""The reference: NumPy, gradients derived by hand, one file an idea.

Every function keeps the mirror rule: `*outputs, cache = f(*arguments)` and
`d_arguments = f_backward(cache, *d_outputs)`, one gradient for each argument, in the same order and of the same type.

    cells            rnn, rnn_residual, lstm, lstm_peephole, lstm_layer_norm, lstm_coupled, gru, gru_conventions; by name: cells
    linear           linear_recurrence, min_gru, min_lstm, linear_attention
    lengths          masking, masked, packing
    around cells     initial_state, stacked, bidirectional, dropout, recurrent_dropout, normalization
    before, after    layers, activations, losses
    attention        attention_scores, attention, attention_pooling, multihead
    seq-to-seq       encoder_decoder, decoder_inputs, decoding, beam
    structure        crf, viterbi
    training         init, optim, schedules, bptt, checkpointing
    looking inside   diagnostics
    shared           shapes, ranges, tree, sequence
"""

# ruff: noqa: F403
from rnncore.reference.activations import *
from rnncore.reference.attention import *
from rnncore.reference.attention_pooling import *
from rnncore.reference.attention_scores import *
from rnncore.reference.beam import *
from rnncore.reference.bidirectional import *
from rnncore.reference.bptt import *
from rnncore.reference.cells import *
from rnncore.reference.checkpointing import *
from rnncore.reference.crf import *
from rnncore.reference.decoder_inputs import *
from rnncore.reference.decoding import *
from rnncore.reference.diagnostics import *
from rnncore.reference.dropout import *
from rnncore.reference.encoder_decoder import *
from rnncore.reference.gru import *
from rnncore.reference.gru_conventions import *
from rnncore.reference.init import *
from rnncore.reference.initial_state import *
from rnncore.reference.layers import *
from rnncore.reference.linear_attention import *
from rnncore.reference.linear_recurrence import *
from rnncore.reference.losses import *
from rnncore.reference.lstm import *
from rnncore.reference.lstm_coupled import *
from rnncore.reference.lstm_layer_norm import *
from rnncore.reference.lstm_peephole import *
from rnncore.reference.masked import *
from rnncore.reference.masking import *
from rnncore.reference.min_gru import *
from rnncore.reference.min_lstm import *
from rnncore.reference.multihead import *
from rnncore.reference.normalization import *
from rnncore.reference.optim import *
from rnncore.reference.packing import *
from rnncore.reference.recurrent_dropout import *
from rnncore.reference.rnn import *
from rnncore.reference.rnn_residual import *
from rnncore.reference.schedules import *
from rnncore.reference.stacked import *
from rnncore.reference.viterbi import *
