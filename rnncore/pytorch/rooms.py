"""Memory that small problems use again: a loop's tensors together with their parts for each step.

In the smallest networks a tenth of the time goes into making a tensor for every part of another one that belongs to one step. These parts
are the same in every call of the same shape. So what a loop writes lies in a room, which is kept for the next call with all the parts;
numbers are copied into it and out of it, which costs little while they are few. Nobody but the loop sees a room: while one is taken it is
on no list, so that another thread, or a call within the call, gets one of its own.

Contents
    Room           tensors, and what was made of them once
    take, put      get a room, and give it back

Larger problems, other devices than the CPU, subclasses of tensors and calls that are being compiled work on the tensors that they bring.
Source: FFTW's plans (Frigo and Johnson 2005), which prepare once what many calls of one shape do.
"""

from typing import NamedTuple

import torch

__all__ = []

ENTRIES, STEPS = 2**16, 128  # of the whole, in the longest sequence, for which a room is kept
MOST = 8  # rooms; the one not used for longest goes first

_free = {}  # key -> Room, the latest one last


class Room(NamedTuple):
    """Tensors for one loop."""

    key: tuple | None  # None: they are the caller's own
    tensors: list
    copied: list  # for each: whether its numbers are brought; the others are parts of one that is
    made: object  # by the caller's function, of the tensors


def take(owner, tensors, make, *, whole=0):
    """Get a room that holds the numbers of some tensors.

    Args:
        owner: whoever has rooms of its own, as a key of a dict.
        tensors: list of (T, ...), on one device and of one type.
        make: function of the tensors of the room, called once for each room; it must follow from the owner and the tensors' shapes.
        whole: position of a contiguous tensor that has its memory to itself; others may be parts of it, and in a room are so again.
    Returns:
        A Room.
    """
    first = tensors[whole]
    plain = type(first) is torch.Tensor and first.is_cpu and not torch.compiler.is_compiling()
    if not plain or first.numel() > ENTRIES or len(first) > STEPS:
        return Room(None, tensors, [], make(tensors))
    key = owner, first.dtype, *(tensor.shape for tensor in tensors)
    with torch.inference_mode():
        if room := _free.pop(key, None):
            for ours, theirs, copied in zip(room.tensors, tensors, room.copied, strict=True):
                if copied:
                    ours.copy_(theirs)
            return room
        memory, ours = first.untyped_storage().data_ptr(), first.clone()
        copied = [tensor is first or tensor.untyped_storage().data_ptr() != memory for tensor in tensors]
        own = [
            t.clone() if mine else ours.as_strided(t.shape, t.stride(), t.storage_offset()) for t, mine in zip(tensors, copied, strict=True)
        ]
        own[whole] = ours
        return Room(key, own, copied, make(own))


def put(room):
    """Give a room back, for the next call of this shape."""
    if room.key is not None:
        _free.pop(room.key, None)
        _free[room.key] = room
        for key in list(_free)[:-MOST]:
            _free.pop(key, None)
