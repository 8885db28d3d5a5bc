"""All the submissions, in the order of the table in the instructors' guide."""

from tests.classroom.hostile import endless, exits, files, honest, notebooks, pages, reading, resources, verdict  # noqa: F401 (they enter)
from tests.classroom.hostile.case import CASES

__all__ = ["CASES"]
