"""The supervisor of one kernel: counts what its processes use, seen from outside, and ends them all at once when it is too much.

Tree        every process of a sandbox, by the handle of its first process; when that one ends, the system ends the others
Supervisor  a thread that passes on the channels (`relay`) and watches the tree and the clock
"""

import contextlib
import os
import select
import signal
import threading
import time
from typing import NamedTuple

__all__ = ["Supervisor", "Tree", "Usage"]

TICK = os.sysconf("SC_CLK_TCK")
MEMORY = ("RssAnon:", "RssShmem:", "VmPTE:", "VmSwap:")  # pages of files that others may share are not counted
FILES = 20_000  # in the folders that can be written
EVERY = 0.1  # seconds from one look to the next


class Usage(NamedTuple):
    """What a tree uses: bytes of memory and of files in memory, processes and threads, seconds of computing, number of files."""

    memory: int
    tasks: int
    cpu_s: float
    files: int


class Tree:
    """Every process of a sandbox.

    Args:
        first: file descriptor of a handle (pidfd) of the sandbox's first process; closed by `close`.
        folders: its folders that can be written; `None` where there is no process namespace to look into.
    """

    def __init__(self, first, folders):
        self.first, self.looks, self.proc, self.folders = first, folders is not None, None, []
        if self.looks:
            with open(f"/proc/self/fdinfo/{first}") as file:
                pid = next(int(line.split()[1]) for line in file if line.startswith("Pid:"))
            root = os.open(f"/proc/{pid}/root", os.O_PATH | os.O_DIRECTORY)
            self.proc = os.open("proc", os.O_RDONLY | os.O_DIRECTORY, dir_fd=root)
            self.folders = [os.open(folder.lstrip("/"), os.O_PATH | os.O_DIRECTORY, dir_fd=root) for folder in folders]
            os.close(root)

    def alive(self, seconds=0):
        """Wait up to this long for the end; return whether it has not come."""
        return self.first is not None and not select.select([self.first], [], [], seconds)[0]

    def kill(self):
        """End every process."""
        if self.first is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.first, signal.SIGKILL)

    def usage(self):
        """Return the Usage, or None where it cannot be seen or all have ended."""
        if not self.looks or not self.alive():
            return None
        memory = tasks = ticks = files = 0
        for number in os.listdir(self.proc):
            if not number.isdigit():
                continue
            try:
                status, stat = self.read(f"{number}/status"), self.read(f"{number}/stat")
            except OSError:
                continue  # it has just ended
            fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
            tasks += int(fields["Threads"])
            ticks += sum(map(int, stat.rpartition(")")[2].split()[11:15]))  # its own and those of children it has waited for
            if number != "1":  # the first process is ours, and shares its memory with the kernel
                memory += sum(int(fields.get(name[:-1], "0 kB").split()[0]) << 10 for name in MEMORY)
        for folder in self.folders:
            room = os.fstatvfs(folder)
            memory += (room.f_blocks - room.f_bfree) * room.f_frsize
            files += room.f_files - room.f_ffree
        return Usage(memory, tasks, ticks / TICK, files)

    def read(self, name):
        with open(os.open(name, os.O_RDONLY, dir_fd=self.proc), encoding="utf-8", errors="replace") as file:
            return file.read()

    def close(self):
        """Forget the tree."""
        for file in (self.first, self.proc, *self.folders):
            if file is not None:
                os.close(file)
        self.first, self.proc, self.folders, self.looks = None, None, [], False


class Supervisor(threading.Thread):
    """Watches one kernel until it ends or is ended.

    Args:
        tree: its Tree.
        relay: its Relay.
        limits: Limits.
        end: function that ends every process of it.
    Attributes:
        killed: None, or the sentence why it was ended.
    """

    def __init__(self, tree, relay, limits, end):
        super().__init__(daemon=True, name="supervisor of a kernel")
        self.tree, self.relay, self.limits, self.end, self.killed = tree, relay, limits, end, None
        self.start_time, self.enough = time.monotonic(), threading.Event()

    def run(self):
        look = 0.0
        while not self.enough.is_set() and self.tree.alive():
            self.relay.step(EVERY / 2)
            if time.monotonic() >= look or self.relay.sent > self.limits.output_mb * 1e6:
                look = time.monotonic() + EVERY
                self.killed = self.too_much()
                if self.killed:
                    self.end()
                    break
        else:
            self.relay.step(0)  # its last words
        self.relay.close()

    def too_much(self):
        """Return the sentence, or None."""
        limits, usage = self.limits, self.tree.usage() or Usage(0, 0, 0, 0)
        used = {
            f"It used more than {limits.memory_mb:g} MB of memory.": usage.memory > limits.memory_mb * 2**20,
            f"It had more than {limits.processes} processes and threads.": usage.tasks > limits.processes,
            f"It made more than {FILES} files.": usage.files > FILES,
            f"It computed for more than {limits.cpu_s:g} seconds.": usage.cpu_s > limits.cpu_s,
            f"It ran for more than {limits.wall_s:g} seconds.": time.monotonic() - self.start_time > limits.wall_s,
            f"It sent more than {limits.output_mb:g} MB of output.": self.relay.sent > limits.output_mb * 1e6,
        }
        return next((sentence for sentence, true in used.items() if true), None)

    def stop(self):
        """End the thread, and wait for it."""
        self.enough.set()
        if self.is_alive() and threading.current_thread() is not self:
            self.join()
