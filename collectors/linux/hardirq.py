"""Hardware interrupts per line, CPU and queue: bcc tracepoints, else the counts of /proc/interrupts.

An architecture's own interrupts (timer, function calls) pass no irq_handler tracepoint: with bcc they are not
in the table.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from collectors.linux.counting import Counts, HostCollector
from collectors.linux.ethtool import devices
from collectors.linux.files import Reread
from engine.linux.interrupt import NOBODY, owners

KEY = np.dtype([("cpu", "<u4"), ("irq", "<i4")])
SUM = np.dtype([("count", "<u8"), ("ns", "<u8")])
NAN = float("nan")


class Hardirq(HostCollector):
    """Table hardirq."""

    name = "hardirq"
    tables = ("hardirq",)
    text = Path(__file__).with_suffix(".c").read_text()

    def open(self) -> None:
        """See the base."""
        self._files["interrupts"] = Reread(Path("/proc/interrupts"))
        actions = {str(irq): str(action) for _, irq, action in interrupts(self._files["interrupts"].text())}
        self._owners = owners(actions, devices())
        self.sources = {"hardirq": "bcc" if self._program else "procfs"}

    def read(self) -> dict[str, Counts]:
        """See the base."""
        counted = interrupts(self._files["interrupts"].text())
        if self._program is None:
            return {
                "hardirq": {
                    (*key, *self._owners.get(str(key[1]), NOBODY)): values for key, values in counted.items()
                }
            }
        actions = {str(irq): action for _, irq, action in counted}
        found: Counts = {}
        for key, value in self._program.entries("hardirq_sums", KEY, SUM):
            irq = str(key["irq"])
            name = (int(key["cpu"]), irq, actions.get(irq, ""), *self._owners.get(irq, NOBODY))
            found[name] = (float(value["count"]), float(value["ns"]))
        return {"hardirq": found}


def interrupts(text: str) -> Counts:
    """Counts per (cpu, line, who handles it) in /proc/interrupts; time is not told."""
    lines = text.splitlines()
    numbers = [int(name.removeprefix("CPU")) for name in lines[0].split()]
    found: Counts = {}
    for line in lines[1:]:
        irq, _, rest = line.partition(":")
        fields = rest.split()
        counts = fields[: len(numbers)]
        if len(counts) < len(numbers) or not all(field.isdigit() for field in counts):
            continue  # ERR and MIS have one count for all CPUs
        numbered = irq.strip().isdigit()
        action = fields[-1] if numbered and len(fields) > len(numbers) else " ".join(fields[len(numbers) :])
        for cpu, count in zip(numbers, counts, strict=True):
            found[cpu, irq.strip(), action] = (float(count), NAN)
    return found
