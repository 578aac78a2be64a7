"""Receive side scaling: which queue a frame goes to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

HashInput = Literal["off", "2-tuple", "4-tuple"]
"""Not hashed (queue 0), the addresses, or addresses and ports."""

MICROSOFT_KEY = "6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa"
"""The key of Microsoft's verification suite."""


@dataclass(frozen=True, slots=True)
class RssFields:
    """What is hashed per protocol (ethtool -N rx-flow-hash). Fragments never hash ports."""

    ipv4: HashInput = "2-tuple"
    tcp4: HashInput = "4-tuple"
    udp4: HashInput = "4-tuple"
    ipv6: HashInput = "2-tuple"
    tcp6: HashInput = "4-tuple"
    udp6: HashInput = "4-tuple"


@dataclass(frozen=True, slots=True)
class RssContext:
    """An additional context (ethtool -X … context new), for frames of explicit rules or a rule of its own."""

    id: int | None = None
    """Its number, 1 to 64; None: its place in the list, from 1."""
    destination_port: int | None = None
    """Give at most this or `vlan`."""
    vlan: int | None = None
    """Identifier of the outermost tag."""
    key: str = ""
    """Its own key; empty: the NIC's."""
    weights: tuple[int, ...] = ()
    table: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Rss:
    """Toeplitz hash, low bits into an indirection table."""

    key: str = MICROSOFT_KEY
    """40 or 52 bytes in hexadecimal."""
    table_entries: int = 128
    weights: tuple[int, ...] = ()
    """Share of the table per queue (ethtool -X weight); empty: equal."""
    table: tuple[int, ...] = ()
    """Queue of each entry, given whole; empty: filled from the weights."""
    symmetric: bool = False
    """Both directions of a flow hash alike (symmetric-xor)."""
    inner: bool = False
    """Hash the innermost IP header of a tunnel."""
    fields: RssFields = field(default_factory=RssFields)
    contexts: tuple[RssContext, ...] = ()
    """The first whose rule fits a frame is taken."""
