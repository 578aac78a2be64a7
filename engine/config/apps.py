"""The programs that read."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.config.zero_copy import ZeroCopy


@dataclass(frozen=True, slots=True)
class Migration:
    """An app moved by hand."""

    at_ns: int = 0
    task: int = 0
    cpu: int = 0


@dataclass(frozen=True, slots=True)
class Apps:
    """Tasks that sleep, wake and read."""

    count: int = 0
    """0: one per CPU."""
    cpus: tuple[int, ...] = ()
    """App i runs on cpus[i modulo their number]; empty: on CPU i."""
    pinned: bool = True
    acceptors: int = 0
    """The first apps read a socket's first message and hand it over to one of the others."""
    readers_per_socket: int = 1
    """Apps that share a socket, message by message in turn."""
    migrations_per_second: int = 0
    """Moves of an app, pinned or not: which and where to is drawn."""
    migrations: tuple[Migration, ...] = ()
    """Moves at given times."""
    work_per_message: int = 1
    """Units of work after each message read."""
    read_bytes: int = 0
    """Bytes of a TCP socket one receive call takes, as far as they are there; 0: one message."""
    zero_copy: ZeroCopy = field(default_factory=ZeroCopy)
    answer_bytes: int = 0
    """Payload of the answer to each message of a TCP socket, for senders of requests; 0: none."""
    by_napi: bool = False
    """Sockets are dealt by the queue of their first frame (SO_INCOMING_NAPI_ID), not in turn."""
    busy_poll_usecs: int = 0
    """Epoll polls the device so long in vain before the app sleeps; 0: only if preferred, and then once."""
    busy_poll_budget: int = 8
    """Frames such a poll may take."""
    prefer_busy_poll: bool = False
    """Apps would rather poll than be interrupted."""
