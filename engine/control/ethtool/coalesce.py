"""When a queue raises its interrupt (ethtool -c, -C)."""

from __future__ import annotations

from dataclasses import dataclass

from pyroute2.netlink import genlmsg

from engine.control.ethtool.header import Header
from engine.control.netlink.attributes import attribute_map

GET, SET = 19, 20
REPLY, CHANGED = 20, 21
"""ETHTOOL_MSG_COALESCE_*, as asked and as answered."""


class CoalesceMessage(genlmsg):  # type: ignore[misc] # pyroute2 is untyped
    """ETHTOOL_A_COALESCE_*."""

    prefix = "ETHTOOL_A_COALESCE_"
    nla_map = attribute_map(
        prefix,
        ("UNSPEC", "none"),
        ("HEADER", "header_nest"),
        ("RX_USECS", "uint32"),
        ("RX_MAX_FRAMES", "uint32"),
        ("RX_USECS_IRQ", "uint32"),
        ("RX_MAX_FRAMES_IRQ", "uint32"),
        ("TX_USECS", "uint32"),
        ("TX_MAX_FRAMES", "uint32"),
        ("TX_USECS_IRQ", "uint32"),
        ("TX_MAX_FRAMES_IRQ", "uint32"),
        ("STATS_BLOCK_USECS", "uint32"),
        ("USE_ADAPTIVE_RX", "uint8"),
        ("USE_ADAPTIVE_TX", "uint8"),
        ("PKT_RATE_LOW", "uint32"),
        ("RX_USECS_LOW", "uint32"),
        ("RX_MAX_FRAMES_LOW", "uint32"),
        ("TX_USECS_LOW", "uint32"),
        ("TX_MAX_FRAMES_LOW", "uint32"),
        ("PKT_RATE_HIGH", "uint32"),
        ("RX_USECS_HIGH", "uint32"),
        ("RX_MAX_FRAMES_HIGH", "uint32"),
        ("TX_USECS_HIGH", "uint32"),
        ("TX_MAX_FRAMES_HIGH", "uint32"),
        ("RATE_SAMPLE_INTERVAL", "uint32"),
        ("USE_CQE_MODE_TX", "uint8"),
        ("USE_CQE_MODE_RX", "uint8"),
        ("TX_AGGR_MAX_BYTES", "uint32"),
        ("TX_AGGR_MAX_FRAMES", "uint32"),
        ("TX_AGGR_TIME_USECS", "uint32"),
        ("RX_PROFILE", "cdata"),
        ("TX_PROFILE", "cdata"),
    )
    header_nest = Header


@dataclass(frozen=True, slots=True)
class Coalesce:
    """Interrupt moderation, of all queues; None: the driver has no such setting, the kernel says."""

    rx_usecs: int | None = None
    """µs from a frame's arrival to the interrupt, at most."""
    rx_max_coalesced_frames: int | None = None
    """Frames that wait, at most."""
    tx_usecs: int | None = None
    tx_max_coalesced_frames: int | None = None
    use_adaptive_rx: bool | None = None
    """The driver moves the limits itself."""
    use_adaptive_tx: bool | None = None


ATTRIBUTES = {
    "rx_max_coalesced_frames": "RX_MAX_FRAMES",
    "tx_max_coalesced_frames": "TX_MAX_FRAMES",
}
"""Fields that are not called as their attribute."""
