"""`run_live(scenario) -> LiveRun`: one run on this machine's threads and clock, as typed DataFrames.

The same scenario document, the same stages, the same tables as in virtual time, with `clock = real` and
`source = engine` in every row. What only a model knows (cache misses, the ledger, the timeline) is not there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from collectors.columns import Clock, Source
from collectors.datapath import cpu as cpus
from collectors.datapath import frame
from collectors.datapath import latency as latencies
from collectors.law import assert_conserved
from engine import _core
from engine.run import Stats, captures
from engine.scenario import Scenario

Pacing = Literal["paced", "lossless"]
Idle = Literal["busy_poll", "sleep"]

LIVE_TABLES = ("cpu", "queues", "drops", "latency", "flows", "events", "counters")
"""The tables every run in real time has; `verdicts`, `delivered`, `handed`, `trace` as asked in `observe`.

`op_times` and `rounds` with `meter_ops`.
"""


class LiveRun:
    """What a scenario did in real time. The laws of conservation hold; times are this machine's."""

    clock: Clock = "real"

    def __init__(
        self, scenario: Scenario, engine: _core.LiveEngine, pacing: Pacing, *, meter_ops: bool = False
    ) -> None:
        self.scenario = scenario
        self.pacing = pacing
        self.stats: Stats = json.loads(engine.stats())
        """Where every frame ended: rx = delivered + dropped + pending + consumed."""
        self.elapsed_ns = engine.elapsed_ns
        """From the start to the end of the last thread's work."""
        self.lost_ns = engine.lost_ns
        """Time the thread that lost most wanted a CPU and had none, because other work had it."""
        observe = scenario.observe
        asked = {
            "verdicts": observe.verdicts,
            "delivered": observe.verdicts,
            "handed": observe.frames,
            "trace": bool(observe.trace_frames),
            "op_times": meter_ops,
            "rounds": meter_ops,
        }
        self.tables = LIVE_TABLES + tuple(name for name, wanted in asked.items() if wanted)
        """Names of the tables this run has."""
        self._engine = engine
        self._frames: dict[str, pd.DataFrame] = {}

    @property
    def sources(self) -> Mapping[str, Source]:
        """Where each table comes from: counted and timed while real bytes moved."""
        return dict.fromkeys(self.tables, "engine")

    def table(self, name: str) -> pd.DataFrame:
        """A table by name, as `collectors.columns` has it. Raises KeyError for one that is not there."""
        if name not in self.tables:
            raise KeyError(f"{name}: this run has {', '.join(self.tables)}")
        if name not in self._frames:
            self._frames[name] = frame(name, self._engine.table(name), clock="real", source="engine")
        return self._frames[name]

    def percentile(self, percent: float | Sequence[float], part: str = "total") -> npt.NDArray[np.float64]:
        """Latency percentiles in ns, one per entry of `percent`; parts: nic, ring, stack, socket, total."""
        return latencies.percentile(self.table("latency"), percent, part)

    @cached_property
    def summary(self) -> pd.Series:
        """The metrics of `collectors.metrics` that real time measures, float64, by name.

        Rates are per second of the scenario's duration when paced, of the time it took when lossless.
        Latency counts from the intended send time when paced, from the NIC taking the frame when lossless.
        """
        seconds = (self.scenario.duration_ns if self.pacing == "paced" else self.elapsed_ns) * 1e-9
        cpu, stats = self.table("cpu"), self.stats
        p50, p99, p999 = self.percentile((50, 99, 99.9))
        delivered = stats["delivered"]
        softirq = cpu[~cpu["context"].isin(["idle", "task"])]
        values = {
            "offered_pps": stats["rx"] / seconds,
            "delivered_pps": delivered / seconds,
            "loss_ratio": sum(stats["dropped"].values()) / stats["rx"] if stats["rx"] else 0.0,
            "latency_p50_ns": float(p50),
            "latency_p99_ns": float(p99),
            "latency_p999_ns": float(p999),
            "cpu_ns_per_frame": cpus.busy_ns(cpu) / delivered if delivered else float("nan"),
            "softirq_cpus": float(softirq["share"].sum()),
            "busiest_cpu_share": cpus.busiest(cpu)[1],
        }
        return pd.Series(values, name=self.scenario.name or "live run", dtype="float64")


def run_live(
    scenario: Scenario,
    *,
    pacing: Pacing = "paced",
    idle: Idle = "busy_poll",
    oversubscribe: bool = False,
    prepared_frames: int | None = None,
    meter_ops: bool = False,
    seed: int | None = None,
) -> LiveRun:
    """Run a scenario in real time on the engine's own host: a thread for the NIC, one per interrupted CPU.

    Parameters
    ----------
    pacing : `paced`: frames at their times by the clock, a full ring drops; `lossless`: each as soon as its
        ring has room.
    idle : what host threads do when their rings are empty.
    oversubscribe : let threads share CPUs where there are too few.
    prepared_frames : frames made before the run and offered over and over; with `lossless` only.
    meter_ops : time some rounds of the host threads operation by operation: tables `op_times` and `rounds`.
    seed : in place of the scenario's own.

    Raises
    ------
    ScenarioError : a key real time cannot honour (`host.rps.cpus`, `host.apps.pinned`, `costs`, ...), or too
        few CPUs, naming both numbers; before anything ran.
    CaptureError, OSError : before anything ran.
    KeyboardInterrupt : the threads have ended; nothing is left behind.
    ConservationError, EngineError : a fault of the engine.
    """
    chosen = scenario if seed is None else scenario.with_(seed=seed)
    engine = _core.LiveEngine(
        chosen.resolved(),
        captures(chosen),
        pacing=pacing,
        idle=idle,
        oversubscribe=oversubscribe,
        prepared_frames=prepared_frames,
        meter_ops=meter_ops,
    )
    engine.run()
    done = LiveRun(chosen, engine, pacing, meter_ops=meter_ops)
    assert_conserved(done.stats, done.table("queues"), done.table("drops"))
    return done


__all__ = ["LIVE_TABLES", "LiveRun", "run_live"]
