"""Ring sizes (ethtool -g, -G)."""

from __future__ import annotations

from dataclasses import dataclass

from pyroute2.netlink import genlmsg

from engine.control.ethtool.header import Header
from engine.control.netlink.attributes import attribute_map

GET, SET = 15, 16
REPLY, CHANGED = 16, 17
"""ETHTOOL_MSG_RINGS_*, as asked and as answered."""


class RingsMessage(genlmsg):  # type: ignore[misc] # pyroute2 is untyped
    """ETHTOOL_A_RINGS_*."""

    prefix = "ETHTOOL_A_RINGS_"
    nla_map = attribute_map(
        prefix,
        ("UNSPEC", "none"),
        ("HEADER", "header_nest"),
        ("RX_MAX", "uint32"),
        ("RX_MINI_MAX", "uint32"),
        ("RX_JUMBO_MAX", "uint32"),
        ("TX_MAX", "uint32"),
        ("RX", "uint32"),
        ("RX_MINI", "uint32"),
        ("RX_JUMBO", "uint32"),
        ("TX", "uint32"),
        ("RX_BUF_LEN", "uint32"),
        ("TCP_DATA_SPLIT", "uint8"),
        ("CQE_SIZE", "uint32"),
        ("TX_PUSH", "uint8"),
        ("RX_PUSH", "uint8"),
        ("TX_PUSH_BUF_LEN", "uint32"),
        ("TX_PUSH_BUF_LEN_MAX", "uint32"),
        ("HDS_THRESH", "uint32"),
        ("HDS_THRESH_MAX", "uint32"),
    )
    header_nest = Header


@dataclass(frozen=True, slots=True)
class Rings:
    """Descriptors per ring and bytes per buffer; None: the interface does not say."""

    rx: int | None = None
    rx_max: int | None = None
    tx: int | None = None
    tx_max: int | None = None
    rx_buf_len: int | None = None
    tcp_data_split: int | None = None
    """0: not told, 1: off, 2: on."""
    hds_thresh: int | None = None
    """Frames up to this many bytes are not split from their header."""
    hds_thresh_max: int | None = None
