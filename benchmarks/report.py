"""What a benchmark hands in, and how it is written down: a Markdown table for people, JSON for programs.

Contents
    Target           a number, its limit, and whether it is met
    Section          a table with the targets that it decides
    note             what a file measures, from its docstring
    machine          what the numbers depend on: processor, versions, thread count; no host name
    write            results/<machine>/<benchmark>.md and .json, in place of older ones
    markdown         a report as text: the targets, the machine, and one section after the other

A report is replaced, never merged: two of them, put together line by line, would mix numbers that were not measured together. So
.gitattributes tells Git to leave both files alone when two branches bring results of one machine, and to let a person choose.
"""

import datetime
import json
import os
import platform
import re
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import numpy as np

RESULTS = Path(__file__).parent / "results"


class Target(NamedTuple):
    """A number that must not be larger than its limit."""

    name: str
    measured: float
    limit: float

    @property
    def met(self):
        return self.measured <= self.limit  # False for NaN


class Section(NamedTuple):
    """One table."""

    title: str
    note: str  # what is compared
    reading: str  # how to read the table, in one sentence
    rows: list  # dicts with the same keys; a value is a text, a number or a Spread
    targets: list  # of Target


def note(docstring):
    """The part of a file's docstring that stands before its contents, as one line."""
    return " ".join(docstring.split("\nContents\n")[0].split())


def machine():
    """What the numbers depend on.

    Returns:
        A dict of texts and numbers.
    """
    config = np.show_config(mode="dicts")
    blas = config["Build Dependencies"]["blas"]
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "SIMD that NumPy uses": ", ".join(config["SIMD Extensions"]["found"]),
        "system": platform.system(),
        "Python": platform.python_version(),
        "NumPy": np.__version__,
        "BLAS": f"{blas['name']} {blas['version']}",
        "PyTorch": _version("torch"),
        "threads": int(os.environ["OMP_NUM_THREADS"]),
        "load when it ended": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
    }


def write(name, sections, *, folder=RESULTS):
    """Write the results of a benchmark on this machine, in place of older ones.

    Args:
        name: of the benchmark.
        sections: list of Section.
        folder: where all results are.
    Returns:
        The path of the Markdown file.
    Raises:
        ValueError: two sections have the same title.
    """
    _check_titles(sections)
    facts, date = machine(), datetime.date.today().isoformat()
    path = folder / f"{_slug(facts['processor'])}-{facts['cores']}-cores" / f"{name}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(markdown(name, sections, facts, date))
    content = {"date": date, "machine": facts, "sections": [_plain(section) for section in sections]}
    path.with_suffix(".json").write_text(json.dumps(content, indent=1) + "\n")
    return path


def _check_titles(sections):
    titles = [section.title for section in sections]
    twice = sorted({title for title in titles if titles.count(title) > 1})
    if twice:
        raise ValueError(f"every section must have a title of its own, got more than one called {', '.join(twice)}.")


def markdown(name, sections, facts, when):
    """A report as text; `when` is its date, or says what kind of run it was."""
    targets = [target for section in sections for target in section.targets]
    lines = [f"# {name}, {when}", "", "Ratios are medians over interleaved rounds, with the quartiles in brackets.", ""]
    lines += [f"## Targets: {sum(t.met for t in targets)} of {len(targets)} met", "", "| target | measured | at most | met |"]
    lines += ["|---|---|---|---|"]
    lines += [f"| {t.name} | {t.measured:.3g} | {t.limit:g} | {'yes' if t.met else '**no**'} |" for t in targets]
    lines += ["", "## Machine", "", *(f"- {key}: {value}" for key, value in facts.items())]
    for section in sections:
        lines += ["", f"## {section.title}", "", section.note, "", section.reading, "", *_table(section.rows)]
    return "\n".join(lines) + "\n"


def _table(rows):
    columns = list(rows[0])
    body = ["| " + " | ".join(_text(row[column]) for column in columns) + " |" for row in rows]
    return ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns), *body]


def _text(value):
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _plain(section):
    def plain(value):
        return value._asdict() if hasattr(value, "_asdict") else value

    rows = [{key: plain(value) for key, value in row.items()} for row in section.rows]
    targets = [target._asdict() | {"met": target.met} for target in section.targets]
    return {"title": section.title, "note": section.note, "reading": section.reading, "rows": rows, "targets": targets}


def _processor():
    try:
        return re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())[1]
    except (OSError, TypeError):
        return platform.processor() or platform.machine()


def _slug(text):
    return re.sub(r"[^a-z0-9]+", "-", re.sub(r"\(\w+\)", "", text.lower())).strip("-")


def _version(package):
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
