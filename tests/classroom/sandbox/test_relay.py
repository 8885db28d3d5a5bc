"""The relay passes on every byte in both directions, waits for who is slow, and counts what comes from the kernel alone."""

import socket
import struct
import tempfile
import threading

import pytest

from classroom.sandbox.inside import lockdown
from classroom.sandbox.relay import Relay


@pytest.fixture
def relay():
    with tempfile.TemporaryDirectory(prefix="rnn-", dir="/tmp") as folder:
        relay = Relay(folder)
        stop = threading.Event()
        thread = threading.Thread(target=lambda: [relay.step(0.05) for _ in iter(stop.is_set, True)])
        thread.start()
        yield relay
        stop.set()
        thread.join()
        relay.close()


def ends(relay, port):
    """Return a client's and the kernel's end of a channel."""
    client = socket.socket(socket.AF_UNIX)
    client.connect(f"{relay.ip}-{port}")
    relay.listeners[port - 1].setblocking(True)
    kernel = relay.listeners[port - 1].accept()[0]
    client.settimeout(20), kernel.settimeout(20)
    return client, kernel


def received(sock, size):
    parts = bytearray()
    while len(parts) < size:
        parts += sock.recv(1 << 16)
    return bytes(parts)


@pytest.mark.parametrize("port", [1, 5])
def test_both_directions(relay, port, rng):
    client, kernel = ends(relay, port)
    with client, kernel:
        question, answer = rng.bytes(3_000_000), rng.bytes(2_000_000)
        for one, other, text in ((client, kernel, question), (kernel, client, answer)):
            sender = threading.Thread(target=one.sendall, args=(text,))  # more than fits, until someone reads
            sender.start()
            assert received(other, len(text)) == text
            sender.join()
        assert relay.sent == len(answer)
        kernel.close()
        assert client.recv(1) == b""


def test_who_does_not_read_stops_only_its_own_channel(relay):
    slow, kernel = ends(relay, 2)
    quick, other = ends(relay, 1)
    with slow, kernel, quick, other:
        kernel.setblocking(False)
        with pytest.raises(BlockingIOError):
            all(kernel.send(bytes(1 << 16)) for _ in range(1000))
        quick.sendall(b"hello")
        assert other.recv(10) == b"hello"


def test_channels_are_not_mixed_up(relay):
    both = [ends(relay, port) for port in (1, 2, 3, 4, 5)]
    for number, (client, _) in enumerate(both):
        client.sendall(bytes([number]) * 3)
    assert [kernel.recv(3) for _, kernel in both] == [bytes([number]) * 3 for number in range(5)]
    for pair in both:
        for end in pair:
            end.close()


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_is_a_program_whose_jumps_stay_in_it(machine):
    lines = list(struct.iter_unpack("HBBI", lockdown.program(machine)))
    assert len(lines) < 4096 and lines[-1] == (lockdown.RETURN, 0, 0, lockdown.ALLOW)
    for place, (code, true, false, _) in enumerate(lines):
        if code & 7 == 5:  # a jump
            assert place + 1 + max(true, false) < len(lines)
    with pytest.raises(OSError, match="no system call filter for riscv64"):
        lockdown.program("riscv64")
