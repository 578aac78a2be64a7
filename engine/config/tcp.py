"""The TCP receiver."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Tcp:
    """Delivers each stream's bytes in order."""

    rcvbuf_bytes: int = 6_291_456
    max_out_of_order_frames: int = 4096
    gap: Literal["skip", "wait", "ignore"] = "skip"
    """At bytes that never came (no sender repeats them here): go on after them, or wait as TCP does."""
    skip_after_frames: int = 3
