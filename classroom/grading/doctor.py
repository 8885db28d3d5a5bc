"""A submission made whole again: the teacher's cells as they were handed out, the learner's work as it came, in the order of the lab.

    notebook, findings = repair(find(folder, release), release)

Contents
    repair      the bytes of a submission -> Repaired
    Repaired    the notebook, and what was put right, in sentences
    Refused     why a submission cannot be graded: a sentence for the student
    find        the one notebook in a folder -> bytes

A cell of the learner's own stays behind the cell it stood behind. Of the metadata nothing is taken over; what nbgrader reads comes from
the release. Lines that begin with % or ! are left as they are: holding them is the sandbox's task.
"""

import re
from typing import NamedTuple

import nbformat

from classroom.grading.matching import alike, match
from classroom.grading.reading import TAGS, Refused, find, read

__all__ = ["Refused", "Repaired", "find", "repair"]

METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
SENTENCES = {  # what was put right -> the sentence, in which the names of the cells stand
    "missing": "Missing, and back as handed out: {}.",
    "changed": "Locked, but changed, and as handed out again: {}.",
    "renamed": "Without its name, but recognised by its function, its place or its text: {}.",
    "retyped": "Of another type than handed out, and of the right type again: {}.",
    "moved": "In another place than in the lab, and back in the lab's order: {}.",
    "doubled": "There more than once; one was taken, the others are gone or are ordinary cells: {}.",
    "claims": "With other points or rights than handed out, and as handed out again: {}.",
    "attached": "Without the pictures or files that were pasted into it: {}.",
    "tagged": f"Without the tags ({', '.join(TAGS)}) that change how it is executed: {{}}.",
    "false": "As ordinary cells, though they said that they are graded or locked: {}.",
    "language": "The notebook said that its language is not Python; it is graded as Python.",
}
OWN = "a cell of the learner's own"


class Repaired(NamedTuple):
    """A submission that can be graded."""

    notebook: nbformat.NotebookNode
    findings: list  # sentences, none for a notebook in which only answers were written


def repair(text, release):
    """Put a submission right.

    Args:
        text: the bytes of the file that was handed in.
        release: the `Release` that was handed out.
    Returns:
        `Repaired`. Its notebook has every named cell of the release once, with the teacher's metadata and, where learners do not write,
        the teacher's source.
    Raises:
        Refused: it is no notebook, too large, or has no work on this lab.
    """
    arrived = read(text)
    found = match(arrived.cells, release)
    if not _belongs(arrived.cells, found, release):
        raise Refused(f"The notebook is not {release.lab}: submit the notebook of this lab.")
    notes = {kind: [] for kind in SENTENCES}
    notes["renamed"] += [name for name in found.named if not found.by_name[name]]
    if not arrived.python:
        notes["language"].append("")
    order = _with_missing(_in_order(arrived.cells, found, release, notes), release, notes)
    cells = [_built(arrived.cells, i, cell, notes) for i, cell in order]
    _name(cells, order, arrived.cells)
    notebook = nbformat.from_dict({"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5})
    findings = [SENTENCES[kind].format(", ".join(dict.fromkeys(names))) for kind, names in notes.items() if names]
    return Repaired(notebook, arrived.findings + findings)


def _belongs(cells, found, release):
    """Whether more speaks for this lab than for another one, which may have some names in common with it."""
    support = sum(found.supported(cells[i], release.named[name]) for name, i in found.named.items())
    against = sum(bool(cell.name) for cell in cells) - sum(
        found.supported(cells[i], release.named[name]) for name, i in found.named.items() if cells[i].name
    )
    doubled = sum(bool(cell.name) for i, cell in enumerate(cells) if i not in found.named.values() and cell.name in release.named)
    return support > 0 and support >= against - doubled


def _in_order(cells, found, release, notes):
    """Pairs of the place of a submitted cell and its cell of the release or None, in the order of the lab."""
    places = {i: name for name, i in found.named.items()}
    frees = {i: cell for i, cell in found.free.items()}
    groups, at = {None: []}, None
    for i, cell in enumerate(cells):
        if i in places:
            at = places[i]
            groups[at] = [(i, release.named[at])]
        elif cell.name in release.named:
            notes["doubled"].append(cell.name)
            if not alike(cell.source, release.named[cell.name].source):
                groups[at].append((i, None))
        else:
            if any(cell.claims.get(key) for key in ("grade", "solution", "locked", "task")):
                notes["false"].append(OWN)
            groups[at].append((i, frees.get(i)))
    came = [name for name in groups if name]
    lab = [name for name in release.named if name in groups]
    notes["moved"] += sorted(set(came) - _longest_run(came, lab), key=lab.index)
    return [pair for name in [None, *lab] for pair in groups[name]]


def _longest_run(came, lab):
    """The largest set of names that came in the order of the lab."""
    runs = []
    for name in came:
        before = [run for run in runs if lab.index(run[-1]) < lab.index(name)]
        runs.append([*max(before, key=len, default=[]), name])
    return set(max(runs, key=len, default=[]))


def _with_missing(order, release, notes):
    """The same with the missing cells of the release, each behind what stands before it in the lab."""
    names = list(release.named)
    for k, cell in enumerate(release.cells):
        if cell.free or any(other is cell for _, other in order):
            continue
        notes["missing"].append(cell.name)
        places = {other.name: at for at, (_, other) in enumerate(order) if other}
        earlier, later = names[: names.index(cell.name)], names[names.index(cell.name) + 1 :]
        first = max((places[name] + 1 for name in earlier if name in places), default=0)
        last = min((places[name] for name in later if name in places), default=len(order))
        before = next((places[c.name] + 1 for c in reversed(release.cells[:k]) if c.name in places), first)
        at = before if first <= before <= last else first  # a text that stands elsewhere shows nothing
        while at < last and order[at][1] is None:  # behind the learner's own cells
            at += 1
        order.insert(at, (None, cell))
    return order


def _built(cells, i, cell, notes):
    """A cell of the repaired notebook."""
    came = cells[i] if i is not None else None
    title = OWN if cell is None or cell.free else cell.name
    if came:
        for kind, is_so in (("attached", came.attachments), ("tagged", came.tags)):
            notes[kind] += [title] if is_so else []
    if cell is None or cell.free:
        return _cell(came.cell_type, came.source, {})
    if came:
        notes["retyped"] += [cell.name] if came.cell_type != cell.cell_type else []
        notes["changed"] += [cell.name] if cell.fixed and not alike(came.source, cell.source) else []
        notes["claims"] += [cell.name] if came.claims and _rights(came.claims) != _rights(cell.metadata["nbgrader"]) else []
    return _cell(cell.cell_type, cell.source if cell.fixed or not came else came.source, cell.metadata)


def _cell(cell_type, source, metadata):
    extra = {"outputs": [], "execution_count": None} if cell_type == "code" else {}
    return {"cell_type": cell_type, "source": source, "metadata": metadata, **extra}


def _rights(claims):
    """What nbgrader's metadata gives a cell."""
    grade, solution, task = (bool(claims.get(key)) for key in ("grade", "solution", "task"))
    locked = bool(claims.get("locked")) or task or (grade and not solution)
    points = claims.get("points", 0) if grade or task else 0
    return grade, solution, task, locked, points if isinstance(points, int | float) else None


def _name(cells, order, submitted):
    """Give every cell an id: of the named cells their names, of the others the ids they came with, where these are valid and not taken."""
    taken = set()

    def free(wish):
        wish = re.sub(r"[^a-zA-Z0-9_-]", "-", wish)[:48] or "cell"
        return wish if wish not in taken else next(w for k in range(len(taken) + 1) if (w := f"{wish}-{k + 1}") not in taken)

    for teacher in (True, False):
        for k, (i, cell) in enumerate(order):
            if teacher == (cell is not None and not cell.free):
                came = submitted[i].id if i is not None else ""
                cells[k]["id"] = free(cell.name if teacher else came if re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", came) else "own")
                taken.add(cells[k]["id"])
