"""Code that does not end."""

from tests.classroom.hostile.case import REST, case, first_step
from tests.classroom.hostile.submission import FULL, Submission

ENDS = "Code that does not end costs the step that it stands in, and no other."


@case(ENDS, REST, "did not finish", step_s=3)
def a_function_that_never_returns():
    return first_step("while True:\n    pass")


@case(ENDS, REST, step_s=3)
def a_function_that_ignores_interrupts():
    return first_step("""
        while True:
            try:
                while True:
                    pass
            except BaseException:
                pass
        """)


@case(ENDS, REST, "did not finish", step_s=3)
def a_function_that_sleeps():
    return first_step("""
        import time
        time.sleep(1e6)
        """)


@case("A cell of the student's own that does not end is stopped, and what was written before and after counts.", FULL, cell_s=4)
def a_cell_that_never_ends():
    return Submission().add("while True:\n    pass")


@case("A notebook has a budget as a whole: many slow cells do not hold up the class.", 0, "time", total_s=12)
def many_slow_cells():
    submission = Submission()
    for _ in range(60):
        submission.add("""
        import time
        time.sleep(3)
        """)
    return submission
