"""This machine's kernel as the judge of what may be merged: frames in through a TAP, out of a packet socket.

GRO of the frames of one `run` happens in one NAPI poll, whatever the machine is doing: the poll is left to a
kernel thread (threaded NAPI) that is kept on the writer's CPU, and the writer runs ahead of it (SCHED_FIFO)
until it has written everything. So no frame is flushed by a timer or a tick in between.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import struct
from pathlib import Path
from typing import NamedTuple

from tests.system.namespace import Namespace

DEVICE = f"rxl{os.getpid() % 100_000}"
"""One of its own for each process that tests, for the names of kernel threads know no namespaces."""
# linux/if_tun.h
TUNSETIFF = 0x400454CA
IFF_TAP, IFF_NAPI, IFF_NO_PI = 0x0002, 0x0010, 0x1000
# linux/if_packet.h
SOL_PACKET, PACKET_VNET_HDR, PACKET_IGNORE_OUTGOING = 263, 15, 23
ETH_P_ALL = 3
SO_RCVBUFFORCE = 33
VNET_HEADER = struct.Struct("<BBHHHH")
POLL_FRAMES = 60
"""NAPI polls 64 frames at once; one more poll would flush in between."""


class Merged(NamedTuple):
    """A frame as the stack gets it."""

    frame: bytes
    gso_bytes: int
    """TCP payload of each segment but perhaps the last; 0: not merged."""


class KernelGro:
    """GRO of the running kernel, on a device of its own in a namespace of its own."""

    def __init__(self) -> None:
        self._namespace = Namespace()
        with contextlib.ExitStack() as undo:
            undo.callback(self._namespace.close)
            self._tap = self._namespace.call(_tap)
            undo.callback(os.close, self._tap)
            self._shell(
                f"ip link set {DEVICE} addrgenmode none && ip link set {DEVICE} up && "
                f"mount -t sysfs sysfs /sys && echo 1 > /sys/class/net/{DEVICE}/threaded"
            )
            self._socket = self._namespace.call(_packet_socket)
            undo.callback(self._socket.close)
            self._cpu = max(os.sched_getaffinity(0))
            os.sched_setaffinity(_napi_thread(), {self._cpu})
            self._undo = undo.pop_all()

    def close(self) -> None:
        """Everything is gone with it."""
        self._undo.close()

    def _shell(self, line: str) -> None:
        self._namespace.run(["unshare", "--mount", "sh", "-c", line])

    def run(self, frames: list[bytes]) -> list[Merged]:
        """What becomes of frames that arrive together, in the order in which the stack gets them."""
        assert len(frames) <= POLL_FRAMES
        allowed = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {self._cpu})
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        try:
            for frame in frames:
                os.write(self._tap, frame)
        finally:
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
            os.sched_setaffinity(0, allowed)
        out: list[Merged] = []
        while sum(segments_in(merged) for merged in out) < len(frames):
            content = self._socket.recv(1 << 17)
            _, _, _, gso_bytes, _, _ = VNET_HEADER.unpack_from(content)
            out.append(Merged(content[VNET_HEADER.size :], gso_bytes))
        return out


def segments_in(merged: Merged) -> int:
    """Frames of the wire in it."""
    return -(-payload_bytes(merged.frame) // merged.gso_bytes) if merged.gso_bytes else 1


def payload_bytes(frame: bytes) -> int:
    """TCP payload of a frame without padding."""
    _, tcp_at = headers_at(frame)
    return len(frame) - tcp_at - (frame[tcp_at + 12] >> 4) * 4


def headers_at(frame: bytes) -> tuple[int, int]:
    """Where the innermost IP header and the TCP header are of a frame that the kernel merged."""
    ip_at = at = 14
    following = {0x0800: 4, 0x86DD: 41}[int.from_bytes(frame[12:14], "big")]
    while following != 6:
        if following == 4:
            ip_at, following, at = at, frame[at + 9], at + 20
        elif following == 41:
            ip_at, following, at = at, frame[at + 6], at + 40
        else:
            following, at = frame[at], at + 8 + 8 * frame[at + 1]
    return ip_at, at


def _tap() -> int:
    opened = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
    fcntl.ioctl(opened, TUNSETIFF, struct.pack("16sH22x", DEVICE.encode(), IFF_TAP | IFF_NAPI | IFF_NO_PI))
    return opened


def _packet_socket() -> socket.socket:
    opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    opened.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    opened.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    opened.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 24)
    opened.bind((DEVICE, 0))
    opened.settimeout(5)
    return opened


def _napi_thread() -> int:
    """The kernel thread that polls the device: napi/<device>-<number>."""
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (folder / "comm").read_text().startswith(f"napi/{DEVICE}-"[:15]):
                return int(folder.name)
    raise AssertionError(f"no kernel thread polls {DEVICE}")
