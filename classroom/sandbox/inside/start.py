"""The first Python in a sandbox: takes what the grader hands over, locks itself in, and is an ordinary ipykernel from then on.

What is handed over comes through one socket, the hand: a length, open files (five listening sockets for Jupyter's channels, one
connected socket, the wall), and JSON. The answer is one word, `ready`, with a handle of the sandbox's first process, or the
error in words. Then the hand is closed: nothing of the grader stays open but those six.
"""

import base64
import json
import os
import socket
import sys
import traceback
from pathlib import Path

from classroom.sandbox.inside.lockdown import limit, lock

__all__ = ["give", "main", "run", "take"]

CHANNELS = ("shell", "iopub", "stdin", "control", "hb")
READY = b"ready"
ARGUMENTS = [
    "--HistoryManager.enabled=False",  # no database of what was typed
    "--IPKernelApp.log_level=50",
    "--InteractiveShellApp.ignore_cwd=True",  # the work folder comes last, see `paths`
]


def give(hand, request, files):
    """Hand over, the grader's side.

    Args:
        hand: connected socket.
        request: dict of plain values.
        files: file descriptors, the five channels in the order of CHANNELS and then the wall.
    """
    text = json.dumps(request).encode()
    socket.send_fds(hand, [len(text).to_bytes(8, "little")], files)
    hand.sendall(text)


def take(hand):
    """Take what was handed over: a dict and a list of file descriptors."""
    head, files, _, _ = socket.recv_fds(hand, 8, 16)
    for file in files:
        os.set_inheritable(file, False)
    text, size = bytearray(), int.from_bytes(head, "little")
    while len(text) < size:
        part = hand.recv(size - len(text))
        if not part:
            raise EOFError("the grader has gone away")
        text += part
    return json.loads(text), files


def main(door):
    """Start from nothing: `door` is the number of the hand, or the path of a socket to connect to."""
    if door.isdigit():
        hand = socket.socket(fileno=int(door))
        hand.set_inheritable(False)
    else:
        hand = socket.socket(socket.AF_UNIX)
        hand.connect(door)
    run(hand)


def run(hand):
    """Be a kernel. Never returns; an error before the first cell is the answer to the grader."""
    try:
        app = prepare(hand)
    except BaseException as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        hand.sendall(f"{type(error).__name__}: {error} ({Path(place.filename).name}, line {place.lineno})"[:2000].encode())
        os._exit(1)
    hand.close()
    app.start()
    os._exit(0)


def prepare(hand):
    """Take over, lock, and set up the kernel; returns ipykernel's application, ready to start."""
    request, (*listeners, wall) = take(hand)
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    os.close(null)
    work = Path(request["work"])
    for name, text in request["files"].items():
        path = work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(text))
    os.chdir(work)
    first = os.pidfd_open(1 if request["locked"] else os.getpid())
    if request["locked"]:
        limit(request["limits"])
        lock()
    paths(request["library"], work)
    app = kernel(request["connection"], dict(zip(CHANNELS, listeners, strict=True)), Path(request["scratch"]))
    install(app.shell.user_ns, socket.socket(fileno=wall))
    socket.send_fds(hand, [READY], [first])
    os.close(first)
    return app


def paths(library, work):
    """The lab's library comes first, the learner's own files last: a submitted `numpy.py` is not NumPy."""
    sys.path[:] = [library, *(path for path in sys.path if path not in ("", library)), str(work)]


def kernel(connection, listeners, scratch):
    """Set up ipykernel on sockets that were bound outside: nothing here needs a network or a path that can be written."""
    import zmq

    ours = {f"ipc://{connection['ip']}-{connection[f'{name}_port']}": listeners[name] for name in CHANNELS}
    plain_bind, plain_connect = zmq.Socket.bind, zmq.Socket.connect
    bound = set()

    def bind(self, address):
        if address in ours:
            self.setsockopt(zmq.USE_FD, ours[address])
        bound_to = plain_bind(self, address)
        if address in ours:
            bound.add(self.getsockopt_string(zmq.LAST_ENDPOINT))
        return bound_to

    def connect(self, address):  # ipykernel's debugger connects to the shell channel, which has no path in here
        return None if address in bound else plain_connect(self, address)

    zmq.Socket.bind, zmq.Socket.connect = bind, connect
    sys.modules.setdefault("debugpy", None)  # no debugger: it costs 0.15 s
    from ipykernel.kernelapp import IPKernelApp

    file = scratch / "kernel.json"
    file.write_text(json.dumps(connection))
    sys.argv = ["ipykernel"]
    app = IPKernelApp.instance()
    app.initialize(["-f", str(file), *ARGUMENTS])
    file.unlink()
    return app


def install(namespace, wall):
    """Give the wall to the module that serves it."""
    try:
        from classroom.sandbox.inside import serve
    except ImportError as error:
        if error.name not in ("classroom.sandbox.inside", "classroom.sandbox.inside.serve"):
            raise
        namespace["__wall__"] = wall
    else:
        serve.install(namespace, wall)
