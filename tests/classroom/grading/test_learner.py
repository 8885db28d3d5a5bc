"""A learner's functions as the grader sees them: honest ones, slow ones, and another end that lies."""

import contextlib
import ctypes
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from classroom.grading import learner as module
from classroom.grading.bounds import Alarms, at_most
from classroom.grading.learner import Learner, Proxy
from classroom.sandbox.inside import wall
from rnncore.checks import CheckFailed
from rnncore.checks.labs import lab01
from rnncore.checks.labs.exercise import CheckStopped
from rnncore.reference import rnn_step_forward

# What a learner might have written, by name.
WRITTEN = """
import os, sys, time, threading
import numpy as np

def double(x): return 2 * x
def same(*args, **names): return args, names
def half(x): return x[: len(x) // 2]
def write(x):
    x += 1
    return x
def grow(things, table):
    things.append(table); table["new"] = things[0]; table.pop("old")
def warn(x):
    import warnings
    warnings.warn("careful"); print("noise" * 10**6); print("more", file=sys.stderr)
    return x
def unwritten(): raise NotImplementedError()
def key(): return {}["weight"]
def singular(): return np.linalg.inv(np.zeros((2, 2)))
def leave(): sys.exit("bye")
def ended(): os._exit(3)
def forever():
    while True: time.sleep(0.01)
def stubborn():
    while True:
        try:
            while True: time.sleep(0.01)
        except KeyboardInterrupt: pass
def interrupted(): raise KeyboardInterrupt
def large(): return np.zeros(100 << 20, dtype=np.uint8)
def long_text(): return "a" * (100 << 20)
def endless():
    found = []; found.append(found)
    return found
def deep(n=10**5):
    found = None
    for _ in range(n): found = [found]
    return found
def use(x): return given(x) + 1
def use_often():
    while True: given(1)
def in_a_thread():
    found = []
    def work():
        try: given(1)
        except RuntimeError as error: found.append(str(error))
    thread = threading.Thread(target=work); thread.start(); thread.join()
    return found
number = 3
"""
INSIDE = """
import sys, socket, linecache
from classroom.sandbox.inside import serve
text = sys.stdin.read()
linecache.cache["cell"] = (len(text), None, text.splitlines(True), "cell")
namespace = {}
exec(compile(text, "cell", "exec"), namespace)
serve.install(namespace, socket.socket(fileno=int(sys.argv[1])))
serve.serve()
"""


@contextlib.contextmanager
def inside(text=WRITTEN):
    """A `Learner` of these functions, in a process of their own."""
    here, there = socket.socketpair()
    command = [sys.executable, "-c", INSIDE, str(there.fileno())]
    with subprocess.Popen(command, pass_fds=[there.fileno()], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        there.close()
        process.stdin.write(text)
        process.stdin.close()
        learner = Learner(here, lambda: process.send_signal(signal.SIGINT))
        try:
            with learner.step(30):
                learner.names([])  # it has started
            yield learner
        finally:
            here.close()
            process.kill()


@pytest.fixture(scope="module")
def learner():
    with inside() as learner:
        yield learner


def call(learner, name, *args, **names):
    with learner.step(10):
        return learner.names([name])[name](*args, **names)


def test_a_call_crosses_and_comes_back(learner):
    assert np.array_equal(call(learner, "double", np.arange(3)), [0, 2, 4])
    table = {"a": np.ones(2)}
    args, names = call(learner, "same", table, b=table)
    assert args[0] is table and names["b"] is table  # what comes back as it went is the same object


def test_what_is_done_to_arguments_is_done_here(learner):
    array = np.zeros(4)
    assert call(learner, "write", array) is array and array.tolist() == [1, 1, 1, 1]
    part = call(learner, "half", array)
    part[:] = 9
    assert array.tolist() == [9, 9, 1, 1]
    things, table = ["first"], {"old": 1, "kept": 2}
    call(learner, "grow", things, table)
    assert things == ["first", table] and table == {"kept": 2, "new": "first"}
    read_only = np.arange(3.0)
    read_only.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        call(learner, "write", read_only)


def test_what_names_stand_for(learner):
    with learner.step(5):
        found = learner.names(["double", "number", "nothing"])
        assert isinstance(found["double"], Proxy) and learner.names(["double"])["double"] is found["double"]
    assert not callable(found["number"]) and found["number"] is not None and found["nothing"] is None


def test_warnings_and_noise_stay_inside(learner, capfd):
    assert call(learner, "warn", 5) == 5
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [
        ("unwritten", NotImplementedError, ""),
        ("key", KeyError, "'weight'"),
        ("singular", Exception, "Singular matrix"),
        ("leave", SystemExit, "bye"),
    ],
)
def test_errors_come_back(learner, name, kind, text):
    with pytest.raises(kind) as caught:
        call(learner, name)
    assert str(caught.value) == text and type(caught.value).__name__ in (kind.__name__, "LinAlgError")
    assert caught.value.frames[0][0] == name and caught.value.frames[0][3]
    assert caught.value.frames[0][2] in WRITTEN


@pytest.mark.parametrize(
    ("name", "words"),
    [("large", "too much"), ("long_text", "too much"), ("endless", "too much"), ("deep", "too much"), ("interrupted", "KeyboardInterrupt")],
)
def test_what_cannot_cross_stops_the_check(learner, name, words):
    with pytest.raises(CheckStopped, match=words):
        call(learner, name)
    assert call(learner, "double", 2) == 4


def test_a_callback(learner):
    def given(x, y=1):
        if x is None:
            raise ValueError("x is missing.")
        return x * 10

    with learner.step(10):
        learner.bind("given", given)
        assert learner.names(["given"])["given"] is given
    assert call(learner, "use", np.array([1, 2])).tolist() == [11, 21]
    with pytest.raises(ValueError, match=r"x is missing\."):
        call(learner, "use", None)
    assert "main thread" in call(learner, "in_a_thread")[0]


def test_callbacks_have_an_end(monkeypatch):
    monkeypatch.setattr(module, "CALLBACKS", 50)
    with inside() as learner:
        with learner.step(10):
            learner.bind("given", lambda x: x)
        with pytest.raises(CheckStopped):
            call(learner, "use_often")
        assert learner.gone


def test_a_callback_that_takes_too_long_ends():
    with inside() as learner:
        with learner.step(10):
            learner.bind("given", lambda x: [None for _ in range(10**12) if _ < 0])
        start = time.monotonic()
        with learner.step(0.5), pytest.raises(CheckStopped, match=r"0\.5 seconds"):
            learner.names(["use"])["use"](1)
        assert time.monotonic() - start < 4


def test_a_function_that_does_not_end_is_interrupted():
    with inside() as learner:
        with learner.step(0.3):
            forever = learner.names(["forever"])["forever"]
            with pytest.raises(CheckStopped, match=r"did not finish within 0\.3 seconds"):
                forever()
            start = time.monotonic()
            with pytest.raises(CheckStopped, match=r"did not finish within 0\.3 seconds"):
                forever()  # not tried again
            assert time.monotonic() - start < 0.1
        assert not learner.gone
        assert call(learner, "double", 2) == 4


@pytest.mark.parametrize(("name", "words"), [("stubborn", "did not finish"), ("ended", "ended its process")])
def test_a_process_that_cannot_be_used_further(name, words, monkeypatch):
    monkeypatch.setattr(module, "GRACE", 0.3)
    with inside() as learner:
        with learner.step(0.5):
            function = learner.names([name])[name]
            for _ in range(2):
                with pytest.raises(CheckStopped, match=words):
                    function()
        assert learner.gone


def test_a_stop_ends_a_check_at_once():
    with inside("def rnn_step_forward(params, x, h):\n    while True: pass") as learner, learner.step(0.3):
        function = learner.names(["rnn_step_forward"])["rnn_step_forward"]
        start = time.monotonic()
        with pytest.raises(CheckFailed) as failed:
            lab01.step_forward.check(function)
        assert str(failed.value) == "rnn_step_forward: it did not finish within 0.3 seconds."
        assert time.monotonic() - start < 3
        stand_in = lab01.step_forward.or_reference(function)
        assert stand_in.__wrapped__ is rnn_step_forward


def test_gradients_go_back_across_the_wall():
    torch = pytest.importorskip("torch")
    text = """
import torch
def square(x, w): return (x * w) ** 2, {"x": x}
def through(x): return given(x) * 2
def trained(x, past):
    loss = (x * past).sum()
    loss.backward()
    return loss.detach()
def cut(x): return x.detach() * 2
"""
    with inside(text) as learner:
        x, w = torch.tensor([1.0, 2.0], requires_grad=True), torch.tensor(3.0, requires_grad=True)
        with learner.step(20):
            f = learner.names(["square", "through", "trained", "cut"])
            y, same = f["square"](x, w)
            assert same["x"] is x and y.requires_grad
            dx, dw = torch.autograd.grad(y.sum(), [x, w], retain_graph=True)
            assert dx.tolist() == [18, 36] and float(dw) == 30
            torch.autograd.gradcheck(lambda x: f["square"](x, w.double())[0], x.detach().double().requires_grad_())
            learner.bind("given", lambda x: x**3)
            (dx,) = torch.autograd.grad(f["through"](x).sum(), x)
            assert dx.tolist() == [6, 24]
            assert not f["cut"](x).requires_grad
            with torch.no_grad():
                assert not f["square"](x, w)[0].requires_grad
            past = w**2  # has a past of its own
            assert float(f["trained"](x, past)) == 27
            assert x.grad.tolist() == [9, 9] and float(w.grad) == 18
            with pytest.raises(RuntimeError, match="second time"):
                f["trained"](x, past)


# Another end that lies


class Liar(threading.Thread):
    """Reads one request, writes what `reply` makes of its number, and says no more."""

    def __init__(self, sock, *replies):
        super().__init__(daemon=True)
        self.sock, self.replies = sock, replies
        self.start()

    def run(self):
        with contextlib.suppress(OSError, EOFError):
            for reply in self.replies:
                head, _ = wall.receive(self.sock, wall.Limits(memory=1 << 40))
                for part in reply(head):
                    self.sock.sendall(part)
            self.sock.recv(1)


def frame(**head):
    text = json.dumps({"nodes": [], "sizes": [], "roots": [], **head}).encode()
    return wall.PREFIX.pack(len(text), sum(head.get("sizes", []))) + text + b"\0" * sum(head.get("sizes", []))


def answer(nodes, root=-1, **more):
    """A reply with these nodes, the last of them the result."""
    return lambda head: [frame(**{"number": head["number"], "nodes": nodes, "roots": [root % max(1, len(nodes or ()))], **more})]


def endless(head):
    while True:
        yield frame(number=head["number"] + 7, nodes=[1], roots=[0])


def calls(head):
    while True:
        yield frame(op="call", number=1, roots=[1, 2], nodes=[1, ["t", [0], None], ["d", []]], of=1)


def error(**fields):
    good = {"type": "ValueError", "base": "ValueError", "text": "", "frames": []}
    return lambda head: [frame(number=head["number"], error={**good, **fields})]


LIES = {
    "nothing of it is a frame": lambda head: [b"\0" * 1000],
    "a frame of 4 GB": lambda head: [wall.PREFIX.pack((1 << 32) - 1, 0)],
    "another number": lambda head: [frame(number=head["number"] + 1, nodes=[1], roots=[0])],
    "no number": lambda head: [frame(nodes=[1], roots=[0])],
    "a number that is text": lambda head: [frame(number=str(head["number"]), nodes=[1], roots=[0])],
    "replies without end": endless,
    "no root": answer([1], roots=[]),
    "two roots": answer([1], roots=[0, 0]),
    "roots that are no list": answer([1], roots=7),
    "a root outside": answer([1], roots=[5]),
    "a root that is no number": answer([1], roots=["0"]),
    "no nodes": answer(None, roots=[0]),
    "a node of a kind that there is not": answer([["x", 1]]),
    "an array outside its memory": answer([["a", "<f8", [9], [8], 1, 0, True]], sizes=[8]),
    "an array in the memory of another call": answer([["a", "<f8", [3], [8], 0, 0, True]]),
    "an object of another call": answer([["l", [-40]]]),
    "changes that are no list": answer([1], changes=1),
    "a change of nothing": answer([1], changes=[[99, [0]]]),
    "a change of a number": answer([1], changes=[[0, [0]]]),
    "a change with an odd number of parts": answer([1], changes=[[4, [0]]]),
    "a change to a key that cannot be one": answer([["l", []]], changes=[[4, [0, 0]]]),
    "blocks that are no list": answer([1], blocks={}),
    "blocks without memory": answer([1], blocks=[0]),
    "a block of another size": answer([1], blocks=[0], sizes=[3]),
    "a block that was not sent": answer([1], blocks=[9], sizes=[16]),
    "an error that is none": lambda head: [frame(number=head["number"], error=1)],
    "an error without a type": error(type=None),
    "an error of long text": error(text="a" * 1_000_000),
    "an error with other frames": error(frames=[["f", "x", "", True, True]]),
    "an error with many frames": error(frames=[["f", 1, "", True, True]] * 3),
    "a call of what was not given": calls,
    "a way back that was not sent": lambda head: [frame(op="back", number=1, of=3, places=[0], roots=[0], nodes=[1])],
    "something else to do": lambda head: [frame(op="exec", number=1, roots=[1, 2], nodes=[1, ["t", [0], None], ["d", []]], of=0)],
    "a request with a negative number": lambda head: [frame(op="call", number=-1, roots=[], nodes=[])],
    "the end": lambda head: [b"\0"],
}


@pytest.mark.parametrize("name", LIES)
def test_a_lie_ends_the_check(name):
    here, there = socket.socketpair()
    learner = Learner(here)
    learner.given = [lambda x: x]
    Liar(there, lambda head: [frame(number=head["number"], names=[["function", 0]])], LIES[name])
    if name == "the end":
        threading.Timer(0.2, lambda: there.shutdown(socket.SHUT_RDWR)).start()
    start = time.monotonic()
    with learner.step(3):
        function = learner.names(["f"])["f"]
        argument = {"a": np.zeros(2)}
        with pytest.raises(CheckStopped):
            function(argument)
    assert learner.gone and time.monotonic() - start < 2
    with learner.step(3), pytest.raises(CheckStopped):
        function(argument)
    assert argument.keys() == {"a"} and argument["a"].tolist() == [0, 0]
    here.close(), there.close()


@pytest.mark.parametrize(
    "found", [None, [], [["function"]], [["function", -1]], [["callback", 0]], [["function", True]], [[[], 0]], [1], {"f": 1}]
)
def test_a_lie_about_names(found):
    here, there = socket.socketpair()
    learner = Learner(here)
    Liar(there, lambda head: [frame(number=head["number"], names=found)])
    with learner.step(3), pytest.raises(CheckStopped):
        learner.names(["f"])
    here.close(), there.close()


def test_silence_and_a_frame_that_stops_in_the_middle_end_in_time(monkeypatch):
    monkeypatch.setattr(module, "GRACE", 0.2)
    for reply in (lambda head: [], lambda head: [b"\1"], lambda head: [wall.PREFIX.pack(100, 0), b"{"]):
        here, there = socket.socketpair()
        learner = Learner(here)
        Liar(there, reply)
        start = time.monotonic()
        with learner.step(0.3), pytest.raises(CheckStopped):
            learner.names(["f"])
        assert learner.gone and time.monotonic() - start < 2
        here.close(), there.close()


def test_who_reads_nothing_does_not_hold_the_grader(monkeypatch):
    monkeypatch.setattr(module, "GRACE", 0.2)
    here, there = socket.socketpair()
    learner = Learner(here)
    with learner.step(0.3), pytest.raises(CheckStopped):
        learner._safely("f", "call", [np.zeros(1 << 20)], of=0)
    assert learner.gone
    here.close(), there.close()


@pytest.mark.parametrize("name", ["__import__('os')", "a b", "", "Exception\n"])
def test_names_of_errors_are_names(name):
    here, there = socket.socketpair()
    learner = Learner(here)
    Liar(there, lambda head: [frame(number=head["number"], names=[["function", 0]])], error(type=name, base="eval", text="said"))
    with learner.step(3), pytest.raises(Exception, match="said") as caught:
        learner.names(["f"])["f"]()
    assert type(caught.value).__name__ == "Exception"
    here.close(), there.close()


def test_recording_that_is_switched_off_for_good_is_off_here_too_until_the_step_ends():
    torch = pytest.importorskip("torch")
    written = """
import torch
def off(x):
    torch.set_grad_enabled(False)
    return 2 * x
def quiet(x):
    with torch.no_grad(): return 2 * x
"""
    with inside(written) as learner:
        for name, recording in (("quiet", True), ("off", False), ("quiet", True)):
            with learner.step(10):
                learner.names([name])[name](torch.ones(2))
                assert torch.is_grad_enabled() is recording
            assert torch.is_grad_enabled()


def test_a_lie_about_gradients_ends_the_check():
    torch = pytest.importorskip("torch")
    node = ["T", 0, "float64", True, None, 0]
    forward = answer([["a", "<f8", [2], [8], 1, 0, True], node], sizes=[16], graph=0)
    for nodes, sizes in (
        ([["a", "<f8", [1], [8], 1, 0, True]], [8]),
        ([1], []),
        ([["a", "<f8", [1], [8], 1, 0, True], ["T", 0, "float64", False, None, None]], [8]),
    ):
        here, there = socket.socketpair()
        learner = Learner(here)
        Liar(there, lambda head: [frame(number=head["number"], names=[["function", 0]])], forward, answer(nodes, sizes=sizes))
        x = torch.zeros(2, dtype=torch.float64, requires_grad=True)
        with learner.step(3):
            y = learner.names(["f"])["f"](x)
            assert y.requires_grad
            with pytest.raises(CheckStopped):
                torch.autograd.grad(y.sum(), x)
        assert learner.gone
        here.close(), there.close()


# The grader's own code on the learner's data


def test_time_and_memory_of_the_graders_code_have_an_end():
    class Over(BaseException):
        pass

    start = time.monotonic()
    with pytest.raises(Over), at_most(0.2, 1 << 30, Over):
        list(iter(lambda: 0, 1))  # has no end
    assert time.monotonic() - start < 2
    with at_most(5, 1 << 28, Over), pytest.raises(MemoryError):
        np.ones(1 << 28)
    np.ones(1 << 26)  # afterwards there is no limit
    for _ in range(50):  # nothing is raised after the end
        with contextlib.suppress(Over), at_most(0.0005, 1 << 30, Over):
            time.sleep(0.0005)
    gc.collect()
    time.sleep(0.01)
    assert os.getpid()


def test_an_end_that_comes_while_it_is_called_off_holds_up_nobody():
    class Over(BaseException):
        pass

    alarms, came = Alarms(), []

    def call_off():
        try:
            alarms.clear(None)
        except Over:
            came.append(True)

    with alarms.lock:  # as the thread holds it when an end has come
        thread = threading.Thread(target=call_off)
        thread.start()
        time.sleep(0.2)  # until it waits for the lock
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(Over))
    thread.join()
    assert came and alarms.lock.acquire(blocking=False)
