"""This machine's kernel as the host: frames written to a TAP device, UDP sockets that are read, in turn.

A write to the device is the whole receive path up to the socket's queue, in the writer's own context: the
clock stands around the system call, and nothing is traced. What a write has that a card's receive has not,
the system call and the copy of the frame into the kernel, is part of it.
"""

from __future__ import annotations

import ctypes
import socket
import struct
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from collectors.calibrate.precedence import first_if_granted
from engine import _core
from engine.linux.namespace import Namespace

INTERFACE = "rxbcal"
HOST, PEER = "192.0.2.1", "192.0.2.2"
LINK = bytes.fromhex("020000000001 020000000002 0800")
HEADERS_BYTES = 14 + 20 + 8
FCS_BYTES = 4
ROUND_FRAMES = 64
"""Frames written before any is read: what a host thread takes from a ring at once."""
FIRST_PORT = 20_000
RECEIVE_BUFFER_BYTES = 16 << 20
MANY = 32
"""Datagrams of a call that reads more than one."""

_LIBC = ctypes.CDLL(None, use_errno=True)


class _Iovec(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("bytes", ctypes.c_size_t))


class _Header(ctypes.Structure):  # struct msghdr
    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_bytes", ctypes.c_uint32),
        ("iov", ctypes.POINTER(_Iovec)),
        ("iov_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_bytes", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class _Message(ctypes.Structure):  # struct mmsghdr
    _fields_ = (("header", _Header), ("received", ctypes.c_uint32))


@dataclass(frozen=True, slots=True)
class Traffic:
    """Frames of one size, in turn to so many sockets."""

    size_bytes: int
    """On the wire, FCS included."""
    sockets: int

    @property
    def payload_bytes(self) -> int:
        """Of UDP."""
        return self.size_bytes - FCS_BYTES - HEADERS_BYTES

    @property
    def name(self) -> str:
        """In words."""
        return f"{self.size_bytes} B, {self.sockets} socket" + "s" * (self.sockets > 1)


@dataclass(frozen=True, slots=True)
class Round:
    """One round, in ns per frame."""

    written_ns: float
    """From the system call to the socket's queue."""
    read_ns: float
    """In receive calls of one datagram each, and one that finds nothing; the caller's own cost taken off."""
    read_many_ns: float
    """The same in calls of `MANY`; NaN in rounds that did not."""


class Receiver:
    """Sockets in a namespace with a TAP device before them.

    Raises
    ------
    OSError : no right to make one, or no /dev/net/tun.
    """

    def __init__(self, traffic: Traffic, namespace: Namespace) -> None:
        self.traffic = traffic
        self._namespace = namespace
        self._tap = namespace.call(lambda: _core.Tap(INTERFACE, 1))
        for line in (
            f"ip link set {self._tap.name} address 02:00:00:00:00:01 up",
            f"ip address add {HOST}/24 dev {self._tap.name}",
            f"ip neighbour replace {PEER} lladdr 02:00:00:00:00:02 dev {self._tap.name}",
        ):
            namespace.run(line.split())
        self._sockets = [namespace.call(partial(_bound, at)) for at in range(traffic.sockets)]
        payload = bytes(traffic.payload_bytes)
        self._frames = [_datagram(payload, FIRST_PORT + at) for at in range(traffic.sockets)]
        self._at = 0
        self._messages = (_Message * MANY)()
        self._room = ctypes.create_string_buffer(MANY * 2048)
        self._pieces = (_Iovec * MANY)()
        for i in range(MANY):
            self._pieces[i] = _Iovec(ctypes.addressof(self._room) + i * 2048, 2048)
            self._messages[i].header.iov = ctypes.pointer(self._pieces[i])
            self._messages[i].header.iov_count = 1

    def round(self, own_ns: float, *, many: bool = False) -> Round:
        """Write a round's frames and read them. `own_ns`: what a call costs its caller here."""
        in_turn = [self._frames[(self._at + i) % len(self._frames)] for i in range(len(self._frames))]
        readers = [self._sockets[(self._at + i) % len(self._sockets)].fileno() for i in range(ROUND_FRAMES)]
        self._at = (self._at + ROUND_FRAMES) % len(self._frames)
        _, refused, written_ns = self._tap.write_many(0, in_turn, ROUND_FRAMES)
        if refused:
            raise OSError(5, f"the kernel did not take frames: {refused}", self._tap.name)
        if many:
            # One socket after the other, each with all it has.
            calls = calls_of_many(readers)
            read_ns, taken = self._read(calls)
            each = (read_ns - len(calls) * own_ns) / ROUND_FRAMES
            result = Round(written_ns / ROUND_FRAMES, float("nan"), each)
        else:
            calls = [(reader, 1) for reader in readers] + [(readers[0], 1)]
            read_ns, taken = self._read(calls)
            each = (read_ns - len(calls) * own_ns) / ROUND_FRAMES
            result = Round(written_ns / ROUND_FRAMES, each, float("nan"))
        if taken != ROUND_FRAMES:
            raise OSError(5, f"{taken} of {ROUND_FRAMES} frames arrived", self._tap.name)
        return result

    def _read(self, calls: list[tuple[int, int]]) -> tuple[int, int]:
        recvmmsg, messages, dontwait = _LIBC.recvmmsg, self._messages, socket.MSG_DONTWAIT
        taken = 0
        start = time.perf_counter_ns()
        for descriptor, count in calls:
            taken += max(recvmmsg(descriptor, messages, count, dontwait, None), 0)
        return time.perf_counter_ns() - start, taken

    def own_ns(self, calls: int = 20_000) -> float:
        """What a call costs its caller: the same, of a function that does nothing."""
        nothing, messages, dontwait = _LIBC.abs, self._messages, socket.MSG_DONTWAIT
        taken = 0
        start = time.perf_counter_ns()
        for _ in range(calls):
            taken += max(nothing(-1, messages, 1, dontwait, None), 0)
        return (time.perf_counter_ns() - start) / calls

    def close(self) -> None:
        """Leave nothing."""
        for each in self._sockets:
            each.close()
        self._tap.close()


def calls_of_many(readers: list[int]) -> list[tuple[int, int]]:
    """Calls that read a frame for each of `readers`, one after the other: who, and how many at most."""
    waiting = Counter(readers)
    return [
        (reader, min(MANY, count - done))
        for reader, count in waiting.items()
        for done in range(0, count, MANY)
    ]


@contextmanager
def receiver(traffic: Traffic) -> Iterator[Receiver]:
    """Sockets behind a TAP device in a namespace of their own; all of it is gone afterwards."""
    with Namespace("calibration") as namespace:
        made = Receiver(traffic, namespace)
        try:
            yield made
        finally:
            made.close()


def medians(traffic: Traffic, rounds: int) -> dict[str, float]:
    """Median ns per frame: `written`, `read` (a call each) and `read_many`."""
    with receiver(traffic) as kernel, first_if_granted():
        own_ns = kernel.own_ns()
        for _ in range(max(rounds // 10, 1)):
            kernel.round(own_ns)
        singly = [kernel.round(own_ns) for _ in range(rounds)]
        together = [kernel.round(own_ns, many=True) for _ in range(rounds)]
    return {
        "written": float(np.median([each.written_ns for each in singly])),
        "read": float(np.median([each.read_ns for each in singly])),
        "read_many": float(np.median([each.read_many_ns for each in together])),
    }


def _bound(at: int) -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        force: Any = getattr(socket, "SO_RCVBUFFORCE", 33)
        opened.setsockopt(socket.SOL_SOCKET, force, RECEIVE_BUFFER_BYTES)
        opened.bind((HOST, FIRST_PORT + at))
    except OSError:
        opened.close()
        raise
    return opened


def _datagram(payload: bytes, port: int) -> bytes:
    """Ethernet, IPv4 and UDP without a UDP checksum, which RFC 768 allows."""
    addresses = socket.inet_aton(PEER) + socket.inet_aton(HOST)
    head = struct.pack("!BBHHHBBH", 0x45, 0, 28 + len(payload), 1, 0x4000, 64, 17, 0) + addresses
    words = sum(struct.unpack("!10H", head))
    words = (words & 0xFFFF) + (words >> 16)
    head = head[:10] + struct.pack("!H", 0xFFFF ^ words) + head[12:]
    return LINK + head + struct.pack("!HHHH", 4000, port, 8 + len(payload), 0) + payload
