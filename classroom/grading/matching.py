"""Which cell of a submission is which cell of the release, whatever became of its name.

Contents
    match    find the cells of a release in those of a submission
    Match    what was found
    alike    whether two sources are the same text

From the surest sign to the weakest: the name of a cell, the id of a cell, the function that it defines, its text, its place. A cell that
defines another function of the lab than the one its name promises is looked at again under what it defines.
"""

import re
from typing import NamedTuple

__all__ = ["Match", "alike", "match"]


class Match(NamedTuple):
    """What was found."""

    named: dict  # name of a cell of the release -> place in the submission
    free: dict  # place in the submission -> free cell of the release
    by_name: dict  # name of a cell -> whether it was found under its own name
    functions: dict  # name of a solution cell -> functions that it must define

    def supported(self, cell, want):
        """Whether more than the name of a submitted cell says that it is a cell of the release."""
        if want.fixed:
            return alike(cell.source, want.source)
        return want.name not in self.functions or binds(cell.source, self.functions[want.name])


def alike(a, b):
    """Whether two sources are the same but for white space at their ends."""
    return a.strip() == b.strip()


def defines(source, names):
    """Whether a source defines one of some names at the top, as a function or a class."""
    return re.search(rf"^(?:async +)?(?:def|class) +(?:{'|'.join(names)})\b", source, re.MULTILINE) is not None


def binds(source, names):
    """The same, or gives it a value."""
    return defines(source, names) or re.search(rf"^(?:{'|'.join(names)}) *=[^=]", source, re.MULTILINE) is not None


def match(cells, release):
    """Find the cells of a release.

    Args:
        cells: a list of `reading.Submitted`.
        release: the `Release`.
    Returns:
        A `Match`, in which every cell is used once.
    """
    functions = {name: names for name, names in release.functions.items() if names}
    found = Match({}, {}, {}, functions)

    def held(cell):
        """Whether a cell is rightly that of its own name, so that no other may take it."""
        return cell.name in release.named and found.supported(cell, release.named[cell.name])

    def of_another(cell, want):
        others = [name for cell_name, names in functions.items() if cell_name != want.name for name in names]
        return bool(others) and defines(cell.source, others)

    signs = (
        lambda cell, want: cell.name == want.name and found.supported(cell, want),
        lambda cell, want: cell.name == want.name and not of_another(cell, want),
        lambda cell, want: cell.id == _id(want) and not held(cell) and found.supported(cell, want),
        lambda cell, want: want.fixed and not held(cell) and alike(cell.source, want.source),
        lambda cell, want: want.name in functions and not held(cell) and defines(cell.source, functions[want.name]),
        lambda cell, want: cell.name == want.name,
        lambda cell, want: cell.id == _id(want) and not held(cell),
    )
    used = set()
    for k, sign in enumerate(signs):
        for want in release.named.values():
            if want.name in found.named:
                continue
            candidates = [i for i, cell in enumerate(cells) if i not in used and sign(cell, want)]
            if candidates:
                found.named[want.name], found.by_name[want.name] = _best(candidates, cells, want), k in (0, 1, 5)
                used.add(found.named[want.name])
    found.free.update(_free(cells, release, used))
    for want in release.named.values():
        if want.name not in found.named and want.solution and want.name not in functions:
            place = _by_place(cells, release, found, want)
            if place is not None:
                found.named[want.name], found.by_name[want.name] = place, False
    return found


def _id(want):
    return re.sub(r"[^a-zA-Z0-9_-]", "-", want.name)


def _best(candidates, cells, want):
    """The first copy of what learners do not write; of an answer the last one in which something was written."""
    if want.fixed:
        return candidates[0]
    written = [i for i in candidates if not alike(cells[i].source, want.source)]
    return written[-1] if written else candidates[0]


def _free(cells, release, used):
    """The free cells of the release, by id, else by text."""
    found = {}
    for same in (lambda cell, want: cell.id == want.name, lambda cell, want: alike(cell.source, want.source)):
        for want in release.cells:
            if want.free and want not in found.values():
                place = next((i for i, cell in enumerate(cells) if i not in used and i not in found and same(cell, want)), None)
                if place is not None:
                    found[place] = want
    return found


def _by_place(cells, release, found, want):
    """The one cell of the right type that is nobody's, between the neighbours of a cell in the lab; None if there is not just one."""
    places = {cell.name: i for i, cell in found.free.items()} | found.named
    at = release.cells.index(want)
    first = next((places[c.name] for c in reversed(release.cells[:at]) if c.name in places), -1)
    last = next((places[c.name] for c in release.cells[at + 1 :] if c.name in places), len(cells))
    between = [i for i in range(first + 1, last) if i not in places.values() and cells[i].cell_type == want.cell_type]
    return between[0] if len(between) == 1 else None
