"""A process that grades, one submission after the other, for as long as the runner wants it.

    python -m classroom.grading.worker FUNCTION DESCRIPTOR        started by `Worker`, never by hand

FUNCTION is "module:name". The runner's end of the socket is in DESCRIPTOR; messages are JSON after their length in eight bytes. The
process ends, with all that it started, when the runner is gone, however the runner ended.
"""

import contextlib
import importlib
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

__all__ = ["Died", "Late", "Worker"]

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 256 * 2**20  # bytes of one message
STARTS_S = 180


class Died(Exception):
    """The process ended before it answered."""


class Late(Exception):
    """The process did not answer in time."""


class Worker:
    """The runner's side of one grading process.

    Args:
        function: "module:name" of `grade`.
        log: file to which it writes what it prints.
    """

    def __init__(self, function, log):
        self.closed = False
        self.socket, theirs = socket.socketpair()
        arguments = [sys.executable, "-W", "ignore", "-m", "classroom.grading.worker", function, str(theirs.fileno())]
        with theirs, open(log, "ab") as file:  # `Popen` starts a new program, it never continues a copy of this one
            self.process = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=file, stderr=file, cwd=ROOT, pass_fds=[theirs.fileno()], start_new_session=True
            )
        try:
            _receive(self.socket, time.monotonic() + STARTS_S)  # it has loaded its parts
        except (Died, Late):
            self.close()
            raise

    def grade(self, task, limit_s):
        """Return what the function makes of a task.

        Raises:
            Died, Late: the process is of no use any more.
        """
        end = time.monotonic() + limit_s
        _send(self.socket, task, end)
        return _receive(self.socket, end)

    def close(self):
        """End the process and what it started."""
        if self.closed:
            return
        self.closed = True
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.socket.close()


def _send(connection, value, end):
    data = json.dumps(value).encode()
    try:
        connection.settimeout(max(0.01, end - time.monotonic()))
        connection.sendall(struct.pack("!Q", len(data)) + data)
    except TimeoutError:
        raise Late from None
    except OSError:
        raise Died from None


def _receive(connection, end):
    (length,) = struct.unpack("!Q", _bytes(connection, 8, end))
    if length > LONGEST:
        raise Died(f"it answered with {length} bytes")
    return json.loads(_bytes(connection, length, end))


def _bytes(connection, count, end):
    parts = []
    while count:
        try:
            connection.settimeout(max(0.01, end - time.monotonic()) if end else None)
            part = connection.recv(min(count, 2**20))
        except TimeoutError:
            raise Late from None
        except OSError:
            raise Died from None
        if not part:
            raise Died
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def _leave_with_the_runner(descriptor):
    """Wait until the other end of the socket is closed, then end this group of processes."""
    poll = select.poll()
    poll.register(descriptor, 0)  # a hang-up is always told
    poll.poll()
    os.killpg(0, signal.SIGKILL)


def main(function, descriptor):
    connection = socket.socket(fileno=int(descriptor))
    threading.Thread(target=_leave_with_the_runner, args=[connection.fileno()], daemon=True).start()
    module, name = function.split(":")
    grade = getattr(importlib.import_module(module), name)
    from classroom.grading.task import Stop

    _send(connection, "ready", time.monotonic() + STARTS_S)
    while True:
        task = _receive(connection, None)
        try:
            reply = {"result": grade(task)}
        except Stop as why:
            reply = {"stop": str(why)}
        except Exception as error:  # of the grader's own; a student's errors are part of a result
            sys.excepthook(*sys.exc_info())
            reply = {"error": f"The grader itself stopped with {type(error).__name__}: {error}"}
        _send(connection, reply, time.monotonic() + STARTS_S)


if __name__ == "__main__":
    with contextlib.suppress(Died):
        main(*sys.argv[1:])
