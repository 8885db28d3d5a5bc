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
IMPORT = re.compile(r"^\s*(?:import|from)\s+([\w.]+)", re.MULTILINE)
LIBRARIES = {  # import: package
    "torch": "torch",
    "tokenizers": "tokenizers",
    "sacrebleu": "sacrebleu",
    "rouge_score": "rouge-score",
    "babel": "babel",
    "networkx": "networkx",
    "certifi": "certifi",
}
INSIDE = {  # what a part of rnncore needs besides NumPy
    "rnncore.pytorch": ["torch"],
    "rnncore.tasks.dates": ["babel"],
    "rnncore.tasks.names": ["babel", "networkx", "certifi"],
}
LINK = re.compile(r"\]\((?!\w+:|#)([\w/.-]+?)\.(?:md|ipynb)(#[\w-]+)?\)")  # to another page of the book
IN_BROWSER = """You are running this page in your own browser; nothing is installed or sent anywhere. Python is starting: wait until the
circle at the top right is empty, then run the cells. **What you change is kept in this browser only**, until its site data are
cleared; *File > Download* saves a copy. To begin anew, delete the notebook under *File > Open*."""
NOT_HERE = "\n\nCells that need {}, and cells that use what these define, cannot run here: {}. All others can."
INSTALL = """# Where rnncore is not installed yet, such as on Colab, this installs it.
import importlib.util

if importlib.util.find_spec("rnncore") is None:
    %pip install --quiet "rnncore @ {source}"{others}
"""


def main():
    folder, revision = Path(sys.argv[1]), [*sys.argv[2:], "main"][0]
    source = f"git+{CONFIG['repository']['url']}@{revision}"
    for path, notebook in pages():
        others = "".join(f" {LIBRARIES[name]}" for name in libraries(notebook))
        notebook.cells.insert(0, new_code_cell(INSTALL.format(source=source, others=others), id="install-rnncore"))
        write(notebook, folder / path)
    packages = [
        "--extra-index-url https://download.pytorch.org/whl/cpu",
        *LIBRARIES.values(),
        "plotly",
        "ipywidgets",
        f"rnncore @ {source}",
    ]
    (folder / "requirements.txt").write_text("\n".join(packages) + "\n")  # for Binder
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


def libraries(notebook):
    """Which of LIBRARIES the cells of a notebook need, in their order there."""
    modules = {name for cell in notebook.cells if cell.cell_type == "code" for name in IMPORT.findall(cell.source)}
    needed = {module.split(".")[0] for module in modules}
    for part, names in INSIDE.items():
        if any(f"{module}.".startswith(f"{part}.") for module in modules):
            needed.update(names)
    return [name for name in LIBRARIES if name in needed]


def runs_in_browser(path, notebook):
    """Whether JupyterLite offers a notebook.

    A chapter can be read without its cells of PyTorch. A lab that imports it, and not only where it is there (`try`, `if`), cannot be done
    without.
    """
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    return not (path.startswith("labs/") and re.search(r"^(?:import|from) (?:torch|rnncore\.pytorch)\b", code, re.MULTILINE))


def in_browser(notebook):
    """The notebook for JupyterLite: its kernel, and a first cell that says where edits are kept and what cannot run."""
    absent, first = libraries(notebook), IN_BROWSER
    if absent:
        reasons = ["PyTorch does not exist in the browser"] * ("torch" in absent)
        reasons += [f"`{name}` is not part of this page's Python" for name in absent if name != "torch"]
        first += NOT_HERE.format(" or ".join(f"`{name}`" for name in absent), "; ".join(reasons))
    notebook.cells.insert(0, new_markdown_cell(first, id="where-edits-are-kept"))
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
