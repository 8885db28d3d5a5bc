"""A course folder of its own for the tests of a class, and the class that runs in it.

make_course   the folder, with some of the labs, built
Class         `make classroom` in that folder: started, stopped, and what is left of it
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[3]
HUB = Path("classroom") / "hub"


def environment(course):
    """Nothing of the person who runs the tests is read or written, and the folder's own modules come first."""
    own = {
        "HOME": course,
        "JUPYTER_CONFIG_DIR": course / ".config",
        "JUPYTER_DATA_DIR": course / ".data",
        "IPYTHONDIR": course / ".ipython",
    }
    taken = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "CLASSROOM", "XDG"))}
    path = {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    return taken | {name: str(value) for name, value in own.items()} | path | threads | {"PYTHONPATH": f"{course}{os.pathsep}{ROOT}"}


def make_course(folder, labs):
    """Copy what a class needs into a new folder and build these labs there; return the folder."""
    (folder / "solutions").mkdir(parents=True)
    for name in ("build.py", *(f"{lab}.py" for lab in labs)):
        shutil.copy(ROOT / "solutions" / name, folder / "solutions")
    for name in ("nbgrader_config.py", "_config.yml"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "classroom", folder / "classroom", ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    (folder / "book").symlink_to(ROOT / "book")  # the labs' links are checked
    if (ROOT / HUB / "node_modules").exists():
        (folder / HUB / "node_modules").symlink_to(ROOT / HUB / "node_modules")
    run(folder, folder, sys.executable, "solutions/build.py")
    return folder


def run(course, cwd, *command, status=0, given=None, **variables):
    """Run a command in a folder, with this on its standard input, and return what it prints."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=environment(course) | variables,
        text=True,
        input=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert status is None or done.returncode == status, done.stdout[-5000:]
    return done.stdout


def free_port():
    """The first of three free ports in a row."""
    for port in range(8200, 8400, 3):
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            for number in range(port, port + 3):
                stack.enter_context(socket.socket()).bind(("127.0.0.1", number))
            return port
    raise OSError("no three free ports in a row between 8200 and 8400")


class Class:
    """A class that runs in a course folder."""

    def __init__(self, course):
        self.course, self.port = course, free_port()
        self.address, self.log = f"http://127.0.0.1:{self.port}", course / "class.log"
        self.start()

    def start(self):
        command = [sys.executable, "-m", "classroom.hub", "--port", str(self.port)]
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(command, cwd=self.course, env=environment(self.course), stdout=log, stderr=log)
        end = time.monotonic() + 120
        while "Ctrl-C" not in self.log.read_text():
            assert self.process.poll() is None and time.monotonic() < end, self.log.read_text()
            time.sleep(0.2)
        self.passwords = json.loads((self.course / "classroom-data" / "hub" / "passwords.json").read_text())

    def stop(self, by=signal.SIGINT):
        """Stop it as Ctrl-C does; return the ids of the processes that it left."""
        if self.process.poll() is None:
            self.process.send_signal(by)
            self.process.wait(90)
        return self.processes()

    def processes(self):
        """The ids of all processes that work in the course folder or were started for it."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                about = (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
                if str(self.course).encode() in about and int(folder.name) != os.getpid():
                    found.append(int(folder.name))
        return found
