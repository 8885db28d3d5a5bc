"""Between Jupyter's client and a kernel: passes bytes on in both directions, and counts what the kernel sends.

The client connects to `FOLDER/k-1` to `k-5`, as for any kernel with unix sockets; each connection is continued to the socket that
the kernel listens on. So nothing that a kernel sends can fill the grader's memory before someone has counted it.
"""

import contextlib
import selectors
import socket
from pathlib import Path

__all__ = ["Relay"]

PORTS = range(1, 6)
PART = 1 << 16  # bytes that are passed on at once; what cannot be is kept, and no more is read until it could be


class Relay:
    """Five doors.

    Args:
        folder: an empty folder that nobody else may enter, with a short path: sockets are named in it.
    Attributes:
        ip: what Jupyter calls the address.
        listeners: five listening sockets for the kernel, until `handed_over`.
        sent: bytes that the kernel has sent.
    """

    def __init__(self, folder):
        self.ip, self.sent, self.folder, self.closed = f"{folder}/k", 0, Path(folder), False
        self.listeners = [self.listen(f"i-{port}") for port in PORTS]
        self.selector, self.other, self.waiting, self.kernels = selectors.DefaultSelector(), {}, {}, set()
        for port in PORTS:
            self.selector.register(self.listen(f"k-{port}"), selectors.EVENT_READ, port)

    def listen(self, name):
        door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        door.bind(str(self.folder / name))
        door.listen(16)
        return door

    def handed_over(self):
        """From now on only the kernel has its sockets."""
        for door in self.listeners:
            door.close()

    def step(self, seconds):
        """Pass on what there is, or wait for it for this long."""
        for key, events in self.selector.select(seconds):
            if key.data is not None:
                self.join(key.fileobj, key.data)
            elif key.fileobj in self.other:  # not closed by an earlier one
                self.move(key.fileobj, events)

    def join(self, door, port):
        client, kernel = door.accept()[0], socket.socket(socket.AF_UNIX)
        try:
            kernel.connect(str(self.folder / f"i-{port}"))
        except OSError:
            client.close(), kernel.close()
            return
        for one, other in ((client, kernel), (kernel, client)):
            one.setblocking(False)
            self.other[one], self.waiting[one] = other, b""
            self.selector.register(one, selectors.EVENT_READ)
        self.kernels.add(kernel)

    def move(self, one, events):
        try:
            if events & selectors.EVENT_WRITE:
                self.write(one)
            if events & selectors.EVENT_READ:
                part = one.recv(PART)
                if not part:
                    raise ConnectionResetError
                if one in self.kernels:
                    self.sent += len(part)
                self.waiting[self.other[one]] += part
                self.write(self.other[one])
        except BlockingIOError:
            pass
        except OSError:
            self.part(one)

    def write(self, one):
        """Send what waits for `one`. While anything does, nothing more is read from the other side."""
        with contextlib.suppress(BlockingIOError):
            self.waiting[one] = self.waiting[one][one.send(self.waiting[one]) :]
        for end in (one, self.other[one]):
            reads = selectors.EVENT_READ if not self.waiting[self.other[end]] else 0
            writes = selectors.EVENT_WRITE if self.waiting[end] else 0
            self.watch(end, reads | writes)

    def watch(self, end, events):
        known = end in self.selector.get_map()
        if events:
            (self.selector.modify if known else self.selector.register)(end, events)
        elif known:
            self.selector.unregister(end)

    def part(self, one):
        other = self.other.pop(one)
        self.other.pop(other)
        for end in (one, other):
            self.watch(end, 0)
            self.waiting.pop(end)
            self.kernels.discard(end)
            end.close()

    def close(self):
        """Close every socket."""
        if self.closed:
            return
        self.closed = True
        self.handed_over()
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()
        for end in self.other:
            end.close()
        self.selector.close()
