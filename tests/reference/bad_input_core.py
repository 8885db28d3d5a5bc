"""Bad input to the vanilla RNN, layers, losses and optimisers: (function, arguments, words of the sentence[, options])."""

import numpy as np

import rnncore
from rnncore.reference.layers import embedding_forward as embed

T, B, D, H, V = 5, 2, 3, 4, 7
RNG = np.random.default_rng(0)
RNN = rnncore.init_rnn(RNG, D, H)
XS, H0, X = RNG.standard_normal((T, B, D)), np.zeros((B, H)), RNG.standard_normal((B, D))
HS, STATE_T, CACHE = rnncore.rnn_forward(RNN, XS, H0)
_, STEP_CACHE = rnncore.rnn_step_forward(RNN, X, H0)
TABLE, LINEAR = rnncore.init_embedding(RNG, V, D), rnncore.init_linear(RNG, D, V)
TOKENS = RNG.integers(0, V, (T, B))
LOGITS = RNG.standard_normal((T, B, V))
GRADS = {"w": np.ones(3)}


def with_nan(array):
    array = array.copy()
    array.flat[1] = np.nan
    return array


CASES = [
    # wrong rank
    (rnncore.rnn_forward, (RNN, XS[0], H0), "xs must have shape (T, B, D), got (2, 3): 2 axes, not 3."),
    (rnncore.rnn_forward, (RNN, XS, H0[0]), "state0 must have shape (B, H), got (4,): 1 axes, not 2."),
    (rnncore.rnn_step_forward, (RNN, X[0], H0), "x must have shape (B, D), got (3,)"),
    (rnncore.rnn_backward, (CACHE, HS[0]), "dhs must have shape (T, B, H), got (2, 4)"),
    (rnncore.rnn_step_backward, (STEP_CACHE, H0[0]), "dh_next must have shape (B, H), got (4,)"),
    (rnncore.linear_forward, (LINEAR, np.float64(1.0)), "x must have shape (..., D), got ()"),
    (rnncore.softmax, (np.float64(1.0),), "logits must have shape (..., V), got ()"),
    (rnncore.softmax_cross_entropy_forward, (LOGITS, TOKENS[0]), "targets must have shape (5, 2), got (2,)."),
    (rnncore.sigmoid_cross_entropy_forward, (HS, HS[0]), "targets must have shape (5, 2, 4), got (2, 4)."),
    # mismatched sizes
    (rnncore.rnn_forward, (RNN, XS[..., :2], H0), "D is 3 in params['weight_ih'], not 2."),
    (rnncore.rnn_forward, (RNN, XS, np.zeros((B + 1, H))), "B is 2 in xs, not 3."),
    (rnncore.rnn_step_forward, (RNN, X, np.zeros((B, H + 1))), "H is 4 in params['weight_ih'], not 5."),
    (rnncore.rnn_backward, (CACHE, HS[1:]), "T is 5 in cache.hs, not 4."),
    (rnncore.rnn_backward, (CACHE, HS, np.zeros((B, H + 1))), "dstate_T must have shape (B, H), got (2, 5)"),
    (rnncore.rnn_step_backward, (STEP_CACHE, np.zeros((B + 1, H))), "B is 2 in cache.x, not 3."),
    (rnncore.linear_forward, (LINEAR, XS[..., :2]), "D is 3 in params['weight'], not 2."),
    (rnncore.linear_backward, (rnncore.linear_forward(LINEAR, XS)[1], LOGITS[1:]), "dy must have shape (5, 2) and one more axis"),
    (rnncore.embedding_backward, (embed(TABLE, TOKENS)[1], XS[1:]), "dx must have shape (5, 2) and one more axis, got (4, 2, 3)."),
    # empty
    (rnncore.rnn_forward, (RNN, XS[:0], H0), "xs must have shape (T, B, D) with at least one entry, got (0, 2, 3)."),
    (rnncore.rnn_step_forward, (RNN, X[:0], H0[:0]), "at least one entry, got (0, 3)."),
    (rnncore.embedding_forward, (TABLE, TOKENS[:0]), "at least one entry, got (0, 2)."),
    (rnncore.softmax, (LOGITS[:0],), "at least one entry"),
    # not finite
    (rnncore.rnn_forward, (RNN, with_nan(XS), H0), "xs must hold finite numbers, got nan at index [0, 0, 1]."),
    (rnncore.rnn_step_forward, (RNN, X, with_nan(H0)), "h must hold finite numbers, got nan at index [0, 1]."),
    (rnncore.rnn_backward, (CACHE, with_nan(HS)), "dhs must hold finite numbers"),
    (rnncore.rnn_step_backward, (STEP_CACHE, with_nan(H0)), "dh_next must hold finite numbers"),
    (rnncore.linear_forward, (LINEAR, with_nan(X)), "x must hold finite numbers"),
    (rnncore.softmax, (with_nan(LOGITS),), "logits must hold finite numbers"),
    (rnncore.softmax_cross_entropy_forward, (with_nan(LOGITS), TOKENS), "logits must hold finite numbers"),
    (rnncore.sigmoid_cross_entropy_forward, (with_nan(HS), HS), "logits must hold finite numbers"),
    (rnncore.clip_by_norm, ({"w": with_nan(GRADS["w"])}, 1.0), "grads['w'] must hold finite numbers, got nan."),
    (rnncore.rnn_forward, (RNN | {"bias_hh": with_nan(RNN["bias_hh"])}, XS, H0), "params['bias_hh'] must hold finite numbers"),
    # wrong dtype or type
    (rnncore.rnn_forward, (RNN, np.ones((T, B, D), int), H0), "xs must hold floating-point numbers, got dtype int64."),
    (rnncore.rnn_forward, (RNN, XS.astype(np.float32), H0), "xs is float32 but params['weight_ih'] is float64: use one dtype in a call."),
    (rnncore.rnn_step_forward, (RNN, X.tolist(), H0), "x must be a NumPy array of shape (B, D), got a value of type list."),
    (rnncore.rnn_step_forward, (RNN, None, H0), "x must be a NumPy array of shape (B, D), got None."),
    (rnncore.embedding_forward, (TABLE, TOKENS.astype(float)), "tokens must hold whole numbers, got dtype float64."),
    (rnncore.softmax_cross_entropy_forward, (LOGITS, TOKENS.astype(float)), "targets must hold whole numbers, got dtype float64."),
    (rnncore.rnn_forward, (list(RNN.values()), XS, H0), "params must be a dict with the keys weight_ih, weight_hh, bias_ih, bias_hh"),
    (rnncore.rnn_forward, ({"weight_ih": RNN["weight_ih"]}, XS, H0), "but lacks weight_hh, bias_ih, bias_hh."),
    (rnncore.rnn_forward, (RNN | {"bias": H0[0]}, XS, H0), "but also has bias."),
    (rnncore.rnn_backward, (STEP_CACHE, HS), "cache must be the RNNCache that the forward pass returned"),
    (rnncore.rnn_step_backward, (CACHE, H0), "cache must be the RNNStepCache that the forward pass returned"),
    (rnncore.linear_backward, (None, X), "cache must be the LinearCache that the forward pass returned, got None."),
    (rnncore.embedding_backward, (None, X), "cache must be the EmbeddingCache that the forward pass returned, got None."),
    (rnncore.softmax_cross_entropy_backward, (None,), "cache must be the CrossEntropyCache that the forward pass returned, got None."),
    (rnncore.sigmoid_cross_entropy_backward, (None,), "cache must be the CrossEntropyCache that the forward pass returned, got None."),
    (rnncore.sgd_step, ({"w": np.ones(3)}, {"w": [1, 2, 3]}), "grads['w'][0] must be a floating-point NumPy array, got int.", {"lr": 0.1}),
    (rnncore.sigmoid, (["a"],), "a must be a NumPy array of shape (...), got a value of type list."),
    # values out of range
    (rnncore.embedding_forward, (TABLE, TOKENS + V), f"tokens must lie between 0 and {V - 1}, got {TOKENS.flat[0] + V}."),
    (rnncore.embedding_forward, (TABLE, TOKENS - V), f"tokens must lie between 0 and {V - 1}, got {TOKENS.flat[0] - V}."),
    (rnncore.softmax_cross_entropy_forward, (LOGITS, TOKENS + V), f"targets must lie between 0 and {V - 1}"),
    (rnncore.sigmoid_cross_entropy_forward, (HS, HS + 2), "targets must lie between 0 and 1"),
    (rnncore.clip_by_norm, (GRADS, 0.0), "max_norm must be positive, got 0.0."),
    (rnncore.sgd_step, (GRADS, {"w": np.ones(2)}), "grads['w'] (2,) does not match params['w'] (3,).", {"lr": 0.1}),
    (rnncore.adam_step, (GRADS, {"v": np.ones(3)}, rnncore.init_adam(GRADS)), "grads['v'] (3,) does not match params['w'] (3,)."),
    (rnncore.init_rnn, (RNG, 0, H), "input_size must be at least 1, got 0."),
    (rnncore.init_rnn, (RNG, D, 2.5), "hidden_size must be a whole number, got 2.5."),
    (rnncore.init_embedding, (RNG, 0, D), "num_embeddings must be at least 1, got 0."),
    (rnncore.init_linear, (RNG, D, -1), "out_features must be at least 1, got -1."),
    (rnncore.init_rnn, (0, D, H), "rng must be a numpy.random.Generator, got a value of type int."),
    (rnncore.init_embedding, (None, V, D), "rng must be a numpy.random.Generator, got None."),
    (rnncore.init_linear, (np.random, D, V), "rng must be a numpy.random.Generator, got a value of type module."),
    (rnncore.init_adam, ({"w": [1.0]},), "params['w'][0] must be a floating-point NumPy array, got float."),
    (rnncore.rnn_forward, (RNN, XS, H0), "nonlinearity must be 'tanh' or 'relu', got 'sin'.", {"nonlinearity": "sin"}),
    (rnncore.sgd_step, (GRADS, GRADS), "lr must be positive, got -1.0.", {"lr": -1.0}),
    (rnncore.adam_step, (GRADS, GRADS, rnncore.init_adam(GRADS)), "lr must be positive, got 0.", {"lr": 0}),
    (rnncore.adam_step, (GRADS, GRADS, rnncore.init_adam(GRADS)), "betas must both lie in [0, 1), got (0.9, 1.0).", {"betas": (0.9, 1.0)}),
    (rnncore.adam_step, (GRADS, GRADS, rnncore.init_adam(GRADS)), "eps must be positive, got 0.0.", {"eps": 0.0}),
]
