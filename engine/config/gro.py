"""Generic receive offload in the host."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gro:
    """TCP segments that follow one another go through the stack as one."""

    enabled: bool = False
    buckets: int = 8
    held_per_bucket: int = 8
    """Flows a bucket may hold."""
