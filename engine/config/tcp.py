"""The TCP receiver."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Ack:
    """How receivers acknowledge data that is in order; what is not is acknowledged at once."""

    policy: Literal["delayed", "one_per_frame", "expand", "linux"] = "delayed"
    """Every second frame; every frame; as if nothing had been merged, made by the driver; as Linux."""
    delay_us: int = 40_000
    """An acknowledgement is delayed so long at most; `linux` has its own times."""
    expand_segments: int = 2
    """Segments per acknowledgement of `expand`."""


@dataclass(frozen=True, slots=True)
class Tcp:
    """Delivers each stream's bytes in order."""

    rcvbuf_bytes: int = 6_291_456
    max_out_of_order_frames: int = 4096
    gap: Literal["skip", "wait", "ignore"] = "skip"
    """At bytes that never came (no sender repeats them here): go on after them, or wait as TCP does."""
    skip_after_frames: int = 3
    ack: Ack = field(default_factory=Ack)
