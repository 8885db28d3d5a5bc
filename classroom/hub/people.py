"""Who is in the class: one list, from which the hub takes who may log in and as what, and nbgrader whom it grades.

    python -m classroom.hub.people class.csv     add these people, or change what is known of them
    python -m classroom.hub.people               print the list

The list is classroom-data/people.csv, with the columns of FIELDS; what is added has at least `username`. A role is `student` or
`teacher`, and who has none is a student. Nobody is taken off by adding: delete a line of people.csv to lock somebody out; their
work and marks stay. The hub reads the list at every login and every start of a server, so it need not be restarted.
"""

import csv
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "classroom-data"
PEOPLE = DATA / "people.csv"
FIELDS = ("username", "role", "first_name", "last_name", "email")
USERNAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")  # what JupyterHub, a folder and nbgrader's `name+lab+time` can all hold


class BadList(Exception):
    """A list of people cannot be used; the message is one sentence."""


class Person(NamedTuple):
    """One line of the list."""

    username: str
    role: str = "student"
    first_name: str = ""
    last_name: str = ""
    email: str = ""


def read(path=None):
    """Return a dict from username to `Person`, in the order of the file; empty if there is no file."""
    path = Path(path or PEOPLE)
    if not path.exists():
        return {}
    try:
        text = path.read_text("utf-8-sig")  # spreadsheets write a byte order mark
    except UnicodeDecodeError:
        raise BadList(f"{path.name} is not UTF-8: save it as CSV UTF-8.") from None
    rows = csv.DictReader(text.splitlines())
    names = [name.strip().lower().replace(" ", "_") for name in rows.fieldnames or []]
    if "username" not in names:
        raise BadList(f"{path.name} needs a first line with the columns {', '.join(FIELDS)}, of which only username must be there.")
    people = {}
    for row in rows:
        line = f"{path.name}, line {rows.line_num}"
        if None in row or None in row.values():
            raise BadList(f"{line}: it has not as many values as the first line has columns; put quotes around a value with a comma.")
        values = {name: value.strip() for name, value in zip(names, row.values(), strict=True) if name in FIELDS}
        values["username"] = values["username"].lower()
        values["role"] = values.get("role", "").lower() or "student"
        person = Person(**values)
        if not USERNAME.fullmatch(person.username):
            raise BadList(f"{line}: a username has letters a to z, digits, and . _ @ - after the first, got {person.username!r}.")
        if person.role not in ("student", "teacher"):
            raise BadList(f"{line}: a role is student or teacher, got {person.role!r}.")
        if person.username in people:
            raise BadList(f"{line}: {person.username} is there twice.")
        people[person.username] = person
    return people


def add(people, path=None):
    """Merge people into the list, all or none, and return how many are new."""
    path = Path(path or PEOPLE)
    known = read(path)
    new = len(people.keys() - known.keys())
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=".people", newline="", encoding="utf8", delete=False) as file:
        csv.writer(file).writerows([FIELDS, *(known | people).values()])
    os.replace(file.name, path)
    return new


def enter(people):
    """Enter the students among them into nbgrader's gradebook, which the course's configuration names."""
    from nbgrader.api import Gradebook  # takes a second, and the hub needs it not

    from classroom.hub.prepare import configuration

    course = configuration().CourseDirectory
    with Gradebook(course.db_url, course.course_id) as gradebook:
        for person in people.values():
            if person.role == "student":
                known = {"first_name": person.first_name, "last_name": person.last_name, "email": person.email}
                gradebook.update_or_create_student(person.username, **{key: value or None for key, value in known.items()})
    kind, _, file = course.db_url.partition(":///")
    if kind == "sqlite":
        Path(file.partition("?")[0]).chmod(0o600)


def main(arguments):
    try:
        for name in arguments:
            if not Path(name).is_file():
                raise BadList(f"There is no file {name}.")
            people = read(name)
            new = add(people)
            enter(people)
            print(f"{name}: {new} added, {len(people) - new} were there and are as the file says.")
        if not arguments:
            for person in read().values():
                print(f"{person.role:8} {person.username:20} {person.first_name} {person.last_name} {person.email}".rstrip())
    except BadList as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1:])
