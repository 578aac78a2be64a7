"""Wireshark's dissectors read what the endpoint sends."""

import struct
import subprocess

import pytest

from engine import Scenario
from engine.endpoint import Endpoint

pytestmark = pytest.mark.needs("tshark")

LINKTYPE_NETLINK, ARPHRD_NETLINK, OUTGOING = 253, 824, 4


def capture(path, protocol, datagrams):
    """A pcap of a netlink monitor: each datagram behind its pseudo-header."""
    cooked = struct.pack(">HHHQH", OUTGOING, ARPHRD_NETLINK, 0, 0, protocol)
    with path.open("wb") as out:
        out.write(struct.pack("=IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 1 << 18, LINKTYPE_NETLINK))
        for at, data in enumerate(datagrams):
            size = len(cooked) + len(data)
            out.write(struct.pack("=IIII", at, 0, size, size) + cooked + data)
    return path


def dissected(path, *fields):
    words = [
        "tshark",
        "-r",
        str(path),
        "-T",
        "fields",
        "-E",
        "separator=|",
        *(w for f in fields for w in ("-e", f)),
    ]
    shown = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout
    return [line.split("|") for line in shown.splitlines()]


def test_links_and_refusals(tmp_path):
    opened = Endpoint(nic0=Scenario(), wan=Scenario()).netlink(0)
    opened.setsockopt(270, 11, 1)
    opened.send(struct.pack("=IHHIIBBHiII", 32, 18, 0x301, 9, 0, 0, 0, 0, 0, 0, 0))
    opened.send(struct.pack("=IHHIIBBHiII", 32, 18, 5, 10, 0, 0, 0, 0, 99, 0, 0))
    datagrams = [opened.recv(1 << 16) for _ in range(2)]
    path = capture(tmp_path / "route.pcap", 0, datagrams)
    rows = dissected(
        path, "netlink-route.ifla_ifname", "netlink.error", "_ws.malformed", "_ws.expert.message"
    )
    assert sorted(row[0] for row in rows) == ["", "nic0,wan"]
    assert [row[2:] for row in rows] == [["", ""], ["", ""]]
    assert "-19" in {row[1] for row in rows}


def test_families(tmp_path):
    opened = Endpoint(nic0=Scenario()).netlink(16)
    name = struct.pack("=HH", 12, 2) + b"ethtool\0"
    opened.send(struct.pack("=IHHIIBBH", 32, 16, 5, 9, 0, 3, 1, 0) + name)
    path = capture(tmp_path / "generic.pcap", 16, [opened.recv(1 << 16)])
    fields = ("genl.ctrl.family_name", "genl.ctrl.family_id", "genl.ctrl.group_name", "_ws.malformed")
    ((family, number, group, malformed),) = dissected(path, *fields)
    assert (family, int(number, 0), group, malformed) == ("ethtool", 21, "monitor", "")
