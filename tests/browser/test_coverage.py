"""What "What is taught where" says, compared with the built pages; and the map, looked at."""

import importlib
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SITE = ROOT / "_build" / "html" / "book"

pytestmark = pytest.mark.browser


def load(name):
    """A file of book/_ext."""
    sys.path.insert(0, str(ROOT / "book" / "_ext"))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.pop(0)


data = load("course_data")
CHAPTERS, ENTRIES = data.chapters(), data.entries()


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: f"{entry.row}-{entry.item}")
def test_the_place_is_in_the_built_chapter_and_the_page_links_to_it(entry):
    assert data.missing(entry) == []
    anchor = re.sub(r"[^a-z0-9]+", "-", entry.anchor)
    assert f'id="{anchor}"' in (SITE / f"{entry.chapter}.html").read_text("utf8")
    table = (SITE / "coverage.html").read_text("utf8")
    assert f'href="{entry.chapter}.html#{anchor}"' in table
    assert all(f"rnncore.{name}" in table for name in entry.names)


@pytest.mark.parametrize("width", [1280, 390])
def test_the_map_shows_one_picture_whose_boxes_lead_to_the_chapters(open_page, width):
    page, _ = open_page("book/map.html", width=width)
    shown = page.locator("svg.course-map:visible")
    assert shown.count() == 1
    for chapter in CHAPTERS:
        box = shown.get_by_role("link", name=chapter.title, exact=True)
        assert box.get_attribute("href") == f"{chapter.name}.html"
        words, frame = box.evaluate("a => ['text', 'rect'].map(tag => a.querySelector(tag).getBoundingClientRect().toJSON())")
        assert frame["left"] < words["left"] and words["right"] < frame["right"], f"{chapter.title} does not fit into its box"
    size = shown.locator("text").first.evaluate("t => t.getBoundingClientRect().height")
    assert size >= 11, "the words in the picture are too small to read"
    shown.locator("a").last.click()
    page.wait_for_url(f"**/{CHAPTERS[-1].name}.html")


def test_the_index_is_reached_from_the_glossary_and_has_its_terms(open_page):
    page, complaints = open_page("book/glossary.html")
    page.locator("article a", has_text="index").first.click()
    page.wait_for_url("**/genindex.html")
    text = page.locator("article, main").first.inner_text()
    assert "spectral radius" in text and "lstm_forward" in text
    assert not complaints, complaints


def test_the_index_fits_on_a_phone(open_page):
    page, complaints = open_page("genindex.html", width=390)
    assert page.evaluate("document.scrollingElement.scrollWidth - document.documentElement.clientWidth") <= 1
    assert not complaints, complaints
