"""C14: a victim's transactions beside a flood on its queue (Høiland-Jørgensen et al., CoNEXT 2018, bench03).

netperf's TCP_RR on one connection: a byte is asked, a byte is answered, then the next. The round trip outside
this host is calibrated on the row without attack, a factor on all operations on the highest rate at which
anything goes; the rows between are predicted. A frame that is lost costs a transaction its retransmission
timeout, too long for so short a run: there it is a millisecond, whose place the length of a real one takes.
With an XDP program the flood is dropped by it, and the victim's frames go to the CPU of its program (cpumap;
here by RPS). How much more that takes is predicted without calibration.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pandas as pd

from collectors.datapath import Datapath
from collectors.validate.anchors.rows import Row, costs
from engine.config import Cost
from engine.run import execute
from engine.scenario import Scenario

PORT = 9
RATE_BPS = 100_000_000_000
LINE_PPS = 60_000_000
"""Of the flood alone: more than any host takes."""
SHOWN_MPPS = (0.0, 1.0, 5.0, 10.0, 15.0, 18.0, 20.0, 21.0, 22.0, 23.0)
"""Rows of the protected host that are compared."""
FAR_OFF = 0.15
PROGRAM = {"protocol": "udp", "destination_port": 10}
"""What the flood is told by."""
FLOOD_FRAMES = 20_000
STEPS, FINE_STEPS = 8, 10
"""Of bisection: for the rate a CPU can take, then for the transactions beside it."""
DURATION_NS = 30_000_000
RTO_NS, RUN_RTO_NS = 200_000_000, 1_000_000
"""TCP_RTO_MIN (include/net/tcp.h), and in a run."""
RTT_NS = 20_000
"""First guess of the round trip outside this host."""


class Side(NamedTuple):
    """Of a host, protected or not: what is calibrated."""

    protected: bool
    rtt_ns: int = RTT_NS
    factor: float = 1.0


def scenario(attack_pps: float, side: Side) -> Scenario:
    """One queue on CPU 0, the victim's program on CPU 2, the flood to a port nobody listens on."""
    victim = {
        "flows": 1,
        "rtt_ns": side.rtt_ns,
        "min_rto_ns": RUN_RTO_NS,
        "requests": {"bytes": 1},
        "destination": {"port": PORT},
    }
    flood = [_flood(round(attack_pps))] if attack_pps > 0 else []
    return Scenario(costs=_scaled(side.factor)).with_(
        **{
            "duration_ns": DURATION_NS,
            "drain_ns": 5_000_000,
            "traffic.rate_bps": RATE_BPS,
            "traffic.streams": [*flood, {"tcp": victim}],
            "nic.queues": 1,
            "nic.irq_cpus": [0],
            "nic.coalesce": {"rx_usecs": 0, "rx_max_coalesced_frames": 1},
            "host.cpus": 3,
            "host.rps.cpus": [2] if side.protected else [],
            "host.tcp.gap": "wait",
            "host.tcp.ack.policy": "linux",
            "host.apps.count": 1,
            "host.apps.cpus": [2],
            "host.apps.answer_bytes": 1,
            "host.sockets.accept": "ports",
            "host.sockets.ports": [PORT],
            "host.xdp.rules": [PROGRAM] if side.protected else [],
        }
    )


def _flood(pps: int) -> dict[str, object]:
    generated = {
        "offered": {"frames_per_second": pps},
        "arrivals": "constant",
        "flows": {"count": 1, "destination": {"port": PORT + 1}},
    }
    return {"generated": generated}


class Ran(NamedTuple):
    """What a transaction took, without waits for retransmission, and the share of frames the card lost."""

    transaction_ns: float
    lost: float

    @property
    def per_second(self) -> float:
        """With the timeout, doubled for each further loss (RFC 6298 section 5.5), for what is lost."""
        if self.lost >= 0.5:
            return 0.0
        return 1e9 / (self.transaction_ns + RTO_NS * self.lost / (1.0 - 2.0 * self.lost))


def run(attack_pps: float, side: Side) -> Ran:
    """The victim beside a flood."""
    done = execute(scenario(attack_pps, side))
    tables = Datapath(done)
    ledger = tables.table("ledger")
    answers = float(ledger.loc[ledger["op"] == "tcp.send", "count"].sum())
    timeouts = float(tables.table("tcp")["timeouts"].sum())
    waited_ns = min(timeouts * RUN_RTO_NS, 0.9 * DURATION_NS)
    dropped = tables.table("drops")
    lost = float(dropped.loc[dropped["reason"] == "rx_missed", "frames"].sum())
    return Ran((DURATION_NS - waited_ns) / max(answers, 1.0), lost / done.stats["rx"])


IDLE_OFF = (Cost("latency.idle_exit", 0.0, "assumed: idle states are off"),)
"""A benchmark's machine has no deep idle states."""


def _scaled(factor: float) -> tuple[Cost, ...]:
    why = "scaled to the highest rate at which anything goes"
    return (*costs(lambda _, ns: ns * factor, why), *IDLE_OFF)


REMARKS = {
    False: "the authors' card gathers frames, by how much they do not say; here each raises an interrupt",
    True: "as without the program; and cpumap's thread is here RPS's interrupt",
}
"""Why a row is far off, without the program and with it."""
REMARK_TIMES = "the cost table's descriptor and refill alone are more than mlx5's XDP path takes in all"


def calibrate(published: dict[float, float], protected: bool) -> Side:
    """Right without attack, and under the most under which anything goes."""
    most = _most(published)
    low, high = 0.0, 4.0
    for _ in range(STEPS):
        middle = (low + high) / 2.0
        more = _capacity_pps(_scaled(middle), protected) > most * 1e6
        low, high = (middle, high) if more else (low, middle)
    # The more an operation costs, the fewer transactions; beyond what a CPU can take hardly any.
    low, high = 0.9 * low, 1.05 * high
    for _ in range(FINE_STEPS):
        side = _alone(Side(protected, factor=(low + high) / 2.0), published[0.0])
        more = run(most * 1e6, side).per_second > published[most]
        low, high = (side.factor, high) if more else (low, side.factor)
    return _alone(Side(protected, factor=low), published[0.0])


def _alone(side: Side, per_second: float) -> Side:
    """With the round trip outside that makes the victim's own transactions right."""
    wanted_ns = 1e9 / per_second
    return side._replace(rtt_ns=round(side.rtt_ns + wanted_ns - run(0.0, side).transaction_ns))


def rows(folder: Path) -> list[Row]:
    """Transactions per second by attack, without and with the program; then how much more it takes."""
    plain = _read(folder / "xdp_ddos_unprotected.csv")
    dropped = _read(folder / "xdp_ddos_protected.csv")
    shown = {mpps: mean for mpps, mean in dropped.items() if mpps in SHOWN_MPPS}
    plain = {mpps: mean for mpps, mean in plain.items() if mpps < 4.0}
    told, was = _most(dropped) / _most(plain), _capacity_pps(IDLE_OFF, True) / _capacity_pps(IDLE_OFF, False)
    return [
        *_transactions(plain, "", protected=False),
        *_transactions(shown, ", XDP", protected=True),
        Row("most with XDP over without", "times", told, was, used=False, remark=REMARK_TIMES),
    ]


def _read(file: Path) -> dict[float, float]:
    table = pd.read_csv(file).astype("float64")
    return dict(zip(table["DDoS Mpps"], table["mean"], strict=True))


def _most(published: dict[float, float]) -> float:
    """The last attack, in million frames a second, under which anything went."""
    return max(mpps for mpps, mean in published.items() if mean > 0.0)


def _transactions(published: dict[float, float], suffix: str, protected: bool) -> list[Row]:
    most = _most(published)
    side = calibrate(published, protected)
    found = []
    for attack, mean in published.items():
        predicted = run(attack * 1e6, side).per_second
        used = attack in (0.0, most)
        far = mean > 0.0 and abs(predicted / mean - 1.0) > FAR_OFF
        remark = REMARKS[protected] if far else ""
        found.append(Row(f"{attack:g} Mpps{suffix}", "transactions/s", mean, predicted, used, remark))
    return found


def _capacity_pps(charged: tuple[Cost, ...], protected: bool) -> float:
    """Of the flood alone, offered as fast as the line goes by a source that waits for room."""
    flood = scenario(LINE_PPS, Side(protected)).with_(
        **{"traffic.streams": [_flood(LINE_PPS)], "traffic.frames": FLOOD_FRAMES, "host.apps.answer_bytes": 0}
    )
    done = execute(flood.with_(costs=charged), lossless=True)
    return done.stats["rx"] / done.elapsed_ns * 1e9
