"""A class goes on after SIGKILL: what a student was told had arrived is there, once, and marked; `benchmarks/` has more of this."""

import shutil
import sys

import pytest

from tests.classroom.hub.by_http import points
from tests.classroom.hub.crowd import arrived, lacking
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
        assert_that_it_would_be_seen(course)
    finally:
        assert course.held.stop() == []


def assert_that_it_would_be_seen(course):
    """What is lost, doubled or marked wrongly is complained of."""
    *_, last = course.handed
    (folder,) = (folder for folder, held in arrived(course.course, course.lab).items() if held == (last.student, last.saved))
    shutil.copytree(folder, f"{folder}.again")
    assert course.complaints() == [f"A submission of {last.student} is 2 times in the exchange."]
    shutil.rmtree(f"{folder}.again")
    (folder / "timestamp.txt").write_text("")
    assert course.complaints() == [f"A submission of {last.student} is 0 times in the exchange."]
    course.handed[-1] = last._replace(solved=[cell for cell in points(course.lab) if cell not in last.solved])
    assert f"{last.student} has other marks than the answer is worth" in course.complaints()[1]
    course.handed.append(last._replace(saved=b"{}"))
    assert f"{last.student}'s last submission is not what was collected." in course.complaints()
    course.handed.append(last._replace(student="eve"))
    assert "eve has no mark." in course.complaints()
