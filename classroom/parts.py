"""The parts of grading that the runner is given: what was handed out, the notebook in a folder, and what grades it.

release(course, lab)     from the gradebook
find(folder, release)    the doctor's
grade(task)              the doctor, the library, the judge
"""

from classroom.grading.task import grade

__all__ = ["find", "grade", "release"]


def release(course, lab):
    """What was handed out, as the gradebook knows it."""
    from classroom.grading.release import from_gradebook

    return from_gradebook(course.db_url, lab)


def find(folder, release):
    """The bytes of the notebook in a folder."""
    from classroom.grading.doctor import find

    return find(folder, release)
