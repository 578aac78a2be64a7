"""One netlink socket, asked and answered in turn.

pyroute2 encodes and decodes the messages. Its own sockets run an event loop each and refuse to work where one
is running already, as in every notebook; so the few lines between a message and a socket are ours.
"""

from __future__ import annotations

import itertools
import socket
import struct
from collections.abc import Iterator
from typing import Any, Protocol, Self

from pyroute2.netlink import (
    NLM_F_ACK,
    NLM_F_DUMP,
    NLM_F_REQUEST,
    NLMSG_DONE,
    NLMSG_ERROR,
    nlmsgerr,
)

from engine.control.netlink.attributes import Message, attribute_at

SOL_NETLINK = 270
ADD_MEMBERSHIP, CAP_ACK, EXT_ACK, GET_STRICT_CHK = 1, 10, 11, 12
"""Options of linux/netlink.h. CAP_ACK: an error echoes the request's header alone."""
CAPPED, WITH_ATTRIBUTES, INTERRUPTED = 0x100, 0x200, 0x10
"""Flags of an answer: NLM_F_CAPPED, NLM_F_ACK_TLVS, NLM_F_DUMP_INTR."""
LARGEST_BYTES = 1 << 18
HEADER = struct.Struct("=IHHII")


class NetlinkSocket(Protocol):
    """What of a socket is used: a kernel socket has it, the engine's endpoint too."""

    def send(self, data: bytes, /) -> int:
        """Send one or more whole messages."""

    def recv(self, size: int, /) -> bytes:
        """One datagram; raises BlockingIOError or TimeoutError where there is none in time."""

    def bind(self, address: Any, /) -> None:  # noqa: ANN401 - as socket.socket
        """(port, groups)."""

    def setsockopt(self, level: int, option: int, value: Any, /) -> None:  # noqa: ANN401 - as socket.socket
        """As socket.socket."""

    def settimeout(self, value: float | None, /) -> None:
        """As socket.socket."""

    def close(self) -> None:
        """Let go of it."""


class NetlinkAnswer(OSError):  # noqa: N818 - an answer, not a fault
    """An error in the far end's words: `errno`, `text` (or none) and the attribute it points at."""

    def __init__(self, code: int, text: str = "", attribute: str = "") -> None:
        self.text, self.attribute = text, attribute
        super().__init__(code, text)


def open_socket(protocol: int) -> socket.socket:
    """A kernel's netlink socket, in the network namespace of the thread that opens it. Raises OSError."""
    opened = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, protocol)
    opened.bind((0, 0))
    return opened


class Connection:
    """Requests over one netlink socket; the socket is closed with it."""

    def __init__(self, opened: NetlinkSocket) -> None:
        self._socket = opened
        self._numbers = itertools.count(1)
        for option in (EXT_ACK, CAP_ACK, GET_STRICT_CHK):
            opened.setsockopt(SOL_NETLINK, option, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the socket; safe to call twice."""
        self._socket.close()

    def request(
        self,
        message: Message,
        kind: int,
        *,
        answers: type[Any] | None = None,
        dump: bool = False,
    ) -> list[Any]:
        """What a request is answered with; acknowledged, so that an answer always comes.

        Parameters
        ----------
        message : pyroute2's, with its attributes; its header is filled in here.
        kind : the message type.
        answers : class of what is answered; None: the message's own.

        Raises
        ------
        NetlinkAnswer : the far end's error.
        """
        flags = NLM_F_REQUEST | (NLM_F_DUMP if dump else NLM_F_ACK)
        number = next(self._numbers)
        message["header"] = {"type": kind, "flags": flags, "sequence_number": number, "pid": 0}
        message.encode()
        data = bytes(message.data)
        while True:
            self._socket.send(data)
            found, interrupted = self._answers(number, answers or type(message), message, data)
            if not interrupted:  # a dump during which something changed is asked for again
                return found

    def _answers(self, number: int, kind: type[Any], asked: Message, data: bytes) -> tuple[list[Any], bool]:
        found: list[Any] = []
        interrupted = False
        while True:
            received = self._socket.recv(LARGEST_BYTES)
            for at, length, of_type, flags, sequence in _messages(received):
                if sequence != number:  # a notification
                    continue
                interrupted |= bool(flags & INTERRUPTED)
                if of_type == NLMSG_ERROR:
                    _raise_error(received[at : at + length], flags, asked, data)
                    return found, interrupted
                if of_type == NLMSG_DONE:
                    (code,) = struct.unpack_from("=i", received, at + HEADER.size)
                    if code:
                        raise NetlinkAnswer(-code)
                    return found, interrupted
                answer = kind(received, offset=at)
                answer.decode()
                found.append(answer)

    def join(self, group: int) -> None:
        """Receive what is told to a group from now on."""
        self._socket.setsockopt(SOL_NETLINK, ADD_MEMBERSHIP, group)

    def told(self, seconds: float) -> Iterator[bytes]:
        """Whole messages told to the groups that were joined, until none comes for `seconds`."""
        self._socket.settimeout(seconds)
        try:
            while True:
                try:
                    received = self._socket.recv(LARGEST_BYTES)
                except (TimeoutError, BlockingIOError):
                    return
                for at, length, *_ in _messages(received):
                    yield received[at : at + length]
        finally:
            self._socket.settimeout(None)


def _messages(data: bytes) -> Iterator[tuple[int, int, int, int, int]]:
    """Offset, length, type, flags and sequence number of each message in a datagram."""
    at = 0
    while at + HEADER.size <= len(data):
        length, kind, flags, sequence, _ = HEADER.unpack_from(data, at)
        if not HEADER.size <= length <= len(data) - at:
            return
        yield at, length, kind, flags, sequence
        at += (length + 3) & -4


def _raise_error(answer: bytes, flags: int, asked: Message, data: bytes) -> None:
    """Raise what an NLMSG_ERROR says; nothing where it acknowledges."""
    code, echoed = struct.unpack_from("=iI", answer, HEADER.size)
    if code == 0:
        return
    at = HEADER.size + 4 + (HEADER.size if flags & CAPPED else (echoed + 3) & -4)
    text = attribute = ""
    while flags & WITH_ATTRIBUTES and at + 4 <= len(answer):
        length, number = struct.unpack_from("=HH", answer, at)
        if length < 4:
            break
        name = dict(enumerate(name for name, _ in nlmsgerr.nla_map)).get(number & 0x3FFF)
        value = answer[at + 4 : at + length]
        if name == "NLMSGERR_ATTR_MSG":
            text = value.rstrip(b"\0").decode("utf-8", "replace")
        elif name == "NLMSGERR_ATTR_OFFS":
            attribute = attribute_at(asked, data, struct.unpack("=I", value)[0])
        at += (length + 3) & -4
    raise NetlinkAnswer(-code, text, attribute)
