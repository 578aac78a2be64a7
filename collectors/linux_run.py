"""`run_linux(scenario) -> LinuxRun`: a scenario's traffic through its NIC into this machine's kernel.

The same document and the same NIC as in virtual time; the host is the kernel behind a multi-queue TAP. What
the NIC did is in the tables of every run, with `clock = real` and `source = engine`; what the kernel did with
the frames is in `kernel`, the tables of `collectors.linux`, each with its own source.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from collectors.columns import Clock, Source
from collectors.datapath import frame
from collectors.datapath import latency as latencies
from collectors.law import assert_conserved
from collectors.linux.observe import Watch, observe
from engine import _core
from engine.linux.host import KernelHost, Napi, Pacing
from engine.run import Stats
from engine.scenario import Scenario

LINUX_TABLES = ("queues", "drops", "latency", "counters")
"""The tables every such run has; `verdicts`, `delivered`, `handed`, `trace` as asked in `observe`."""


def tables_of(scenario: Scenario) -> tuple[str, ...]:
    """Names of the tables a run of this scenario has."""
    observed = scenario.observe
    asked = {
        "verdicts": observed.verdicts,
        "delivered": observed.verdicts,
        "handed": observed.frames,
        "trace": bool(observed.trace_frames),
    }
    return LINUX_TABLES + tuple(name for name, wanted in asked.items() if wanted)


class LinuxRun:
    """What a scenario did before this machine's kernel; a frame is delivered when the kernel took it."""

    clock: Clock = "real"

    def __init__(
        self, scenario: Scenario, outcome: _core.LinuxOutcome, pacing: Pacing, kernel: Watch | None, read: int
    ) -> None:
        self.scenario = scenario
        self.pacing = pacing
        self.kernel = kernel
        """What the kernel did meanwhile; None if nothing was to be observed."""
        self.read_frames = read
        """Datagrams the readers of the destination ports have read."""
        self.stats: Stats = json.loads(outcome.stats())
        """Where every frame ended: rx = delivered + dropped + pending + consumed."""
        self.elapsed_ns = outcome.elapsed_ns
        """From the start to the last frame's end."""
        self.written_ns = outcome.written_ns
        """Time the NIC's thread was in the kernel, which without NAPI receives the frame there."""
        self.tables = tables_of(scenario)
        """Names of the tables this run has."""
        self._outcome = outcome
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
            self._frames[name] = frame(name, self._outcome.table(name), clock="real", source="engine")
        return self._frames[name]

    def percentile(self, percent: float | Sequence[float], part: str = "total") -> npt.NDArray[np.float64]:
        """Latency percentiles in ns, one per entry of `percent`.

        Parts: nic, ring; stack, the write into the kernel; total, until the kernel had taken the frame.
        """
        return latencies.percentile(self.table("latency"), percent, part)

    @cached_property
    def summary(self) -> pd.Series:
        """The metrics of `collectors.metrics` that this ground measures, float64, by name.

        Rates are per second of the scenario's duration when paced, of the time it took when lossless. Latency
        ends where the kernel has taken the frame.
        """
        seconds = (self.scenario.duration_ns if self.pacing == "paced" else self.elapsed_ns) * 1e-9
        stats = self.stats
        p50, p99, p999 = self.percentile((50, 99, 99.9))
        values = {
            "offered_pps": stats["rx"] / seconds,
            "delivered_pps": stats["delivered"] / seconds,
            "loss_ratio": sum(stats["dropped"].values()) / stats["rx"] if stats["rx"] else 0.0,
            "latency_p50_ns": float(p50),
            "latency_p99_ns": float(p99),
            "latency_p999_ns": float(p999),
        }
        return pd.Series(values, name=self.scenario.name or "linux run", dtype="float64")


def run_linux(
    scenario: Scenario,
    *,
    napi: Napi = "off",
    pacing: Pacing = "paced",
    prepared_frames: int | None = None,
    nic_cpu: int | None = None,
    send_buffer_bytes: int | None = None,
    watch: Collection[str] | None = ("softirq", "drops", "protocols"),
    interval: float = 0.05,
    seed: int | None = None,
) -> LinuxRun:
    """Run a scenario's traffic through its NIC, on a pinned thread, into this machine's kernel. Needs root.

    Parameters
    ----------
    napi : `off`: the kernel receives on the NIC's CPU, within the write; `on`, `frags`: behind it, with GRO;
        `threaded`: on each queue's own CPU (`nic.irq_cpus`).
    pacing : `paced`: frames at their times by the clock, a full ring drops; `lossless`: each as soon as its
    ring has
        room.
    prepared_frames : frames made before the run and offered over and over; with `lossless` only.
    nic_cpu : the machine's CPU of the NIC's thread; None: the first this process may use.
    send_buffer_bytes : under way to the kernel through one queue, at most; None: no limit.
    watch : collectors of `collectors.linux` that watch the kernel; None: none.
    interval : seconds between their readings.
    seed : in place of the scenario's own.

    Raises
    ------
    ScenarioError : a key this ground cannot honour, or a CPU this machine has not; before anything ran.
    CaptureError, OSError : before anything ran; also no right, no /dev/net/tun, each with what is needed.
    KeyboardInterrupt : nothing is left behind.
    ConservationError, EngineError : a fault of the engine.
    """
    chosen = scenario if seed is None else scenario.with_(seed=seed)
    with KernelHost(chosen, napi=napi, send_buffer_bytes=send_buffer_bytes) as host:
        watching = None if watch is None else observe(watch, interval)
        with ExitStack() as watched:
            if watching is not None:
                # In the namespace of the host, whose counters they are.
                host.namespace.call(watching.__enter__)
                watched.push(watching)
            outcome = host.run(pacing=pacing, prepared_frames=prepared_frames, nic_cpu=nic_cpu)
            read = host.read_frames()
        done = LinuxRun(chosen, outcome, pacing, watching, read)
    assert_conserved(done.stats, done.table("queues"), done.table("drops"))
    return done


__all__ = ["LINUX_TABLES", "LinuxRun", "run_linux", "tables_of"]
