"""Sampling: the distributions are those of rnncore's decoding functions, and the model has learned something."""

import itertools

import numpy as np
import pytest

from rnncore.reference import gru_forward, softmax, top_k_distribution, top_p_distribution
from rnncore.tasks import language_reference, split_text
from rnncore.widgets import widget
from rnncore.widgets.sampling import METHODS, VOCABULARY, WRITTEN, choose_from, model, next_logits, write

TOKENS = VOCABULARY.encode("If the ")


def test_the_scores_are_those_of_the_whole_sequence():
    params = model()
    xs = params["embedding"]["weight"][TOKENS][:, None]
    hs, _, _ = gru_forward(params["rnn"], xs, np.zeros((1, params["rnn"]["weight_hh"].shape[1])))
    expected = hs[-1, 0] @ params["output"]["weight"].T + params["output"]["bias"]
    np.testing.assert_allclose(next_logits(TOKENS)[0], expected, rtol=0, atol=1e-10)


def test_the_model_predicts_held_out_text_better_than_guessing():
    """Perplexity below 8 on a piece that was not trained on; 96 characters guessed evenly have 96."""
    _, held_out = split_text(language_reference())
    tokens, h, losses = VOCABULARY.encode(held_out[:2000]), None, []
    for token, following in itertools.pairwise(tokens):
        logits, h = next_logits([token], h)
        losses.append(-np.log(softmax(logits)[following]))
    assert np.exp(np.mean(losses)) < 8


@pytest.mark.parametrize("method", METHODS)
def test_bars_show_the_distribution_that_is_drawn_from(method):
    figure = widget("sampling")(method=method, temperature=0.8, k=3, p=0.6)
    drawn = choose_from(next_logits(TOKENS)[0], method, 0.8, 3, 0.6)
    assert drawn.sum() == pytest.approx(1)
    np.testing.assert_allclose(figure.data[1]["y"], np.sort(drawn)[::-1][:12], rtol=0, atol=5.1e-5)
    assert figure.note.startswith(f"{(drawn > 0).sum()} character")


def test_methods_are_those_of_the_reference():
    logits = next_logits(TOKENS)[0]
    np.testing.assert_array_equal(choose_from(logits, "top-k", 1.3, 4, 0.5), top_k_distribution(logits, 4, temperature=1.3))
    np.testing.assert_array_equal(choose_from(logits, "top-p", 1.3, 4, 0.5), top_p_distribution(logits, 0.5, temperature=1.3))
    assert choose_from(logits, "greedy", 1.0, 1, 1.0).max() == 1


def test_temperature_levels_the_bars():
    entropy = []
    for temperature in (0.3, 1.0, 2.0):
        p = choose_from(next_logits(TOKENS)[0], "temperature only", temperature, 1, 1.0)
        entropy.append(-(p[p > 0] * np.log(p[p > 0])).sum())
    assert entropy[0] < entropy[1] < entropy[2]


def test_a_low_temperature_repeats_and_a_high_one_is_noise():
    """Over ten seeds: how many different triples of characters a hundred characters hold."""

    def variety(temperature):
        texts = [write(*next_logits(TOKENS), "temperature only", temperature, 1, 1.0, seed) for seed in range(10)]
        return np.array([len({text[i : i + 3] for i in range(WRITTEN - 2)}) for text in texts])

    low, middle, high = (variety(temperature) for temperature in (0.1, 1.0, 2.0))
    assert np.median(low) < np.median(middle) < np.median(high)


def test_the_seed_decides_the_text():
    same, again, other = (widget("sampling")(seed=seed).note for seed in (1, 1, 2))
    assert same == again != other


def test_a_text_that_cannot_be_read_is_refused():
    with pytest.raises(ValueError, match=r"English keyboard only; the text holds another one\.$"):
        widget("sampling")(text="naïve")
