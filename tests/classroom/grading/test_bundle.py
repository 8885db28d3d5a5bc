"""A bundle is there whole or not at all, and comes back as it was."""

import os
from pathlib import Path

import pytest

from classroom.grading import bundle as bundles
from classroom.grading.bundle import Bundle, load, read, write

FIELDS = {
    "lab": "lab05", "student": "ada", "hashes": {"submission": "1"}, "status": "graded", "reason": "", "checks": [{"name": "a"}],
    "flags": ["ü"], "seconds": {"cells": 1.5}, "finished": "2026-11-01T10:00:00+00:00", "notebook": "{}",
}  # fmt: skip


def test_a_bundle_comes_back_as_it_was(tmp_path):
    one, other = Bundle.of(FIELDS), Bundle.of(FIELDS | {"hashes": {"submission": "2"}})
    assert read(tmp_path, "lab05", "ada") is None and load(tmp_path, "lab05") == []
    write(tmp_path, one)
    write(tmp_path, other)
    assert read(tmp_path, "lab05", "ada") == other and read(tmp_path, "lab05", "ada", one.key) == one
    bundles.make_current(tmp_path, one)
    assert load(tmp_path, "lab05") == [one]
    again = one._replace(flags=["again"])
    write(tmp_path, again)
    assert load(tmp_path, "lab05") == [again] and again.key == one.key and again.digest != one.digest
    assert sorted(path.name for path in (tmp_path / "lab05/ada").iterdir()) == sorted([one.key, other.key, "current"])


def test_text_that_no_file_can_hold_is_changed():
    assert Bundle.of(FIELDS | {"notebook": '"\ud800\0"'}).notebook == '"??"'


def test_a_status_that_nobody_knows_is_not_taken():
    with pytest.raises(ValueError, match="one of graded, refused, crashed, got 'fine'"):
        Bundle.of(FIELDS | {"status": "fine"})


def test_a_writer_that_is_killed_while_it_makes_a_result_again_loses_neither(tmp_path, monkeypatch):
    one = Bundle.of(FIELDS)
    place, rename = write(tmp_path, one), Path.rename
    for _ in range(2):  # the second time with what the first one left

        def stop(path, to):
            if to == place:
                raise KeyboardInterrupt
            return rename(path, to)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "rename", stop)
            with pytest.raises(KeyboardInterrupt):
                write(tmp_path, one._replace(flags=["again"]))
        assert not place.exists()
        bundles.sweep(tmp_path, "lab05")
        assert load(tmp_path, "lab05") == [one]
        place.with_name(f".old-{place.name}").mkdir()
        place.with_name(f".old-{place.name}").joinpath("rest").touch()
    write(tmp_path, one._replace(flags=["again"]))
    assert load(tmp_path, "lab05") == [one._replace(flags=["again"])] and not list(tmp_path.rglob(".*"))


@pytest.mark.parametrize("step", ["fsync", "rename", "replace"])
def test_a_writer_that_stops_leaves_the_old_bundle_or_none(tmp_path, monkeypatch, step):
    one = Bundle.of(FIELDS)
    write(tmp_path, one)

    def stop(*args, **kwargs):
        raise KeyboardInterrupt

    target = os if step == "fsync" else type(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(target, step, stop)
        with pytest.raises(KeyboardInterrupt):
            write(tmp_path, one._replace(flags=[], hashes={"submission": "2"}))
    assert read(tmp_path, "lab05", "ada") == one
    bundles.sweep(tmp_path, "lab05")
    assert not list(tmp_path.rglob(".*"))
