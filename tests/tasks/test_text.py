"""The text of the language-model chapter: its alphabet, its layout as streams, and the baselines, against plain loops."""

import math
import sys
from itertools import pairwise

import numpy as np
import pytest

from rnncore.tasks import (
    PRINTABLE,
    Vocabulary,
    bigram_cross_entropy,
    language_reference,
    split_text,
    stream_batches,
    uniform_cross_entropy,
    unigram_cross_entropy,
)


@pytest.fixture(scope="module")
def text():
    return language_reference()


class TestLanguageReference:
    def test_is_long_and_english(self, text):
        assert len(text) > 200_000
        assert text.count(" the ") > 1000

    def test_is_deterministic(self, text):
        assert language_reference() == text

    def test_holds_printable_ascii_and_line_breaks_only(self, text):
        assert set(text) <= set(PRINTABLE)
        assert len(PRINTABLE) == len(set(PRINTABLE)) == 96

    def test_white_space_is_normalised(self, text):
        assert text == text.strip("\n")
        assert "\n\n\n" not in text
        assert not any(line.endswith(" ") for line in text.split("\n"))

    def test_no_paragraph_appears_twice(self, text):
        paragraphs = [" ".join(paragraph.split()) for paragraph in text.split("\n\n")]
        assert len(paragraphs) == len(set(paragraphs))

    def test_holds_no_rules_and_no_tables(self, text):
        lines = [line for line in text.split("\n") if line]
        assert all(any(c.isalnum() for c in line) for line in lines)
        assert not any(line.strip().startswith("|") and line.endswith("|") for line in lines)

    def test_held_out_text_is_not_copied_from_training_text(self, text):
        train, held_out = split_text(text)
        width = 100
        windows = {train[i : i + width] for i in range(len(train) - width + 1)}
        copied = sum(held_out[i : i + width] in windows for i in range(len(held_out) - width + 1))
        assert copied / len(held_out) < 0.01

    def test_typographic_characters_become_plain_ones(self, monkeypatch):
        topics = {
            "b": "caf\u00e9 \u201cx\u201d \u2013 it\u2019s 20\u00b0\u2026\n\n\n\nfirst  \n****\n",
            "a": "  first\n\n| t | u |\n\nlast",
        }
        monkeypatch.setattr("pydoc_data.topics.topics", topics)
        assert language_reference() == '  first\n\nlast\n\ncafe "x" - it\'s 20...'

    def test_a_python_without_the_text_is_told(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "pydoc_data.topics", None)
        with pytest.raises(ModuleNotFoundError, match=r"this Python lacks pydoc_data; install the complete standard library"):
            language_reference()


class TestSplitText:
    def test_parts_join_to_the_whole(self):
        parts = split_text("abcdefghijk", (0.5, 0.3, 0.2))
        assert "".join(parts) == "abcdefghijk"
        assert [len(part) for part in parts] == [6, 3, 2]

    def test_splits_arrays_too(self):
        train, held_out = split_text(np.arange(10))
        assert train.tolist() == list(range(9)) and held_out.tolist() == [9]

    @pytest.mark.parametrize("fractions", [(0.5, 0.6), (1.2, -0.2), (), 1.0])
    def test_bad_fractions(self, fractions):
        with pytest.raises(ValueError, match="fractions must be positive and sum to 1, got"):
            split_text("abcdef", fractions)

    @pytest.mark.parametrize("text", ["", "abc"])
    def test_too_short(self, text):
        with pytest.raises(ValueError, match=rf"{len(text)} characters are too few .* a part would be empty"):
            split_text(text, (0.9, 0.1))


class TestVocabulary:
    def test_round_trip(self, text):
        vocabulary = Vocabulary()
        tokens = vocabulary.encode(text)
        assert tokens.shape == (len(text),) and tokens.dtype == np.int64
        assert tokens.min() >= 0 and tokens.max() < len(vocabulary)
        assert vocabulary.decode(tokens) == text

    def test_every_token_has_one_character(self):
        vocabulary = Vocabulary()
        assert vocabulary.encode(vocabulary.decode(np.arange(96))).tolist() == list(range(96))

    def test_the_empty_text_has_no_tokens(self):
        assert Vocabulary("ab").encode("").shape == (0,)

    def test_unknown_character(self):
        with pytest.raises(ValueError, match=r"^encode: 'é' at position 3 is not among the 96 characters of the vocabulary\.$"):
            Vocabulary().encode("café")

    @pytest.mark.parametrize(
        ("tokens", "message"),
        [
            ([0, 2], "decode: tokens must lie between 0 and 1, got 2"),
            ([-1], "decode: tokens must lie between 0 and 1, got -1"),
            ([0.5], "decode: tokens must be whole numbers on one axis, got float64"),
            ([[0, 1]], r"decode: tokens must be whole numbers on one axis, got int64 of shape \(1, 2\)"),
        ],
    )
    def test_bad_tokens(self, tokens, message):
        with pytest.raises(ValueError, match=message):
            Vocabulary("ab").decode(np.array(tokens))

    @pytest.mark.parametrize(("characters", "message"), [("", "at least one character"), ("abca", "'a' appears more than once")])
    def test_bad_characters(self, characters, message):
        with pytest.raises(ValueError, match=message):
            Vocabulary(characters)


class TestStreamBatches:
    @pytest.mark.parametrize(("N", "T", "B"), [(9, 2, 2), (50, 5, 3), (50, 7, 1), (50, 1, 5), (13, 4, 3)])
    def test_layout_against_a_plain_loop(self, N, T, B):
        tokens = np.random.default_rng(0).integers(0, 20, N)
        length = (N - 1) // B
        batches = stream_batches(tokens, T, B)
        assert len(batches) == length // T
        for k, (inputs, targets) in enumerate(batches):
            assert inputs.shape == targets.shape == (T, B)
            for t in range(T):
                for b in range(B):
                    place = b * length + k * T + t
                    assert inputs[t, b] == tokens[place] and targets[t, b] == tokens[place + 1]

    def test_consecutive_chunks_continue_each_stream(self):
        batches = stream_batches(np.arange(100), T=5, B=3)
        for (inputs, targets), (next_inputs, _) in pairwise(batches):
            np.testing.assert_array_equal(next_inputs[0], inputs[-1] + 1)
            np.testing.assert_array_equal(next_inputs[0], targets[-1])

    def test_targets_are_inputs_shifted_by_one(self):
        for inputs, targets in stream_batches(np.arange(100), T=5, B=3):
            np.testing.assert_array_equal(targets, inputs + 1)
            np.testing.assert_array_equal(targets[:-1], inputs[1:])

    def test_one_chunk_more_than_a_token_too_few(self):
        assert len(stream_batches(np.arange(21), T=5, B=4)) == 1
        with pytest.raises(ValueError, match=r"T=5 steps of B=4 streams need at least 21 tokens, got 20"):
            stream_batches(np.arange(20), T=5, B=4)

    def test_tokens_are_not_shared(self):
        tokens = np.arange(20)
        inputs, _ = stream_batches(tokens, T=3, B=2)[0]
        assert not np.shares_memory(inputs, tokens)

    @pytest.mark.parametrize(("T", "B", "name"), [(0, 2, "T"), (2, 0, "B"), (-1, 2, "T")])
    def test_sizes_below_one(self, T, B, name):
        with pytest.raises(ValueError, match=f"{name} must be at least 1"):
            stream_batches(np.arange(20), T, B)

    @pytest.mark.parametrize(("T", "B", "name"), [(2.0, 2, "T"), (2, "2", "B"), (True, 2, "T")])
    def test_sizes_that_are_not_whole_numbers(self, T, B, name):
        with pytest.raises(TypeError, match=f"{name} must be a whole number"):
            stream_batches(np.arange(20), T, B)

    @pytest.mark.parametrize("tokens", [np.zeros((4, 5), dtype=int), np.zeros(20), []])
    def test_bad_tokens(self, tokens):
        with pytest.raises(ValueError, match="stream_batches: tokens must"):
            stream_batches(tokens, 2, 2)


class TestBaselines:
    @pytest.fixture
    def texts(self):
        rng = np.random.default_rng(1)
        return rng.integers(0, 5, 60), rng.integers(0, 6, 30)  # token 5 is never seen in training

    def test_uniform(self):
        assert uniform_cross_entropy(96) == pytest.approx(math.log(96))

    @pytest.mark.parametrize("smoothing", [0.1, 1.0])
    def test_unigram_by_brute_force(self, texts, smoothing):
        train, held_out = (texts[0].tolist(), texts[1].tolist())
        losses = [-math.log((train.count(v) + smoothing) / (len(train) + smoothing * 6)) for v in held_out[1:]]
        assert unigram_cross_entropy(*texts, 6, smoothing=smoothing) == pytest.approx(sum(losses) / len(losses))

    @pytest.mark.parametrize("smoothing", [0.1, 1.0])
    def test_bigram_by_brute_force(self, texts, smoothing):
        train, held_out = (texts[0].tolist(), texts[1].tolist())
        pairs, losses = list(pairwise(train)), []
        for u, v in pairwise(held_out):
            losses.append(-math.log((pairs.count((u, v)) + smoothing) / (train[:-1].count(u) + smoothing * 6)))
        assert bigram_cross_entropy(*texts, 6, smoothing=smoothing) == pytest.approx(sum(losses) / len(losses))

    def test_on_an_alternating_text_the_bigram_is_nearly_sure(self):
        tokens = np.tile([0, 1], 500)
        assert unigram_cross_entropy(tokens, tokens, 2) == pytest.approx(math.log(2), abs=1e-3)
        assert bigram_cross_entropy(tokens, tokens, 2) < 0.001

    def test_each_beats_the_one_before_on_the_real_text(self, text):
        vocabulary = Vocabulary()
        train, held_out = (vocabulary.encode(part) for part in split_text(text))
        size = len(vocabulary)
        bigram, unigram = bigram_cross_entropy(train, held_out, size), unigram_cross_entropy(train, held_out, size)
        assert bigram < unigram < uniform_cross_entropy(size)

    @pytest.mark.parametrize("baseline", [unigram_cross_entropy, bigram_cross_entropy])
    def test_bad_input(self, baseline):
        name = baseline.__name__
        with pytest.raises(ValueError, match=f"{name}: smoothing must be positive, got 0"):
            baseline(np.arange(3), np.arange(3), 3, smoothing=0)
        with pytest.raises(ValueError, match=f"{name}: train must hold at least 2 tokens, got 0"):
            baseline([], np.arange(3), 3)
        with pytest.raises(ValueError, match=f"{name}: held_out must hold at least 2 tokens, got 1"):
            baseline(np.arange(3), np.arange(1), 3)
        with pytest.raises(ValueError, match=f"{name}: held_out must lie between 0 and 2, got 3"):
            baseline(np.arange(3), np.arange(4), 3)

    def test_uniform_needs_a_character(self):
        with pytest.raises(ValueError, match="size must be at least 1, got 0"):
            uniform_cross_entropy(0)
