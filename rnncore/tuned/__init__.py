"""The tuned tier: the sequence functions of the reference, written to be fast; the names, arguments and results are the same.

    rnncore.reference.lstm   the clear tier: reads like the equations, and is what the book shows
    rnncore.tuned.lstm       the tuned tier: what runs, here and in every layer built from cells; tests hold the two equal to 1e-12

    lstm, gru, rnn           written out, each in its own way
    template                 one loop for rnn_residual, lstm_peephole, lstm_coupled and lstm_layer_norm
    products                 what all of them share

`rnncore.lstm_forward` is the tuned one. Four recurrences are not here because their two tiers stand side by side in one file of
the reference: minGRU, minLSTM and the linear recurrence as a loop and as a scan, linear attention step by step and, forward, as one
quadratic form.

Four ideas, the same in every layer:
    1. The products with the inputs need no state, so they are one product over all steps, before the loop.
    2. The loop is one product a step; everything else happens in place, in arrays made before the loop.
    3. sigmoid(a) = 0.5 tanh(0.5 a) + 0.5. The inner 0.5 goes into the weights, and one tanh serves all gates.
    4. Backward, the local derivatives of many steps are formed at once; the loop only multiplies them by what arrives from the
       next step, and the gradients of the weights are one product each, after the loop.

A cache of this tier holds the returned `hs` itself, not a copy: do not change `hs` in place before the backward pass.
"""

from rnncore.tuned.gru import *  # noqa: F403
from rnncore.tuned.linear_attention import *  # noqa: F403
from rnncore.tuned.lstm import *  # noqa: F403
from rnncore.tuned.lstm_coupled import *  # noqa: F403
from rnncore.tuned.lstm_layer_norm import *  # noqa: F403
from rnncore.tuned.lstm_peephole import *  # noqa: F403
from rnncore.tuned.rnn import *  # noqa: F403
from rnncore.tuned.rnn_residual import *  # noqa: F403
