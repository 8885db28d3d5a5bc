"""Bad input to the cell variants and to what is put around cells: (function, arguments, words of the sentence[, options])."""

import numpy as np

from rnncore.reference.bidirectional import BidirectionalState, bidirectional_backward, bidirectional_forward, init_bidirectional
from rnncore.reference.cells import CELLS, find_cell
from rnncore.reference.dropout import dropout_backward, dropout_forward, dropout_mask
from rnncore.reference.initial_state import carried_state, learned_state_backward, learned_state_forward, zero_state
from rnncore.reference.lstm import LSTMState
from rnncore.reference.masked import masked_backward, masked_forward
from rnncore.reference.masking import (
    last_state_backward,
    last_state_forward,
    length_mask,
    reverse_padded_backward,
    reverse_padded_forward,
)
from rnncore.reference.normalization import init_layer_norm, layer_norm_backward, layer_norm_forward
from rnncore.reference.packing import (
    pack_backward,
    pack_forward,
    packed_backward,
    packed_forward,
    packed_layout,
    unpack_backward,
    unpack_forward,
)
from rnncore.reference.recurrent_dropout import recurrent_dropout_backward, recurrent_dropout_forward
from rnncore.reference.stacked import init_stacked, stacked_backward, stacked_forward

T, B, D, H = 5, 2, 3, 4
RNG = np.random.default_rng(0)
XS, X, H0 = RNG.standard_normal((T, B, D)), RNG.standard_normal((B, D)), np.zeros((B, H))
S0 = LSTMState(H0, H0)
LENGTHS = np.array([5, 2])
MASK = np.ones((B, H))


def with_nan(array):
    array = array.copy()
    array.flat[1] = np.nan
    return array


def variant(name, params_keys):
    """Cases that every cell has, with its own words."""
    cell = CELLS[name]
    params, state0 = cell.init(RNG, D, H), cell.zero_state(B, H)
    state, nan = ("h", with_nan(H0)) if name == "rnn_residual" else ("state.h", LSTMState(with_nan(H0), H0))
    dstate = "dh_next" if name == "rnn_residual" else "dstate_next.h"
    hs, state_T, cache = cell.forward(params, XS, state0)
    _, step_cache = cell.step_forward(params, X, state0)
    kind, step_kind = type(cache).__name__, type(step_cache).__name__
    yield cell.init, (RNG, 0, H), "input_size must be at least 1, got 0."
    yield cell.init, (0, D, H), "rng must be a numpy.random.Generator, got a value of type int."
    yield cell.step_forward, (params, X[0], state0), "x must have shape (B, D), got (3,): 1 axes, not 2."
    yield cell.step_forward, (params, X[:, :2], state0), "D is 3 in params['weight_ih'], not 2."
    yield cell.step_forward, (params, X, nan), f"{state} must hold finite numbers, got nan at index [0, 1]."
    yield cell.step_forward, (params, X.astype(int), state0), "x must hold floating-point numbers, got dtype int64."
    yield cell.step_backward, (None, state0), f"cache must be the {step_kind} that the forward pass returned, got None."
    yield cell.step_backward, (step_cache, nan), f"{dstate} must hold finite numbers"
    yield cell.forward, (params, XS[:0], state0), "xs must have shape (T, B, D) with at least one entry, got (0, 2, 3)."
    yield cell.forward, (params, with_nan(XS), state0), "xs must hold finite numbers, got nan at index [0, 0, 1]."
    yield cell.forward, (list(params), XS, state0), f"params must be a dict with the keys {params_keys}, got a value of type list."
    yield cell.backward, (step_cache, hs), f"cache must be the {kind} that the forward pass returned, got a value of type {step_kind}."
    yield cell.backward, (cache, hs[1:]), "T is 5 in cache.hs, not 4."
    yield cell.backward, (cache, hs, state_T[0]), "dstate_T"


WEIGHTS = "weight_ih, weight_hh, bias_ih, bias_hh"
VARIANTS = {
    "rnn_residual": WEIGHTS,
    "lstm_peephole": WEIGHTS + ", weight_ci, weight_cf, weight_co",
    "lstm_layer_norm": WEIGHTS + ", gain_ih, gain_hh, gain_c, bias_c",
    "lstm_coupled": WEIGHTS,
}
RNN, LSTM, GRU = (CELLS[name].init(RNG, D, H) for name in ("rnn", "lstm", "gru"))
RESIDUAL, NORM = CELLS["rnn_residual"], CELLS["lstm_layer_norm"]
CELL_CASES = [
    *(case for name, keys in VARIANTS.items() for case in variant(name, keys)),
    (RESIDUAL.forward, (RNN, XS, H0), "scale must be positive, got 0.", {"scale": 0}),
    (RESIDUAL.step_forward, (RNN, X, H0), "scale must be positive, got -1.0.", {"scale": -1.0}),
    (NORM.forward, (NORM.init(RNG, D, H), XS, S0), "eps must be positive, got 0.", {"eps": 0}),
    (
        CELLS["lstm_coupled"].forward,
        (LSTM, XS, S0),
        "must have shape (3H, D), got (16, 3): H is 4 in params['weight_hh'], so 3H",
    ),
    (find_cell, ("lstn",), "cell must be a Cell or one of rnn, rnn_residual, lstm, lstm_peephole, lstm_layer_norm, lstm_coupled, gru"),
    (find_cell, (None,), "cell must be a name or a Cell, got a value of type NoneType."),
]

SCALES = init_layer_norm(D)
_, NORM_CACHE = layer_norm_forward(SCALES, XS)
_, DROP_CACHE = dropout_forward(XS, np.ones((B, D)))
HS, LSTM_T, _ = CELLS["lstm"].forward(LSTM, XS, S0)
_, _, RECURRENT_CACHE = recurrent_dropout_forward(LSTM, XS, S0, MASK)
LEARNED, LEARNED_CACHE = learned_state_forward(LSTMState(np.zeros(H), np.zeros(H)), B)
SMALL_CASES = [
    (init_layer_norm, (0,), "size must be at least 1, got 0."),
    (layer_norm_forward, (SCALES, XS[..., :2]), "D is 3 in params['weight'], not 2."),
    (layer_norm_forward, (SCALES, with_nan(XS)), "x must hold finite numbers"),
    (layer_norm_forward, (SCALES, XS.astype(int)), "x must hold floating-point numbers, got dtype int64."),
    (layer_norm_forward, (SCALES, XS), "eps must be positive, got -1.", {"eps": -1}),
    (layer_norm_backward, (NORM_CACHE, XS[0]), "dy must have shape (5, 2, 3), got (2, 3)."),
    (layer_norm_backward, (None, XS), "cache must be the LayerNormCache that the forward pass returned, got None."),
    (dropout_mask, (RNG, (B, H), 1.0), "rate must be at least 0 and below 1, got 1.0."),
    (dropout_mask, (RNG, (B, H), float("nan")), "rate must be at least 0 and below 1, got nan."),
    (dropout_mask, (RNG, 5, 0.5), "shape must be a tuple of whole numbers from 1 up, got 5."),
    (dropout_mask, (RNG, (B, 0), 0.5), "shape must be a tuple of whole numbers from 1 up, got (2, 0)."),
    (dropout_mask, (7, (B, H), 0.5), "rng must be a numpy.random.Generator, got a value of type int."),
    (dropout_forward, (XS, np.ones((T, 1, D))), "mask must have the shape of x, (5, 2, 3), or of its last axes, got (5, 1, 3)."),
    (dropout_forward, (XS, np.ones((B, D), np.float32)), "mask is float32 but x is float64: use one dtype in a call."),
    (dropout_forward, (XS, np.ones((B, D), bool)), "mask must hold floating-point numbers, got dtype bool."),
    (dropout_forward, (with_nan(XS), np.ones((B, D))), "x must hold finite numbers"),
    (dropout_forward, (XS[:0], np.ones((B, D))), "x must have shape (...) with at least one entry, got (0, 2, 3)."),
    (dropout_backward, (DROP_CACHE, XS[0]), "dy must have shape (5, 2, 3), got (2, 3)."),
    (dropout_backward, (None, XS), "cache must be the DropoutCache that the forward pass returned, got None."),
    (
        recurrent_dropout_forward,
        (GRU, XS, H0, MASK),
        "cell must not carry h past the products, as the mask would erase it",
        {"cell": "gru"},
    ),
    (
        recurrent_dropout_forward,
        (RNN, XS, H0, MASK),
        "as the mask would erase it, but rnn_residual_forward does.",
        {"cell": "rnn_residual"},
    ),
    (recurrent_dropout_forward, (LSTM, XS, S0, np.ones((T, B, H))), "mask must have shape (B, H), got (5, 2, 4)"),
    (recurrent_dropout_forward, (LSTM, XS, S0, with_nan(MASK)), "mask must hold finite numbers"),
    (recurrent_dropout_backward, (RECURRENT_CACHE, HS[1:]), "T is 5 in cache.hs, not 4."),
    (recurrent_dropout_backward, (RECURRENT_CACHE, HS, H0), "dstate_T must be LSTMState(h, c), got a value of type ndarray."),
    (zero_state, (0, H), "batch_size must be at least 1, got 0."),
    (zero_state, (B, H), "cell must be a Cell or one of", {"cell": "elman"}),
    (learned_state_forward, (np.zeros((1, H)), B), "params must have shape (H,), got (1, 4): 2 axes, not 1."),
    (
        learned_state_forward,
        (LSTMState(np.zeros(H), np.zeros(3)), B),
        "params.c must have shape (H,), got (3,): H is 4 in params.h",
    ),
    (learned_state_forward, (np.zeros(H, int), B), "params must hold floating-point numbers, got dtype int64."),
    (learned_state_forward, (np.zeros(H), 0), "batch_size must be at least 1, got 0."),
    (learned_state_backward, (LEARNED_CACHE, H0), "dstate0 must be LSTMState(h, c), got a value of type ndarray."),
    (learned_state_backward, (LEARNED_CACHE, LSTMState(H0[:1], H0[:1])), "dstate0.h must have shape (2, 4), got (1, 4)."),
    (carried_state, (np.zeros(H),), "state_T must have shape (B, H), got (4,): 1 axes, not 2."),
    (carried_state, (with_nan(H0),), "state_T must hold finite numbers, got nan at index [0, 1]."),
    (carried_state, (S0, np.array([0, 1])), "ended must hold True and False, got dtype int64."),
    (carried_state, (S0, np.array([True])), "ended must have shape (B,), got (1,): B is 2 in state_T.h, not 1."),
]

MASKED_HS, _, MASKED_CACHE = masked_forward(LSTM, XS, S0, LENGTHS)
_, REVERSE_CACHE = reverse_padded_forward(XS, LENGTHS)
_, LAST_CACHE = last_state_forward(HS, LENGTHS)
DATA, PACK_CACHE = pack_forward(XS, LENGTHS)
_, UNPACK_CACHE = unpack_forward(DATA, LENGTHS)
PACKED_HS, _, PACKED_CACHE = packed_forward(LSTM, DATA, S0, LENGTHS)
EMPTY = "lengths must lie between 1 and 5 (T), got 0, as an empty sequence has no state."
LENGTH_CASES = [
    *(
        case
        for function, args in [
            (length_mask, lambda n: (n, T)),
            (reverse_padded_forward, lambda n: (XS, n)),
            (last_state_forward, lambda n: (HS, n)),
            (masked_forward, lambda n: (LSTM, XS, S0, n)),
            (pack_forward, lambda n: (XS, n)),
            (bidirectional_forward, lambda n: (init_bidirectional(RNG, D, H), XS, BidirectionalState(S0, S0), n)),
            (stacked_forward, lambda n: ([LSTM], XS, [S0], n)),
        ]
        for case in [
            (function, args(np.array([5, 0])), EMPTY),
            (function, args(np.array([6, 2])), "lengths must lie between 1 and 5 (T), got 6."),
            (function, args(np.array([-1, 2])), "lengths must lie between 1 and 5 (T), got -1."),
            (function, args(np.array([5.0, 2.0])), "lengths must hold whole numbers, got dtype float64."),
            (function, args(LENGTHS[:, None]), "lengths must have shape (B,), got (2, 1): 2 axes, not 1."),
            (function, args([5, 2]), "lengths must be a NumPy array of shape (B,), got a value of type list."),
        ]
    ),
    (masked_forward, (LSTM, XS, S0, np.array([5, 2, 1])), "lengths must have shape (B,), got (3,): B is 2 in xs, not 3."),
    (masked_forward, (LSTM, with_nan(XS), S0, LENGTHS), "xs must hold finite numbers"),
    (masked_forward, (LSTM, XS, H0, LENGTHS), "state0 must be LSTMState(h, c), got a value of type ndarray."),
    (masked_forward, (LSTM, XS, H0, LENGTHS), "params['weight_ih'] must have shape (3H, D), got (16, 3): H is 4", {"cell": "gru"}),
    (masked_forward, (LSTM, XS, S0, LENGTHS), "cell must be a Cell or one of rnn", {"cell": "transformer"}),
    (masked_forward, (RNN, XS, H0, LENGTHS), "nonlinearity must be 'tanh' or 'relu'", {"cell": "rnn", "nonlinearity": "sin"}),
    (masked_backward, (MASKED_CACHE, MASKED_HS[1:]), "T is 5 in cache.hs, not 4."),
    (masked_backward, (MASKED_CACHE, MASKED_HS, H0), "dstate_T must be LSTMState(h, c), got a value of type ndarray."),
    (masked_backward, (PACKED_CACHE, MASKED_HS), "cache must be the MaskedCache that the forward pass returned"),
    (length_mask, (LENGTHS, 0), "steps must be at least 1, got 0."),
    (reverse_padded_forward, (XS[0], LENGTHS), "xs must have shape (T, B, D), got (2, 3): 2 axes, not 3."),
    (reverse_padded_backward, (REVERSE_CACHE, XS[1:]), "T is 5 in cache.xs, not 4."),
    (reverse_padded_backward, (None, XS), "cache must be the ReversePaddedCache that the forward pass returned, got None."),
    (last_state_forward, (HS[:0], LENGTHS), "hs must have shape (T, B, H) with at least one entry, got (0, 2, 4)."),
    (last_state_backward, (LAST_CACHE, HS), "dh must have shape (B, H), got (5, 2, 4): 3 axes, not 2."),
    (last_state_backward, (LAST_CACHE, with_nan(H0)), "dh must hold finite numbers"),
    (packed_layout, (np.array([3, 0]),), "lengths must lie between 1 and 3 (T), got 0, as an empty sequence has no state."),
    (packed_layout, (np.array([], int),), "lengths must have shape (B,) with at least one entry, got (0,)."),
    (pack_backward, (PACK_CACHE, DATA[1:]), "N is 7 in cache.data, not 6."),
    (pack_backward, (UNPACK_CACHE, DATA), "cache must be the PackCache that the forward pass returned, got a value of type UnpackCache."),
    (unpack_forward, (DATA, np.array([5, 3])), "lengths must be at least 1 and add up to the 7 rows of data, got [5, 3]."),
    (unpack_forward, (DATA, LENGTHS), "lengths must lie between 1 and 4 (T), got 5.", {"steps": 4}),
    (unpack_forward, (with_nan(DATA), LENGTHS), "data must hold finite numbers"),
    (unpack_backward, (UNPACK_CACHE, XS[1:]), "T is 5 in cache.xs, not 4."),
    (packed_forward, (LSTM, XS, S0, LENGTHS), "data must have shape (N, D), got (5, 2, 3): 3 axes, not 2."),
    (packed_forward, (LSTM, DATA, S0, np.array([7, 0])), "lengths must be at least 1 and add up to the 7 rows of data, got [7, 0]."),
    (packed_forward, (LSTM, DATA, S0, np.array([4, 2, 1])), "lengths must have shape (B,), got (3,): B is 2 in state0.h, not 3."),
    (packed_backward, (PACKED_CACHE, PACKED_HS[1:]), "N is 7 in cache.hs, not 6."),
    (packed_backward, (PACKED_CACHE, PACKED_HS, LSTMState(H0[:1], H0[:1])), "B is 2 in cache.lengths, not 1."),
]

BOTH, BOTH_0 = init_bidirectional(RNG, D, H), BidirectionalState(S0, S0)
YS, _, BOTH_CACHE = bidirectional_forward(BOTH, XS, BOTH_0)
STACK, STACK_0 = init_stacked(RNG, D, H, 2), [S0, S0]
STACK_HS, _, STACK_CACHE = stacked_forward(STACK, XS, STACK_0)
LAYER_CASES = [
    (init_bidirectional, (RNG, D, 0), "hidden_size must be at least 1, got 0."),
    (init_bidirectional, (RNG, D, H), "cell must be a Cell or one of rnn", {"cell": "lstn"}),
    (bidirectional_forward, (LSTM, XS, BOTH_0), "params must have exactly the keys forward, reverse, but lacks forward, reverse."),
    (
        bidirectional_forward,
        (BOTH | {"reverse": CELLS["lstm"].init(RNG, D, 5)}, XS, BOTH_0),
        "params['reverse']['weight_hh']",
    ),
    (bidirectional_forward, (BOTH, XS, S0), "state0 must be BidirectionalState(forward, reverse), got a value of type LSTMState."),
    (bidirectional_forward, (BOTH, XS, BidirectionalState(S0, H0)), "state0.reverse must be LSTMState(h, c), got a value of type ndarray."),
    (bidirectional_forward, (BOTH, with_nan(XS), BOTH_0), "xs must hold finite numbers"),
    (bidirectional_forward, (BOTH, XS.astype(int), BOTH_0), "xs must hold floating-point numbers, got dtype int64."),
    (bidirectional_forward, (BOTH, XS, BOTH_0), "merge must be 'concat' or 'sum', got 'mean'.", {"merge": "mean"}),
    (bidirectional_backward, (BOTH_CACHE, HS), "dys must have shape (T, B, 2H), got (5, 2, 4): H is 4 in cache.h, so 2H is 8, not 4."),
    (bidirectional_backward, (BOTH_CACHE, YS, S0), "dstate_T must be BidirectionalState(forward, reverse), got a value of type LSTMState."),
    (bidirectional_backward, (None, YS), "cache must be the BidirectionalCache that the forward pass returned, got None."),
    (init_stacked, (RNG, D, H, 0), "layers must be at least 1, got 0."),
    (stacked_forward, (LSTM, XS, STACK_0), "params must be a list of length 1, got a value of type dict."),
    (stacked_forward, ([], XS, STACK_0), "params must be a list of length 1, got length 0."),
    (stacked_forward, ([LSTM, LSTM], XS, STACK_0), "params[1]['weight_ih'] must have shape (4H, H), got (16, 3): H is 4"),
    (stacked_forward, (STACK, XS, STACK_0[:1]), "state0 must be a list of length 2, got length 1."),
    (stacked_forward, (STACK, XS, S0), "state0 must be a list of length 2, got a value of type LSTMState."),
    (stacked_forward, (STACK, XS[:, :0], STACK_0), "xs must have shape (T, B, D) with at least one entry, got (5, 0, 3)."),
    (stacked_forward, (STACK, with_nan(XS), STACK_0), "xs must hold finite numbers"),
    (stacked_forward, (STACK, XS, STACK_0), "masks must be a list of length 1, got length 2.", {"masks": [MASK, MASK]}),
    (stacked_forward, (STACK, XS, STACK_0), "masks must be a list of length 1, got a value of type ndarray.", {"masks": MASK}),
    (stacked_forward, (STACK, XS, STACK_0), "masks[0] must have shape (..., B, H), got (2, 3)", {"masks": [MASK[:, 1:]]}),
    (
        stacked_forward,
        (STACK, XS, STACK_0),
        "(T, B, H) or (B, H) with T = 5, got (1, 2, 4).",
        {"masks": [MASK[None]]},
    ),
    (stacked_backward, (STACK_CACHE, STACK_HS[1:]), "T is 5 in cache.hs, not 4."),
    (stacked_backward, (STACK_CACHE, STACK_HS, S0), "dstate_T must be a list of length 2, got a value of type LSTMState."),
    (stacked_backward, (None, STACK_HS), "cache must be the StackedCache that the forward pass returned, got None."),
]

CASES = CELL_CASES + SMALL_CASES + LENGTH_CASES + LAYER_CASES
