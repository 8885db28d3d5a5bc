"""What rnncore exports: which file, under which name, and which chapters use it.

Contents
    public_modules    the files that export names
    full_names        the names of a file, and what to import them by
    is_borrowed       whether a name is another file's
    find_name         the full name of what a docstring or a chapter calls by a short one
    used_in           the chapters and labs that use a file
"""

import functools
import importlib
import inspect
import pkgutil
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
WHOLE = ("rnncore.pictures", "rnncore.widgets")  # packages that export names of their own; their files are not for use alone


@functools.cache
def public_modules():
    """The files of rnncore that export names, package by package; `WHOLE` packages stand for their files."""
    package = importlib.import_module("rnncore")
    found = {m.name: m.ispkg for m in pkgutil.walk_packages(package.__path__, "rnncore.")}
    names = [name for name, ispkg in found.items() if name in WHOLE or not (ispkg or name.rpartition(".")[0] in WHOLE)]
    return [module for module in map(importlib.import_module, names) if module.__all__]


@functools.cache
def full_names(module):
    """Name in `__all__` -> the name to import it by: from the package nearest to `rnncore` that has the same object."""
    parts = module.__name__.split(".")
    packages = [importlib.import_module(".".join(parts[:n])) for n in range(1, len(parts) + 1)]

    def full(name):
        value = getattr(module, name)
        return next(f"{p.__name__}.{name}" for p in packages if getattr(p, name, None) is value)

    return {name: full(name) for name in module.__all__}


def is_borrowed(module, name):
    """Whether a name is another file's, exported once more."""
    value = inspect.unwrap(getattr(module, name))
    return (inspect.isclass(value) or inspect.isfunction(value)) and value.__module__ != module.__name__


def find_name(name, module=None):
    """The full name of what a docstring of `module`, or a chapter, calls `name`; None where it is not public.

    A file's own names come first, then those of its package, then the reference.
    """
    near = [module, *(m for m in public_modules() if module and m.__package__ == module.__package__)] if module else []
    for other in [*near, *public_modules()]:
        if other and name in other.__all__ and (other in near or full_names(other)[name].count(".") == 1):
            return full_names(other)[name]
    by_path = {other.__name__: other.__name__ for other in public_modules()}
    if module:
        by_path |= {f"{other.__name__.rpartition('.')[2]}.py": other.__name__ for other in near}
    dotted = {f"{other.__name__}.{n}": full for other in public_modules() for n, full in full_names(other).items()}
    return by_path.get(name) or dotted.get(name)


def used_in(module, pages):
    """The chapters and labs among `pages` whose code imports a file, or one of its public names, in the order of their names."""
    wanted = {tuple(full.rpartition(".")[::2]) for full in (module.__name__, *full_names(module).values())}
    return [page for page in sorted(pages) if wanted & imports_of(page)]


@functools.cache
def imports_of(page):
    """(package, name) of everything that a chapter, or the solution of a lab, imports from rnncore."""
    lab = ROOT / "solutions" / f"{Path(page).name}.py"
    text = (lab if lab.exists() else ROOT / f"{page}.md").read_text("utf8")
    found = set()
    for package, several, one in re.findall(r"^from (rnncore[\w.]*) import (?:\(([^)]*)\)|(.*))$", text, re.MULTILINE):
        package = "rnncore" if package == "rnncore.reference" else package  # both give the reference
        found |= {(package, name) for name in re.findall(r"(\w+)(?: as \w+)?", several or one)}
    for short in re.findall(r"^import rnncore(?:\.reference)? as (\w+)$", text, re.MULTILINE):
        found |= {("rnncore", name) for name in re.findall(rf"\b{short}\.(\w+)", text)}
    return found
