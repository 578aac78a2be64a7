"""`run(scenario)`: one run, in virtual or in real time, its tables as typed DataFrames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, overload

import pandas as pd

from collectors.columns import TABLES, Clock
from collectors.datapath import Datapath, frame
from collectors.law import assert_conserved
from collectors.live_run import LiveRun, RealTime, real_time, run_live
from collectors.outcome import Outcome, TableSource
from collectors.progress import bar
from collectors.provenance import Environment
from engine import _core
from engine.run import Result, Stats, captures, execute
from engine.scenario import Scenario


class Run(Outcome):
    """What a scenario did in virtual time.

    Equal scenario, seed and build give equal tables, to the byte.
    """

    clock: Clock = "virtual"

    def __init__(
        self,
        scenario: Scenario,
        stats: Stats,
        source: TableSource,
        tables: Sequence[str],
        result: Result | None = None,
        provenance: Environment | Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(scenario, stats, source, tables, provenance)
        self._result = result

    @property
    def rated_ns(self) -> int:
        """While frames were offered."""
        return self.scenario.duration_ns

    @property
    def timeline(self) -> pd.DataFrame:
        """ns per bin of time, CPU and context. Source: model."""
        return self.table("timeline")

    @property
    def cache(self) -> pd.DataFrame:
        """Accesses and misses per CPU, layer and level. Source: model."""
        return self.table("cache")

    @property
    def ledger(self) -> pd.DataFrame:
        """What every operation cost, per CPU and queue; adds up to the CPUs' busy time. Source: model."""
        return self.table("ledger")

    def trace(self, frame_number: int) -> pd.DataFrame:
        """Every point on one frame's way (numbered from 0 by arrival), as table `trace`.

        The scenario is run again with that frame traced, and stopped once the frame was read, or dropped.

        Raises
        ------
        IndexError : no such frame arrived.
        """
        if not 0 <= frame_number < self.stats["rx"]:
            raise IndexError(f"frame {frame_number}: this run has frames 0 to {self.stats['rx'] - 1}")
        return trace(self.scenario, frame_number)

    @property
    def result(self) -> Result:
        """The engine behind the run. Raises LookupError for a run read from a dataset."""
        if self._result is None:
            raise LookupError("this run was read from a dataset; run its scenario again for the engine")
        return self._result


@overload
def run(
    scenario: Scenario,
    *,
    clock: Literal["virtual"] = "virtual",
    seed: int | None = None,
    progress: bool = True,
) -> Run: ...


@overload
def run(
    scenario: Scenario,
    *,
    clock: Literal["real"] | RealTime,
    seed: int | None = None,
    progress: bool = True,
) -> LiveRun: ...


@overload
def run(
    scenario: Scenario, *, clock: Clock | RealTime, seed: int | None = None, progress: bool = True
) -> Run | LiveRun: ...


def run(
    scenario: Scenario,
    *,
    clock: Clock | RealTime = "virtual",
    seed: int | None = None,
    progress: bool = True,
) -> Run | LiveRun:
    """Run a scenario.

    Parameters
    ----------
    clock : `virtual`; or `real`, on this machine's threads and clock, with `RealTime(...)` for how.
    seed : in place of the scenario's own.
    progress : show a bar, in virtual time; Ctrl-C stops between two steps and leaves nothing behind.

    Raises
    ------
    ScenarioError, CaptureError, OSError : before anything ran; in real time also for what it cannot do, and
        for too few CPUs, naming both numbers.
    ValueError : no such clock.
    KeyboardInterrupt, ConservationError, EngineError

    Examples
    --------
    >>> run(Scenario().with_("duration_ns=100000"), progress=False).stats["rx"]
    1488
    """
    how = real_time(clock)
    if how is not None:
        return run_live(scenario, seed=seed, **how.arguments())
    chosen = scenario if seed is None else scenario.with_(seed=seed)
    with bar(chosen.name or "run", progress) as moved:
        result = execute(chosen, progress=moved)
    datapath = Datapath(result)
    done = Run(chosen, result.stats, datapath.table, datapath.tables, result)
    assert_conserved(done.stats, done.queues, done.drops)
    return done


def trace(scenario: Scenario, frame_number: int) -> pd.DataFrame:
    """Table `trace` of one frame (from 0); the run stops once it was read, or dropped."""
    watched = scenario.with_(**{"observe.trace_frames": [frame_number]})
    engine = _core.Engine(watched.resolved(), captures(watched))
    step = max(engine.end_ns // 200, 1)
    while not engine.finished and engine.now_ns < engine.end_ns:
        engine.advance(min(engine.now_ns + step, engine.end_ns))
        points = frame("trace", engine.table("trace"))
        verdict = points.loc[points["point"] == "verdict", "detail"]
        if (points["point"] == "app").any() or (len(verdict) and verdict.ne("delivered").any()):
            return points
    engine.finish()
    return frame("trace", engine.table("trace"))


__all__ = ["TABLES", "LiveRun", "RealTime", "Run", "run", "trace"]
