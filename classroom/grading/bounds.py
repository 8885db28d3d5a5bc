"""Time and memory for code of the grader's that works on data of the learner's.

    with at_most(seconds, memory, error): ...

It is entered thousands of times in a notebook, so one thread waits for the ends of all of them.
"""

import contextlib
import ctypes
import os
import resource
import threading
import time

__all__ = ["at_most"]

SLACK = 0.01  # seconds that an end may be late
IDLE = 60.0  # seconds that the thread sleeps when it has nothing to wait for


@contextlib.contextmanager
def at_most(seconds, memory, error):
    """Run code of the grader's that works on data of the learner's.

    Args:
        seconds: after which `error` is raised in this thread, between two steps of Python.
        memory: bytes by which this process may grow; more is a MemoryError.
        error: an exception class.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    statm = os.open("/proc/self/statm", os.O_RDONLY)
    now = int(os.read(statm, 100).split()[0]) * resource.getpagesize()
    os.close(statm)
    alarm = ALARMS.set(seconds, error)
    try:
        resource.setrlimit(resource.RLIMIT_AS, (min([now + memory, *(one for one in (soft, hard) if one >= 0)]), hard))
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        if not ALARMS.clear(alarm):
            with contextlib.suppress(error):
                for _ in range(100):  # if it has not been raised yet, it is raised here; taking it back would slow Python down for good
                    pass


class Alarms:
    """A thread that raises errors in other threads."""

    def __init__(self):
        # Entered as a plain lock: what is raised on the way into a Condition, which is Python, would leave it locked for good.
        self.lock, self.waiting, self.look = threading.Lock(), {}, None  # look: when the thread wakes
        self.changed = threading.Condition(self.lock)

    def set(self, seconds, error):
        """Let `error` be raised in this thread after so many seconds; return what `clear` takes."""
        end, alarm = time.monotonic() + max(seconds, 0), object()
        with self.lock:
            self.waiting[alarm] = end, error, ctypes.c_ulong(threading.get_ident())
            if self.look is None:
                threading.Thread(target=self.run, daemon=True, name="alarms").start()
                self.look = end
            elif end < self.look - SLACK:
                self.look = end
                self.changed.notify()
        return alarm

    def clear(self, alarm):
        """Return whether it was in time: then nothing will be raised."""
        with self.lock:
            return self.waiting.pop(alarm, None) is not None

    def run(self):
        with self.lock:
            while True:
                now = time.monotonic()
                for alarm, (end, error, thread) in list(self.waiting.items()):
                    if end <= now:
                        del self.waiting[alarm]
                        ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(error))
                self.look = min((end for end, _, _ in self.waiting.values()), default=now + IDLE)
                self.changed.wait(self.look - now)


ALARMS = Alarms()
os.register_at_fork(after_in_child=ALARMS.__init__)  # the thread is the parent's
