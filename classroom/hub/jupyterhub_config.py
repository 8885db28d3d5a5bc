"""JupyterHub for a class on one machine with system users; demo_config.py turns it into the demo.

    jupyterhub -f classroom/hub/jupyterhub_config.py

Run it as root, so that each server runs as its own user, who logs in with the system's password (PAM). Another way to log in is
another `authenticator_class`; who may log in is the list of people all the same. README.md says how to change what stands here
without editing it.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from classroom.hub import roles  # noqa: E402 (the course's folder is on the path now)
from classroom.hub.people import DATA  # noqa: E402

c = get_config()  # noqa: F821 (JupyterHub defines it)
HERE = ROOT / "classroom" / "hub"
STATE = DATA / "hub"
STATE.mkdir(mode=0o700, parents=True, exist_ok=True)

port = int(os.environ.get("CLASSROOM_PORT", "8010"))
c.JupyterHub.bind_url = f"http://127.0.0.1:{port}"
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{port + 1}"
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{port + 2}"
c.ConfigurableHTTPProxy.command = [str(HERE / "node_modules" / ".bin" / "configurable-http-proxy")]
c.ConfigurableHTTPProxy.pid_file = str(STATE / "proxy.pid")
c.JupyterHub.pid_file = str(STATE / "jupyterhub.pid")
c.JupyterHub.db_url = f"sqlite:///{STATE / 'jupyterhub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(STATE / "cookie_secret")

# Whoever the authenticator vouches for is let in if the list of people has the name.
c.JupyterHub.authenticator_class = "pam"
c.PAMAuthenticator.open_sessions = False
c.Authenticator.allow_all = True
c.Authenticator.post_auth_hook = roles.admit

c.Spawner.cmd = [sys.executable, "-m", "jupyterhub.singleuser"]
c.Spawner.pre_spawn_hook = roles.equip
c.Spawner.default_url = "/lab"
c.Spawner.ip = "127.0.0.1"
c.Spawner.start_timeout = c.Spawner.http_timeout = 120
# nbgrader calls alembic by name; students' matrices are small, and one thread each is fair to the others.
c.Spawner.environment = {
    "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "/usr/bin:/bin")]),
    "OMP_NUM_THREADS": "1",
    "CLASSROOM_EXCHANGE": os.environ.get("CLASSROOM_EXCHANGE", str(DATA / "exchange")),
}

# A class's own settings, loaded last: DATA is never in git.
if (DATA / "jupyterhub_config.py").exists():
    load_subconfig(str(DATA / "jupyterhub_config.py"))  # noqa: F821 (JupyterHub defines it)
if "subdomain_host" in c.JupyterHub:  # then formgrader may be shown in a frame; teacher/jupyter_server_config.py says why
    c.Spawner.environment = {**c.Spawner.environment, "CLASSROOM_FRAMES": "1"}
