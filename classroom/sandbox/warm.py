"""Kernels that start fast: one process has done the imports of a lab, and forks a kernel for each submission.

Fork   that process, seen from the grader; what it does is in `inside/fork.py`
fork   a new kernel from the process for these imports, which is started when it is first asked for
"""

import atexit
import contextlib
import os
import socket
import threading
from collections import OrderedDict

from classroom.sandbox import bubblewrap, process
from classroom.sandbox.inside.start import READY
from classroom.sandbox.limits import SandboxUnavailable

__all__ = ["Fork", "close", "fork", "possible"]

KEPT = 4  # processes with imports done; when there is one more, those end that were not used for longest and have no kernel
forks, lock = OrderedDict(), threading.Lock()


class Fork:
    """A process that has done the imports and forks.

    Args:
        library: folder of the lab's library.
        modules: names of what it imports.
        tmp_mb: megabytes of each folder that a kernel can write.
    """

    def __init__(self, library, modules, tmp_mb):
        self.kernels = 0  # how many kernels are open
        self.door, door = socket.socketpair()
        options = bubblewrap.arguments(bubblewrap.program(), library, tmp_mb, forks=True)
        call = f"main('{door.fileno()}', {bubblewrap.LIBRARY!r}, {list(modules)!r}, {bubblewrap.private(tmp_mb)!r})"
        self.process = process.start(options, "fork", call, door)
        door.close()
        self.door.settimeout(120)
        answer = self.door.recv(2000)
        if answer != READY:
            words = answer.decode(errors="replace") or process.last_words(self.process)
            self.close()
            raise SandboxUnavailable(f"Bubblewrap could not start the process that does the imports: {words}")

    def hand(self):
        """Return the hand of a new kernel."""
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self.door, [b"k"], [theirs.fileno()])
        self.kernels += 1
        return ours

    def ended(self):
        """Say that one of its kernels has ended."""
        with lock:
            self.kernels -= 1

    def close(self):
        """End it, and every kernel that it has forked."""
        with contextlib.suppress(OSError):
            self.door.shutdown(socket.SHUT_RDWR)  # it ends at this, even where another process has the socket too
        self.door.close()
        process.end(self.process)
        self.process.wait()
        self.process.stderr.close()


def possible():
    """Tell whether kernels can be forked: where this Python lies in /tmp, a kernel's own /tmp would cover it."""
    return not any(f"{path}/".startswith(tuple(f"{folder}/" for folder in bubblewrap.private(1))) for path in bubblewrap.shown())


def fork(library, modules, tmp_mb):
    """Start a kernel whose imports are done.

    Returns:
        its hand, and a function to call when it has ended.
    """
    key = (os.path.realpath(library), tuple(modules), tmp_mb)
    with lock:
        if key in forks and forks[key].process.poll() is not None:
            forks.pop(key).close()
        parent = forks.pop(key, None) or Fork(*key)
        forks[key] = parent  # the last in order
        hand = parent.hand()
        idle = [key for key, other in forks.items() if not other.kernels]
        for old in idle[: max(0, len(forks) - KEPT)]:
            forks.pop(old).close()
    return hand, parent.ended


@atexit.register
def close():
    """End every process that forks, and so every kernel that one of them has forked."""
    with lock:
        while forks:
            forks.popitem()[1].close()


os.register_at_fork(after_in_child=forks.clear)  # they belong to the parent
