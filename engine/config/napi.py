"""The softirq's budget (net.core.netdev_budget and its neighbours), and how long interrupts stay off."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Napi:
    """How much one poll and one softirq may do, and who polls while the interrupt is off."""

    weight_frames: int = 64
    budget_frames: int = 300
    budget_usecs: int = 2000
    defer_hard_irqs: int = 0
    """Polls without a frame after which the interrupt is enabled again (napi_defer_hard_irqs)."""
    gro_flush_timeout_ns: int = 0
    """After this a timer polls, while the interrupt is deferred or GRO holds flows; 0: never."""
    irq_suspend_timeout_ns: int = 0
    """How long the interrupt may stay off while a program that prefers busy polling has events."""
