"""Every term of the glossary is explained, and says where it is taught."""

import importlib
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
BODY = re.search(r"```\{glossary\}\n:sorted:\n\n(.*?)```", (ROOT / "book" / "glossary.md").read_text("utf8"), re.DOTALL)[1]
ENTRIES = [block.strip("\n") for block in re.split(r"\n\n+", BODY) if block.strip()]


def test_every_entry_has_a_definition_that_ends_with_its_section():
    for entry in ENTRIES:
        terms = [line for line in entry.splitlines() if not line.startswith("  ")]
        definition = " ".join(line.strip() for line in entry.splitlines() if line.startswith("  "))
        assert terms and re.fullmatch(r".{30,}[.)] \{ref\}`[^`<]+ <[\w:-]+>`", definition), entry


def test_no_term_twice_and_enough_of_them():
    terms = [line for line in BODY.splitlines() if line and not line.startswith("  ")]
    assert len(terms) == len(set(terms)) >= 80


def test_a_section_is_named_by_the_title_of_its_page():
    sys.path.insert(0, str(ROOT / "book" / "_ext"))
    data = importlib.import_module("course_data")
    sys.path.pop(0)
    pages = {label: path.stem for path in (ROOT / "book").glob("*.md") for label in data.labels(path.stem)}
    for page in ("glossary", "notation"):
        for name, label in re.findall(r"\{ref\}`([^`<]+) <([\w:-]+)>`", (ROOT / "book" / f"{page}.md").read_text("utf8")):
            assert label == "genindex" or name == data.title(pages[label]), f"{page}.md: {name} <{label}>"
    assert [terms for terms, _ in data.glossary()] == [[line for line in e.splitlines() if line[0] != " "] for e in ENTRIES]
