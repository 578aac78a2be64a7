"""`run_live(scenario) -> LiveRun`: one run on this machine's threads and clock, as typed DataFrames.

The same scenario document, the same stages, the same tables as in virtual time, with `clock = real` and
`source = engine` in every row. What only a model knows (cache misses, the ledger, the timeline) is not there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal, TypedDict

from collectors.columns import Clock, Source
from collectors.datapath import frame
from collectors.law import assert_conserved
from collectors.outcome import Outcome, TableSource
from collectors.provenance import Environment
from engine import _core
from engine.run import Stats, captures
from engine.scenario import Scenario

Pacing = Literal["paced", "lossless"]
Idle = Literal["busy_poll", "sleep"]

LIVE_TABLES = ("cpu", "queues", "drops", "latency", "flows", "events", "counters")
"""The tables every run in real time has; `verdicts`, `delivered`, `handed`, `trace` as asked in `observe`.

`op_times` and `rounds` with `meter_ops`.
"""
DISTURBED = 0.01
"""Share of the time a thread may lose to other work before a run is called disturbed."""


class Arguments(TypedDict):
    """`RealTime` as keyword arguments of `run_live`."""

    pacing: Pacing
    idle: Idle
    oversubscribe: bool
    prepared_frames: int | None
    meter_ops: bool


@dataclass(frozen=True, slots=True)
class RealTime:
    """How a scenario is run in real time: what `run_live` takes, as one value."""

    pacing: Pacing = "paced"
    idle: Idle = "busy_poll"
    oversubscribe: bool = False
    prepared_frames: int | None = None
    meter_ops: bool = False

    def arguments(self) -> Arguments:
        """As keyword arguments."""
        named: Arguments = asdict(self)  # type: ignore[assignment]
        return named


def real_time(clock: Clock | RealTime) -> RealTime | None:
    """How to run in real time, if that is what the clock says. Raises ValueError for no clock at all."""
    if isinstance(clock, RealTime):
        return clock
    if clock not in ("virtual", "real"):
        raise ValueError(f"clock = {clock}: must be virtual or real, or RealTime(...) to say how")
    return RealTime() if clock == "real" else None


class LiveRun(Outcome):
    """What a scenario did in real time. The laws of conservation hold; times are this machine's."""

    clock: Clock = "real"

    def __init__(
        self,
        scenario: Scenario,
        stats: Stats,
        source: TableSource,
        how: RealTime,
        *,
        elapsed_ns: int,
        lost_ns: int,
        missed_frames: int = 0,
        provenance: Environment | Mapping[str, object] | None = None,
    ) -> None:
        observe = scenario.observe
        asked = {
            "verdicts": observe.verdicts,
            "delivered": observe.verdicts,
            "handed": observe.frames,
            "trace": bool(observe.trace_frames),
            "op_times": how.meter_ops,
            "rounds": how.meter_ops,
        }
        tables = LIVE_TABLES + tuple(name for name, wanted in asked.items() if wanted)
        super().__init__(scenario, stats, source, tables, provenance)
        self.how = how
        self.elapsed_ns = elapsed_ns
        """From the start to the end of the last thread's work."""
        self.lost_ns = lost_ns
        """Time the thread that lost most wanted a CPU and had none, because other work had it."""
        self.missed_frames = missed_frames
        """Frames that came to the port and found no room in front of the NIC; they are in no verdict."""

    @property
    def loop(self) -> str:
        """Frames at their times, or each as soon as its ring had room."""
        return loop(self.how)

    @property
    def note(self) -> str:
        """Whether other work took the CPUs away."""
        return f"disturbed: other work had a CPU {self.lost_share:.0%} of the time" if self.disturbed else ""

    @property
    def rated_ns(self) -> int:
        """The scenario's duration when paced, what the run took when lossless."""
        return self.scenario.duration_ns if self.how.pacing == "paced" else self.elapsed_ns

    @property
    def lost_share(self) -> float:
        """Of the elapsed time, `lost_ns`."""
        return self.lost_ns / self.elapsed_ns if self.elapsed_ns else 0.0

    @property
    def disturbed(self) -> bool:
        """Whether a thread lost so much of its time that the figures are as much about other work."""
        return self.lost_share > DISTURBED

    @property
    def sources(self) -> Mapping[str, Source]:
        """Where each table comes from: counted and timed while real bytes moved."""
        return dict.fromkeys(self.tables, "engine")


def loop(how: RealTime) -> str:
    """How the load is offered."""
    return "open loop" if how.pacing == "paced" else "offered as fast as taken"


def run_live(
    scenario: Scenario,
    *,
    pacing: Pacing = "paced",
    idle: Idle = "busy_poll",
    oversubscribe: bool = False,
    prepared_frames: int | None = None,
    meter_ops: bool = False,
    seed: int | None = None,
    port: _core.ReceivePort | None = None,
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
    port : receive the frames of one of this machine's interfaces instead of the scenario's traffic, until
        `traffic.frames` have come or `duration_ns` is over; used up by the run.

    Raises
    ------
    ScenarioError : a key real time cannot honour (`host.rps.cpus`, `host.apps.pinned`, `costs`, ...), or too
        few CPUs, naming both numbers; before anything ran.
    CaptureError, OSError : before anything ran; or the port's interface is gone.
    ValueError : the port was used.
    KeyboardInterrupt : the threads have ended; nothing is left behind.
    ConservationError, EngineError : a fault of the engine.
    """
    chosen = scenario if seed is None else scenario.with_(seed=seed)
    how = RealTime(pacing, idle, oversubscribe, prepared_frames, meter_ops)
    engine = _core.LiveEngine(chosen.resolved(), captures(chosen), **how.arguments(), port=port)
    engine.run()
    done = LiveRun(
        chosen,
        json.loads(engine.stats()),
        lambda name: frame(name, engine.table(name), clock="real", source="engine"),
        how,
        elapsed_ns=engine.elapsed_ns,
        lost_ns=engine.lost_ns,
        missed_frames=engine.missed_frames,
    )
    assert_conserved(done.stats, done.queues, done.drops)
    return done


__all__ = ["LIVE_TABLES", "LiveRun", "RealTime", "real_time", "run_live"]
