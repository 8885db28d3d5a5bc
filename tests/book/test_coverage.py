"""Every entry of book/coverage.yml names a section of its chapter, a lab, a widget and functions that exist.

tests/browser/test_coverage.py looks for the same in the built pages.
"""

import importlib
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = {*range(1, 25), 38}  # the topics of parts I to IV, and the benchmark tasks
LAB_KEYS = {"item", "at", "chapter", "lab", "lab_planned", "widget", "names"}


def load(name):
    """A file of book/_ext."""
    sys.path.insert(0, str(ROOT / "book" / "_ext"))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.pop(0)


data = load("course_data")
ENTRIES = data.entries()


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: f"{entry.row}-{entry.item}")
def test_everything_that_an_entry_names_exists(entry):
    assert data.missing(entry) == []


def test_every_topic_has_entries_and_none_twice():
    assert {entry.row for entry in ENTRIES} == ROWS
    keys = [(entry.row, entry.item) for entry in ENTRIES]
    assert len(keys) == len(set(keys))


def test_keys_are_spelled_right():
    for topic in data.read("coverage.yml"):
        assert set(topic) <= {"row", "topic", "chapter", "lab", "widget", "names", "items"}
        assert all(set(item) <= LAB_KEYS for item in topic["items"])
        assert all(not (item.get("lab_planned") and item.get("lab")) for item in topic["items"])


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"chapter": "nowhere"}, "there is no chapter nowhere"),
        ({"anchor": "lstm:nowhere"}, "lstm has no place (lstm:nowhere)="),
        ({"lab": "lab99"}, "there is no lab lab99"),
        ({"widget": "nothing"}, "there is no widget nothing"),
        ({"names": ["nothing"]}, "rnncore has no nothing"),
        ({"names": ["pytorch.nothing"]}, "rnncore has no pytorch.nothing"),
        ({"names": ["nowhere.lstm_forward"]}, "rnncore has no nowhere.lstm_forward"),
    ],
)
def test_what_does_not_exist_is_found(changed, complaint):
    entry = next(entry for entry in ENTRIES if entry.anchor == "lstm:step")
    assert data.missing(entry) == []
    assert any(found.startswith(complaint) for found in data.missing(entry._replace(**changed)))


def test_every_planned_lab_that_exists_is_entered():
    """An entry whose lab was planned and is there by now must name it."""
    built = {int(path.name[3:5]) for path in (ROOT / "labs").glob("lab*")}
    for topic in data.read("coverage.yml"):
        assert [item["item"] for item in topic["items"] if item.get("lab_planned") in built] == []
