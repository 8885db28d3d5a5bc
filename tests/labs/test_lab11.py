"""Lab 11: whether its text is true, and what its checks say in cases of their own. What holds for every lab is in test_labs.py."""

import numpy as np
import pytest

import rnncore.reference as reference
from rnncore.checks import compare
from rnncore.checks.labs import lab11
from rnncore.widgets.attention_map import model
from rnncore.widgets.attention_map import read_date as widget_reads
from tests.labs.labs import solved
from tests.labs.test_labs import failure


@pytest.fixture(scope="module")
def notebook():
    return solved("lab11")


def test_what_the_text_says_of_the_training_is_true(notebook):
    additive, dot, scaled, nobody = (notebook["accuracy"][kind] for kind in notebook["KINDS"])
    assert list(notebook["KINDS"]) == ["additive", "dot", "scaled dot", "nobody asks"] and dot.shape == (3, 5)
    assert min(additive[:, -1].min(), dot[:, -1].min()) > scaled[:, -1].max()
    assert scaled[:, -1].min() > nobody[:, -1].max()
    assert all(kind[:, 1].max() < 0.3 and kind[:, 3].min() > 0.5 for kind in (additive, dot))  # steep between 50 and 100
    assert min(np.median(kind[:, -1]) for kind in (additive, dot)) > 0.83 and 0.35 < np.median(scaled[:, -1]) < 0.65
    assert 0.03 < np.median(nobody[:, -1]) < 0.2 and nobody[:, -2].max() < 0.15


def test_what_the_text_says_of_the_scores_is_true(notebook):
    found = {key: np.array(values) for key, values in notebook["measured"].items()}  # (seeds, deviation and largest weight)
    assert np.abs(found["dot", "before training"][:, 0] - 0.2).max() < 0.1
    ratio = found["dot", "before training"][:, 0] / found["scaled dot", "before training"][:, 0]
    compare("the ratio", ratio, np.full(3, 32**0.5), rtol=1e-3)
    assert round(32**0.5, 1) == 5.7
    for k in (0, 1):
        assert found["scaled dot", "after training"][:, k].max() < 0.6 * found["dot", "after training"][:, k].min()
        assert found["scaled dot", "after training"][:, k].min() > 2 * found["scaled dot", "before training"][:, k].max()


def test_what_the_text_says_of_the_maps_is_true(notebook):
    read_date = notebook["read_date"]
    written, weights = read_date("9 novembre 1999")
    assert written == "1999-11-09" and np.allclose(weights.sum(axis=1), 1)
    most = weights.argmax(axis=1)
    assert most[[0, 1, 2, 3, 8, 9]].tolist() == [11, 12, 13, 14, 1, 0] and all(2 <= s <= 9 for s in most[5:7])
    assert written[:4].count("9") == 3 and "9 novembre 1999".count("9") == 4
    written, weights = read_date("9 novembre 1789")
    most = weights.argmax(axis=1)
    assert written == "1999-11-09" and most[:4].tolist() == [11, 14, 14, 14] and most[[8, 9]].tolist() == [1, 0]
    for score in notebook["shipped"]:
        assert not read_date("9 novembre 1789", score)[0].startswith("1789")
        assert read_date("1999-11-09", score)[0] != "1999-11-09"
        assert read_date("31 april 2024", score)[0] == "2024-04-31"


def test_what_the_text_says_of_the_padding_is_true(notebook):
    read_date, lost, lead = notebook["read_date"], {}, {}
    for score in notebook["shipped"]:
        for padding in (0, 12, 100):
            assert read_date("9 novembre 1999", score, padding=padding)[0] == "1999-11-09"
            written, weights = read_date("9 novembre 1999", score, padding=padding, masked=False)
            lost[score, padding] = weights[:, 15:].sum(axis=1).mean()
            assert (written == "1999-11-09") == (score == "additive" or padding < 100)
        lead[score] = np.log(weights[:, :15].max(axis=1) / weights[:, 15]).mean()  # of the best key over a padded one
        assert lost[score, 0] == 0 and lost[score, 12] < lost[score, 100]
        masked = read_date("9 novembre 1999", score, padding=100)[1]
        assert (masked[:, 15:] == 0).all()
    assert abs(lost["scaled_dot", 100] - 2 / 3) < 0.05 and lost["additive", 100] < lost["scaled_dot", 100]
    assert lead["additive"] > lead["scaled_dot"]
    with pytest.raises(ValueError, match="substring"):
        read_date("5 августа 2021")


@pytest.mark.parametrize("score", model()[0])
def test_the_labs_reader_is_that_of_the_widget(notebook, score):
    for text, padding, masked in (("23 sierpnia 2016", 0, True), ("May 5, 2021", 7, True), ("May 5, 2021", 7, False)):
        written, weights = notebook["read_date"](text, score, padding=padding, masked=masked)
        theirs, rows = widget_reads(text, score=score, padding=padding, mask=masked)
        assert written == theirs
        compare("weights", weights, rows, rtol=1e-6, atol=1e-6)


def test_the_labs_attention_and_decoder_are_those_of_rnncore(notebook):
    rng = np.random.default_rng(0)
    queries, keys, values = (rng.standard_normal((n, 2, size)) for n, size in ((3, 4), (5, 4), (5, 6)))
    mask, dcontexts = reference.length_mask(np.array([5, 2]), 5), rng.standard_normal((3, 2, 6))
    for score in ("dot", "scaled_dot", "multiplicative", "additive"):
        params = reference.init_attention(rng, 4, 4, 3, score=score)
        *own, cache = notebook["attention_forward"](params, queries, keys, values, score, mask)
        *right, right_cache = reference.attention_forward(params, queries, keys, values, score=score, mask=mask)
        compare(score, tuple(own), tuple(right))
        compare(score, notebook["attention_backward"](cache, dcontexts), reference.attention_backward(right_cache, dcontexts))
    params = reference.init_encoder_decoder(rng, 7, 5, 3, 4, score="additive")["decoder"]
    fed, state, keys = rng.integers(0, 5, (3, 2)), rng.standard_normal((2, 4)), rng.standard_normal((5, 2, 4))
    logits, state_T, _, cache = notebook["decode"](params, fed, state, keys, mask, "additive")
    right, right_T, right_cache = reference.decoder_forward(params, fed, state, keys, mask=mask, score="additive")
    compare("logits", (logits, state_T), (right, right_T))
    dlogits = rng.standard_normal(logits.shape)
    compare("gradients", notebook["decode_backward"](cache, dlogits), reference.decoder_backward(right_cache, dlogits))


def test_a_date_that_is_right_when_fed_the_truth_is_right_when_written_freely(notebook):
    params, (texts, answers) = notebook["trained"]["dot"][0], notebook["draw_dates"](np.random.default_rng(5), 100, test=True)
    logits, _ = notebook["read_and_write"](params, texts, answers, "dot")
    forced = (logits.argmax(axis=-1) == answers).all(axis=0)
    tokens, lengths = notebook["tokens_of"](texts, notebook["KNOWN"])
    free = reference.free_run(params, tokens, start=notebook["START"], max_length=10, lengths=lengths, score="dot")
    assert ((free == answers).all(axis=0) == forced).all() and forced.mean() > 0


def test_the_scale_may_be_any_number_near_the_right_one():
    """np.sqrt gives another type than ** 0.5, and the last digit may differ; a flag is no number, and 1 is not 1 / sqrt(K)."""

    def with_scale(change):
        def answer(queries, keys, scaled=False):
            scores, cache = reference.dot_scores_forward(queries, keys, scaled=scaled)
            return scores, cache._replace(scale=change(cache.scale))

        return answer

    for change in (np.float64, np.float32, lambda scale: scale * (1 + 1e-12), lambda scale: 1 if scale == 1 else scale):
        lab11.dot_forward.check(with_scale(change), rng=np.random.default_rng(0))
    assert "cache.scale must be a number, got bool" in failure(lab11.dot_forward, with_scale(lambda scale: scale == 1 or scale))
    assert "cache.scale is 1 but 0." in failure(lab11.dot_forward, with_scale(lambda scale: 1))
    assert "cache.scale must be a number, got str" in failure(lab11.dot_forward, with_scale(str))


def test_a_mistake_that_gives_no_number_is_recognised():
    def naive(scores, mask=None):
        exp = np.exp(scores if mask is None else np.where(mask, scores, -np.inf))
        weights = exp / exp.sum(axis=-1, keepdims=True)
        return weights, reference.MaskedSoftmaxCache(weights)

    message = failure(lab11.softmax_forward, naive)
    assert " is nan but " in message and "the largest score is not subtracted" in message
