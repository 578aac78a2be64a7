"""Softirq time, count and delay per CPU, and NAPI's work: bcc tracepoints, else /proc.

Without bcc, /proc/softirqs counts entries of each vector; the time in /proc/stat is of all vectors together
and sampled by the scheduler's tick (commonly 4 or 10 ms), so that short softirqs are seen only by chance.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt

from collectors.columns import Source
from collectors.linux.bpf.program import Program
from collectors.linux.counting import Counts, HostCollector
from collectors.linux.distribution import BUCKETS
from collectors.linux.files import NET, Reread, cpus

VECTORS = ("NET_TX", "NET_RX")
SUM_WORDS = 6
NAPI_KEY = np.dtype([("cpu", "<u4"), ("device", "S16")])
NAPI_SUM = np.dtype([("polls", "<u8"), ("work", "<u8"), ("full_budget", "<u8")])
NAN = float("nan")


class Softirq(HostCollector):
    """Tables softirq, napi, softnet, and distributions of delay, time and NAPI work."""

    name = "softirq"
    tables = ("softirq", "napi", "softnet", "distribution")
    text = Path(__file__).with_suffix(".c").read_text()

    def open(self) -> None:
        """See the base."""
        self._cpus = cpus()
        self._files |= {
            "softirqs": Reread(Path("/proc/softirqs")),
            "stat": Reread(Path("/proc/stat")),
            "softnet_stat": Reread(NET / "softnet_stat"),
        }
        best: Source = "bcc" if self._program else "procfs"
        self.sources = {
            "softirq": best,
            "napi": best,
            "softnet": "procfs",
            "distribution": "bcc" if self._program else "unavailable",
        }

    def read(self) -> dict[str, Counts]:
        """See the base."""
        softnet = softnet_stat(self._files["softnet_stat"].text())
        if self._program is not None:
            softirq, napi = self._by_bcc(self._program), self._napi(self._program)
        else:
            softirq = softirqs(self._files["softirqs"].text())
            softirq |= softirq_ticks(self._files["stat"].text())
            napi = {(cpu, "(all)"): (NAN, values[0], NAN) for (cpu,), values in softnet.items()}
        return {"softirq": softirq, "napi": napi, "softnet": softnet}

    def _by_bcc(self, program: Program) -> Counts:
        found: Counts = {}
        for index, vector in enumerate(VECTORS):
            sums = program.per_cpu("softirq_sums", index, SUM_WORDS)
            found |= {(cpu, vector): tuple(map(float, sums[cpu, :4])) for cpu in self._cpus}
        return found

    def _napi(self, program: Program) -> Counts:
        return {
            (int(key["cpu"]), key["device"].decode("ascii", "replace")): tuple(
                float(value[name]) for name in ("polls", "work", "full_budget")
            )
            for key, value in program.entries("napi_sums", NAPI_KEY, NAPI_SUM)
        }

    def distributions(self) -> dict[str, npt.NDArray[np.uint64]]:
        """See the base."""
        program = self._program
        if program is None:
            return {}
        found = {"napi_work": program.per_cpu("napi_work", 0, BUCKETS)}
        for index, vector in enumerate(VECTORS):
            for measure in ("delay", "time"):
                found[f"{vector}_{measure}"] = program.per_cpu(f"softirq_{measure}", index, BUCKETS)
        return found


def softirqs(text: str) -> Counts:
    """Entries per (cpu, vector) in /proc/softirqs; time and delay are not told."""
    lines = text.splitlines()
    numbers = [int(name.removeprefix("CPU")) for name in lines[0].split()]
    found: Counts = {}
    for line in lines[1:]:
        vector, _, counts = line.partition(":")
        if vector.strip() in VECTORS:
            for cpu, count in zip(numbers, counts.split(), strict=False):
                found[cpu, vector.strip()] = (float(count), NAN, NAN, NAN)
    return found


def softirq_ticks(text: str) -> Counts:
    """Time in softirqs of all vectors per CPU in /proc/stat, in ns, as coarse as its ticks (proc_stat(5))."""
    tick_ns = 1e9 / os.sysconf("SC_CLK_TCK")
    found: Counts = {}
    for line in text.splitlines():
        name, *fields = line.split()
        if name.startswith("cpu") and name != "cpu":
            found[int(name[3:]), "ALL"] = (NAN, int(fields[6]) * tick_ns, NAN, NAN)
    return found


def softnet_stat(text: str) -> Counts:
    """Columns of /proc/net/softnet_stat per CPU (net/core/net-procfs.c, softnet_seq_show)."""
    found: Counts = {}
    for row, line in enumerate(text.splitlines()):
        fields = [int(field, 16) for field in line.split()]
        # The CPU's number is the 13th column since Linux 5.10; before, offline CPUs were left out silently.
        cpu = fields[12] if len(fields) > 12 else row
        flow_limit = fields[10] if len(fields) > 10 else 0
        received_rps = fields[9] if len(fields) > 9 else 0
        found[cpu,] = tuple(map(float, (*fields[:3], received_rps, flow_limit)))
    return found
