"""The seeds of the students' inputs: the same when grading again, different for every student and lab, and closed to others."""

import os
import stat

import pytest

from classroom.seeds import secret, seed
from rnncore.checks.labs import lab03
from rnncore.checks.labs.exercise import SEED
from rnncore.reference import clip_by_value


def test_the_secret_is_made_once_and_for_its_owner_alone(tmp_path):
    key = secret(tmp_path / "classroom-data")
    assert len(key) == 32 and key == secret(tmp_path / "classroom-data") != secret(tmp_path / "another")
    assert stat.S_IMODE(os.stat(tmp_path / "classroom-data" / "secret").st_mode) == 0o600


def test_every_student_and_lab_has_a_seed_of_its_own():
    seeds = {seed(b"key", student, lab) for student in ("ada", "a", "da") for lab in ("lab05", "da lab05", "5")}
    assert len(seeds) == 9 and all(len(text) == 64 for text in seeds)
    assert seed(b"other", "ada", "lab05") not in seeds


@pytest.mark.parametrize("value", ["1", "2"])
def test_a_check_draws_the_same_inputs_for_the_same_seed_and_others_for_another(monkeypatch, value):
    def drawn(text):
        seen = []

        def watch(gradients, *rest):
            seen.append(gradients["weight_hh"].tobytes() if "weight_hh" in gradients else b"")
            return clip_by_value(gradients, *rest)

        monkeypatch.setenv(SEED, text) if text else monkeypatch.delenv(SEED, raising=False)
        lab03.clipping_by_value.check(watch)
        return seen

    assert drawn(value) == drawn(value) != drawn(value + "0")
    assert drawn(None) != drawn(None)
