"""What a person may do, from the list of people: called by JupyterHub at every login and every start of a server.

A role is a configuration folder, student/ or teacher/, that comes first on the server's JUPYTER_CONFIG_PATH. Students get the
assignment list and validate; teachers get formgrader and the course list too, start in the course's folder, and administer the hub.
"""

import os
from pathlib import Path

from tornado.web import HTTPError

from classroom.hub import people
from classroom.hub.people import ROOT


def admit(authenticator, handler, who):
    """JupyterHub's `post_auth_hook`: let in who is on the list, whatever authenticator vouches for the name."""
    person = people.read().get(who["name"])
    if person is None:
        raise HTTPError(403, f"{who['name']} is not on this class's list: ask your teacher.")
    who["admin"] = person.role == "teacher"
    return who


def equip(spawner):
    """JupyterHub's `pre_spawn_hook`: give a server the configuration of its person's role."""
    person = people.read().get(spawner.user.name)
    if person is None:
        raise HTTPError(403, f"{spawner.user.name} is not on this class's list any more.")
    folders = [str(Path(__file__).with_name(person.role)), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    spawner.environment = {**spawner.environment, "JUPYTER_CONFIG_PATH": os.pathsep.join(filter(None, folders))}
    if person.role == "teacher":
        spawner.notebook_dir = str(ROOT)  # formgrader wants the course's folder below the server's
        grading = os.environ.get("CLASSROOM_GRADING", "sandbox")  # or "plain", where everybody is trusted
        spawner.environment = {**spawner.environment, "CLASSROOM_GRADING": grading}
        if "CLASSROOM_GRADEBOOK" in os.environ:  # it has a password in it, which no student's server may have
            spawner.environment["CLASSROOM_GRADEBOOK"] = os.environ["CLASSROOM_GRADEBOOK"]
    home = getattr(spawner, "home_dir", None)  # the demo's folders; a system user has a home
    if home:
        Path(home).mkdir(mode=0o700, parents=True, exist_ok=True)
