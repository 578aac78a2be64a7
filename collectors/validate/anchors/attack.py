"""C14: a victim's transactions beside a flood on its queue (Høiland-Jørgensen et al., CoNEXT 2018, bench03).

netperf's TCP_RR is a closed loop of one: a transaction a round trip. Traffic here is open loop, so the rate
is computed: the round trip of the row without attack, plus what the flood adds to the victim's way through
this host, plus a retransmission's timeout for the share that is lost. Calibrated on the row without attack
and on the rate at which nothing goes any more, by which a dropped frame costs a fixed time; the rows between
are predicted.
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

ATTACK, VICTIM = "traffic.streams.0.generated", "traffic.streams.1.generated"
VICTIM_PPS = 20_000
"""Of probes; too few to matter beside the flood."""
PORT = 9
LINE_PPS = 14_880_000
FLOOD_FRAMES = 20_000
STEPS = 8
"""Of bisection, by which the factor is known to a hundredth."""
RTO_NS = 200_000_000
"""TCP_RTO_MIN (include/net/tcp.h): what a lost frame costs a transaction."""


def scenario(attack_pps: float, charged: tuple[Cost, ...] = ()) -> Scenario:
    """One queue on CPU 0, the victim's program on CPU 2, the flood to a port nobody listens on."""
    streams = [
        _stream(max(round(attack_pps), 1), "poisson", 256, PORT + 1),
        _stream(VICTIM_PPS, "constant", 1, PORT),
    ]
    return Scenario(costs=charged).with_(
        **{
            "duration_ns": 30_000_000,
            "drain_ns": 5_000_000,
            "traffic.streams": streams,
            "nic.queues": 1,
            "nic.irq_cpus": [0],
            "nic.coalesce": {"rx_usecs": 0, "rx_max_coalesced_frames": 1},
            "host.cpus": 3,
            "host.apps.count": 1,
            "host.apps.cpus": [2],
            "host.sockets.accept": "ports",
            "host.sockets.ports": [PORT],
        }
    )


def _stream(pps: int, arrivals: str, flows: int, port: int) -> dict[str, object]:
    destination = {"port": port}
    generated = {
        "offered": {"frames_per_second": pps},
        "arrivals": arrivals,
        "flows": {"count": flows, "destination": destination},
    }
    return {"generated": generated}


def victim(attack_pps: float, charged: tuple[Cost, ...]) -> tuple[float, float]:
    """Mean ns of the victim's way, and the share of its frames that is lost."""
    done = execute(scenario(attack_pps, charged))
    tables = Datapath(done)
    latency = tables.table("latency")
    total = latency[latency["part"] == "total"]
    middle = (total["low_ns"].astype("float64") + total["high_ns"].astype("float64")) / 2.0
    flows = tables.table("flows")
    delivered = float(flows.loc[flows["destination_port"] == PORT, "delivered"].sum())
    offered = VICTIM_PPS * done.scenario.duration_ns * 1e-9
    return float(np.average(middle, weights=total["frames"])), max(1.0 - delivered / offered, 0.0)


def rows(folder: Path) -> list[Row]:
    """Transactions per second by attack."""
    table = pd.read_csv(folder / "xdp_ddos_unprotected.csv").astype("float64")
    mpps, published = table["DDoS Mpps"], table["mean"]
    most_mpps = float(mpps[published == 0.0].min())
    shown = table[mpps <= most_mpps]
    without_ns = 1e9 / float(published.iloc[0])
    charged = _scaled(_factor(most_mpps * 1e6))
    alone_ns, _ = victim(0.0, charged)
    found = []
    for _, row in shown.iterrows():
        attack = float(row["DDoS Mpps"])
        way_ns, lost = victim(attack * 1e6, charged)
        predicted = 1e9 / (without_ns + way_ns - alone_ns + lost * RTO_NS)
        used = attack in (0.0, most_mpps)
        found.append(Row(f"{attack:g} Mpps", "transactions/s", float(row["mean"]), predicted, used))
    return found


def _scaled(factor: float) -> tuple[Cost, ...]:
    """The cost table times `factor`, without deep idle states, which a benchmark's machine does not have."""
    why = "scaled to the rate at which nothing goes any more"
    return (
        *costs(lambda _, ns: ns * factor, why),
        Cost("latency.idle_exit", 0.0, "assumed: idle states are off"),
    )


def _factor(most_pps: float) -> float:
    """By what the cost table is multiplied for a flood to nobody to be all a CPU can take; stalls stay."""
    low, high = 0.0, 4.0
    for _ in range(STEPS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if _capacity_pps(_scaled(middle)) > most_pps else (low, middle)
    return (low + high) / 2.0


def _capacity_pps(charged: tuple[Cost, ...]) -> float:
    """Of the flood alone, offered as fast as the line goes by a source that waits for room."""
    flood = scenario(LINE_PPS, charged).with_(
        **{"traffic.streams": [_stream(LINE_PPS, "constant", 256, PORT + 1)], "traffic.frames": FLOOD_FRAMES}
    )
    done = execute(flood, lossless=True)
    return done.stats["rx"] / done.elapsed_ns * 1e9
