"""What an exercise accepts where a result is no array of floating-point numbers: a number, whole numbers, True and False."""

import numpy as np
import pytest

from rnncore.checks import CheckFailed
from rnncore.checks.labs import Exercise


def said(right, answer):
    """What the check of a function that returns `right` says of one that returns `answer`; None if it accepts it."""

    def result():
        return right

    exercise = Exercise(result, outputs=("y",), letters="T", example=tuple, draw=lambda rng, dtype, T: [()], mistakes={})
    try:
        exercise.check(lambda: answer, rng=np.random.default_rng(0))
    except CheckFailed as failed:
        return str(failed).removeprefix("result on the worked example: ")
    return None


@pytest.mark.parametrize("right", [0.5, np.float64(0.5), np.float32(0.5)])
def test_a_number_in_any_form_and_precision_is_right(right):
    for answer in (0.5, np.float64(0.5), np.float32(0.5), np.array(0.5), 0.5 + 1e-12):
        assert said(right, answer) is None
    assert said(1.0, 1) is None and said(1 / 3, np.float32(1 / 3)) is None
    assert said(right, 0.5 + 1e-3) == "y is 0.501 but 0.5 was expected."
    assert said(1 / 3, 1 / 3 + 1e-4) == "y is 0.333433 but 0.333333 was expected."
    assert said(right, np.nan) == "y is nan but 0.5 was expected."


@pytest.mark.parametrize(
    ("answer", "got"),
    [(True, "bool True"), (np.True_, "bool"), ("0.5", "str 0.5"), (np.array([0.5]), "an array of shape (1,)"), ([0.5], "a list of 1")],
)
def test_what_is_no_number_is_said(answer, got):
    assert said(0.5, answer).startswith(f"y must be a number, got {got}")


def test_whole_numbers_may_be_of_any_size():
    right = np.array([3, 1, 2])
    for dtype in (np.int32, np.int64, np.uint8):
        assert said(right, right.astype(dtype)) is None
    assert said(right, right.astype(float)) == "y must hold whole numbers, got float64."
    assert said(right, right > 1) == "y must hold whole numbers, got bool."
    assert said(right, right + 1) == "y[0] is 4 but 3 was expected (3 of 3 entries differ)."
    assert said(right, [3, 1, 2]) == "y must be a NumPy array of shape (3,), got a list of 3."


def test_true_and_false_are_not_one_and_zero():
    right = np.array([True, False])
    assert said(right, right.copy()) is None
    assert said(right, right.astype(int)) == "y must hold True and False, got int64."
    assert said(right, ~right) == "y[0] is 0 but 1 was expected (2 of 2 entries differ)."


def test_floating_point_numbers_keep_the_dtype_of_the_inputs():
    assert said(np.ones(2, np.float32), np.ones(2)) == "y must have the dtype of the inputs, float32, got float64."
    assert said(np.ones(2), np.ones(2, int)) == "y must have the dtype of the inputs, float64, got int64."


def test_an_error_of_two_sentences_is_told_in_one():
    def result():
        return 1.0 if np.ones(2) else 0.0

    exercise = Exercise(lambda: 1.0, outputs=("y",), letters="T", example=tuple, draw=lambda rng, dtype, T: [()], mistakes={})
    with pytest.raises(CheckFailed, match=r"ValueError: The truth value [^.]+ is ambiguous; Use [^ ]+ or a\.all\(\)\.$"):
        exercise.check(result, rng=np.random.default_rng(0))


def test_a_second_fault_in_the_dtype_hides_no_mistake():
    """A mistake is named if the learner's float32 results come as float64, too; float64 alone is no mistake that is known."""
    exercise = Exercise(
        lambda x: (2 * x, {"y": x}),
        outputs=("x", "ys"),
        letters="T",
        example=lambda: (np.ones(2),),
        draw=lambda rng, dtype, T: [(rng.standard_normal(T).astype(dtype),)],
        mistakes={"x is tripled": lambda x: (3 * x, {"y": x}), "x is right": lambda x: (2 * x, {"y": x})},
    )

    def message(function):
        with pytest.raises(CheckFailed) as failed:
            exercise.check(function, rng=np.random.default_rng(0))
        return str(failed.value)

    def in_float64(factor):
        return lambda x: [factor * x.astype(np.float64), {"y": x.astype(np.float64)}]

    assert message(in_float64(3)).endswith("This is what comes out when x is tripled.")
    assert message(in_float64(4)).endswith("x[0] is 4 but 2 was expected (2 of 2 entries differ).")
    assert message(in_float64(2)).endswith("x must have the dtype of the inputs, float32, got float64.")
    assert message(lambda x: [4 * x, {}, 1]).endswith("got a list of 3.")
