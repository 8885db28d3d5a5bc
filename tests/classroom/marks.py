"""What a class's gradebook and folders say, as plain data that two runs can be compared by."""

from nbgrader.api import Gradebook

from classroom.grading.bundle import load


def of(course, lab):
    """dict from students to their marks, comments and whether a teacher should look."""
    with Gradebook(course.db_url, "rnn") as gradebook:
        found = {}
        for submission in gradebook.assignment_submissions(lab):
            (notebook,) = submission.notebooks
            found[submission.student.id] = {
                "auto": {grade.name: grade.auto_score for grade in notebook.grades},
                "manual": {grade.name: grade.manual_score for grade in notebook.grades},
                "look": {grade.name: grade.needs_manual_grade for grade in notebook.grades},
                "comments": {comment.name: comment.comment for comment in notebook.comments},
                "penalty": notebook.late_submission_penalty,
            }
        assert len(found) == len(gradebook.assignment_submissions(lab))  # nobody twice
        return found


def bundled(course, lab):
    """dict from students to the outcome and points of their current bundle."""
    return {one.student: (one.status, sum(check["points"] for check in one.checks)) for one in load(course.bundles, lab)}
