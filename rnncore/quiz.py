"""Self-check quizzes: questions whose answers explain themselves when chosen.

A quiz is HTML with radio buttons and one style rule that shows the explanation of the chosen answer. It needs no script, no network and
no kernel, so it works in Jupyter, on the site and with a keyboard; on paper all explanations are printed.

Source: this course.
"""

import hashlib
import html
import re

__all__ = ["Quiz"]

STYLE = """
.rnn-quiz fieldset { border: 1px solid #8888; border-radius: .4rem; margin: 0 0 1rem; padding: .4rem 1rem .8rem; }
.rnn-quiz legend { float: left; width: 100%; font-size: inherit; font-weight: 600; margin: .4rem 0; padding: 0; }
.rnn-quiz .answer { clear: both; padding: .2rem 0; }
.rnn-quiz .answer label { cursor: pointer; margin-left: .3rem; }
.rnn-quiz p { border-left: 4px solid #b3541e; margin: .3rem 0 .3rem 1.5rem; padding: .1rem .7rem; }
.rnn-quiz p.right { border-color: #0a8754; }
@media screen { .rnn-quiz input:not(:checked) ~ div p { display: none; } }
"""


class Quiz:
    """Questions with one right answer each.

    Args:
        questions: dict from question to a list of answers (correct, answer, explanation): a bool and two texts. `code` in
            backticks is set as code. Answers are shown in an order of their own, so the right one may be written first.
    Raises:
        ValueError: a question has fewer than two answers, not exactly one right answer, or an answer without explanation.
    """

    def __init__(self, questions):
        for question, answers in questions.items():
            right = sum(bool(correct) for correct, _, _ in answers)
            if right != 1 or len(answers) < 2:
                raise ValueError(
                    f"Quiz: {question!r} must have two answers or more, one of them right; it has {len(answers)}, {right} right."
                )
            for _, answer, explanation in answers:
                if not explanation.strip():
                    raise ValueError(f"Quiz: the answer {answer!r} to {question!r} must have an explanation.")
        self.questions = questions

    def _repr_html_(self):
        sets = [_question(number, *item) for number, item in enumerate(self.questions.items(), start=1)]
        return f'<div class="rnn-quiz"><style>{STYLE}</style>{"".join(sets)}</div>'

    def __repr__(self):
        return "\n".join(f"{number}. {question}" for number, question in enumerate(self.questions, start=1))


def _question(number, question, answers):
    name = "quiz-" + _digest(question)
    rows = []
    for correct, answer, explanation in sorted(answers, key=lambda row: _digest(question + row[1])):
        key = f"{name}-{_digest(answer)}"
        kind = ' class="right"' if correct else ""
        rows.append(
            f'<div class="answer"><input type="radio" name="{name}" id="{key}"><label for="{key}">{_inline(answer)}</label>'
            f'<div aria-live="polite"><p{kind}>{_inline(explanation)}</p></div></div>'
        )
    return f"<fieldset><legend>{number}. {_inline(question)}</legend>{''.join(rows)}</fieldset>"


def _inline(text):
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))


def _digest(text):
    return hashlib.sha256(text.encode()).hexdigest()[:10]
