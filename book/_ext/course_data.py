"""What the book says about itself, read from where it is written: chapters.yml, coverage.yml, the table of contents and the pages.

Contents
    Chapter         one chapter: title, part, question, needs, minutes, lab, widgets
    chapters        all chapters of the course, in the order of the table of contents
    paths           the ways through the course
    needed          everything that a chapter rests on, however far back
    estimate        minutes that a page takes to read, from its words and its code
    labels          the places that a page names with (label)=
    title           the heading of a page
    lab_title       the heading of a lab
    widget_title    the heading of a widget on the page of widgets
    glossary        the terms of the glossary and their sections
    entries         what the topics demand and where it is taught
    missing         what is not there of an entry
    find            an object of rnncore by its name
    complaints      what is not in order in chapters.yml
"""

import functools
import importlib
import re
from pathlib import Path
from typing import NamedTuple

import nbformat
import yaml

ROOT = Path(__file__).parents[2]
BOOK = ROOT / "book"
OTHER_PARTS = ("Find your way", "Labs", "For teachers", "Look up")  # parts of the table of contents that hold no chapters
WORDS_A_MINUTE, SECONDS_A_LINE = 200, 2


class Chapter(NamedTuple):
    """One chapter; `name` is its file in book/ without the ending."""

    name: str
    title: str
    part: int  # counted from 0
    question: str
    needs: list
    minutes: int
    lab: str | None
    widgets: list


class Entry(NamedTuple):
    """One thing that a topic must include."""

    row: int
    topic: str
    item: str
    chapter: str
    anchor: str  # a label of the chapter
    lab: str | None
    widget: str | None
    names: list  # of rnncore, without `rnncore.`


def read(name):
    """A YAML file of book/."""
    return yaml.safe_load((BOOK / name).read_text("utf8"))


def parts():
    """The parts that hold chapters: a list of (caption, names of the chapters)."""
    listed = [(part["caption"], [Path(page["file"]).name for page in part["chapters"]]) for part in read("_toc.yml")["parts"]]
    return [(caption, pages) for caption, pages in listed if caption not in OTHER_PARTS]


def chapters():
    data = read("chapters.yml")["chapters"]
    return [
        Chapter(name, title(name), number, **{"lab": None, "widgets": [], "needs": [], **data[name]})
        for number, (_, names) in enumerate(parts())
        for name in names
    ]


def paths():
    """A list of dicts: title, text, stages; a stage has a name and either chapters or places (labels)."""
    return read("chapters.yml")["paths"]


def needed(name):
    data = read("chapters.yml")["chapters"]
    found, todo = set(), list(data[name].get("needs", []))
    while todo:
        one = todo.pop()
        if one not in found:
            found.add(one)
            todo += data[one].get("needs", [])
    return found


def estimate(name):
    """Minutes for a page's text, tables and equations at 200 words a minute, and 2 seconds for each line of code that is not folded away.

    The quiz and the output of cells are not counted.
    """
    text = re.sub(r"\A---\n.*?\n---\n", "", (BOOK / f"{name}.md").read_text("utf8"), flags=re.DOTALL)
    cell = re.compile(r"```\{code-cell\} python\n(.*?)```", re.DOTALL)
    lines = [
        line
        for code in cell.findall(text)
        if not re.match(r":tags: \[.*(hide|remove)-(input|cell)", code)
        for line in code.splitlines()
        if line.strip()
    ]
    return len(cell.sub("", text).split()) / WORDS_A_MINUTE + len(lines) * SECONDS_A_LINE / 60


@functools.cache
def _text(page):
    path = BOOK / f"{page}.md"
    return path.read_text("utf8") if path.exists() else ""


def labels(page):
    return re.findall(r"^\(([\w:-]+)\)=$", _text(page), re.MULTILINE)


def title(page):
    return re.search(r"^# (.+)$", _text(page), re.MULTILINE)[1]


def lab_title(lab):
    cells = nbformat.read(ROOT / "labs" / lab / f"{lab}.ipynb", 4).cells
    return next(found[1] for cell in cells if (found := re.search(r"^# (.+)$", cell.source, re.MULTILINE)))


def widget_title(widget):
    return re.search(rf"^\(widget-{widget.replace('_', '-')}\)=\n## (.+)$", _text("widgets"), re.MULTILINE)[1]


def glossary():
    """The terms of the glossary: a list of (terms with one definition, label of the section that explains them)."""
    body = re.search(r"```\{glossary\}\n:sorted:\n\n(.*?)```", _text("glossary"), re.DOTALL)[1]
    blocks = [block.splitlines() for block in re.split(r"\n\n+", body.strip("\n"))]
    return [([line for line in lines if not line.startswith(" ")], re.search(r"<([\w:-]+)>`$", lines[-1])[1]) for lines in blocks]


def entries():
    """All entries of coverage.yml, in its order."""
    found = []
    for topic in read("coverage.yml"):
        for item in topic["items"]:
            chapter, lab, widget, names = (item.get(key, topic.get(key)) for key in ("chapter", "lab", "widget", "names"))
            found.append(Entry(topic["row"], topic["topic"], item["item"], chapter, item["at"], lab, widget, names or []))
    return found


def missing(entry):
    """What an entry names and the book, the labs or rnncore do not have: a list of sentences."""
    found = []
    if not (BOOK / f"{entry.chapter}.md").exists():
        found.append(f"there is no chapter {entry.chapter}, wanted for ({entry.anchor})=")
    elif entry.anchor not in labels(entry.chapter):
        found.append(f"{entry.chapter} has no place ({entry.anchor})=")
    if entry.lab and not (ROOT / "labs" / entry.lab / f"{entry.lab}.ipynb").exists():
        found.append(f"there is no lab {entry.lab}")
    if entry.widget and entry.widget not in importlib.import_module("rnncore.widgets").NAMES:
        found.append(f"there is no widget {entry.widget}")
    return found + [f"rnncore has no {name}" for name in entry.names if find(name) is None]


def find(name):
    """The public object `rnncore.name`, or None."""
    package, _, short = f"rnncore.{name}".rpartition(".")
    try:
        module = importlib.import_module(package)
    except ModuleNotFoundError:
        return None
    return getattr(module, short, None)


def complaints():
    """What is not in order between the table of contents, chapters.yml and the pages: a list of sentences."""
    data, listed = read("chapters.yml")["chapters"], [name for _, names in parts() for name in names]
    found = [f"_toc.yml has the chapter {name}, chapters.yml does not" for name in listed if name not in data]
    found += [f"chapters.yml has the chapter {name}, _toc.yml does not" for name in data if name not in listed]
    if found:
        return found
    for c in chapters():
        found += [f"{c.name} needs {n}, which does not come before it" for n in c.needs if n not in listed[: listed.index(c.name)]]
        found += [f"{c.name} needs {n}, but {m} needs it already" for n in c.needs for m in c.needs if n in needed(m)]
        asked = set(re.findall(r"\b(\w+)(?:\.md\)|`)", _you_need(c.name))) & set(listed)
        found += [f"{c.name} says that it needs {n}, chapters.yml does not" for n in sorted(asked - needed(c.name))]
        if abs(c.minutes - estimate(c.name)) > 5:
            found.append(f"{c.name} takes {estimate(c.name):.0f} minutes to read, chapters.yml says {c.minutes}")
        if c.lab and not ((ROOT / "labs" / c.lab / f"{c.lab}.ipynb").exists() and f"labs/{c.lab}/" in _text(c.name)):
            found.append(f"{c.name}: the lab {c.lab} does not exist or the chapter does not link to it")
        shown = re.findall(r"^widget\(\s*\"(\w+)\"", _text(c.name), re.MULTILINE)
        found += [f"{c.name} shows the widgets {shown}, chapters.yml says {c.widgets}"] if set(shown) != set(c.widgets) else []
    for path in paths():
        found += _complaints_of_path(path, listed)
    return found


def _you_need(page):
    """The sentences of a chapter that say what it needs: from "You need" to the end of the sentence."""
    return " ".join(re.findall(r"^You need .*?(?:\.\s|\n\n)", _text(page), re.MULTILINE | re.DOTALL))


def _complaints_of_path(path, listed):
    held = [name for stage in path["stages"] for name in stage.get("chapters", [])]
    found = [f"{path['title']}: there is no chapter {name}" for name in held if name not in listed]
    if found:
        return found
    places = {label for name in listed for label in labels(name)}
    found += [f"{path['title']}: no chapter has ({p})=" for stage in path["stages"] for p in stage.get("places", []) if p not in places]
    found += [
        f"{path['title']}: {name} comes before {n}, which it needs" for i, name in enumerate(held) for n in needed(name) & set(held[i:])
    ]
    if path.get("complete") and sorted(held) != sorted(listed):
        found.append(f"{path['title']} does not hold every chapter once: {sorted(set(held) ^ set(listed))}")
    return found
