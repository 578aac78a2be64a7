"""Two namespaces and a veth pair between them, for what is sent by one end to be received by the other."""

from __future__ import annotations

import socket
import time
from functools import partial

from pyroute2 import IPRoute

from collectors.linux import ethtool
from engine.linux import device
from engine.linux.namespace import Namespace

DEVICE = "veth0"


class Pair:
    """Nothing is sent through it but what a test sends: no IPv6, no offloads."""

    def __init__(self, queues=1, mtu=1500):
        self.sender, self.receiver = Namespace("sender"), Namespace("receiver")
        self.sender.call(partial(self._join, queues))
        for namespace in (self.sender, self.receiver):
            device.set_up(namespace, DEVICE, ipv6=False, mtu=mtu)
        self.sender.call(partial(ethtool.without_offloads, DEVICE))
        self._socket = self.sender.call(self._raw)

    def _join(self, queues):
        channels = {"num_tx_queues": queues, "num_rx_queues": queues}
        with IPRoute() as route:
            peer = {"ifname": DEVICE, "net_ns_fd": self.receiver.descriptor, **channels}
            route.link("add", ifname=DEVICE, kind="veth", peer=peer, **channels)

    def _raw(self):
        raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        raw.bind((DEVICE, 0))
        return raw

    def port(self, make, **settings):
        """A port that receives here."""
        return self.receiver.call(partial(make, DEVICE, **settings))

    def send(self, frames):
        """One after the other, without a hurry: the pair itself keeps only 256."""
        for number, frame in enumerate(frames):
            self._socket.send(frame)
            if number % 64 == 63:
                time.sleep(0.002)

    def lost_on_the_way(self):
        """Frames the pair itself had no room for."""
        return self.sender.call(partial(self._statistic, "tx_dropped"))

    def _statistic(self, name):
        with IPRoute() as route:
            (link,) = route.get_links(ifname=DEVICE)
            return link.get_attr("IFLA_STATS64")[name]

    def remove(self):
        """While somebody may be receiving."""
        self.receiver.call(self._remove)

    def _remove(self):
        with IPRoute() as route:
            route.link("del", index=route.link_lookup(ifname=DEVICE)[0])

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._socket.close()
        self.sender.close()
        self.receiver.close()
