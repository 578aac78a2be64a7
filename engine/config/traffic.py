"""What arrives: generated streams and captures, in open loop, and TCP senders, in closed loop."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from engine.config.codec import Variant
from engine.config.flows import Flows
from engine.config.offered import Arrivals, Constant, LineShare, Offered
from engine.config.senders import Senders
from engine.config.sizes import Fixed, Sizes


@dataclass(frozen=True, slots=True)
class Generated(Variant):
    """Frames made from templates."""

    tag: ClassVar[str] = "generated"
    offered: Offered = field(default_factory=LineShare)
    arrivals: Arrivals = field(default_factory=Constant)
    sizes: Sizes = field(default_factory=Fixed)
    flows: Flows = field(default_factory=Flows)
    start_ns: int = 0
    stop_ns: int | None = None
    """None: until the run ends."""


@dataclass(frozen=True, slots=True)
class Recorded(Variant):
    """The capture's own time stamps, the first frame at 0."""

    tag: ClassVar[str] = "recorded"


@dataclass(frozen=True, slots=True)
class Scaled(Variant):
    """As recorded, all gaps made longer or shorter alike, so that the mean load is the one offered."""

    tag: ClassVar[str] = "scaled"
    offered: Offered = field(default_factory=LineShare)


@dataclass(frozen=True, slots=True)
class Paced(Variant):
    """The capture's frames in order, evenly at the load offered."""

    tag: ClassVar[str] = "paced"
    offered: Offered = field(default_factory=LineShare)


Timing = Recorded | Scaled | Paced


@dataclass(frozen=True, slots=True)
class Capture(Variant):
    """Frames of a pcap or pcapng file."""

    tag: ClassVar[str] = "capture"
    file: str
    """Path, relative to the scenario's file or the working directory."""
    timing: Timing = field(default_factory=Recorded)
    repeat: bool = False
    """Begin again after the last frame."""
    vary_addresses: bool = True
    """When repeating, give each pass other source addresses, so that it is a new set of flows."""


Stream = Generated | Capture | Senders


@dataclass(frozen=True, slots=True)
class Traffic:
    """Streams that share the line."""

    rate_bps: int = 10_000_000_000
    """Of the line; preamble and gap are counted."""
    streams: tuple[Stream, ...] = (Generated(),)
    frames: int | None = None
    """Stop after so many; None: until the run ends."""
