"""The demo class: anybody can run it, and all servers run under the account of who does, so nothing separates the users.

People are those of the list; their passwords, made by demo.py, stand in classroom-data/hub/passwords.json.
"""

import os
from pathlib import Path

load_subconfig(str(Path(__file__).with_name("jupyterhub_config.py")))  # noqa: F821 (JupyterHub defines it)

from classroom.hub import demo  # noqa: E402 (the course's folder is on the path now)

c = get_config()  # noqa: F821 (JupyterHub defines it)
c.JupyterHub.authenticator_class = demo.DemoAuthenticator
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = str(demo.DATA / "homes" / "{username}")
c.Spawner.environment = {**c.Spawner.environment, "CLASSROOM_DEMO": "1", "CLASSROOM_FRAMES": "1"}
if os.getuid() == 0:
    c.Spawner.args = ["--allow-root"]
c.JupyterHub.template_vars = {"announcement": "A demo on this machine: every server runs under one account, so users are not kept apart."}
