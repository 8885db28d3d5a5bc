"""The inputs of each student's checks: drawn from a seed that nobody can foresee and that grading again repeats.

secret      the course's secret, made at the first use and kept in classroom-data/, which is never released
seed        HMAC of the secret, the student and the lab
SeedInputs  the step of `nbgrader autograde` that gives it to the checks
"""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Unicode

from rnncore.checks.labs.exercise import SEED

__all__ = ["SeedInputs", "secret", "seed"]


def secret(folder):
    """Return the course's secret.

    Args:
        folder: where it is kept, in the file `secret`, which nobody else may read; made if it is not there.
    Returns:
        32 bytes.
    """
    path = Path(folder) / "secret"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return bytes.fromhex(path.read_text())
    with open(descriptor, "w") as file:
        file.write(secrets.token_hex(32))
    return secret(folder)


def seed(key, student, lab):
    """Return the seed of a student's inputs in a lab.

    Args:
        key: the course's secret.
        student, lab: their names.
    Returns:
        64 hexadecimal digits; without the secret nothing is known of them.
    """
    return hmac.new(key, f"{len(student)} {student} {lab}".encode(), hashlib.sha256).hexdigest()


class SeedInputs(NbGraderPreprocessor):
    """Let the kernel that is started next draw the inputs of its checks from the student's own seed."""

    folder = Unicode("classroom-data", help="where the course's secret is kept").tag(config=True)

    def preprocess(self, nb, resources):
        names = resources["nbgrader"]
        os.environ[SEED] = seed(secret(self.folder), names["student"], names["assignment"])
        return nb, resources
