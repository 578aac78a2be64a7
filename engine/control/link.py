"""The link as rtnetlink shows it: name, index, and what it counted (ip -s link)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.control.netlink.attributes import Message

IFF_UP = 1


@dataclass(frozen=True, slots=True)
class Link:
    """One interface."""

    name: str
    index: int
    mtu_bytes: int
    up: bool
    kind: str
    """As `ip -d link` names it: veth, tun ...; empty for a device with a driver of its own."""
    rx_queues: int
    """Queues it was made with; channels say how many are in use."""
    stats: Mapping[str, int]
    """struct rtnl_link_stats64."""

    @classmethod
    def of(cls, answer: Message) -> Link:
        """From an RTM_NEWLINK."""
        info = answer.get_attr("IFLA_LINKINFO")
        counted = answer.get_attr("IFLA_STATS64") or {}
        return cls(
            answer.get_attr("IFLA_IFNAME"),
            answer["index"],
            answer.get_attr("IFLA_MTU") or 0,
            bool(answer["flags"] & IFF_UP),
            (info.get_attr("IFLA_INFO_KIND") or "") if info is not None else "",
            answer.get_attr("IFLA_NUM_RX_QUEUES") or 1,
            {name: value for name, value in counted.items() if name not in ("header", "attrs")},
        )
