"""Python for the browser: only files with the expected hash, the same bytes for the same tree, and never a failed build."""

import hashlib
import importlib.util
import io
import json
import shutil
import urllib.error
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WHEEL = "numpy-9.9-py3-none-any.whl"


@pytest.fixture
def tool(monkeypatch):
    """The script, without a network; what it would have asked for is in `tool.asked`."""
    spec = importlib.util.spec_from_file_location("pyodide_tool", ROOT / "tools" / "pyodide.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.asked = []

    def unreachable(what, *arguments, **options):
        module.asked.append(what)
        raise urllib.error.URLError("no network")

    monkeypatch.setattr(module.urllib.request, "urlopen", unreachable)
    monkeypatch.setattr(module, "pip_download", lambda folder, *what: unreachable(what[0]))
    return module


@pytest.fixture
def modules(tmp_path, tool):
    """node_modules with a small pyodide, and the hash of its NumPy."""
    folder = tmp_path / "node_modules" / "pyodide"
    folder.mkdir(parents=True)
    for name in tool.CORE:
        (folder / name).write_text(name)
    (folder / "package.json").write_text('{"version": "9.0"}')
    numpy = {"name": "numpy", "version": "9.9", "file_name": WHEEL, "sha256": hashlib.sha256(b"right").hexdigest(), "depends": []}
    (folder / "pyodide-lock.json").write_text(json.dumps({"info": {"python": "3.14.2"}, "packages": {"numpy": numpy, "scipy": {}}}))
    return folder.parent


@pytest.fixture
def assembled(tool, modules, tmp_path):
    """A function that runs the script and returns kernel.json, the folder it names, its lock and the sentences said."""

    def assembled():
        said = []
        info = tool.assemble(tmp_path / "out", tmp_path / "cache", modules=modules, say=said.append)
        assert json.loads((tmp_path / "out" / "kernel.json").read_text()) == info
        folder = tmp_path / "out" / info["folder"]
        return info, folder, json.loads((folder / "pyodide-lock.json").read_text())["packages"], said

    return assembled


def answers(data):
    return lambda address, timeout: io.BytesIO(data)


def test_without_a_network_readers_are_sent_to_the_official_address_and_the_build_says_so(tool, assembled):
    info, _, packages, said = assembled()
    official = f"https://cdn.jsdelivr.net/pyodide/v9.0/full/{WHEEL}"
    assert packages["numpy"]["file_name"] == official
    assert packages["numpy"]["sha256"] == hashlib.sha256(b"right").hexdigest(), "the reader's browser checks the official hash"
    assert tool.asked[:2] == [official, tool.ON_PYPI[0]], "first Pyodide's release, then PyPI"
    assert len(said) == 2 and f"readers' browsers will load it from {official}" in said[0] and "JupyterLite is left out" in said[1]
    assert WHEEL not in info["files"] and info["notebooks"] == []
    assert set(packages) == {"numpy", "rnncore"}, "the lock names only what can be had"


def test_the_official_wheel_is_taken_kept_and_not_asked_for_again(tool, assembled, monkeypatch):
    monkeypatch.setattr(tool.urllib.request, "urlopen", answers(b"right"))
    info, folder, packages, _ = assembled()
    assert packages["numpy"]["file_name"] == WHEEL and (folder / WHEEL).read_bytes() == b"right" and info["files"][WHEEL] == 5
    monkeypatch.setattr(tool.urllib.request, "urlopen", lambda *a, **k: pytest.fail("asked again"))
    assert assembled()[0] == info


def test_a_wheel_with_another_hash_is_refused(tool, assembled, monkeypatch, tmp_path):
    monkeypatch.setattr(tool.urllib.request, "urlopen", answers(b"wrong"))
    _, folder, packages, said = assembled()
    assert packages["numpy"]["file_name"].startswith("https://") and not list(folder.glob("numpy*"))
    assert f"{WHEEL} has the sha256 {hashlib.sha256(b'wrong').hexdigest()[:12]}..., but" in said[0]
    assert not list((tmp_path / "cache").glob("*numpy*")), "nothing refused is kept"


def test_the_wheel_inside_a_wheel_must_have_its_hash_too(tool, assembled, monkeypatch, tmp_path):
    def big_wheel(folder, package, *options):
        if package == tool.ON_PYPI[0]:
            with zipfile.ZipFile(Path(folder) / "big.whl", "w") as big:
                big.writestr(tool.ON_PYPI[1], b"numpy")
        else:
            raise OSError("no network")

    monkeypatch.setattr(tool, "pip_download", big_wheel)
    assert assembled()[2]["numpy"]["file_name"].startswith("https://")
    monkeypatch.setattr(tool, "ON_PYPI_SHA256", hashlib.sha256(b"numpy").hexdigest())
    _, folder, packages, _ = assembled()
    assert packages["numpy"]["version"] == "2.4.3" and (folder / packages["numpy"]["file_name"]).read_bytes() == b"numpy"
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [packages["numpy"]["file_name"]], "the big wheel is not kept"


def test_the_same_tree_gives_the_same_wheel_and_another_tree_another_folder(tool, assembled, tmp_path):
    package = tmp_path / "pytorch" / "rnncore"  # what lies above the package does not matter
    shutil.copytree(ROOT / "rnncore", package)
    wheels = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        wheels.append(tool.wheel(package, tmp_path / name))
        for path in package.rglob("*.py"):
            path.touch()
    assert wheels[0].read_bytes() == wheels[1].read_bytes()
    with zipfile.ZipFile(wheels[0]) as archive:
        assert {"rnncore/__init__.py", "rnncore/reference/rnn.py"} <= set(archive.namelist())
        held = set(archive.namelist())
    assert not [name for name in held if "__pycache__" in name or name.startswith("rnncore/pytorch/")]
    with zipfile.ZipFile(tool.wheel(ROOT / "rnncore", tmp_path, "rnncore_notebooks")) as archive:
        others = set(archive.namelist())
    assert {
        "rnncore/checks/labs/lab01/__init__.py",
        "benchmarks/experiments/depth.json",
        "pydoc_data/topics.py",
    } <= others and not others & held
    before = tool.fingerprint(tmp_path / "a")
    (package / "__init__.py").write_text((package / "__init__.py").read_text() + "\n")
    tool.wheel(package, tmp_path / "a")
    assert tool.fingerprint(tmp_path / "a") != before == tool.fingerprint(tmp_path / "b")


def test_pip_installs_the_wheel(tool, tmp_path):
    """A wheel that pip accepts: its RECORD names every file with its hash."""
    import subprocess
    import sys

    wheel = tool.wheel(ROOT / "rnncore", tmp_path)
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--no-deps",
        "--no-index",
        "--quiet",
        "--target",
        str(tmp_path / "there"),
        str(wheel),
    ]
    subprocess.run(command, check=True, capture_output=True)
    assert (tmp_path / "there" / "rnncore" / "reference" / "rnn.py").exists()
