"""What crosses the wall: values there and back, sharing, limits, and frames that are none."""

import contextlib
import copy
import json
import math
import socket
import threading
import time

import numpy as np
import pytest

from classroom.sandbox.inside import wall
from classroom.sandbox.inside.pack import Pack
from classroom.sandbox.inside.unpack import Unpack
from classroom.sandbox.inside.wall import Broken, Foreign, Limits, TooLarge
from rnncore.reference import LSTMState

LIMITS = Limits()


def through(*values, limits=LIMITS, change=lambda nodes: nodes, attach=None):
    """The values as they are on the other side, by way of JSON."""
    pack = Pack(limits)
    roots = [pack.add(value) for value in values]
    nodes, memory, _ = pack.finish()
    nodes = change(json.loads(json.dumps(nodes, allow_nan=False)))
    got = Unpack(nodes, [bytearray(one) for one in memory], limits, attach=attach)
    return [got.value(root) for root in roots]


def test_plain_values_come_through():
    values = [None, True, 0, -(2**70), 1.5, math.inf, -0.0, 1 - 2j, "ä\ud800", [1, [2]], (1, "a"), {"a": [1], 2: None, (1, 2): 3.0}]
    assert through(*values) == values
    assert math.isnan(through(math.nan)[0])
    assert [type(one) for one in through(True, 1, 1.0)] == [bool, int, float]


@pytest.mark.parametrize("dtype", ["bool", "int8", "int64", "uint32", "float16", "float32", "float64", "longdouble", "complex64"])
def test_arrays_and_scalars_keep_dtype_shape_and_numbers(dtype, rng):
    array = (rng.standard_normal((3, 4, 2)) * 5).astype(dtype)
    for one in (array, array.T, array[::-1, 1:], array[:0], np.broadcast_to(array[0], (3, 4, 2)), array[0, 0, 0], np.asfortranarray(array)):
        (got,) = through(one)
        assert type(got) is type(one) and got.dtype == one.dtype and got.shape == one.shape
        assert np.array_equal(got, one)
        assert got.strides == one.strides or not one.size
    assert not through(np.broadcast_to(array[0], (3, 4, 2)))[0].flags.writeable


def test_what_is_the_same_and_what_shares_memory_stays_so(rng):
    base = rng.standard_normal((4, 3))
    params = {"w": base}
    first, second, row, other = through(params, [params, base], base[1], rng.standard_normal(3))
    assert second[0] is first and second[1] is first["w"]
    assert np.shares_memory(row, first["w"]) and not np.shares_memory(other, first["w"])
    row[:] = 7
    assert np.array_equal(first["w"][1], [7, 7, 7])


def test_classes_of_the_reference_are_made_and_no_others():
    state, own = through(LSTMState(1, 2), type("Own", (tuple,), {"_fields": ("a",)})((5,)))
    assert type(state) is LSTMState and state.c == 2
    assert own == (5,) and type(own).__name__ == "Own" and not hasattr(own, "_fields")
    for name in (
        "os.system",
        "rnncore.reference.lstm.LSTMCell.x",
        "rnncore.reference.lstm.np",
        "builtins.object",
        "rnncore.reference.lstm.",
    ):
        (got,) = through(LSTMState(1, 2), change=lambda nodes, name=name: [*nodes[:-1], ["t", nodes[-1][1], name]])
        assert type(got) is tuple


def test_what_is_no_data_is_known_by_its_type_alone():
    for value in ({1, 2}, lambda: 1, (n for n in [1]), object(), np.array(["a"]), type):
        (got,) = through(value)
        assert isinstance(got, Foreign) and type(got).__name__ == type(value).__name__ and not callable(got)


def test_subclasses_come_as_what_they_are_made_of():
    class Odd(dict):
        def items(self):
            raise RuntimeError

        __iter__ = keys = items

    class Liar(np.ndarray):
        def tobytes(self, *_):
            return b""

    got, array = through(Odd(a=1), np.ones(2).view(Liar))
    assert got == {"a": 1} and type(got) is dict
    assert type(array) is np.ndarray and np.array_equal(array, [1, 1])


def test_too_large_too_deep_and_endless_values_do_not_cross():
    endless = []
    endless.append(endless)
    deep = None
    for _ in range(100):
        deep = [deep]
    laughs = ["ha"]
    for _ in range(20):
        laughs = [laughs, laughs]
    zeros = np.broadcast_to(np.zeros(1), (1 << 40,))
    for value in (endless, deep, laughs, zeros, np.zeros((65 << 20) // 8), [0] * 200_000, 10**5000):
        with pytest.raises(TooLarge):
            through(value)


def node(*parts):
    return lambda nodes: [*nodes[:-1], list(parts)]


ARRAY = ["a", "<f8", [2], [8], 0, 0, True]
BAD_NODES = {
    "no node": node("?"),
    "an empty node": node(),
    "a node in a node": node(["l", []]),
    "a float": lambda nodes: [*nodes[:-1], 1.5],
    "a dict": lambda nodes: [*nodes[:-1], {}],
    "itself": node("l", [0]),
    "a later node": node("l", [5]),
    "an earlier call": node("l", [-1]),
    "a boolean for a place": node("l", [False]),
    "a whole number without end": lambda nodes: [*nodes[:-1], 10**4000],
    "no hexadecimal number": node("f", "inf" * 10),
    "a long number": node("f", "0x" + "1" * 1000),
    "a scalar of objects": node("s", "|O", "00" * 8),
    "a scalar that is too short": node("s", "<f8", "00"),
    "objects": node(*["a", "|O8", [1], [8], 0, 0, True]),
    "a structured dtype": node("a", "f8,f8", [1], [16], 0, 0, True),
    "a dtype that is a list": node("a", [["a", "f8"]], [1], [8], 0, 0, True),
    "a negative shape": node("a", "<f8", [-2], [8], 0, 0, True),
    "a huge shape": node("a", "<f8", [1 << 40], [0], 0, 0, True),
    "a huge product": node("a", "<f8", [1 << 20, 1 << 20], [0, 0], 0, 0, True),
    "a huge empty shape": node("a", "<f8", [0, 1 << 40], [0, 0], 0, 0, True),
    "many axes": node("a", "<f8", [1] * 60, [0] * 60, 0, 0, True),
    "memory behind its block": node("a", "<f8", [2], [9], 0, 0, True),
    "memory before its block": node("a", "<f8", [2], [-8], 0, 0, True),
    "an offset outside": node("a", "<f8", [2], [8], 0, 8, True),
    "a negative offset": node("a", "<f8", [2], [8], 0, -8, True),
    "a stride without end": node("a", "<f8", [2], [1 << 80], 0, 0, True),
    "no such block": node("a", "<f8", [2], [8], 1, 0, True),
    "an earlier block": node("a", "<f8", [2], [8], -1, 0, True),
    "too few strides": node("a", "<f8", [2], [], 0, 0, True),
    "a dict with an odd number of parts": lambda nodes: [1, ["d", [0]]][-len(nodes) :],
    "a name with a dot": node("o", "os.system"),
    "a long name": node("o", "a" * 100),
    "a device": node("D", "cpu; import os"),
    "a tensor of no array": lambda nodes: [["T", 0, "float64", False, None, None]],
    "a tensor of no dtype": node("m", [1], [1], "load", False, None, None),
    "a tensor with a way back to nowhere": node("m", [1], [1], "float32", True, None, 0),
}


@pytest.mark.parametrize("name", BAD_NODES)
def test_what_is_no_value_is_refused(name):
    pytest.importorskip("torch")
    with pytest.raises(Broken):
        through(np.array([1.0, 2.0]), change=BAD_NODES[name])


def test_a_key_must_be_one():
    with pytest.raises(Broken):
        Unpack([1, ["l", []], ["d", [1, 0]]], [], LIMITS)


def test_few_nodes_cannot_unfold_without_end():
    nodes = [1]
    nodes += [["l", [n, n]] for n in range(20)]
    with pytest.raises(Broken):
        Unpack(nodes, [], LIMITS)
    with pytest.raises(Broken):
        Unpack([1, *(["l", [n]] for n in range(50))], [], LIMITS)
    many = [["a", "<f8", [1 << 20], [0], 0, 0, True] for _ in range(100)]
    with pytest.raises(Broken):
        Unpack(many, [bytearray(8)], LIMITS)


def test_mutated_frames_are_values_or_broken(rng):
    """Frames that are nearly right: no other exception, whatever is changed in them."""
    torch = pytest.importorskip("torch")
    value = [
        LSTMState(np.ones((2, 3)), {"a": [1.5, None, np.float32(2)]}),
        torch.ones(3, requires_grad=True),
        (1, "x", 2j),
        np.array([None]),
    ]
    pack = Pack(LIMITS)
    pack.add(value)
    nodes, memory, _ = pack.finish()
    pieces = [0, 1, -1, 1 << 40, True, None, "a", "<f8", [], [0], [1, [2]], {}, "T", "m", "d"]
    broken = 0
    for _ in range(3000):
        bad = copy.deepcopy(nodes)
        for _ in range(rng.integers(1, 3)):
            spot = bad
            while True:
                k = rng.integers(len(spot))
                if isinstance(spot[k], list) and spot[k] and rng.random() < 0.8:
                    spot = spot[k]
                else:
                    break
            spot[k] = pieces[rng.integers(len(pieces))]
        try:
            Unpack(bad, [bytearray(one) for one in memory], LIMITS)
        except Broken:
            broken += 1
    assert 1500 < broken < 3000


def test_tensors_come_through():
    torch = pytest.importorskip("torch")
    weight = torch.arange(6.0).reshape(2, 3).requires_grad_()
    weight.grad = torch.ones(2, 3)
    values = [weight, weight.detach()[:, 1], weight.detach().numpy(), torch.ones(2, dtype=torch.bfloat16), torch.ones(2, 3, device="meta")]
    got, column, array, half, meta = through(*values)
    assert got.requires_grad and got.is_leaf and torch.equal(got, weight) and torch.equal(got.grad, weight.grad)
    array[:] = 5
    assert column.tolist() == [5, 5] and float(got.detach().sum()) == 30  # all three are one memory
    assert half.dtype == torch.bfloat16 and half.tolist() == [1, 1]
    assert meta.device.type == "meta" and meta.shape == (2, 3)
    assert through(torch.device("cuda:1")) == [torch.device("cuda:1")]


# Frames


def received(data, limits=LIMITS):
    """What `receive` makes of these bytes; the other end is closed behind them."""
    here, there = socket.socketpair()

    def write():
        with contextlib.suppress(OSError):
            there.sendall(data)
        there.close()

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    try:
        return wall.receive(here, limits)
    finally:
        here.close()
        writer.join()


def framed(header, memory=b"", lengths=None):
    header = header if isinstance(header, bytes) else json.dumps(header).encode()
    return wall.PREFIX.pack(*(lengths or (len(header), len(memory)))) + header + memory


def test_a_frame_comes_through():
    here, there = socket.socketpair()
    wall.send(there, {"op": "x"}, [1], [b"abc", b""])
    head, memory = wall.receive(here, LIMITS)
    assert head == {"op": "x", "nodes": [1], "sizes": [3, 0]} and memory == [b"abc", b""]
    here.close(), there.close()


BAD_FRAMES = {
    "no JSON": framed(b"{"),
    "invalid UTF-8": framed(b'{"sizes": [], "a": "\xff\xfe"}'),
    "NaN": framed(b'{"sizes": [], "a": NaN}'),
    "an infinity": framed(b'{"sizes": [], "a": -Infinity}'),
    "a float": framed(b'{"sizes": [], "a": 1e400}'),
    "a number without end": framed(b'{"sizes": [], "a": ' + b"1" * 100_000 + b"}"),
    "a list": framed([]),
    "no sizes": framed({}),
    "sizes that are no list": framed({"sizes": {}}),
    "sizes that are no numbers": framed({"sizes": ["1"]}),
    "a negative size": framed({"sizes": [-1, 4]}, b"abc"),
    "sizes that do not add up": framed({"sizes": [2]}, b"abc"),
    "a boolean for a size": framed({"sizes": [True]}, b"a"),
    "a header of 4 GB": framed(b"{}", lengths=((1 << 32) - 1, 0)),
    "a string of 100 MB": framed(b"{}", lengths=(100 << 20, 0)),
    "memory of an exabyte": framed(b"{}", lengths=(2, 1 << 60)),
    "deep nesting": framed(b"[" * 100_000 + b"]" * 100_000),
    "very deep nesting": framed(b"[" * 2_000_000),
    "millions of parts": framed(b'{"sizes": [' + b"0," * 1_900_000 + b"0]}"),
}


@pytest.mark.parametrize("name", BAD_FRAMES)
def test_what_is_no_frame_is_refused(name):
    start = time.monotonic()
    with pytest.raises(Broken):
        received(BAD_FRAMES[name])
    assert time.monotonic() - start < 2


@pytest.mark.parametrize("data", [b"", b"\0\0", framed({"sizes": []})[:-1], framed({"sizes": [3]}, b"ab", (14, 3))])
def test_a_frame_that_ends_early_is_the_end(data):
    with pytest.raises(EOFError):
        received(data)
