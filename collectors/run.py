"""`run(scenario) -> Run`: one run in virtual time, its tables as typed DataFrames."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from collectors.columns import TABLES
from collectors.datapath import Datapath, frame
from collectors.datapath import latency as latencies
from collectors.law import assert_conserved
from collectors.metrics import NEEDED, metrics
from collectors.progress import bar
from collectors.provenance import Environment, capture
from collectors.show import run_html, run_text
from engine import _core
from engine.run import Result, Stats, captures, execute
from engine.scenario import Scenario

TableSource = Callable[[str], pd.DataFrame]


class Run:
    """What a scenario did. Every table is described in `collectors.columns.TABLES`.

    Equal scenario, seed and build give equal tables, to the byte.
    """

    def __init__(
        self,
        scenario: Scenario,
        stats: Stats,
        source: TableSource,
        tables: Sequence[str],
        result: Result | None = None,
        provenance: Environment | Mapping[str, object] | None = None,
    ) -> None:
        self.scenario = scenario
        self.stats: Stats = stats
        """Where every frame ended: rx = delivered + dropped + pending + consumed."""
        self.tables = tuple(tables)
        """Names of the tables this run has."""
        self._source = source
        self._result = result
        self._provenance = provenance
        self._frames: dict[str, pd.DataFrame] = {}

    def table(self, name: str) -> pd.DataFrame:
        """A table by name. Raises KeyError for one the scenario did not ask for."""
        if name not in self._frames:
            if name not in self.tables:
                raise KeyError(f"{name}: this run has {', '.join(self.tables)}")
            self._frames[name] = self._source(name)
        return self._frames[name]

    @property
    def cpu(self) -> pd.DataFrame:
        """ns and share per CPU and context; adds up to the elapsed time. Source: model."""
        return self.table("cpu")

    @property
    def timeline(self) -> pd.DataFrame:
        """ns per bin of time, CPU and context. Source: model."""
        return self.table("timeline")

    @property
    def queues(self) -> pd.DataFrame:
        """Frames per receive queue, with the law's terms as columns. Source: engine."""
        return self.table("queues")

    @property
    def cache(self) -> pd.DataFrame:
        """Accesses and misses per CPU, layer and level. Source: model."""
        return self.table("cache")

    @property
    def latency(self) -> pd.DataFrame:
        """Buckets per part of the way and queue. Source: model."""
        return self.table("latency")

    @property
    def drops(self) -> pd.DataFrame:
        """Frames per queue, layer and reason. Source: engine."""
        return self.table("drops")

    @property
    def ledger(self) -> pd.DataFrame:
        """What every operation cost, per CPU and queue; adds up to the CPUs' busy time. Source: model."""
        return self.table("ledger")

    @property
    def flows(self) -> pd.DataFrame:
        """One row per flow. Source: engine."""
        return self.table("flows")

    @property
    def events(self) -> pd.DataFrame:
        """Interrupts, IPIs, wake-ups, migrations, in order of time. Source: model."""
        return self.table("events")

    @property
    def counters(self) -> pd.DataFrame:
        """Every declared counter. Source: engine."""
        return self.table("counters")

    @cached_property
    def summary(self) -> pd.Series:
        """Every metric of `collectors.metrics.METRICS`, float64, by name."""
        values = metrics(
            {name: self.table(name) for name in NEEDED},
            self.stats,
            self.scenario.duration_ns,
        )
        return pd.Series(values, name=self.scenario.name or "run", dtype="float64")

    def percentile(self, percent: float | Sequence[float], part: str = "total") -> npt.NDArray[np.float64]:
        """Latency percentiles in ns, one per entry of `percent`; parts: nic, ring, stack, socket, total."""
        return latencies.percentile(self.latency, percent, part)

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

    @cached_property
    def provenance(self) -> Mapping[str, object]:
        """Scenario, seed, build and environment, as plain data."""
        environment = capture() if self._provenance is None else self._provenance
        return {
            "scenario_key": self.scenario.key(),
            "seed": self.scenario.seed,
            "build": _core.build(),
            "environment": environment.as_dict()
            if isinstance(environment, Environment)
            else dict(environment),
        }

    def __repr__(self) -> str:
        return run_text(self.scenario, self.stats, self.summary)

    def _repr_html_(self) -> str:
        return run_html(self.scenario, self.stats, self.summary)


def run(scenario: Scenario, *, seed: int | None = None, progress: bool = True) -> Run:
    """Run a scenario in virtual time.

    Parameters
    ----------
    seed : in place of the scenario's own.
    progress : show a bar; Ctrl-C stops between two steps and leaves nothing behind.

    Raises
    ------
    ScenarioError, CaptureError, OSError : before anything ran.
    KeyboardInterrupt, ConservationError, EngineError

    Examples
    --------
    >>> run(Scenario().with_("duration_ns=100000"), progress=False).stats["rx"]
    1488
    """
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


__all__ = ["TABLES", "Run", "run", "trace"]
