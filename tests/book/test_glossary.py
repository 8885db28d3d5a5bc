"""Every term of the glossary is explained, and says where it is taught."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
BODY = re.search(r"```\{glossary\}\n:sorted:\n\n(.*?)```", (ROOT / "book" / "glossary.md").read_text("utf8"), re.DOTALL)[1]
ENTRIES = [block.strip("\n") for block in re.split(r"\n\n+", BODY) if block.strip()]


def test_every_entry_has_a_definition_that_ends_with_its_section():
    for entry in ENTRIES:
        terms = [line for line in entry.splitlines() if not line.startswith("  ")]
        definition = " ".join(line.strip() for line in entry.splitlines() if line.startswith("  "))
        assert terms and re.fullmatch(r".+[.)] \{ref\}`[\w:-]+`", definition), entry
        assert len(definition) > 40, entry


def test_no_term_twice_and_enough_of_them():
    terms = [line for line in BODY.splitlines() if line and not line.startswith("  ")]
    assert len(terms) == len(set(terms)) >= 80
