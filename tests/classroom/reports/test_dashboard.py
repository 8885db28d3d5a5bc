"""The page about a lab: numbers that are right, text that is text, tables that can be read aloud."""

from bleach._vendor import html5lib  # as browsers read HTML

from classroom.grading.bundle import Bundle
from classroom.reports.dashboard import mistakes, page

NAMED = "step: h[0] is 1, expected 2. This is what comes out when tanh is left out."
BAD = "<script>alert(1)</script>"


def bundle(student, *passed, status="graded", reason="", flags=(), message=NAMED):
    checks = [
        {"name": f"check{n}", "points": 2.0 * one, "max_points": 2.0, "passed": one, "message": "" if one else message, "seconds": 0.5}
        for n, one in enumerate(passed)
    ]
    return Bundle("lab05", student, {}, status, reason, checks, list(flags), {"cells": 1.0, "checks": 2.0}, "", "{}")


BUNDLES = [
    bundle("ada", True, True),
    bundle("ben", True, False),
    bundle("cem", False, False, message=f"step: it stopped with ValueError: {BAD}."),
    bundle(
        f"dot {BAD}",
        False,
        False,
        status="crashed",
        message=f"It did not end {BAD}.",
        reason=f"It did not end {BAD}.",
        flags=["The kernel was killed."],
    ),
]


def table(text, title):
    tree = html5lib.parse(text, namespaceHTMLElements=False)
    elements = [one for one in tree.iter() if one.tag in ("h2", "table")]
    found = elements[next(n for n, one in enumerate(elements) if one.text == title) + 1]
    return [["".join(cell.itertext()) for cell in row if cell.get("aria-hidden") is None] for row in found.iter("tr")]


def test_the_numbers_are_right():
    text = page("lab05", BUNDLES)
    assert table(text, "Checks")[1:] == [["check0", "2", "4", "50%", "0.50 s"], ["check1", "1", "4", "25%", "0.50 s"]]
    assert [row for row in table(text, "Marks")[1:] if row[1] != "0"] == [["0 to 10%", "2"], ["50 to 60%", "1"], ["90 to 100%", "1"]]
    assert table(text, "Mistakes with a name")[1:] == [["check1", "tanh is left out", "1"]]
    assert mistakes(BUNDLES) == {("check1", "tanh is left out"): 1}
    assert table(text, "Other reasons")[1:] == [[f"check{n}", f"step: it stopped with ValueError: {BAD}.", "1"] for n in range(2)]
    assert [row[1:] for row in table(text, "To look at")[1:]] == [
        ["crashed", f"It did not end {BAD}."],
        ["crashed", "The kernel was killed."],
    ]
    assert table(text, "Time of grading")[1:] == [["cells", "1.0 s", "1.0 s"], ["checks", "2.0 s", "2.0 s"]]
    assert "4 submissions, 1 not graded to the end. Median 25%" in text


def test_nothing_in_it_acts_and_every_cell_has_a_head():
    text = page(f"lab {BAD}", BUNDLES)
    tree = html5lib.parse(text, namespaceHTMLElements=False)
    assert not list(tree.iter("script")) and BAD in "".join(tree.itertext())
    assert tree.get("lang") == "en" and len(list(tree.iter("h1"))) == 1
    for one in tree.iter("table"):
        assert one.find("caption").text and all(head.get("scope") for head in one.iter("th"))


def test_a_lab_that_nobody_handed_in_has_a_page():
    assert "Nothing has been graded yet." in page("lab05", [])
