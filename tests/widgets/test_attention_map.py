"""The attention map: the model reads dates it was not trained on, the map is the model's, and the mask does what it says."""

import numpy as np
import pytest

import rnncore as rnn
from rnncore.tasks import dates
from rnncore.widgets import widget
from rnncore.widgets.attention_map import ANSWER, LENGTH, START, model, read_date

DATES = {"Friday, March 5, 2021": "2021-03-05", "5 de marzo de 2021": "2021-03-05", "31.12.1999": "1999-12-31"}


@pytest.mark.parametrize("score", ["additive", "scaled_dot"])
@pytest.mark.parametrize("text", DATES)
def test_typed_dates_come_out_right(text, score):
    assert read_date(text, score=score, padding=4)[0] == DATES[text]


@pytest.mark.parametrize("score", ["additive", "scaled_dot"])
def test_fresh_dates_come_out_right(score):
    """Ten languages, three formats; drawn with a seed that no training used."""
    tokens, lengths, targets = dates.dates(np.random.default_rng(2026), 200)
    written = rnn.free_run(model()[0][score], tokens, start=START, max_length=LENGTH, lengths=lengths, score=score)
    assert (written == targets).all(axis=0).mean() >= 0.98


def test_characters_are_those_the_model_was_trained_on():
    assert model()[1] == dates.input_characters()
    assert ANSWER == dates.CHARACTERS


@pytest.mark.parametrize("score", ["additive", "scaled_dot"])
def test_the_map_is_the_attention_of_the_whole_run(score):
    """The rows, collected one character at a time, equal those of one call with the written date as teacher."""
    text, (weights, characters) = "Friday, March 5, 2021", model()
    written, rows = read_date(text, score=score, padding=4)
    source = np.array([characters.index(c) + 1 for c in text] + [0] * 4)[:, None]
    targets = np.array([ANSWER.index(c) for c in written])[:, None]
    fed = rnn.teacher_forced_inputs(targets, START)
    _, cache = rnn.encoder_decoder_forward(weights[score], source, fed, lengths=np.array([len(text)]), score=score)
    np.testing.assert_allclose(rows, cache.weights[:, 0], rtol=0, atol=1e-12)


@pytest.mark.parametrize("score", ["additive", "scaled_dot"])
def test_the_mask_keeps_attention_from_the_padding(score):
    text = "Friday, March 5, 2021"
    for mask in (True, False):
        _, rows = read_date(text, score=score, padding=12, mask=mask)
        np.testing.assert_allclose(rows.sum(axis=1), 1, rtol=0, atol=1e-12)
        lost = rows[:, len(text) :].sum()
        assert lost == 0 if mask else 0 < lost < LENGTH


def test_the_rows_move_as_the_hint_says():
    """The year is looked for behind the day, and both where they stand."""
    text = "Friday, March 5, 2021"
    _, rows = read_date(text)
    looked = rows.argmax(axis=1)
    assert list(looked[1:4]) == [text.index("2021") + k for k in (1, 2, 3)] and text[looked[9]] == "5"


def test_what_the_model_cannot_read_is_refused():
    with pytest.raises(ValueError, match=r"never seen 年; it knows the characters of dates in nine languages\.$"):
        widget("attention_map")(date="2021年")


def test_a_date_that_is_none_is_said_to_be_none():
    assert "which is no day of the calendar" in widget("attention_map")(date="30 février 2021").note
