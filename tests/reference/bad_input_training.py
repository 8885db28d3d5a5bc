"""Bad input to linear recurrence, BPTT, checkpointing, optimisers, schedules, initialisers and diagnostics."""

import numpy as np

from rnncore.reference.bptt import chunked_bptt, full_bptt, truncated_bptt
from rnncore.reference.checkpointing import checkpointed_bptt
from rnncore.reference.diagnostics import (
    dead_fraction,
    gradient_norms,
    product_jacobians,
    rnn_step_jacobian,
    saturation_fraction,
    singular_values,
    spectral_radius,
    state_statistics,
    step_jacobian,
    step_jacobians,
)
from rnncore.reference.init import he_normal, he_uniform, identity, orthogonal, set_forget_bias, xavier_normal, xavier_uniform
from rnncore.reference.linear_attention import (
    LinearAttentionState,
    linear_attention_backward,
    linear_attention_forward,
    linear_attention_quadratic,
    linear_attention_step_backward,
    linear_attention_step_forward,
)
from rnncore.reference.linear_recurrence import (
    linear_recurrence_backward,
    linear_recurrence_forward,
    linear_recurrence_scan_backward,
    linear_recurrence_scan_forward,
)
from rnncore.reference.lstm import init_lstm
from rnncore.reference.min_gru import init_min_gru, min_gru_backward, min_gru_forward, min_gru_step_backward, min_gru_step_forward
from rnncore.reference.min_lstm import init_min_lstm, min_lstm_backward, min_lstm_forward, min_lstm_step_backward, min_lstm_step_forward
from rnncore.reference.optim import adam_step, adamw_step, clip_by_value, init_adam, init_momentum, momentum_step, sgd_step
from rnncore.reference.rnn import init_rnn, rnn_backward, rnn_forward, rnn_step_backward, rnn_step_forward
from rnncore.reference.schedules import constant_lr, cosine_lr, step_lr, warmup_lr

T, B, D, H, V = 5, 2, 3, 4, 6
RNG = np.random.default_rng(0)
XS, H0, DHS = RNG.standard_normal((T, B, D)), np.zeros((B, H)), RNG.standard_normal((T, B, H))
RNN, LSTM = init_rnn(RNG, D, H), init_lstm(RNG, D, H)
H1, STEP_CACHE = rnn_step_forward(RNN, XS[0], H0)
A = RNG.uniform(0, 1, (T, B, H))
LINEAR_CACHE = linear_recurrence_forward(A, DHS, H0)[1]
MIN_GRU, MIN_LSTM = init_min_gru(RNG, D, H), init_min_lstm(RNG, D, H)
GRU_CACHE, LSTM_CACHE = min_gru_forward(MIN_GRU, XS, H0)[2], min_lstm_forward(MIN_LSTM, XS, H0)[2]
GRU_STEP, LSTM_STEP = min_gru_step_forward(MIN_GRU, XS[0], H0)[1], min_lstm_step_forward(MIN_LSTM, XS[0], H0)[1]
QS, KS, VS = XS, RNG.standard_normal((T, B, D)), RNG.standard_normal((T, B, V))
STATE = LinearAttentionState(np.zeros((B, D, V)), np.zeros((B, D)))
ATTENTION_CACHE = linear_attention_forward(QS, KS, VS, STATE)[2]
ATTENTION_STEP = linear_attention_step_forward(QS[0], KS[0], VS[0], STATE)[2]
JACOBIANS = np.tile(np.eye(H), (T, B, 1, 1))
GRADS = {"w": np.ones(3)}
MOMENTUM, ADAM = init_momentum(GRADS), init_adam(GRADS)


def with_nan(array):
    array = array.copy()
    array.flat[1] = np.nan
    return array


def over_time(start, hs):
    return 0.0, hs


def at_step(t, h):
    return 0.0, h


FULL, STEPS = (rnn_forward, rnn_backward, RNN), (rnn_step_forward, rnn_step_backward, RNN)

CASES = [
    # BPTT in all its forms
    (full_bptt, (*FULL, XS[:0], H0, over_time), "full_bptt: xs must hold at least one time step, got shape (0, 2, 3)."),
    (full_bptt, (*FULL, XS.tolist(), H0, over_time), "xs must be a NumPy array with time as its first axis, got a value of type list."),
    (full_bptt, (*FULL, XS, H0, None), "full_bptt: expected a function, got a value of type NoneType."),
    (full_bptt, (*FULL, with_nan(XS), H0, over_time), "xs must hold finite numbers, got nan"),
    (full_bptt, (*FULL, XS[..., :2], H0, over_time), "D is 3 in params['weight_ih'], not 2."),
    (chunked_bptt, (*FULL, XS, H0, over_time), "chunked_bptt: k must be at least 1, got 0.", {"k": 0}),
    (chunked_bptt, (*FULL, XS, H0, over_time), "chunked_bptt: k must be a whole number, got 2.5.", {"k": 2.5}),
    (chunked_bptt, (*FULL, XS, H0[:, 1:], over_time), "state0 must have shape (B, H), got (2, 3)", {"k": 2}),
    (truncated_bptt, (*STEPS, XS, H0, at_step), "truncated_bptt: k1 must be at least 1, got 0.", {"k1": 0, "k2": 1}),
    (truncated_bptt, (*STEPS, XS, H0, at_step), "truncated_bptt: k2 must be a whole number, got True.", {"k1": 1, "k2": True}),
    (truncated_bptt, (*STEPS, XS[:0], H0, at_step), "xs must hold at least one time step", {"k1": 1, "k2": 1}),
    (truncated_bptt, (*STEPS, XS.astype(int), H0, at_step), "x must hold floating-point numbers, got dtype int64.", {"k1": 1, "k2": 1}),
    (truncated_bptt, (*STEPS, with_nan(XS), H0, at_step), "x must hold finite numbers, got nan", {"k1": 1, "k2": 1}),
    (checkpointed_bptt, (*FULL, XS, H0, over_time), "checkpointed_bptt: segment must be at least 1, got 0.", {"segment": 0}),
    (checkpointed_bptt, (*FULL, XS[:0], H0, over_time), "xs must hold at least one time step, got shape (0, 2, 3)."),
    (checkpointed_bptt, (*FULL, with_nan(XS), H0, over_time), "xs must hold finite numbers, got nan"),
    # diagnostics
    (gradient_norms, (*STEPS, XS[:0], H0, H0), "xs must hold at least one time step"),
    (gradient_norms, (*STEPS, XS, H0, H0, DHS[1:]), "dhs must have shape (5, 2, 4), got (4, 2, 4)."),
    (gradient_norms, (*STEPS, XS, H0, H0[0]), "dstate_T must be a NumPy array of shape (B, H), got shape (4,)."),
    (gradient_norms, (*STEPS, XS, H0, with_nan(H0)), "dh_next must hold finite numbers, got nan"),
    (
        step_jacobian,
        (rnn_step_backward, STEP_CACHE, None),
        "state_next must be a NumPy array of shape (B, H), got a value of type NoneType.",
    ),
    (step_jacobian, (rnn_step_backward, None, H1), "cache must be the RNNStepCache that the forward pass returned, got None."),
    (rnn_step_jacobian, (None,), "cache must be the RNNStepCache that the forward pass returned, got None."),
    (step_jacobians, (*STEPS, None, H0), "xs must be a NumPy array with time as its first axis, got a value of type NoneType."),
    (step_jacobians, (*STEPS, with_nan(XS), H0), "x must hold finite numbers"),
    (product_jacobians, (JACOBIANS[0],), "jacobians must have shape (T, B, S, S), got (2, 4, 4): 3 axes, not 4."),
    (product_jacobians, (JACOBIANS[:0],), "with at least one entry, got (0, 2, 4, 4)."),
    (singular_values, (JACOBIANS[..., 1:],), "S is 4 in jacobians, not 3."),
    (singular_values, (with_nan(JACOBIANS),), "jacobians must hold finite numbers"),
    (spectral_radius, (H0[0],), "jacobians must have shape (..., S, S), got (4,)"),
    (spectral_radius, (np.eye(3, dtype=int),), "jacobians must hold floating-point numbers, got dtype int64."),
    (state_statistics, (H0,), "hs must have shape (T, B, H), got (2, 4)"),
    (state_statistics, (DHS,), "threshold must be positive, got 0.", {"threshold": 0}),
    (saturation_fraction, (DHS[:0],), "at least one entry"),
    (saturation_fraction, (DHS,), "low must be below high, got 0.9 and 0.1.", {"low": 0.9, "high": 0.1}),
    (dead_fraction, (DHS.astype(int),), "hs must hold floating-point numbers, got dtype int64."),
    (dead_fraction, (DHS[0],), "hs must have shape (T, B, H), got (2, 4)"),
    # optimisers and schedules
    (clip_by_value, (GRADS, -1.0), "max_value must be positive, got -1.0."),
    (clip_by_value, ({"w": with_nan(GRADS["w"])}, 1.0), "grads['w'] must hold finite numbers, got nan."),
    (sgd_step, (GRADS, GRADS), "sgd_step: weight_decay must be at least 0, got -0.1.", {"lr": 0.1, "weight_decay": -0.1}),
    (init_momentum, ({"w": np.ones(3, int)},), "params['w'] must be a floating-point NumPy array"),
    (momentum_step, (GRADS, GRADS, MOMENTUM), "momentum must lie in [0, 1), got 1.0.", {"lr": 0.1, "momentum": 1.0}),
    (momentum_step, (GRADS, {"w": np.ones(2)}, MOMENTUM), "grads['w'] (2,) does not match params['w'] (3,).", {"lr": 0.1}),
    (momentum_step, (GRADS, GRADS, MOMENTUM), "momentum_step: lr must be positive, got 0.", {"lr": 0}),
    (
        momentum_step,
        (GRADS, GRADS, ADAM),
        "state must be a value of type MomentumState, got one of type AdamState.",
        {"lr": 1},
    ),
    (adamw_step, (GRADS, GRADS, None), "adamw_step: state must be a value of type AdamState, got one of type NoneType."),
    (adam_step, (GRADS, GRADS, ADAM), "adam_step: weight_decay must be at least 0, got nan.", {"weight_decay": float("nan")}),
    (adamw_step, (GRADS, GRADS, ADAM), "adamw_step: weight_decay must be at least 0, got -1.", {"weight_decay": -1}),
    (adamw_step, (GRADS, {"w": with_nan(GRADS["w"])}, ADAM), "adamw_step: grads['w'] must hold finite numbers, got nan."),
    (constant_lr, (-1,), "constant_lr: step must be at least 0, got -1.", {"lr": 0.1}),
    (constant_lr, (0,), "constant_lr: lr must be positive, got 0.", {"lr": 0}),
    (step_lr, (0,), "step_lr: every must be at least 1, got 0.", {"lr": 0.1, "every": 0}),
    (step_lr, (0,), "step_lr: factor must be positive, got 0.", {"lr": 0.1, "every": 1, "factor": 0}),
    (cosine_lr, (1.5,), "cosine_lr: step must be a whole number, got 1.5.", {"lr": 0.1, "steps": 3}),
    (cosine_lr, (0,), "cosine_lr: lr_min must lie between 0 and lr = 0.1, got 0.2.", {"lr": 0.1, "steps": 3, "lr_min": 0.2}),
    (warmup_lr, (0,), "warmup_lr: warmup must be at least 1, got 0.", {"warmup": 0, "after": constant_lr}),
    (warmup_lr, (0,), "warmup_lr: after must be a function of the step number, got a value of type float.", {"warmup": 2, "after": 0.1}),
    # initialisers
    (xavier_uniform, (None, H, D), "rng must be a numpy.random.Generator, got None."),
    (xavier_normal, (RNG, 0, D), "out_features must be at least 1, got 0."),
    (he_uniform, (RNG, H, 2.5), "in_features must be a whole number, got 2.5."),
    (he_normal, (RNG, H, D), "he_normal: gain must be positive, got -1.", {"gain": -1}),
    (orthogonal, (RNG, H, D), "gates must be at least 1, got 0.", {"gates": 0}),
    (orthogonal, (RNG, H, D), "orthogonal: gain must be positive, got 0.", {"gain": 0}),
    (identity, (0,), "size must be at least 1, got 0."),
    (identity, (3,), "scale must be a finite number, got nan.", {"scale": float("nan")}),
    (set_forget_bias, (RNN, 1.0), "params['weight_ih'] must have shape (4H, D), got (4, 3)"),
    (set_forget_bias, (LSTM, float("inf")), "value must be a finite number, got inf."),
    # linear recurrence
    (linear_recurrence_forward, (A[0], DHS, H0), "a must have shape (T, B, H), got (2, 4): 2 axes, not 3."),
    (linear_recurrence_forward, (A, DHS[1:], H0), "T is 5 in a, not 4."),
    (linear_recurrence_forward, (A, with_nan(DHS), H0), "b must hold finite numbers"),
    (linear_recurrence_backward, (LINEAR_CACHE, DHS[1:]), "T is 5 in cache.a, not 4."),
    (linear_recurrence_backward, (None, DHS), "cache must be the LinearRecurrenceCache that the forward pass returned, got None."),
    (linear_recurrence_scan_forward, (A[:0], DHS[:0], H0), "at least one entry, got (0, 2, 4)."),
    (linear_recurrence_scan_forward, (A.astype(int), DHS, H0), "a must hold floating-point numbers, got dtype int64."),
    (linear_recurrence_scan_backward, (LINEAR_CACHE, with_nan(DHS)), "dhs must hold finite numbers"),
    # minGRU and minLSTM
    (init_min_gru, (RNG, 0, H), "input_size must be at least 1, got 0."),
    (min_gru_step_forward, (MIN_GRU, XS, H0), "x must have shape (B, D), got (5, 2, 3)"),
    (min_gru_step_backward, (GRU_STEP, with_nan(H0)), "dh_next must hold finite numbers"),
    (min_gru_forward, (MIN_GRU, XS, H0[:1]), "B is 2 in xs, not 1."),
    (min_gru_forward, (MIN_GRU, XS[:0], H0), "at least one entry, got (0, 2, 3)."),
    (min_gru_forward, (MIN_LSTM, XS, H0), "so 2H is 8, not 12."),
    (min_gru_forward, (MIN_GRU, XS, H0), "form must be 'loop' or 'scan', got 'log'.", {"form": "log"}),
    (min_gru_backward, (GRU_CACHE, DHS[..., 1:]), "H is 4 in cache.zs, not 3."),
    (init_min_lstm, (None, D, H), "rng must be a numpy.random.Generator, got None."),
    (min_lstm_step_forward, (MIN_LSTM, XS[0], with_nan(H0)), "h must hold finite numbers"),
    (min_lstm_step_backward, (GRU_STEP, H0), "cache must be the MinLSTMStepCache that the forward pass returned"),
    (min_lstm_step_backward, (LSTM_STEP, H0[0]), "dh_next must have shape (B, H), got (4,)"),
    (min_lstm_forward, (MIN_LSTM, XS.astype(int), H0), "xs must hold floating-point numbers, got dtype int64."),
    (min_lstm_forward, (MIN_LSTM, XS, H0), "form must be 'loop' or 'scan', got None.", {"form": None}),
    (min_lstm_backward, (LSTM_CACHE, DHS[1:]), "T is 5 in cache.k, not 4."),
    # linear attention
    (linear_attention_step_forward, (QS[0], KS[0], VS[0], None), "state must be LinearAttentionState(S, z), got None."),
    (linear_attention_step_forward, (QS[0], KS[0][:, 1:], VS[0], STATE), "D is 3 in q, not 2."),
    (linear_attention_step_backward, (ATTENTION_STEP, VS[0][0], STATE), "do must have shape (B, V), got (6,)"),
    (linear_attention_forward, (QS, KS[1:], VS, STATE), "T is 5 in qs, not 4."),
    (linear_attention_forward, (QS, KS, with_nan(VS), STATE), "vs must hold finite numbers"),
    (linear_attention_backward, (ATTENTION_CACHE, VS[1:]), "T is 5 in cache.os, not 4."),
    (linear_attention_quadratic, (QS[:0], KS[:0], VS[:0]), "at least one entry, got (0, 2, 3)."),
    (linear_attention_quadratic, (QS, KS, VS.astype(int)), "vs must hold floating-point numbers, got dtype int64."),
]
