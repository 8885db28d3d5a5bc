"""The corpus of answers against the checks of every lab; `make check-checks` prints the same as a table."""

import inspect
import re
import warnings

import pytest

from tests.corpus.answers import LABS, SEEDS, answers, exercises, judge, named

ANSWERS = [pytest.param(lab, answer, id=f"{lab}-{answer.step}-{answer.name}") for lab in LABS for answer in answers(lab)]
STEPS = [pytest.param(lab, step, id=f"{lab}-{step}") for lab in LABS for step in exercises(lab)]


@pytest.mark.parametrize(("lab", "answer"), ANSWERS)
def test_right_is_accepted_and_wrong_is_rejected(lab, answer, capfd):
    exercise = exercises(lab)[answer.step]
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        messages = [judge(exercise, answer.function, seed) for seed in SEEDS]
    assert warned == [] and capfd.readouterr().err == ""  # nbgrader gives no points where anything is written to stderr
    if answer.right:
        assert messages == [None] * len(SEEDS)
    else:
        assert all(messages), "a wrong answer got through"
        assert not any("\n" in message for message in messages)
        if answer.words is not None:
            assert all(named(message, answer.words) for message in messages), messages[0]


@pytest.mark.parametrize(("lab", "step"), STEPS)
def test_there_are_enough_answers_and_most_mistakes_are_named(lab, step):
    mine = [answer for answer in answers(lab) if answer.step == step]
    wrong = [answer for answer in mine if not answer.right]
    assert len(wrong) >= 12 and len(mine) - len(wrong) >= 6
    assert sum(answer.words is not None for answer in wrong) >= 0.75 * len(wrong)


@pytest.mark.parametrize(("lab", "step"), STEPS)
def test_no_message_gives_the_answer_away(lab, step):
    """No line of the right function stands in what a wrong answer is told; its own line may be quoted."""
    exercise = exercises(lab)[step]
    lines = {line.split("#")[0].strip() for line in inspect.getsource(inspect.unwrap(exercise.reference)).splitlines()}
    lines = {line.removeprefix("return ") for line in lines if re.search(r"[@*(+]", line) and len(line) > 14}
    for answer in answers(lab):
        if answer.step == step and not answer.right:
            message = re.sub(r"`[^`]*`", "", judge(exercise, answer.function, 0))
            assert not [line for line in lines if line in message]
