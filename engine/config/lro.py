"""Large receive offload."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Lro:
    """TCP segments that follow one another reach the host as one frame."""

    enabled: bool = False
    contexts: int = 32
    """Flows a queue may hold at once."""
    timer_us: int = 50
    """How long a frame may be held."""
    max_segments: int = 65_535
    max_bytes: int = 65_535
    """Of a merged frame, behind its Ethernet header."""
    flows: Literal["connection", "linux"] = "connection"
    """How flows are told apart; `linux`: by link addresses, flow label and extension headers as well."""
    timestamps: Literal["equal", "rising"] = "equal"
    """Which TCP timestamps merge."""
    trim_padding: bool = False
    """Cut link padding off and merge; else a padded frame goes alone."""
