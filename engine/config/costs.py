"""Overrides of the cost table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cost:
    """What an operation costs. A row without a source is refused."""

    op: str
    """`layer.name`, as the stages declare it."""
    ns: float
    source: str
    """Where the number comes from."""
