"""The first process of a kernel, as the grader starts it: in a session of its own, without an environment, with nothing to read from.

start   Python under bubblewrap
plain   Python without any sandbox, for tests
quiet   any command; `last_words` is what it said when it could not
listen, arrival   a door for those that cannot inherit an open file
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys

from classroom.sandbox import bubblewrap

__all__ = ["arrival", "end", "last_words", "listen", "plain", "quiet", "start"]

CALL = "import sys; sys.path.insert(0, {!r}); from classroom.sandbox.inside.{} import main; {}"


def quiet(command, environment, files=()):
    """Start a command."""
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, env=environment, pass_fds=files, cwd="/", start_new_session=True, **streams)


def start(options, module, call, door):
    """Start Python under bubblewrap and call a function of a module of `inside`.

    The environment and the command line are all that a sandbox could read of how it was started, so the options are passed as a file.
    """
    reading, writing = os.pipe()
    os.write(writing, b"".join(option.encode() + b"\0" for option in options))
    os.close(writing)
    command = [bubblewrap.program(), "--args", str(reading), "--"]
    command += [sys.executable, "-I", "-B", "-c", CALL.format(bubblewrap.BIN, module, call)]
    try:
        return quiet(command, bubblewrap.environment(), (reading, door.fileno()))
    finally:
        os.close(reading)


def plain(door, scratch):
    """No sandbox: for tests of what comes above it, on a machine that has none."""
    command = [sys.executable, "-I", "-B", "-c", CALL.format(str(bubblewrap.INSIDE.parents[2]), "start", f"main('{door.fileno()}')")]
    return quiet(command, {**bubblewrap.environment(), "HOME": str(scratch), "IPYTHONDIR": f"{scratch}/ipython"}, [door.fileno()])


def listen(folder):
    """Return a socket that listens in a new folder; who may enter the folder may connect."""
    folder.mkdir(mode=0o755)
    door = socket.socket(socket.AF_UNIX)
    door.bind(str(folder / "hand"))
    (folder / "hand").chmod(0o666)
    door.listen(1)
    door.settimeout(0.2)
    return door


def arrival(door, process):
    """Wait a minute for who connects to the door; return the connection, or None when the process has ended before."""
    for _ in range(300):
        with contextlib.suppress(TimeoutError):
            return door.accept()[0]
        if process.poll() is not None:
            return None
    return None


def end(process):
    """End a process that `start` has started, with its first child and so with all that is in the sandbox."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def last_words(process):
    """Return the last line that a process which is ending wrote to stderr."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(2)
    end(process)
    lines = process.stderr.read().decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it ended without a word"
