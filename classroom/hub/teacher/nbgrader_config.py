"""nbgrader for a teacher's server: the course's configuration, and the exchange that the students use."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
load_subconfig(str(ROOT / "nbgrader_config.py"))  # noqa: F821 (nbgrader defines it)

c = get_config()  # noqa: F821 (nbgrader defines it)
c.Exchange.root = os.environ.get("CLASSROOM_EXCHANGE", str(ROOT / "classroom-data" / "exchange"))
c.ExchangeFactory.release_assignment = "classroom.hub.exchange.ReleaseWhole"
if "CLASSROOM_DEMO" in os.environ:  # everybody has the same system user, so a submission's owner says nothing
    c.ExchangeCollect.check_owner = False
if "CLASSROOM_OWNER" in os.environ:  # where a student's system account is not called as the student is
    c.SafeCollect.owner = os.environ["CLASSROOM_OWNER"]
if "CLASSROOM_NGSHARE" in os.environ:  # servers that share no folder
    from classroom.hub.ngshare import use

    use(c, os.environ["CLASSROOM_NGSHARE"])
