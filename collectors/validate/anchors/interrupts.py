"""C15: memcached by load and by who polls: CPU, the 99th percentile's latency, the most it serves.

4,400 connections ask and await answers; the card gathers frames as net_dim decides, and what is sent raises
interrupts of the same vector.

Three numbers are calibrated: the application's work on a request, on the most that goes without interrupts; a
factor on what a device's interrupt costs, on the CPU of the lowest load with them; and the client's and the
network's share of latency, on the least. All other rows are predicted.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from collectors.validate.anchors.memcached import CPUS, LOADS, MODES, Served
from collectors.validate.anchors.rows import Row, costs
from engine.config import Cost

ROUNDS = 6
"""Of calibrating: how often CPUs are interrupted depends on how busy they are."""
PER_INTERRUPT = frozenset({"irq.hardirq"})
"""Taking a device's interrupt: an event queue read, a vector that may wake a sleeping core."""
LEAST, MOST, QUIETEST = ("base", "200K"), ("fullbusy", "MAX"), ("fullbusy", "200K")
FAR_OFF = 0.1
REMARK = (
    "a program that a timer interrupts loses no caches or predictors here, and a timer costs 600 ns, assumed"
)
"""Why modes that poll by timers come out cheap, and so early, at a high load."""


Told = dict[tuple[str, str], dict[str, float]]
"""The published figures by mode and load."""


def charged(work_ns: float, factor: float) -> tuple[Cost, ...]:
    """The cost table with this work on a request, and interrupts so much dearer."""

    def changed(op: str, ns: float) -> float:
        if op == "app.message":
            return work_ns
        return ns * factor if op in PER_INTERRUPT else ns

    return costs(changed, "calibrated on the lowest load with interrupts and the most that goes without")


def calibrate(published: Told) -> tuple[Cost, ...]:
    """The costs that make two rows right: `published` by mode and load."""
    most_ns = CPUS * 1e9 / published[MOST]["qps"]
    least_ns = CPUS * 1e7 * published[LEAST]["cpu_pct"] / published[LEAST]["qps"]
    work_ns, factor = 6_000.0, 1.0
    for _ in range(ROUNDS):
        now = charged(work_ns, factor)
        busy, calm = Served(*MOST, now), Served(*LEAST, now)
        of_interrupts = calm.ledger.index.isin(list(PER_INTERRUPT))
        once_ns = float(calm.ledger["op_ns"][of_interrupts].sum()) / calm.requests / factor
        work_ns = max(work_ns + most_ns - busy.busy_ns / busy.requests, 0.0)
        factor = max(factor + (least_ns - calm.busy_ns / calm.requests) / once_ns, 0.0)
    return charged(work_ns, factor)


def rows(folder: Path) -> list[Row]:
    """% of CPU and µs by mode at a low and a high load, and requests per second when all is offered."""
    table = pd.read_csv(folder / "napi_irq_suspend_memcached.csv")
    published: Told = {
        (str(row["mode"]), str(row["load"])): {
            name: float(row[name]) for name in ("qps", "p99_us", "cpu_pct")
        }
        for _, row in table.iterrows()
    }
    now = calibrate(published)
    served = {(mode, load): Served(mode, load, now) for mode in MODES for load in LOADS}
    elsewhere_us = published[QUIETEST]["p99_us"] - served[QUIETEST].p99_us
    found = []
    for (mode, load), run in served.items():
        if (mode, load) not in published:
            continue
        told = published[mode, load]
        at = (mode, load)
        if load == "MAX":
            found.append(_row(f"{mode} most", "requests/s", told["qps"], run.per_second, at == MOST))
            continue
        found.append(_row(f"{mode} {load}", "% CPU", told["cpu_pct"], run.cpu_pct, at == LEAST))
        p99_us = elsewhere_us + run.p99_us
        found.append(_row(f"{mode} {load} p99", "µs", told["p99_us"], p99_us, at == QUIETEST))
    return found


def _row(name: str, unit: str, published: float, predicted: float, used: bool) -> Row:
    """What is far off says why."""
    by_timer = not name.startswith(("base", "fullbusy"))
    far = abs(predicted / published - 1.0) > FAR_OFF
    return Row(name, unit, published, predicted, used, REMARK if by_timer and far else "")
