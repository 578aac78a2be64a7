"""C16: what a page costs by the way it goes back (xdp-project, page_pool micro-benchmark).

The engine decides the way: a page freed where it is polled, by a program, or with the pool's ring full. What
the ways cost is the cost table's, from the Intel rows; another processor's are calibrated on its cache's and
its page allocator's, and its ptr_ring's is predicted.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from collectors.datapath import Datapath
from collectors.validate.anchors.rows import Row
from engine.run import execute
from engine.scenario import Scenario

REFERENCE = "Intel E5-1650"
"""Whose rows the cost table has."""
PORT = 9
WAYS: dict[str, dict[str, object]] = {
    "fast_path": {"host.sockets.accept": "ports", "host.sockets.ports": [PORT + 1]},
    "ptr_ring": {},
    "slow": {"host.page_pool.ring_pages": 1},
}
"""Nobody listens, so that the softirq frees; a program on another CPU does; into a ring that is full."""
COUNTERS = {
    "fast_path": "rx_pp_recycle_cached",
    "ptr_ring": "rx_pp_recycle_ring",
    "slow": "rx_pp_recycle_ring_full",
}
REMARK = "between processors the ring's share is not that of the other two: its lines cross between caches"


def scenario(way: str) -> Scenario:
    """Frames of one buffer each on one queue of CPU 0, read on CPU 1."""
    stream = "traffic.streams.0.generated"
    return Scenario().with_(
        **{
            "duration_ns": 10_000_000,
            "drain_ns": 5_000_000,
            f"{stream}.offered": {"frames_per_second": 500_000},
            f"{stream}.flows": {"count": 16, "destination": {"port": PORT}},
            "nic.queues": 1,
            "host.cpus": 2,
            "host.apps.count": 1,
            "host.apps.cpus": [1],
            "host.page_pool.enabled": True,
            **WAYS[way],
        }
    )


def beyond_the_cache_ns(way: str) -> tuple[float, float]:
    """What a page costs beyond the cache's way, and the share of pages that took the way meant."""
    tables = Datapath(execute(scenario(way)))
    ledger = tables.table("ledger")
    counters = tables.table("counters").groupby("name", observed=True)["value"].sum()
    pages = float(sum(counters[name] for name in COUNTERS.values()))
    spent = float(ledger.loc[ledger["op"].isin(["driver.page_ring", "driver.page_slow"]), "op_ns"].sum())
    return spent / pages, float(counters[COUNTERS[way]]) / pages


def rows(folder: Path) -> list[Row]:
    """ns per page."""
    table = pd.read_csv(folder / "page_pool_cost.csv").set_index(["cpu", "path"])["ns"].astype("float64")
    beyond = {way: beyond_the_cache_ns(way)[0] for way in WAYS}
    found = []
    for cpu in table.index.get_level_values("cpu").unique():
        if cpu == REFERENCE:
            continue
        fast, slow = float(table[cpu, "fast_path"]), float(table[cpu, "slow"])
        scale = (slow - fast) / (beyond["slow"] - beyond["fast_path"])
        for way in WAYS:
            told = float(table[cpu, way])
            predicted = fast + scale * (beyond[way] - beyond["fast_path"])
            remark = REMARK if way == "ptr_ring" else ""
            found.append(Row(f"{cpu} {way}", "ns per page", told, predicted, way != "ptr_ring", remark))
    return found
