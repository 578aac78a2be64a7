"""TCP senders that react to acknowledgements."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from engine.config.codec import Variant
from engine.config.flows import Destination, Lifetime


@dataclass(frozen=True, slots=True)
class Requests:
    """One at a time on each connection, the next when the last was answered and its time has come."""

    bytes: int = 1
    """Payload of a request, to a full segment."""
    per_second: int = 0
    """Of all connections, unless answers come too late; 0: each as soon as the one before was answered."""
    gap_shape: float = 0.0
    """Of the generalized Pareto distribution of a connection's gaps; 0: exponential."""


@dataclass(frozen=True, slots=True)
class Senders(Variant):
    """A closed loop, in virtual time: established connections on a path that ends in the line."""

    tag: ClassVar[str] = "tcp"
    flows: int = 1
    """At a time."""
    size: Lifetime | None = None
    """Bytes a flow sends; None: flows do not end."""
    repeat: bool = False
    """A flow that has ended is followed by a new one."""
    requests: Requests | None = None
    """Flows send requests and await answers (`host.apps.answer_bytes`), and do not end."""
    start_ns: int = 0
    stagger_ns: int = 0
    """How much later each further flow starts."""
    rtt_ns: int = 1_000_000
    """Of the path without any queue."""
    loss: float = 0.0
    """Share of data frames lost before the line."""
    ack_loss: float = 0.0
    lose_frames: tuple[int, ...] = ()
    """Data frames lost, by number from 0, retransmissions counted."""
    buffer_bytes: int | None = None
    """That may wait for the line; None: room for all."""
    congestion: Literal["newreno", "cubic"] = "newreno"
    byte_counting: int = 0
    """Segments an acknowledgement may be worth in slow start: 1 (RFC 5681), 2 (RFC 3465); 0: any number."""
    initial_window: int = 10
    """Segments."""
    initial_ssthresh: int | None = None
    """Segments; None: slow start ends at the first loss."""
    mss: int = 1460
    sack: bool = True
    pacing: bool = False
    min_rto_ns: int = 200_000_000
    ipv6: bool = False
    destination: Destination = field(default_factory=Destination)
    dscp: int = 0
