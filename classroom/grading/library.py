"""rnncore as the learner of one lab has it while graded: what the lab's cells import and what that needs, without the lab's answers.

    folder = learners_library(release, Path("classroom-data/libraries"))      folder/rnncore, put folder first on sys.path

Contents
    learners_library    the library of a lab, made once
    answers             the definitions in rnncore that are answers of a lab
    cut_for             what a lab keeps, as `cut.Cut`

An answer is a function with the name of one that a learner writes, in whatever part of rnncore; it is left out, unless a cell of the
release imports it from there by name. What is not there cannot be imported, and the ImportError says why. The checks are replaced by
stubs with the same names: the grader runs the real ones elsewhere.
"""

import ast
import hashlib
import os
import shutil
import tempfile
import threading
from pathlib import Path

from classroom.grading.cut import Cut
from classroom.grading.package import Package
from rnncore import __file__ as installed

__all__ = ["answers", "cut_for", "learners_library"]

ONE = threading.Lock()  # Python 3.11 does not parse in two threads at once without mistakes
RNNCORE = Path(installed).resolve().parent
CHECKS = "rnncore.checks.labs"

ABSENT = '''"""What is not there while {lab} is graded."""

import importlib


def missing(module, parts):
    """The `__getattr__` of a module: its parts, and an error with a reason for all else."""

    def look_up(name):
        if name in parts:
            return importlib.import_module(f"{{module}}.{{name}}")
        if name.startswith("_"):
            raise AttributeError(f"module {{module!r}} has no attribute {{name!r}}")
        raise ImportError(f"{{module}}.{{name}} is not available while {lab} is graded.", name=module)

    return look_up


def stand_in(name):
    """A function in the place of one that is not there."""

    def absent(*args, **kwargs):
        raise ImportError(f"{{name}} is not available while {lab} is graded.")

    return absent
'''
HEAD = '''"""Part of rnncore; the rest of it is not available while {lab} is graded."""

from rnncore._graded import missing as _missing
from rnncore._graded import stand_in as _stand_in

__getattr__ = _missing(__name__, {parts!r})'''
NOTHING = 'raise ImportError(f"{{__name__}} is not available while {lab} is graded.", name=__name__)\n'
STUB = '''"""The checks of a lab in the learner's process: the grader runs the real ones elsewhere."""

from rnncore._graded import missing as _missing

__all__ = ["grading"]
__getattr__ = _missing(__name__, {parts!r})


def grading():
    """True: nothing should train."""
    return True


class Step:
    """The check of one step."""

    def check(self, function, *, rng=None):
        print("This check is run by the grader.")

    def or_reference(self, function):
        return function
'''
STEPS = '''"""The steps of a lab."""

from rnncore.checks.labs import Step

__all__ = {names!r}
'''


def learners_library(release, folder, rnncore=RNNCORE):
    """Make the library of a lab, or find it made.

    Args:
        release: a `Release` of the lab.
        folder: where libraries are kept; each has a folder there, named after what it was made of.
        rnncore: the real package.
    Returns:
        The library's folder, with `rnncore` in it. It is complete whenever it is there, whoever else is making it.
    """
    target = Path(folder) / _key(release, Path(rnncore))
    if target.is_dir():
        return target
    Path(folder).mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=".building-", dir=folder))
    try:
        with ONE:
            files = _files(release, Package(rnncore))
        for path, text in files.items():
            (building / path).parent.mkdir(parents=True, exist_ok=True)
            (building / path).write_bytes(text)
        building.chmod(0o755)
        os.rename(building, target)
    except OSError:
        if not target.is_dir():  # else another process was faster
            raise
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return target


def cut_for(release, source):
    """Cut a package down to what the cells of a release import from it, and what that needs."""
    wanted = _imports(release, source)
    cut = Cut(source, answers(release, source))
    for module, name in [(source.name, "__version__"), *sorted(wanted, key=str)]:
        cut.need(module, name)
    return cut


def answers(release, source):
    """The definitions that are answers: a set of pairs of module and name."""
    names = {name for functions in release.functions.values() for name in functions}
    plain = Cut(source)
    given = {plain.defines(module, name) for module, name in _imports(release, source) if name}
    found = {(module, name) for module in source.paths for name in names if not module.startswith(CHECKS)}
    return {pair for pair in found if plain.defines(*pair) == pair and pair not in given}


def _imports(release, source):
    """What the cells of a release import: pairs of a module and a name, or None for the module itself."""
    found = set()
    for cell in release.cells:
        for node in ast.walk(ast.parse(cell.source)) if cell.cell_type == "code" else ():
            if isinstance(node, ast.ImportFrom) and node.module in source.paths:
                found |= {(node.module, alias.name) for alias in node.names}
            elif isinstance(node, ast.Import):
                found |= {(alias.name, None) for alias in node.names if alias.name in source.paths}
    return {(module, name) for module, name in found if not module.startswith(CHECKS)}


def _files(release, source):
    """The files of a library: a dict from path to bytes."""
    cut, lab, short = cut_for(release, source), release.lab, release.lab[:5]
    kept = {*cut.kept, "rnncore", "rnncore.checks", CHECKS}
    files = {"rnncore/_graded.py": ABSENT.format(lab=lab)}
    for module, path in source.paths.items():
        to = str(path.relative_to(source.folder.parent))
        if module.startswith(CHECKS):
            continue
        if module in kept:
            parts = {name.rpartition(".")[2] for name in kept if name.rpartition(".")[0] == module}
            cut.kept.setdefault(module, set()), cut.aliases.setdefault(module, set()), cut.stand_ins.setdefault(module, set())
            files[to] = cut.text(module, HEAD.format(lab=lab, parts=tuple(sorted(parts))), "{name} = _stand_in({name!r})")
        elif module.rpartition(".")[0] in kept:
            files[to] = NOTHING.format(lab=lab)
    checks = source.paths.get(f"{CHECKS}.{short}")
    steps = next(ast.literal_eval(s.node.value) for s in source.statements(f"{CHECKS}.{short}") if "__all__" in s.binds) if checks else []
    files["rnncore/checks/labs/__init__.py"] = STUB.format(parts=(short,))
    files[f"rnncore/checks/labs/{short}.py"] = STEPS.format(names=steps) + "".join(f"{name} = Step()\n" for name in steps)
    return {name: text.encode() for name, text in files.items()} | _data(cut)


def _data(cut):
    """The files beside the code that what is kept may read: those whose names it has among its texts."""
    statements = [s for module in cut.kept for s in cut.source.statements(module) if id(s) in cut.kept[module]]
    texts = {n.value for s in statements for n in ast.walk(s.node) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    readers = {cut.source.paths[m].parent for m in cut.kept if any("__file__" in s.uses for s in cut.source.statements(m))}
    found = {}
    for folder in readers:
        for path in folder.rglob("*"):
            if path.is_file() and path.suffix not in (".py", ".pyc") and texts & {path.name, path.stem}:
                found[str(path.relative_to(cut.source.folder.parent))] = path.read_bytes()
    return found


def _key(release, rnncore):
    """What a library is made of, as 32 hexadecimal digits."""
    digest = hashlib.sha256(repr(release).encode())
    own = [Path(__file__).with_name(name) for name in ("library.py", "cut.py", "package.py")]
    files = sorted(path for path in rnncore.rglob("*") if path.is_file() and path.suffix != ".pyc")
    for path in own + files:
        text = path.read_bytes()
        name = path.name if path in own else str(path.relative_to(rnncore))
        digest.update(f"{len(name)} {name} {len(text)} ".encode() + text)
    return digest.hexdigest()[:32]
