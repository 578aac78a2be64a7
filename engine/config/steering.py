"""Who decides which queue and CPU a flow goes to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Mode = Literal["none", "rss", "rps", "rfs", "arfs", "callback", "ntuple"]
"""Everything to queue 0; the NIC's hash; the hash again, in software, over CPUs; where the flow was read;
the same told to the NIC; the scheduler tells the driver of moves of readers; explicit rules, then hash."""

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
    vlan: int | None = None
    """Identifier of the outermost tag."""
    queue: int = 0
    """-1: dropped."""
    context: int | None = None
    """Number of the RSS context it is spread by, instead of a queue."""


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
class Rfs:
    """The tables of receive flow steering; powers of two."""

    sock_flow_entries: int = 32768
    """Where flows were read (rps_sock_flow_entries)."""
    flow_entries: int = 4096
    """Where they went, for each queue (rps_flow_cnt)."""


@dataclass(frozen=True, slots=True)
class Callback:
    """The scheduler's callback."""

    window_ns: int = 0
    """Announcements are collected for so long before the NIC is told."""
    hysteresis_ns: int = 0
    """A flow stays at least for so long before it is moved again."""
    retry_ns: int = 1_000_000
    """A flow that was refused is left alone for so long."""


@dataclass(frozen=True, slots=True)
class Scan:
    """The driver's scan for rules that have had their day."""

    interval_ns: int = 1_000_000
    """0: it never looks."""
    rules: int = 64
    """Looked at then."""


@dataclass(frozen=True, slots=True)
class Steering:
    """The mode, the NIC's flow table, what the host does about flows, explicit rules."""

    mode: Mode = "rss"
    table: FlowTable = field(default_factory=FlowTable)
    rfs: Rfs = field(default_factory=Rfs)
    callback: Callback = field(default_factory=Callback)
    scan: Scan = field(default_factory=Scan)
    rules: tuple[Ntuple, ...] = ()
