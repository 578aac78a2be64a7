"""C1 again: what aRFS brings, as the ratio of two of its rows. Nothing is calibrated.

The authors had, without aRFS, the interrupt on another NUMA node than the application; that ran on the NIC's.
A sender in closed loop fills what the receiver takes: window and ring are such that nothing is lost.
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
WINDOW_BYTES = 1_000_000
"""Less than the ring holds, in segments of 1,448 bytes."""


def scenario(*, arfs: bool, numa_nodes: int = 2) -> Scenario:
    """One TCP flow with GRO; its hash leads to the queue of the other CPU."""
    sender = Senders(rtt_ns=RTT_NS, mss=1448, congestion="cubic")
    return Scenario(duration_ns=20_000_000, traffic=Traffic(streams=(sender,))).with_(
        **{
            "traffic.rate_bps": 100_000_000_000,
            "nic.queues": 2,
            "nic.ring_size": 1024,
            "nic.irq_cpus": [APP_CPU, OTHER_CPU],
            "nic.rss.weights": [0, 1],
            "steering.mode": "arfs" if arfs else "rss",
            "steering.table.moves": "unsafe",
            "host.cpus": 2,
            "host.cache.numa_nodes": numa_nodes,
            "host.gro.enabled": True,
            "host.tcp.gap": "wait",
            "host.tcp.ack.policy": "linux",
            "host.tcp.rcvbuf_bytes": WINDOW_BYTES,
            "host.apps.count": 1,
            "host.apps.cpus": [APP_CPU],
        }
    )


def gbps_per_core(given: Scenario) -> float:
    """Payload copied, by the time the CPUs were busy."""
    ledger = Datapath(execute(given)).table("ledger")
    payload = float(ledger.loc[ledger["op"] == "copy.payload", "count"].sum())
    return 8.0 * payload / float(ledger["op_ns"].sum() + ledger["cache_ns"].sum())


def ratio(numa_nodes: int = 2) -> float:
    """Throughput per core with aRFS over that without."""
    with_arfs, without = (gbps_per_core(scenario(arfs=arfs, numa_nodes=numa_nodes)) for arfs in (True, False))
    return with_arfs / without


def published(folder: Path) -> float:
    """The authors' figure."""
    table = pd.read_csv(folder / "cai_sigcomm21_throughput_per_core.csv").set_index("config")
    given = table["gbps_per_core"].astype("float64")
    return float(given["tsogro+arfs"] / given["tsogro"])


def rows(folder: Path) -> list[Row]:
    """Times the throughput per core."""
    return [Row("aRFS over none", "times", published(folder), ratio(), used=False)]
