"""Bad input to LSTM and GRU: (function, arguments, words of the sentence[, options])."""

import numpy as np

from rnncore.reference import gru, gru_conventions, lstm
from rnncore.reference.lstm import LSTMState

T, B, D, H = 5, 2, 3, 4
RNG = np.random.default_rng(0)
LSTM, GRU = lstm.init_lstm(RNG, D, H), gru.init_gru(RNG, D, H)
XS, H0 = RNG.standard_normal((T, B, D)), np.zeros((B, H))
STATE = LSTMState(H0, H0.copy())
HS, _, LSTM_CACHE = lstm.lstm_forward(LSTM, XS, STATE)
GRU_CACHE = gru.gru_forward(GRU, XS, H0)[2]
LSTM_STEP, GRU_STEP = LSTM_CACHE.steps[0], GRU_CACHE.steps[0]
NAN = np.full_like(XS, np.nan)

CASES = [
    (lstm.lstm_forward, (LSTM, XS[0], STATE), "xs must have shape (T, B, D), got (2, 3): 2 axes, not 3."),
    (lstm.lstm_forward, (LSTM, XS[..., :2], STATE), "D is 3 in params['weight_ih'], not 2."),
    (lstm.lstm_forward, (LSTM, XS[:0], STATE), "with at least one entry, got (0, 2, 3)."),
    (lstm.lstm_forward, (LSTM, NAN, STATE), "xs must hold finite numbers, got nan at index [0, 0, 0]."),
    (lstm.lstm_forward, (LSTM, XS.astype(int), STATE), "xs must hold floating-point numbers, got dtype int64."),
    (lstm.lstm_forward, (LSTM, XS, (H0, H0)), "state0 must be LSTMState(h, c), got a value of type tuple."),
    (lstm.lstm_forward, (LSTM, XS, LSTMState(H0, H0[:, :3])), "state0.c must have shape (B, H), got (2, 3)"),
    (lstm.lstm_forward, (GRU, XS, STATE), "4H is 16, not 12."),
    (lstm.lstm_step_forward, (LSTM, XS[0], H0), "state must be LSTMState(h, c), got a value of type ndarray."),
    (lstm.lstm_step_forward, (LSTM, XS[0, 0], STATE), "x must have shape (B, D), got (3,)"),
    (lstm.lstm_step_backward, (LSTM_STEP, H0), "dstate_next must be LSTMState(h, c)"),
    (lstm.lstm_step_backward, (LSTM_CACHE, STATE), "cache must be the LSTMStepCache that the forward pass returned"),
    (lstm.lstm_backward, (LSTM_CACHE, HS[1:]), "T is 5 in cache.hs, not 4."),
    (lstm.lstm_backward, (LSTM_STEP, HS), "cache must be the LSTMCache that the forward pass returned"),
    (lstm.lstm_backward, (LSTM_CACHE, HS, H0), "dstate_T must be LSTMState(h, c)"),
    (lstm.init_lstm, (RNG, D, 0), "hidden_size must be at least 1, got 0."),
    (gru.gru_forward, (GRU, XS[0], H0), "xs must have shape (T, B, D), got (2, 3): 2 axes, not 3."),
    (gru.gru_forward, (GRU, XS, np.zeros((B + 1, H))), "B is 2 in xs, not 3."),
    (gru.gru_forward, (GRU, XS[:0], H0), "with at least one entry, got (0, 2, 3)."),
    (gru.gru_forward, (GRU, NAN, H0), "xs must hold finite numbers, got nan"),
    (gru.gru_forward, (GRU, XS.astype(int), H0), "xs must hold floating-point numbers, got dtype int64."),
    (gru.gru_forward, (LSTM, XS, H0), "3H is 12, not 16."),
    (gru.gru_forward, (GRU, XS, H0), "reset must be 'after' or 'before', got 'never'.", {"reset": "never"}),
    (gru.gru_step_forward, (GRU, XS[0], H0[0]), "h must have shape (B, H), got (4,)"),
    (gru.gru_step_forward, (GRU, XS[0], H0), "reset must be 'after' or 'before', got None.", {"reset": None}),
    (gru.gru_step_backward, (GRU_STEP, H0[:1]), "B is 2 in cache.x, not 1."),
    (gru.gru_backward, (GRU_CACHE, HS[0]), "dhs must have shape (T, B, H), got (2, 4)"),
    (gru_conventions.swap_update_gate, (LSTM,), "3H is 12, not 16."),
    (gru_conventions.move_reset_gate, (LSTM,), "3H is 12, not 16.", {"to": "after"}),
    (gru_conventions.move_reset_gate, (GRU,), "to must be 'after' or 'before', got 'never'.", {"to": "never"}),
    (gru_conventions.move_reset_gate, (GRU,), "units 0 and 1 listen to unit 0, and the reset gates of 0 and 1 differ.", {"to": "before"}),
    (gru.init_gru, (RNG, 1.5, H), "input_size must be a whole number, got 1.5."),
]
