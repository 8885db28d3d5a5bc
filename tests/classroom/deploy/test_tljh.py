"""The Littlest JupyterHub: its file, loaded as the hub loads it, gives each role what roles.py says; an account may have another name."""

import getpass
import os
import sys
from types import SimpleNamespace

import pytest
from nbgrader.coursedir import CourseDirectory
from tornado.web import HTTPError
from traitlets.config import Config

from classroom.grading.collect import Refuse, SafeCollect
from classroom.hub import people
from tests.classroom.conftest import ROOT


@pytest.fixture
def hub(monkeypatch, tmp_path):
    (tmp_path / "people.csv").write_text("username,role\nada,student\ntheo,teacher\n")
    monkeypatch.setattr(people, "PEOPLE", tmp_path / "people.csv")
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("RNN_COURSE", str(ROOT))
    config = Config()
    text = (ROOT / "classroom" / "deploy" / "tljh" / "rnn_class.py").read_text()
    exec(compile(text, "rnn_class.py", "exec"), {"get_config": lambda: config})
    return config


def test_each_role_gets_its_configuration(hub):
    made = {}
    for name, role in (("ada", "student"), ("theo", "teacher")):
        assert hub.Authenticator.post_auth_hook(None, None, {"name": name})["admin"] == (role == "teacher")
        made[name] = SimpleNamespace(user=SimpleNamespace(name=name), environment=dict(hub.Spawner.environment), notebook_dir="")
        hub.Spawner.pre_spawn_hook(made[name])
        assert made[name].environment["JUPYTER_CONFIG_PATH"].split(":")[0] == str(ROOT / "classroom" / "hub" / role)
        assert made[name].environment["CLASSROOM_EXCHANGE"] == "/srv/exchange"
    assert made["theo"].notebook_dir == str(ROOT) and not made["ada"].notebook_dir
    assert made["theo"].environment["CLASSROOM_GRADING"] == "sandbox"
    with pytest.raises(HTTPError, match="not on this class's list"):
        hub.Authenticator.post_auth_hook(None, None, {"name": "mallory"})
    assert hub.Spawner.cmd[0] == str(ROOT / ".venv" / "bin" / "python") and os.path.exists(hub.Spawner.cmd[0])


def test_an_account_may_be_called_otherwise_than_its_student(hub, tmp_path):
    me, course = getpass.getuser(), CourseDirectory()
    assert hub.Spawner.environment["CLASSROOM_OWNER"].format(student="ada") == "jupyter-ada"
    SafeCollect(coursedir=course, owner=f"{me[0]}{{student}}")._require_own(tmp_path, me[1:])
    with pytest.raises(Refuse, match="belongs to"):
        SafeCollect(coursedir=course, owner="jupyter-{student}")._require_own(tmp_path, me)
