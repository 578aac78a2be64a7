"""Receive packet steering: the hash chooses another CPU in software."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rps:
    """RPS and its flow limit, the same for each queue."""

    cpus: tuple[int, ...] = ()
    """CPUs frames are steered to; empty: RPS is off."""
    max_backlog_frames: int = 1000
    flow_limit: bool = False
    flow_limit_buckets: int = 4096
