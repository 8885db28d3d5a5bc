"""A teacher's server: where formgrader may be shown.

JupyterLab shows formgrader in a frame, and JupyterHub forbids frames, because on one address a student's page could frame a teacher's.
In the demo there is nobody to keep out, and where every user has an address of their own (`subdomain_host`) a frame of the same
address is the teacher's own. Elsewhere formgrader is opened in a tab: /user/NAME/formgrader/manage_assignments.
"""

import os

c = get_config()  # noqa: F821 (Jupyter defines it)
if "CLASSROOM_FRAMES" in os.environ:
    c.ServerApp.tornado_settings = {"headers": {"Content-Security-Policy": "frame-ancestors 'self'"}}
