"""One result on disk: <bundles>/<lab>/<student>/<key>/{result.json, notebook.ipynb}, and which of them is `current`.

A bundle is there whole or not at all: it is written beside its place and renamed. `key` is a hash of all that the result depends on,
so a result whose key is known need not be made again.

    Bundle.of(fields)                        from the dict that a worker sent
    write(folder, bundle)                    put it in its place and make it current
    read(folder, lab, student, key=None)     the current one, or the one with this key; None if there is none
    load(folder, lab)                        the current ones of a lab, by student
"""

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

__all__ = ["Bundle", "key_of", "load", "read", "write"]

STATUS = ("graded", "refused", "crashed")


class Bundle(NamedTuple):
    """What grading one submission gave; plain data.

    lab, student: their names.
    hashes: dict from what the result depends on (submission, release, checks, environment, seed) to a hash.
    status: "graded"; "refused", nothing in it could be graded; "crashed", the grader did not come to an end.
    reason: one sentence if it was not graded.
    checks: dicts with name, points, max_points, passed, message and seconds.
    flags: sentences for the teacher.
    seconds: dict from a part of the work to seconds.
    finished: when, in ISO format.
    notebook: JSON text of the executed notebook.
    """

    lab: str
    student: str
    hashes: dict
    status: str
    reason: str
    checks: list
    flags: list
    seconds: dict
    finished: str
    notebook: str

    @property
    def key(self):
        return key_of(self.hashes)

    @property
    def digest(self):
        """Tells this result from another of the same key, such as one that crashed and was made again."""
        return hashlib.sha256(self.result().encode()).hexdigest()[:16]

    def result(self):
        """The text of result.json."""
        fields = self._asdict()
        del fields["notebook"]
        return json.dumps(fields, indent=1, sort_keys=True, ensure_ascii=False)

    @classmethod
    def of(cls, fields):
        """A bundle from the dict that a worker sent; text in it is made such that any file and database can hold it."""
        bundle = cls(**_plain(fields))
        if bundle.status not in STATUS:
            raise ValueError(f"the status of a bundle is one of {', '.join(STATUS)}, got {bundle.status!r}.")
        return bundle


def key_of(hashes):
    """One hash of several.

    >>> key_of({"release": "a", "submission": "b"}) == key_of({"submission": "b", "release": "a"}) != key_of({"submission": "ba"})
    True
    """
    return hashlib.sha256(json.dumps(sorted(hashes.items())).encode()).hexdigest()[:20]


def write(folder, bundle):
    """Put a bundle in its place, atomically, and make it the student's current one.

    Args:
        folder: of all bundles.
        bundle: a `Bundle`.
    Returns:
        The path of its folder.
    """
    home = Path(folder, bundle.lab, bundle.student)
    home.mkdir(parents=True, exist_ok=True)
    place = home / bundle.key
    with tempfile.TemporaryDirectory(prefix=".new-", dir=home) as new:
        made = Path(new, "made")
        made.mkdir()
        for name, text in (("notebook.ipynb", bundle.notebook), ("result.json", bundle.result())):
            _put(made / name, text)
        old = home / f".old-{bundle.key}"
        if place.exists():
            shutil.rmtree(old, ignore_errors=True)
            place.rename(old)  # `sweep` brings it back if nothing came in its place
        made.rename(place)
    make_current(folder, bundle)
    shutil.rmtree(old, ignore_errors=True)
    return place


def make_current(folder, bundle):
    """Say which of a student's bundles counts."""
    home = Path(folder, bundle.lab, bundle.student)
    new = home / f".current-{os.getpid()}"
    _put(new, bundle.key)
    new.replace(home / "current")


def read(folder, lab, student, key=None):
    """Return a student's bundle, or None if there is none.

    Args:
        folder: of all bundles.
        lab, student: their names.
        key: which; if left out, the current one.
    """
    home = Path(folder, lab, student)
    try:
        place = home / (key or (home / "current").read_text(encoding="utf-8").strip())
        fields = json.loads((place / "result.json").read_text(encoding="utf-8"))
        return Bundle(**fields, notebook=(place / "notebook.ipynb").read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None


def load(folder, lab):
    """Return the current bundles of a lab, sorted by student."""
    home = Path(folder, lab)
    names = sorted(path.name for path in home.iterdir() if path.is_dir()) if home.is_dir() else []
    return [bundle for name in names if (bundle := read(folder, lab, name))]


def sweep(folder, lab):
    """Remove what a writer that was killed left half made, and bring back what it had put aside."""
    for old in Path(folder, lab).glob("*/.old-*"):
        place = old.with_name(old.name.removeprefix(".old-"))
        if not place.exists():
            old.rename(place)
    for path in Path(folder, lab).glob("*/.*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _plain(value):
    """Halves of surrogate pairs and zero bytes, which students can print, become question marks."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode().replace("\0", "?")
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _put(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
