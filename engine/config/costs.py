"""Overrides of the cost table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cost:
    """What an operation, an access beyond L1 or a wait costs. A row without a source is refused."""

    op: str
    """`layer.name`, as the stages declare it; or `memory.llc`, `latency.irq` and their like."""
    ns: float
    source: str
    """Where the number comes from."""
