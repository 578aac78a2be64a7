"""Which sockets there are and what they hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Priority:
    """SO_PRIORITY of the sockets of one destination port."""

    destination_port: int = 0
    priority: int = 0
    """0, the lowest, to 15."""


@dataclass(frozen=True, slots=True)
class Sockets:
    """UDP and TCP sockets of the host."""

    accept: Literal["any", "ports"] = "any"
    """A socket for whatever comes, or for the listed ports alone."""
    ports: tuple[int, ...] = ()
    rcvbuf_bytes: int = 212_992
    max_sockets: int = 65_536
    priorities: tuple[Priority, ...] = ()
    """Sockets that matter more than others; the others have priority 0."""
