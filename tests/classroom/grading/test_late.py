"""What lateness costs, and tables with mistakes in them."""

import datetime

import pytest
from traitlets.config import Config

from classroom.grading.late import DailyPenalty, read_due, read_extensions


@pytest.mark.parametrize(
    ("seconds", "points"),
    [(1, None), (900, None), (901, 2), (86400, 2), (86401, 4), (5 * 86400, 10), (40 * 86400, 10)],
)
def test_a_share_for_every_day_begun_up_to_the_largest(seconds, points):
    policy = DailyPenalty(config=Config({"DailyPenalty": {"most": 0.5}}))
    assert policy.late_submission_penalty("ada", 20, seconds) == points


def test_due_dates_become_utc(tmp_path):
    path = tmp_path / "due.csv"
    path.write_text("\ufefflab,due\nlab05,2026-11-02 23:59 +0100\nlab06, 2026-11-02T23:59:00Z \n", encoding="utf-8")
    assert read_due(path) == {"lab05": datetime.datetime(2026, 11, 2, 22, 59), "lab06": datetime.datetime(2026, 11, 2, 23, 59)}
    assert read_due(tmp_path / "none.csv") == {} == read_extensions(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("read", "text", "sentence"),
    [
        (read_due, "lab,due\nlab05,2026-11-02 23:59\n", "line 2: due is a date, a time and a zone"),
        (read_due, "lab,date\n", "must begin with the line lab,due"),
        (read_due, "lab,due\nlab05\n", "line 2: expected 2 cells"),
        (read_extensions, "student,lab,hours\nada,lab05,-1\n", "line 2: hours is a number"),
        (read_extensions, "student,lab,hours\nada,lab05,nan\n", "line 2: hours is a number"),
    ],
)
def test_a_mistake_in_a_table_is_one_sentence(tmp_path, read, text, sentence):
    path = tmp_path / "table.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=sentence):
        read(path)
