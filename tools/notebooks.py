"""Execute every chapter and every lab solution once, in parallel, with nbmake.

    python tools/notebooks.py          those whose text, rnncore or environment changed since they last ran
    python tools/notebooks.py --all    all of them

The executed notebooks lie in _executed/. Those of chapters also go into Jupyter Book's cache, so that building the site
shows what was tested and executes nothing again.
"""

import argparse
import hashlib
import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import jupytext
import nbformat
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from myst_nb.core.read import is_myst_markdown_notebook, read_myst_markdown_notebook

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "_executed"  # not below _build, which nbmake passes over
TIMEOUT = 120  # seconds a cell may take
# One thread each: as many notebooks as cores run side by side. Figures and widgets show themselves as the site needs them.
SETTINGS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "RNNCORE_STATIC": "1"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--all", action="store_true", help="execute also what has not changed")
    arguments = parser.parse_args()
    sources = [*sorted(ROOT.glob("book/**/*.md")), *sorted(ROOT.glob("solutions/lab*.py"))]
    sources = [
        s for s in sources if "node_modules" not in s.parts and (s.suffix == ".py" or is_myst_markdown_notebook(s.read_text("utf8")))
    ]
    environment = _environment()
    stale = []
    for source in sources:
        key = hashlib.sha256((environment + source.read_text("utf8")).encode() + results(source)).hexdigest()
        if arguments.all or not _key_file(source).exists() or _key_file(source).read_text() != key:
            stale.append((source, key))
    if not stale:
        return 0
    print(f"Executing {len(stale)} of {len(sources)} notebooks ...", flush=True)
    for source, _ in stale:
        _key_file(source).unlink(missing_ok=True)
        _target(source).parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(_read(source), _target(source))
    workers = str(min(len(stale), os.cpu_count() or 1))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--nbmake",
        f"--nbmake-timeout={TIMEOUT}",
        "--overwrite",
        "-n",
        workers,
        "-q",
        "--durations=0",
    ]
    command += ["-c", os.devnull, "--rootdir", str(BUILD), "-p", "no:cacheprovider", *(str(_target(source)) for source, _ in stale)]
    code = subprocess.call(command, env={**os.environ, **SETTINGS})
    for source, key in stale:
        if code == 0 or _succeeded(_target(source)):
            _join(_target(source))
            if source.suffix == ".md":
                _keep(source)
            _key_file(source).write_text(key)
    return code


def _succeeded(notebook):
    """Whether every cell ran without an error; beside one that failed, the others need not run again."""
    cells = [cell for cell in nbformat.read(notebook, 4).cells if cell.cell_type == "code" and cell.source.strip()]
    return all(cell.execution_count and not any(o.output_type == "error" for o in cell.outputs) for cell in cells)


def _join(path):
    """What a cell prints arrives in pieces, cut wherever the kernel's clock ticked; put those that follow one another together again."""
    notebook = nbformat.read(path, 4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = joined(cell.outputs)
    nbformat.write(notebook, path)


def joined(outputs):
    """The outputs of a cell, with neighbouring pieces of one stream as one."""
    result = []
    for output in outputs:
        last = result[-1] if result else None
        if last and output.output_type == last.output_type == "stream" and output.name == last.name:
            last.text += output.text
        else:
            result.append(output)
    return result


def _environment():
    """What besides its text decides what a notebook shows."""
    files = (path for path in sorted((ROOT / "rnncore").rglob("*")) if path.is_file() and "__pycache__" not in path.parts)
    code = b"".join(path.read_bytes() for path in files)
    versions = " ".join(f"{name}={version(name)}" for name in ("numpy", "torch", "ipykernel", "matplotlib"))
    return f"{sys.version_info[:2]} {versions} {sorted(SETTINGS.items())} {hashlib.sha256(code).hexdigest()}"


def results(source):
    """The results of experiments that a chapter reads, by their names in its text."""
    names = sorted(set(re.findall(r'"(\w+\.json)"', source.read_text("utf8"))))
    return b"".join(path.read_bytes() for name in names if (path := ROOT / "benchmarks" / "experiments" / name).exists())


def _target(source):
    return BUILD / source.relative_to(ROOT).with_suffix(".ipynb")


def _key_file(source):
    return _target(source).with_suffix(".key")


def _read(source):
    return read_myst_markdown_notebook(source.read_text("utf8")) if source.suffix == ".md" else jupytext.read(source)


def _keep(source):
    """Put the outputs into the cache that the site is built from, under the notebook as the site's builder reads it."""
    executed, notebook = nbformat.read(_target(source), 4), _read(source)
    seconds = 0.0
    for cell, done in zip(notebook.cells, executed.cells, strict=True):
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = done.outputs, done.execution_count
            seconds += _seconds(done.metadata.get("execution", {}))
    bundle = CacheBundleIn(notebook, str(source), data={"execution_seconds": seconds})
    get_cache(ROOT / "_build" / ".jupyter_cache").cache_notebook_bundle(bundle, overwrite=True)


def _seconds(timing):
    from datetime import datetime

    began, ended = timing.get("iopub.execute_input"), timing.get("shell.execute_reply")
    return (datetime.fromisoformat(ended) - datetime.fromisoformat(began)).total_seconds() if began and ended else 0.0


if __name__ == "__main__":
    sys.exit(main())
