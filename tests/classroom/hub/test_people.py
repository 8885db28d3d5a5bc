"""The list of people: what a class file may hold, and that adding it is all or nothing and can be repeated."""

import sys
from types import SimpleNamespace

import pytest

from classroom.hub import people
from classroom.hub.people import BadList, Person, add, read
from tests.classroom.hub.course import make_course, run

NAMES = 'Username,Last Name,first_name,email,Group\nzoe,"O\'Brien, Jr.",Zoë,,7\nan.na@uni,Müller,Anna,anna@uni.example,\n'


def written(folder, text):
    path = folder / "class.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8-sig"))
    return path


def test_a_list_from_a_spreadsheet(tmp_path):
    found = read(written(tmp_path, NAMES))
    assert found == {
        "zoe": Person("zoe", "student", "Zoë", "O'Brien, Jr.", ""),
        "an.na@uni": Person("an.na@uni", "student", "Anna", "Müller", "anna@uni.example"),
    }


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name\nada\n", "needs a first line with the columns username"),
        ("", "needs a first line with the columns username"),
        ("username\nada\nADA\n", "line 3: ada is there twice"),
        ("username\nada+bob\n", "line 2: a username has letters a to z"),
        ("username\n../ada\n", "line 2: a username has letters a to z"),
        ("username,role\nada,boss\n", "line 2: a role is student or teacher, got 'boss'"),
        ("username,last_name\nada,Byron,Lovelace\n", "line 2: it has not as many values"),
        ("username,last_name\nada\n", "line 2: it has not as many values"),
        ("username\nada\n".encode("utf-16"), "is not UTF-8"),
    ],
)
def test_a_wrong_list_is_refused_with_its_line(tmp_path, text, sentence):
    with pytest.raises(BadList, match=sentence):
        read(written(tmp_path, text))


def test_adding_twice_changes_what_is_known_and_drops_nobody(tmp_path):
    path = tmp_path / "classroom-data" / "people.csv"
    ada, ben = Person("ada"), Person("ben", "teacher")
    assert add({"ada": ada, "ben": ben}, path) == 2
    assert add({"ada": ada._replace(email="ada@uni.example")}, path) == 0
    assert read(path) == {"ada": ada._replace(email="ada@uni.example"), "ben": ben}
    assert [file.name for file in path.parent.iterdir()] == ["people.csv"]


def test_the_command_enters_students_into_the_gradebook_and_nothing_of_a_wrong_file(tmp_path):
    course = make_course(tmp_path / "course", ["lab01_recurrent_cell"])
    command = [sys.executable, "-m", "classroom.hub.people"]
    assert "2 added, 0 were there" in run(course, course, *command, written(tmp_path, NAMES))
    assert "0 added, 2 were there" in run(course, course, *command, written(tmp_path, NAMES))
    assert "line 3" in run(course, course, *command, written(tmp_path, "username\neve\nb+b\n"), status=1)
    assert "There is no file" in run(course, course, *command, tmp_path / "missing.csv", status=1)
    assert set(read(course / "classroom-data" / "people.csv")) == {"zoe", "an.na@uni"}
    students = run(course, course, sys.executable, "-m", "nbgrader", "db", "student", "list")
    assert "zoe (O'Brien, Jr., Zoë)" in students and "an.na@uni" in students and "eve" not in students


def test_the_list_is_read_again_at_every_login(tmp_path, monkeypatch):
    tornado = pytest.importorskip("tornado.web")
    from classroom.hub import roles

    path = tmp_path / "people.csv"
    monkeypatch.setattr(people, "PEOPLE", path)
    add({"ada": Person("ada"), "theo": Person("theo", "teacher")}, path)
    assert roles.admit(None, None, {"name": "ada", "admin": None})["admin"] is False
    assert roles.admit(None, None, {"name": "theo", "admin": None})["admin"] is True
    with pytest.raises(tornado.HTTPError, match="eve is not on this class's list"):
        roles.admit(None, None, {"name": "eve"})
    add({"eve": Person("eve")}, path)
    assert roles.admit(None, None, {"name": "eve"})["admin"] is False


def test_only_a_teachers_server_knows_the_address_of_the_gradebook(tmp_path, monkeypatch):
    pytest.importorskip("tornado.web")
    from classroom.hub import roles

    monkeypatch.setattr(people, "PEOPLE", tmp_path / "people.csv")
    monkeypatch.setenv("CLASSROOM_GRADEBOOK", "postgresql+psycopg2://class:secret@host/grades")
    add({"ada": Person("ada"), "theo": Person("theo", "teacher")}, people.PEOPLE)
    servers = [SimpleNamespace(user=SimpleNamespace(name=name), environment={}, notebook_dir="") for name in ("ada", "theo")]
    for server in servers:
        roles.equip(server)
    ada, theo = servers
    assert theo.environment["CLASSROOM_GRADEBOOK"] == "postgresql+psycopg2://class:secret@host/grades"
    assert "secret" not in str(ada.environment)
