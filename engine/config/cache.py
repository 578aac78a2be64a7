"""The modelled caches."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cache:
    """Private L1d and L2 per CPU, one shared LLC, part of which the NIC writes to (DDIO)."""

    enabled: bool = True
    l1d_bytes: int = 32_768
    l1d_ways: int = 8
    l2_bytes: int = 1_048_576
    l2_ways: int = 16
    llc_bytes: int = 33_554_432
    llc_ways: int = 16
    ddio_ways: int = 2
    """Ways of the LLC that DMA may allocate in."""
    numa_nodes: int = 1
    """A divisor of the CPUs: the first ones are on node 0, and so on."""
    nic_node: int = 0
    """Where the NIC is attached."""
