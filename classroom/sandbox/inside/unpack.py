"""What came over the wall becomes values; nothing of it is trusted. See `wall`."""

import sys

import numpy as np

try:
    from classroom.sandbox.inside import wall
    from classroom.sandbox.inside.wall import PLAIN, TYPES, Block, Broken, Foreign, Packed, measured, natural, require
except ImportError:  # where this folder itself is on the path
    import wall
    from wall import PLAIN, TYPES, Block, Broken, Foreign, Packed, measured, natural, require

LENGTHS = {"a": 7, "T": 6, "m": 7, "s": 3, "f": 2, "c": 3, "d": 2, "l": 2, "t": 3, "o": 2, "O": 3, "D": 2}  # of each kind of node
PARTS = {"d": 1, "l": 1, "t": 1, "O": 2}  # where the places of its parts are


class Unpack:
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
        require(node and type(node[0]) is str and LENGTHS.get(node[0]) == len(node))
        children = node[PARTS[node[0]]] if node[0] in PARTS else []
        if node[0] in "Tm":
            children = [one for one in (*node[1:2], node[4]) if one is not None] if node[0] == "T" else [node[5]] * (node[5] is not None)
        require(type(children) is list)
        for child in children:
            require(type(child) is int and -len(self.known.objects) <= child < place)
        return children

    def _a(self, dtype, shape, strides, block, offset, writable):
        require(type(dtype) is str and dtype in TYPES and type(writable) is bool)
        dtype = TYPES[dtype]
        shape, count = self._shape(shape, dtype.itemsize)
        require(type(strides) is list and len(strides) == len(shape))
        if not count:
            return np.zeros(shape, dtype)
        natural(block, len(self.known.blocks) + len(self.packed.blocks) - 1)
        own = block - len(self.known.blocks)
        block = self.packed.blocks[own] if own >= 0 else self.known.blocks[block]
        memory = block.bytes
        natural(offset, memory.size)
        low, high = offset, offset + dtype.itemsize
        for n, step in zip(shape, strides, strict=True):
            require(type(step) is int and abs(step) <= self.limits.memory)
            if step < 0:
                low += (n - 1) * step
            else:
                high += (n - 1) * step
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
        require(torch is not None and type(dtype) is str and wall.NAME.fullmatch(dtype))
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
        require(type(dtype) is str and dtype in TYPES and type(text) is str and len(text) == 2 * np.dtype(dtype).itemsize)
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
        cls, values = wall.found_class(name), [self.value(part) for part in parts]
        if cls is not None and len(cls._fields) == len(values):
            return tuple.__new__(cls, values)
        return tuple.__new__(wall.tuple_class(name), values) if type(name) is str and wall.NAME.fullmatch(name) else tuple(values)

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
        require(torch is not None and type(name) is str and wall.DEVICE.fullmatch(name))
        try:
            return torch.device(name)
        except RuntimeError:
            raise Broken("PyTorch has no such device") from None

    def _o(self, name):
        require(type(name) is str and wall.NAME.fullmatch(name))
        return type(name, (Foreign,), {})()
