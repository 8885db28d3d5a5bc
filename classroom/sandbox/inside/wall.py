"""What crosses the wall between the grader and a learner's kernel: plain data in frames, never code, never pickle. Used on both sides.

A frame is a header in JSON and the memory of the arrays behind it. A value is a list of flat nodes; each names its parts by their place:
n >= 0 is a node before it in the same frame, and -1 - k is object k of the call to which the frame replies. So what was the same object
stays the same object. Memory travels in blocks, and an array is a view into a block: what shares memory here shares it there.

    Limits      how large a frame may be, and the value in it
    Broken      what came is not a frame; TooLarge: a value cannot cross
    Packed      what was sent or received: objects, blocks of memory, tensors that want a gradient
    pack        values -> nodes and blocks
    unpack      nodes and blocks -> values
    send, receive

Nothing that is received is trusted: lengths are compared with the limits before anything is read, the count of JSON's parts before
anything is parsed, depth, number and memory of what a value unfolds to before anything is allocated.
"""

import ctypes
import functools
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
    depth = 1 + max((child[0] for child in children), default=0)
    parts = 1 + sum(child[1] for child in children)
    if depth > limits.depth or parts > limits.parts:
        raise fault(f"a value may be {limits.depth} levels deep and have {limits.parts} parts")
    return depth, parts


class pack:
    """Turn values into nodes.

    Args:
        limits: `Limits`.
        known: the `Packed` of the call to which this replies, if it does.
    """

    def __init__(self, limits, known=None):
        self.limits, self.known = limits, known or Packed()
        self.packed, self.nodes, self.places, self.open, self.views = Packed(), [], {}, set(), []
        for k, one in enumerate(self.known.objects):
            if not isinstance(one, PLAIN):
                self.places.setdefault(id(one), -1 - k)

    def add(self, value):
        """Add a value; return its place."""
        if id(value) in self.places:
            return self.places[id(value)]
        if id(value) in self.open or len(self.open) > self.limits.depth:
            raise TooLarge("a value holds itself or is nested too deep")
        self.open.add(id(value))
        node, children = self._node(value)
        self.open.discard(id(value))
        size = measured([self._size(place) for place in children], self.limits, TooLarge)
        self.nodes.append(node)
        self.packed.objects.append(value)
        self.packed.sizes.append(size)
        if not isinstance(node, PLAIN):
            self.places[id(value)] = len(self.nodes) - 1
        return len(self.nodes) - 1

    def _size(self, place):
        return self.packed.sizes[place] if place >= 0 else self.known.sizes[-1 - place]

    def _node(self, value):
        torch = sys.modules.get("torch")
        if torch is not None and isinstance(value, torch.Tensor):
            return self._tensor(torch, value)
        if torch is not None and isinstance(value, torch.device):
            return ["D", str(value)], ()
        if isinstance(value, np.ndarray):
            return self._array(value)
        if isinstance(value, np.generic) and value.dtype.str in DTYPES:
            return ["s", value.dtype.str, value.tobytes().hex()], ()
        if value is None or isinstance(value, bool):
            return value, ()
        if isinstance(value, str):
            return str.__str__(value), ()
        if isinstance(value, int):
            if value.bit_length() > 3 * self.limits.digits:
                raise TooLarge(f"a whole number may have {self.limits.digits} digits")
            return int(value), ()
        if isinstance(value, float):
            return ["f", float.hex(value)], ()
        if isinstance(value, complex):
            return ["c", value.real.hex(), value.imag.hex()], ()
        if isinstance(value, list | tuple | dict) and len(value) > self.limits.parts:
            raise TooLarge(f"a value may have {self.limits.parts} parts")
        if isinstance(value, dict):
            parts = [self.add(one) for pair in dict.items(value) for one in pair]
            return ["d", parts], parts
        if isinstance(value, list | tuple):
            parts = [self.add(one) for one in (list if isinstance(value, list) else tuple).__iter__(value)]
            kind = "l" if isinstance(value, list) else "t"
            return [kind, parts, tuple_name(type(value))] if kind == "t" else [kind, parts], parts
        return ["o", type(value).__name__ if NAME.fullmatch(type(value).__name__) else "object"], ()

    def _array(self, array):
        if array.dtype.hasobject:
            parts = [self.add(one) for one in array.ravel().tolist()] if array.dtype == object else []
            return (["O", list(array.shape), parts], parts) if parts else (["o", "ndarray"], ())
        if array.dtype.newbyteorder("<").str not in DTYPES:
            return ["o", "ndarray"], ()
        array = np.asarray(array)  # of a subclass, the numbers
        if array.dtype.str not in DTYPES:
            array = array.astype(array.dtype.newbyteorder("<"))
        node = ["a", array.dtype.str, list(array.shape), list(array.strides), 0, 0, bool(array.flags.writeable)]
        if array.size:
            self.views.append((node, *np.lib.array_utils.byte_bounds(array), array))
        return node, ()

    def _tensor(self, torch, tensor):
        dtype, want = str(tensor.dtype).removeprefix("torch."), bool(tensor.requires_grad)
        group = None
        if want and not tensor.is_leaf:
            group = len(self.packed.grouped)
            self.packed.grouped.append(tensor)
        grad = self.add(tensor.grad) if tensor.is_leaf and tensor.grad is not None else None
        rest = [dtype, want, grad, group]
        children = [] if grad is None else [grad]
        if tensor.device.type == "meta":
            return ["m", list(tensor.shape), list(tensor.stride()), *rest], children
        if tensor.device.type != "cpu" or tensor.layout != torch.strided:
            return ["o", "Tensor"], ()
        plain = tensor.detach().resolve_conj().resolve_neg()
        try:
            array = self.add(plain.view(torch.int16).numpy() if plain.dtype == torch.bfloat16 else plain.numpy())
        except (TypeError, RuntimeError):  # NumPy has no such numbers
            return ["o", "Tensor"], ()
        return ["T", array, *rest], [array, *children]

    def finish(self):
        """Lay out the memory; return (nodes, sizes of the new blocks, their bytes, `Packed`)."""
        groups = []  # [low, high, views]: memory that overlaps is one block
        for view in sorted(self.views, key=lambda view: view[1]):
            node, low, high, _ = view
            known = next((k for k, block in enumerate(self.known.blocks) if block.low <= low and high <= block.high), None)
            if known is not None:
                node[4:6] = known, self._address(view) - self.known.blocks[known].low
            elif groups and low < groups[-1][1]:
                groups[-1][1] = max(groups[-1][1], high)
                groups[-1][2].append(view)
            else:
                groups.append([low, high, [view]])
        if (
            sum(high - low for low, high, _ in groups) > self.limits.memory
            or sum(view[3].nbytes for view in self.views) > self.limits.memory
        ):
            raise TooLarge(f"all arrays together may have {self.limits.memory >> 20} MB")
        for low, high, views in groups:
            for view in views:
                view[0][4:6] = len(self.known.blocks) + len(self.packed.blocks), self._address(view) - low
            arrays = [view[3] for view in views]
            self.packed.blocks.append(Block(low, high, memory_at(low, high, arrays), any(a.flags.writeable for a in arrays)))
        return self.nodes, [block.bytes.tobytes() for block in self.packed.blocks], self.packed

    @staticmethod
    def _address(view):
        return view[3].__array_interface__["data"][0]


def memory_at(low, high, owners):
    """The bytes from one address to another, which belong to arrays that stay alive as long as this one."""
    memory = (ctypes.c_uint8 * (high - low)).from_address(low)
    memory.owners = owners
    return np.frombuffer(memory, dtype=np.uint8)


def tuple_name(cls):
    """The name under which the other side finds a NamedTuple of the reference; of any other class its own name, and None of tuple itself."""
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


class unpack:
    """Turn nodes into values.

    Args:
        nodes, memory: what was received: a list, and the bytes of each new block.
        limits: `Limits`.
        known: the `Packed` of the call to which this replies, if it does.
        attach: `attach(tensors)` returns the same tensors with a way back, for those that have one on the other side.
    """

    def __init__(self, nodes, memory, limits, known=None, attach=None):
        self.limits, self.known, self.packed, self.seen = limits, known or Packed(), Packed(), 0
        require(type(nodes) is list and len(nodes) <= limits.parts)
        self.nodes = nodes
        for bytes_ in memory:  # each a bytearray, which can be written to
            array = np.frombuffer(bytes_, dtype=np.uint8)
            low = array.__array_interface__["data"][0]
            self.packed.blocks.append(Block(low, low + array.size, array, True))
        self.packed.objects = [None] * len(nodes)
        for place, node in enumerate(nodes):  # first what holds numbers: a way back is given to all of them at once
            children = self._children(node, place)
            self.packed.sizes.append(measured([self._at(child, self.packed.sizes, self.known.sizes) for child in children], limits, Broken))
            if type(node) is list and node[0] in "aTm":
                self.packed.objects[place] = getattr(self, f"_{node[0]}")(*node[1:])
        self._attach(attach)
        for place, node in enumerate(nodes):
            if type(node) is not list:
                self.packed.objects[place] = node
            elif node[0] not in "aTm":
                self.packed.objects[place] = getattr(self, f"_{node[0]}")(*node[1:])

    def value(self, place):
        """The object at a place."""
        require(type(place) is int and -len(self.known.objects) <= place < len(self.nodes))
        return self._at(place, self.packed.objects, self.known.objects)

    @staticmethod
    def _at(place, own, known):
        return own[place] if place >= 0 else known[-1 - place]

    def _children(self, node, place):
        """Check the outer form of a node; return the places of its parts."""
        if type(node) is not list:
            require(isinstance(node, PLAIN))
            require(type(node) is not int or node.bit_length() <= 4 * self.limits.digits)
            return ()
        lengths = {"a": 7, "T": 6, "m": 7, "s": 3, "f": 2, "c": 3, "d": 2, "l": 2, "t": 3, "o": 2, "O": 3, "D": 2}
        require(node and type(node[0]) is str and lengths.get(node[0]) == len(node))
        children = {"d": 1, "l": 1, "t": 1, "O": 2}.get(node[0])
        children = [] if children is None else node[children]
        if node[0] in "Tm":
            children = [one for one in (*node[1:2], node[4]) if one is not None] if node[0] == "T" else [node[5]] * (node[5] is not None)
        require(type(children) is list)
        for child in children:
            require(type(child) is int and -len(self.known.objects) <= child < place)
        return children

    def _a(self, dtype, shape, strides, block, offset, writable):
        require(type(dtype) is str and dtype in DTYPES and type(writable) is bool)
        dtype = np.dtype(dtype)
        shape, count = self._shape(shape, dtype.itemsize)
        require(type(strides) is list and len(strides) == len(shape))
        if not count:
            return np.zeros(shape, dtype)
        natural(block, len(self.known.blocks) + len(self.packed.blocks) - 1)
        own = block - len(self.known.blocks)
        block = self.packed.blocks[own] if own >= 0 else self.known.blocks[block]
        memory = block.bytes
        natural(offset, memory.size)
        require(all(type(step) is int and abs(step) <= self.limits.memory for step in strides))
        reach = [(n - 1) * step for n, step in zip(shape, strides, strict=True)]
        low, high = offset + sum(r for r in reach if r < 0), offset + sum(r for r in reach if r > 0) + dtype.itemsize
        require(low >= 0 and high <= memory.size)
        array = np.ndarray(shape, dtype, buffer=memory, offset=offset, strides=strides)
        array.flags.writeable = writable and block.writable
        return array

    def _shape(self, shape, itemsize):
        require(type(shape) is list and len(shape) <= 32)
        size = itemsize
        for n in shape:
            size *= max(1, natural(n, self.limits.memory))
            require(size <= self.limits.memory)
        self.seen += size
        require(self.seen <= self.limits.memory)
        return tuple(shape), 0 not in shape

    def _torch(self, dtype):
        torch = sys.modules.get("torch")
        require(torch is not None and type(dtype) is str and NAME.fullmatch(dtype))
        dtype = getattr(torch, dtype, None)
        require(isinstance(dtype, torch.dtype))
        return torch, dtype

    def _T(self, array, dtype, want, grad, group):
        torch, dtype = self._torch(dtype)
        array = self.value(array)
        require(type(array) is np.ndarray and all(step >= 0 and step % array.itemsize == 0 for step in array.strides))
        require(array.dtype.str not in ("<f16", "<c32"))
        if not array.flags.writeable:
            array = array.copy()
        tensor = torch.from_numpy(array)
        if dtype == torch.bfloat16 and array.dtype == np.int16:
            tensor = tensor.view(dtype)
        require(tensor.dtype == dtype)
        return self._wanted(torch, tensor, want, grad, group)

    def _m(self, shape, strides, dtype, want, grad, group):
        torch, dtype = self._torch(dtype)
        shape, _ = self._shape(shape, dtype.itemsize)
        require(type(strides) is list and len(strides) == len(shape) and all(natural(s, self.limits.memory) >= 0 for s in strides))
        return self._wanted(torch, torch.empty_strided(shape, strides, dtype=dtype, device="meta"), want, grad, group)

    def _wanted(self, torch, tensor, want, grad, group):
        require(type(want) is bool and (not want or tensor.is_floating_point() or tensor.is_complex()))
        if group is not None:
            natural(group, len(self.nodes))
            require(want and grad is None)
            return tensor
        tensor.requires_grad_(want)
        if grad is not None:
            grad = self.value(grad)
            require(isinstance(grad, torch.Tensor) and (grad.shape, grad.dtype, grad.device) == (tensor.shape, tensor.dtype, tensor.device))
            tensor.grad = grad
        return tensor

    def _attach(self, attach):
        places = [
            (node[-1], place) for place, node in enumerate(self.nodes) if type(node) is list and node[0] in "Tm" and node[-1] is not None
        ]
        if not places:
            return
        require(attach is not None and [group for group, _ in sorted(places)] == list(range(len(places))))
        tensors = attach([self.packed.objects[place] for _, place in sorted(places)])
        for (_, place), tensor in zip(sorted(places), tensors, strict=True):
            self.packed.objects[place] = tensor

    def _s(self, dtype, text):
        require(type(dtype) is str and dtype in DTYPES and type(text) is str and len(text) == 2 * np.dtype(dtype).itemsize)
        return np.frombuffer(self._read(bytes.fromhex, text), dtype)[0]

    def _f(self, text):
        require(type(text) is str and len(text) < 40)
        return self._read(float.fromhex, text)

    def _c(self, real, imaginary):
        return complex(self._f(real), self._f(imaginary))

    @staticmethod
    def _read(convert, text):
        try:
            return convert(text)
        except (ValueError, OverflowError):
            raise Broken("a number cannot be read") from None

    def _l(self, parts):
        return [self.value(part) for part in parts]

    def _t(self, parts, name):
        cls, values = found_class(name), [self.value(part) for part in parts]
        if cls is not None and len(cls._fields) == len(values):
            return tuple.__new__(cls, values)
        return tuple.__new__(tuple_class(name), values) if type(name) is str and NAME.fullmatch(name) else tuple(values)

    def _d(self, parts):
        require(len(parts) % 2 == 0)
        keys, values = ([self.value(part) for part in parts[k::2]] for k in (0, 1))
        try:
            return dict(zip(keys, values, strict=True))
        except TypeError:
            raise Broken("a key of a dict cannot be one") from None

    def _O(self, shape, parts):
        shape, _ = self._shape(shape, 8)
        require(int(np.prod(shape)) == len(parts))
        array = np.empty(len(parts), dtype=object)
        for i, part in enumerate(parts):
            array[i] = self.value(part)
        return array.reshape(shape)

    def _D(self, name):
        torch = sys.modules.get("torch")
        require(torch is not None and type(name) is str and DEVICE.fullmatch(name))
        try:
            return torch.device(name)
        except RuntimeError:
            raise Broken("PyTorch has no such device") from None

    def _o(self, name):
        require(type(name) is str and NAME.fullmatch(name))
        return type(name, (Foreign,), {})()


def send(sock, head, nodes=(), memory=(), limits=Limits()):  # noqa: B008 (a tuple)
    """Send one frame."""
    header = json.dumps({**head, "nodes": nodes, "sizes": [len(one) for one in memory]}, allow_nan=False).encode()
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
        head = json.loads(text, parse_float=refuse, parse_constant=refuse)
    except (ValueError, RecursionError):
        raise Broken("a frame is no JSON") from None
    require(type(head) is dict and type(head.get("sizes")) is list and len(head["sizes"]) <= limits.parts)
    require(sum(natural(size, memory) for size in head["sizes"]) == memory)
    return head, [read(size) for size in head["sizes"]]


def refuse(text):
    raise ValueError(text)
