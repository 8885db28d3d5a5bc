"""ngshare, started for real: a lab goes out, comes back byte for byte, is graded, and feedback arrives; and what must not happen."""

import base64
import contextlib
import datetime
import errno
import json
import sys
import urllib.error
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from nbgrader.utils import parse_utc

from tests.classroom.conftest import LAB, ROOT, environment
from tests.classroom.deploy.conftest import ask, free_port, require, service, started

ENTER = """
import os
from classroom.hub import ngshare, roster
from classroom.hub.people import Person
from traitlets.config import Config
class_ = {name: Person(name, role) for name, role in (("theo", "teacher"), ("ada", "student"), ("ben", "student"))}
task = ngshare.Submit(config=Config(Exchange={"_ngshare_url": os.environ["CLASSROOM_NGSHARE"]}))
print(roster.enter(class_, task), "entered;", roster.enter(class_, task), "entered")  # twice is once
nbgrader("release_assignment", LAB)
"""
# A student's work: what it says decides what the grader of these tests makes of it.
WORK = """
from pathlib import Path
import nbformat
nbgrader("fetch_assignment", LAB)
path = Path(LAB, f"{LAB}.ipynb")
Path("fetched.ipynb").write_bytes(path.read_bytes())
notebook = nbformat.read(path, as_version=4)
for cell in notebook.cells:
    if cell.metadata.get("nbgrader", {}).get("solution") and cell.cell_type == "code":
        cell.source = "# ANSWER"
nbformat.write(notebook, path)
Path(LAB, "timestamp.txt").write_text("1999-01-01 00:00:00 UTC")  # what a student says of the time
for folder in (f"notes/{LAB}", ".ipynb_checkpoints"):
    Path(LAB, folder).mkdir(parents=True)
    Path(LAB, folder, "b.txt").write_text("b")
nbgrader("submit", LAB)
"""


def test_a_lab_goes_round_through_ngshare(folder, ngshare, act, run, tmp_path):
    data = folder / "classroom-data"
    assert act("theo", ENTER).count("3 entered") == 2
    before = datetime.datetime.now(datetime.UTC)
    act("ada", WORK.replace("ANSWER", "right"))
    act("ben", WORK.replace("ANSWER", "wrong"))
    act("theo", "nbgrader('collect', LAB)")
    for who in ("ada", "ben"):
        got = data / "submitted" / who / LAB
        assert (tmp_path / who / "fetched.ipynb").read_bytes() == (folder / "labs" / LAB / f"{LAB}.ipynb").read_bytes()
        assert (got / f"{LAB}.ipynb").read_bytes() == (tmp_path / who / LAB / f"{LAB}.ipynb").read_bytes()
        files = sorted(str(path.relative_to(got)) for path in got.rglob("*") if path.is_file())
        assert files == [f"{LAB}.ipynb", f"notes/{LAB}/b.txt", "timestamp.txt"]
        when = parse_utc((got / "timestamp.txt").read_text()).replace(tzinfo=datetime.UTC)
        assert before <= when <= datetime.datetime.now(datetime.UTC)

    done = run("grade", LAB)
    assert done.returncode == 0, done.stderr
    with Gradebook(f"sqlite:///{folder}/gradebook.db", "rnn") as gradebook:
        assert gradebook.find_submission(LAB, "ada").score > gradebook.find_submission(LAB, "ben").score

    act("theo", "nbgrader('generate_feedback', LAB)\nnbgrader('release_feedback', LAB)")
    act("ada", "nbgrader('fetch_feedback', LAB)")
    (page,) = (tmp_path / "ada" / LAB / "feedback").rglob("*.html")
    assert page.read_bytes() == (data / "feedback" / "ada" / LAB / f"{LAB}.html").read_bytes()

    # ngshare would delete what was handed in with the lab that is released again or withdrawn.
    assert "would delete" in act("theo", "nbgrader('release_assignment', LAB, '--force')", fails=True)
    assert "would delete" in act("theo", "nbgrader('list', '--remove', '--assignment', LAB)", fails=True)
    assert len(ngshare.ask("theo", f"/submissions/rnn/{LAB}")["submissions"]) == 2


def test_what_did_not_arrive_is_an_error(act, tmp_path):
    assert "was not fetched" in act("ada", "nbgrader('fetch_assignment', LAB)", fails=True)
    assert not (tmp_path / "ada" / LAB).exists()
    (tmp_path / "ada" / LAB).mkdir()
    assert "was not handed in" in act("ada", "nbgrader('submit', LAB)", fails=True)
    assert "not released" in act("theo", "nbgrader('release_assignment', LAB)", fails=True)
    assert "Only ngshare's admins" in act("ada", ENTER, fails=True)


HUB = """
c.JupyterHub.bind_url = "http://127.0.0.1:{0}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{1}"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{2}"
c.ConfigurableHTTPProxy.command = [{proxy!r}]
c.JupyterHub.authenticator_class = "dummy"
c.JupyterHub.db_url = "sqlite://"
c.Authenticator.allow_all = True
c.JupyterHub.services = [
    {{"name": "ngshare", "url": "http://127.0.0.1:{3}", "api_token": {token!r}}},
    {{"name": "tokens", "api_token": "t" * 32}},
]
c.JupyterHub.load_roles = [{{"name": "tokens", "scopes": ["admin:users", "tokens"], "services": ["tokens"]}}]
"""


def test_ngshare_knows_the_tokens_of_servers_of_a_real_hub(tmp_path):
    proxy = ROOT / "classroom" / "hub" / "node_modules" / ".bin" / "configurable-http-proxy"
    if not proxy.exists():
        pytest.skip("no configurable-http-proxy: make classroom/hub/node_modules/.package-lock.json")
    ports, token = [free_port() for _ in range(4)], "n" * 32
    (tmp_path / "jupyterhub_config.py").write_text(HUB.format(*ports, proxy=str(proxy), token=token))
    api = f"http://127.0.0.1:{ports[1]}/hub/api"
    command = [sys.executable, "-W", "ignore", "-m", "jupyterhub"]
    with started(command, environment(), tmp_path / "hub.log", f"{api}/"), service(api, tmp_path, ports[3], token) as address:
        ask(api, "t" * 32, "/users", json.dumps({"usernames": ["ada", "theo"]}).encode())
        for who in ("ada", "theo"):
            asked = json.dumps({"roles": ["server"]}).encode()  # what a person's server has
            theirs = ask(api, "t" * 32, f"/users/{who}/tokens", asked)["token"]
            assert ask(address, theirs, "/courses") == {"success": True, "courses": []}
            if who == "theo":
                assert ask(address, theirs, "/course/rnn", b"instructors=[]")["success"]
            else:
                with pytest.raises(urllib.error.HTTPError, match="403"):
                    ask(address, theirs, "/course/rnn", b"instructors=[]")
        with pytest.raises((urllib.error.HTTPError, ValueError)):
            ask(address, "x" * 32, "/courses")


def sent(path, content=b"x"):
    return {"path": path, "content": base64.encodebytes(content).decode()}


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ([sent("/etc/x")], "is no path in a folder"),
        ([sent("a/../../x")], "is no path in a folder"),
        ([sent("a/" * 9 + "x")], "more than 8 folders"),
        ([sent(f"{n}") for n in range(201)], "more than 200 files"),
        ([sent("big", bytes(10_001))], "is over that"),
        ([sent(f"{n}", bytes(9_000)) for n in range(3)], "is over that"),
        ([sent("a"), sent("a/b")], "have the same name"),
        ([sent("a" * 300)], "more than 200 bytes"),
        ([{"path": "a", "content": "é"}], "is not in base64"),
        ([sent("a\0b")], "is no path in a folder"),
        ([sent("a\ud800b")], "is no path in a folder"),
    ],
)
def test_what_breaks_the_limits_is_a_sentence(tmp_path, files, sentence):
    require("ngshare_exchange", "rapidfuzz")
    from nbgrader.coursedir import CourseDirectory

    from classroom.hub.ngshare import NOT_COLLECTED, Collect

    task = Collect(coursedir=CourseDirectory(max_file_size=10, max_dir_size=25))
    place = tmp_path / "submitted" / "ada" / LAB
    place.parent.mkdir(parents=True)
    task.do_copy([*files, sent("timestamp.txt", b"2026-11-01 10:00:00.5")], str(place))
    assert sentence in (place / NOT_COLLECTED).read_text()
    assert sorted(path.name for path in place.iterdir()) == [NOT_COLLECTED, "timestamp.txt"]
    assert (place / "timestamp.txt").read_text() == "2026-11-01 10:00:00.5 UTC"
    assert [path.name for path in place.parent.iterdir()] == [LAB]


@pytest.mark.parametrize("answers", [False, True])
def test_what_was_collected_stays_where_nothing_comes_in_its_place(tmp_path, monkeypatch, answers):
    require("ngshare_exchange", "rapidfuzz")
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.exchange import ExchangeError

    from classroom.hub.ngshare import Collect

    task = Collect(coursedir=CourseDirectory(root=str(tmp_path), assignment_id=LAB), update=True)
    task.src_records = [{"student_id": "ada", "timestamp": datetime.datetime(2026, 11, 1)}]
    monkeypatch.setattr(
        task, "_get_submission", lambda *_: {"files": [sent("a"), sent("timestamp.txt", b"2026-11-01")]} if answers else None
    )
    place = tmp_path / "submitted" / "ada" / LAB
    place.mkdir(parents=True)
    (place / "timestamp.txt").write_text("2026-10-01 00:00:00 UTC")

    def full(path, content):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with pytest.raises(ExchangeError) if answers else contextlib.nullcontext():
            task.copy_files()
    assert [str(path.relative_to(place.parent)) for path in sorted(place.parent.rglob("*"))] == [LAB, f"{LAB}/timestamp.txt"]
    task.copy_files()
    assert (place / "a").exists() == answers


@pytest.mark.parametrize("role", ["student", "teacher"])
def test_both_roles_use_ngshare_where_there_is_one(monkeypatch, role):
    require("ngshare_exchange", "rapidfuzz")
    from traitlets.config.loader import PyFileConfigLoader

    from classroom.hub import ngshare

    def configured():
        monkeypatch.setattr(sys, "path", list(sys.path))
        return PyFileConfigLoader("nbgrader_config.py", path=str(ROOT / "classroom" / "hub" / role)).load_config()

    monkeypatch.setenv("JUPYTERHUB_USER", "ada")
    monkeypatch.setenv("CLASSROOM_OWNER", "jupyter-{student}")
    plain = configured()
    assert "FetchWhole" in str(plain.ExchangeFactory) if role == "student" else plain.SafeCollect.owner == "jupyter-{student}"
    monkeypatch.setenv("CLASSROOM_NGSHARE", "http://ngshare:8080/services/ngshare/")
    c = configured()
    mended = {"fetch_assignment": "Fetch", "submit": "Submit", "collect": "Collect", "release_assignment": "Release", "list": "List"}
    assert all(c.ExchangeFactory[name] is getattr(ngshare, mended[name]) for name in mended)
    assert c.Exchange._ngshare_url == "http://ngshare:8080/services/ngshare" and "student_id" not in c.CourseDirectory
    assert c.ExchangeFactory.release_feedback.__module__ == "ngshare_exchange.release_feedback"
