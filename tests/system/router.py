"""This machine's kernel as a router: frames in at one veth pair, out at another."""

from __future__ import annotations

import array
import contextlib
import fcntl
import socket
import struct
import time
from functools import partial
from pathlib import Path

from collectors.linux import ethtool
from engine.linux import device
from tests.system.namespace import Namespace
from tests.system.segments import Segment

MAC, OUT_MAC, NEXT_HOP_MAC = "02:00:00:00:00:01", "02:00:00:00:00:11", "02:00:00:00:00:12"
"""The router's two, the first as `tests.system.segments` knows it, and whom it sends to."""
IN, OUT = "in0", "out0"
OWN = ("192.0.2.9/32", "2001:db8::9/128")
LAST = [Segment(source_port=port, payload=b"that was all") for port in (1, 2)]
OF_LAST = slice(34, None)
"""Behind what a router changes of it."""
SIOCETHTOOL, ETHTOOL_SGRO = 0x8946, 0x2C
SOL_PACKET, PACKET_IGNORE_OUTGOING, ETH_P_ALL, SO_RCVBUFFORCE = 263, 23, 3, 33


class Router:
    """Sends what is not for it on to the one next hop, over a link of its own MTU."""

    def __init__(self, *, forwards: bool = True, mtu: int = 1280, gro: bool = False) -> None:
        self._forwards = forwards
        self._sender, self._router, self._receiver = (Namespace() for _ in range(3))
        with contextlib.ExitStack() as undo:
            for namespace in (self._sender, self._router, self._receiver):
                undo.callback(namespace.close)
            self._join(self._sender, IN, MAC, "02:00:00:00:00:0a", 1500)
            self._join(self._receiver, OUT, OUT_MAC, NEXT_HOP_MAC, mtu)
            self._router.call(partial(_forward, forwards))
            for own, hop, family in ((OWN[0], "192.0.2.250", "-4"), (OWN[1], "2001:db8::fa", "-6")):
                ip = partial(self._router.ip, family)
                ip("address", "add", own, "dev", IN, *(["nodad"] if family == "-6" else []))
                ip("neighbour", "add", hop, "lladdr", NEXT_HOP_MAC, "dev", OUT)
                ip("route", "add", hop, "dev", OUT)
                ip("route", "add", "default", "via", hop, "dev", OUT)
            if gro:
                self._router.call(_merge)
            self._in = undo.enter_context(self._sender.call(partial(_raw, IN)))
            self._out = undo.enter_context(self._receiver.call(partial(_raw, OUT)))
            self._beside = undo.enter_context(self._router.call(partial(_raw, OUT)))
            self._undo = undo.pop_all()

    def close(self) -> None:
        """Everything is gone with it."""
        self._undo.close()

    def _join(self, other: Namespace, name: str, own_mac: str, other_mac: str, mtu: int) -> None:
        other.ip("link", "add", name, "type", "veth", "peer", "name", name, "netns", self._router.path)
        device.set_up(other, name, mac=other_mac, mtu=mtu, ipv6=False)
        device.set_up(self._router, name, mac=own_mac, mtu=mtu)
        for namespace in (other, self._router):
            namespace.call(partial(ethtool.without_offloads, name))

    def run(self, frames: list[bytes]) -> list[bytes]:
        """What leaves of these frames, in order; what the router itself has to say is left out."""
        for frame in frames:
            self._in.send(frame)
        left = []
        # What a poll holds goes when the poll is over; the second of these is in a later one.
        for last in LAST:
            time.sleep(0.01)
            (self._in if self._forwards else self._beside).send(last.frame())
            while (frame := self._out.recv(1 << 16))[OF_LAST] != last.frame()[OF_LAST]:
                left.append(frame)
        return [frame for frame in left if not _is_own(frame)]

    def counted(self) -> dict[str, int]:
        """`Ip` and `Ip6` of its MIB, by the names of /proc."""
        return self._router.call(_counted)


def _is_own(frame: bytes) -> bool:
    """Errors it reports, and what IPv6 says to its neighbours."""
    if frame[12:14] == b"\x08\x00":
        return frame[26:30] == socket.inet_aton(OWN[0].partition("/")[0])
    source = socket.inet_ntop(socket.AF_INET6, frame[22:38])
    return source in (OWN[1].partition("/")[0], "::") or source.startswith("fe80:")


def _forward(forwards: bool) -> None:
    net = Path("/proc/sys/net")
    (net / "ipv4/ip_forward").write_text(str(int(forwards)))
    for name in ("all", IN):
        (net / "ipv4/conf" / name / "rp_filter").write_text("0")
    (net / "ipv6/conf/all/forwarding").write_text(str(int(forwards)))


def _merge() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        value = array.array("I", [ETHTOOL_SGRO, 1])
        fcntl.ioctl(control, SIOCETHTOOL, struct.pack("16sP16x", IN.encode(), value.buffer_info()[0]))


def _raw(name: str) -> socket.socket:
    opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    opened.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    opened.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 24)
    opened.bind((name, 0))
    opened.settimeout(5)
    return opened


def _counted() -> dict[str, int]:
    net = Path("/proc/thread-self/net")
    names, values = [
        line.split()[1:] for line in (net / "snmp").read_text().splitlines() if line.startswith("Ip:")
    ]
    found = {f"Ip{name}": int(value) for name, value in zip(names, values, strict=True)}
    ipv6 = (line.split() for line in (net / "snmp6").read_text().splitlines() if line.startswith("Ip6"))
    return found | {name: int(value) for name, value in ipv6}
