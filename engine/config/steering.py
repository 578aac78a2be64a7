"""Who decides which queue and CPU a flow goes to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Mode = Literal["none", "rss", "ntuple"]
"""Everything to queue 0; the NIC's hash; explicit rules, then the hash."""

Admission = Literal["first_come", "rate", "priority"]
"""Who is let in when the flow table is full: who came first stays, the busier, the more important."""


@dataclass(frozen=True, slots=True)
class Ntuple:
    """An explicit rule of the NIC (ethtool -N); what is not said fits anything."""

    location: int | None = None
    """Rules of lower locations come first; None: the rule's place in the list."""
    protocol: Literal["", "tcp", "udp"] = ""
    source: str = ""
    """Address, or network as in 10.0.0.0/8."""
    destination: str = ""
    source_port: int | None = None
    source_port_mask: int = 0xFFFF
    """Bits that count."""
    destination_port: int | None = None
    destination_port_mask: int = 0xFFFF
    queue: int = 0
    """-1: dropped."""


@dataclass(frozen=True, slots=True)
class FlowTable:
    """The NIC's table of single flows."""

    capacity_rules: int = 8192
    ways: int = 0
    """Places a flow's hash leaves it; 0: any."""
    signature_bits: int = 0
    """Bits of the hash it knows flows by; 0: it knows their addresses and ports."""
    insert_latency_ns: int = 0
    """From the request to the first frame that obeys it."""
    insertions_per_second: int = 0
    """Rules written, at most; 0: any number."""
    admission: Admission = "priority"
    moves: Literal["safe", "unsafe"] = "safe"
    """Whether a flow's order survives a change of queue."""
    drain_ns: int = 100_000
    """How long a safe move waits for a pause of the flow before it puts up a barrier."""
    idle_ns: int = 100_000_000
    """A rule that had no frame for so long may go."""


@dataclass(frozen=True, slots=True)
class Steering:
    """The mode, the NIC's flow table, its explicit rules."""

    mode: Mode = "rss"
    table: FlowTable = field(default_factory=FlowTable)
    rules: tuple[Ntuple, ...] = ()
