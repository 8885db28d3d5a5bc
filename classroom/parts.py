"""The parts of grading that the runner is given: what was handed out, the notebook in a folder, and what grades it.

release(course, lab)     what was handed out, and the same as JSON
find(folder, release)    the bytes of the notebook in a folder, by the doctor
grade(task)              the doctor, the library, the judge
"""

from pathlib import Path

from classroom.grading.task import Stop, grade

__all__ = ["find", "grade", "release"]


def release(course, lab):
    """What was handed out, from the folder of releases, where the gradebook has the same checks.

    Raises:
        Stop: the lab is not in the gradebook, or is another one there.
    """
    from classroom.grading.release import from_gradebook, from_notebook, to_json

    enter = f"`nbgrader generate_assignment {lab} --force` enters it."
    try:
        booked = from_gradebook(course.db_url, lab)
    except Exception as why:  # nbgrader's MissingEntry, or what the release says of it
        raise Stop(f"The gradebook has no lab {lab} ({why}); {enter}") from None
    handed_out = Path(course.coursedir.format_path(course.coursedir.release_directory, ".", lab), f"{lab}.ipynb")
    if not handed_out.is_file():
        return booked, to_json(booked)
    found = from_notebook(handed_out)
    if {name: cell.checksum for name, cell in found.named.items()} != {name: cell.checksum for name, cell in booked.named.items()}:
        raise Stop(f"{handed_out} has other cells than the gradebook; {enter}")
    return found, to_json(found)


def find(folder, release):
    """The bytes of the notebook in a folder; raises the doctor's `Refused`."""
    from classroom.grading.doctor import find

    return find(folder, release)
