"""Find the numbers that a chapter states in its prose, and those that its cells hold or print.

    "about 2.66e-5 of it is left"     is stated; a cell that prints 2.656139e-05 vouches for it
    "40 percent", "40 %"              0.4 vouches for it, too
    $2.66 \\cdot 10^{-5}$             is read as 2.66e-5

What is not a measured or computed quantity is passed over: numbers up to twelve without a decimal point, years, exponents and
indices in formulas, code between backquotes, addresses, citations, the names of sections, figures and labs.

A number with few digits may be vouched for by chance: what a chapter claims with it, a cell must assert.
"""

import re
from typing import NamedTuple

import nbformat

NUMBER = re.compile(r"(?<![\w.\\#])(?P<sign>[-−])?(?P<digits>\d{1,3}(?:,\d{3})+|\d+)(?P<fraction>\.\d+)?(?:[eE](?P<e>[-+]?\d+))?(?![\w^])")
POWER = re.compile(r"(?:\\cdot|\\times|×|·)\s*10\^\{?(-?\d+)\}?")
IN_OUTPUT = re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?(?:[eE][-+]?\d+)?")
COUNTING = 12


class Stated(NamedTuple):
    """A number in the prose of a chapter."""

    text: str  # as it stands there
    value: float
    digits: int  # after the point, in the notation used
    percent: bool
    sentence: str  # the line it stands in


def stated(chapter):
    """The numbers in the prose of a chapter's source, in order: a list of `Stated`."""
    found = []
    for line in _prose(chapter).splitlines():
        line = re.sub(r"(\d)\s+e(-?\d)", r"\1e\2", line.replace("{,}", ","))
        for match in NUMBER.finditer(line):
            value = float(match["digits"].replace(",", "") + (match["fraction"] or "") + ("e" + match["e"] if match["e"] else ""))
            whole = not match["fraction"] and not match["e"]
            if whole and (value <= COUNTING or 1900 <= value <= 2100):
                continue
            digits = len(match["fraction"] or ".") - 1 - int(match["e"] or 0)
            percent = bool(re.match(r"\s*(%|\\%|percent)", line[match.end() :]))
            value = -value if match["sign"] else value
            found.append(Stated(match[0], value, digits, percent, line.strip()))
    return found


def held(notebook):
    """The numbers that an executed notebook has: in the text its cells print, in the tables and figures they show, in their code."""
    texts = []
    for cell in nbformat.read(notebook, 4).cells:
        if cell.cell_type != "code":
            continue
        texts.append(re.sub(r"#.*", "", cell.source).replace("_", ""))
        for output in cell.outputs:
            texts.append(output.get("text", ""))
            texts += [str(value) for kind, value in output.get("data", {}).items() if kind.startswith("text/plain")]
    texts = [re.sub(r"\b0x[0-9a-f]+", "", text) for text in texts]  # addresses in memory
    return [float(number.replace(",", "")) for text in texts for number in IN_OUTPUT.findall(text)]


def vouched(number, numbers):
    """Whether one of the numbers, rounded as the stated one is, equals it."""
    unit = 10.0**-number.digits
    for scale in (1, 100) if number.percent else (1,):
        if any(abs(abs(scale * other) - abs(number.value)) <= 0.5000001 * unit for other in numbers):
            return True
    return False


def _prose(chapter):
    """The text of a chapter without its header, cells, listings, labels, headings, roles, code and addresses."""
    text = "\n".join(_lines(re.sub(r"\A---\n.*?\n---\n", "", chapter, flags=re.DOTALL)))
    text = re.sub(r"\{[\w:]+\}`[^`]*`", "", text)  # roles
    text = re.sub(r"`[^`]*`", "", text)
    text = re.sub(r"\b[Ll]ab\s+\d+", "", text)  # names of labs
    text = re.sub(r"\]\([^)]*\)|<[^>]+>|https?://\S+", "", text)
    return re.sub(r"[_^](\{[^{}]*\}|\\?\w+)", "", POWER.sub(r"e\1", text))  # indices and exponents


def _lines(text):
    """The lines outside cells and listings; directives such as notes and figures count as text, their options do not."""
    skipping, directives = None, []  # the fence that ends what is passed over; the fences of the directives around the line
    for line in text.splitlines():
        fence = re.match(r"\s*(`{3,}|:{3,}|~{3,})(.*)", line)
        info = fence[2].strip() if fence else ""
        if skipping:
            if fence and fence[1] == skipping and not info:
                skipping = None
            continue
        if fence:
            if info.startswith("{") and not info.startswith("{code-cell}"):
                directives.append(fence[1])
            elif not info and directives and directives[-1] == fence[1]:
                directives.pop()
            else:
                skipping = fence[1]
            continue
        if not re.match(r"\s*(:[a-z-]+:|\([\w:-]+\)=$|#+ )", line):
            yield re.sub(r"^\s*\d+\. ", "", line)
