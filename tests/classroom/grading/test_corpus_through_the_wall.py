"""Answers of the corpus, called across the wall: the same verdict and the same words as in the learner's own notebook.

Here a sample of each lab; `python -m tests.classroom.grading.test_corpus_through_the_wall` compares all of them, which takes some minutes.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys

import numpy as np
import pytest

from classroom.grading.learner import Learner
from rnncore.checks.labs import tensors
from rnncore.reference.tree import leaves
from tests.corpus.answers import LABS, answers, exercises, judge

SEED = 0


@contextlib.contextmanager
def other_side(lab):
    """A `Learner` whose functions are the answers to a lab, in another process."""
    here, there = socket.socketpair()
    command = [sys.executable, "-m", "tests.classroom.other_side", lab, str(there.fileno())]
    with subprocess.Popen(command, pass_fds=[there.fileno()]) as process:
        there.close()
        learner = Learner(here, lambda: process.send_signal(signal.SIGINT))
        try:
            with learner.step(60):
                learner.names([])
            yield learner
        finally:
            here.close()
            process.kill()


def differences(lab, learner, some):
    """(name, what the check says here, what it says across the wall), where the two differ."""
    checks, found = exercises(lab), []
    for answer in some:
        name = f"{answer.step}__{answer.name}"
        with learner.step(60):
            across = judge(checks[answer.step], learner.names([name])[name], SEED)
        direct = judge(checks[answer.step], answer.function, SEED)
        if direct != across:
            found.append((name, direct, across))
    return found


def sample(lab):
    """For each step a right answer and a wrong one, others in other steps."""
    all_of_them = answers(lab)
    for k, step in enumerate(exercises(lab)):
        for right in (True, False):
            mine = [answer for answer in all_of_them if answer.step == step and answer.right is right]
            yield mine[5 * k % len(mine)]


@pytest.mark.parametrize("lab", LABS)
def test_the_same_words(lab):
    if lab == "lab12":
        pytest.importorskip("torch")
    with other_side(lab) as learner:
        assert differences(lab, learner, sample(lab)) == []


def test_no_check_hands_out_its_own_constants():
    """What a learner's function changes in place is changed here; a constant of a check would be another one for the next learner."""
    pytest.importorskip("torch")
    for lab in LABS:
        for step, exercise in exercises(lab).items():
            modules = [module for name, module in sys.modules.items() if name.startswith("rnncore.") and module is not None]
            held = [value for module in modules for name, value in vars(module).items() if not name.startswith("__")]
            held = [array for value in held if isinstance(value, dict | list | tuple | np.ndarray) for array in arrays(value)]

            def function(*args, exercise=exercise, held=held, where=f"{lab}.{step}", **names):
                assert not any(np.shares_memory(one, other) for one in arrays(args) for other in held), where
                return exercise.reference(*args, **names)

            assert judge(exercise, function, SEED) is None


def arrays(tree):
    found = [leaf for _, leaf in leaves(tree)]
    found = [leaf.detach().numpy() if tensors.is_tensor(leaf) and leaf.device.type == "cpu" else leaf for leaf in found]
    return [leaf for leaf in found if isinstance(leaf, np.ndarray)]


def main():
    failed = 0
    for lab in LABS:
        with other_side(lab) as learner:
            found = differences(lab, learner, answers(lab))
        failed += len(found)
        print(f"{lab}: {len(answers(lab))} answers, {learner.number} calls, {len(found)} differ", flush=True)
        for name, direct, across in found:
            print(f"    {name}\n        here:   {direct}\n        across: {across}")
    return 1 if failed else 0


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main())
