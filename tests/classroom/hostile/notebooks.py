"""Notebooks whose locked cells, points or order have been changed."""

from tests.classroom.hostile.case import case
from tests.classroom.hostile.submission import FULL, Submission

REBUILT = "Locked cells, points and order are the teacher's, whatever stands in the file that comes in."


def unanswered(change):
    """A submission without an answer, changed."""
    submission = Submission(answered=False)
    change(submission)
    return submission


@case(REBUILT, 0)
def checks_that_are_deleted():
    def change(submission):
        submission.notebook.cells = [cell for cell in submission.notebook.cells if cell not in submission.checks()]

    return unanswered(change)


@case(REBUILT, 0)
def checks_that_are_emptied():
    def change(submission):
        for cell in submission.checks():
            cell.source = "pass"

    return unanswered(change)


@case(REBUILT, 0)
def checks_that_become_text():
    def change(submission):
        for cell in submission.checks():
            cell.cell_type = "markdown"
            del cell["outputs"], cell["execution_count"]

    return unanswered(change)


@case(REBUILT, 0)
def tags_that_alter_execution():
    def change(submission):
        for cell in submission.checks():
            cell.metadata["tags"] = ["skip-execution", "raises-exception", "remove-cell"]

    return unanswered(change)


@case(REBUILT, 3)
def points_that_are_raised():
    submission = Submission(answered=False)
    submission.answer("step_forward", Submission().cell("step_forward").source)
    submission.cell("check_step_forward").metadata["nbgrader"]["points"] = 1000
    return submission


@case(REBUILT, 0)
def checks_that_are_unlocked_and_answered():
    def change(submission):
        for cell in submission.checks():
            cell.metadata["nbgrader"] |= {"locked": False, "solution": True}
            cell.source = "1000.0"

    return unanswered(change)


@case(REBUILT, 0)
def checks_that_are_doubled():
    def change(submission):
        for cell in submission.checks():
            again = {**cell, "source": "pass", "id": cell["id"][::-1]}
            submission.notebook.cells.insert(0, type(cell)(again))

    return unanswered(change)


@case(REBUILT, 0)
def checks_that_are_renamed():
    def change(submission):
        for cell in submission.checks():
            cell.metadata["nbgrader"]["grade_id"] += "_old"

    return unanswered(change)


@case(REBUILT, FULL)
def cells_in_reverse_order():
    submission = Submission()
    submission.notebook.cells.reverse()
    return submission


@case(REBUILT, FULL)
def another_kernel_and_language():
    submission = Submission()
    submission.notebook.metadata = {"kernelspec": {"name": "bash", "display_name": "Bash", "language": "bash"}}
    return submission


@case(REBUILT, 0)
def outputs_that_say_full_marks():
    def change(submission):
        for cell in submission.checks():
            cell.outputs = [{"output_type": "execute_result", "data": {"text/plain": "1000.0"}, "metadata": {}, "execution_count": 1}]

    return unanswered(change)
