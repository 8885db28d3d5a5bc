"""Date normalisation: read a date as people write it in nine languages, write it as 2021-03-05.

Contents
    CHARACTERS          of the answers, "-" and the ten digits; the token of a character is its place
    input_characters    of the questions; the token of a character is its place plus 1, 0 is padding
    dates               tokens, lengths, targets
    decode_date         tokens of a question -> str
    dates_baseline      accuracy of the most frequent character at each place of the answer

    "Friday, March 5, 2021"    "5. März 2021"    "05.03.2021"    "5 de mar. de 2021"    ->    "2021-03-05"

The ways of writing come from Babel (BSD licence), which ships the locale data of Unicode CLDR (Unicode licence); another version
of Babel may write a few of them differently. Two languages never write the same line for different dates here: numbers alone
appear only as day, month, year.
Source: the task is a classic of attention tutorials; the data are Babel's full, long and medium formats.
"""

import datetime
import functools

import numpy as np

from rnncore.reference.shapes import shapes
from rnncore.tasks.dependency import require

__all__ = ["CHARACTERS", "dates", "dates_baseline", "decode_date", "input_characters"]

CHARACTERS = "-0123456789"
LOCALES = ["en_US", "en_GB", "de", "fr", "es", "it", "nl", "pt", "sv", "pl"]
FORMATS = ["full", "long", "medium"]


@functools.cache
def input_characters():
    """List the characters that occur in the written dates: those of all months and weekdays in all formats, and the digits.

    Returns:
        str, sorted.
    Raises:
        ModuleNotFoundError: Babel is not installed.
    """
    days = [datetime.date(2021, month, day) for month in range(1, 13) for day in range(1, 8)]
    written = {write_date(day, locale, style) for day in days for locale in LOCALES for style in FORMATS}
    return "".join(sorted(set("0123456789").union(*written)))


@shapes(rng="rng", B="size")
def dates(rng, B, *, years=(1950, 2049)):
    """Draw days, each with a language and a format, padded at the end to the longest.

    Args:
        rng: a `numpy.random.Generator`.
        B: how many dates.
        years: first and last year, from 1000 to 9999.
    Returns:
        tokens: (T, B), whole numbers from 0 to len(input_characters()); 0 after the end; T is the largest length.
        lengths: (B,), how many characters each has.
        targets: (10, B), whole numbers from 0 to 10, the places in CHARACTERS.
    Raises:
        TypeError, ValueError: an argument is out of range; the sentence says which.
        ModuleNotFoundError: Babel is not installed.
    """
    first, last = years
    if not 1000 <= first <= last <= 9999:
        raise ValueError(f"dates: years must be two years from 1000 to 9999 in order, got {years}.")
    ends = datetime.date(first, 1, 1).toordinal(), datetime.date(last, 12, 31).toordinal() + 1
    days = [datetime.date.fromordinal(int(day)) for day in rng.integers(*ends, B)]
    written = [write_date(day, LOCALES[rng.integers(len(LOCALES))], FORMATS[rng.integers(len(FORMATS))]) for day in days]
    lengths = np.array([len(text) for text in written])
    tokens = np.zeros((lengths.max(), B), dtype=np.int64)
    place = {character: k + 1 for k, character in enumerate(input_characters())}
    for b, text in enumerate(written):
        tokens[: len(text), b] = [place[character] for character in text]
    targets = np.array([[CHARACTERS.index(character) for character in day.isoformat()] for day in days]).T
    return tokens, lengths, targets.copy()


@shapes(tokens="int T")
def decode_date(tokens):
    """Turn the tokens of one question into text.

    Args:
        tokens: (T,), whole numbers from 0 to len(input_characters()); padding is left out.
    Returns:
        str.
    Raises:
        TypeError, ValueError: tokens has the wrong type, shape or values; the sentence says which.
    """
    characters = input_characters()
    if tokens.min() < 0 or tokens.max() > len(characters):
        wrong = tokens[(tokens < 0) | (tokens > len(characters))][0]
        raise ValueError(f"decode_date: tokens must lie between 0 and {len(characters)}, got {wrong}.")
    return "".join(characters[token - 1] for token in tokens if token)


@shapes(train="int T B", test="int T C")
def dates_baseline(train, test):
    """Answer the most frequent character at each place, whatever the question.

    Args:
        train: (T, B) with T = 10, answers that are counted.
        test: (T, C), answers that are predicted.
    Returns:
        characters: share of right characters.
        dates: share of dates of which every character is right.
    Raises:
        TypeError, ValueError: an argument has the wrong type or shape; the sentence says which.
    """
    guess = np.array([np.bincount(row).argmax() for row in train])
    right = test == guess[:, None]
    return float(right.mean()), float(right.all(axis=0).mean())


def write_date(day, locale, style):
    """One date in one locale and format, with plain spaces."""
    text = require("dates", "babel.dates").format_date(day, style, locale)
    return text.replace("\u00a0", " ").replace("\u202f", " ")
