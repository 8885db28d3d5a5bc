"""Find processes, as Linux shows them in /proc, and wait for them.

until         wait for something to come true
gone          wait until processes have ended
children      of a process
descendants   they, and theirs
command       with which a process was started
"""

import contextlib
import os
import time
from pathlib import Path


def until(true, seconds=60, every=0.02):
    """Wait, and tell whether it came true."""
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(every)
    return true()


def gone(processes):
    return until(lambda: not any(os.path.exists(f"/proc/{pid}/exe") and os.access(f"/proc/{pid}/fd/0", os.F_OK) for pid in processes), 15)


def children(pid):
    """The ids of the processes that any thread of a process has started."""
    path, found = f"/proc/{pid}/task", []
    for thread in os.listdir(path) if os.path.exists(path) else []:
        try:
            with open(f"{path}/{thread}/children") as file:
                found += map(int, file.read().split())
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


def descendants(pid):
    found = children(pid)
    return found + [below for child in found for below in descendants(child)]


def command(pid):
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""
