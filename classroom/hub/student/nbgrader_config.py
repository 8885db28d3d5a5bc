"""nbgrader for a student's server: the course's rules for what is handed in, the exchange, and the student's own name."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
load_subconfig(str(ROOT / "nbgrader_config.py"))  # noqa: F821 (nbgrader defines it)
sys.path.insert(0, str(ROOT))

c = get_config()  # noqa: F821 (nbgrader defines it)
for name in ("root", "db_url"):  # the teacher's
    c.CourseDirectory.pop(name, None)
c.Exchange.root = os.environ.get("CLASSROOM_EXCHANGE", str(ROOT / "classroom-data" / "exchange"))
if "JUPYTERHUB_USER" in os.environ:  # in the demo everybody has the same system user
    c.CourseDirectory.student_id = os.environ["JUPYTERHUB_USER"]

# A lab is fetched and handed in whole or not at all; fetching again brings back what is missing and never touches what is there.
c.ExchangeFactory.fetch_assignment = "classroom.hub.exchange.FetchWhole"
c.ExchangeFactory.submit = "classroom.hub.exchange.SubmitWhole"
c.ExchangeFetchAssignment.replace_missing_files = True
if "CLASSROOM_NGSHARE" in os.environ:  # servers that share no folder
    from classroom.hub.ngshare import use

    use(c, os.environ["CLASSROOM_NGSHARE"])
