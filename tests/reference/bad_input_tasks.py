"""Bad input to the tasks."""

import numpy as np

from rnncore.tasks.adding import adding_problem
from rnncore.tasks.brackets import bracket_depth, bracket_depth_baseline, bracket_validity, is_balanced
from rnncore.tasks.copy_memory import copy_memory, copy_memory_baseline
from rnncore.tasks.dates import dates, dates_baseline, decode_date
from rnncore.tasks.names import (
    build_vocabulary,
    encode_sentences,
    entity_f1,
    find_entities,
    known_names,
    most_frequent_tag_baseline,
    tagged_sentences,
)
from rnncore.tasks.parity import parity
from rnncore.tasks.sentiment import bag_of_words_baseline, decode_words, sentiment, sentiment_sentences
from rnncore.tasks.series import country_statistics, persistence_error, random_windows, split_in_time, windows
from rnncore.tasks.sines import sine_mixtures, sine_mixtures_baseline, sine_mixtures_linear
from rnncore.tasks.temporal_order import temporal_order

RNG = np.random.default_rng(0)
SERIES = np.arange(10.0)[:, None]
TOKENS, TARGETS = np.ones((4, 3), int), np.array([0, 1, 1])
XS = np.zeros((9, 2, 1))
SENTENCES = [(["it", "rained"], ["O", "O"])]

CASES = [
    (adding_problem, (RNG, 1, 3), "T must be at least 2, so that there are two numbers to add, got 1."),
    (adding_problem, (0, 5, 3), "rng must be a numpy.random.Generator, got a value of type int."),
    (adding_problem, (RNG, 5, 0), "B must be at least 1, got 0."),
    (copy_memory, (RNG, 0, 3), "T must be at least 1, got 0."),
    (copy_memory, (RNG, 5, 2.0), "B must be a whole number, got 2.0."),
    (copy_memory_baseline, (0,), "T must be at least 1, got 0."),
    (temporal_order, (RNG, 9, 3), "T must be at least 10, so that both symbols find their place, got 9."),
    (temporal_order, (None, 20, 3), "rng must be a numpy.random.Generator, got None."),
    (parity, (RNG, True, 3), "T must be a whole number, got True."),
    (bracket_depth, (RNG, 7, 3), "bracket_depth: T must be even, as brackets come in pairs, got 7."),
    (bracket_depth_baseline, (TOKENS, TOKENS[1:]), "T is 4 in train, not 3."),
    (bracket_depth_baseline, (TOKENS, TOKENS * 0.5), "test must hold whole numbers, got dtype float64."),
    (bracket_validity, (RNG, 5, 3), "bracket_validity: T must be even, as brackets come in pairs, got 5."),
    (is_balanced, (np.array([0, 4]),), "tokens must lie between 0 and 3, got 4."),
    (is_balanced, (np.array([], int),), "tokens must have shape (T,) with at least one entry, got (0,)."),
    (sine_mixtures, (RNG, 5, 2), "noise must be at least 0, got -1.", {"noise": -1}),
    (sine_mixtures, (RNG, 5, 2), "waves must be at least 1, got 0.", {"waves": 0}),
    (sine_mixtures_baseline, (XS, XS[1:]), "T is 9 in xs, not 8."),
    (sine_mixtures_linear, (XS[:8], XS[:8]), "xs must have more than 8 steps for 2 waves, got 8."),
    (sine_mixtures_linear, (XS * np.nan, XS), "xs must hold finite numbers"),
    (country_statistics, ("wealth",), "name must be one of 'life expectancy', 'population', 'income per head', got 'wealth'."),
    (split_in_time, (SERIES, 1.0), "fraction must leave both parts at least one of 10 steps, got 1.0."),
    (split_in_time, (SERIES[:, 0],), "values must have shape (T, D), got (10,)"),
    (windows, (SERIES, 10), "values must have at least T + horizon = 11 steps, got 10."),
    (windows, (SERIES.astype(int), 3), "values must hold floating-point numbers, got dtype int64."),
    (random_windows, (RNG, SERIES, 3, 0), "B must be at least 1, got 0."),
    (persistence_error, (XS, XS[:, :1]), "B is 2 in xs, not 1."),
    (sentiment, (RNG, 0), "B must be at least 1, got 0."),
    (sentiment_sentences, (None, 3), "rng must be a numpy.random.Generator, got None."),
    (decode_words, (np.array([3, 99]),), "tokens must lie between 0 and 32, got 99."),
    (bag_of_words_baseline, (TOKENS, TARGETS[1:], TOKENS, TARGETS), "B is 3 in train_tokens, not 2."),
    (bag_of_words_baseline, (TOKENS, TARGETS, TOKENS, TARGETS), "l2 must be positive, got 0.", {"l2": 0}),
    (known_names, ("all",), "part must be 'train' or 'test', got 'all'."),
    (tagged_sentences, (RNG, 0), "count must be at least 1, got 0."),
    (tagged_sentences, (RNG, 3), "part must be 'train' or 'test', got None.", {"part": None}),
    (build_vocabulary, ([],), "sentences must hold at least one sentence, got none."),
    (encode_sentences, ([], ["<pad>", "<unk>"]), "sentences must hold at least one sentence, got none."),
    (find_entities, (["O", "PER"],), "tags must be of O, B-PER"),
    (entity_f1, ([["O"]], [["O", "O"]]), "predicted and true must hold sentences of the same lengths, got different ones."),
    (most_frequent_tag_baseline, (SENTENCES, []), "train and test must each hold at least one sentence, got none."),
    (dates, (RNG, 0), "B must be at least 1, got 0."),
    (dates, (RNG, 3), "years must be two years from 1000 to 9999 in order, got (2000, 1999).", {"years": (2000, 1999)}),
    (decode_date, (np.array([-1]),), "tokens must lie between 0 and"),
    (dates_baseline, (TOKENS, TOKENS[1:]), "T is 4 in train, not 3."),
]
