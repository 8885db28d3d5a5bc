"""Notebooks for readers: links lead to the book, the first cell says what there is to know, and two builds are equal."""

import ast
import base64
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

PATH = Path(__file__).parents[2] / "tools" / "readers.py"


@pytest.fixture(scope="module")
def readers():
    sys.path.insert(0, str(PATH.parent))  # as when it runs as a script
    spec = importlib.util.spec_from_file_location("readers", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.path.remove(str(PATH.parent))
    return module


def test_links_to_other_pages_lead_to_the_book(readers):
    text = "[a](recurrent_cell.md#step) [b](../labs/lab01/lab01.ipynb) [c](https://x.org/y.md) [d](#here)"
    base = readers.CONFIG["html"]["baseurl"].rstrip("/")
    [cell] = readers.stripped(new_notebook(cells=[new_markdown_cell(text)]), "book").cells
    expected = f"[a]({base}/book/recurrent_cell.html#step) [b]({base}/labs/lab01/lab01.html) [c](https://x.org/y.md) [d](#here)"
    assert cell.source == expected


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import numpy", []),
        ("import torchvision_of_another_name\nimport tokens", []),
        ("x = 1\nimport torch", ["Cells that need `torch`, and", "here: PyTorch does not exist in the browser. All others can."]),
        ("from torch.nn import GRU", ["PyTorch does not exist in the browser"]),
        ("from rnncore.pytorch import f", ["PyTorch does not exist in the browser"]),
        ("from rnncore.pytorch.layers import f", ["PyTorch does not exist in the browser"]),
        ("from rnncore.pytorch_of_another_name import f\nfrom rnncore.tasks.text import g", []),
        ("from babel.dates import format_date", ["Cells that need `babel`, and"]),
        ("from rnncore.tasks.dates import dates", ["Cells that need `babel`, and", "`babel` is not part of this page's Python"]),
        ("from rnncore.tasks.names import (\n    TAGS,\n)", ["Cells that need `babel` or `networkx` or `certifi`, and"]),
        ("from tokenizers import models", ["Cells that need `tokenizers`, and", "`tokenizers` is not part of this page's Python"]),
        ("if True:\n    import sacrebleu", ["`sacrebleu` is not part of this page's Python"]),
        ("from rouge_score import rouge_scorer\nimport torch", ["`torch` or `rouge_score`", "the browser; `rouge_score` is not part"]),
    ],
)
def test_a_page_says_which_libraries_it_cannot_have(readers, code, said):
    notebook = readers.in_browser(readers.stripped(new_notebook(cells=[new_code_cell(code)]), "book"))
    first = notebook.cells[0].source
    assert "kept in this browser only" in first
    assert ("cannot run here" in first) is bool(said)
    assert all(sentence in first for sentence in said)


def test_a_lab_that_needs_pytorch_is_not_for_the_browser(readers):
    by_path = {path: readers.runs_in_browser(path, notebook) for path, notebook in readers.pages()}
    needs_torch = [path for path, runs in by_path.items() if not runs]
    assert "labs/lab12_pytorch_gpu/lab12_pytorch_gpu.ipynb" in needs_torch and all(path.startswith("labs/") for path in needs_torch)
    assert by_path["labs/lab05_lstm/lab05_lstm.ipynb"] and by_path["book/lstm.ipynb"]
    assert by_path["labs/lab02_bptt_by_hand/lab02_bptt_by_hand.ipynb"]  # it imports PyTorch where there is one


def test_what_only_the_prose_imports_is_not_missed(readers):
    assert readers.libraries(new_notebook(cells=[new_markdown_cell("import torch")])) == []


def test_what_the_tasks_take_their_data_from_is_known(readers):
    for path in (PATH.parents[1] / "rnncore" / "tasks").glob("*.py"):
        asked = {name.split(".")[0] for name in re.findall(r'require\("\w+", "([\w.]+)"\)', path.read_text("utf8"))}
        assert asked == set(readers.INSIDE.get(f"rnncore.tasks.{path.stem}", [])), path.name
    assert set().union(*readers.INSIDE.values()) <= set(readers.LIBRARIES)


def test_every_library_is_a_requirement_of_the_course(readers):
    asked = re.findall(r"^([\w-]+)", (PATH.parents[1] / "requirements.txt").read_text("utf8"), re.MULTILINE)
    assert set(readers.LIBRARIES.values()) <= set(asked)


def test_every_page_is_written_twice_the_same(readers, tmp_path):
    for folder in ("a", "b"):
        subprocess.run([sys.executable, PATH, tmp_path / folder, "v1.2.3"], check=True)
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*.*"))
    assert len([path for path in files if path.suffix == ".ipynb"]) >= 4
    for path in files:
        assert (tmp_path / "a" / path).read_bytes() == (tmp_path / "b" / path).read_bytes()
        if path.suffix == ".ipynb":
            notebook = nbformat.read(tmp_path / "a" / path, 4)
            nbformat.validate(notebook)
            first = notebook.cells[0].source
            assert "git+https://github.com/rnn-course/rnn-course@v1.2.3" in first
            ast.parse(first.replace("%pip install", "pass #"))
            cells = [cell.source for cell in notebook.cells[1:] if cell.cell_type == "code"]
            assert " torch" in first or not any("\nimport torch\n" in f"\n{source}\n" for source in cells)


MYST = """(here)=
# Title
$$a = b$$ (eq-a)

See {eq}`eq-a`, {ref}`there <here>`, {cite:t}`elman1990` and {cite:p}`elman1990`.

```{figure} figures/a.svg
:name: fig-a
:alt: An arrow
from a to b.

What it shows.
```

::::{grid} 1 1 2 2
:gutter: 2

:::{grid-item-card} A card
Its text.
:::
::::

```python
x = {"cite:t": `elman1990`}
```"""
MARKDOWN = """# Title
$$a = b$$

See the equation, there, Elman (1990) and (Elman, 1990).

![An arrow from a to b.](figures/a.svg)

*What it shows.*


**A card**

Its text.

```python
x = {"cite:t": `elman1990`}
```"""


def test_myst_becomes_plain_markdown(readers):
    assert readers.plain(MYST, readers.SOURCES) == MARKDOWN


def test_no_chapter_keeps_marks_of_myst(readers):
    for path, notebook in readers.pages():
        for cell in notebook.cells:
            if cell.cell_type == "markdown" and path.startswith("book/"):
                left = re.findall(r"^[`:]{3,}\{.*|^\([\w:.-]+\)=$|\{[\w:]+\}`", cell.source, re.MULTILINE)
                assert left == [], f"{path}: {left}"


def test_pictures_are_part_of_the_notebook(readers):
    text = "\n".join(cell.source for _, notebook in readers.pages() for cell in notebook.cells if cell.cell_type == "markdown")
    assert "](figures/" not in text
    shown = re.findall(r"\]\(data:image/svg\+xml;base64,([^)]+)\)", text)
    assert (PATH.parents[1] / "book" / "figures" / "recurrent_cell_step.svg").read_bytes() in [base64.b64decode(data) for data in shown]
