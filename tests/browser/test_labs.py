"""Every lab from blank to full marks, as a learner does it, in the browser alone (JupyterLite) and on a Jupyter server (JupyterLab)."""

import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request

import pytest

from tests.browser.learner import ROOT, checked, launch, work_through

LABS = sorted(path.stem for path in (ROOT / "solutions").glob("lab*.py"))
NEEDS_TORCH = re.compile(r"^(?:import|from) (?:torch|rnncore\.pytorch)\b", re.MULTILINE)
IN_BROWSER = [lab for lab in LABS if not NEEDS_TORCH.search((ROOT / "solutions" / f"{lab}.py").read_text("utf8"))]

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The address of a Jupyter server in a folder that holds the labs as learners get them."""
    base = tmp_path_factory.mktemp("server")
    shutil.copytree(ROOT / "labs", base / "labs")
    own = {"HOME": base, "JUPYTER_CONFIG_DIR": base / "config", "JUPYTER_DATA_DIR": base / "data", "IPYTHONDIR": base / "ipython"}
    environment = os.environ | {key: str(value) for key, value in own.items()} | {"JUPYTER_PLATFORM_DIRS": "1"}
    quiet = ["--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    local = ["--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=8970", "--port-retries=50", "--IdentityProvider.token="]
    with open(base / "log", "w") as log:
        command = [sys.executable, "-m", "jupyterlab", *local, *quiet]
        running = subprocess.Popen(command, cwd=base / "labs", env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        for _ in range(120):
            found = [word for word in (base / "log").read_text().split() if word.startswith("http://127.0.0.1:")]
            if found:
                address = found[0].partition("/lab")[0]
                break
            assert running.poll() is None, (base / "log").read_text()[-2000:]
            time.sleep(0.5)
        with urllib.request.urlopen(f"{address}/api", timeout=30) as answer:
            assert answer.status == 200
        yield address
    finally:
        running.terminate()
        running.wait(20)


def require_full_marks(lab, told):
    assert [grade_id for grade_id, *_ in told] == checked(lab)
    for grade_id, _, before, after in told:
        assert "it is not written yet; put your code in the place of" in before, f"{lab}, {grade_id}: {before}"
        assert "is right: the worked example and" in after, f"{lab}, {grade_id}: {after}"


@pytest.mark.xdist_group("kernel")
@pytest.mark.parametrize("lab", [lab for lab in LABS if lab not in IN_BROWSER])
def test_a_lab_that_needs_pytorch_is_not_offered_in_the_browser(open_page, site, lab):
    page, _ = open_page(f"labs/{lab}/{lab}.html", site=site)
    page.locator(".dropdown-launch-buttons button").click()
    offers = page.locator(".dropdown-launch-buttons a").all_inner_texts()
    assert offers and not any("JupyterLite" in offer for offer in offers)


@pytest.mark.xdist_group("kernel")
@pytest.mark.parametrize("lab", IN_BROWSER)
def test_a_lab_in_the_browser_from_blank_to_full_marks(open_page, site, lab):
    tab, complaints = launch(open_page, site, f"labs/{lab}/{lab}")
    told, _ = work_through(tab, lab)
    require_full_marks(lab, told)
    assert not complaints.outside and not complaints.failed, complaints


@pytest.mark.xdist_group("server")
@pytest.mark.parametrize("lab", LABS)
def test_a_lab_in_jupyterlab_from_blank_to_full_marks(open_page, server, lab):
    tab, _ = open_page(f"doc/tree/{lab}/{lab}.ipynb", site=server)
    tab.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60000)
    told, _ = work_through(tab, lab)
    require_full_marks(lab, told)
