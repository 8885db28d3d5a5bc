"""book/chapters.yml, the table of contents and the pages agree; the picture of the chapters shows them all; titles are links."""

import importlib
import re
import runpy
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def load(name):
    """A file of book/_ext."""
    sys.path.insert(0, str(ROOT / "book" / "_ext"))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.pop(0)


data, graph = load("course_data"), load("course_graph")
CHAPTERS = data.chapters() if not any("chapters.yml" in c and "_toc.yml" in c for c in data.complaints()) else []


def test_chapters_table_of_contents_and_pages_agree():
    assert data.complaints() == []


WRONG = {
    "does not come before it": lambda d: d["chapters"]["why_memory"].update(needs=["lstm"]),
    "needs it already": lambda d: d["chapters"]["lstm"].update(needs=["bptt", "recurrent_cell"]),
    "says that it needs bptt": lambda d: d["chapters"]["lstm"].update(needs=["recurrent_cell"]),
    "minutes to read": lambda d: d["chapters"]["lstm"].update(minutes=60),
    "the lab lab99": lambda d: d["chapters"]["bptt"].update(lab="lab99"),
    "shows the widgets": lambda d: d["chapters"]["lstm"].update(widgets=[]),
    "_toc.yml does not": lambda d: d["chapters"].update(nowhere=d["chapters"]["lstm"]),
    "chapters.yml does not": lambda d: d["chapters"].pop("lstm"),
    "which it needs": lambda d: d["paths"][0]["stages"].reverse(),
    "every chapter once": lambda d: d["paths"][1]["stages"].pop(0),
    "no chapter has (lstm:nowhere)=": lambda d: d["paths"][2]["stages"][0].update(places=["lstm:nowhere"]),
}


@pytest.mark.parametrize("complaint", WRONG)
def test_what_is_wrong_is_found(complaint, monkeypatch):
    read, changed = data.read, data.read("chapters.yml")
    WRONG[complaint](changed)
    monkeypatch.setattr(data, "read", lambda name: changed if name == "chapters.yml" else read(name))
    assert any(complaint in found for found in data.complaints()), data.complaints()


@pytest.mark.parametrize("draw", [graph.wide, graph.narrow])
def test_picture_shows_every_chapter_once_and_every_need(draw):
    svg = ET.fromstring(draw(CHAPTERS, lambda name: f"{name}.html"))
    tag = "{http://www.w3.org/2000/svg}"
    boxes = svg.findall(f"{tag}a")
    assert [box.get("href") for box in boxes] == [f"{c.name}.html" for c in CHAPTERS]
    assert [" ".join(box.itertext()) for box in boxes] == [box.get("aria-label") for box in boxes] == [c.title for c in CHAPTERS]
    assert len(svg.findall(f"{tag}g/{tag}path")) == sum(len(c.needs) for c in CHAPTERS)
    assert all(c.title in svg.get("aria-label") for c in CHAPTERS)


@pytest.mark.parametrize("draw", [graph.wide, graph.narrow])
def test_boxes_lie_inside_the_picture_and_apart(draw):
    svg = ET.fromstring(draw(CHAPTERS, str))
    width, height = map(float, svg.get("viewBox").split()[2:])
    boxes = [[float(r.get(k)) for k in ("x", "y", "width", "height")] for r in svg.iter("{http://www.w3.org/2000/svg}rect")]
    for x, y, w, h in boxes:
        assert x >= 0 and y >= 0 and x + w <= width and y + h <= height
    for i, (x, y, w, h) in enumerate(boxes):
        for x2, y2, w2, h2 in boxes[:i]:
            assert x + w <= x2 or x2 + w2 <= x or y + h <= y2 or y2 + h2 <= y


def test_a_chapter_stands_below_what_it_needs_and_no_layer_is_too_full():
    layer = graph.layers(CHAPTERS)
    assert all(layer[n] < layer[c.name] for c in CHAPTERS for n in c.needs)
    assert max(list(layer.values()).count(k) for k in layer.values()) <= graph.PER_LAYER


def test_a_chapter_is_named_by_a_link():
    """Where the text names a chapter or lab by its title in italics, the page exists and can be linked: {doc}`name`."""
    titles = {c.title for c in CHAPTERS}
    for page in sorted((ROOT / "book").glob("*.md")):
        named = set(re.findall(r"(?<!\*)\*([A-Z][^*\n]+)\*(?!\*)", page.read_text("utf8")))
        assert not named & titles, f"{page.name}: {named & titles}"


def test_the_pages_look_up_what_they_promise():
    """The landing page leads to the map, and the map to everything one looks up."""
    assert "(map.md)" in (ROOT / "book" / "index.md").read_text("utf8")
    assert all(f"{{doc}}`{page}`" in (ROOT / "book" / "map.md").read_text("utf8") for page in ("coverage", "notation", "glossary"))
    toc = data.read("_toc.yml")
    assert toc["parts"][0]["chapters"][0]["file"] == "book/map"


def test_the_command_lists_what_is_missing():
    tool = runpy.run_path(str(ROOT / "tools" / "course_map.py"))
    unresolved = [entry for entry in data.entries() if data.missing(entry)]
    assert len([line for line in tool["complaints"]() if line.startswith("coverage.yml")]) == sum(
        len(data.missing(entry)) for entry in unresolved
    )
