"""The rocket menu: JupyterLite relative to the page and only where it was built, the others where notebooks are."""

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import pytest

PATH = Path(__file__).parents[2] / "book" / "_ext" / "launch.py"


@pytest.fixture
def menu(tmp_path):
    """A function that gives the menu of the page book/cell, a text, as the theme made it and the extension corrected it."""
    spec = importlib.util.spec_from_file_location("launch", PATH)
    launch = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(launch)

    def menu():
        links = {"Binder": "https://b/v2/gh/o/r/notebooks?urlpath=lab/tree/book/cell.md", "JupyterLite": "lite?path=book/cell.ipynb"}
        buttons = [{"text": text, "url": url, "tooltip": ""} for text, url in links.items()]
        context = {"header_buttons": [{"label": "launch-buttons", "buttons": buttons}], "pathto": lambda path, kind: f"../{path}"}
        launch.rocket(SimpleNamespace(outdir=tmp_path), "book/cell", "page.html", context, None)
        return {button["text"]: button["url"] for button in context["header_buttons"][0]["buttons"]}

    return menu


def test_without_jupyterlite_it_is_not_offered(menu):
    assert menu() == {"Binder": "https://b/v2/gh/o/r/notebooks?urlpath=lab/tree/book/cell.ipynb"}


def test_jupyterlite_comes_first_and_is_relative(menu, tmp_path):
    (tmp_path / "lite" / "notebooks").mkdir(parents=True)
    (tmp_path / "lite" / "notebooks" / "index.html").touch()
    assert "JupyterLite" not in menu()  # as long as the page's own notebook is not there, as of a lab that needs PyTorch
    (tmp_path / "lite" / "files" / "book").mkdir(parents=True)
    (tmp_path / "lite" / "files" / "book" / "cell.ipynb").touch()
    assert next(iter(menu().items())) == ("JupyterLite", "../lite/notebooks/index.html?path=book/cell.ipynb")
