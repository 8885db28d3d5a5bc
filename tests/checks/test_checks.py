"""The checks reject what is wrong, accept what is right, and their sentence names the place."""

import numpy as np
import pytest
import torch

from rnncore.checks import CheckFailed, check_gradient, check_parity, check_purity, compare, numerical_gradient
from rnncore.reference import init_rnn, linear_backward, linear_forward, rnn_backward, rnn_forward, rnn_step_backward, rnn_step_forward

B, D, H = 2, 3, 4


@pytest.fixture
def step(rng):
    return init_rnn(rng, D, H), rng.standard_normal((B, D)), rng.standard_normal((B, H))


def broken(change):
    """The step's backward pass with one thing changed."""

    def backward(cache, dh_next):
        return change(cache, *rnn_step_backward(cache, dh_next))

    return backward


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c, dp, dx, dh: (dp, -dx, dh), r"dx\[\d, \d\] is"),
        (lambda c, dp, dx, dh: (dp, dx, np.zeros_like(dh)), r"dh\[\d, \d\] is 0 but .* was measured \(8 of 8 entries differ\)"),
        (lambda c, dp, dx, dh: (dp | {"weight_hh": dp["weight_hh"].T}, dx, dh), r"dparams\['weight_hh'\]\[\d, \d\] is"),
        (lambda c, dp, dx, dh: (dp | {"bias_ih": dp["bias_ih"] / B}, dx, dh), r"dparams\['bias_ih'\]\[\d\] is"),
        (lambda c, dp, dx, dh: (dp | {"weight_ih": dp["weight_ih"].T}, dx, dh), r"weight_ih'\] .* with shape \(4, 3\), got \(3, 4\)"),
        (lambda c, dp, dx, dh: (dp, dx), r"must return dparams, dx, dh"),
        (lambda c, dp, dx, dh: (dp, dx, dh * np.nan), r"dh\[0, 0\] is nan"),
        (lambda c, dp, dx, dh: (dp, dx + 1e-6, dh), r"dx\[\d, \d\] is"),
    ],
)
def test_gradient_check_names_the_wrong_gradient(rng, step, change, words):
    with pytest.raises(CheckFailed, match=words):
        check_gradient(rnn_step_forward, broken(change), *step, rng=rng)


def test_gradient_check_along_directions_rejects_too(rng, step):
    wrong = broken(lambda c, dp, dx, dh: (dp, dx, -dh))
    with pytest.raises(CheckFailed, match="dh along random direction 0 is"):
        check_gradient(rnn_step_forward, wrong, *step, rng=rng, directions=2)


def test_gradient_check_wants_float64_and_changes_nothing(rng, step):
    params, x, h = step
    with pytest.raises(TypeError, match=r"must be float64, got float32\."):
        check_gradient(rnn_step_forward, rnn_step_backward, params, x.astype(np.float32), h, rng=rng)
    before = x.copy()
    check_gradient(rnn_step_forward, rnn_step_backward, params, x, h, rng=rng)
    assert np.array_equal(x, before)


def test_numerical_gradient_is_accurate_to_ten_digits(rng):
    x = rng.standard_normal(5)
    compare("gradient of sin", numerical_gradient(lambda: np.sin(x).sum(), x), np.cos(x), rtol=1e-10, atol=1e-11)


def test_parity_names_what_differs(rng, step):
    def torch_step(params, x, h):
        return torch.tanh(x @ params["weight_ih"].T + h @ params["weight_hh"].T)  # biases forgotten

    with pytest.raises(CheckFailed, match=r"rnn_step_forward: outputs\[0\]\[\d, \d\] is .* but .* was PyTorch's"):
        check_parity(rnn_step_forward, rnn_step_backward, torch_step, *step, rng=rng)
    wrong = broken(lambda c, dp, dx, dh: (dp, dx, 0 * dh))
    with pytest.raises(CheckFailed, match=r"gradients\[2\]\[\d, \d\] is -?0"):
        check_parity(rnn_step_forward, wrong, lambda p, x, h: torch.func.functional_call(_cell(), p, (x, h)), *step, rng=rng)


def _cell():
    return torch.nn.RNNCell(D, H, dtype=torch.float64)


def test_purity_finds_each_side_effect(rng, step):
    params, x, h = step

    def changes_input(params, x, h):
        h_next, cache = rnn_step_forward(params, x, h)
        x *= 2
        return h_next, cache

    def changes_cache(cache, dh_next):
        gradients = rnn_step_backward(cache, dh_next)
        cache.h_next[...] *= 0.5
        return gradients

    shared = broken(lambda c, dp, dx, dh: (dp | {"bias_hh": dp["bias_ih"]}, dx, dh))
    with pytest.raises(CheckFailed, match=r"second call|changed in place"):
        check_purity(changes_input, rnn_step_backward, params, x.copy(), h, rng=rng)
    with pytest.raises(CheckFailed, match="gradient of the third call"):
        check_purity(rnn_step_forward, changes_cache, params, x, h, rng=rng)
    with pytest.raises(CheckFailed, match=r"gradients\[0\]\['bias_ih'\] and gradients\[0\]\['bias_hh'\] share memory"):
        check_purity(rnn_step_forward, shared, params, x, h, rng=rng)


def test_purity_finds_a_changed_argument_that_does_not_change_the_answer(rng):
    def forward_writes(params, x):
        y, cache = linear_forward({"weight": params["weight"].copy(), "bias": params["bias"].copy()}, x.copy())
        params["scratch"][...] = y.sum() + params["scratch"]
        return y, cache

    params = {"weight": rng.standard_normal((H, D)), "bias": np.zeros(H), "scratch": np.zeros(1)}
    with pytest.raises(CheckFailed, match=r"argument \[0\]\['scratch'\] was changed in place"):
        check_purity(forward_writes, linear_backward, params, rng.standard_normal((B, D)), rng=rng)


@pytest.mark.parametrize(
    ("got", "expected", "words"),
    [
        (np.ones(3), np.ones(4), r"y must have shape \(4,\), got \(3,\)\."),
        (None, np.ones(4), r"y is None; it must be an array of shape \(4,\)\."),
        ("text", np.ones(4), r"y must be an array of shape \(4,\), got str\."),
        ({"a": 1.0}, {"b": 1.0}, r"y must hold \['b'\], but it holds \['a'\]\."),
        (1.0 + 1e-9, 1.0, r"y is 1\.000000001 but 1 was expected\."),
        (np.array([1.0, np.inf]), np.array([1.0, 2.0]), r"y\[1\] is inf but 2 was expected \(1 of 2 entries differ\)\."),
    ],
)
def test_compare_says_what_differs(got, expected, words):
    with pytest.raises(CheckFailed, match=words):
        compare("y", got, expected)


def test_everything_right_passes(rng, step):
    params, x, h = step
    xs = x[None].repeat(3, axis=0)
    check_gradient(rnn_forward, rnn_backward, params, xs, h, rng=rng)
    check_purity(rnn_forward, rnn_backward, params, xs, h, rng=rng)
    compare("tree", {"a": (1.0, [2.0])}, {"a": (1.0, [2.0])})


def test_a_notebook_shows_the_sentence_and_no_traceback():
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    with capture_output() as captured:
        code = "from rnncore.checks import compare\ncompare('y', 1.0, 2.0)"
        InteractiveShell().run_cell(code)
    assert "y is 1 but 2 was expected." in captured.stdout
    assert "Traceback" not in captured.stdout and ".py" not in captured.stdout
