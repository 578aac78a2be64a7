"""A veth pair: this machine's own end, with as many queues as asked for, and a peer that sends to it."""

from __future__ import annotations

import os
from ipaddress import IPv4Address
from types import TracebackType
from typing import Self

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from engine import control
from engine.linux import device, leftovers
from engine.linux.namespace import Here, Namespace

FIRST_ADDRESS = IPv4Address("198.18.0.0")
"""198.18.0.0/15 is for measurements of network devices (RFC 2544, RFC 6890)."""
UNSEGMENTED = {"tx-udp-segmentation": False, "tx-tcp-segmentation": False, "tx-checksum-ip-generic": False}
"""Frames arrive as a wire would bring them: segmented, with checksums."""


class Pair:
    """An interface of this namespace, and a host in a namespace of its own behind it, while it is entered.

    Both are gone with the process, whatever ends it. Needs root.

    Raises
    ------
    OSError : no right, or the name is taken; one line.
    """

    def __init__(self, queues: int = 4, name: str | None = None) -> None:
        self.device = name or f"rxb-t{os.getpid()}"
        """The receiving end."""
        first = FIRST_ADDRESS + 4 * (os.getpid() % (1 << 15))
        self.address, self.peer_address = str(first + 1), str(first + 2)
        self.queues = queues
        self.peer: Namespace | None = None

    def __enter__(self) -> Self:
        leftovers.remove()
        self.peer = Namespace("sender")
        try:
            self._make(self.peer)
        except BaseException:
            self.close()
            raise
        return self

    def _make(self, peer: Namespace) -> None:
        queues = {"num_rx_queues": self.queues, "num_tx_queues": self.queues}
        end = {"ifname": "rxb-peer", "net_ns_fd": peer.path, **queues}
        try:
            with IPRoute() as route:
                route.link("add", ifname=self.device, kind="veth", peer=end, **queues)
        except NetlinkError as error:
            raise OSError(error.code, str(error.args[1]), self.device) from None
        peer.call(lambda: control.nic("rxb-peer").set_features(UNSEGMENTED))
        for place, name, address in (
            (peer, "rxb-peer", self.peer_address),
            (Here(), self.device, self.address),
        ):
            device.set_up(place, name, addresses=[f"{address}/30"], ipv6=False)

    def close(self) -> None:
        """Remove it; safe to call twice."""
        if self.peer is not None:
            with IPRoute() as route:
                for index in route.link_lookup(ifname=self.device):
                    route.link("del", index=index)
            self.peer.close()
            self.peer = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
