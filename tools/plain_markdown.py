"""MyST, which chapters are written in, as the Markdown that every notebook program shows.

    plain(text, names)    figures become images, boxes a bold title and their text, citations names and years; labels go away

A directive or a role that is not known leaves its text.
"""

import re

from pybtex.database import parse_string

FENCE = re.compile(r"^(`{3,}|:{3,})\{([\w:-]+)\}[ \t]*(.*)$")
LABEL = re.compile(r"^\([\w:.-]+\)=\n", re.MULTILINE)
EQUATION_LABEL = re.compile(r"\$\$[ \t]*\([\w:.-]+\)")
ROLE = re.compile(r"\{([\w:]+)\}`([^`]+)`")
TITLED = re.compile(r"^(.*?)\s*<[^>]+>$", re.DOTALL)
UNNAMED = {"eq": "the equation", "numref": "the figure", "ref": "the section"}  # a reference that names no text of its own
DROPPED = ("bibliography", "tableofcontents", "build-status")


def plain(text, names):
    """Markdown without MyST.

    Args:
        text: MyST Markdown.
        names: dict from the key of a source to (names, year), as `sources` gives it.
    """
    lines = directives(LABEL.sub("", text).split("\n"))
    return ROLE.sub(lambda role: spoken(*role.groups(), names), EQUATION_LABEL.sub("$$", "\n".join(lines)))


def directives(lines):
    """Lines in which every directive is replaced by what it says."""
    out, i = [], 0
    while i < len(lines):
        opened = FENCE.match(lines[i])
        if not opened:
            ordinary = re.match(r"^(`{3,})", lines[i])  # a block of code is left alone
            end = closing(lines, i, ordinary[1]) if ordinary else i
            out += lines[i : end + 1]
            i = end + 1
            continue
        end = closing(lines, i, opened[1])
        out += said(opened[2], opened[3], lines[i + 1 : end])
        i = end + 1
    return out


def closing(lines, start, fence):
    """The number of the line that closes the block which opens at `start`; the last line if none does."""
    return next((i for i in range(start + 1, len(lines)) if lines[i].rstrip() == fence), len(lines) - 1)


def said(name, argument, body):
    options = []
    while body and (options or body[0].startswith(":")) and body[0].strip():
        options.append(body[0])
        body = body[1:]
    body = directives(body)
    if name in DROPPED:
        return []
    if name in ("figure", "image"):
        alt = re.search(r":alt:\s*(.*?)(?=\s:\w+:|$)", " ".join(options))
        caption = " ".join(" ".join(body).split())
        return [f"![{alt[1] if alt else ''}]({argument})", *(["", f"*{caption}*"] if caption else [])]
    if name == "math":
        return ["$$", *body, "$$"]
    title = argument if name in ("admonition", "grid-item-card", "dropdown") else name.capitalize() if name in BOXES else ""
    return [*([f"**{title}**", ""] if title else []), *body]


BOXES = ("note", "tip", "warning", "important", "hint", "caution", "danger", "seealso")


def spoken(role, text, names):
    if role.startswith("cite"):
        found = [names.get(key.strip(), (key.strip(), "")) for key in text.split(",")]
        if role == "cite:p":
            return "(" + "; ".join(f"{who}, {year}" for who, year in found) + ")"
        return " and ".join(f"{who} ({year})" for who, year in found)
    titled = TITLED.match(text)
    return titled[1] if titled else UNNAMED.get(role, text)


def sources(bibliography):
    """Key to (names, year) of every entry of a BibTeX text: one name, two, or the first and "et al."."""
    found = {}
    for key, entry in parse_string(bibliography, "bibtex").entries.items():
        last = [" ".join(map(str, person.rich_last_names)) for person in entry.persons.get("author", [])] or [key]
        who = last[0] if len(last) == 1 else f"{last[0]} and {last[1]}" if len(last) == 2 else f"{last[0]} et al."
        found[key] = (who, entry.fields.get("year", ""))
    return found
