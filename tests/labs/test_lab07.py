"""Lab 7: whether its text is true, and what its checks say in cases of their own. What holds for every lab is in test_labs.py."""

import numpy as np
import pytest

import rnncore.reference as reference
from rnncore.checks import compare
from rnncore.checks.labs import lab07
from rnncore.checks.labs.lab07.inputs import draw_masked
from rnncore.reference.tree import tree_map
from tests.labs.labs import solved
from tests.labs.test_labs import failure


@pytest.fixture
def notebook(monkeypatch):
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    return solved("lab07")


def test_what_the_text_says_of_the_state_is_true(notebook):
    distance, masked, differences = notebook["moved"].values()
    assert all(values.shape == (5, 13) for values in (distance, masked, differences))
    assert (masked == 0).all() and (distance[:, 0] == 0).all()
    assert distance[:, 1:].min() > 0.5 and distance[:, 1:].max() < 1  # half to nearly all of its size, after the first filler
    assert np.ptp(distance[:, 1:], axis=1).max() < 0.15  # and then it hardly changes
    assert (differences[:, 0] == 1).all() and differences[:, 5:].max() < 0.1
    assert (np.diff(differences, axis=1) < 0).all()


def test_what_the_text_says_of_the_loss_is_true(notebook):
    with_mask, real, every = notebook["errors"].values()
    assert all(values.shape == (4, 4) for values in (with_mask, real, every))
    assert np.ptp(with_mask, axis=1).max() < 1e-6  # the same networks, but for rounding
    assert with_mask.min() > 1.4 and with_mask.max() < 1.5
    assert real[:, 0].min() > 1.4 and real[:, 0].max() < 1.6 and real[:, -1].min() > 1.9
    assert (np.diff(np.median(real, axis=0)) > 0).all() and (np.diff(np.median(every, axis=0)) < 0).all()
    assert every[:, 0].min() > 0.9 and every[:, 0].max() < 1.1 and np.median(every[:, -1]) < 0.5
    for seed in range(4):
        _, targets, mask = notebook["next_words"](notebook["sentences"](np.random.default_rng(1000 + seed), 200), 30)
        assert 0.18 < mask.mean() < 0.22  # about a fifth
        assert not targets[~mask].any()
        fillers = (every[seed, -1] - mask.mean() * real[seed, -1]) / (1 - mask.mean())
        assert fillers < 0.05  # they cost next to nothing


def test_words_become_worse_because_each_counts_less(notebook, monkeypatch):
    """Masked, but divided by all places: nothing of the padding is learned, and the words are nearly as bad."""
    masked_cross_entropy = notebook["masked_cross_entropy"]

    def over_all_places(logits, targets, mask):
        loss, dlogits = masked_cross_entropy(logits, targets, mask)
        return loss, dlogits * mask.mean()

    monkeypatch.setitem(notebook, "masked_cross_entropy", over_all_places)
    for seed in range(2):
        words, _ = notebook["train"](True, 30, seed)
        assert 1.9 < words < notebook["errors"]["trained without: real words"][seed, -1] + 0.1


def test_in_the_padding_a_filler_follows_a_filler(notebook):
    tokens, targets, mask = notebook["next_words"](notebook["sentences"](np.random.default_rng(0), 50), 3)
    assert not tokens[~mask].any() and not targets[~mask].any() and tokens[mask].all() and targets[mask].all()
    lengths = [len(s) for s in notebook["sentences"](np.random.default_rng(0), 5000)]
    assert (min(lengths), max(lengths)) == (4, 14)


def test_what_the_text_says_of_the_waste_is_true(notebook):
    waste = {int(pool.removeprefix("pools of ")): np.array(values) for pool, values in notebook["waste"].items()}
    assert list(waste) == [1, 4, 16, 64]
    assert waste[1].min() > 0.27 and waste[1].max() < 0.29  # about 28 %
    assert waste[4].min() > 0.09 and waste[4].max() < 0.12
    assert waste[16].min() > 0.03 and waste[16].max() < 0.04
    assert waste[64].max() < 0.015
    saved = 1 - (1 - np.median(waste[1])) / (1 - np.median(waste[16]))
    assert 0.23 < saved < 0.27  # a quarter
    assert round(1 / (1 - np.median(waste[1])), 1) == 1.4 and round(1 / (1 - np.median(waste[16])), 2) == 1.04
    more = 1 - (1 - np.median(waste[16])) / (1 - np.median(waste[64]))
    assert 0.02 < more < 0.035  # another 2 or 3 %


def test_the_masked_cell_is_that_of_the_reference():
    for dtype in ("float64", "float32"):
        for args in draw_masked(np.random.default_rng(0), np.dtype(dtype), T=6, B=4, D=3, H=5):
            hs, state_T, _ = reference.masked_forward(*args, cell="rnn")
            compare("hs and state_T", lab07.masked_forward.reference(*args), (hs, state_T), rtol=0, atol=0)


def test_the_masked_loss_is_that_of_the_reference():
    rng = np.random.default_rng(0)
    logits, targets = rng.standard_normal((5, 4, 3)), rng.integers(0, 3, (5, 4))
    mask = reference.length_mask(np.array([5, 1, 3, 3]), 5)
    loss, cache = reference.softmax_cross_entropy_forward(logits, targets, mask=mask)
    own = lab07.masked_loss.reference(logits, np.where(mask, targets, -100), mask)
    compare("loss and dlogits", own, (loss, reference.softmax_cross_entropy_backward(cache)))


def test_packed_data_is_that_of_pytorch():
    torch = pytest.importorskip("torch")
    xs, lengths = np.random.default_rng(0).standard_normal((5, 4, 2)), np.array([2, 5, 3, 1])
    theirs = torch.nn.utils.rnn.pack_padded_sequence(torch.from_numpy(xs), torch.from_numpy(lengths), enforce_sorted=False)
    compare("data", lab07.pack.reference(xs, lengths)[0], theirs.data.numpy())


def test_unpacking_is_the_backward_pass_of_packing():
    rng, lengths = np.random.default_rng(0), np.array([2, 5, 3, 3])
    data, cache = lab07.pack.reference(rng.standard_normal((5, 4, 2)), lengths)
    ddata = rng.standard_normal(data.shape)
    compare("dxs", reference.pack_backward(cache, ddata), lab07.unpack.reference(ddata, lengths)[0])


@pytest.mark.parametrize("name", lab07.__all__)
def test_what_a_property_says_is_one_sentence_with_the_functions_name(name, monkeypatch):
    """A wrong reference, and an answer that is wrong in the same way."""
    exercise = getattr(lab07, name)

    def broken(*args):
        return tree_map(spoiled, right(*args))

    right = exercise.reference
    broken.__name__ = right.__name__
    monkeypatch.setattr(exercise, "reference", broken)
    assert failure(exercise, broken).startswith(f"{right.__name__}: ")


def spoiled(value):
    if isinstance(value, np.ndarray):
        return value[::-1] if value.dtype.kind in "bi" else value * 1.001
    return value
