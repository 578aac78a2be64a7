"""A netlink socket whose far end is the engine: as much of a socket as pyroute2 and asyncio ask for."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol, Self

from engine.endpoint.message import (
    ACK,
    FIRST,
    REQUEST,
    Request,
    acknowledged,
    requests,
)
from engine.endpoint.refusal import Refusal

SOL_NETLINK = 270
ADD_MEMBERSHIP, DROP_MEMBERSHIP, CAP_ACK, EXT_ACK, GET_STRICT_CHK = 1, 2, 10, 11, 12
LOOK_SECONDS = 0.01
"""How often a listener who waits looks whether something has changed without a request."""
BACKLOG_BYTES = 212_992
"""net.core.rmem_default: what may wait of notifications."""


class Answered(NamedTuple):
    """What a request is answered with, besides its acknowledgement."""

    messages: list[bytes]
    dump: Iterator[bytes] | None = None


class FarEnd(Protocol):
    """Who answers the requests of a socket."""

    def asked(self, protocol: int, request: Request) -> Answered:
        """Answer. Raises Refusal."""

    def opened(self, port: int, given: EndpointSocket) -> int:
        """A socket asks for a port, 0: any; the one it gets. Raises OSError."""

    def closed(self, given: EndpointSocket) -> None:
        """A socket is gone."""

    def look(self) -> None:
        """Tell who listens what has changed without a request."""


class EndpointSocket:
    """What `IPRoute(use_socket=...)` takes and `engine.control` opens. No kernel socket is behind it."""

    family, type = socket.AF_NETLINK, socket.SOCK_DGRAM

    def __init__(self, far_end: FarEnd, protocol: int) -> None:
        self.proto, self.groups = protocol, set[int]()
        self._far_end, self._options = far_end, dict[tuple[int, int], Any]()
        self._waiting, self._waiting_bytes = deque[bytes](), 0
        self._dump: Iterator[bytes] | None = None
        self._overrun = False
        self._timeout: float | None = None
        self._bell = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        # pyroute2 takes a socket with a lock to be one that threads may share.
        self._lock = threading.RLock()
        # Of what waits: others put notifications there while this socket is at work.
        self._queue = threading.Lock()
        self.magic = 0
        self.port = far_end.opened(0, self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Let go of it; safe to call twice."""
        with self._lock:
            if self._bell >= 0:
                with self._queue:
                    os.close(self._bell)
                    self._bell = -1
                self._far_end.closed(self)

    def fileno(self) -> int:
        """Readable while there is something to receive; -1 when closed."""
        return self._bell

    def bind(self, address: Any, /) -> None:  # noqa: ANN401 - as socket.socket
        """(port, groups): a bit mask of the first 32 groups."""
        port, groups = address
        self.port = self._far_end.opened(port, self)
        self.groups |= {number + 1 for number in range(32) if groups >> number & 1}
        self._far_end.look()

    def getsockname(self) -> tuple[int, int]:
        """(port, groups)."""
        return self.port, sum(1 << number - 1 for number in self.groups if number <= 32)

    def getpeername(self) -> Any:  # noqa: ANN401 - as socket.socket
        """There is none: netlink is not connected."""
        raise OSError(errno.ENOTCONN, os.strerror(errno.ENOTCONN))

    def setsockopt(self, level: int, option: int, value: Any, /) -> None:  # noqa: ANN401 - as socket.socket
        """Membership of groups, and how errors are told; other options change nothing."""
        if (level, option) == (SOL_NETLINK, ADD_MEMBERSHIP):
            self.groups.add(value)
            self._far_end.look()
        elif (level, option) == (SOL_NETLINK, DROP_MEMBERSHIP):
            self.groups.discard(value)
        else:
            self._options[level, option] = value

    def getsockopt(self, level: int, option: int, size: int = 0, /) -> Any:  # noqa: ANN401 - as socket.socket
        """What was set, else 0."""
        value = self._options.get((level, option), 0)
        return value if not size else value.to_bytes(size, "little")

    def settimeout(self, value: float | None, /) -> None:
        """How long `recv` waits, in seconds; None: as long as it takes."""
        self._timeout = value

    def gettimeout(self) -> float | None:
        """See `settimeout`."""
        return self._timeout

    def setblocking(self, flag: bool, /) -> None:
        """Whether `recv` waits."""
        self._timeout = None if flag else 0.0

    def getblocking(self) -> bool:
        """See `setblocking`."""
        return self._timeout != 0.0

    def send(self, data: bytes, flags: int = 0, /) -> int:  # noqa: ARG002 - as socket.socket
        """Send one or more whole messages; they are answered before this returns."""
        with self._lock:
            self._open()
            strict = bool(self._options.get((SOL_NETLINK, GET_STRICT_CHK)))
            for request in requests(bytes(data), self.port, strict):
                self._answer(request)
            return len(data)

    def sendto(self, data: bytes, *_: object) -> int:
        """Send, to the one far end there is."""
        return self.send(data)

    sendall = send

    def recv(self, size: int, flags: int = 0, /) -> bytes:  # noqa: ARG002 - as socket.socket
        """One datagram; what exceeds `size` is lost.

        Raises
        ------
        BlockingIOError, TimeoutError : there is none, at once or in time.
        OSError : ENOBUFS once after notifications were lost.
        """
        until = None if self._timeout is None else time.monotonic() + self._timeout
        while True:
            if self.groups:
                self._far_end.look()
            with self._lock:
                self._open()
                if (data := self._next()) is not None:
                    return data[:size]
                bell = self._bell
            if self._timeout == 0.0:
                raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
            left = None if until is None else until - time.monotonic()
            if left is not None and left <= 0:
                raise TimeoutError("timed out")
            poll = select.poll()
            poll.register(bell, select.POLLIN)
            waits = [each for each in (left, LOOK_SECONDS if self.groups else None) if each is not None]
            poll.poll(min(waits) * 1000 if waits else None)

    def recvfrom(self, size: int, flags: int = 0, /) -> tuple[bytes, tuple[int, int]]:
        """One datagram, and that it came from the kernel's place."""
        return self.recv(size, flags), (0, 0)

    def recv_into(self, buffer: Any, size: int = 0, flags: int = 0, /) -> int:  # noqa: ANN401 - as socket.socket
        """One datagram into a buffer; its length."""
        data = self.recv(size or len(buffer), flags)
        memoryview(buffer)[: len(data)] = data
        return len(data)

    def told(self, data: bytes) -> None:
        """Something is told to a group this socket is a member of; lost if too much waits."""
        with self._queue:
            if self._bell < 0:
                return
            if self._waiting_bytes + len(data) > BACKLOG_BYTES:
                self._overrun = True
                self._ring()
            else:
                self._append(data)

    def _open(self) -> None:
        if self._bell < 0:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))

    def _answer(self, request: Request) -> None:
        refusal = None
        if request.flags & REQUEST and request.kind >= FIRST:
            try:
                answered = self._far_end.asked(self.proto, request)
                if answered.dump is not None:
                    if self._dump is not None:
                        raise Refusal(errno.EBUSY)
                    self._dump = answered.dump
                    self._ring()
                    return  # its end acknowledges it
                for each in answered.messages:
                    self._push(each)
            except Refusal as answer:
                refusal = answer
        if refusal is not None or request.flags & ACK:
            capped, extended = (
                bool(self._options.get((SOL_NETLINK, option))) for option in (CAP_ACK, EXT_ACK)
            )
            self._push(acknowledged(request, refusal, capped=capped, extended=extended))

    def _push(self, data: bytes) -> None:
        with self._queue:
            self._append(data)

    def _append(self, data: bytes) -> None:
        self._waiting.append(data)
        self._waiting_bytes += len(data)
        self._ring()

    def _ring(self) -> None:
        os.eventfd_write(self._bell, 1)

    def _next(self) -> bytes | None:
        with self._queue:
            data = self._first()
        if data is None and self._dump is not None and (data := next(self._dump, None)) is None:
            self._dump = None
        with self._queue:
            if not self._waiting and self._dump is None:
                with contextlib.suppress(BlockingIOError):
                    os.eventfd_read(self._bell)
        return data

    def _first(self) -> bytes | None:
        if self._overrun:
            self._overrun = False
            raise OSError(errno.ENOBUFS, os.strerror(errno.ENOBUFS))
        if not self._waiting:
            return None
        data = self._waiting.popleft()
        self._waiting_bytes -= len(data)
        return data
