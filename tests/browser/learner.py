"""A learner who works through a notebook in Jupyter's page, with keyboard and mouse; the same in JupyterLab and in JupyterLite.

select_kernel   answer Jupyter's question for a kernel, if it asks
run             run one cell and read what it shows
rewrite         write a cell anew
solutions       what a solved lab has in the code cells that learners write
checked         those of them that have a check
work_through    a whole lab, from blank to full marks
"""

import contextlib
import re
import time
from pathlib import Path

import jupytext
import nbformat
from playwright.sync_api import TimeoutError

ROOT = Path(__file__).parents[2]
GRADING = "import os\n\nos.environ['NBGRADER_EXECUTION'] = 'validate'\n\n\n"  # in a cell that may be written in; the first one is locked


def launch(open_page, address, path):
    """Click on JupyterLite in the rocket menu of a page; return the new tab and the complaints."""
    page, complaints = open_page(f"{path}.html", site=address)
    page.locator(".dropdown-launch-buttons button").click()
    with page.context.expect_page() as opened:
        page.locator(".dropdown-launch-buttons a", has_text="JupyterLite").click()
    tab = opened.value
    tab.on("response", lambda answer: complaints.failed.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None)
    tab.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60000)
    return tab, complaints


def select_kernel(tab):
    """Answer the dialog in which Jupyter asks for a kernel, if it does: a cell that is run before the kernels are listed brings it up."""
    dialog = tab.locator(".jp-Dialog")
    if dialog.is_visible():
        assert "Select Kernel" in dialog.inner_text(), dialog.inner_text()
        dialog.locator(".jp-mod-accept").click(timeout=3000)
        dialog.wait_for(state="hidden")


def run(tab, cell, timeout=120):
    """Run a cell, wait at most so many seconds until it is done, and return what it shows."""
    prompt, tries = cell.locator(".jp-InputPrompt"), 0
    before = prompt.text_content()
    while prompt.text_content() == before:  # until the kernel is there, Jupyter passes over a cell that is run, or asks for a kernel
        assert tries < 40, f"Jupyter does not run the cell: {cell.inner_text()[:200]}"
        tries += 1
        with contextlib.suppress(TimeoutError):
            select_kernel(tab)
            cell.locator(".cm-content").click(timeout=3000)
            tab.keyboard.press("Control+Enter")
            _wait(tab, lambda: prompt.text_content() != before, 3)
    _wait(tab, lambda: re.search(r"\d", prompt.text_content()), timeout)
    if tries > 1:  # a slow machine may have taken the second try for another run
        tab.wait_for_timeout(500)
        _wait(tab, lambda: re.search(r"\d", prompt.text_content()), timeout)
    return "\n".join(cell.locator(".jp-OutputArea-output").all_inner_texts())


def _wait(tab, condition, seconds):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds} s")
        tab.wait_for_timeout(50)


def rewrite(tab, cell, source):
    """Replace the text of a cell."""
    cell.locator(".cm-content").click()
    tab.keyboard.press("Control+a")
    tab.keyboard.insert_text(source)


def solutions(lab):
    """A dict from the grade_id of each code cell that learners write to its text in the solved lab."""
    cells = [cell for cell in jupytext.read(ROOT / "solutions" / f"{lab}.py").cells if cell.cell_type == "code"]
    written = {cell.metadata["nbgrader"]["grade_id"]: cell.source for cell in cells if cell.metadata.get("nbgrader", {}).get("solution")}
    return {name: re.sub(r"\n *### (BEGIN|END) SOLUTION", "", source) for name, source in written.items()}


def checked(lab):
    """The grade_ids of the code cells that have a check; in a capstone, some are there without one."""
    cells = nbformat.read(ROOT / "labs" / lab / f"{lab}.ipynb", 4).cells
    return [name for name in solutions(lab) if any(cell.metadata.get("nbgrader", {}).get("grade_id") == f"check_{name}" for cell in cells)]


def work_through(tab, lab, train=False):
    """Do a lab as a learner does: run each cell; where there is something to write, run the check first, then write, and check again.

    A cell to write that has no check is written at once, and answers in words are left out.

    Args:
        tab: a page with the lab's notebook.
        lab: its name.
        train: whether the experiment's networks are trained; if not, the notebook is told what nbgrader tells it.
    Returns:
        A list of (grade_id, seconds, what the check said before, and after), and the seconds of all cells.
    """
    begin, told, writes = time.monotonic(), [], None
    cells = [cell for cell in nbformat.read(ROOT / "labs" / lab / f"{lab}.ipynb", 4).cells if cell.cell_type == "code"]
    shown, answers, graded = tab.locator(".jp-CodeCell"), solutions(lab), checked(lab)
    shown.nth(len(cells) - 1).wait_for(state="attached")
    for i, cell in enumerate(cells):
        place, state = shown.nth(i), cell.metadata.get("nbgrader", {})
        if state.get("grade") and not state.get("solution"):
            start, before = time.monotonic(), run(tab, place)
            grade_id, line = writes
            rewrite(tab, line, ("" if train else GRADING) + answers[grade_id])
            assert "Error" not in run(tab, line), f"{lab}: the solution of {grade_id} stopped"
            told.append((grade_id, time.monotonic() - start, before, run(tab, place)))
        else:
            if state.get("solution") and state["grade_id"] not in graded:
                rewrite(tab, place, answers[state["grade_id"]])
            output = run(tab, place, timeout=300)
            assert "Error" not in output, f"{lab}, cell {i}: {output[-500:]}"
            if state.get("solution"):
                writes = state["grade_id"], place
    return told, time.monotonic() - begin
