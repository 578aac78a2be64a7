"""C15: memcached's CPU by load, base mode (cover letter of "Suspend IRQs during application busy periods").

Two numbers are calibrated, the application's work on a request and a factor on what an interrupt and a
wake-up cost, on the lowest load and on the most that goes; the rows between are predicted.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from collectors.datapath import Datapath
from collectors.validate.anchors.rows import Row, costs
from engine.config import Cost
from engine.run import execute
from engine.scenario import Scenario

CPUS = 8
"""Queues and threads of the server: not said in the table; shares of CPU hardly depend on it."""
ROUNDS = 6
"""Of calibrating: how often CPUs are interrupted depends on how busy they are."""
PER_INTERRUPT = frozenset(
    {"irq.hardirq", "napi.softirq", "napi.poll", "napi.complete", "sched.wake", "sched.switch"}
)


def scenario(qps: float, charged: tuple[Cost, ...]) -> Scenario:
    """Small requests, Poisson, over many connections."""
    stream = "traffic.streams.0.generated"
    return Scenario(costs=charged).with_(
        **{
            "duration_ns": 60_000_000,
            f"{stream}.offered": {"frames_per_second": round(qps)},
            f"{stream}.arrivals": "poisson",
            f"{stream}.sizes": {"fixed": {"bytes": 128}},
            f"{stream}.flows.count": 512,
            "nic.queues": CPUS,
            "host.cpus": CPUS,
        }
    )


def _ledger(qps: float, charged: tuple[Cost, ...]) -> tuple[pd.DataFrame, float]:
    done = execute(scenario(qps, charged))
    table = Datapath(done).table("ledger")
    return table.groupby("op", observed=True)[["count", "op_ns", "cache_ns"]].sum(), done.scenario.duration_ns


def _share(qps: float, charged: tuple[Cost, ...]) -> float:
    """Of all CPUs, in percent."""
    ledger, duration_ns = _ledger(qps, charged)
    return 100.0 * float(ledger["op_ns"].sum() + ledger["cache_ns"].sum()) / duration_ns / CPUS


def _costs(work_ns: float, factor: float) -> tuple[Cost, ...]:
    def changed(op: str, ns: float) -> float:
        if op == "app.message":
            return work_ns
        return ns * factor if op in PER_INTERRUPT else ns

    return costs(changed, "calibrated on the lowest load and on the most that goes")


def rows(folder: Path) -> list[Row]:
    """% of CPU by load."""
    table = pd.read_csv(folder / "napi_irq_suspend_memcached.csv")
    base = table[(table["mode"] == "base") & (table["load"] != "1000K")]
    published = dict(zip(base["qps"].astype("float64"), base["cpu_pct"].astype("float64"), strict=True))
    names = dict(zip(base["qps"].astype("float64"), base["load"], strict=True))
    low, most = min(published), max(published)
    work_ns, factor = 6_000.0, 1.0
    for _ in range(ROUNDS):
        left, right = [], []
        for qps in (low, most):
            ledger, duration_ns = _ledger(qps, _costs(work_ns, factor))
            interrupted = ledger.index.isin(list(PER_INTERRUPT))
            requests = float(ledger.loc[ledger.index == "app.message", "count"].sum())
            once = float(ledger.loc[interrupted, "op_ns"].sum()) / max(factor, 1e-9)
            app = ledger.index == "app.message"
            other = float(ledger["cache_ns"].sum() + ledger.loc[~interrupted & ~app, "op_ns"].sum())
            left.append([requests, once])
            right.append(published[qps] / 100.0 * CPUS * duration_ns - other)
        solved = np.linalg.lstsq(np.array(left), np.array(right), rcond=None)[0]
        # Half the way at a time: the two steer each other.
        work_ns = max((work_ns + float(solved[0])) / 2.0, 0.0)
        factor = max((factor + float(solved[1])) / 2.0, 0.0)
    charged = _costs(work_ns, factor)
    return [
        Row(str(names[qps]), "% CPU", share, _share(qps, charged), qps in (low, most))
        for qps, share in published.items()
    ]
