"""The class on The Littlest JupyterHub: copy it to /opt/tljh/config/jupyterhub_config.d/, which its hub loads last.

Servers run from the course's own .venv, as students get it, and not from TLJH's user environment. TLJH makes a system account for each
person when their server starts, jupyter-NAME, with a closed home; so submissions belong to jupyter-NAME.
"""

import os
import sys

ROOT = os.environ.get("RNN_COURSE", "/srv/rnn-course")
sys.path.append(ROOT)

from classroom.hub import roles  # noqa: E402 (the course's folder is on the path now)

c = get_config()  # noqa: F821 (JupyterHub defines it)

c.Authenticator.allow_all = True  # whoever the authenticator vouches for, if the list of people has the name
c.Authenticator.post_auth_hook = roles.admit

c.Spawner.cmd = [f"{ROOT}/.venv/bin/python", "-m", "jupyterhub.singleuser"]
c.Spawner.pre_spawn_hook = roles.equip
c.Spawner.default_url = "/lab"
c.SystemdSpawner.extra_paths = [f"{ROOT}/.venv/bin"]
c.Spawner.environment = {
    "OMP_NUM_THREADS": "1",
    "CLASSROOM_EXCHANGE": "/srv/exchange",
    "CLASSROOM_OWNER": "jupyter-{student}",
}
