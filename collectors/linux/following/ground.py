"""Two hosts joined by a veth pair, made for one measurement: nameless namespaces, gone with their process.

What a card would be given is switched off at the sender: a frame on the way is as long as on a wire, and its
checksum is there.
"""

from __future__ import annotations

import socket
from types import TracebackType

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from collectors.doctor import rights
from collectors.linux import ethtool
from collectors.linux.files import NET
from collectors.linux.protocols import pairs
from collectors.linux.unavailable import Unavailable
from engine.linux.namespace import Namespace

SENDER, READER = "198.18.0.1", "198.18.0.2"
"""Addresses of RFC 2544's benchmarks (RFC 6890)."""
DEVICE = "veth0"
HARDWARE = {SENDER: "02:00:00:00:00:01", READER: "02:00:00:00:00:02"}
PERMANENT = 0x80  # NUD_PERMANENT (linux/neighbour.h)


class Ground:
    """A sender's and a reader's namespace and the veth pair between them. Raises Unavailable."""

    def __init__(self) -> None:
        if lacking := rights.missing("CAP_SYS_ADMIN", "CAP_NET_ADMIN"):
            raise Unavailable(f"a network namespace needs {' and '.join(lacking)}", "run as root")
        self.sender = Namespace("sender")
        try:
            self.reader = Namespace("reader")
        except BaseException:
            self.sender.close()
            raise
        try:
            self.sender.call(self._join)
            for namespace, address, peer in ((self.sender, SENDER, READER), (self.reader, READER, SENDER)):
                namespace.call(lambda address=address, peer=peer: _address(address, peer))  # type: ignore[misc]
            self.sender.call(lambda: ethtool.without_offloads(DEVICE))
        except NetlinkError as cause:
            self.close()
            raise Unavailable(f"no veth pair can be made ({cause})", "modprobe veth") from cause
        except BaseException:
            self.close()
            raise

    def _join(self) -> None:
        with IPRoute() as route:
            route.link(
                "add",
                ifname=DEVICE,
                kind="veth",
                peer={"ifname": DEVICE, "net_ns_fd": self.reader.descriptor},
            )

    def counters(self) -> dict[str, int]:
        """Everything that counts a datagram's loss on the way, since the beginning, by where it does."""
        found = {f"sender.{name}": value for name, value in self.sender.call(_device).items()}
        found |= {f"reader.{name}": value for name, value in self.reader.call(_device).items()}
        return found | self.reader.call(_protocols)

    def close(self) -> None:
        """Let go of both; safe to call twice."""
        self.sender.close()
        self.reader.close()

    def __enter__(self) -> Ground:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _address(address: str, peer: str) -> None:
    with IPRoute() as route:
        index = socket.if_nametoindex(DEVICE)
        route.link("set", index=index, address=HARDWARE[address], state="up")
        route.addr("add", index=index, address=address, prefixlen=30)
        # No datagram waits for ARP, and none is dropped meanwhile.
        route.neigh("add", dst=peer, lladdr=HARDWARE[peer], ifindex=index, state=PERMANENT)


def _device() -> dict[str, int]:
    with IPRoute() as route:
        (link,) = route.get_links(ifname=DEVICE)
    statistics = link.get("stats64")
    return {name: int(statistics[name]) for name in ("tx_dropped", "rx_dropped", "rx_errors", "tx_errors")}


def _protocols() -> dict[str, int]:
    counted = pairs((NET / "snmp").read_text())
    names = (("Ip", "InDiscards"), ("Udp", "RcvbufErrors"), ("Udp", "MemErrors"), ("Udp", "InCsumErrors"))
    return {f"{protocol}.{counter}": int(counted[protocol, counter][0]) for protocol, counter in names}
