"""Docstrings of rnncore taken apart, and the sources they name found in the bibliography.

    One sentence.                              paragraph
                                               (an indented block is an equation or code: literal)
    Args:                                      entries: names -> what they are
        xs: (T, B, D), the inputs.
    Returns:
        hs: (T, B, H), the hidden states.
    Raises:
        ValueError: xs has another shape.
    Source: Elman (1990).                      entries with one nameless entry

    >>> 1 + 1                                  example
    2

Contents
    parse       docstring -> blocks
    entries     the entries of one section
    sources_of  citation -> the sources it may mean
    read_bib    references.bib -> sources

Nothing of Sphinx is needed here; the tests read docstrings with the same functions as the pages.
"""

import inspect
import re
import textwrap
from typing import NamedTuple

SECTION = re.compile(r"(Args:|Returns:|Raises:|Raises (?=\()|Source: |Contents$)(?:\((.*)\):)?")
ENTRY = re.compile(r"([*\w]+(?:, [*\w]+)*): (.*)")
NAME = r"(?:De |Tjong Kim )?[A-Z][\w-]+"
CITATION = re.compile(rf"(?P<authors>{NAME}(?:, {NAME})*(?:,? and {NAME}| et al\.)?) \((?P<year>\d{{4}})\)")


class Block(NamedTuple):
    """One part of a docstring."""

    kind: str  # "paragraph", "literal", "example", or the name of a section
    content: object  # str, or a list of (names, text) for a section
    note: str = ""  # what stands in brackets behind the name of a section


class Source(NamedTuple):
    """One entry of the bibliography."""

    key: str
    authors: tuple  # last names, in order
    year: str
    title: str


def parse(docstring):
    """Take a docstring apart.

    Args:
        docstring: str or None.
    Returns:
        A list of `Block`.
    """
    return [_block(kind, [line for line in lines if kind == "literal" or line.strip()]) for kind, lines in _parts(docstring)]


def entries(docstring, section):
    """The entries of one section of a docstring: a list of (names, text), empty where there is no such section."""
    return [entry for block in parse(docstring) if block.kind == section for entry in block.content]


def _parts(docstring):
    """Cut a docstring where a section, an example or an indented block begins, and at empty lines: a list of [kind, lines]."""
    parts, gap = [], True
    for line in inspect.cleandoc(docstring or "").split("\n"):
        kind = parts[-1][0] if parts else None
        section = SECTION.match(line)
        if not line.strip():
            gap = True
            if kind == "literal":
                parts[-1][1].append("")  # an equation may hold an empty line
            continue
        if section:
            parts.append([section[1].strip(" :"), [line]])
        elif line.startswith(" ") and (kind == "literal" or not gap):
            parts[-1][1].append(line)
        elif gap or kind == "literal":
            parts.append(["literal" if line.startswith(" ") else "example" if line.startswith(">>>") else "paragraph", [line]])
        else:
            parts[-1][1].append(line)
        gap = False
    return parts


def _block(kind, lines):
    if kind == "literal":
        return Block(kind, textwrap.dedent("\n".join(lines)).rstrip())
    if kind == "example":
        return Block(kind, "\n".join(lines))
    if kind == "paragraph":
        return Block(kind, " ".join(line.strip() for line in lines))
    if kind == "Source":
        return Block(kind, [("", " ".join(line.strip() for line in lines).removeprefix("Source: "))])
    return Block(kind, _entries(lines[1:], kind), SECTION.match(lines[0])[2] or "")


def _entries(lines, section):
    """(names, text) for each entry; a line that is indented deeper, or has no names, continues the one before."""
    if section == "Contents":
        rows = [re.split(r"\s{2,}", line.strip(), maxsplit=1) for line in lines]
        return [(row[0], row[1] if len(row) > 1 else "") for row in rows]
    found = []
    for line in textwrap.dedent("\n".join(lines)).split("\n"):
        entry = ENTRY.match(line)
        if entry:
            found.append((entry[1], entry[2]))
        elif found:
            found[-1] = (found[-1][0], f"{found[-1][1]} {line.strip()}")
        else:
            found.append(("", line.strip()))
    return found


def sources_of(citation, sources):
    """The sources that one citation may mean.

    Args:
        citation: such as "Elman (1990)" or "Cho et al. (2014)".
        sources: list of `Source`.
    Returns:
        Those of that year by the same authors, or, after "et al.", by three or more of whom this one is the first. Where there are
        several, the one whose key is the name and the year, such as cho2014, is meant.
    """
    match = CITATION.fullmatch(citation)
    names, year = re.split(r",? and |, ", match["authors"].removesuffix(" et al.")), match["year"]
    if match["authors"].endswith(" et al."):
        found = [s for s in sources if s.year == year and s.authors[0] == names[0] and len(s.authors) > 2]
    else:
        found = [s for s in sources if s.year == year and s.authors == tuple(names)]
    return [s for s in found if s.key == f"{names[0].lower()}{year}"] or found


def read_bib(text):
    """Read a bibliography.

    Args:
        text: what stands in a .bib file.
    Returns:
        A list of `Source`; accents written in TeX are turned into letters.
    """
    sources = []
    for entry in re.split(r"\n(?=@)", text.strip()):
        key = re.match(r"@\w+\{([^,]+),", entry)[1]
        fields = {m[1]: _plain(m[2]) for m in re.finditer(r"(\w+) = \{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}", entry)}
        authors = tuple(author.split(",")[0] for author in fields["author"].split(" and "))
        sources.append(Source(key, authors, fields["year"], fields["title"]))
    return sources


ACCENTS = {r"{\"u}": "ü", r"{\"o}": "ö", r"{\'a}": "á", r"{\v s}": "š", r"{\v C}": "Č", r"{\'y}": "ý", r"{\'\i}": "í"}


def _plain(text):
    for tex, letter in ACCENTS.items():
        text = text.replace(tex, letter)
    return " ".join(text.replace("{", "").replace("}", "").split())
