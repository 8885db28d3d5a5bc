"""Values become nodes and blocks of memory, to cross the wall; see `wall`."""

import ctypes
import sys

import numpy as np

try:
    from classroom.sandbox.inside.wall import CODES, DTYPES, NAME, PLAIN, Block, Packed, TooLarge, measured, tuple_name
except ImportError:  # where this folder itself is on the path
    from wall import CODES, DTYPES, NAME, PLAIN, Block, Packed, TooLarge, measured, tuple_name


class Pack:
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
        array = np.asarray(array)  # of a subclass, the numbers
        if array.dtype not in CODES:
            if array.dtype.newbyteorder("<") not in CODES:
                return ["o", "ndarray"], ()
            array = array.astype(array.dtype.newbyteorder("<"))
        flags = array.flags
        node = ["a", CODES[array.dtype], list(array.shape), list(array.strides), 0, 0, flags.writeable]
        if array.size:
            start = array.__array_interface__["data"][0]
            low, high = (start, start + array.nbytes) if flags.c_contiguous else np.lib.array_utils.byte_bounds(array)
            self.views.append((node, low, high, array, start))
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
        known = self.known.blocks
        for view in sorted(self.views, key=lambda view: view[1]):
            node, low, high, _, start = view
            same = next((k for k, block in enumerate(known) if block.low <= low and high <= block.high), None)
            if same is not None:
                node[4:6] = same, start - known[same].low
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
                view[0][4:6] = len(known) + len(self.packed.blocks), view[4] - low
            arrays = [view[3] for view in views]
            self.packed.blocks.append(Block(low, high, memory_at(low, high, arrays), any(a.flags.writeable for a in arrays)))
        return self.nodes, [block.bytes.tobytes() for block in self.packed.blocks], self.packed


def memory_at(low, high, owners):
    """The bytes from one address to another, which belong to arrays that stay alive as long as this one."""
    if len(owners) == 1 and owners[0].flags.c_contiguous:
        return owners[0].reshape(-1).view(np.uint8)
    memory = (ctypes.c_uint8 * (high - low)).from_address(low)
    memory.owners = owners
    return np.frombuffer(memory, dtype=np.uint8)
