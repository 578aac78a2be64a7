"""The network interface."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.config.coalesce import Coalesce, QueueCoalesce
from engine.config.lro import Lro
from engine.config.rss import Rss


@dataclass(frozen=True, slots=True)
class Nic:
    """Receive queues, their rings and buffers, and who is interrupted."""

    up: bool = True
    """Down: every frame that arrives is dropped."""
    queues: int = 8
    ring_size: int = 1024
    """Descriptors per queue (ethtool -G rx)."""
    buffer_bytes: int = 2048
    tcp_data_split: bool = False
    """A TCP segment's headers get a buffer to themselves: its payload begins with a buffer (ethtool -G)."""
    buffers_per_queue: int = 0
    """0: eight times the ring."""
    refill_batch: int = 16
    """Descriptors given back at once, at least."""
    max_frame_bytes: int = 9728
    rx_checksum: bool = True
    irq_cpus: tuple[int, ...] = ()
    """CPU of each queue's interrupt; empty: queue i on CPU i modulo the CPUs."""
    rss: Rss = field(default_factory=Rss)
    lro: Lro = field(default_factory=Lro)
    coalesce: Coalesce = field(default_factory=Coalesce)
    queue_coalesce: tuple[QueueCoalesce, ...] = ()
    """Queues with coalescing of their own."""
