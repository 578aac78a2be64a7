"""C1 again: what aRFS brings, as the ratio of two of its rows. Nothing is calibrated.

The authors had, without aRFS, the interrupt on another NUMA node than the application; that ran on the NIC's.
A sender in closed loop fills what the receiver takes; the ring holds its window, so that nothing is lost.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from collectors.datapath import Datapath
from collectors.validate.anchors.rows import Row
from engine.config import Senders, Traffic
from engine.run import execute
from engine.scenario import Scenario

APP_CPU, OTHER_CPU = 0, 1
"""The NIC's node is that of CPU 0."""
RTT_NS = 30_000
"""Two hosts and a cable."""
WINDOWS = {"1 MB": (1_000_000, 1024), "6 MB": (6_291_456, 8192)}
"""Bytes and descriptors: what stays in the NIC's share of the LLC, and how far Linux grows it (tcp_rmem)."""


def scenario(*, arfs: bool, numa_nodes: int = 2, window: str = "1 MB") -> Scenario:
    """One TCP flow with GRO; its hash leads to the queue of the other CPU."""
    window_bytes, ring_size = WINDOWS[window]
    sender = Senders(rtt_ns=RTT_NS, mss=1448, congestion="cubic")
    return Scenario(duration_ns=20_000_000, traffic=Traffic(streams=(sender,))).with_(
        **{
            "traffic.rate_bps": 100_000_000_000,
            "nic.queues": 2,
            "nic.ring_size": ring_size,
            "nic.irq_cpus": [APP_CPU, OTHER_CPU],
            "nic.rss.weights": [0, 1],
            "steering.mode": "arfs" if arfs else "rss",
            "host.cpus": 2,
            "host.cache.numa_nodes": numa_nodes,
            "host.gro.enabled": True,
            "host.tcp.gap": "wait",
            "host.tcp.ack.policy": "linux",
            "host.tcp.rcvbuf_bytes": window_bytes,
            "host.apps.count": 1,
            "host.apps.cpus": [APP_CPU],
        }
    )


def gbps_per_core(given: Scenario) -> float:
    """Payload copied, by the time the CPUs were busy."""
    ledger = Datapath(execute(given)).table("ledger")
    payload = float(ledger.loc[ledger["op"] == "copy.payload", "count"].sum())
    return 8.0 * payload / float(ledger["op_ns"].sum() + ledger["cache_ns"].sum())


def ratio(numa_nodes: int = 2, window: str = "1 MB") -> float:
    """Throughput per core with aRFS over that without."""
    with_arfs, without = (
        gbps_per_core(scenario(arfs=arfs, numa_nodes=numa_nodes, window=window)) for arfs in (True, False)
    )
    return with_arfs / without


def published(folder: Path) -> float:
    """The authors' figure."""
    table = pd.read_csv(folder / "cai_sigcomm21_throughput_per_core.csv").set_index("config")
    given = table["gbps_per_core"].astype("float64")
    return float(given["tsogro+arfs"] / given["tsogro"])


def rows(folder: Path) -> list[Row]:
    """Times the throughput per core."""
    why = "without aRFS frames lay in the memory of the interrupt's node; here in the LLC of the NIC's"
    wanted = published(folder)
    return [
        Row(f"aRFS over none, {window} window", "times", wanted, ratio(window=window), False, why)
        for window in WINDOWS
    ]
