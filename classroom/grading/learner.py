"""The grader's end of the wall: a learner's functions as functions here, for as long as they answer in time.

    Learner     names from the learner's kernel, calls in both directions, and the end of a call that takes too long
    Proxy       one function of the learner's

Whatever comes back is data; `classroom.sandbox.inside.wall` has the checks. What cannot be read, and an end that does not answer, is the
end of this kernel: `Learner.gone` says so in words that complete "it ...".
"""

import contextlib
import inspect
import keyword
import select
import time

from classroom.grading.bounds import at_most
from classroom.sandbox.inside import wall
from classroom.sandbox.inside.peer import Gone, Peer, grad_enabled, grad_mode
from rnncore.checks.labs.exercise import CheckStopped

GRACE = 2.0  # seconds that an interrupted function has to end
CALLBACKS = 20_000  # in one cell
MEMORY = 1 << 30  # bytes more, for the right functions that the learner's code calls


class Late(Gone):
    """The learner's function had its time."""


class Proxy:
    """One function of the learner's."""

    def __init__(self, learner, number, name):
        self._learner, self._number, self.__name__ = learner, number, name

    def __call__(self, *args, **names):
        return self._learner.call(self, args, names)


class Learner(Peer):
    """The learner's kernel, as the grader sees it.

    Args:
        sock: a connected socket to `inside/serve.py`.
        interrupt: called without arguments to interrupt the kernel.
        killed: called without arguments for the sentence why the kernel was ended from outside, or None.
        limits: `wall.Limits`.
    """

    def __init__(self, sock, interrupt=lambda: None, killed=lambda: None, limits=None):
        super().__init__(sock, limits)
        self.interrupt, self.killed, self.functions, self.given = interrupt, killed, {}, []  # given: the callbacks by number
        self.deadline = self.step_s = None
        self.used, self.doubt = set(), False  # names of functions that were called; whether the last of them ended the process is not sure
        self.gone, self.calls, self.asked = "", 0, 0
        self.late, self.suspected = {}, set()  # name -> why its function is not called again; names of which that is not yet sure

    @contextlib.contextmanager
    def step(self, seconds):
        """All calls inside may take so many seconds together. What they switch in PyTorch is switched for this step alone."""
        self.deadline, self.step_s, self.calls = time.monotonic() + seconds, seconds, 0
        try:
            with grad_mode(grad_enabled()):
                yield
        finally:
            self.graphs.clear()

    def call(self, proxy, args, names):
        """Call a function of the learner's."""
        if self.gone or proxy.__name__ in self.late:
            raise CheckStopped(self.late.get(proxy.__name__) or self.gone)
        if self.functions.get(proxy._number) is not proxy:
            raise CheckStopped("belongs to a process that has ended")
        self.used.add(proxy.__name__)
        _, values = self._safely(proxy.__name__, "call", [args, names], of=proxy._number)
        if len(values) != 1:
            self._broken(proxy.__name__)
        return values[0]

    def names(self, names):
        """What the learner's names stand for now: a dict from each to a `Proxy`, a callback's function, a `wall.Foreign` or None."""
        head, _ = self._safely(None, "names", names=list(names))
        found = head.get("names")
        if type(found) is not list or len(found) != len(names):
            self._broken()
        return {name: self._meant(name, one) for name, one in zip(names, found, strict=True)}

    def _meant(self, name, one):
        if one is None:
            return None
        if type(one) is list and len(one) == 2:
            kind, number = one
            if kind == "value":
                return wall.Foreign()
            if kind == "callback" and type(number) is int and 0 <= number < len(self.given):
                return self.given[number]
            if kind == "function" and type(number) is int and 0 <= number < 100_000:
                return self.functions.setdefault(number, Proxy(self, number, name))
        return self._broken()

    def bind(self, name, function):
        """Let a name inside stand for a function of the learner's, or for one of the grader's, which is called back."""
        if isinstance(function, Proxy):
            return self._safely(None, "bind", name=name, kind="function", of=function._number)
        if not any(function is one for one in self.given):
            self.given.append(function)
        number = next(k for k, one in enumerate(self.given) if one is function)
        parameters = [[p.name, int(p.kind), p.default is not p.empty] for p in inspect.signature(function).parameters.values()]
        return self._safely(None, "bind", name=name, kind="callback", of=number, parameters=parameters)

    def stop(self):
        """Let `serve()` inside return."""
        self._safely(None, "stop")

    def answer_until(self, done, seconds):
        """Answer the learner's calls, while cells of the learner's run, until the file descriptor `done` can be read."""
        with contextlib.suppress(CheckStopped), self.step(seconds):
            while not self.gone:
                ready, _, _ = select.select([self.sock, done], [], [])
                if self.sock not in ready:
                    return
                try:
                    head, memory = self.incoming()
                    wall.require("op" in head)
                    self.answer(head, memory)
                except Late:
                    self.gone = f"did not finish within {seconds:g} seconds"
                except (Gone, wall.Broken, RecursionError):
                    self._broken()

    # Asking, and what ends it.

    def gradients(self, grads, inputs, **more):
        return self._guarded(None, super().gradients, grads, inputs, **more)

    def _safely(self, called, /, *request, **more):
        """Ask; whatever goes wrong is `CheckStopped`."""
        if request[0] in ("names", "bind", "stop"):  # which take no time, and are asked when a function has used up its own
            self.deadline = max(self.deadline or 0, time.monotonic() + GRACE)
        return self._guarded(called, self.ask, *request, **more)

    def _guarded(self, called, ask, /, *request, **more):
        if self.gone:
            raise CheckStopped(self.gone)
        self.asked = self.asked or self.number + 1
        outer = self.asked == self.number + 1
        try:
            return ask(*request, **more)
        except Late:
            if not outer:
                raise
            self._too_late(called)
        except Gone:
            self.ended("cannot be called any more, because its process ended", called if outer else None)
        except (wall.Broken, wall.TooLarge, RecursionError):
            self._broken(called if outer else None)
        finally:
            if outer:
                self.asked = 0
        raise CheckStopped(self.late.get(called) or self.gone)

    def _broken(self, name=None):
        self.gone = "gave back what cannot be read: the grader takes numbers, text, arrays, tensors, lists, tuples and dicts"
        if name:
            self.late[name] = self.gone
        raise CheckStopped(self.gone)

    def ended(self, why, name=None):
        """The process has ended, while the function of this name was called, or when none was; `why` completes "it ...".

        A function that ended it, alone, is not called in the next one. Nor is one after which it ended, twice, when nothing was called
        any more and nothing else had been: it left something behind.
        """
        self.gone, killed = why, self.killed()
        self.doubt = bool(self.used - {name})  # what ran before may have left threads, processes or memory behind
        if name is None and len(self.used) == 1:
            (one,) = self.used
            name = one if one in self.suspected else None
            self.suspected.add(one)
        if name and not self.used - {name}:
            self.late[name] = f"was stopped: {killed[0].lower()}{killed[1:].rstrip('.')}" if killed else "ended its process"

    def _too_late(self, name):
        """Interrupt what runs inside; if it ends, the kernel can be used further."""
        why = f"did not finish within {self.step_s:g} seconds"
        if name:
            self.late[name] = why
        self.interrupt()
        self.deadline = time.monotonic() + GRACE
        try:
            while True:
                head, _ = self.incoming()
                if "op" not in head and head.get("number") == self.asked:
                    raise CheckStopped(why)
        except (Gone, wall.Broken):
            self.gone = why
        raise CheckStopped(why)

    def incoming(self):
        left = self.deadline - time.monotonic()
        if left <= 0 or not select.select([self.sock], [], [], left)[0]:
            raise Late
        self.sock.settimeout(max(left, GRACE))
        return super().incoming()

    def _send(self, head, nodes=(), memory=()):
        self.sock.settimeout(max(self.deadline - time.monotonic(), GRACE))
        super()._send(head, nodes, memory)

    def _result(self, head, memory, packed, wanting):
        error = head.get("error")
        if type(error) is dict and error.get("base") in ("KeyboardInterrupt", "GeneratorExit", "BaseException"):
            raise CheckStopped(f"stopped with {error['base']}")
        if type(error) is dict and error.get("type") == "TooLarge":
            raise CheckStopped(
                "gave back too much: " + f"at most {self.limits.memory >> 20} MB and {self.limits.parts} parts can be graded"
            )
        return super()._result(head, memory, packed, wanting)

    # Being asked.

    def do(self, head, values):
        self.calls += 1
        wall.require(head.get("op") == "call" and self.calls <= CALLBACKS, "too many calls")
        function = self.given[wall.natural(head.get("of"), len(self.given) - 1)]
        wall.require(len(values) == 2 and type(values[0]) is tuple and type(values[1]) is dict)
        args, names = values
        wall.require(all(type(name) is str and name.isidentifier() and not keyword.iskeyword(name) for name in names))
        with at_most(self.deadline - time.monotonic(), MEMORY, Late):
            return [function(*args, **names)], {}

    def report(self, error):
        if isinstance(error, CheckStopped | KeyboardInterrupt):
            raise error
        return super().report(error) | {"frames": []}
