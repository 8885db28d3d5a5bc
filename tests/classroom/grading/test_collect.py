"""Collecting believes nothing that a student wrote: not the owner in a name, not the time, not what kind of file it is."""

import datetime
import errno
import getpass
import os
import shutil
import threading
import time
from pathlib import Path

import pytest
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeError
from nbgrader.utils import parse_utc
from traitlets.config import Config

from classroom.grading.collect import NOT_COLLECTED, SafeCollect, lock
from tests.classroom.conftest import LAB

ME = getpass.getuser()


@pytest.fixture
def inbound(folder):
    place = folder / "exchange" / "rnn" / "inbound"
    place.mkdir(parents=True)
    return place


@pytest.fixture
def collect(folder, inbound):
    def collect(**options):
        config = Config({"Exchange": {"root": str(folder / "exchange")}, "SafeCollect": options, "CourseDirectory": {"course_id": "rnn"}})
        config.CourseDirectory.update(root=str(folder), assignment_id=LAB, db_url=f"sqlite:///{folder}/gradebook.db", max_file_size=10)
        config.CourseDirectory.max_dir_size = 25
        collector = SafeCollect(coursedir=CourseDirectory(config=config), config=config, check_owner=options.pop("check_owner", True))
        collector.init_src()
        collector.copy_files()
        return folder / "submitted"

    return collect


def entry(inbound, student=ME, when="2020-01-01 00:00:00.000000 UTC", tail="abc", **files):
    place = inbound / f"{student}+{LAB}+{when}+{tail}"
    place.mkdir()
    for name, text in ({"lab": "{}", "timestamp": when} | files).items():
        (place / f"{name}.{'txt' if name == 'timestamp' else 'ipynb'}").write_text(text)
    return place


def names(place):
    return sorted(str(path.relative_to(place)) for path in place.rglob("*"))


def test_the_time_is_that_of_the_last_change_and_not_what_was_written(inbound, collect):
    before = time.time()
    place = entry(inbound)
    os.utime(place / "lab.ipynb", (0, 0))
    os.utime(place, (0, 0))
    got = parse_utc((collect() / ME / LAB / "timestamp.txt").read_text())
    assert before - 1 <= got.replace(tzinfo=datetime.UTC).timestamp() <= time.time() + 1


def test_a_file_that_is_changed_later_makes_the_submission_later(inbound, collect):
    place = entry(inbound)
    first = parse_utc((collect() / ME / LAB / "timestamp.txt").read_text())
    time.sleep(0.05)
    (place / "lab.ipynb").write_text("[]")
    second = parse_utc((collect(update=True) / ME / LAB / "timestamp.txt").read_text())
    assert second > first and (collect() / ME / LAB / "lab.ipynb").read_text() == "[]"


@pytest.mark.parametrize("moment", ["copying", "putting the old one aside", "putting the new one in place", "removing the old one"])
def test_collecting_that_is_killed_leaves_the_old_submission_or_the_new_one_whole(inbound, collect, monkeypatch, moment):
    place = entry(inbound)
    got = collect() / ME / LAB
    (place / "lab.ipynb").write_text("[]")
    aside, rename, rmtree = got.with_name(f".{LAB}.old"), Path.rename, shutil.rmtree

    def killed(when, other):
        def act(path, *to, **options):
            if when(Path(path), *to):
                raise KeyboardInterrupt
            return other and other(path, *to, **options)

        return act

    with monkeypatch.context() as patch:
        if moment == "copying":
            patch.setattr(Path, "write_bytes", killed(lambda *_: True, None))
        elif moment == "removing the old one":
            patch.setattr(shutil, "rmtree", killed(lambda path: path == aside and path.exists(), rmtree))
        else:
            patch.setattr(Path, "rename", killed(lambda path, to: to == (aside if "old" in moment else got), rename))
        with pytest.raises(KeyboardInterrupt):
            collect(update=True)
    assert got.exists() or moment == "putting the new one in place"
    collect()  # brings back what was there
    assert (got / "timestamp.txt").exists() and (got / "lab.ipynb").read_text() == ("[]" if moment == "removing the old one" else "{}")
    collect(update=True)
    assert (got / "lab.ipynb").read_text() == "[]" and names(got.parent) == [LAB, f"{LAB}/lab.ipynb", f"{LAB}/timestamp.txt"]


def test_a_full_disk_is_not_the_students_fault(inbound, collect, monkeypatch):
    place = entry(inbound)
    got = collect() / ME / LAB
    (place / "lab.ipynb").write_text("[]")

    def full(path, content):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with pytest.raises(ExchangeError):
            collect(update=True)
    assert (got / "lab.ipynb").read_text() == "{}" and names(got.parent) == [LAB, f"{LAB}/lab.ipynb", f"{LAB}/timestamp.txt"]
    collect(update=True)
    assert (got / "lab.ipynb").read_text() == "[]"


def test_collecting_waits_while_a_submission_is_read(folder, inbound, collect):
    place = entry(inbound)
    got = collect() / ME / LAB / "lab.ipynb"
    (place / "lab.ipynb").write_text("[]")
    with lock(folder):
        collecting = threading.Thread(target=collect, kwargs={"update": True})
        collecting.start()
        collecting.join(1)
        assert collecting.is_alive() and got.read_text() == "{}"
    collecting.join(20)
    assert got.read_text() == "[]"


def test_only_plain_files_come(folder, inbound, collect):
    (folder / "secret").write_text("hidden")
    place = entry(inbound)
    (place / "link.ipynb").symlink_to(folder / "secret")
    (place / "folder").symlink_to(folder)
    os.link(folder / "secret", place / "hard.ipynb")
    os.mkfifo(place / "pipe")
    (place / "inner").mkdir()
    (place / "inner" / "data.csv").write_text("1")
    got = collect() / ME / LAB
    assert names(got) == ["inner", "inner/data.csv", "lab.ipynb", "timestamp.txt"]


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda place: (place / "big.ipynb").write_bytes(b"0" * 10_001), "'big.ipynb' is over that"),
        (lambda place: [(place / f"{n}.csv").write_bytes(b"0" * 9_000) for n in range(3)], "is over that"),
        (lambda place: [(place / f"{n}.csv").touch() for n in range(30)], "it has more than 20 files"),
        (lambda place: (place / "/".join("abcdefghij")).mkdir(parents=True), "it has more than 8 folders in one another"),
    ],
)
def test_what_breaks_the_limits_is_a_sentence_and_the_others_are_collected(inbound, collect, spoil, sentence):
    spoil(entry(inbound, student="ben"))
    entry(inbound, student="ada")
    got = collect(check_owner=False, max_files=20)
    assert sentence in (got / "ben" / LAB / NOT_COLLECTED).read_text()
    assert names(got / "ben" / LAB) == [NOT_COLLECTED, "timestamp.txt"]
    assert (got / "ada" / LAB / "lab.ipynb").read_text() == "{}"


def test_an_entry_in_another_students_name_is_not_collected_and_hides_nothing(inbound, collect):
    entry(inbound, student="somebody", lab="forged")
    entry(inbound, when="garbage", tail="x")
    (inbound / f"..+{LAB}+2020-01-01+x").mkdir()
    (inbound / f"{ME}+{LAB}+2030-01-01 00:00:00 UTC+file").write_text("no folder")
    (inbound / f"{ME}+{LAB}+2031-01-01 00:00:00 UTC+link").symlink_to(inbound)
    got = collect()
    assert names(got) == [ME, f"{ME}/{LAB}", f"{ME}/{LAB}/lab.ipynb", f"{ME}/{LAB}/timestamp.txt"]
