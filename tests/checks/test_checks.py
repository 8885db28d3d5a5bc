"""The gradient check and `compare` reject what is wrong, accept what is right, and their sentence names the place."""

import numpy as np
import pytest

from rnncore.checks import CheckFailed, check_gradient, compare, numerical_gradient
from rnncore.reference import init_rnn, rnn_backward, rnn_forward, rnn_step_backward, rnn_step_forward
from rnncore.reference.lstm import LSTMState

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


@pytest.mark.parametrize("directions", [0, -1])
def test_gradient_check_along_no_direction_is_refused(rng, step, directions):
    wrong = broken(lambda c, dp, dx, dh: (dp, dx, -dh))
    with pytest.raises(ValueError, match=rf"directions must be None or a whole number from 1 up, got {directions}\."):
        check_gradient(rnn_step_forward, wrong, *step, rng=rng, directions=directions)


@pytest.mark.parametrize("directions", [None, 1])
@pytest.mark.parametrize("outputs", [[1.0, np.nan], [1.0, np.inf], [np.inf, -np.inf]])
def test_gradient_check_of_a_loss_that_is_not_finite_fails(rng, outputs, directions):
    def forward(x):
        return x * 0 + np.array(outputs), x

    def backward(cache, dy):
        return np.ones_like(cache)

    place = r"dx\[0\]" if directions is None else "dx along random direction 0"
    with pytest.raises(CheckFailed, match=rf"backward: {place} cannot be checked: nan was measured, as the outputs are not finite"):
        check_gradient(forward, backward, np.ones(2), rng=rng, directions=directions)


def test_gradient_check_of_a_tolerance_is_absolute_plus_relative(rng):
    """The bound is tol * (1 + |measured|)."""

    def check(dx):
        check_gradient(lambda x: (4 * x, None), lambda cache, dy: np.array([dx(4 * dy[0])]), np.ones(1), rng=rng, tol=0.1)

    check(lambda right: right + 0.099 * (1 + abs(right)))
    with pytest.raises(CheckFailed):
        check(lambda right: right + 0.101 * (1 + abs(right)))


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


@pytest.mark.parametrize(
    ("array", "given"),
    [
        (np.arange(3), "int64"),
        (np.ones(3, bool), "bool"),
        ([1.0], "a value of type list"),
        (np.float64(1), "a value of type float64"),
    ],
)
def test_numerical_gradient_moves_floating_point_arrays_alone(array, given):
    """In whole numbers a small step is no step, and the gradient would be 0."""
    with pytest.raises(TypeError, match=rf"numerical_gradient: array must be a floating-point NumPy array, got {given}\."):
        numerical_gradient(lambda: 0.0, array)


@pytest.mark.parametrize(
    ("got", "expected", "words"),
    [
        (np.ones(3), np.ones(4), r"y must have shape \(4,\), got \(3,\)\."),
        (None, np.ones(4), r"y is None; it must be an array of shape \(4,\)\."),
        ("text", np.ones(4), r"y must be an array of shape \(4,\), got str\."),
        ({"a": 1.0}, {"b": 1.0}, r"y must hold \['b'\], but it holds \['a'\]\."),
        (1.0 + 1e-9, 1.0, r"y is 1\.000000001 but 1 was expected\."),
        (np.array([1.0, np.inf]), np.array([1.0, 2.0]), r"y\[1\] is inf but 2 was expected \(1 of 2 entries differ\)\."),
        (1.0, np.nan, r"y is 1 but nan was expected\."),
        (1.0, np.inf, r"y is 1 but inf was expected\."),
        (1.0, -np.inf, r"y is 1 but -inf was expected\."),
        (np.inf, -np.inf, r"y is inf but -inf was expected\."),
        (np.nan, np.inf, r"y is nan but inf was expected\."),
        (np.nan, 1.0, r"y is nan but 1 was expected\."),
        (np.array([1.5, 2.0]), np.array([1.0, np.inf]), r"y\[1\] is 2 but inf was expected \(2 of 2 entries differ\)\."),
    ],
)
def test_compare_says_what_differs(got, expected, words):
    with pytest.raises(CheckFailed, match=words):
        compare("y", got, expected)


def test_everything_right_passes(rng, step):
    params, x, h = step
    xs = x[None].repeat(3, axis=0)
    check_gradient(rnn_forward, rnn_backward, params, xs, h, rng=rng)
    compare("not finite", np.array([np.inf, -np.inf, np.nan]), np.array([np.inf, -np.inf, np.nan]), rtol=0, atol=0)
    compare("tree", {"a": (1.0, [2.0])}, {"a": (1.0, [2.0])})


def test_a_named_tuple_is_one_gradient_and_a_dict_without_parameters_has_one(rng):
    def forward(params, state):
        return 2 * state.h + state.c, None

    def backward(cache, dy):
        return {}, LSTMState(2 * dy, dy)

    check_gradient(forward, backward, {}, LSTMState(*rng.standard_normal((2, B, H))), rng=rng)
    check_gradient(lambda state: forward({}, state), lambda cache, dy: LSTMState(2 * dy, dy), LSTMState(*np.ones((2, H))), rng=rng)


def test_a_notebook_shows_the_sentence_and_no_traceback():
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    with capture_output() as captured:
        code = "from rnncore.checks import compare\ncompare('y', 1.0, 2.0)"
        InteractiveShell().run_cell(code)
    assert "y is 1 but 2 was expected." in captured.stdout
    assert "Traceback" not in captured.stdout and ".py" not in captured.stdout
