"""How much of a TCP stream this machine's kernel maps into its reader (TCP_ZEROCOPY_RECEIVE, net/ipv4/tcp.c).

Over loopback, in a namespace of its own. What is sent with MSG_ZEROCOPY is copied there on its way in
(skb_copy_ubufs, net/core/skbuff.c): each frame's payload to pages of its own, from their first byte on, where
a card with header-data split puts it too. Sent plainly it would lie in parts of 32 KiB, which are no pages.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import select
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import NamedTuple

import numpy as np

from collectors.linux.unavailable import Unavailable
from engine.linux.namespace import Namespace

TCP_ZEROCOPY_RECEIVE = 35  # linux/tcp.h
SO_RCVBUFFORCE, SO_ZEROCOPY = 33, 60  # asm-generic/socket.h
MSG_ZEROCOPY = 0x4000000  # linux/socket.h
HEADERS_BYTES = 20 + 20 + 12
"""IPv4, TCP and its timestamps: MTU less MSS."""
LEAST_MSS, MOST_MSS = 536, 65_536 - HEADERS_BYTES
WINDOW_BYTES = 512 * 1024
"""tcp_mmap's chunk_size: the address range a call may fill."""
RECEIVE_BUFFER_BYTES = 8 * WINDOW_BYTES
PATIENCE_S = 5.0

_LIBC = ctypes.CDLL(None, use_errno=True)


class _Request(ctypes.Structure):  # struct tcp_zerocopy_receive (linux/tcp.h)
    _fields_ = (
        ("address", ctypes.c_uint64),
        ("length", ctypes.c_uint32),
        ("recv_skip_hint", ctypes.c_uint32),
        ("inq", ctypes.c_uint32),
        ("err", ctypes.c_int32),
        ("copybuf_address", ctypes.c_uint64),
        ("copybuf_len", ctypes.c_int32),
        ("flags", ctypes.c_uint32),
        ("msg_control", ctypes.c_uint64),
        ("msg_controllen", ctypes.c_uint64),
        ("msg_flags", ctypes.c_uint32),
        ("reserved", ctypes.c_uint32),
    )


class Received(NamedTuple):
    """What a reader got of a stream, in bytes of payload."""

    mapped_bytes: int
    copied_bytes: int

    @property
    def mapped_percent(self) -> float:
        """Of all."""
        return 100.0 * self.mapped_bytes / (self.mapped_bytes + self.copied_bytes)


class Window:
    """A TCP socket's address range, into which the kernel maps what it received. Raises Unavailable."""

    def __init__(self, reader: socket.socket) -> None:
        self._reader = reader
        try:
            self._range = mmap.mmap(reader.fileno(), WINDOW_BYTES, mmap.MAP_SHARED, mmap.PROT_READ)
        except OSError as error:
            raise Unavailable(f"a TCP socket cannot be mapped ({error.strerror})", "Linux 4.18") from None
        self._address = np.frombuffer(self._range, np.uint8, 1).ctypes.data
        self._request = _Request()
        """Filled by the last call."""
        self._size = ctypes.c_uint32()

    def _ask(self, descriptor: int, most_bytes: int) -> int:
        self._request = _Request(address=self._address, length=most_bytes)
        self._size.value = ctypes.sizeof(_Request)
        failed = _LIBC.getsockopt(
            descriptor,
            socket.IPPROTO_TCP,
            TCP_ZEROCOPY_RECEIVE,
            ctypes.byref(self._request),
            ctypes.byref(self._size),
        )
        return ctypes.get_errno() if failed else 0

    def map(self, most_bytes: int = WINDOW_BYTES) -> tuple[int, int]:
        """Bytes that a call mapped, and bytes behind them that must be copied."""
        code = self._ask(self._reader.fileno(), most_bytes)
        # EIO: the stream is at its end.
        if code not in (0, errno.EAGAIN, errno.EIO):
            raise OSError(code, os.strerror(code), "TCP_ZEROCOPY_RECEIVE")
        return (0, 0) if code else (self._request.length, self._request.recv_skip_hint)

    def map_nowhere(self) -> None:
        """The same call without a socket (EBADF): what it is to call it."""
        self._ask(-1, WINDOW_BYTES)

    def unmap(self, mapped_bytes: int) -> None:
        """Give the pages of the last call back."""
        self._range.madvise(mmap.MADV_DONTNEED, 0, mapped_bytes)

    def close(self) -> None:
        """Give the range back."""
        self._range.close()


def connection(host: Namespace, mss: int, *, merged: bool = False) -> tuple[socket.socket, socket.socket]:
    """A sender and a reader on loopback, with a frame for each segment unless `merged`."""
    segments = [] if merged else ["gso_max_segs", "1"]
    host.run(["ip", "link", "set", "lo", "mtu", str(mss + HEADERS_BYTES), *segments, "up"])
    with host.call(lambda: socket.create_server(("127.0.0.1", 0))) as server:
        server.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER_BYTES)
        # No timeout: with one Python waits for notes where MSG_DONTWAIT says not to.
        sender = host.call(lambda: socket.create_connection(server.getsockname(), None))
        try:
            sender.setsockopt(socket.SOL_SOCKET, SO_ZEROCOPY, 1)
            sender.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sender, server.accept()[0]
        except BaseException:
            sender.close()
            raise


def send(sender: socket.socket, payload: mmap.mmap, size: int) -> None:
    """Send so many bytes of `payload`, by its pages."""
    at = 0
    with memoryview(payload) as pages:
        while at < size:
            with suppress(BlockingIOError):  # notes of what was sent, which nobody reads
                while sender.recvmsg(0, 512, socket.MSG_ERRQUEUE | socket.MSG_DONTWAIT):
                    pass
            try:
                at += sender.send(pages[at:size], MSG_ZEROCOPY)
            except OSError as error:
                if error.errno != errno.ENOBUFS:  # more notes than it may hold
                    raise


def _send_all(sender: socket.socket, size: int) -> None:
    with mmap.mmap(-1, WINDOW_BYTES, mmap.MAP_PRIVATE) as payload:
        payload.write(b"a" * WINDOW_BYTES)
        for at in range(0, size, WINDOW_BYTES):
            send(sender, payload, min(WINDOW_BYTES, size - at))
        sender.shutdown(socket.SHUT_WR)


def _read_all(reader: socket.socket) -> Received:
    window, room = Window(reader), bytearray(WINDOW_BYTES)
    poll = select.poll()
    poll.register(reader, select.POLLIN)
    mapped = copied = 0
    try:
        while True:
            if not poll.poll(1000 * PATIENCE_S):
                raise TimeoutError(f"nothing came for {PATIENCE_S:g} s after {mapped + copied} bytes")
            found, behind = window.map()
            if found:
                window.unmap(found)
                mapped += found
            if behind or not found:
                got = reader.recv_into(room, min(behind, WINDOW_BYTES) or 1)
                if not got:
                    return Received(mapped, copied)
                copied += got
    finally:
        window.close()


def zero_copy(mss: int, *, total_bytes: int = 16 << 20, merged: bool = False) -> Received:
    """What of a stream in segments of `mss` bytes is mapped into its reader, and what is copied.

    `merged`: frames of many segments, as LRO makes them, not one for each.

    Raises
    ------
    ValueError : `mss` is none that loopback can have.
    Unavailable : this kernel maps nothing.
    OSError : no right to make a namespace; with what is needed.
    """
    if not LEAST_MSS <= mss <= MOST_MSS:
        raise ValueError(f"mss = {mss}: must be {LEAST_MSS} to {MOST_MSS}")
    with Namespace("zero copy") as host:
        sender, reader = connection(host, mss, merged=merged)
        with ThreadPoolExecutor(1) as sending, sender, reader:
            sent = sending.submit(_send_all, sender, total_bytes)
            try:
                received = _read_all(reader)
            except BaseException:
                # Wakes the sender, which waits for a window.
                sender.shutdown(socket.SHUT_RDWR)
                raise
            sent.result()
            return received
