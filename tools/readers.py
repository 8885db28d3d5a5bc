"""Every chapter and every lab as a notebook that a reader can open elsewhere: in JupyterLite, on Colab, Binder or a JupyterHub.

    python tools/readers.py FOLDER [REVISION]     write them, for the branch that the pages' rocket menu leads to

REVISION is the tag or branch of the repository from which rnncore is installed there; main if left out. Outputs are left out, links
to other pages lead to the published book, and the first cell says what there is to know about the place.
"""

import base64
import mimetypes
import os
import re
import sys
from pathlib import Path

import nbformat
import yaml
from myst_nb.core.read import is_myst_markdown_notebook, read_myst_markdown_notebook
from nbformat.v4 import new_code_cell, new_markdown_cell
from plain_markdown import plain, sources

ROOT = Path(__file__).resolve().parents[1]
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text("utf8"))
SOURCES = sources((ROOT / "book" / "references.bib").read_text("utf8"))
NEEDS_TORCH = re.compile(r"^\s*(import torch|from torch|from rnncore\.pytorch|import rnncore\.pytorch)", re.MULTILINE)
LINK = re.compile(r"\]\((?!\w+:|#)([\w/.-]+?)\.(?:md|ipynb)(#[\w-]+)?\)")  # to another page of the book
IN_BROWSER = """You are running this page in your own browser; nothing is installed or sent anywhere. Python is starting: wait until the
circle at the top right is empty, then run the cells. **What you change is kept in this browser only**, until its site data are
cleared; *File > Download* saves a copy. To begin anew, delete the notebook under *File > Open*."""
NO_TORCH = "\n\nCells that import `torch` cannot run here, because PyTorch does not exist in the browser; all others can."
INSTALL = """# Where rnncore is not installed yet, such as on Colab, this installs it.
import importlib.util

if importlib.util.find_spec("rnncore") is None:
    %pip install --quiet "rnncore @ {source}"
"""


def main():
    folder, revision = Path(sys.argv[1]), [*sys.argv[2:], "main"][0]
    source = f"git+{CONFIG['repository']['url']}@{revision}"
    for path, notebook in pages():
        notebook.cells.insert(0, new_code_cell(INSTALL.format(source=source), id="install-rnncore"))
        write(notebook, folder / path)
    packages = f"--extra-index-url https://download.pytorch.org/whl/cpu\ntorch\nplotly\nipywidgets\nrnncore @ {source}\n"
    (folder / "requirements.txt").write_text(packages)  # for Binder
    (folder / "README.md").write_text(f"The notebooks of [{CONFIG['title']}]({CONFIG['html']['baseurl']}), built from {revision}.\n")


def pages():
    """Yield the path and the notebook of every chapter and lab."""
    for source in sorted(ROOT.glob("book/*.md")):
        text = source.read_text("utf8")
        if is_myst_markdown_notebook(text):
            yield f"book/{source.stem}.ipynb", stripped(read_myst_markdown_notebook(text), "book")
    for source in sorted(ROOT.glob("labs/*/*.ipynb")):
        yield str(source.relative_to(ROOT)), stripped(nbformat.read(source, 4), str(source.parent.relative_to(ROOT)))


def stripped(notebook, folder):
    """A notebook without outputs, the same at every build, whose links to other pages lead to the published book."""
    for number, cell in enumerate(notebook.cells):
        cell["id"] = cell["id"] if "nbgrader" in cell.metadata else f"c{number:03d}"
        if cell.cell_type == "markdown":
            source = plain(cell.source, SOURCES) if folder == "book" else cell.source
            cell.source = embedded(LINK.sub(lambda link: f"]({address(folder, *link.groups())})", source))
        else:
            cell.outputs, cell.execution_count = [], None
    notebook.metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}}
    notebook.nbformat_minor = 5
    return notebook


def address(folder, page, anchor):
    return f"{CONFIG['html']['baseurl'].rstrip('/')}/{os.path.normpath(f'{folder}/{page}')}.html{anchor or ''}"


def in_browser(notebook):
    """The notebook for JupyterLite: its kernel, and a first cell that says where edits are kept and what cannot run."""
    torch = any(cell.cell_type == "code" and NEEDS_TORCH.search(cell.source) for cell in notebook.cells)
    notebook.cells.insert(0, new_markdown_cell(IN_BROWSER + NO_TORCH * torch, id="where-edits-are-kept"))
    notebook.metadata = {"kernelspec": {"name": "python", "display_name": "Python (Pyodide)", "language": "python"}}
    return notebook


def embedded(source):
    """The text with the book's pictures in it, so that the notebook is one file; JupyterLab attaches no SVG."""

    def data(picture):
        content = base64.b64encode((ROOT / "book" / "figures" / picture[1]).read_bytes()).decode()
        return f"](data:{mimetypes.guess_type(picture[1])[0]};base64,{content})"

    return re.sub(r"\]\(figures/([\w.-]+)\)", data, source)


def write(notebook, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)


if __name__ == "__main__":
    main()
