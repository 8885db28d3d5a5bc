"""The teacher's pages say what the labs and their checks say: points, functions, and the words of each mistake."""

import re

import pytest

from tests.labs.lab import ROOT
from tests.labs.labs import LABS

TEACHING = ROOT / "book" / "teaching"
SECTIONS = [
    "Goals",
    "Time",
    "What learners need",
    "Steps and points",
    "What goes wrong, and what they are told",
    "The experiment",
    "Talking about it",
]


def sections(text):
    """The text of each section, by its heading."""
    parts = re.split(r"^## (.+)\n", text, flags=re.M)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def rows(text):
    """The cells of the rows of a page's tables, without their heads; a bar within backticks divides nothing."""
    lines = [line.strip() for line in text.splitlines() if line.startswith("|")]
    table = [[cell.strip() for cell in re.findall(r"(?:`[^`]*`|\\\||[^|])+", line)] for line in lines]
    heads = [i - 1 for i, cells in enumerate(table) if set("".join(cells)) <= set("-: ")]
    return [cells for i, cells in enumerate(table) if i not in heads and i - 1 not in heads]


@pytest.mark.parametrize("name", LABS)
def test_every_lab_has_a_page_for_teachers(name):
    text = (TEACHING / f"{name}.md").read_text("utf8")
    assert text.startswith(f"(teaching-{name})=\n# Lab {int(name[3:])}: ")
    assert list(sections(text)) == SECTIONS
    assert "### Rubric for the question" in sections(text)["The experiment"]
    assert len(re.findall(r"^- \*\*", sections(text)["Talking about it"], flags=re.M)) >= 3


@pytest.mark.parametrize("name", LABS)
def test_steps_and_points_are_those_of_the_lab(name):
    lab = LABS[name]
    said = rows(sections((TEACHING / f"{name}.md").read_text("utf8"))["Steps and points"])
    right = [[step, f"`{exercise.name}`", str(lab.points[f"check_{step}"])] for step, exercise in lab.exercises.items()]
    assert said == right + [[name, "by hand", str(points)] for name, points in lab.manual.items()]


@pytest.mark.parametrize("name", LABS)
def test_what_learners_are_told_is_what_the_checks_say(name):
    said = [words for _, words in rows(sections((TEACHING / f"{name}.md").read_text("utf8"))["What goes wrong, and what they are told"])]
    steps = [set(exercise.mistakes) for exercise in LABS[name].exercises.values()]
    assert [words for words in said if not any(words in known for known in steps)] == []
    assert all(known & set(said) for known in steps), "a step has no row"
    assert len(said) == len(set(said)) >= 2 * len(steps)
