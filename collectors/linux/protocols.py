"""TCP, UDP and IP as the kernel counts them for one network namespace: /proc/net/snmp, netstat, snmp6.

The namespace is the one of the thread that starts the collector.
"""

from __future__ import annotations

from collectors.linux.counting import Counts, HostCollector
from collectors.linux.files import NET, Reread

PAIRED = ("snmp", "netstat")


class Protocols(HostCollector):
    """Table protocols: what changed."""

    name = "protocols"
    tables = ("protocols",)

    def open(self) -> None:
        """See the base."""
        self._files |= {name: Reread(NET / name) for name in (*PAIRED, "snmp6") if (NET / name).exists()}
        self.sources = {"protocols": "procfs"}

    def read(self) -> dict[str, Counts]:
        """See the base."""
        found: Counts = {}
        for name, file in self._files.items():
            found |= pairs(file.text()) if name in PAIRED else snmp6(file.text())
        return {"protocols": found}


def pairs(text: str) -> Counts:
    """Values by (protocol, counter) of a file whose lines come in pairs: names, then values."""
    lines = text.splitlines()
    found: Counts = {}
    for names, values in zip(lines[::2], lines[1::2], strict=False):
        protocol, _, counters = names.partition(":")
        for counter, value in zip(counters.split(), values.partition(":")[2].split(), strict=True):
            found[protocol, counter] = (float(value),)
    return found


def snmp6(text: str) -> Counts:
    """Values by (protocol, counter) in /proc/net/snmp6, whose names begin with their protocol."""
    found: Counts = {}
    for line in text.splitlines():
        name, value = line.split()
        cut = name.index("6") + 1
        found[name[:cut], name[cut:]] = (float(value),)
    return found
