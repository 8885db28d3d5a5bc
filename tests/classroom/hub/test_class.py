"""A class from the first login to the exported grades, in Chromium: a student, one with a capstone, a teacher, and a restart between."""

import csv
import os
import re
import signal
import sys
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

from tests.browser.learner import rewrite, run, solutions
from tests.classroom.hub import pages
from tests.classroom.hub.course import HUB, ROOT, Class, make_course
from tests.classroom.hub.course import run as run_in

LAB, CAPSTONE = "lab01_recurrent_cell", "lab13_capstone"
ANSWER = "We predict the next ten minutes of the temperature, because the past hour decides them."
COMMENT = "Well argued; say also what a linear model would do."

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("classroom"),
    pytest.mark.skipif(not (ROOT / HUB / "node_modules").exists(), reason="the proxy is not installed: `make classroom-test` installs it"),
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="the processes of a class are looked for in /proc"),
]


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    """The class."""
    held = Class(make_course(tmp_path_factory.mktemp("class") / "course", [LAB, CAPSTONE]))
    yield held
    held.stop()


@pytest.fixture
def look(request):
    """A function that keeps a picture of a page, where $CLASSROOM_PICTURES names a folder."""
    folder = os.environ.get("CLASSROOM_PICTURES")

    def look(page, name):
        if folder:
            page.screenshot(path=Path(folder) / f"{name}.png", animations="disabled")

    return look


def test_a_class_from_login_to_grades(held, chromium, look):
    work_through_a_lab(pages.log_in(chromium, held, "ada"), held, look)
    assert held.stop() == []
    held.start()
    ada, ben = (pages.log_in(chromium, held, name, theme="dark") for name in ("ada", "ben"))
    find_it_again_and_submit(ada, held, look)
    answer_in_words_and_submit(ben, held, look)
    teacher = pages.log_in(chromium, held, "teacher")
    grade(teacher, look)
    page = pages.read_feedback(ada, held, "ada", LAB)
    text = page.locator("body").inner_text()
    assert "(Score: 17.0 / 20.0)" in text and "it is not written yet" in text, text[:500]
    look(page, "feedback")
    text = pages.read_feedback(ben, held, "ben", CAPSTONE).locator("body").inner_text()
    assert "(Score: 2.0 / 20.0)" in text and COMMENT in text and ANSWER in text, text[:500]
    scores = export(teacher, held)
    assert scores == {
        (LAB, "ada"): 17,
        (LAB, "ben"): 0,
        (LAB, "chen"): 0,
        (CAPSTONE, "ada"): 0,
        (CAPSTONE, "ben"): 2,
        (CAPSTONE, "chen"): 0,
    }


def work_through_a_lab(ada, held, look):
    """A student finds no door to the teacher's side, fetches a lab, and writes all but the last step."""
    ada.get_by_role("menuitem", name="Nbgrader", exact=True).click()
    expect(ada.locator(".lm-Menu-itemLabel", has_text=re.compile(r"\S"))).to_have_text(["Assignment List"])
    ada.keyboard.press("Escape")
    assert ada.request.get(f"{held.address}/user/ada/formgrader/manage_assignments").status == 404
    assert ada.request.get(f"{held.address}/user/teacher/api/contents").status in (403, 404)
    pages.fetch(ada, LAB)
    look(ada, "student-list-light")
    pages.open_lab(ada, held, "ada", LAB)
    answers = solutions(LAB)
    for name, source in list(answers.items())[:-1]:
        rewrite(ada, cell_of(ada, LAB, name), source)
    run(ada, cell_of(ada, LAB, "setup"))
    run(ada, cell_of(ada, LAB, "step_forward"))
    assert "rnn_step_forward is right" in run(ada, cell_of(ada, LAB, "check_step_forward"))
    pages.save(ada)
    said = pages.validate(ada)
    assert said.count("The following cell failed") == 1 and "it is not written yet" in said, said
    look(ada, "student-notebook-light")
    ada.context.close()


def find_it_again_and_submit(ada, held, look):
    pages.open_lab(ada, held, "ada", LAB)
    cell = cell_of(ada, LAB, "step_forward")
    cell.scroll_into_view_if_needed()  # a cell is drawn after its notebook is there
    expect(cell).to_contain_text(solutions(LAB)["step_forward"].splitlines()[-1].strip())
    pages.submit(ada, LAB)
    look(ada, "student-list-dark")


def answer_in_words_and_submit(ben, held, look):
    """Another student answers one of the capstone's questions."""
    pages.fetch(ben, CAPSTONE)
    pages.open_lab(ben, held, "ben", CAPSTONE)
    cell = ben.locator(".jp-MarkdownCell", has_text="YOUR ANSWER HERE").first
    cell.dblclick()
    rewrite(ben, cell, ANSWER)
    ben.keyboard.press("Control+Enter")
    pages.save(ben)
    look(ben, "student-capstone-dark")
    pages.submit(ben, CAPSTONE)


def grade(teacher, look):
    """The teacher collects, grades, marks by hand, and gives feedback."""
    frame = pages.formgrader(teacher)
    for lab, student in ((LAB, "ada"), (CAPSTONE, "ben")):
        assert "Successfully collected" in pages.press(frame, lab, "collect")
        frame.locator("tbody tr", has_text=lab).locator("td.num-submissions a").click()
        assert "Successfully autograded" in pages.press(frame, student, "autograde")
        look(teacher, f"formgrader-{lab}-light")
        frame.get_by_role("link", name="Assignments").first.click()
    mark_by_hand(frame, look, teacher)
    for lab in (LAB, CAPSTONE):
        assert "Successfully generated" in pages.press(frame, lab, "generate-feedback")
        assert "Successfully released" in pages.press(frame, lab, "release-feedback")


def test_a_class_that_was_killed_goes_on(held, chromium):
    page = pages.log_in(chromium, held, "chen")
    port = str(held.port)
    assert "A class runs already on port" in run_in(
        held.course, held.course, sys.executable, "-m", "classroom.hub", "--port", port, status=1
    )
    hub = int((held.course / "classroom-data" / "hub" / "jupyterhub.pid").read_text())
    for process in (held.process.pid, hub):
        os.kill(process, signal.SIGKILL)
    held.process.wait()
    held.start()
    assert page.request.get(f"{held.address}/user/chen/api/contents").ok  # the same server, still logged in
    assert held.stop() == []


def export(page, held):
    """Export the grades in a terminal of JupyterLab and read them."""
    page.goto(f"{held.address}/user/teacher/lab?reset")
    page.locator(".jp-LauncherCard", has_text="Terminal").click()
    page.locator(".jp-Terminal-body .xterm-screen").wait_for(timeout=pages.SLOW)
    page.wait_for_timeout(2000)
    page.locator(".jp-Terminal-body").click()
    page.keyboard.type("nbgrader export --to grades.csv && mv grades.csv exported.csv\n")
    exported = held.course / "classroom-data" / "homes" / "teacher" / "exported.csv"
    wait_for(page, exported.exists)
    with open(exported, newline="") as file:
        return {(row["assignment"], row["student_id"]): float(row["score"]) for row in csv.DictReader(file)}


def mark_by_hand(frame, look, page):
    """In formgrader, give the capstone's first answer two points and write why."""
    frame.get_by_role("link", name="Manual Grading").click()
    rows = frame.locator("tbody")
    for _ in range(2):  # the lab, and its notebook
        rows.get_by_role("link", name=CAPSTONE).click()
    with page.expect_response(lambda answer: "/formgrader/api/comments" in answer.url), page.expect_response(grades):
        rows.get_by_role("link", name="Submission #1").click()
    for field, text, kind in (("textarea#choice-comment", COMMENT, "comment"), ("input.score#choice", "2", "grade")):
        frame.locator(field).fill(text)
        with page.expect_response(lambda answer, kind=kind: f"/api/{kind}/" in answer.url and answer.request.method == "PUT") as saved:
            frame.locator(field).press("Tab")
        assert saved.value.ok
    look(page, "formgrader-by-hand-light")
    frame.get_by_role("link", name="Manual Grading").click()
    frame.get_by_role("link", name="Manage Assignments").click()


def grades(answer):
    return "/formgrader/api/grades" in answer.url


def cell_of(page, lab, name):
    """The cell with a grade_id in the page of a lab, when all cells are there."""
    cells = [cell for cell in nbformat.read(ROOT / "labs" / lab / f"{lab}.ipynb", 4).cells if cell.cell_type == "code"]
    (place,) = [i for i, cell in enumerate(cells) if cell.metadata.get("nbgrader", {}).get("grade_id") == name]
    shown = page.locator(".jp-CodeCell")
    shown.nth(len(cells) - 1).wait_for(state="attached")
    return shown.nth(place)


def wait_for(page, condition, seconds=60):
    for _ in range(seconds * 5):
        if condition():
            return
        page.wait_for_timeout(200)
    raise AssertionError("waited in vain")
