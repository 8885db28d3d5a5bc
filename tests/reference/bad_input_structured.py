"""Bad input to the CRF, decoding and the encoder-decoder: (function, arguments, words of the sentence[, options])."""

import numpy as np

from rnncore.reference.beam import beam_search
from rnncore.reference.crf import (
    crf_log_partition_backward,
    crf_log_partition_forward,
    crf_loss_backward,
    crf_loss_forward,
    crf_marginals,
    crf_score_backward,
    crf_score_forward,
    init_crf,
)
from rnncore.reference.decoder_inputs import decoder_step, free_run, scheduled_inputs, teacher_forced_inputs
from rnncore.reference.decoding import (
    generate,
    greedy_distribution,
    sample,
    temperature_distribution,
    top_k_distribution,
    top_p_distribution,
)
from rnncore.reference.encoder_decoder import (
    decoder_backward,
    decoder_forward,
    encoder_backward,
    encoder_decoder_backward,
    encoder_decoder_forward,
    encoder_forward,
    init_encoder_decoder,
)
from rnncore.reference.viterbi import crf_viterbi

S, T, B, D, H, U, V = 5, 3, 2, 4, 6, 7, 8
RNG = np.random.default_rng(0)
CRF = init_crf(RNG, V)
EMISSIONS, TAGS = RNG.standard_normal((T, B, V)), RNG.integers(0, V, (T, B))
SCORE, SCORE_CACHE = crf_score_forward(CRF, EMISSIONS, TAGS)
LOG_Z_CACHE = crf_log_partition_forward(CRF, EMISSIONS)[1]
MODEL = init_encoder_decoder(RNG, U, V, D, H, score="additive")
PLAIN = init_encoder_decoder(RNG, U, V, D, H)
SOURCE, FED = RNG.integers(0, U, (S, B)), RNG.integers(0, V, (T, B))
KEYS, STATE, ENCODER_CACHE = encoder_forward(MODEL["encoder"], SOURCE)
LOGITS, _, DECODER_CACHE = decoder_forward(MODEL["decoder"], FED, STATE, KEYS, score="additive")
COINS = np.ones((T, B), dtype=bool)
ADDITIVE = {"score": "additive"}
SEARCH = {"width": 2, "max_length": 3}


def with_nan(array):
    array = array.copy()
    array.flat[1] = np.nan
    return array


def nan_step(tokens, state):
    return np.full((len(tokens), V), np.nan), state


def flat_step(tokens, state):
    return np.zeros(V), state


def lengths(*values):
    return np.array(values)


CASES = [
    # CRF
    (init_crf, (RNG, 0), "num_tags must be at least 1, got 0."),
    (crf_score_forward, (CRF, EMISSIONS[0], TAGS), "emissions must have shape (T, B, V), got (2, 8)"),
    (crf_score_forward, (CRF, EMISSIONS, TAGS[1:]), "T is 3 in emissions, not 2."),
    (crf_score_forward, (CRF, EMISSIONS, TAGS.astype(float)), "tags must hold whole numbers, got dtype float64."),
    (crf_score_forward, (CRF, EMISSIONS, TAGS + V), "tags must lie between 0 and 7, got"),
    (crf_score_forward, (CRF, EMISSIONS, TAGS * 0 - 1), "tags must lie between 0 and 7, got -1."),
    (crf_score_backward, (SCORE_CACHE, SCORE[:1]), "B is 2 in cache.emissions, not 1."),
    (crf_log_partition_forward, (CRF, with_nan(EMISSIONS)), "emissions must hold finite numbers"),
    (crf_log_partition_forward, (CRF, EMISSIONS[:0]), "at least one entry, got (0, 2, 8)."),
    (crf_log_partition_forward, (CRF, EMISSIONS, lengths(0, 3)), "lengths must lie between 1 and 3 (T), got 0"),
    (crf_log_partition_forward, (CRF, EMISSIONS, lengths(2, 4)), "lengths must lie between 1 and 3 (T), got 4"),
    (crf_log_partition_forward, (CRF, EMISSIONS, lengths(2.0, 3.0)), "lengths must hold whole numbers, got dtype float64."),
    (crf_log_partition_backward, (SCORE_CACHE, SCORE), "cache must be the CRFLogPartitionCache that the forward pass returned"),
    (crf_log_partition_backward, (LOG_Z_CACHE, SCORE[:, None]), "dlog_Z must have shape (B,), got (2, 1)"),
    (crf_loss_forward, (CRF, EMISSIONS[..., 1:], TAGS), "V is 8 in params['start'], not 7."),
    (crf_loss_forward, (CRF | {"end": CRF["end"][:2]}, EMISSIONS, TAGS), "params['end'] must have shape (V,), got (2,): V is 8"),
    (crf_loss_backward, (SCORE_CACHE,), "cache must be the CRFLossCache that the forward pass returned"),
    (crf_marginals, (CRF, EMISSIONS.astype(int)), "emissions must hold floating-point numbers, got dtype int64."),
    (crf_marginals, (CRF, EMISSIONS, lengths(1)), "lengths must have shape (B,), got (1,): B is 2 in emissions, not 1."),
    (crf_viterbi, ({"transitions": CRF["transitions"]}, EMISSIONS), "but lacks start, end."),
    (crf_viterbi, (CRF, EMISSIONS, lengths(0, 3)), "lengths must lie between 1 and 3 (T), got 0"),
    # distributions
    (greedy_distribution, (np.float64(1.0),), "logits must have shape (..., V), got ()"),
    (greedy_distribution, (with_nan(LOGITS),), "logits must hold finite numbers"),
    (temperature_distribution, (LOGITS, 0), "temperature must be a positive number, got 0; for the limit at 0 use greedy_distribution."),
    (temperature_distribution, (LOGITS, 0.0), "use greedy_distribution."),
    (temperature_distribution, (LOGITS, -1.0), "temperature must be a positive number, got -1.0."),
    (temperature_distribution, (LOGITS, np.nan), "temperature must be a positive number, got nan."),
    (temperature_distribution, (LOGITS, "hot"), "temperature must be a positive number, got 'hot'."),
    (top_k_distribution, (LOGITS, 0), "k must be at least 1, got 0."),
    (top_k_distribution, (LOGITS, V + 1), "k must be at most 8, the number of tokens, got 9."),
    (top_k_distribution, (LOGITS, 2.0), "k must be a whole number, got 2.0."),
    (top_k_distribution, (LOGITS, 2), "temperature must be a positive number, got 0.0", {"temperature": 0.0}),
    (top_p_distribution, (LOGITS, 0.0), "p must be above 0 and at most 1, got 0.0."),
    (top_p_distribution, (LOGITS, 1.5), "p must be above 0 and at most 1, got 1.5."),
    (top_p_distribution, (LOGITS[:0], 0.5), "at least one entry"),
    (sample, (RNG, LOGITS), "probabilities must be from 0 up and sum to 1, got -"),
    (sample, (RNG, np.full(3, 0.5)), "probabilities must be from 0 up and sum to 1, got a sum of 1.5."),
    (sample, (None, np.full(2, 0.5)), "rng must be a numpy.random.Generator, got None."),
    # writing and searching
    (
        generate,
        (flat_step, None, 3),
        "start must be a NumPy array of shape (B,), got a value of type int.",
        {"choose": None, "max_length": 2},
    ),
    (generate, (flat_step, None, TAGS[0]), "max_length must be at least 1, got 0.", {"choose": None, "max_length": 0}),
    (beam_search, (nan_step, None, 0), "width must be at least 1, got 0.", {"width": 0, "max_length": 3}),
    (beam_search, (nan_step, None, 0.5), "start must be a whole number, got 0.5.", SEARCH),
    (beam_search, (nan_step, None, 0), "end must be a whole number, got '.'.", SEARCH | {"end": "."}),
    (beam_search, (nan_step, None, 0), "step must return logits of shape (W, V) with W = 1 and no NaN, got NaN.", SEARCH),
    (beam_search, (flat_step, None, 0), "step must return logits of shape (W, V) with W = 1 and no NaN, got shape (8,).", SEARCH),
    (beam_search, (nan_step, None, 0), "length_normalisation must be a number from 0 up, got -1.", SEARCH | {"length_normalisation": -1}),
    # encoder-decoder
    (init_encoder_decoder, (RNG, U, V, D, 0), "hidden_size must be at least 1, got 0."),
    (init_encoder_decoder, (RNG, U, V, D, H), "score must be one of dot, scaled_dot, multiplicative, additive", {"score": "cosine"}),
    (init_encoder_decoder, (RNG, U, V, D, H), "cell must be a Cell or one of", {"cell": "elman"}),
    (encoder_forward, (MODEL["encoder"], SOURCE[0]), "source must have shape (S, B), got (2,)"),
    (encoder_forward, (MODEL["encoder"], SOURCE + U), "source must lie between 0 and 6, got"),
    (encoder_forward, (MODEL["encoder"], SOURCE), "lengths must lie between 1 and 5", {"lengths": lengths(0, 5)}),
    (encoder_backward, (ENCODER_CACHE, KEYS[1:]), "S is 5 in cache.keys, not 4."),
    (decoder_forward, (MODEL["decoder"], FED, STATE, KEYS), "but also has attention, combine."),
    (decoder_forward, (PLAIN["decoder"], FED, STATE, KEYS), "but lacks attention, combine.", ADDITIVE),
    (decoder_forward, (MODEL["decoder"], FED, STATE[:, :1], KEYS), "state0 must have shape (B, H), got (2, 1)", ADDITIVE),
    (decoder_forward, (MODEL["decoder"], FED - V, STATE, KEYS), "fed must lie between 0 and 7, got -", ADDITIVE),
    (decoder_forward, (MODEL["decoder"], FED, STATE, KEYS), "mask must let every query", ADDITIVE | {"mask": np.zeros((S, B), bool)}),
    (decoder_backward, (DECODER_CACHE, LOGITS[..., 1:]), "V is 8 in cache.logits, not 7."),
    (encoder_decoder_forward, (MODEL, SOURCE, FED[:, :1]), "B is 2 in source, not 1.", ADDITIVE),
    (encoder_decoder_forward, (MODEL, SOURCE, FED.astype(float)), "fed must hold whole numbers, got dtype float64.", ADDITIVE),
    (encoder_decoder_forward, (MODEL["decoder"], SOURCE, FED), "params must have exactly the keys encoder, decoder", ADDITIVE),
    (encoder_decoder_backward, (DECODER_CACHE, LOGITS), "cache must be the EncoderDecoderCache that the forward pass returned"),
    # what the decoder is fed
    (teacher_forced_inputs, (FED[0], 1), "targets must have shape (T, B), got (2,)"),
    (teacher_forced_inputs, (FED, 1.0), "start must be a whole number, got 1.0."),
    (scheduled_inputs, (MODEL, SOURCE, FED, COINS * 0.5), "coins must hold True and False, got dtype float64.", ADDITIVE | {"start": 1}),
    (scheduled_inputs, (MODEL, SOURCE, FED, COINS[1:]), "T is 3 in targets, not 2.", ADDITIVE | {"start": 1}),
    (scheduled_inputs, (MODEL, SOURCE, FED + V, COINS), "targets must lie between 0 and 7, got", ADDITIVE | {"start": 1}),
    (scheduled_inputs, (MODEL, SOURCE, FED, COINS), "start must lie between 0 and 7, got 8.", ADDITIVE | {"start": V}),
    (decoder_step, (MODEL["decoder"], KEYS[0]), "keys must have shape (S, B, H), got (2, 6)", ADDITIVE),
    (free_run, (MODEL, SOURCE), "max_length must be at least 1, got 0.", ADDITIVE | {"start": 1, "max_length": 0}),
    (free_run, (MODEL, SOURCE), "start must lie between 0 and 7, got -1.", ADDITIVE | {"start": -1, "max_length": 2}),
]
