"""The learner's end of the wall, in the kernel: it calls the functions that the learner wrote when the grader asks for it.

    install(namespace, sock)    at the kernel's start
    serve()                     in the main thread, by an execute_request of the grader; returns when the grader says so

The grader may ask for names, call a function, go back through a result, and bind a name to a function of its own: a callback.
"""

import contextlib
import inspect
import io
import signal
import sys
import threading
import warnings

try:
    from classroom.sandbox.inside.peer import Peer
except ImportError:  # inside the sandbox there is no course
    from peer import Peer

ENTRY = "rnn_wall"  # the name of this module in sys.modules: `__import__("rnn_wall").serve()`


def install(namespace, sock):
    """Prepare to serve.

    Args:
        namespace: dict of the names that the learner's cells define.
        sock: a connected socket, whose other end the grader has.
    """
    global server
    server = Server(namespace, sock)
    sys.modules[ENTRY] = sys.modules[__name__]


def serve():
    """Do what the grader asks for until it says that it is enough."""
    server.serve()


class Nowhere(io.TextIOBase):
    """What a function prints while it is checked goes nowhere."""

    def write(self, text):
        return len(text)


class Server(Peer):
    """The learner's end."""

    def __init__(self, namespace, sock):
        super().__init__(sock)
        self.namespace, self.functions, self.callbacks = namespace, [], {}  # callbacks: id -> (the grader's number, the function)
        self.running = self.enough = False

    def serve(self):
        """Answer until told to stop; an interrupt stops the learner's function alone."""
        self.enough = False
        main = threading.current_thread() is threading.main_thread()
        before = signal.signal(signal.SIGINT, self._interrupted) if main else None
        try:
            while not self.enough:
                head, memory = self.incoming()
                if "op" in head:  # anything else is the reply to a question that was interrupted
                    self.answer(head, memory)
        finally:
            self.graphs.clear()
            if main:
                signal.signal(signal.SIGINT, before)

    def _interrupted(self, *_):
        if self.running:
            raise KeyboardInterrupt

    def stale(self, head):
        """It answers a question that was interrupted."""

    def do(self, head, values):
        return getattr(self, f"_{head['op']}")(head, *values)

    def back(self, head, grads):
        with self._learner():
            return super().back(head, grads)

    def _call(self, head, args, names):
        self.called = self.functions[head["of"]]
        with self._learner():
            return [self.called(*args, **names)], {}

    @contextlib.contextmanager
    def _learner(self):
        """While the learner's code runs."""
        before, self.running = self.running, True
        try:
            with warnings.catch_warnings(), contextlib.redirect_stdout(Nowhere()), contextlib.redirect_stderr(Nowhere()):
                warnings.simplefilter("ignore")
                yield
        finally:
            self.running = before

    def _names(self, head):
        """For each name a function of the learner's, a callback, or nothing."""
        return [], {"names": [self._described(self.namespace.get(name)) for name in head["names"]]}

    def _described(self, value):
        if not callable(value):
            return None if value is None else ["value", type(value).__name__]
        if id(value) in self.callbacks:
            return ["callback", self.callbacks[id(value)][0]]
        if not any(value is function for function in self.functions):
            self.functions.append(value)
        return ["function", next(n for n, function in enumerate(self.functions) if value is function)]

    def _bind(self, head):
        """Give a name to a function of the learner's, or to a callback."""
        value = self.functions[head["of"]] if head["kind"] == "function" else self._callback(head["of"], head["name"], head["parameters"])
        self.namespace[head["name"]] = value
        return [], {}

    def _callback(self, number, name, parameters):
        def stand_in(*args, **names):
            if threading.current_thread() is not threading.main_thread():
                raise RuntimeError(f"{name} can be called in the main thread only while the lab is graded.")
            (value,) = self.ask("call", [args, names], of=number)[1]
            return value

        stand_in.__name__ = stand_in.__qualname__ = name
        with contextlib.suppress(ValueError):
            stand_in.__signature__ = inspect.Signature(
                [inspect.Parameter(one, kind, default=None if optional else inspect.Parameter.empty) for one, kind, optional in parameters]
            )
        self.callbacks[id(stand_in)] = number, stand_in
        return stand_in

    def _stop(self, head):
        self.enough = True
        return [], {}


server = None
