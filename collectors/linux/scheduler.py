"""Which task reads sockets on which CPU, where the scheduler moves it, and how long tasks wait for a CPU.

Waits are of every task that was woken, the idle task aside. The kernel tells reads and moves through
tracepoints only: without bcc they are `unavailable`; waits come from /proc/schedstat where the kernel has it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from collectors.columns import Source
from collectors.linux.bpf.program import MIGRATED
from collectors.linux.counting import Counts, HostCollector, Row
from collectors.linux.distribution import BUCKETS
from collectors.linux.files import Reread, cpus

SCHEDSTAT = Path("/proc/schedstat")
KEY = np.dtype([("tid", "<i4"), ("cpu", "<u4")])
SUM = np.dtype([("reads", "<u8"), ("bytes", "<u8"), ("comm", "S16")])


class Scheduler(HostCollector):
    """Tables readers, migrations, runqueue, and the distribution of run-queue delay."""

    name = "scheduler"
    tables = ("readers", "migrations", "runqueue", "distribution")
    text = Path(__file__).with_suffix(".c").read_text()

    def open(self) -> None:
        """See the base."""
        self._cpus = cpus()
        if self._program is None and SCHEDSTAT.exists():
            self._files["schedstat"] = Reread(SCHEDSTAT)
        best: Source = "bcc" if self._program else "unavailable"
        self.sources = {
            "readers": best,
            "migrations": best,
            "runqueue": "procfs" if self._files else best,
            "distribution": best,
        }

    def read(self) -> dict[str, Counts]:
        """See the base."""
        if self._program is None:
            found: Counts = {}
            for file in self._files.values():
                found |= schedstat(file.text())
            return {"runqueue": found}
        readers: Counts = {
            (int(key["tid"]), value["comm"].decode("utf-8", "replace"), int(key["cpu"])): (
                float(value["reads"]),
                float(value["bytes"]),
            )
            for key, value in self._program.entries("reader_sums", KEY, SUM)
        }
        waits = self._program.per_cpu("wait_sums", 0, 2)
        return {
            "readers": readers,
            "runqueue": {(cpu,): tuple(map(float, waits[cpu])) for cpu in self._cpus},
        }

    def events(self) -> dict[str, list[Row]]:
        """See the base."""
        if self._program is None:
            return {}
        drained = self._program.ring.drain()
        moves = drained[drained["kind"] == MIGRATED][["time_ns", "tid", "from_cpu", "to_cpu"]]
        return {"migrations": moves.tolist()}

    def distributions(self) -> dict[str, npt.NDArray[np.uint64]]:
        """See the base."""
        if self._program is None:
            return {}
        return {"runqueue_delay": self._program.per_cpu("runqueue_delay", 0, BUCKETS)}


def schedstat(text: str) -> Counts:
    """Time slices and the sum of waits for them per CPU in /proc/schedstat (sched-stats.rst, fields 8, 9)."""
    found: Counts = {}
    for line in text.splitlines():
        name, *fields = line.split()
        if name.startswith("cpu"):
            found[int(name[3:]),] = (float(fields[8]), float(fields[7]))
    return found
