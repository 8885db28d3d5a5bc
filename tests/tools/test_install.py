"""Setting up: what is missing on a machine gets one clear sentence, and nothing half-made stays."""

import collections
import importlib.util
import os
import sys
from pathlib import Path

import pytest

PATH = Path(__file__).parents[2] / "tools" / "install.py"
Usage = collections.namedtuple("Usage", "total used free")


@pytest.fixture
def install(monkeypatch, tmp_path):
    spec = importlib.util.spec_from_file_location("install", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".venv").mkdir()
    return module


def fake(tmp_path, name, script):
    program = tmp_path / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return str(program)


def test_an_unsuitable_python_is_named(install, monkeypatch):
    monkeypatch.setattr(install.shutil, "which", lambda name: None)
    monkeypatch.setattr(sys, "version_info", (3, 9, 1))
    with pytest.raises(SystemExit, match=r"Python 3\.9 was found, but the course needs 3\.11, 3\.12 or 3\.13"):
        install.check_python()


def test_a_suitable_python_beside_an_unsuitable_one_is_taken(install, monkeypatch, tmp_path):
    program, taken = fake(tmp_path, "python3.12", "exit 0"), []
    monkeypatch.setattr(install.shutil, "which", lambda name: program if name == "python3.12" else None)
    monkeypatch.setattr(sys, "version_info", (3, 14, 0))
    monkeypatch.setattr(os, "execv", lambda path, arguments: taken.append(path) or sys.exit(0))
    with pytest.raises(SystemExit):
        install.check_python()
    assert taken == [program]


def test_a_full_disk_is_said_before_anything_is_installed(install, monkeypatch):
    monkeypatch.setattr(install.shutil, "disk_usage", lambda path: Usage(10e9, 9e9, 1e9))
    with pytest.raises(SystemExit, match=r"The disk has 1\.0 GB free, but setting up the course takes 5 GB"):
        install.check_disk()


@pytest.mark.parametrize(
    ("output", "words"),
    [
        (
            "Failed to establish a new connection: [Errno -3] Temporary failure in name resolution",
            "could not be reached: check the internet connection",
        ),
        ("npm error code ENOTFOUND", "could not be reached: check the internet connection"),
        (
            "OSError: [Errno 28] No space left on device",
            "The disk is full: free some space and run make again; what was installed is kept.",
        ),
        ("ERROR: No matching distribution found for nothing", "No matching distribution found for nothing"),
    ],
)
def test_a_failing_command_is_explained(install, tmp_path, output, words):
    program = fake(tmp_path, "pip", f"echo '{output}'; exit 1")
    with pytest.raises(SystemExit, match=words):
        install.run([program, "install"])
    assert output in (tmp_path / ".venv" / "install.log").read_text()


def test_an_earlier_failure_is_not_blamed_again(install, tmp_path):
    (tmp_path / ".venv" / "install.log").write_text("No space left on device\n")
    with pytest.raises(SystemExit, match="something else"):
        install.run([fake(tmp_path, "pip", "echo something else; exit 1")])


def test_python_without_venv_is_explained_and_nothing_stays(install, monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "executable", fake(tmp_path, "python", "echo 'ensurepip is not available'; exit 1"))
    with pytest.raises(SystemExit, match="apt install python3-venv"):
        install.create_venv()
    assert not (tmp_path / ".venv").exists()


def test_the_script_itself_runs_on_old_pythons():
    """No syntax later than Python 3.6: an old Python must get as far as the sentence."""
    import ast

    ast.parse(PATH.read_text(), feature_version=(3, 6))
