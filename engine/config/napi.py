"""The softirq's budget (net.core.netdev_budget and its neighbours)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Napi:
    """How much one poll and one softirq may do."""

    weight_frames: int = 64
    budget_frames: int = 300
    budget_usecs: int = 2000
