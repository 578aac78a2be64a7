"""memcached's server by who polls: interrupts, deferred interrupts, busy polling, suspended interrupts.

After the cover letter of "Suspend IRQs during application busy periods".
"""

from __future__ import annotations

import pandas as pd

from collectors.datapath import Datapath
from engine.config import Cost
from engine.run import execute
from engine.scenario import Scenario

CPUS = 8
"""Queues and threads of the server, a thread for each queue (memcached -N)."""
LOADS = {"200K": 200_000, "800K": 800_000, "MAX": 0}
"""Requests per second; 0: as fast as answers come."""
DURATION_NS = {"200K": 400_000_000, "800K": 100_000_000, "MAX": 60_000_000}
"""So many requests that adaptive moderation, which measures over 64 interrupts, has come to rest."""


def _deferred(timeout_us: int, **more: object) -> dict[str, object]:
    return {
        "host.napi.defer_hard_irqs": 100,
        "host.napi.gro_flush_timeout_ns": timeout_us * 1_000,
        **{key.replace("__", "."): value for key, value in more.items()},
    }


_POLLS = {"host__apps__prefer_busy_poll": True, "host__apps__busy_poll_budget": 64}
_SUSPENDS = {**_POLLS, "host__napi__irq_suspend_timeout_ns": 20_000_000}
MODES: dict[str, dict[str, object]] = {
    "base": {},
    **{f"defer{us}": _deferred(us) for us in (10, 20, 50, 200)},
    "fullbusy": _deferred(5_000, **_POLLS, host__apps__busy_poll_usecs=1_000),
    "napibusy": _deferred(200, **_POLLS, host__apps__busy_poll_usecs=64),
    **{f"suspend{us}": _deferred(us, **_SUSPENDS) for us in (10, 20, 50, 200)},
}
"""The settings named in the cover letter."""


CONNECTIONS = 4_400
"""By Little's law: 1,159,578 requests a second take 3,797 µs each in fullbusy, MAX."""
GAP_SHAPE = 0.154971
"""Of mutilate's fb_ia, the gaps of Atikoglu et al. (SIGMETRICS 2012), with which the authors ran."""
REQUEST_BYTES, ANSWER_BYTES = 40, 400
"""Of mutilate's fb_key and fb_value, with the protocol's words."""
RTT_NS = 30_000
"""A network and a client; what more they take is calibrated."""


def scenario(mode: str, load: str, charged: tuple[Cost, ...]) -> Scenario:
    """A request at a time on each connection (mutilate -d 1), when it is due and the last was answered."""
    stream = {
        "flows": CONNECTIONS,
        "rtt_ns": RTT_NS,
        "requests": {"bytes": REQUEST_BYTES, "per_second": LOADS[load], "gap_shape": GAP_SHAPE},
    }
    return Scenario(costs=charged).with_(
        **{
            "duration_ns": DURATION_NS[load],
            "traffic.rate_bps": 100_000_000_000,
            "traffic.streams": [{"tcp": stream}],
            "nic.queues": CPUS,
            # As mlx5 comes, and as the authors left it: net_dim's profiles, delays from the last completion.
            "nic.coalesce.adaptive_rx": True,
            "nic.coalesce.cqe_mode_rx": True,
            "nic.coalesce.adaptive_tx": True,
            "nic.coalesce.tx_usecs": 8,
            "nic.coalesce.tx_max_coalesced_frames": 128,
            "host.cpus": CPUS,
            "host.tcp.gap": "wait",
            "host.tcp.ack.policy": "linux",
            "host.apps.by_napi": True,
            "host.apps.answer_bytes": ANSWER_BYTES,
            **MODES[mode],
        }
    )


class Served:
    """What a run came to."""

    def __init__(self, mode: str, load: str, charged: tuple[Cost, ...]) -> None:
        done = execute(scenario(mode, load, charged))
        self.duration_ns = done.scenario.duration_ns
        self._tables = Datapath(done)
        ledger = self._tables.table("ledger")
        self.ledger: pd.DataFrame = ledger.groupby("op", observed=True)[["count", "op_ns", "cache_ns"]].sum()
        self.requests = float(self.ledger["count"]["app.message"])
        self.busy_ns = float(self.ledger["op_ns"].sum() + self.ledger["cache_ns"].sum())

    @property
    def cpu_pct(self) -> float:
        """Of all CPUs."""
        return 100.0 * self.busy_ns / self.duration_ns / CPUS

    @property
    def per_second(self) -> float:
        """Requests answered."""
        return self.requests / self.duration_ns * 1e9

    @property
    def p99_us(self) -> float:
        """From the client's sending to the application's having read."""
        table = self._tables.table("latency")
        total = table[table["part"] == "total"].sort_values("low_ns")
        share = total["frames"].cumsum() / total["frames"].sum()
        at = int((share < 0.99).sum())
        below = float(share.iloc[at - 1]) if at else 0.0
        low_ns, high_ns = float(total["low_ns"].iloc[at]), float(total["high_ns"].iloc[at])
        return (low_ns + (high_ns - low_ns) * (0.99 - below) / (float(share.iloc[at]) - below)) / 1e3
