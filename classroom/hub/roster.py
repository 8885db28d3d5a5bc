"""Enter the list of people into ngshare: who may fetch and hand in, and who may release and collect.

    python -m classroom.hub.roster       as a teacher who is one of ngshare's admins, on their own server

It makes the course if it is not there. Doing it again is harmless, and nobody is taken off.
"""

import json
import os
import sys

from traitlets.config import Config

from classroom.hub import people
from classroom.hub.ngshare import Submit

COURSE = "rnn"


class BadRoster(Exception):
    """People cannot be entered; the message is one sentence."""


def enter(people, task):
    """Make the course in ngshare, if it is not there, and enter teachers and students; nobody is taken off.

    Args:
        people: dict from username to `Person`.
        task: an exchange of ngshare, which asks with the token of its environment.
    Returns:
        how many were entered.
    Raises:
        BadRoster: ngshare does not let it.
    """
    teachers = [person for person in people.values() if person.role == "teacher"]
    students = [person for person in people.values() if person.role == "student"]
    known = task.ngshare_api_get("/courses")
    if known is None:
        raise BadRoster("ngshare does not answer, or does not know the token of this server.")
    if COURSE not in known["courses"]:
        first = json.dumps([person.username for person in teachers])
        if task.ngshare_api_post(f"/course/{COURSE}", {"instructors": first}) is None:
            raise BadRoster("Only ngshare's admins (--admins) may make the course.")
    done = [task.ngshare_api_post(f"/instructor/{COURSE}/{person.username}", _known(person)) for person in teachers]
    if students:
        rows = [{"username": person.username, **_known(person)} for person in students]
        done.append(task.ngshare_api_post(f"/students/{COURSE}", {"students": json.dumps(rows)}))
    if None in done:
        raise BadRoster(f"ngshare did not take everybody; only teachers of the course {COURSE} may enter people.")
    return len(teachers) + len(students)


def _known(person):
    return {"first_name": person.first_name, "last_name": person.last_name, "email": person.email}


if __name__ == "__main__":
    if "CLASSROOM_NGSHARE" not in os.environ:
        sys.exit("CLASSROOM_NGSHARE must say where ngshare answers, such as http://ngshare:8080/services/ngshare.")
    ask = Submit(config=Config(Exchange={"_ngshare_url": os.environ["CLASSROOM_NGSHARE"].rstrip("/")}))
    try:
        print(f"{enter(people.read(), ask)} people in ngshare's course {COURSE}.")
    except (BadRoster, people.BadList) as why:
        sys.exit(str(why))
