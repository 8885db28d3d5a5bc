"""Make what a class needs, and leave alone what is there: `python -m classroom.hub.prepare`, as often as you like.

    classroom-data/exchange/     where labs go out, and submissions and feedback go in and out
    gradebook.db                 nbgrader's, with every student of people.csv and every lab of _build/source/

With `--demo` a demo class becomes people.csv where there is none, and labs that the gradebook had not yet are released at once.
Otherwise a teacher releases each when its time has come, and a lab that changed is always released again by hand, in formgrader.
"""

import argparse
import os
import sys
from pathlib import Path

from classroom.hub import people
from classroom.hub.people import DATA, ROOT, Person

TEACHER = Path(__file__).with_name("teacher")
DEMO = [
    Person("teacher", "teacher", "Theo", "Richter"),
    Person("ada", "student", "Ada", "Lindqvist"),
    Person("ben", "student", "Ben", "Okafor"),
    Person("chen", "student", "Chen", "Wei"),
]


def configuration():
    """The teacher's nbgrader configuration: the course's own, and where the exchange is."""
    from traitlets.config.loader import PyFileConfigLoader

    here = str(Path(sys.executable).parent)
    if here not in os.environ["PATH"].split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([here, os.environ["PATH"]])  # nbgrader calls alembic by name
    return PyFileConfigLoader("nbgrader_config.py", path=str(TEACHER)).load_config()


def prepare(demo=False):
    """Do it, and print what was done."""
    from nbgrader.apps.api import NbGraderAPI

    DATA.mkdir(exist_ok=True)
    if DATA.stat().st_uid == os.getuid():  # else it is a volume that a cluster made
        DATA.chmod(0o700)  # the class is nobody else's business; an exchange for several system users lies elsewhere
    if demo and not people.PEOPLE.exists():
        people.add({person.username: person for person in DEMO})
    config = configuration()
    # Labs are made in a folder of their own, so that a notebook somebody works on in labs/ is never written over.
    config.CourseDirectory.release_directory = str((DATA / "release").relative_to(ROOT))
    exchange = Path(config.Exchange.root)
    if not exchange.exists():
        exchange.mkdir(parents=True)
        exchange.chmod(0o777)  # nbgrader asks for it; what is inside has modes of its own
    people.enter(people.read())
    nbgrader = NbGraderAPI(config=config, log_level="ERROR")
    with nbgrader.gradebook as gradebook:
        known = {assignment.name for assignment in gradebook.assignments}
    new = sorted(nbgrader.get_source_assignments() - known)
    for lab in new:
        for step in (nbgrader.generate_assignment, nbgrader.release_assignment)[: 2 if demo else 1]:
            done = step(lab)
            if not done["success"]:
                sys.exit(f"{lab} could not be prepared; nbgrader says:\n{done.get('error') or done['log']}")
    released = nbgrader.get_released_assignments()
    print(f"{len(people.read())} people on the list, {len(known) + len(new)} labs in the gradebook, {len(released)} of them released.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m classroom.hub.prepare", description=__doc__.splitlines()[0])
    parser.add_argument("--demo", action="store_true", help="make up a class if there is none, and release new labs")
    prepare(parser.parse_args().demo)
