"""Rooms: memory that small problems use again, each of one user at a time."""

import pytest
import torch

from rnncore.pytorch import rooms
from rnncore.pytorch.rooms import put, take

T, B, H = 5, 2, 3


@pytest.fixture(autouse=True)
def _no_rooms_yet(monkeypatch):
    monkeypatch.setattr(rooms, "_free", {})


def tensors(T=T, dtype=torch.float64):
    """Two parts of one whole, and a part of something else."""
    whole, other = torch.randn(T, B, 3 * H, dtype=dtype), torch.randn(T, B, 2 * H, dtype=dtype)
    return [whole[:, :, H:], whole, whole.view(T, B, 3, H).transpose(1, 2), other[:, :, :H]]


def test_a_room_holds_the_numbers_and_is_used_again():
    made = []
    for _ in range(3):
        brought = tensors()
        room = take("somebody", brought, lambda own: made.append(own) or own, whole=1)
        torch.testing.assert_close(room.tensors, brought, rtol=0, atol=0)
        assert room.made is made[0]
        with torch.inference_mode():
            room.tensors[1].fill_(7.0)  # what the user writes over the whole, its parts have; what was brought stays as it was
        assert (room.tensors[0] == 7).all()
        assert (room.tensors[2] == 7).all()
        assert not any((part == 7).any() for part in (*brought, room.tensors[3]))
        put(room)
    assert len(made) == 1


def test_a_room_that_is_taken_is_nobody_elses():
    first, second = (take("somebody", tensors(), list, whole=1) for _ in range(2))
    assert first.tensors[1].data_ptr() != second.tensors[1].data_ptr()


def test_what_else_is_brought_tells_rooms_apart():
    """Two users of one name whose wholes have one shape, but not their other tensors."""
    for width in (1, 2):
        brought = [torch.zeros(T, B, H), torch.zeros(T, B, width)]
        room = take("somebody", brought, list)
        assert room.tensors[1].shape == (T, B, width)
        put(room)


@pytest.mark.parametrize("other", [{"T": T + 1}, {"dtype": torch.float32}])
def test_a_room_fits_one_shape_and_type(other):
    put(take("somebody", tensors(), list, whole=1))
    room = take("somebody", tensors(**other), list, whole=1)
    torch.testing.assert_close([part.shape for part in room.tensors], [part.shape for part in tensors(**other)])
    assert room.tensors[1].dtype == other.get("dtype", torch.float64)


def test_only_a_few_are_kept_and_the_latest():
    for steps in range(1, rooms.MOST + 4):
        put(take("somebody", tensors(steps), list, whole=1))
    assert [shape[0] for _, _, shape, *_ in rooms._free] == list(range(4, rooms.MOST + 4))


def test_the_room_given_back_last_stays_longest():
    first, again = (take("somebody", tensors(1), list, whole=1) for _ in range(2))
    put(first)
    put(take("somebody", tensors(2), list, whole=1))
    put(again)
    assert [shape[0] for _, _, shape, *_ in rooms._free] == [2, 1]


@pytest.mark.parametrize(("limit", "value"), [("ENTRIES", T * B * 3 * H - 1), ("STEPS", T - 1)])
def test_a_larger_problem_works_on_what_it_brings(monkeypatch, limit, value):
    monkeypatch.setattr(rooms, limit, value)
    brought = tensors()
    room = take("somebody", brought, list, whole=1)
    assert all(ours is theirs for ours, theirs in zip(room.tensors, brought, strict=True))
    put(room)
    assert not rooms._free


def test_another_device_has_no_rooms():
    brought = [torch.zeros(T, B, H, device="meta")]
    assert take("somebody", brought, list).tensors[0] is brought[0]
