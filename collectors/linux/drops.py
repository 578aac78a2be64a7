"""Why the host dropped packets: skb:kfree_skb by reason and place, else the counters that count drops.

Reasons are named as the running kernel names them, read from its description of the tracepoint. The
tracepoint sees every network namespace; the counters are of one.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from collectors.linux import ethtool
from collectors.linux.bpf.program import Program
from collectors.linux.counting import Counts, HostCollector
from collectors.linux.files import NET, Reread
from collectors.linux.protocols import pairs
from collectors.linux.softirq import softnet_stat

KEY = np.dtype([("location", "<u8"), ("cpu", "<u4"), ("reason", "<u4")])
COUNT = np.dtype([("packets", "<u8")])
FILES = ("snmp", "netstat", "softnet_stat")
DROPPING = re.compile(
    r"Discards|NoPorts|InErrors|InCsumErrors|RcvbufErrors|SndbufErrors|MemErrors|InHdrErrors|InAddrErrors"
    r"|NoRoutes|TruncatedPkts|ReasmFails|FragFails|Drop|Overflows|PruneCalled|RcvPruned|OfoPruned|ZeroWindowDrop"
)
NOT_OF_PACKETS = {"TCPDSACKIgnoredOld", "PruneCalled"}
ADDED_UP = {("Udp", "InErrors"), ("UdpLite", "InErrors")}
"""Counters that hold what others count one by one (net/ipv4/udp.c)."""


class Drops(HostCollector):
    """Table drops."""

    name = "drops"
    tables = ("drops",)
    text = Path(__file__).with_suffix(".c").read_text()
    formats = ("skb/kfree_skb",)

    def open(self) -> None:
        """See the base."""
        self.sources = {"drops": "bcc" if self._program else "procfs"}
        if self._program is None:
            self._files |= {name: Reread(NET / name) for name in FILES}
        self._reasons = reasons(self._program.formats.get("skb/kfree_skb", "")) if self._program else {}

    def read(self) -> dict[str, Counts]:
        """See the base."""
        return {"drops": self._by_bcc(self._program) if self._program else self._by_counters()}

    def _by_bcc(self, program: Program) -> Counts:
        found: Counts = {}
        for key, value in program.entries("drop_counts", KEY, COUNT):
            reason = self._reasons.get(int(key["reason"]), str(key["reason"]))
            name = (int(key["cpu"]), reason, program.symbol(int(key["location"])))
            # Two places of one function are one row.
            found[name] = (found.get(name, (0.0,))[0] + float(value["packets"]),)
        return found

    def _by_counters(self) -> Counts:
        found: Counts = {}
        for name in ("snmp", "netstat"):
            for (protocol, counter), values in pairs(self._files[name].text()).items():
                if counter in NOT_OF_PACKETS or (protocol, counter) in ADDED_UP:
                    continue
                if DROPPING.search(str(counter)):
                    found[-1, f"{protocol}.{counter}", f"/proc/net/{name}"] = values
        for (cpu,), line in softnet_stat(self._files["softnet_stat"].text()).items():
            found[cpu, "softnet.dropped", "/proc/net/softnet_stat"] = (line[1],)
            found[cpu, "softnet.flow_limit", "/proc/net/softnet_stat"] = (line[4],)
        for device in ethtool.devices():
            for counter, value in ethtool.statistics(device).items():
                if "drop" in counter or "discard" in counter:
                    found[-1, f"{device}.{counter}", "ethtool"] = (float(value),)
        return found


def reasons(description: str) -> dict[int, str]:
    """Names of drop reasons by number in the format file of skb:kfree_skb."""
    return {int(number): name for number, name in re.findall(r"\{ (\w+), \"(\w+)\" \}", description)}
