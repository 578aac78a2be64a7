"""When a queue raises its interrupt (ethtool -C)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Coalesce:
    """Interrupt moderation, the same for each queue.

    Whichever bound is reached first raises the interrupt.
    """

    rx_usecs: int = 8
    """µs from a frame's arrival to the interrupt, at most."""
    rx_max_coalesced_frames: int = 32
    """Frames that wait, at most; 0: as many as the time allows."""
    adaptive_rx: bool = False
    """The driver chooses both by what it measures, as Linux's net_dim does; in virtual time."""
    cqe_mode_rx: bool = False
    """The time begins anew with each frame, not with the first; in virtual time."""
    tx_usecs: int = 0
    """µs from a frame's being sent to the interrupt of its CPU's queue, at most; in virtual time."""
    tx_max_coalesced_frames: int = 0
    """Frames sent that wait, at most; with neither they raise no interrupt."""
    adaptive_tx: bool = False
    """The driver chooses both by what it measures."""


@dataclass(frozen=True, slots=True)
class QueueCoalesce:
    """Interrupt moderation of one queue, instead of the interface's."""

    queue: int = 0
    rx_usecs: int = 8
    rx_max_coalesced_frames: int = 32
