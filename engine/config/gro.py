"""Generic receive offload in the host."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gro:
    """TCP segments that follow one another go through the stack as one."""

    enabled: bool = False
    flush_timeout_ns: int = 0
    """How long flows may be held beyond the end of a poll (gro_flush_timeout); 0: not at all."""
    defer_hard_irqs: int = 0
    """Polls without a frame after which the interrupt is enabled again (napi_defer_hard_irqs)."""
    buckets: int = 8
    held_per_bucket: int = 8
    """Flows a bucket may hold."""
