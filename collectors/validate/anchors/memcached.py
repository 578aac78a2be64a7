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
LOADS = {"200K": 200_000, "800K": 800_000, "MAX": 1_600_000}
"""Requests per second; the last is more than any takes."""


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


def scenario(mode: str, load: str, charged: tuple[Cost, ...]) -> Scenario:
    """Small requests, Poisson, over many connections."""
    stream = "traffic.streams.0.generated"
    return Scenario(costs=charged).with_(
        **{
            "duration_ns": 60_000_000,
            f"{stream}.offered": {"frames_per_second": LOADS[load]},
            f"{stream}.arrivals": "poisson",
            f"{stream}.sizes": {"fixed": {"bytes": 128}},
            f"{stream}.flows.count": 512,
            "nic.queues": CPUS,
            "host.cpus": CPUS,
            "host.apps.by_napi": True,
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
        """From the client's sending to the application's having read, at most."""
        table = self._tables.table("latency")
        total = table[table["part"] == "total"].sort_values("low_ns")
        share = total["frames"].cumsum() / total["frames"].sum()
        return float(total["high_ns"][share >= 0.99].iloc[0]) / 1e3
