"""JupyterLite: from a page's rocket menu to a lab that is solved and checked in the browser, with nothing from outside."""

import re
from pathlib import Path

import nbformat
import pytest

from tests.browser.learner import launch, rewrite, run, solutions

ROOT = Path(__file__).parents[2]
SITE = ROOT / "_build" / "html"
LAB = "labs/lab01_recurrent_cell/lab01_recurrent_cell"
RESULTS = """import pathlib, rnncore
print(*sorted((pathlib.Path(rnncore.__file__).parents[1] / "benchmarks" / "experiments").glob("*.json")))
from rnncore.tasks import language_reference
print(len(language_reference()), "characters")"""  # as chapters do
PAGES = sorted(str(path.relative_to(SITE).with_suffix("")) for path in (SITE / "book").glob("*.html"))

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("kernel")]  # one at a time: a start takes seconds of all cores


@pytest.mark.parametrize("address", ["site", "below"])
def test_solve_a_step_of_lab_1_and_see_its_check_pass(open_page, request, address):
    tab, complaints = launch(open_page, request.getfixturevalue(address), LAB)
    tab.locator(".jp-MarkdownCell", has_text="kept in this browser only").wait_for()
    cells = {
        name: tab.locator(".jp-CodeCell", has_text=text).first
        for name, text in {"setup": "grading, lab01", "write": "def rnn_step_forward", "check": "lab01.step_forward.check"}.items()
    }
    assert "Error" not in run(tab, cells["setup"])
    assert "is not defined yet" in run(tab, cells["check"]), "nothing is written yet"
    rewrite(tab, cells["write"], solutions(Path(LAB).name)["step_forward"])
    assert "Error" not in run(tab, cells["write"])
    assert re.search(r"rnn_step_forward is right: the worked example and \d+ fresh inputs", run(tab, cells["check"]))
    assert not complaints.outside and not complaints.failed, complaints


def test_a_figure_of_a_chapter_is_drawn(open_page, site):
    tab, complaints = launch(open_page, site, "book/index")
    cell = tab.locator(".jp-CodeCell", has_text="def distance_after").first
    run(tab, cell)
    tab.wait_for_selector(".jp-CodeCell .js-plotly-plot svg.main-svg", timeout=30000)
    rewrite(tab, cell, f"# in the place of def distance_after\n{RESULTS}")  # the locator finds its cell by these words
    shown = run(tab, cell)
    assert "depth.json" in shown, "the results of experiments are not where chapters look for them"
    assert re.search(r"\d{6} characters", shown), "the text of the character model is not there"
    assert not complaints.outside and not complaints.failed, complaints


def test_a_picture_of_a_chapter_is_shown(open_page, site):
    tab, complaints = launch(open_page, site, "book/recurrent_cell")
    picture = tab.locator(".jp-MarkdownCell img").first
    picture.wait_for()
    tab.wait_for_function("picture => picture.naturalWidth > 0", arg=picture.element_handle())
    assert not complaints.outside and not complaints.failed, complaints


@pytest.mark.parametrize("path", PAGES)
def test_every_executed_page_offers_its_notebook(path):
    text = (SITE / f"{path}.html").read_text("utf8")
    if not (ROOT / "_executed" / f"{path}.ipynb").exists():
        pytest.skip("not a notebook")
    up = "../" * path.count("/")
    assert f'href="{up}lite/notebooks/index.html?path={path}.ipynb"' in text
    assert (SITE / "lite" / "files" / f"{path}.ipynb").exists()
    assert f'href="{up}_sources/{path}.ipynb"' in text
    download = nbformat.read(SITE / "_sources" / f"{path}.ipynb", 4)
    nbformat.validate(download)
    assert any(cell.cell_type == "code" for cell in download.cells)
