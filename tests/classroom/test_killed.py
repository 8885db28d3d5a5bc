"""A class goes on after SIGKILL: what a student was told had arrived is there, once, and marked; `benchmarks/` has more of this."""

import sys

import pytest

from tests.classroom.hub.crowd import lacking
from tests.classroom.hub.disturbed import TARGETS, Disturbed

pytestmark = [
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),  # of nbgrader's, where a test uses its gradebook
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="finds processes in /proc"),
    pytest.mark.xdist_group("classroom"),
]


def test_nothing_is_lost_or_doubled(tmp_path):
    if why := lacking():
        pytest.skip(why)
    course = Disturbed(tmp_path / "course", "lab01_recurrent_cell", ["ada", "ben"], seed=1)
    try:
        for target in (TARGETS[0], TARGETS[-1]):
            done = course.run(target)
            assert course.complaints() == [], done
        there, undisturbed = course.undisturbed()
        assert there == undisturbed and sorted(there) == ["ada", "ben"]
    finally:
        course.close()
