"""Two hosts of this kernel joined by a veth pair: nameless namespaces, gone with their process.

What a card would be given is switched off at the sender: a frame on the way is as long as on a wire, and its
checksum is there.
"""

from __future__ import annotations

import socket
from functools import partial
from types import TracebackType
from typing import Protocol

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from collectors.columns import Source
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

Loss = tuple[str, int, Source]
"""The counter that saw packets lost, how many, and where that is told."""


class Ground(Protocol):
    """What a flow goes through: the sender's and the reader's namespace, and who counts losses between."""

    sender: Namespace
    reader: Namespace
    reader_address: str

    def losses(self) -> list[Loss]:
        """Everything that counts a packet's loss on the way. Asked once, at the end."""


class Veth:
    """A sender's and a reader's namespace and the veth pair between them. Raises Unavailable."""

    reader_address = READER

    def __init__(self) -> None:
        require_rights()
        self.sender = Namespace("sender")
        try:
            self.reader = Namespace("reader")
        except BaseException:
            self.sender.close()
            raise
        try:
            self.sender.call(self._join)
            for namespace, address, peer in ((self.sender, SENDER, READER), (self.reader, READER, SENDER)):
                namespace.call(partial(_address, address, peer))
            self.sender.call(partial(ethtool.without_offloads, DEVICE))
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

    def losses(self) -> list[Loss]:
        """See the protocol."""
        return [
            *(interface_losses(self.sender, "sender", DEVICE)),
            *(interface_losses(self.reader, "reader", DEVICE)),
            *socket_losses(self.reader),
        ]

    def close(self) -> None:
        """Let go of both; safe to call twice."""
        self.sender.close()
        self.reader.close()

    def __enter__(self) -> Veth:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def require_rights() -> None:
    """Raises Unavailable where no namespace with devices can be made."""
    if lacking := rights.missing("CAP_SYS_ADMIN", "CAP_NET_ADMIN"):
        raise Unavailable(f"a network namespace needs {' and '.join(lacking)}", "run as root")


def _address(address: str, peer: str) -> None:
    with IPRoute() as route:
        index = socket.if_nametoindex(DEVICE)
        route.link("set", index=index, address=HARDWARE[address], state="up")
        route.addr("add", index=index, address=address, prefixlen=30)
        # No datagram waits for ARP, and none is dropped meanwhile.
        route.neigh("add", dst=peer, lladdr=HARDWARE[peer], ifindex=index, state=PERMANENT)


def interface_losses(namespace: Namespace, host: str, device: str) -> list[Loss]:
    """What an interface dropped."""

    def ask() -> list[Loss]:
        with IPRoute() as route:
            (link,) = route.get_links(ifname=device)
        counted = link.get("stats64")
        names = ("tx_dropped", "rx_dropped", "rx_errors", "tx_errors")
        return [(f"{host}.{name}", int(counted[name]), "netlink") for name in names]

    return namespace.call(ask)


def socket_losses(namespace: Namespace) -> list[Loss]:
    """What the stack of the reader's namespace dropped."""
    counted = pairs(namespace.call((NET / "snmp").read_text))
    names = (("Ip", "InDiscards"), ("Udp", "RcvbufErrors"), ("Udp", "MemErrors"), ("Udp", "InCsumErrors"))
    return [(f"{protocol}.{name}", int(counted[protocol, name][0]), "procfs") for protocol, name in names]
