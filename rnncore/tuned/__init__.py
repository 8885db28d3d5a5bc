"""The tuned tier: the sequence functions of the reference, written to be fast; the names, arguments and results are the same.

    rnncore.reference.lstm   the clear tier: reads like the equations, and is what the book shows
    rnncore.tuned.lstm       the tuned tier: what runs, here and in every layer built from cells; tests hold the two equal to 1e-12

    lstm, gru, rnn       written out, each in its own way
    template             one loop for rnn_residual, lstm_peephole, lstm_coupled and lstm_layer_norm
    linear_attention     in chunks of time
    masked               any cell over padded sequences
    products             what the cells share

`rnncore.lstm_forward` is the tuned one, and so for every name of these files. The other functions that loop over time:
    linear_recurrence, min_gru, min_lstm
                         both tiers stand side by side in one file of the reference, a loop and a scan
    packed, stacked, bidirectional, encoder, decoder
                         have no loop of their own and run the tuned cells
    recurrent_dropout    has one tier: each sequence multiplies h by a mask of its own before the product, so the mask cannot go into
                         the weights, and in the tuned loops it would be one case more in every cell, for one function
    crf, viterbi         have one tier: no step has a product with inputs to hoist, or gradients of weights to defer to one product
    truncated_bptt, diagnostics, decoding, beam
                         have one tier: they stop at single steps, to cut, to look or to choose

Four ideas, the same in every cell:
    1. The products with the inputs need no state, so they are one product over all steps, before the loop.
    2. The loop is one product a step; everything else happens in place, in arrays made before the loop.
    3. sigmoid(a) = 0.5 tanh(0.5 a) + 0.5. The inner 0.5 goes into the weights, and one tanh serves all gates.
    4. Backward, the local derivatives of many steps are formed at once; the loop only multiplies them by what arrives from the
       next step, and the gradients of the weights are one product each, after the loop.

A cache of this tier holds the returned `hs` or `os` itself, not a copy: do not change it in place before the backward pass.
"""

# masked is not imported here but by rnncore itself: it finds cells by name, in a registry that is made of the functions below.
from rnncore.tuned.gru import *  # noqa: F403
from rnncore.tuned.linear_attention import *  # noqa: F403
from rnncore.tuned.lstm import *  # noqa: F403
from rnncore.tuned.lstm_coupled import *  # noqa: F403
from rnncore.tuned.lstm_layer_norm import *  # noqa: F403
from rnncore.tuned.lstm_peephole import *  # noqa: F403
from rnncore.tuned.rnn import *  # noqa: F403
from rnncore.tuned.rnn_residual import *  # noqa: F403
