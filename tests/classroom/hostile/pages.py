"""Pages that the teacher or another student will open."""

from tests.classroom.hostile.case import CANARY, REST, case, first_step
from tests.classroom.hostile.submission import FULL, Submission

HARMLESS = "No script of a student's runs in the browser of the teacher, or of anyone who reads the feedback."
SCRIPT = f"<script>document.title = '{CANARY}'</script><img src=x onerror=\"document.title = '{CANARY}'\">"


@case(HARMLESS, FULL)
def a_script_in_an_output():
    script = SCRIPT.replace(CANARY, "hacked")
    return Submission().add(f"""
        from IPython.display import HTML, SVG, Javascript, display
        display(HTML({script!r}), SVG("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"))
        display(Javascript("document.title = 'hacked'"))
        """)


@case(HARMLESS, FULL)
def a_script_in_a_text():
    return Submission().add(
        SCRIPT.replace(CANARY, "hacked")
        + """


        [link](javascript:alert(1))
        """,
        cell_type="markdown",
    )


@case(HARMLESS, REST)
def a_script_in_an_error():
    return first_step(f"raise ValueError({SCRIPT.replace(CANARY, 'hacked')!r})")
