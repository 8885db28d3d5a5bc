"""Lab 10: whether its text is true, and what its checks say in cases of their own. What holds for every lab is in test_labs.py."""

import numpy as np
import pytest

import rnncore.reference as reference
from rnncore.checks.compare import compare
from rnncore.checks.labs import lab10
from rnncore.checks.labs.lab10.inputs import draw_decoder, draw_encoder, draw_lengths
from rnncore.checks.labs.lab10.mixture import mixed_inputs
from rnncore.checks.labs.lab10.own_inputs import draw_free, write_freely
from rnncore.checks.labs.lab10.source import read
from rnncore.checks.labs.lab10.source_backward import read_backward
from rnncore.checks.labs.lab10.target import write
from rnncore.checks.labs.lab10.target_backward import write_backward
from rnncore.reference.tree import tree_map
from tests.labs.labs import solved
from tests.labs.test_labs import failure


@pytest.fixture(scope="module")
def notebook():
    return solved("lab10")


def test_what_the_text_says_of_the_vector_is_true(notebook):
    small, large = (notebook["accuracy"][name][:, 1] for name in ("16 units", "48 units"))  # whole strings, (seeds, lengths)
    assert small.shape == large.shape == (3, 8)
    for shares in (small, large):
        assert np.median(shares[:, 0]) > 0.97  # begin at one
    assert np.median(small[:, :4], axis=0).min() > 0.5 and np.median(small[:, 5:], axis=0).max() < 0.5  # most of up to four digits
    assert np.median(small[:, 2]) > np.median(small[:, 3]) and small[:, 7].max() < 0.05  # falls from three digits on, near zero at eight
    assert np.median(large[:, :6], axis=0).min() > 0.95 and np.median(large[:, 6]) > 0.75  # nearly all of up to six
    assert 0.25 < np.median(large[:, 7]) < 0.55  # about 0.4
    assert (large[:, 4:7].min(axis=0) > small[:, 4:7].max(axis=0)).all()
    assert f"{np.log2(10):.1f} {8 * np.log2(10):.0f} {16 * 64}" == "3.3 27 1024"


def test_more_updates_carry_longer_strings_through_the_same_vector(notebook):
    longer = notebook["measure"](notebook["train"](0, 16, 1.0, updates=2400), 0)[1]
    shorter = notebook["accuracy"]["16 units"][:, 1]
    assert longer[4] > shorter[:, 4].max() + 0.1 and longer[5] > shorter[:, 5].max() + 0.1


def test_what_the_text_says_of_truth_and_own_is_true(notebook):
    for shares in notebook["accuracy"].values():
        assert (shares[:, 0] == shares[:, 1]).all()  # whole strings: the same, for every network, length and seed
    forced, own = (notebook["accuracy"][name] for name in ("16 units", "16 units, own tokens"))
    forced_gap, own_gap = notebook["gaps"].values()
    assert forced_gap.shape == own_gap.shape == (3, 8)
    assert forced_gap[:, :2].max() < 0.05  # near zero for short strings
    assert np.median(forced_gap[:, 5:], axis=0).min() > 0.1 and forced_gap.max() < 0.25
    assert own_gap.max() < 0.1
    gaps = [(shares[:, 2] - shares[:, 3])[:, 3:].mean(axis=1) for shares in (forced, own)]
    assert gaps[0].min() > gaps[1].max()
    truth, used = ([shares[:, row, 3:].mean(axis=1) for shares in (forced, own)] for row in (2, 3))
    assert used[0].max() > used[1].min() and used[1].max() > used[0].min()  # not clearly apart
    assert np.median(truth[0]) > np.median(truth[1])  # makes less of the truth
    assert np.median(forced[:, 1].sum(axis=1)) > np.median(own[:, 1].sum(axis=1))  # not more whole strings


def test_strings_are_written_backwards_and_ended(notebook):
    lengths = np.array([4, 2, 1])
    source, targets = notebook["strings"](np.random.default_rng(0), lengths)
    for b, n in enumerate(lengths):
        assert targets[: n + 1, b].tolist() == [*source[:n, b][::-1], notebook["END"]]
        assert (targets[n + 1 :, b] == notebook["PAD"]).all() and (source[n:, b] == notebook["PAD"]).all()
        assert source[:n, b].min() >= 3 and source[:n, b].max() <= 12


def test_the_small_functions_give_what_the_general_ones_of_the_reference_give():
    """`rnncore.reference` has the same with other arguments, for every cell, and with attention."""
    rng, cell = np.random.default_rng(0), {"cell": "rnn"}
    params = {"encoder": draw_encoder(rng, np.dtype("float64"), 4), "decoder": draw_decoder(rng, np.dtype("float64"), 4, scale=2.0)}
    source, lengths = rng.integers(0, 8, (5, 3)), draw_lengths(rng, 5, 3)
    targets, coins = rng.integers(0, 9, (6, 3)), rng.random((6, 3)) < 0.5
    state, read_cache = read(params["encoder"], source, lengths)
    _, again, _ = reference.encoder_forward(params["encoder"], source, lengths=lengths, **cell)
    compare("state", state, again)

    fed = mixed_inputs(params["decoder"], state, targets, coins, 0)
    assert (fed == reference.scheduled_inputs(params, source, targets, coins, start=0, lengths=lengths, **cell)).all()
    written = write_freely(params["decoder"], state, 0, 2, 8)
    assert (written == reference.free_run(params, source, start=0, max_length=8, end=2, lengths=lengths, **cell)).all()

    logits, _, write_cache = write(params["decoder"], fed, state)
    again, cache = reference.encoder_decoder_forward(params, source, fed, lengths=lengths, **cell)
    compare("logits", logits, again)
    mask = np.arange(6)[:, None] < draw_lengths(rng, 6, 3)
    loss, dlogits = lab10.loss.reference(logits, targets, mask)
    again, loss_cache = reference.softmax_cross_entropy_forward(logits, targets, mask=mask)
    compare("loss", loss, again)
    compare("dlogits", dlogits, reference.softmax_cross_entropy_backward(loss_cache))
    ddecoder, dstate = write_backward(params["decoder"], fed, write_cache, dlogits)
    dencoder = read_backward(params["encoder"], source, lengths, read_cache, dstate)
    compare("dparams", {"encoder": dencoder, "decoder": ddecoder}, reference.encoder_decoder_backward(cache, dlogits))


def test_a_free_run_that_is_drawn_has_what_the_mistakes_need():
    for seed in range(20):
        at_once = 0
        for args in draw_free(np.random.default_rng(seed), np.dtype("float32"), B=2, H=3):
            tokens, (_, state, _, end, longest) = write_freely(*args), args
            assert 1 <= len(tokens) <= longest
            if (state == state[0]).all():
                at_once += 1
                assert (tokens[:-1] != end).all() and (tokens[-1] == end).all() and len(tokens) < longest
            elif longest > 1 and len(tokens) < longest:
                assert (tokens[-1] == end).all() and (tokens == end).sum() > 2
        assert at_once == 1


@pytest.mark.parametrize("seed", [3, 8])
def test_who_never_stops_is_not_taken_for_one_who_stops_where_all_end_at_once(seed):
    """For these seeds, the decoders that end their texts at different steps never write the end token for all at one step."""
    (words,) = (words for words in lab10.free_running.mistakes if words.startswith("it writes on to the limit, and what"))
    assert failure(lab10.free_running, lab10.free_running.mistakes[words], seed).endswith(f"when {words}.")


def test_who_lets_a_text_begin_again_is_not_taken_for_one_who_remembers_that_it_has_ended():
    """For this seed, where all have ended once, all may write the end token at the same step."""
    (words,) = (words for words in lab10.free_running.mistakes if words.startswith("a text that has ended can begin again"))
    assert failure(lab10.free_running, lab10.free_running.mistakes[words], 4).endswith(f"when {words}.")


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint8])
def test_tokens_of_any_integer_dtype_are_right(dtype):
    def other(targets, start):
        return reference.teacher_forced_inputs(targets, start).astype(dtype)

    lab10.forced_inputs.check(other, rng=np.random.default_rng(0))


def test_tokens_that_are_no_whole_numbers_are_refused():
    def other(targets, start):
        return reference.teacher_forced_inputs(targets, start) * 1.0

    assert failure(lab10.forced_inputs, other).endswith("fed must hold whole numbers, got float64.")


@pytest.mark.parametrize("name", lab10.__all__)
def test_what_a_property_says_is_one_sentence_with_the_functions_name(name, monkeypatch):
    exercise = getattr(lab10, name)

    def broken(*args):
        return tree_map(lambda a: (a + 1) % 9 if a.dtype.kind == "i" else a * 1.001, right(*args)) if name != "loss" else wrong_loss(*args)

    def wrong_loss(*args):
        loss, dlogits = right(*args)
        return loss * 1.001, dlogits

    right = exercise.reference
    if name in ("reading", "writing"):
        broken = exercise.mistakes[
            {"reading": "the state after the first token is taken"}.get(name, "the bias of the output layer is forgotten")
        ]
    broken.__name__ = right.__name__
    monkeypatch.setattr(exercise, "reference", broken)
    assert failure(exercise, broken).startswith(f"{right.__name__}: ")
