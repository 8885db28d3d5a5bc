"""A submission as it arrives: bytes that anybody may have written, read into cells of known types and bounded size, or refused.

Contents
    Refused      why a submission cannot be graded: a sentence for the student
    Submitted    a cell as it came
    Arrived      the cells, and the language of the notebook
    read         bytes -> Arrived
    find         the one notebook in a folder of a submission -> bytes

Only what is needed is taken over: type, source, names. Outputs, attachments and all other metadata are never copied.
"""

import contextlib
import json
import os
import re
import stat
from typing import NamedTuple

__all__ = ["Arrived", "Refused", "Submitted", "find", "read"]

MAX_BYTES = 10_000_000  # as nbgrader_config.py lets a file be; a lab with its figures has a few hundred thousand
MAX_CELLS = 500  # a lab has about sixty
MAX_CELL = 200_000  # characters in one cell
MAX_SOURCE = 1_000_000  # characters in all cells
MAX_FILES = 1000  # names looked at in a folder
TAGS = ("skip-execution", "raises-exception")  # Jupyter executes a cell with such a tag in another way, or not at all


class Refused(Exception):
    """A submission that cannot be graded; the message is a sentence for the student."""


class Submitted(NamedTuple):
    """A cell as it came."""

    cell_type: str
    source: str
    id: str  # "" if it has none
    name: str  # its grade_id, "" if it has none
    claims: dict  # what nbgrader's metadata says of it
    tags: tuple  # those of TAGS that it has
    attachments: bool  # whether it has any


class Arrived(NamedTuple):
    """A notebook as it came."""

    cells: list  # of `Submitted`
    python: bool  # whether it says that its language is Python, or says nothing
    findings: list  # sentences


def read(text):
    """Read a notebook.

    Args:
        text: the bytes of the file.
    Returns:
        `Arrived`.
    Raises:
        Refused: it is no notebook, or one that is too large or in another format.
    """
    if len(text) > MAX_BYTES:
        raise Refused(
            f"The notebook has {len(text) / 1e6:.0f} MB, at most {MAX_BYTES / 1e6:.0f} MB are graded: "
            "clear its outputs, save and submit again."
        )
    notebook = _parse(text)
    if not isinstance(notebook, dict) or not isinstance(notebook.get("nbformat"), int):
        raise Refused("The file is not a Jupyter notebook: download it from Jupyter as .ipynb and submit that file.")
    if notebook["nbformat"] != 4:
        raise Refused(
            f"The notebook has format {str(notebook['nbformat'])[:9]}, format 4 is graded: "
            "open it in a current Jupyter, save and submit again."
        )
    cells = notebook.get("cells")
    if not isinstance(cells, list):
        raise Refused("The notebook has no list of cells: fetch the lab again and copy your answers into it.")
    if len(cells) > MAX_CELLS:
        raise Refused(f"The notebook has {len(cells)} cells, at most {MAX_CELLS} are graded: delete those that are not part of your work.")
    found = [_cell(cell) for cell in cells]
    _require_size([cell for cell in found if cell])
    findings = ["Something in the notebook was no cell; it was left out."] if None in found else []
    return Arrived([cell for cell in found if cell], _says_python(notebook.get("metadata")), findings)


def _parse(text):
    twice = []

    def pairs(items):
        if len(found := dict(items)) < len(items):
            twice.append(True)
        return found

    try:
        notebook = json.loads(text.decode("utf-8-sig"), object_pairs_hook=pairs)
    except RecursionError:
        raise Refused("The notebook is nested too deeply to be read: fetch the lab again and copy your answers into it.") from None
    except (ValueError, MemoryError):  # among them UnicodeDecodeError, and numbers with too many digits
        raise Refused("The file is not a notebook that can be read: download it from Jupyter as .ipynb and submit that file.") from None
    if twice:
        raise Refused("The notebook says the same thing twice in two ways: open it in Jupyter, save and submit again.")
    return notebook


def _cell(cell):
    """One cell, or None if it is none."""
    if not isinstance(cell, dict):
        return None
    source, metadata = cell.get("source", ""), cell.get("metadata")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if cell.get("cell_type") not in ("code", "markdown", "raw") or not isinstance(source, str):
        return None
    metadata = metadata if isinstance(metadata, dict) else {}
    claims = metadata.get("nbgrader")
    claims = claims if isinstance(claims, dict) else {}
    tags = metadata.get("tags")
    tags = tuple(tag for tag in TAGS if isinstance(tags, list) and tag in tags)
    identity, name = (value if isinstance(value, str) else "" for value in (cell.get("id"), claims.get("grade_id")))
    return Submitted(cell["cell_type"], _clean(source), _clean(identity), _clean(name), claims, tags, bool(cell.get("attachments")))


def _clean(text):
    """A text that can be written as UTF-8, with the line ends of Unix."""
    return text.replace("\r\n", "\n").replace("\r", "\n").encode("utf8", "replace").decode("utf8")


def _require_size(cells):
    longest, total = max((len(c.source) for c in cells), default=0), sum(len(c.source) for c in cells)
    if longest > MAX_CELL:
        raise Refused(f"A cell of the notebook has {longest} characters, at most {MAX_CELL} are graded: shorten it and submit again.")
    if total > MAX_SOURCE:
        raise Refused(f"The cells of the notebook have {total} characters, at most {MAX_SOURCE} are graded: shorten them and submit again.")


def _says_python(metadata):
    metadata = metadata if isinstance(metadata, dict) else {}
    found = [metadata.get(key) for key in ("kernelspec", "language_info")]
    said = [spec.get(key) for spec, key in zip(found, ("language", "name"), strict=True) if isinstance(spec, dict)]
    return all(
        isinstance(language, str) and language.lower() in ("python", "ipython", "python3") for language in said if language is not None
    )


def find(folder, release):
    """Read the notebook of a submission.

    Args:
        folder: where the files of one student for one lab are.
        release: the `Release` of the lab.
    Returns:
        The bytes of the file that is named after the lab, else of the one notebook there is, else of the one with the lab's number.
    Raises:
        Refused: there is no such file, or it is a link, a device, or too large.
    """
    wanted = f"{os.path.basename(release.lab)}.ipynb"
    try:
        directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        raise Refused(f"Nothing was handed in for {release.lab}: submit a folder with the file {wanted}.") from None
    try:
        return _read_file(directory, _choose(_names(directory, wanted), wanted), wanted)
    finally:
        os.close(directory)


def _names(directory, wanted):
    """The names of notebooks in a folder; of the wanted one alone, if it is there."""
    with contextlib.suppress(OSError):
        os.stat(wanted, dir_fd=directory, follow_symlinks=False)
        return [wanted]
    with os.scandir(directory) as entries:
        names = [entry.name for entry, _ in zip(entries, range(MAX_FILES), strict=False)]
    return sorted(name for name in names if name.lower().endswith(".ipynb") and not name.startswith("."))


def _choose(names, wanted):
    if wanted in names or not names:
        return wanted
    lab = re.match(r"lab\d\d", wanted)
    beginning = (lab[0] if lab else wanted[:-6]).lower()
    alike = [name for name in names if name.lower().startswith(beginning)]
    for found in (names, alike):
        if len(found) == 1:
            return found[0]
    raise Refused(f"There are {len(names)} notebooks and none is named {wanted}: submit one with that name.")


def _read_file(directory, name, wanted):
    try:
        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=directory)
    except (OSError, ValueError):
        raise Refused(f"The file {wanted} was not handed in, or is not a file that can be read: submit it under that name.") from None
    try:
        state = os.fstat(file)
        if not stat.S_ISREG(state.st_mode) or state.st_nlink != 1:
            raise Refused(f"The file {wanted} is a link or no regular file: submit the notebook itself.")
        with open(file, "rb", closefd=False) as stream:
            text = stream.read(MAX_BYTES + 1)
    finally:
        os.close(file)
    if len(text) > MAX_BYTES:
        raise Refused(f"The file {wanted} has more than {MAX_BYTES / 1e6:.0f} MB: clear its outputs, save and submit again.")
    return text
