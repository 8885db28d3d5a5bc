"""Quizzes: one right answer, always an explanation, the same page at every build."""

import re

import pytest

from rnncore.quiz import Quiz

ANSWERS = [(True, "`4`", "Right."), (False, "<5>", "One too many."), (False, "3", "One too few.")]


def test_every_answer_has_a_label_and_an_explanation():
    page = Quiz({"2 + 2?": ANSWERS})._repr_html_()
    ids = re.findall(r'<input type="radio" name="[^"]+" id="([^"]+)">', page)
    assert len(set(ids)) == 3 and re.findall(r'<label for="([^"]+)">', page) == ids
    assert "<code>4</code>" in page and "&lt;5&gt;" in page
    assert page.count('<p class="right">') == 1 and page.count("<p>") == 2
    assert page == Quiz({"2 + 2?": ANSWERS})._repr_html_()


def test_the_right_answer_is_not_always_first():
    first = set()
    for k in range(20):
        page = Quiz({f"{k} + 2?": ANSWERS})._repr_html_()
        first.add(re.search(r"<label[^>]*>(.*?)</label>", page)[1])
    assert len(first) > 1


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ([(True, "4", "Right.")], "it has 1, 1 right"),
        ([(True, "4", "Right."), (True, "four", "Right.")], "it has 2, 2 right"),
        ([(False, "4", "No."), (False, "5", "No.")], "it has 2, 0 right"),
        ([(True, "4", "Right."), (False, "5", " ")], "must have an explanation"),
    ],
)
def test_a_bad_question_gets_a_sentence(answers, words):
    with pytest.raises(ValueError, match=words):
        Quiz({"2 + 2?": answers})
