"""Lab 9: whether its text is true, and what its checks say in cases of their own. What holds for every lab is in test_labs.py."""

import re

import numpy as np
import pytest

from rnncore.checks.labs import lab09
from rnncore.checks.labs.lab09.inputs import LOG_NEXT, log_probabilities
from rnncore.checks.labs.lab09.searching import table_beam_search
from rnncore.reference import beam_search, sample, softmax
from rnncore.tasks.sentiment import ADJECTIVES, DEGREES, NEGATIONS, SUBJECTS, VERBS
from tests.labs.lab import ROOT
from tests.labs.labs import solved
from tests.labs.test_labs import failure


@pytest.fixture
def notebook(monkeypatch):
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    return solved("lab09")


def test_what_the_text_says_of_the_networks_is_true(notebook):
    temperatures, errors, repetition = (notebook[name] for name in ("TEMPERATURES", "errors", "repetition"))
    assert temperatures == (0.3, 0.5, 0.7, 1.0, 1.3) and all(values.shape == (3,) for values in errors.values())
    bits = notebook["bits"]["networks"]
    assert bits.shape == (3, 5) and (bits.argmin(axis=1) == 2).all()  # lowest at 0.7, and rising on both sides
    assert (np.diff(bits[:, :3]) < 0).all() and (np.diff(bits[:, 2:]) > 0).all()
    assert 0.5 < np.median(bits[:, [0, 4]]) < 0.7 and bits.max() < 0.5 * notebook["pairs"]  # about 0.6 at the ends

    rising = np.array([errors[f"temperature {tau}"] for tau in temperatures])
    falling = np.array([repetition[f"temperature {tau}"] for tau in temperatures])
    real = notebook["repeated"](notebook["real"])
    assert notebook["unknown"](notebook["real"]) == 0
    assert (np.diff(np.median(rising, axis=1)) > 0).all() and (np.diff(np.median(falling, axis=1)) < 0).all()
    assert rising[0].max() < 0.01 and 0.07 < np.median(rising[3]) < 0.13  # hardly any; one in ten
    assert 0.25 < np.median(rising[4]) < 0.35  # about 0.3
    assert np.median(falling[0]) > 3 * real and 0.05 < np.median(falling[0]) < 0.12 and falling[4].max() < 0.01
    assert falling[1].min() > real > falling[3].max()  # the level of real text is crossed near 0.7

    plain, heat, top_k, top_p = (errors[name] for name in ("temperature 1.0", *notebook["ALIKE"]))
    assert plain.min() > top_k.max() and top_k.min() > 2 * heat.max() and heat.min() > 2 * top_p.max()
    for name in notebook["ALIKE"]:
        assert 0.6 * real < np.median(repetition[name]) < 1.5 * real  # about as much as real text


def test_with_more_training_the_best_temperature_moves_towards_one(notebook):
    inputs, targets = notebook["inputs"], notebook["targets"]
    logits, *_ = notebook["read"](notebook["train"](0, steps=1200), inputs, np.zeros((32, 32)))
    at = {tau: notebook["bits_and_perplexity"](logits / tau, targets)[0].mean() for tau in notebook["TEMPERATURES"]}
    assert at[1.0] < at[0.7] and at[1.0] < notebook["bits"]["networks"].min()


def test_inside_a_word_one_character_has_nearly_everything(notebook):
    logits, targets = notebook["logits"][0], notebook["targets"]
    letters = np.array([c.isalpha() for c in notebook["characters"].characters])
    inside = letters[notebook["inputs"]] & letters[targets]
    assert np.median(softmax(logits)[inside].max(axis=-1)) > 0.9


def test_what_the_text_says_of_the_most_probable_sentence_is_true(notebook):
    lengths, words, stop = notebook["lengths"], notebook["words"], notebook["STOP"]
    assert len(notebook["WORDS"]) == 31 and "31 different words" in notebook_text()
    one_of = {name: f"({'|'.join(options)})" for name, options in (("s", SUBJECTS), ("a", ADJECTIVES), ("v", VERBS))}
    few = f"({'|'.join(NEGATIONS)}) ", f"({'|'.join(DEGREES)}) "
    clause = f"(the {one_of['s']} was ({few[0]})?({few[1]})?{one_of['a']}|i ({few[0]})?{one_of['v']} the {one_of['s']})"
    sentence = re.compile(f"({clause}( but {clause}| although {clause})?|although {clause}, {clause})\\.")
    assert all(sentence.fullmatch(line) for line in notebook["train_text"].splitlines()[:500])

    for a, width in lengths:
        _, sequences = table_beam_search(notebook["log_pairs"], stop, width, 20, a)
        text = " ".join(words[token] for token in sequences[0]).split(" .")[0]
        assert not sentence.fullmatch(text.replace(" ,", ",") + ".")  # none could stand in the text
        assert (text == "the ending") == (a == 0 and width >= 30)
        assert text.startswith("although i") == (a == 1 and width >= 30)
    assert lengths[0.0, 1] == 20 and lengths[1.0, 1] == 20  # never reaches the full stop
    assert lengths[0.0, 30] < lengths[0.0, 3] < lengths[0.0, 1] and lengths[1.0, 30] > lengths[0.0, 30]


def notebook_text():
    return (ROOT / "solutions" / "lab09_generation.py").read_text("utf8")


def test_the_table_search_is_the_references_search():
    rng = np.random.default_rng(3)
    for width, max_length, a in ((1, 6, 0.0), (3, 3, 0.7), (5, 3, 1.0), (200, 3, 0.0)):
        log_next, end = log_probabilities(rng, np.float64, 5, 5), int(rng.integers(5))

        def follow(tokens, state, log_next=log_next):
            return log_next[tokens], state

        found = beam_search(follow, None, end, width=width, max_length=max_length, end=end, length_normalisation=a)
        scores, sequences = table_beam_search(log_next, end, width, max_length, a)
        assert np.allclose(scores, [one.score for one in found])
        assert sequences.tolist() == [one.tokens + [end] * (max_length - len(one.tokens)) for one in found]


def test_the_small_language_is_that_of_the_book():
    for width, best in ((1, [0, 1, 2, 2]), (2, [1, 2, 2, 2]), (3, [2, 2, 2, 2])):  # ab. and b. and the full stop alone
        assert table_beam_search(LOG_NEXT, 2, width, 4, 0.0)[1][0].tolist() == best


def test_the_dice_are_those_of_the_reference():
    rng, q = np.random.default_rng(0), softmax(np.random.default_rng(1).standard_normal((500, 7)))
    u = np.random.default_rng(0).random((500, 1))[:, 0]
    assert (lab09.draw.reference(q, u) == sample(rng, q)).all()


def test_whole_numbers_of_any_size_are_right_and_others_are_named():
    lab09.draw.check(lambda q, u: lab09.draw.reference(q, u).astype(np.int32), rng=np.random.default_rng(0))
    message = failure(lab09.draw, lambda q, u: lab09.draw.reference(q, u).astype(float))
    assert message == "draw_tokens on the worked example: tokens must hold whole numbers, got float64."


def test_a_mistake_that_gives_nan_is_named():
    def empty_nucleus(logits, p):
        q = softmax(logits)
        for row in q:
            order = np.argsort(-row, kind="stable")
            row[order[np.cumsum(row[order]) >= p]] = 0
        return q / q.sum(axis=-1, keepdims=True)

    lead = "This is what comes out when the token that crosses p is left out"
    assert lead in failure(lab09.top_p, empty_nucleus)


def test_one_chunk_too_many_is_named():
    def with_the_rest(tokens, T, B):
        S = (len(tokens) - 1) // B
        places = np.arange(S)[:, None] + S * np.arange(B)
        return [(tokens[places[s : s + T]], tokens[places[s : s + T] + 1]) for s in range(0, S, T)]

    message = failure(lab09.streams, with_the_rest)
    assert "batches must hold 2 entries, got a list of 3. This is what comes out when what does not fill" in message


def test_the_teachers_page_quotes_the_checks():
    page = (ROOT / "book" / "teaching" / "lab09.md").read_text("utf8")
    told = re.findall(r"^\| [^|]+ \| ([^|]+?) \|$", page.partition("what they are told")[2].partition("\n## ")[0], re.MULTILINE)
    told = [words for words in told if words != "what the check says" and not words.startswith("-")]
    words = {word for name in lab09.__all__ for word in getattr(lab09, name).mistakes}
    assert len(told) >= 2 * len(lab09.__all__) and set(told) <= words
