"""Cumulative distribution functions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CdfPoint:
    """A point of a cumulative distribution function, linear between its points."""

    bytes: float
    cumulative: float
    """Probability that a draw is at most `bytes`; 1 at the last point."""
