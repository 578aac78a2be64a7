"""C12: packets forwarded a second by cores, one route (Høiland-Jørgensen et al., CoNEXT 2018, bench04).

Two numbers are calibrated: a factor on every operation, on one core, and what each further core adds to a
packet, on all six. The table does not say what that is: clocks fall as cores wake, and caches and memory are
shared. The rows between are predicted: that it grows evenly.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from collectors.validate.anchors.rows import Row, costs
from engine.config import Cost
from engine.run import execute
from engine.scenario import Scenario

COLUMN = "Linux (single route)"
FRAMES_PER_CORE = 10_000
FLOWS = 65_536
"""The generator's ports vary; the table does not say by how many. So many spread evenly."""
ROUNDS = 3
"""Of calibrating: stalls do not grow with the factor."""


def scenario(cores: int, charged: tuple[Cost, ...] = ()) -> Scenario:
    """Small packets for others on a queue per core, offered faster than they can be taken."""
    stream = "traffic.streams.0.generated"
    return Scenario(costs=charged).with_(
        **{
            "duration_ns": 1_000_000_000,
            "drain_ns": 1_000_000_000,
            "traffic.rate_bps": 100_000_000_000,
            "traffic.frames": FRAMES_PER_CORE * cores,
            f"{stream}.offered": {"frames_per_second": 100_000_000},
            f"{stream}.sizes": {"fixed": {"bytes": 64}},
            f"{stream}.flows.count": FLOWS,
            "nic.queues": cores,
            "nic.rss.table_entries": 512,
            "host.cpus": cores,
            "host.addresses": ["203.0.113.1"],
            "host.forwarding.enabled": True,
        }
    )


def _packet_ns(cores: int, factor: float, further_ns: float) -> float:
    """Time a core has for a packet, with `further_ns` for each core beside it."""
    beside = "ip.forward"

    def changed(op: str, ns: float) -> float:
        return ns * factor + (further_ns * (cores - 1) if op == beside else 0.0)

    done = execute(scenario(cores, costs(changed, "calibrated on one core and on six")), lossless=True)
    assert done.stats["delivered"] == FRAMES_PER_CORE * cores
    return cores * done.elapsed_ns / done.stats["delivered"]


def rows(folder: Path) -> list[Row]:
    """Packets per second by cores."""
    published = pd.read_csv(folder / "xdp_linux_forwarding_by_core.csv", index_col="Cores")[COLUMN].astype(
        float
    )
    few, most = int(published.index.min()), int(published.index.max())
    factor, further_ns = 1.0, 0.0
    for _ in range(ROUNDS):
        factor *= few * 1e9 / published[few] / _packet_ns(few, factor, 0.0)
    for _ in range(ROUNDS):
        wanted_ns = most * 1e9 / published[most]
        further_ns += (wanted_ns - _packet_ns(most, factor, further_ns)) / (most - few)
    return [
        Row(
            f"{cores} cores" if cores > 1 else "1 core",
            "packets/s",
            float(published[cores]),
            cores * 1e9 / _packet_ns(cores, factor, further_ns),
            cores in (few, most),
        )
        for cores in map(int, published.index)
    ]
