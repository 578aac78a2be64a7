"""What interfaces, their queues and their drivers count: by rtnetlink, the netdev family and ethtool.

Of the network namespace of the thread that reads; an interface that vanishes has no rows from then on.
"""

from __future__ import annotations

from collections.abc import Collection

from pyroute2 import IPRoute

from collectors.linux import ethtool, netdev
from collectors.linux.counting import Counts, HostCollector, Row
from collectors.linux.files import NET

PROC_COUNTERS = (
    *("rx_bytes", "rx_packets", "rx_errors", "rx_dropped"),
    *("rx_fifo_errors", "rx_frame_errors", "rx_compressed", "multicast"),
    *("tx_bytes", "tx_packets", "tx_errors", "tx_dropped"),
    *("tx_fifo_errors", "collisions", "tx_carrier_errors", "tx_compressed"),
)
"""Columns of /proc/net/dev in the names of struct rtnl_link_stats64 (net/core/net-procfs.c)."""


class Device(HostCollector):
    """Tables device, ethtool, queues and queue_statistics.

    Parameters
    ----------
    devices : interfaces to read; None: every one.
    """

    name = "device"
    tables = ("device", "ethtool", "queues", "queue_statistics")

    def __init__(
        self, devices: Collection[str] | None = None, *, bcc: bool = True, keep: int | None = None
    ) -> None:
        super().__init__(bcc=bcc, keep=keep)
        self._devices = devices
        self._route: IPRoute | None = None

    def open(self) -> None:
        """See the base."""
        try:
            self._route = IPRoute()
            names = {link["index"]: link.get("ifname") for link in self._route.get_links()}
        except OSError as cause:
            names = {}
            self.reasons["device"] = f"netlink: {cause.strerror}"
        wanted = {index: name for index, name in names.items() if self._is_wanted(name)}
        self._queues = netdev.queues(wanted)
        # Asked for again at every reading, where a driver has an answer.
        self._counting = {index: name for index, name in wanted.items() if netdev.statistics({index: name})}
        has_statistics = any(ethtool.statistics(name) for name in wanted.values())
        if not has_statistics:
            self.reasons["ethtool"] = "no driver here has statistics of its own"
        if not self._queues:
            self.reasons["queues"] = "this kernel has no netlink family netdev (Linux 6.7), or no such device"
        if not self._counting:
            self.reasons["queue_statistics"] = "no driver here tells what its queues counted (Linux 6.9)"
        self.sources = {
            "queue_statistics": "netlink" if self._counting else "unavailable",
            "device": "netlink" if names else "procfs",
            "ethtool": "ethtool" if has_statistics else "unavailable",
            "queues": "netlink" if self._queues else "unavailable",
        }

    def _is_wanted(self, device: str) -> bool:
        return self._devices is None or device in self._devices

    def read(self) -> dict[str, Counts]:
        """See the base."""
        statistics: Counts = {}
        for device in ethtool.devices():
            if self._is_wanted(device):
                for counter, value in ethtool.statistics(device).items():
                    statistics[device, ethtool.queue_of(counter), counter] = (float(value),)
        by_netlink = self._route is not None and self.sources["device"] == "netlink"
        return {
            "device": self._links() if by_netlink else self._lines(),
            "ethtool": statistics,
            "queue_statistics": netdev.statistics(self._counting),
        }

    def _links(self) -> Counts:
        found: Counts = {}
        for link in self._route.get_links() if self._route else ():
            device = link.get("ifname")
            if self._is_wanted(device):
                for counter, value in (link.get("stats64") or {}).items():
                    found[device, counter] = (float(value),)
        return found

    def _lines(self) -> Counts:
        found: Counts = {}
        for line in (NET / "dev").read_text().splitlines()[2:]:
            device, _, values = line.partition(":")
            if self._is_wanted(device.strip()):
                for counter, value in zip(PROC_COUNTERS, values.split(), strict=True):
                    found[device.strip(), counter] = (float(value),)
        return found

    def totals(self) -> dict[str, list[Row]]:
        """See the base."""
        return {"queues": list(self._queues)}

    def close(self) -> None:
        """See the base."""
        if self._route is not None:
            self._route.close()
            self._route = None
