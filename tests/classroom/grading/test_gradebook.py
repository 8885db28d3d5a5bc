"""What is written is what `nbgrader autograde` would leave: a teacher's marks stay, and in feedback is the sentence, and nothing acts."""

import json
from concurrent.futures import ThreadPoolExecutor, wait

import nbformat
import pytest
from bleach._vendor import html5lib  # reads HTML as browsers do
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output, new_raw_cell
from nbgrader.api import Gradebook

from classroom.grading.bundle import load
from classroom.grading.collect import lock
from classroom.grading.gradebook import Writer
from tests.classroom import marks
from tests.classroom.conftest import CHECK, LAB, nbgrader
from tests.classroom.graders import WRONG

pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")  # of nbgrader's, where a test uses its gradebook


def test_marks_and_comments_of_a_teacher_stay(course, hand_in, run):
    hand_in("ada", "wrong")
    run("grade", LAB)
    with Gradebook(course.db_url, "rnn") as gradebook:
        gradebook.find_grade("why", LAB, LAB, "ada").manual_score = 3.5
        gradebook.find_grade("check_half", LAB, LAB, "ada").extra_credit = 0.5
        gradebook.find_grade("check_double", LAB, LAB, "ada").manual_score = 1
        gradebook.find_comment("double", LAB, LAB, "ada").manual_comment = "Nearly."
        gradebook.db.commit()
    hand_in("ada", "right")
    run("regrade", LAB)
    one = marks.of(course, LAB)["ada"]
    assert one["manual"] == {"check_double": 1, "check_half": None, "why": 3.5} and one["auto"]["check_double"] == 3
    assert one["comments"]["double"] == "Nearly." and one["look"]["check_double"]  # nbgrader: look again at a manual mark
    with Gradebook(course.db_url, "rnn") as gradebook:
        assert gradebook.find_submission(LAB, "ada").score == 1 + 2.5 + 3.5
    (bundle,) = load(course.bundles, LAB)
    Writer(course).write(bundle)
    assert marks.of(course, LAB)["ada"] == one


def test_an_answer_that_nobody_wrote_has_no_points(folder, course, hand_in, run):
    place = hand_in("ada", "right")
    released = nbformat.read(folder / "labs" / LAB / f"{LAB}.ipynb", as_version=4)
    notebook = nbformat.read(place / f"{LAB}.ipynb", as_version=4)
    notebook.cells[-1] = released.cells[-1]
    nbformat.write(notebook, place / f"{LAB}.ipynb")
    run("grade", LAB)
    one = marks.of(course, LAB)["ada"]
    assert one["auto"]["why"] == 0 and one["comments"]["why"] == "No response."


@pytest.mark.parametrize(
    ("when", "share"), [("2026-11-01 22:59:00 UTC", 0), ("2026-11-02 12:00:00 UTC", 0.1), ("2026-11-03 23:30:00 UTC", 0.3)]
)
def test_late_points_go_by_the_tables(course, hand_in, run, when, share):
    (course.data).mkdir(exist_ok=True)
    (course.data / "due.csv").write_text(f"lab,due\n{LAB},2026-11-01 23:59 +0100\n")
    (course.data / "extensions.csv").write_text(f"student,lab,hours\nben,{LAB},100\n")
    for name in ("ada", "ben"):
        hand_in(name, "right", when=when)
    run("grade", LAB)
    found = marks.of(course, LAB)
    assert found["ada"]["penalty"] == (pytest.approx(5 * share) if share else None) and found["ben"]["penalty"] is None


def test_an_extension_that_a_teacher_gave_in_nbgrader_stays(course, hand_in, run):
    course.data.mkdir(exist_ok=True)
    (course.data / "due.csv").write_text(f"lab,due\n{LAB},2026-11-01 00:00 UTC\n")
    hand_in("ada", "right", when="2026-11-03 00:00:00 UTC")
    run("grade", LAB)
    assert marks.of(course, LAB)["ada"]["penalty"] == 1
    with Gradebook(course.db_url, "rnn") as gradebook:
        gradebook.grant_extension(LAB, "ada", days=3)
    run("grade", LAB)
    assert marks.of(course, LAB)["ada"]["penalty"] is None


def test_a_table_that_cannot_be_read_is_said_and_no_mark_is_lost(course, hand_in, run):
    course.data.mkdir(exist_ok=True)
    (course.data / "due.csv").write_text(f"lab,due\n{LAB},tomorrow\n")
    hand_in("ada", "right")
    assert "due.csv, line 2: due is a date, a time and a zone" in run("grade", LAB).stdout
    (course.data / "due.csv").unlink()
    run("grade", LAB, "--resume")
    assert marks.of(course, LAB)["ada"]["auto"]["check_double"] == 3


ACTING = "<script>alert(1)</script><img src=x onerror=alert(1)><svg onload=alert(1)></svg><a href='javascript:alert(1)'>x</a>"


def test_feedback_has_the_sentence_and_nothing_that_acts_or_is_hidden(folder, course, hand_in, run):
    place = hand_in("ada", "half", written=f"See **here** {ACTING} ![p](attachment:p.svg) [x](javascript:alert(1)) $\\alpha$")
    path = place / f"{LAB}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[-1].attachments = {"p.svg": {"image/svg+xml": "<svg onload='alert(1)'/>"}}
    forms = {"text/html": ACTING, "application/javascript": "alert(1)", "image/svg+xml": f"<svg><script>alert(1)</script></svg>{ACTING}"}
    outputs = [new_output("display_data", data={form: text, "text/plain": "t"}) for form, text in forms.items()]
    outputs.append(
        new_output("display_data", data={"image/png": "aGk=", "text/plain": "t"}, metadata={"image/png": {"width": "1 onerror=alert(1)"}})
    )
    outputs.append(new_output("display_data", data={"image/png": '"><script>alert(1)</script>', "text/plain": "t"}))
    outputs.append(new_output("stream", text=ACTING))
    outputs.append(new_output("error", ename=ACTING, evalue=ACTING, traceback=[ACTING]))
    outputs.append(new_output("display_data", data={"text/markdown": ACTING, "text/latex": ACTING}))
    notebook.cells.insert(2, new_code_cell(f"# {ACTING}", outputs=outputs, metadata={"tags": ['"><script>alert(1)</script>']}))
    notebook.cells.insert(3, new_markdown_cell(ACTING))
    notebook.cells.insert(4, new_raw_cell(ACTING, metadata={"raw_mimetype": "text/html"}))
    notebook.metadata["title"] = "</title><script>alert(1)</script>"
    nbformat.write(notebook, path)
    run("grade", LAB)
    graded = folder / "classroom-data/autograded/ada" / LAB / f"{LAB}.ipynb"
    with_hidden_tests(graded)
    nbgrader(folder, "generate_feedback", LAB)
    html = (folder / "classroom-data/feedback/ada" / LAB / f"{LAB}.html").read_text()
    assert "This is what comes out when 1 is added." in html and "<strong>here</strong>" in html and "$\\alpha$" in html
    shown = "".join(html5lib.parse(html, namespaceHTMLElements=False).itertext())
    assert "secret" not in shown and "HIDDEN" not in shown and "assert double(1) == 2" in shown
    assert_harmless(html)
    formgrader(folder, html_of=graded)


def with_hidden_tests(path):
    """Make of a graded notebook what `nbgrader autograde` leaves: the hidden tests are in the cell, and quoted by its error."""
    path.chmod(0o644)
    notebook = nbformat.read(path, as_version=4)
    (cell,) = (cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == "check_double")
    cell.source = CHECK
    cell.outputs = [new_output("error", ename="AssertionError", evalue="It is 3.", traceback=["line 3", "----> secret_check(double)"])]
    nbformat.write(notebook, path)


def assert_harmless(html):
    """Whatever of the attack is there, is text."""
    for element in html5lib.parse(html, namespaceHTMLElements=False).iter():
        for name, value in element.attrib.items():
            assert not (str(name).startswith("on") and "alert(1)" in value), (element.tag, name)  # formgrader has handlers of its own
            assert "javascript:" not in value.lower(), (element.tag, value)
        assert element.tag != "svg" and "alert(1)" not in (element.text or "" if element.tag in ("script", "style") else ""), element.tag
        if element.tag == "img":
            assert element.attrib.get("src", "").startswith(
                ("data:image/png;base64,", "data:image/jpeg;base64,")
            ) or not element.attrib.get("src")


def formgrader(folder, html_of):
    """The page on which a teacher gives marks, as formgrader's own exporter makes it with the course's configuration."""
    from nbconvert.exporters import HTMLExporter
    from nbgrader.server_extensions.formgrader import handlers
    from traitlets.config import Config

    from classroom.course import open_course

    config = Config(open_course(folder).config)
    config.HTMLExporter.template_name = "formgrade"
    config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    names = ("assignment_id", "notebook_id", "submission_id", "base_url", "student", "last_name", "first_name", "notebook_path")
    html, _ = HTMLExporter(config=config).from_filename(str(html_of), resources=dict.fromkeys(names, "x") | {"index": 0, "total": 1})
    assert WRONG[:20] in html
    assert_harmless(html)


def test_what_is_compared_can_fail():
    with pytest.raises(AssertionError):
        assert_harmless("<p><img src=x onerror=alert(1)></p>")
    with pytest.raises(AssertionError):
        assert_harmless("<script>alert(1)</script>")


def test_the_autograded_notebook_says_which_result_it_is(folder, course, hand_in, run):
    hand_in("ada", "right")
    run("grade", LAB)
    (bundle,) = load(course.bundles, LAB)
    notebook = json.loads((folder / "classroom-data/autograded/ada" / LAB / f"{LAB}.ipynb").read_text())
    assert notebook["metadata"]["classroom"]["result"] == bundle.digest and Writer(course).has(bundle)
    assert not Writer(course).has(bundle._replace(flags=["other"]))


def test_a_submission_is_not_looked_at_while_it_is_exchanged(course, hand_in, run):
    place = hand_in("ada", "right")
    run("grade", LAB)
    (bundle,) = load(course.bundles, LAB)
    looks = [lambda: Writer(course).has(bundle), lambda: course.students(LAB) == ["ada"]]
    with ThreadPoolExecutor() as room:
        with lock(course.root):
            place.rename(place.with_name("old"))  # between a collecting's two renames
            found = [room.submit(look) for look in looks]
            wait(found, 0.5)
            place.with_name("old").rename(place)
        assert [one.result() for one in found] == [True, True]


def test_a_later_due_date_an_extension_or_another_time_is_written_without_grading_again(course, hand_in, run, tmp_path):
    def resumed():
        said = run("grade", LAB, "--resume", GRADER_LOG=str(tmp_path / "log")).stdout
        return "only had to be written" in said, marks.of(course, LAB)["ada"]["penalty"]

    due, extensions = (course.data / f"{name}.csv" for name in ("due", "extensions"))
    hand_in("ada", "right", when="2026-11-03 12:00:00 UTC")
    run("grade", LAB)
    assert resumed() == (False, None)
    extensions.write_text(f"student,lab,hours\nada,{LAB},24\n")  # of a lab that is not due
    assert resumed() == (True, None)
    due.write_text(f"lab,due\n{LAB},2026-11-01 00:00 UTC\n")
    assert resumed() == (True, 1) and resumed() == (False, 1)
    extensions.write_text(f"student,lab,hours\nada,{LAB},36\n")
    assert resumed() == (True, 0.5) and resumed() == (False, 0.5)
    hand_in("ada", "right", when="2026-11-01 12:00:00 UTC")
    assert resumed() == (True, None)
    extensions.write_text(f"student,lab,hours\nada,{LAB},0\n")
    due.write_text(f"lab,due\n{LAB},2026-11-09 00:00 UTC\n")
    assert resumed() == (True, None) and resumed() == (False, None)
    due.unlink()
    with Gradebook(course.db_url, "rnn") as gradebook:
        gradebook.update_or_create_assignment(LAB, duedate="2026-11-01 00:00:00 UTC")
    assert resumed() == (True, 0.5) and resumed() == (False, 0.5)
    assert not (tmp_path / "log").exists()
