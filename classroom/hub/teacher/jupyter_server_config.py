"""A teacher's server: where formgrader may be shown, and a terminal in which `nbgrader` is found.

JupyterLab shows formgrader in a frame, and JupyterHub forbids frames, because on one address a student's page could frame a teacher's.
In the demo there is nobody to keep out, and where every user has an address of their own (`subdomain_host`) a frame of the same
address is the teacher's own. Elsewhere formgrader is opened in a tab: /user/NAME/formgrader/manage_assignments.
"""

import os

c = get_config()  # noqa: F821 (Jupyter defines it)
c.ServerApp.terminado_settings = {"shell_command": ["bash"]}  # no login shell, which would forget PATH
if "CLASSROOM_FRAMES" in os.environ:
    c.ServerApp.tornado_settings = {"headers": {"Content-Security-Policy": "frame-ancestors 'self'"}}
