"""A family of generic netlink, as it is declared."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from engine.endpoint.attributes import Attribute
from engine.endpoint.message import Request
from engine.endpoint.policy import Policy

if TYPE_CHECKING:
    from engine.endpoint.endpoint import Endpoint

GENERIC_HEADER = struct.Struct("=BBH")
"""struct genlmsghdr: command, version, reserved."""
Given = Mapping[int, Attribute]
"""The attributes of a request, by number."""


class Command(NamedTuple):
    """One command: what it may be given, and who answers."""

    policy: Policy
    do: Callable[[Endpoint, Request, Given], list[bytes]]
    dump: Callable[[Endpoint, Request, Given], Iterator[bytes]] | None = None
    sets: bool = False


class Family(NamedTuple):
    """A family."""

    name: str
    number: int
    version: int
    commands: Mapping[int, Command]
    groups: Mapping[str, int]
    """Multicast groups by name."""
