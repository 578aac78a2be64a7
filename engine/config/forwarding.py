"""Packets that are not for this host."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Forwarding:
    """IP forwarding, by the one route there is; without, packets to others are dropped."""

    enabled: bool = False
    """Whether they go on to the next hop (net.ipv4.ip_forward); it needs `host.addresses`."""
    keep_lro: bool = False
    """LRO stays on in the card, and what it merges is dropped instead of sent on.

    Else forwarding turns LRO off, as Linux does, whatever `nic.lro.enabled` says.
    """
    mtu_bytes: int = 1500
    """Of the interface they leave by, in bytes of IP packet."""
    source_mac: str = "02:00:00:00:00:01"
    """Of the interface they leave by."""
    next_hop_mac: str = "02:00:00:00:00:02"
