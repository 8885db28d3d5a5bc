"""Printing: without a Chromium, one sentence, and nothing is built for nothing."""

import importlib.util
from pathlib import Path

import pytest


@pytest.fixture
def pdf(monkeypatch):
    path = Path(__file__).parents[2] / "tools" / "pdf.py"
    spec = importlib.util.spec_from_file_location("pdf", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "build", lambda: pytest.fail("built although nothing can print it"))
    return module


def test_no_chromium(pdf, monkeypatch):
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(pdf.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match=r"needs Chromium or Chrome, but there is none on this machine: install one"):
        pdf.main()


def test_a_wrong_chromium(pdf, monkeypatch):
    monkeypatch.setenv("CHROMIUM", "/nowhere/chromium")
    with pytest.raises(SystemExit, match=r"\$CHROMIUM names '/nowhere/chromium', which is not there"):
        pdf.main()
