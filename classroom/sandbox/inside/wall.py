"""What crosses the wall between the grader and a learner's kernel: plain data in frames, never code, never pickle. Used on both sides.

A frame is a header in JSON and the memory of the arrays behind it. A value is a list of flat nodes; each names its parts by their place:
n >= 0 is a node before it in the same frame, and -1 - k is object k of the call to which the frame replies. So what was the same object
stays the same object. Memory travels in blocks, and an array is a view into a block: what shares memory here shares it there.

    Limits      how large a frame may be, and the value in it
    Broken      what came is not a frame; TooLarge: a value cannot cross
    Packed      what was sent or received: objects, blocks of memory, tensors that want a gradient
    send, receive

`pack.Pack` makes nodes and blocks of values, `unpack.Unpack` values of nodes and blocks.

Nothing that is received is trusted: lengths are compared with the limits before anything is read, the count of JSON's parts before
anything is parsed, depth, number and memory of what a value unfolds to before anything is allocated.
"""

import functools
import itertools
import json
import re
import struct
import sys
from typing import NamedTuple

import numpy as np

PREFIX = struct.Struct("<IQ")  # bytes of the header, bytes of the memory behind it
DTYPES = {"|b1", "|i1", "|u1", *(f"<{kind}" for kind in ("i2", "i4", "i8", "u2", "u4", "u8", "f2", "f4", "f8", "f16", "c8", "c16", "c32"))}
PACKED = "torch.nn.utils.rnn.PackedSequence"
DEVICE = re.compile(r"[a-z]{1,20}(:\d{1,3})?")
TYPES = {text: np.dtype(text) for text in DTYPES}
CODES = {dtype: text for text, dtype in TYPES.items()}
NAME = re.compile(r"[^\W\d]\w{0,79}")
PLAIN = (type(None), bool, int, str)


class Limits(NamedTuple):
    """How large a frame may be."""

    header: int = 4 << 20  # bytes
    memory: int = 64 << 20  # bytes, as sent and as seen by all arrays together
    parts: int = 100_000  # of a value, each counted as often as it is met
    depth: int = 24
    digits: int = 1000  # of a whole number


class Broken(Exception):
    """What came over the wall is not what a frame may be."""


class TooLarge(Exception):
    """A value cannot cross the wall: it is too large, too deep or holds itself."""


class Foreign:
    """Stands for an object that is no plain data; of it, only the name of its type is known."""


class Block(NamedTuple):
    """Some memory of this process."""

    low: int  # address
    high: int
    bytes: np.ndarray  # uint8, a view of it
    writable: bool


class Packed:
    """Objects by their place in a frame, and what belongs to them."""

    def __init__(self):
        self.objects, self.blocks, self.sizes = [], [], []  # sizes: (depth, parts) of each object
        self.grouped = []  # tensors of the frame that have a past, in order

    def wanting(self):
        """The tensors that want a gradient, in order."""
        torch = sys.modules.get("torch")
        return [one for one in self.objects if torch and isinstance(one, torch.Tensor) and one.requires_grad]


def measured(children, limits, fault):
    """The depth of a node and the number of parts it unfolds to, from those of its children."""
    if not children:
        return 1, 1
    depth = 1 + max(child[0] for child in children)
    parts = 1 + sum(child[1] for child in children)
    if depth > limits.depth or parts > limits.parts:
        raise fault(f"a value may be {limits.depth} levels deep and have {limits.parts} parts")
    return depth, parts


def tuple_name(cls):
    """The name under which the other side finds a NamedTuple of the reference; of another class its own, of tuple None."""
    name = f"{cls.__module__}.{cls.__qualname__}"
    return name if found_class(name) is cls else cls.__name__ if cls is not tuple and NAME.fullmatch(cls.__name__) else None


@functools.lru_cache(maxsize=64)
def tuple_class(name):
    """A plain tuple that is called as the class which the other side has."""
    return type(name, (tuple,), {})


def found_class(name):
    """A NamedTuple of rnncore.reference, or PyTorch's packed sequence, if it is loaded here, or None."""
    module, _, attribute = name.rpartition(".") if isinstance(name, str) else ("", "", "")
    if (not module.startswith("rnncore.reference") and name != PACKED) or not NAME.fullmatch(attribute):
        return None
    cls = getattr(sys.modules.get(module), attribute, None)
    return cls if isinstance(cls, type) and issubclass(cls, tuple) and hasattr(cls, "_fields") else None


def require(truth, what="a frame is not well formed"):
    if not truth:
        raise Broken(what)


def natural(value, limit):
    require(type(value) is int and 0 <= value <= limit)
    return value


def send(sock, head, nodes=(), memory=(), limits=Limits()):  # noqa: B008 (a tuple)
    """Send one frame."""
    header = ENCODE({**head, "nodes": nodes, "sizes": [len(one) for one in memory]}).encode()
    if len(header) > limits.header:
        raise TooLarge(f"what is said of a value may have {limits.header >> 20} MB")
    sock.sendall(b"".join([PREFIX.pack(len(header), sum(map(len, memory))), header, *memory]))


def receive(sock, limits, wait=lambda sock: None):
    """Receive one frame: its header, a dict, and the bytes of its blocks.

    Args:
        sock: a connected socket.
        limits: `Limits`.
        wait: called before each read; it may set a timeout or raise.
    Raises:
        Broken: it is none; EOFError: the other side is gone.
    """

    def read(count):
        got = bytearray()
        while len(got) < count:
            wait(sock)
            part = sock.recv(min(1 << 20, count - len(got)))
            if not part:
                raise EOFError
            got += part
        return got

    length, memory = PREFIX.unpack(read(PREFIX.size))
    require(length <= limits.header and memory <= limits.memory, "a frame is too large")
    text = read(length)
    require(sum(map(text.count, (b"[", b"{", b","))) <= 16 * limits.parts, "a frame has too many parts")
    try:
        head = DECODE(text.decode())
    except (ValueError, RecursionError):
        raise Broken("a frame is no JSON") from None
    require(type(head) is dict and type(head.get("sizes")) is list and len(head["sizes"]) <= limits.parts)
    require(sum(natural(size, memory) for size in head["sizes"]) == memory)
    if len(head["sizes"]) < 2:
        return head, [read(size) for size in head["sizes"]]
    blocks, ends = read(memory), itertools.accumulate(head["sizes"])
    return head, [blocks[end - size : end] for size, end in zip(head["sizes"], ends, strict=True)]


def refuse(text):
    raise ValueError(text)


ENCODE = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode
DECODE = json.JSONDecoder(parse_float=refuse, parse_constant=refuse).decode
