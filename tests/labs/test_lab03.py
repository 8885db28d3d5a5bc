"""Lab 3: whether its text is true, and what its checks say in cases of their own. What holds for every lab is in test_labs.py."""

import re

import numpy as np
import pytest

import rnncore.reference as reference
from rnncore.checks.labs import lab03
from tests.labs.lab import ROOT
from tests.labs.labs import LABS, solved
from tests.labs.test_labs import failure


@pytest.fixture
def notebook(monkeypatch):
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    return solved("lab03")


def test_what_the_text_says_of_the_starts_is_true(notebook):
    radius, norm = (
        dict(zip(notebook["STARTS"], column, strict=True)) for column in np.array(list(notebook["sizes"].values())).swapaxes(0, 1)
    )
    for name, gain in {"orthogonal × 0.9": 0.9, "orthogonal": 1, "orthogonal × 1.5": 1.5, "identity": 1}.items():
        assert np.allclose(radius[name], gain) and np.allclose(norm[name], gain)
    assert 0.9 < np.median(radius["normal"]) < 1.15 and 1.7 < np.median(norm["normal"]) < 2.1  # about the same radius, a norm close to 2

    lengths = {key: value for key, value in notebook["lengths"].items()}
    assert all(value.shape == (5, 51) for value in lengths.values())
    for size in ("quiet", "loud"):  # the bound, at every state
        assert (lengths["orthogonal × 0.9", size] <= 0.9 ** np.arange(50, -1, -1) * (1 + 1e-9)).all()
    assert round(0.9**50, 3) == 0.005 and f"{1.5**50:.0e}" == "6e+08"
    assert np.abs(lengths["orthogonal × 0.9", "quiet"][:, 0] - 0.005).max() < 0.0005  # the line follows the bound
    assert lengths["orthogonal", "quiet"].min() > 0.8 and lengths["identity", "quiet"].min() > 0.8
    assert lengths["normal", "quiet"][:, 0].min() < 0.1 and lengths["normal", "quiet"][:, 0].max() > 10
    assert np.median(notebook["reach_at_most"]["normal", "quiet"]) > 3  # lengthens some vectors several times

    middle = np.median(lengths["orthogonal × 1.5", "quiet"], axis=0)
    assert middle[30:].max() < 5 and 200 < middle[0] < 1500
    assert np.abs(middle[:5] / middle[1:6] - 1.5).max() < 0.05  # nearly 1.5 a step on the left
    assert (middle[12:-1] / middle[13:]).mean() < 1.15
    states = [np.median(np.abs(hs), axis=(1, 2)) for _, hs, _, _ in notebook["networks"]["orthogonal × 1.5", "quiet"]]
    assert np.median(states, axis=0)[:3].max() < 0.05 and np.median(states, axis=0)[12:].min() > 0.3

    loud = {start: np.median(lengths[start, "loud"], axis=0)[0] for start in notebook["STARTS"]}
    assert max(loud, key=loud.get) == "identity" and 0.03 < loud["identity"] < 0.3
    assert 1e-3 < loud["orthogonal × 1.5"] < 1e-2 and loud["orthogonal × 0.9"] < loud["normal"] / 5
    assert 1e-9 < loud["normal"] < 1e-7 and 1e-9 < loud["orthogonal"] < 1e-7
    assert notebook["step_norms"].min() > 0.95 and notebook["step_norms"].max() <= 1 + 1e-9
    assert np.median(notebook["reach_at_most"]["orthogonal", "loud"]) < 1e-6


def test_with_the_identity_small_input_weights_keep_the_gradient(notebook):
    for params, hs, _, _ in notebook["networks"]["identity", "loud"]:
        kept = np.median(np.prod(1 - hs**2, axis=0), axis=0)  # of each unit
        order = np.argsort(np.abs(params["weight_ih"][:, 0]))
        assert kept[order[:8]].min() > kept[order[-8:]].max()


def test_what_the_text_says_of_the_training_is_true(notebook):
    free, norm, value = (notebook["errors"][name][:, -20:].mean(axis=1) for name in ("no clipping", "by norm, 0.3", "by value, 0.03"))
    assert np.median(free) > 2 and (free > 0.75).sum() >= 3  # several times the loss of guessing, mostly
    assert np.isfinite(notebook["errors"]["no clipping"]).all() and round(np.log(2), 3) == 0.693
    assert norm.max() < 0.01 and (value < 0.05).sum() >= 3
    above = notebook["norms"]["by norm, 0.3"] > 0.3
    assert np.median(above[:, :15].mean(axis=1)) > 0.8 and not above[:, -50:].any()
    assert notebook["norms"]["by norm, 0.3"].max(axis=1).min() > 3  # far above the bound, early
    assert np.median(np.median(notebook["norms"]["no clipping"], axis=0) > 0.3) == 1

    right, ones, slope = notebook["after"]["no clipping"].T
    assert np.median(np.abs(right - 0.5)) < 0.1 and np.median(np.maximum(ones, 1 - ones)) > 0.95 and np.median(slope) < 1e-3
    assert notebook["after"]["by norm, 0.3"][:, 0].min() > 0.99
    swings = []  # the answer is thrown to and fro
    for seed in range(3):
        ends = [notebook["train"](lambda grads: grads, seed, updates=updates)[2] for updates in range(143, 151)]
        answers = [mean_logit(notebook, params) > 0 for params in ends]
        swings.append(0 < sum(answers) < len(answers))
    assert sum(swings) >= 2

    count = sum(array.size for array in notebook["trained"]["no clipping"][0].values())
    assert count == 1185 and f"{0.03 * count**0.5:.2f} {0.01 * count**0.5:.2f}" == "1.03 0.34"
    tighter = [notebook["train"](lambda grads: reference.clip_by_value(grads, 0.01), seed)[0] for seed in range(5)]
    assert np.array(tighter)[:, -20:].mean(axis=1).max() < 0.05


def mean_logit(notebook, params):
    xs, _ = notebook["recall"](np.random.default_rng(7))
    _, last, _ = reference.rnn_forward({key: params[key] for key in notebook["CELL"]}, xs, np.zeros((32, 32)))
    return np.mean(last @ params["out_weight"].T + params["out_bias"])


def test_a_number_may_be_of_any_kind_and_is_compared_with_room_for_float32():
    def with_norm(make):
        def answer(grads, max_norm):
            clipped, norm = reference.clip_by_norm(grads, max_norm)
            return clipped, make(norm)

        return answer

    for make in (float, np.float64, np.float32, np.array):
        lab03.clipping_by_norm.check(with_norm(make), rng=np.random.default_rng(0))
    for make, kind in ((str, "str"), (bool, "bool"), (lambda norm: np.array([norm]), "an array of shape (1,)"), (complex, "complex")):
        assert f"norm must be a number, got {kind}" in failure(lab03.clipping_by_norm, with_norm(make))
    assert "norm is 10.0509 but 10.0499 was expected." in failure(lab03.clipping_by_norm, with_norm(lambda norm: norm + 0.001))


def test_complex_results_are_named_without_a_warning():
    def eigenvalues(matrices):
        return np.linalg.eigvals(matrices).max(axis=-1), reference.singular_values(matrices)[:, 0]

    message = failure(lab03.two_sizes, eigenvalues)
    assert "radius must have the dtype of the inputs, float64, got complex128." in message and "no absolute value is taken" in message


def test_what_the_lab_writes_in_its_own_way_agrees_with_the_reference():
    rng = np.random.default_rng(0)
    W = rng.standard_normal((3, 4, 4))
    radius, norm = lab03.two_sizes.reference(W)
    assert np.allclose(radius, reference.spectral_radius(W)) and np.allclose(norm, reference.singular_values(W)[:, 0])
    for shape in ((4, 4), (5, 3), (3, 5)):
        long, short = max(shape), min(shape)
        drawn = np.random.default_rng(1).standard_normal((long, short))
        ours = lab03.orthogonal_start.reference(drawn if shape[0] == long else drawn.T, 1.3)
        assert np.allclose(ours, reference.orthogonal(np.random.default_rng(1), *shape, gain=1.3))


def test_the_teachers_page_quotes_the_checks():
    """Every mistake that the page names is one of a check, word for word."""
    text = (ROOT / "book" / "teaching" / "lab03.md").read_text("utf8")
    section = text.partition("## What goes wrong, and what they are told")[2].partition("\n## ")[0]
    told = [row.split("|")[2].strip() for row in section.splitlines() if row.startswith("|") and not re.match(r"\|( what|-)", row)]
    assert len(told) >= 2 * len(lab03.__all__)
    for step, exercise in LABS["lab03"].exercises.items():
        mine = [words for words in told if words in exercise.mistakes]
        assert 2 <= len(mine) <= 4, step
    assert sum(words in exercise.mistakes for words in told for exercise in LABS["lab03"].exercises.values()) >= len(told)
