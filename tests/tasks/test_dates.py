"""Dates: every written form means one day only, tokens spell it, answers are ISO dates."""

import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore.tasks.dates import CHARACTERS, FORMATS, LOCALES, dates, dates_baseline, decode_date, input_characters, write_date

pytest.importorskip("babel")


def test_no_line_means_two_days():
    meaning = {}
    for number in range(datetime.date(2023, 12, 1).toordinal(), datetime.date(2025, 2, 1).toordinal()):
        day = datetime.date.fromordinal(number)
        for locale in LOCALES:
            for style in FORMATS:
                text = write_date(day, locale, style)
                assert meaning.setdefault(text, day) == day, text
                assert set(text) <= set(input_characters()), text
    assert write_date(datetime.date(2021, 3, 5), "en_US", "full") == "Friday, March 5, 2021"


@settings(deadline=None, max_examples=20)
@given(B=st.integers(1, 10), seed=st.integers(0, 10**6))
def test_questions_and_answers_agree(B, seed):
    tokens, lengths, targets = dates(np.random.default_rng(seed), B, years=(1995, 2004))
    assert tokens.shape == (lengths.max(), B) and targets.shape == (10, B)
    for b in range(B):
        answer = "".join(CHARACTERS[token] for token in targets[:, b])
        day = datetime.date.fromisoformat(answer)
        assert 1995 <= day.year <= 2004
        question = decode_date(tokens[:, b])
        assert len(question) == lengths[b] and tokens[: lengths[b], b].all() and not tokens[lengths[b] :, b].any()
        assert question in {write_date(day, locale, style) for locale in LOCALES for style in FORMATS}


def test_all_ways_of_writing_occur(rng):
    tokens, *_ = dates(rng, 3000)
    assert len(np.unique(tokens)) == len(input_characters()) + 1


def test_baseline(rng):
    train, test = dates(rng, 2000)[2], dates(rng, 1000)[2]
    characters, whole = dates_baseline(train, test)
    assert 0.3 < characters < 0.6 and whole < 0.01
    guess = [np.bincount(row).argmax() for row in train]
    assert characters == np.mean([[test[t, b] == guess[t] for b in range(1000)] for t in range(10)])
    assert dates_baseline(train[:, :1], train[:, :1]) == (1.0, 1.0)
