"""C14: a victim's transactions beside a flood on its queue (Høiland-Jørgensen et al., CoNEXT 2018, bench03).

netperf's TCP_RR is a closed loop of one: a transaction a round trip. Traffic here is open loop, so the rate
is computed: the round trip of the row without attack, plus what the flood adds to the victim's way through
this host, plus a retransmission's timeout for the share that is lost. Calibrated on the row without attack
and on the highest rate at which anything goes, by which a dropped frame costs a fixed time; the rows between
are predicted. With the flood dropped by an XDP program the same is done anew; how much more that takes is
predicted without calibration.
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
RATE_BPS = 100_000_000_000
LINE_PPS = 60_000_000
"""Of the flood alone: more than any host takes."""
SHOWN_MPPS = (0.0, 1.0, 5.0, 10.0, 15.0, 18.0, 20.0, 21.0, 22.0, 23.0)
"""Rows of the protected host that are compared."""
FAR_OFF = 0.15
REMARK = "not modelled: the answer's way out, and its completions on the flooded CPU"
PROGRAM = {"protocol": "udp", "destination_port": 10}
"""What the flood is told by."""
FLOOD_FRAMES = 20_000
STEPS = 8
"""Of bisection, by which the factor is known to a hundredth."""
RTO_NS = 200_000_000
"""TCP_RTO_MIN (include/net/tcp.h): what a lost frame costs a transaction."""


def scenario(attack_pps: float, charged: tuple[Cost, ...] = (), protected: bool = False) -> Scenario:
    """One queue on CPU 0, the victim's program on CPU 2, the flood to a port nobody listens on."""
    streams = [
        _stream(max(round(attack_pps), 1), "poisson", 256, PORT + 1),
        _stream(VICTIM_PPS, "constant", 1, PORT),
    ]
    return Scenario(costs=charged).with_(
        **{
            "duration_ns": 30_000_000,
            "drain_ns": 5_000_000,
            "traffic.rate_bps": RATE_BPS,
            "traffic.streams": streams,
            "nic.queues": 1,
            "nic.irq_cpus": [0],
            "nic.coalesce": {"rx_usecs": 0, "rx_max_coalesced_frames": 1},
            "host.cpus": 3,
            "host.apps.count": 1,
            "host.apps.cpus": [2],
            "host.sockets.accept": "ports",
            "host.sockets.ports": [PORT],
            "host.xdp.rules": [PROGRAM] if protected else [],
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


def victim(attack_pps: float, charged: tuple[Cost, ...], protected: bool) -> tuple[float, float]:
    """Mean ns of the victim's way, and the share of its frames that is lost."""
    done = execute(scenario(attack_pps, charged, protected))
    tables = Datapath(done)
    latency = tables.table("latency")
    total = latency[latency["part"] == "total"]
    middle = (total["low_ns"].astype("float64") + total["high_ns"].astype("float64")) / 2.0
    flows = tables.table("flows")
    delivered = float(flows.loc[flows["destination_port"] == PORT, "delivered"].sum())
    offered = VICTIM_PPS * done.scenario.duration_ns * 1e-9
    return float(np.average(middle, weights=total["frames"])), max(1.0 - delivered / offered, 0.0)


def rows(folder: Path) -> list[Row]:
    """Transactions per second by attack, without and with the program; then how much more it takes."""
    plain = _read(folder / "xdp_ddos_unprotected.csv")
    dropped = _read(folder / "xdp_ddos_protected.csv")
    shown = {mpps: mean for mpps, mean in dropped.items() if mpps in SHOWN_MPPS}
    plain = {mpps: mean for mpps, mean in plain.items() if mpps < 4.0}
    told, was = _most(dropped) / _most(plain), _capacity_pps(IDLE_OFF, True) / _capacity_pps(IDLE_OFF, False)
    remark = "the cost table's descriptor and refill alone are more than mlx5's XDP path takes in all"
    return [
        *_transactions(plain, "", protected=False),
        *_transactions(shown, ", XDP", protected=True),
        Row("most with XDP over without", "times", told, was, used=False, remark=remark),
    ]


def _read(file: Path) -> dict[float, float]:
    table = pd.read_csv(file).astype("float64")
    return dict(zip(table["DDoS Mpps"], table["mean"], strict=True))


def _most(published: dict[float, float]) -> float:
    """The last attack, in million frames a second, under which anything went."""
    return max(mpps for mpps, mean in published.items() if mean > 0.0)


def _transactions(published: dict[float, float], suffix: str, protected: bool) -> list[Row]:
    most = _most(published)
    without_ns = 1e9 / published[0.0]
    charged = _scaled(_factor(most * 1e6, protected))
    alone_ns, _ = victim(0.0, charged, protected)
    found = []
    for attack, mean in published.items():
        way_ns, lost = victim(attack * 1e6, charged, protected)
        predicted = 1e9 / (without_ns + way_ns - alone_ns + lost * RTO_NS)
        used = attack in (0.0, most)
        remark = REMARK if mean > 0.0 and abs(predicted / mean - 1.0) > FAR_OFF else ""
        found.append(Row(f"{attack:g} Mpps{suffix}", "transactions/s", mean, predicted, used, remark))
    return found


IDLE_OFF = (Cost("latency.idle_exit", 0.0, "assumed: idle states are off"),)
"""A benchmark's machine has no deep idle states."""


def _scaled(factor: float) -> tuple[Cost, ...]:
    """The cost table times `factor`."""
    why = "scaled to the highest rate at which anything goes"
    return (*costs(lambda _, ns: ns * factor, why), *IDLE_OFF)


def _factor(most_pps: float, protected: bool) -> float:
    """By what the cost table is multiplied for the flood to be all a CPU can take; stalls stay."""
    low, high = 0.0, 4.0
    for _ in range(STEPS):
        middle = (low + high) / 2.0
        more = _capacity_pps(_scaled(middle), protected) > most_pps
        low, high = (middle, high) if more else (low, middle)
    return (low + high) / 2.0


def _capacity_pps(charged: tuple[Cost, ...], protected: bool) -> float:
    """Of the flood alone, offered as fast as the line goes by a source that waits for room."""
    flood = scenario(LINE_PPS, charged, protected).with_(
        **{"traffic.streams": [_stream(LINE_PPS, "constant", 256, PORT + 1)], "traffic.frames": FLOOD_FRAMES}
    )
    done = execute(flood, lossless=True)
    return done.stats["rx"] / done.elapsed_ns * 1e9
