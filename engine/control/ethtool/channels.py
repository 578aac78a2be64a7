"""How many queues are in use (ethtool -l, -L)."""

from __future__ import annotations

from dataclasses import dataclass

from pyroute2.netlink import genlmsg

from engine.control.ethtool.header import Header
from engine.control.netlink.attributes import attribute_map

GET, SET = 17, 18
REPLY, CHANGED = 18, 19
"""ETHTOOL_MSG_CHANNELS_*, as asked and as answered."""


class ChannelsMessage(genlmsg):  # type: ignore[misc] # pyroute2 is untyped
    """ETHTOOL_A_CHANNELS_*."""

    prefix = "ETHTOOL_A_CHANNELS_"
    nla_map = attribute_map(
        prefix,
        ("UNSPEC", "none"),
        ("HEADER", "header_nest"),
        ("RX_MAX", "uint32"),
        ("TX_MAX", "uint32"),
        ("OTHER_MAX", "uint32"),
        ("COMBINED_MAX", "uint32"),
        ("RX_COUNT", "uint32"),
        ("TX_COUNT", "uint32"),
        ("OTHER_COUNT", "uint32"),
        ("COMBINED_COUNT", "uint32"),
    )
    header_nest = Header


@dataclass(frozen=True, slots=True)
class Channels:
    """Queues by what they do, and the most there may be; None: the driver has none of the kind."""

    rx_count: int | None = None
    rx_max: int | None = None
    tx_count: int | None = None
    tx_max: int | None = None
    combined_count: int | None = None
    """Queues that both receive and send."""
    combined_max: int | None = None

    @property
    def receiving(self) -> int:
        """Queues that receive."""
        return (self.rx_count or 0) + (self.combined_count or 0)
