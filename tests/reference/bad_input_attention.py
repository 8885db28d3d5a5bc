"""Bad input to activations, losses and attention: (function, arguments, words of the sentence[, options])."""

import numpy as np

from rnncore.reference.activations import log_softmax, log_sum_exp
from rnncore.reference.attention import (
    attention_backward,
    attention_forward,
    init_attention,
    masked_softmax_backward,
    masked_softmax_forward,
    weighted_sum_backward,
    weighted_sum_forward,
)
from rnncore.reference.attention_pooling import attention_pooling_backward, attention_pooling_forward, init_attention_pooling
from rnncore.reference.attention_scores import (
    additive_scores_backward,
    additive_scores_forward,
    dot_scores_backward,
    dot_scores_forward,
    init_additive_scores,
    init_multiplicative_scores,
    multiplicative_scores_backward,
    multiplicative_scores_forward,
)
from rnncore.reference.losses import (
    mean_squared_error_backward,
    mean_squared_error_forward,
    sigmoid_cross_entropy_forward,
    softmax_cross_entropy_forward,
)
from rnncore.reference.multihead import init_self_attention, self_attention_backward, self_attention_forward

T, B, S, Q, K, A, E = 3, 2, 5, 4, 6, 7, 8
RNG = np.random.default_rng(0)
QUERIES, KEYS, VALUES = RNG.standard_normal((T, B, Q)), RNG.standard_normal((S, B, K)), RNG.standard_normal((S, B, E))
SAME_SIZE = RNG.standard_normal((T, B, K))
ADDITIVE, MULTIPLICATIVE = init_additive_scores(RNG, Q, K, A), init_multiplicative_scores(RNG, Q, K)
SCORES, DOT = dot_scores_forward(SAME_SIZE, KEYS)
WEIGHTS, SOFTMAX = masked_softmax_forward(SCORES)
CONTEXTS, _, ATTENTION = attention_forward(ADDITIVE, QUERIES, KEYS, VALUES)
SUM = weighted_sum_forward(WEIGHTS, VALUES)[1]
QUERY = init_attention_pooling(RNG, K)
POOLED, _, POOLING = attention_pooling_forward(QUERY, KEYS)
SELF = init_self_attention(RNG, K)
YS, SELF_WEIGHTS, SELF_CACHE = self_attention_forward(SELF, KEYS, num_heads=3)
LOGITS, TARGETS = RNG.standard_normal((T, B, E)), RNG.integers(0, E, (T, B))
MASK = np.ones((S, B), dtype=bool)
HALF_HIDDEN = MASK & [True, False]


def with_nan(array):
    array = array.copy()
    array.flat[1] = np.nan
    return array


CASES = [
    # activations
    (log_sum_exp, (np.float64(1.0),), "a must have shape (..., V), got ()"),
    (log_sum_exp, (with_nan(LOGITS),), "a must hold finite numbers, got nan at index [0, 0, 1]."),
    (log_softmax, (LOGITS.astype(int),), "logits must hold floating-point numbers, got dtype int64."),
    (log_softmax, (LOGITS[:0],), "at least one entry, got (0, 2, 8)."),
    # losses
    (mean_squared_error_forward, (LOGITS, LOGITS[0]), "targets must have shape (3, 2, 8), got (2, 8)."),
    (mean_squared_error_forward, (LOGITS, with_nan(LOGITS)), "targets must hold finite numbers"),
    (mean_squared_error_forward, (LOGITS[:0], LOGITS[:0]), "at least one entry"),
    (mean_squared_error_forward, (LOGITS, LOGITS.astype(np.float32)), "use one dtype in a call."),
    (mean_squared_error_forward, (LOGITS.astype(int), LOGITS), "predictions must hold floating-point numbers, got dtype int64."),
    (mean_squared_error_backward, (None,), "cache must be the MeanSquaredErrorCache that the forward pass returned, got None."),
    (mean_squared_error_forward, (LOGITS, LOGITS), "mask must have shape (3, 2, 8), got (3,).", {"mask": np.ones(T)}),
    (mean_squared_error_forward, (LOGITS, LOGITS), "must leave at least one prediction that counts, got none.", {"mask": np.zeros((T, B))}),
    (softmax_cross_entropy_forward, (LOGITS, TARGETS), "mask must have shape (3, 2), got (2,).", {"mask": np.ones(B)}),
    (softmax_cross_entropy_forward, (LOGITS, TARGETS), "at least one prediction that counts, got none.", {"mask": np.zeros((T, B), bool)}),
    (softmax_cross_entropy_forward, (LOGITS, TARGETS), "got a value of type list.", {"mask": [[1, 1]] * T}),
    (softmax_cross_entropy_forward, (LOGITS, TARGETS), "of True and False or of float64, got dtype int64.", {"mask": np.ones((T, B), int)}),
    (softmax_cross_entropy_forward, (LOGITS, TARGETS), "mask must lie between 0 and", {"mask": -np.ones((T, B))}),
    (softmax_cross_entropy_forward, (LOGITS, TARGETS), "got nan.", {"mask": with_nan(np.ones((T, B)))}),
    (softmax_cross_entropy_forward, (LOGITS, 0 * TARGETS), "at least one prediction that counts, got none.", {"ignore_index": 0}),
    (softmax_cross_entropy_forward, (LOGITS, TARGETS * 0 - 100), "targets must lie between 0 and 7, got -100.", {"ignore_index": -1}),
    (sigmoid_cross_entropy_forward, (LOGITS, 0 * LOGITS - 1), "at least one prediction that counts, got none.", {"ignore_index": -1}),
    (sigmoid_cross_entropy_forward, (LOGITS, 0 * LOGITS - 2), "targets must lie between 0 and 1, got -2.0.", {"ignore_index": -1}),
    (sigmoid_cross_entropy_forward, (LOGITS, 0 * LOGITS), "mask must have shape (3, 2, 8), got (2, 3).", {"mask": np.ones((B, T))}),
    # scores
    (dot_scores_forward, (QUERIES, KEYS), "keys must have shape (S, B, K), got (5, 2, 6): K is 4 in queries, not 6."),
    (dot_scores_forward, (SAME_SIZE[0], KEYS), "queries must have shape (T, B, K), got (2, 6): 2 axes, not 3."),
    (dot_scores_backward, (DOT, SCORES[1:]), "T is 3 in cache.queries, not 2."),
    (dot_scores_backward, (None, SCORES), "cache must be the DotScoresCache that the forward pass returned, got None."),
    (multiplicative_scores_forward, (MULTIPLICATIVE, SAME_SIZE, KEYS), "Q is 4 in params['weight'], not 6."),
    (multiplicative_scores_forward, (MULTIPLICATIVE, QUERIES, KEYS[:0]), "at least one entry, got (0, 2, 6)."),
    (multiplicative_scores_backward, (DOT, SCORES), "cache must be the MultiplicativeScoresCache that the forward pass returned"),
    (additive_scores_forward, (MULTIPLICATIVE, QUERIES, KEYS), "but lacks weight_query, weight_key, v."),
    (additive_scores_forward, (ADDITIVE, QUERIES, KEYS[:, :1]), "B is 2 in queries, not 1."),
    (additive_scores_forward, (ADDITIVE, with_nan(QUERIES), KEYS), "queries must hold finite numbers"),
    (additive_scores_backward, (DOT, SCORES), "cache must be the AdditiveScoresCache that the forward pass returned"),
    (init_multiplicative_scores, (RNG, 0, K), "query_size must be at least 1, got 0."),
    (init_additive_scores, (RNG, Q, K, 2.5), "attention_size must be a whole number, got 2.5."),
    # attention
    (masked_softmax_forward, (with_nan(SCORES),), "scores must hold finite numbers"),
    (masked_softmax_forward, (SCORES, np.ones(S)), "mask must hold True and False, got dtype float64."),
    (masked_softmax_forward, (SCORES, np.ones(S + 1, bool)), "mask must have shape (..., S), got (6,): S is 5 in scores, not 6."),
    (masked_softmax_forward, (SCORES, np.ones((4, B, S), bool)), "mask must have shape (3, 2, 5) or one that NumPy stretches to it"),
    (masked_softmax_forward, (SCORES, np.zeros(S, bool)), "mask must let every query look at one key or more, but it hides all keys"),
    (masked_softmax_forward, (SCORES[0, 0], np.zeros(S, bool)), "mask must let every query look at one key or more"),
    (masked_softmax_backward, (SOFTMAX, SCORES[..., 1:]), "S is 5 in cache.weights, not 4."),
    (weighted_sum_forward, (WEIGHTS, VALUES[1:]), "S is 5 in weights, not 4."),
    (weighted_sum_forward, (WEIGHTS, VALUES.tolist()), "values must be a NumPy array of shape (S, B, E), got a value of type list."),
    (weighted_sum_backward, (SUM, CONTEXTS[..., 1:]), "E is 8 in cache.values, not 7."),
    (attention_forward, (ADDITIVE, QUERIES, KEYS, VALUES[1:]), "S is 5 in keys, not 4."),
    (attention_forward, (ADDITIVE, QUERIES, KEYS, VALUES[:, :, 0]), "values must have shape (S, B, E), got (5, 2)"),
    (attention_forward, (ADDITIVE, QUERIES, KEYS, with_nan(VALUES)), "values must hold finite numbers"),
    (attention_forward, (ADDITIVE, QUERIES.astype(np.float32), KEYS, VALUES), "use one dtype in a call."),
    (attention_forward, (ADDITIVE, QUERIES, KEYS, VALUES), "but lacks weight", {"score": "multiplicative"}),
    (attention_forward, ({}, QUERIES, KEYS, VALUES), "score must be one of dot, scaled_dot, multiplicative, additive", {"score": "cosine"}),
    (attention_forward, ({}, QUERIES, KEYS, VALUES), "keys must have shape (S, B, K), got (5, 2, 6): K is 4 in queries", {"score": "dot"}),
    (attention_forward, (ADDITIVE, QUERIES, KEYS, VALUES), "mask must have shape (S, B), got (2, 5)", {"mask": MASK.T}),
    (attention_forward, (ADDITIVE, QUERIES, KEYS, VALUES), "from the query at index [0, 1].", {"mask": HALF_HIDDEN}),
    (attention_backward, (ATTENTION, CONTEXTS[0]), "dcontexts must have shape (T, B, E), got (2, 8)"),
    (attention_backward, (ATTENTION, CONTEXTS, WEIGHTS[..., 1:]), "S is 5 in cache.weights, not 4."),
    (init_attention, (RNG, Q, K), "query_size must equal key_size for 'dot', got 4 and 6.", {"score": "dot"}),
    (init_attention, (RNG, Q, K), "score must be one of", {"score": None}),
    (init_attention, (RNG, Q, 0), "key_size must be at least 1, got 0."),
    # pooling
    (attention_pooling_forward, (QUERY, KEYS[0]), "xs must have shape (T, B, D), got (2, 6)"),
    (attention_pooling_forward, (QUERY, VALUES), "D is 6 in params['query'], not 8."),
    (attention_pooling_forward, (QUERY, KEYS), "mask must let every query look at one key or more", {"mask": HALF_HIDDEN}),
    (attention_pooling_backward, (POOLING, POOLED.T), "dpooled must have shape (B, D), got (6, 2)"),
    (attention_pooling_backward, (ATTENTION, POOLED), "cache must be the AttentionPoolingCache that the forward pass returned"),
    (init_attention_pooling, (0, K), "rng must be a numpy.random.Generator, got a value of type int."),
    # multi-head
    (self_attention_forward, (SELF, KEYS), "num_heads must divide 6, the size of the entries of xs, got 4.", {"num_heads": 4}),
    (self_attention_forward, (SELF, KEYS), "num_heads must be at least 1, got 0.", {"num_heads": 0}),
    (self_attention_forward, (SELF, VALUES), "E is 6 in params['in_proj_weight'], not 8.", {"num_heads": 2}),
    (self_attention_forward, (SELF, KEYS), "mask must let every query look", {"num_heads": 2, "mask": HALF_HIDDEN}),
    (
        self_attention_forward,
        (SELF, KEYS),
        "hides all keys from the query at index [0, 0,",
        {"num_heads": 2, "causal": True, "mask": ~np.eye(S, B, dtype=bool)},
    ),
    (self_attention_forward, (SELF | {"in_proj_bias": np.zeros(5)}, KEYS), "so 3E is 18, not 5.", {"num_heads": 2}),
    (self_attention_backward, (SELF_CACHE, YS[1:]), "T is 5 in cache.xs, not 4."),
    (self_attention_backward, (SELF_CACHE, YS, SELF_WEIGHTS[:, :, :1]), "N is 3 in cache.q, not 1."),
    (init_self_attention, (RNG, 0), "embed_dim must be at least 1, got 0."),
]
