"""C18: what a receiver's thread spends on a megabyte, mapped or not (tcp_mmap of the kernel's selftests).

Two factors are calibrated, on operations and on what moving bytes costs (the copy and all stalls), on the two
rows that say their segments' size. The other rows are another machine's: its speed is calibrated on its copy,
and what it spends where it maps is predicted.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from collectors.datapath import Datapath
from collectors.validate.anchors.rows import Row
from engine.run import execute
from engine.scenario import Scenario

MIB = 2**20
HEADER_MSS = 8192
"""The table's machine had 61,440 bytes on loopback, fifteen pages; of these GRO makes seven times two."""
READER = 0
REMARK = "its segments had 15 pages; here GRO hangs 7 of two on one another"
RATIO_REMARK = "what mapping costs was measured in a virtual machine, what copying costs on another machine"


class Case(NamedTuple):
    """How a socket is read."""

    mss: int
    maps: bool


EXTREMES = (Case(1428, True), Case(4096, True))
"""Both ask for pages; only the second gets any."""


def scenario(case: Case) -> Scenario:
    """One flow, as fast as it goes; the interrupt goes elsewhere, for the thread alone was measured."""
    return Scenario().with_(
        **{
            "duration_ns": 20_000_000,
            "traffic.rate_bps": 100_000_000_000,
            "traffic.streams": [
                {"tcp": {"flows": 1, "rtt_ns": 50_000, "mss": case.mss, "initial_window": 64}}
            ],
            "nic.queues": 1,
            "nic.irq_cpus": [1],
            "nic.ring_size": 4096,
            "nic.buffer_bytes": 4096,
            "nic.tcp_data_split": True,
            "host.cpus": 2,
            "host.gro.enabled": True,
            "host.tcp.rcvbuf_bytes": 3_145_728,
            "host.tcp.gap": "wait",
            "host.tcp.ack.policy": "linux",
            "host.apps.count": 1,
            "host.apps.cpus": [READER],
            # tcp_mmap's chunk_size; it does not look at what it gets.
            "host.apps.read_bytes": 524_288,
            "host.apps.work_per_message": 0,
            "host.apps.zero_copy.enabled": case.maps,
        }
    )


class Spent(NamedTuple):
    """Of a reader."""

    operations_us: float
    """µs per MiB, but for the copy."""
    bytes_us: float
    """µs per MiB on the copy and all stalls."""
    mapped_percent: float

    @property
    def us_per_mb(self) -> float:
        """Before anything is calibrated."""
        return self.operations_us + self.bytes_us


def spent(case: Case) -> Spent:
    """What a reader spends on a megabyte, and how much of it was mapped."""
    tables = Datapath(execute(scenario(case)))
    ledger = tables.table("ledger")
    work = ledger[ledger["cpu"] == READER].groupby("op", observed=True)[["count", "op_ns", "cache_ns"]].sum()
    counters = tables.table("counters").groupby("name", observed=True)["value"].sum()
    mapped = float(counters["zerocopy_mapped_bytes"])
    copied = float(work["count"].get("copy.payload", 0.0))
    copy_ns = float(work["op_ns"].get("copy.payload", 0.0))
    scale = MIB / 1000.0 / (mapped + copied)
    return Spent(
        (float(work["op_ns"].sum()) - copy_ns) * scale,
        (float(work["cache_ns"].sum()) + copy_ns) * scale,
        100.0 * mapped / (mapped + copied),
    )


def _published(folder: Path) -> tuple[pd.Series, float, float]:
    """By segment size; and the other machine's mean where it copies, and where it maps."""
    table = pd.read_csv(folder / "tcp_mmap_zero_copy.csv")
    by_mss = table.dropna(subset="rcv_mss").set_index("rcv_mss")["usec_per_mb"].astype("float64")
    others = table[table["rcv_mss"].isna()]
    maps = others["mapped_pct"] > 0
    return (
        by_mss,
        float(others.loc[~maps, "usec_per_mb"].mean()),
        float(others.loc[maps, "usec_per_mb"].mean()),
    )


def rows(folder: Path) -> list[Row]:
    """CPU µs per MB of the receiver's thread."""
    by_mss, copied, mapped = _published(folder)
    extremes = [spent(case) for case in EXTREMES]
    wanted = np.array([float(by_mss[case.mss]) for case in EXTREMES])
    factors = np.linalg.solve(np.array([[one.operations_us, one.bytes_us] for one in extremes]), wanted)

    def calibrated(one: Spent) -> float:
        return float(factors @ np.array([one.operations_us, one.bytes_us]))

    unit = "µs/MB"
    found = [
        Row(f"MSS {case.mss}", unit, told, calibrated(one), True)
        for case, one, told in zip(EXTREMES, extremes, wanted.tolist(), strict=True)
    ]
    copies, maps = (calibrated(spent(Case(HEADER_MSS, way))) for way in (False, True))
    speed = copied / copies
    found.append(Row("loopback MTU 61512, copied", unit, copied, speed * copies, True))
    found.append(Row("loopback MTU 61512, mapped", unit, mapped, speed * maps, False, REMARK))
    return found


def ratios(folder: Path) -> list[Row]:
    """How much is mapped, and how much cheaper that is: nothing is calibrated."""
    table = pd.read_csv(folder / "tcp_mmap_zero_copy.csv").dropna(subset="rcv_mss").set_index("rcv_mss")
    by_mss, copied, mapped = _published(folder)
    found = []
    mapped_pct = table["mapped_pct"].astype("float64")
    for case, way in zip(EXTREMES, ("copied", "mapped"), strict=True):
        percent = np.array([float(mapped_pct[case.mss]), spent(case).mapped_percent])
        told, predicted = 100.0 - percent if way == "copied" else percent
        found.append(Row(f"MSS {case.mss} {way}", "% of bytes", float(told), float(predicted), False))
    copies, maps = (spent(case).us_per_mb for case in EXTREMES)
    found.append(
        Row(
            "MSS 1428 over MSS 4096",
            "times",
            float(by_mss[1428] / by_mss[4096]),
            copies / maps,
            False,
            RATIO_REMARK,
        )
    )
    copies, maps = (spent(Case(HEADER_MSS, way)).us_per_mb for way in (False, True))
    found.append(
        Row("loopback copied over mapped", "times", copied / mapped, copies / maps, False, RATIO_REMARK)
    )
    return found
