"""When a lab is due, who has longer, and what lateness costs.

    due.csv          lab,due              lab05_lstm,2026-11-02 23:59 +0100
    extensions.csv   student,lab,hours    ada,lab05_lstm,48

Both lie in classroom-data/ and may be missing. They are entered into nbgrader's gradebook, so formgrader shows them; an extension that a
teacher gave there stays unless the table names the same student and lab. Late is measured from the time that collecting wrote down.

    terms(gradebook, folder, lab, student)     the due date and the extension that count
    enter(gradebook, folder, lab, student)     put both into the gradebook
    DailyPenalty                               nbgrader's late penalty: a share of the points for every day begun
"""

import csv
import datetime
import math
from pathlib import Path

from nbgrader.plugins import BasePlugin
from traitlets import Float

__all__ = ["DailyPenalty", "enter", "read_due", "read_extensions", "terms"]


class DailyPenalty(BasePlugin):
    """A share of the points for every day that has begun since the due date; named in `c.AssignLatePenalties.plugin_class`."""

    per_day = Float(0.1, min=0, max=1, help="share of the points for each day that has begun").tag(config=True)
    most = Float(1.0, min=0, max=1, help="the largest share").tag(config=True)
    grace_minutes = Float(15, min=0, help="minutes that cost nothing; handing in takes a while").tag(config=True)

    def late_submission_penalty(self, student_id, score, total_seconds_late):
        """The points that are taken off.

        >>> DailyPenalty().late_submission_penalty("ada", 20, 3600), DailyPenalty().late_submission_penalty("ada", 20, 600)
        (2.0, None)
        """
        if total_seconds_late <= 60 * self.grace_minutes:
            return None
        return score * min(self.most, self.per_day * math.ceil(total_seconds_late / 86400))


def terms(gradebook, folder, lab, student):
    """What counts for a student: what the tables say, and where they are silent, what stands in the gradebook.

    Args:
        gradebook: nbgrader's `Gradebook`, in which the submission is.
        folder: where the tables are.
        lab, student: their names.
    Returns:
        due: a time in UTC, without a zone, or None.
        extension: a timedelta, or None.
    Raises:
        ValueError: a line of a table cannot be read; the sentence says which.
    """
    booked = gradebook.find_submission(lab, student)
    due = read_due(Path(folder, "due.csv")).get(lab, booked.assignment.duedate)
    hours = read_extensions(Path(folder, "extensions.csv")).get((student, lab))
    return due, booked.extension if hours is None else datetime.timedelta(hours=hours) or None


def enter(gradebook, folder, lab, student):
    """Put a lab's due date and a student's extension into nbgrader's gradebook; takes and raises what `terms` does."""
    due, extension = terms(gradebook, folder, lab, student)
    if gradebook.find_assignment(lab).duedate != due:
        gradebook.update_or_create_assignment(lab, duedate=due)
    if due is not None and gradebook.find_submission(lab, student).extension != extension:  # of no date, nbgrader can make nothing
        gradebook.grant_extension(lab, student, hours=extension / datetime.timedelta(hours=1) if extension else 0)


def read_due(path):
    """Return a dict from labs to due dates in UTC, without a zone, as nbgrader keeps them."""
    found = {}
    for line, row in _rows(path, "lab", "due"):
        try:
            when = datetime.datetime.fromisoformat(row["due"].replace(" +", "+").replace(" -", "-").replace(" UTC", "+00:00"))
            if when.tzinfo is None:
                raise ValueError("no zone")
        except ValueError:
            raise ValueError(
                f"{path}, line {line}: due is a date, a time and a zone, such as 2026-11-02 23:59 +0100, got {row['due']!r}."
            ) from None
        found[row["lab"]] = when.astimezone(datetime.UTC).replace(tzinfo=None)
    return found


def read_extensions(path):
    """Return a dict from (student, lab) to hours."""
    found = {}
    for line, row in _rows(path, "student", "lab", "hours"):
        try:
            hours = float(row["hours"])
            if not 0 <= hours < 24 * 366:
                raise ValueError
        except ValueError:
            raise ValueError(f"{path}, line {line}: hours is a number from 0 to a year's, got {row['hours']!r}.") from None
        found[row["student"], row["lab"]] = hours
    return found


def _rows(path, *names):
    if not Path(path).exists():
        return
    with open(path, encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, skipinitialspace=True)
        if [name.strip() for name in reader.fieldnames or []] != list(names):
            raise ValueError(f"{path} must begin with the line {','.join(names)}.")
        for row in reader:
            if None in row.values() or None in row:
                raise ValueError(f"{path}, line {reader.line_num}: expected {len(names)} cells ({', '.join(names)}).")
            yield reader.line_num, {name: value.strip() for name, value in row.items()}
